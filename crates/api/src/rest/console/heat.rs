//! Counts and durations on a model.

use axum::Json as Answer;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use history::entity::PROCESS_DEFINITION;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::super::problem::{Detail, Problem};
use super::super::search;
use super::super::types::path_key;
use crate::failure::Failure;
use crate::gateway::Gateway;

/// Which completions the durations are of.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    from: Option<String>,
    to: Option<String>,
}

/// Heat of one version of a process: what stands where, and how long elements take.
#[utoipa::path(get, path = "/process-definitions/{processDefinitionKey}/heat",
    operation_id = "getHeat", tag = "Grevy",
    params(("processDefinitionKey" = String, Path),
        ("from" = Option<String>, Query, description = "durations of completions from this time"),
        ("to" = Option<String>, Query, description = "durations of completions before this time")),
    responses((status = 200, body = Object), (status = 400, body = Detail),
        (status = 404, body = Detail)))]
pub async fn heat(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
    Query(span): Query<Span>,
) -> Result<Response, Problem> {
    let (reader, key) = (gateway.reader()?, path_key(&key)?);
    let from = time("from", span.from.as_deref(), i64::MIN)?;
    let to = time("to", span.to.as_deref(), i64::MAX)?;
    search::find(&gateway, &reader, &PROCESS_DEFINITION, key).await?;
    let heat = reader.heat(key, from, to).await.map_err(search::failed)?;
    let element = |one: history::ElementHeat| {
        json!({
            "elementId": one.count.element_id,
            "active": one.count.active,
            "incidents": one.count.incidents,
            "completed": one.count.completed,
            "canceled": one.count.terminated,
            "waiting": one.waiting,
            "p50Ms": one.p50_ms,
            "p95Ms": one.p95_ms,
        })
    };
    let flow = |flow: history::Taken| json!({"sequenceFlowId": flow.flow_id, "count": flow.times});
    Ok(Answer(json!({
        "elements": heat.elements.into_iter().map(element).collect::<Vec<Json>>(),
        "flows": heat.flows.into_iter().map(flow).collect::<Vec<Json>>(),
        "instances": heat.whole.map(|whole| json!({
            "completed": whole.count, "p50Ms": whole.p50_ms, "p95Ms": whole.p95_ms,
        })),
    }))
    .into_response())
}

fn time(name: &str, text: Option<&str>, absent: i64) -> Result<i64, Failure> {
    let Some(text) = text else { return Ok(absent) };
    let read = text.parse::<jiff::Timestamp>().map(|time| time.as_millisecond());
    read.map_err(|_| {
        Failure::invalid(format!(
            "Expected a date and time with a zone for {name}, but got '{text}'"
        ))
    })
}
