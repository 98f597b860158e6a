//! Instances and their variables.

use axum::extract::{Path, State};
use axum::{Extension, Json as Answer};
use engine::command::{CreateInstance, CreatedInstance, DefinitionRef};
use engine::event::NamedValue;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::body::{Json, OptionalJson};
use super::problem::{Detail, Problem};
use super::types::{Action, KeyText, object, path_key, variables};
use crate::failure::Failure;
use crate::gateway::{Caller, Gateway};
use crate::input;

/// By id, with a version or a version tag, or by key; never both.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ProcessInstanceCreationInstruction)]
pub struct Create {
    process_definition_id: Option<String>,
    process_definition_key: Option<KeyText>,
    /// −1: the latest.
    process_definition_version: Option<i32>,
    process_definition_version_tag: Option<String>,
    #[schema(value_type = Option<Object>)]
    variables: Option<Box<RawValue>>,
    tenant_id: Option<String>,
    operation_reference: Option<i64>,
    start_instructions: Option<Vec<Start>>,
    runtime_instructions: Option<Vec<Runtime>>,
    /// Answer when the instance has ended, with its variables.
    await_completion: Option<bool>,
    fetch_variables: Option<Vec<String>>,
    /// Milliseconds; 0: the server's default.
    request_timeout: Option<i64>,
    tags: Option<Vec<String>>,
    business_id: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ProcessInstanceCreationStartInstruction)]
struct Start {
    element_id: String,
}

/// Terminates the instance when the element has completed.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ProcessInstanceCreationRuntimeInstruction)]
struct Runtime {
    #[serde(rename = "type")]
    kind: Option<String>,
    after_element_id: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CreateProcessInstanceResult)]
pub struct Created {
    process_definition_id: String,
    process_definition_version: i32,
    tenant_id: String,
    /// Empty unless the completion was awaited.
    #[schema(value_type = Object)]
    variables: Box<RawValue>,
    process_definition_key: KeyText,
    process_instance_key: KeyText,
    tags: Vec<String>,
    business_id: Option<String>,
}

/// Starts an instance.
#[utoipa::path(post, path = "/process-instances", operation_id = "createProcessInstance",
    tag = "Process instance", request_body = Create,
    responses((status = 200, body = Created), (status = 400, body = Detail),
        (status = 404, body = Detail), (status = 409, body = Detail),
        (status = 503, body = Detail), (status = 504, body = Detail)))]
pub async fn create_process_instance(
    State(gateway): State<Gateway>,
    Extension(mut caller): Extension<Caller>,
    Json(body): Json<Create>,
) -> Result<Answer<Created>, Problem> {
    caller.operation_reference = input::operation_reference(body.operation_reference)?;
    let fetch = input::names("fetchVariables", body.fetch_variables.as_deref().unwrap_or(&[]))?;
    let (awaits, timeout) = (body.await_completion, body.request_timeout.unwrap_or(0));
    let create = instance(body)?;
    if awaits != Some(true) {
        let made = gateway.create(&caller, create).await?;
        return Ok(Answer(created(made, &[])));
    }
    let done = gateway.create_with_result(&caller, create, timeout, &fetch).await?;
    Ok(Answer(created(done.created, &done.variables)))
}

fn instance(body: Create) -> Result<CreateInstance, Failure> {
    let last = body.runtime_instructions.as_deref().unwrap_or(&[]);
    input::list("runtimeInstructions", last)?;
    let one = |instruction: &Runtime| match instruction.kind.as_deref() {
        None | Some("TERMINATE_PROCESS_INSTANCE") => {
            input::name("afterElementId", &instruction.after_element_id)
        }
        Some(other) => Err(Failure::invalid(format!(
            "Expected a runtime instruction of type TERMINATE_PROCESS_INSTANCE, but it is {other}"
        ))),
    };
    let terminate_after = last.iter().map(one).collect::<Result<_, _>>()?;
    let starts = body.start_instructions.as_deref().unwrap_or(&[]);
    input::list("startInstructions", starts)?;
    Ok(CreateInstance {
        definition: definition(&body)?,
        tenant: input::tenant(
            "createProcessInstance",
            body.tenant_id.as_deref().unwrap_or_default(),
        )?,
        variables: variables(body.variables.as_deref())?,
        terminate_after,
        start_before: starts.iter().map(|start| start.element_id.as_str().into()).collect(),
        tags: input::tags(body.tags.as_deref().unwrap_or(&[]))?,
        business_id: input::business_id(body.business_id.as_deref())?,
        unique: false,
    })
}

fn definition(body: &Create) -> Result<DefinitionRef, Failure> {
    let version = body.process_definition_version.filter(|version| *version != -1);
    match (&body.process_definition_id, body.process_definition_key) {
        (Some(_), Some(_)) => Err(Failure::invalid(
            "Expected either a processDefinitionId or a processDefinitionKey, but both are given",
        )),
        (None, None) => Err(Failure::invalid(
            "Expected either a processDefinitionId or a processDefinitionKey, but none is given",
        )),
        (None, Some(_)) if body.process_definition_version_tag.is_some() => Err(Failure::invalid(
            "Expected processDefinitionVersionTag only with a processDefinitionId, but a \
             processDefinitionKey is given",
        )),
        (None, Some(key)) => Ok(DefinitionRef::Key(key.0)),
        (Some(id), None) => match &body.process_definition_version_tag {
            Some(_) if version.is_some() => {
                Err(Failure::invalid("Expected a version or a version tag, but both are given"))
            }
            Some(tag) => Ok(DefinitionRef::Tag {
                process_id: id.as_str().into(),
                version_tag: tag.as_str().into(),
            }),
            None => Ok(DefinitionRef::Id { process_id: id.as_str().into(), version }),
        },
    }
}

fn created(made: CreatedInstance, variables: &[NamedValue]) -> Created {
    Created {
        process_definition_id: made.process_id.to_string(),
        process_definition_version: made.version,
        tenant_id: made.tenant.to_string(),
        variables: object(variables),
        process_definition_key: KeyText(made.definition),
        process_instance_key: KeyText(made.instance),
        tags: made.tags.iter().map(ToString::to_string).collect(),
        business_id: made.business_id.map(|id| id.to_string()),
    }
}

/// Cancels an instance.
#[utoipa::path(post, path = "/process-instances/{processInstanceKey}/cancellation",
    operation_id = "cancelProcessInstance", tag = "Process instance",
    params(("processInstanceKey" = String, Path)), request_body = Option<Action>,
    responses((status = 204), (status = 400, body = Detail), (status = 404, body = Detail),
        (status = 409, body = Detail), (status = 503, body = Detail)))]
pub async fn cancel_process_instance(
    State(gateway): State<Gateway>,
    Extension(mut caller): Extension<Caller>,
    Path(key): Path<String>,
    OptionalJson(action): OptionalJson<Action>,
) -> Result<StatusCode, Problem> {
    caller.operation_reference = input::operation_reference(action.operation_reference)?;
    gateway.cancel(&caller, path_key(&key)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Holds a root instance with all that it called: its jobs are not handed out, its timers are held,
/// its commands are refused.
#[utoipa::path(post, path = "/process-instances/{processInstanceKey}/suspension",
    operation_id = "suspendProcessInstance", tag = "Process instance",
    params(("processInstanceKey" = String, Path)), request_body = Option<Action>,
    responses((status = 204), (status = 400, body = Detail), (status = 404, body = Detail),
        (status = 409, body = Detail), (status = 503, body = Detail)))]
pub async fn suspend_process_instance(
    State(gateway): State<Gateway>,
    Extension(mut caller): Extension<Caller>,
    Path(key): Path<String>,
    OptionalJson(action): OptionalJson<Action>,
) -> Result<StatusCode, Problem> {
    caller.operation_reference = input::operation_reference(action.operation_reference)?;
    gateway.suspend_instance(&caller, path_key(&key)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets a suspended instance go on: buffered messages reach it, due timers fire.
#[utoipa::path(post, path = "/process-instances/{processInstanceKey}/resumption",
    operation_id = "resumeProcessInstance", tag = "Process instance",
    params(("processInstanceKey" = String, Path)), request_body = Option<Action>,
    responses((status = 204), (status = 400, body = Detail), (status = 404, body = Detail),
        (status = 409, body = Detail), (status = 503, body = Detail)))]
pub async fn resume_process_instance(
    State(gateway): State<Gateway>,
    Extension(mut caller): Extension<Caller>,
    Path(key): Path<String>,
    OptionalJson(action): OptionalJson<Action>,
) -> Result<StatusCode, Problem> {
    caller.operation_reference = input::operation_reference(action.operation_reference)?;
    gateway.resume_instance(&caller, path_key(&key)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = SetVariableRequest)]
pub struct SetVariables {
    #[schema(value_type = Object)]
    variables: Box<RawValue>,
    /// Only at this element instance; else where each is known, nearest first.
    local: Option<bool>,
    operation_reference: Option<i64>,
}

/// Sets variables at an element instance, or at the process instance by its key.
#[utoipa::path(put, path = "/element-instances/{elementInstanceKey}/variables",
    operation_id = "createElementInstanceVariables", tag = "Element instance",
    params(("elementInstanceKey" = String, Path)), request_body = SetVariables,
    responses((status = 204), (status = 400, body = Detail), (status = 404, body = Detail),
        (status = 503, body = Detail)))]
pub async fn create_element_instance_variables(
    State(gateway): State<Gateway>,
    Extension(mut caller): Extension<Caller>,
    Path(key): Path<String>,
    Json(set): Json<SetVariables>,
) -> Result<StatusCode, Problem> {
    caller.operation_reference = input::operation_reference(set.operation_reference)?;
    let values = variables(Some(&set.variables))?;
    let local = set.local.unwrap_or(false);
    gateway.set_variables(&caller, path_key(&key)?, values, local).await?;
    Ok(StatusCode::NO_CONTENT)
}
