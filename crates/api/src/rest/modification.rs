//! Modifying running instances.

use axum::Extension;
use axum::extract::{Path, State};
use engine::command::{Activate, ModifyInstance};
use http::StatusCode;
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::body::Json;
use super::problem::{Detail, Problem};
use super::types::{KeyText, path_key, variables};
use crate::failure::Failure;
use crate::gateway::{Caller, Gateway};
use crate::input;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ProcessInstanceModificationInstruction)]
pub struct Modify {
    operation_reference: Option<i64>,
    #[serde(default)]
    activate_instructions: Vec<ActivateOne>,
    #[serde(default)]
    terminate_instructions: Vec<Terminate>,
    #[serde(default)]
    #[schema(value_type = Vec<Object>)]
    move_instructions: Vec<serde_json::Value>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ProcessInstanceModificationActivateInstruction)]
struct ActivateOne {
    element_id: String,
    #[serde(default)]
    variable_instructions: Vec<Given>,
    /// The scope instance, where several are active.
    ancestor_element_instance_key: Option<KeyText>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ModifyProcessInstanceVariableInstruction)]
struct Given {
    #[schema(value_type = Object)]
    variables: Box<RawValue>,
    /// The element or scope that they are for; absent: the instance.
    scope_id: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ProcessInstanceModificationTerminateInstruction)]
struct Terminate {
    element_instance_key: Option<KeyText>,
    element_id: Option<String>,
}

/// Activates elements and terminates element instances: all of it or nothing.
#[utoipa::path(post, path = "/process-instances/{processInstanceKey}/modification",
    operation_id = "modifyProcessInstance", tag = "Process instance",
    params(("processInstanceKey" = String, Path)), request_body = Modify,
    responses((status = 204), (status = 400, body = Detail), (status = 404, body = Detail),
        (status = 409, body = Detail), (status = 503, body = Detail)))]
pub async fn modify_process_instance(
    State(gateway): State<Gateway>,
    Extension(mut caller): Extension<Caller>,
    Path(key): Path<String>,
    Json(body): Json<Modify>,
) -> Result<StatusCode, Problem> {
    caller.operation_reference = input::operation_reference(body.operation_reference)?;
    if !body.move_instructions.is_empty() {
        return Err(Failure::later("moveInstructions").into());
    }
    input::list("activateInstructions", &body.activate_instructions)?;
    input::list("terminateInstructions", &body.terminate_instructions)?;
    let modify = ModifyInstance {
        instance: path_key(&key)?,
        activate: body.activate_instructions.iter().map(activate).collect::<Result<_, _>>()?,
        terminate: body.terminate_instructions.iter().map(terminate).collect::<Result<_, _>>()?,
    };
    gateway.modify(&caller, modify).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn activate(instruction: &ActivateOne) -> Result<Activate, Failure> {
    let given = instruction.variable_instructions.iter().map(|given| {
        let scope = given.scope_id.as_deref().filter(|scope| !scope.is_empty());
        Ok((scope.map(Into::into), variables(Some(&given.variables))?))
    });
    Ok(Activate {
        element: input::name("elementId", &instruction.element_id)?,
        ancestor: instruction.ancestor_element_instance_key.map(|key| key.0).filter(|key| *key > 0),
        variables: given.collect::<Result<_, Failure>>()?,
    })
}

fn terminate(instruction: &Terminate) -> Result<engine::Key, Failure> {
    match (instruction.element_instance_key, &instruction.element_id) {
        (Some(key), None) => Ok(key.0),
        (None, Some(_)) => Err(Failure::later("terminating by elementId")),
        (Some(_), Some(_)) | (None, None) => Err(Failure::invalid(
            "Expected a terminate instruction with an elementInstanceKey, but it has none, or \
             more than that",
        )),
    }
}
