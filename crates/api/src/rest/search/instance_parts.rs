//! What belongs to one process instance and is no page.

use axum::Json as Answer;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use history::entity::PROCESS_INSTANCE;
use serde_json::{Value as Json, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::render::key as key_text;
use super::{failed, find};
use crate::failure::Failure;
use crate::gateway::Gateway;
use crate::rest::problem::{Detail, Problem};
use crate::rest::types::path_key;

pub fn router() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new()
        .routes(routes!(get_call_hierarchy))
        .routes(routes!(get_sequence_flows))
        .routes(routes!(get_element_statistics))
        .routes(routes!(get_wait_statistics))
}

#[utoipa::path(get, path = "/process-instances/{processInstanceKey}/call-hierarchy",
    operation_id = "getProcessInstanceCallHierarchy", tag = "Process instance",
    params(("processInstanceKey" = String, Path)),
    responses((status = 200, body = Vec<Object>), (status = 404, body = Detail)))]
async fn get_call_hierarchy(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
) -> Result<Response, Problem> {
    let (reader, key) = (gateway.reader()?, path_key(&key)?);
    find(&gateway, &reader, &PROCESS_INSTANCE, key).await?;
    let line = reader.callers(key).await.map_err(failed)?;
    let entry = |caller: history::Caller| {
        json!({
            "processInstanceKey": key_text(caller.instance),
            "processDefinitionKey": key_text(caller.definition),
            "processDefinitionName": caller.name,
        })
    };
    Ok(Answer(line.into_iter().map(entry).collect::<Json>()).into_response())
}

#[utoipa::path(get, path = "/process-instances/{processInstanceKey}/sequence-flows",
    operation_id = "getProcessInstanceSequenceFlows", tag = "Process instance",
    params(("processInstanceKey" = String, Path)), responses((status = 200, body = Object)))]
async fn get_sequence_flows(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
) -> Result<Response, Problem> {
    let (reader, key) = (gateway.reader()?, path_key(&key)?);
    let instance = find(&gateway, &reader, &PROCESS_INSTANCE, key).await?;
    let Json::Object(instance) = super::render::item(&instance) else {
        return Err(Failure::invalid("Expected an instance, but it has no fields").into());
    };
    let of = |name: &str| instance.get(name).cloned().unwrap_or(Json::Null);
    let flow = |taken: history::Taken| {
        json!({
            "sequenceFlowId": format!("{key}_{}", taken.flow_id),
            "processInstanceKey": key_text(key),
            "rootProcessInstanceKey": of("rootProcessInstanceKey"),
            "processDefinitionKey": of("processDefinitionKey"),
            "processDefinitionId": of("processDefinitionId"),
            "elementId": taken.flow_id,
            "tenantId": of("tenantId"),
        })
    };
    let flows = reader.flows_of(key).await.map_err(failed)?;
    Ok(items(flows.into_iter().map(flow).collect()))
}

#[utoipa::path(get, path = "/process-instances/{processInstanceKey}/statistics/element-instances",
    operation_id = "getProcessInstanceStatistics", tag = "Process instance",
    params(("processInstanceKey" = String, Path)), responses((status = 200, body = Object)))]
async fn get_element_statistics(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
) -> Result<Response, Problem> {
    let (reader, key) = (gateway.reader()?, path_key(&key)?);
    find(&gateway, &reader, &PROCESS_INSTANCE, key).await?;
    let counts = reader.element_counts_of(key).await.map_err(failed)?;
    Ok(items(counts.into_iter().map(super::definition_parts::count).collect()))
}

#[utoipa::path(get, path = "/process-instances/{processInstanceKey}/statistics/wait-states",
    operation_id = "getProcessInstanceWaitStateStatistics", tag = "Process instance",
    params(("processInstanceKey" = String, Path)), responses((status = 200, body = Object)))]
async fn get_wait_statistics(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
) -> Result<Response, Problem> {
    let (reader, key) = (gateway.reader()?, path_key(&key)?);
    find(&gateway, &reader, &PROCESS_INSTANCE, key).await?;
    let counts = reader.wait_counts_of(key).await.map_err(failed)?;
    let one = |(id, count): (String, i64)| json!({"elementId": id, "waitingCount": count});
    Ok(items(counts.into_iter().map(one).collect()))
}

pub fn items(items: Vec<Json>) -> Response {
    Answer(json!({ "items": items })).into_response()
}
