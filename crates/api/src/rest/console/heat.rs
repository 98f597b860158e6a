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
    target: Option<String>,
}

/// Heat of one version of a process: what stands where, and how long elements take.
#[utoipa::path(get, path = "/process-definitions/{processDefinitionKey}/heat",
    operation_id = "getHeat", tag = "Grevy",
    params(("processDefinitionKey" = String, Path),
        ("from" = Option<String>, Query, description = "durations of completions from this time"),
        ("to" = Option<String>, Query, description = "durations of completions before this time"),
        ("target" = Option<String>, Query,
            description = "ISO 8601; the promise that 95 % of whole instances take no longer")),
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
    let within = span.target.as_deref().map(duration).transpose()?;
    let heat = reader.heat(key, from, to, within.unwrap_or(i64::MAX)).await;
    let heat = heat.map_err(search::failed)?;
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
        "instances": heat.whole.as_ref().map(|whole| json!({
            "completed": whole.count, "p50Ms": whole.p50_ms, "p95Ms": whole.p95_ms,
        })),
        "target": heat.whole.zip(within).map(|(whole, within)| promise(&whole, within)),
    }))
    .into_response())
}

/// How much of what it allows is used: one in twenty may take longer.
fn promise(whole: &history::ElementDuration, within: i64) -> Json {
    json!({
        "withinMs": within,
        "p95Ms": whole.p95_ms,
        "kept": whole.p95_ms <= within,
        "breaches": whole.late,
        "allowanceUsed": whole.late as f64 * 20.0 / whole.count.max(1) as f64,
    })
}

fn duration(text: &str) -> Result<i64, Failure> {
    let span = text.parse::<jiff::Span>().ok();
    let total = |span: jiff::Span| {
        span.total((jiff::Unit::Millisecond, jiff::SpanRelativeTo::days_are_24_hours()))
    };
    let ms = span.and_then(|span| total(span).ok()).filter(|ms| *ms > 0.0);
    ms.map(|ms| ms as i64).ok_or_else(|| {
        Failure::invalid(format!(
            "Expected a duration of weeks, days, hours, minutes and seconds as in ISO 8601 for \
             target, such as P1DT12H, but got '{text}'"
        ))
    })
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
