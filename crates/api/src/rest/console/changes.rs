//! Flows that an instance took, and values that a variable had.

use axum::extract::{Path, State};
use axum::response::Response;
use history::entity::PROCESS_INSTANCE;
use serde_json::json;

use super::super::problem::{Detail, Problem};
use super::super::search::{self, items, key_text};
use super::super::types::path_key;
use crate::failure::{Failure, Kind};
use crate::gateway::Gateway;

/// Each flow that the instance took, with how often.
#[utoipa::path(get, path = "/process-instances/{processInstanceKey}/taken-flows",
    operation_id = "getTakenFlows", tag = "Grevy", params(("processInstanceKey" = String, Path)),
    responses((status = 200, body = Object), (status = 404, body = Detail)))]
pub async fn taken_flows(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
) -> Result<Response, Problem> {
    let (reader, key) = (gateway.reader()?, path_key(&key)?);
    search::find(&gateway, &reader, &PROCESS_INSTANCE, key).await?;
    let flows = reader.flows_of(key).await.map_err(search::failed)?;
    let flow = |flow: history::Taken| json!({"sequenceFlowId": flow.flow_id, "count": flow.times});
    Ok(items(flows.into_iter().map(flow).collect()))
}

/// The values that a variable had, or all variables of an instance, the oldest first.
#[utoipa::path(get, path = "/variables/{key}/changes", operation_id = "getVariableChanges",
    tag = "Grevy", params(("key" = String, Path, description = "of a variable or an instance")),
    responses((status = 200, body = Object), (status = 404, body = Detail)))]
pub async fn variable_changes(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
) -> Result<Response, Problem> {
    let (reader, key) = (gateway.reader()?, path_key(&key)?);
    search::caught_up_of(&gateway, &reader, key).await?;
    let found = reader.changes_of(key).await.map_err(search::failed)?;
    let found = found.ok_or_else(|| {
        let text =
            format!("Expected a variable or an instance with the key '{key}', but there is none");
        Failure::new(Kind::NotFound, text)
    })?;
    let change = |change: history::Change| {
        json!({
            "variableKey": key_text(change.variable),
            "name": change.name,
            "scopeKey": key_text(change.scope),
            "processInstanceKey": key_text(change.instance),
            "value": change.value,
            "created": change.created,
            "time": history::date(change.time),
        })
    };
    Ok(items(found.into_iter().map(change).collect()))
}
