//! Modifying running instances.

use axum::Extension;
use axum::extract::{Path, State};
use engine::command::{Activate, ModifyInstance, Move, MoveFrom, MoveWithin};
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
    move_instructions: Vec<MoveOne>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ProcessInstanceModificationMoveInstruction)]
struct MoveOne {
    source_element_instruction: Source,
    target_element_id: String,
    /// Absent: the nearest scope around the source that holds the target too.
    ancestor_scope_instruction: Option<Ancestor>,
    #[serde(default)]
    variable_instructions: Vec<Given>,
}

#[derive(Deserialize, ToSchema)]
#[serde(tag = "sourceType", rename_all_fields = "camelCase", rename_all = "camelCase")]
#[schema(as = SourceElementInstruction)]
enum Source {
    ById { source_element_id: String },
    ByKey { source_element_instance_key: KeyText },
}

#[derive(Deserialize, ToSchema)]
#[serde(tag = "ancestorScopeType", rename_all_fields = "camelCase", rename_all = "camelCase")]
#[schema(as = AncestorScopeInstruction)]
enum Ancestor {
    Direct { ancestor_element_instance_key: KeyText },
    Inferred,
    SourceParent,
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
    input::list("activateInstructions", &body.activate_instructions)?;
    input::list("terminateInstructions", &body.terminate_instructions)?;
    input::list("moveInstructions", &body.move_instructions)?;
    let mut modify = ModifyInstance {
        instance: path_key(&key)?,
        activate: body.activate_instructions.iter().map(activate).collect::<Result<_, _>>()?,
        moves: body.move_instructions.iter().map(one_move).collect::<Result<_, _>>()?,
        ..ModifyInstance::default()
    };
    for instruction in &body.terminate_instructions {
        terminate(instruction, &mut modify)?;
    }
    gateway.modify(&caller, modify).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn activate(instruction: &ActivateOne) -> Result<Activate, Failure> {
    Ok(Activate {
        element: input::name("elementId", &instruction.element_id)?,
        ancestor: instruction.ancestor_element_instance_key.map(|key| key.0).filter(|key| *key > 0),
        variables: given(&instruction.variable_instructions)?,
    })
}

type Scoped = (Option<engine::event::Text>, Vec<engine::event::NamedValue>);

fn given(instructions: &[Given]) -> Result<Vec<Scoped>, Failure> {
    let one = |given: &Given| {
        let scope = given.scope_id.as_deref().filter(|scope| !scope.is_empty());
        Ok((scope.map(Into::into), variables(Some(&given.variables))?))
    };
    instructions.iter().map(one).collect()
}

fn one_move(instruction: &MoveOne) -> Result<Move, Failure> {
    let from = match &instruction.source_element_instruction {
        Source::ById { source_element_id } => {
            MoveFrom::Element(input::name("sourceElementId", source_element_id)?)
        }
        Source::ByKey { source_element_instance_key } => {
            MoveFrom::Key(source_element_instance_key.0)
        }
    };
    let within = match &instruction.ancestor_scope_instruction {
        None | Some(Ancestor::Inferred) => MoveWithin::Inferred,
        Some(Ancestor::SourceParent) => MoveWithin::SourceParent,
        Some(Ancestor::Direct { ancestor_element_instance_key }) => {
            MoveWithin::Direct(ancestor_element_instance_key.0)
        }
    };
    let to = Activate {
        element: input::name("targetElementId", &instruction.target_element_id)?,
        ancestor: None,
        variables: given(&instruction.variable_instructions)?,
    };
    Ok(Move { from, within, to })
}

fn terminate(instruction: &Terminate, modify: &mut ModifyInstance) -> Result<(), Failure> {
    match (instruction.element_instance_key, &instruction.element_id) {
        (Some(key), None) => modify.terminate.push(key.0),
        (None, Some(id)) => modify.terminate_elements.push(input::name("elementId", id)?),
        (Some(_), Some(_)) | (None, None) => {
            return Err(Failure::invalid(
                "Expected a terminate instruction with either an elementInstanceKey or an \
                 elementId, but it has none, or both",
            ));
        }
    }
    Ok(())
}
