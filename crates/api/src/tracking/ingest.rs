//! Events in, events out.

use std::fmt::Write;
use std::time::Duration;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use track::source::{Body, Item, Position, Source, parse_cloudevents};
use track::station::Station;
use utoipa::IntoParams;

use super::{Desk, allow, blocking};
use crate::access::{Action, Principal};
use crate::failure::Failure;
use crate::limits::{EVENT_PAGE_MAX, EVENT_WAIT_MAX};
use crate::rest::Problem;

/// Takes CloudEvents, structured, batched, or binary (the event in `ce-` headers): they are durable
/// when it answers. What is none is kept too, with the reason, and told by its verdict.
#[utoipa::path(post, path = "/events", operation_id = "publishEvents", tag = "Tracking",
    request_body(content((Value = "application/cloudevents+json"),
        (Vec<Value> = "application/cloudevents-batch+json"), (Value = "application/json"))),
    responses((status = 204)))]
pub async fn take(
    State(desk): State<Desk>,
    Extension(caller): Extension<Principal>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    allow(&caller, Action::Ingest, None)?;
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let content_type = text("content-type").unwrap_or_default();
    let named =
        headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let parsed = parse_cloudevents(Body { content_type, bytes: &body }, named);
    let events = parsed.map_err(Failure::invalid)?;
    // One event alone that is none is the caller's mistake; in a batch the others are not to blame.
    if let [Err(reason)] = events.as_slice() {
        return Err(Problem(Failure::invalid(reason.clone())));
    }
    blocking(desk, "publish events", move |station| station.take(events)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The same under the path that other senders know.
#[utoipa::path(post, path = "/api/ingestion/event/batch", operation_id = "ingestEvents",
    tag = "Tracking", request_body(content((Value = "application/cloudevents+json"),
        (Vec<Value> = "application/cloudevents-batch+json"), (Value = "application/json"))),
    responses((status = 204)))]
pub async fn take_there(
    desk: State<Desk>,
    caller: Extension<Principal>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    take(desk, caller, headers, body).await
}

/// Where a reader goes on.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct From {
    /// Offset of the first event that is wanted; they begin at 1.
    #[serde(default = "first")]
    from: u64,
    /// Events at most.
    #[serde(default = "many")]
    max: usize,
    /// Milliseconds to wait for the first event.
    #[serde(default)]
    wait: u64,
}

fn first() -> u64 {
    1
}

fn many() -> usize {
    EVENT_PAGE_MAX
}

/// The bus from an offset on, one JSON object a line; empty when nothing came in time.
#[utoipa::path(get, path = "/events", operation_id = "followEvents", tag = "Tracking",
    params(From), responses((status = 200, body = String, content_type = "application/x-ndjson")))]
pub async fn follow(
    State(desk): State<Desk>,
    Extension(caller): Extension<Principal>,
    Query(asked): Query<From>,
) -> Result<Response, Problem> {
    allow(&caller, Action::Read, None)?;
    let wait = Duration::from_millis(asked.wait).min(EVENT_WAIT_MAX);
    let read = move |station: &Station| {
        let bus = station.bus();
        bus.wait(asked.from, wait);
        let mut reader = bus.reader("http");
        let failed =
            |error: std::io::Error| grevy::Error::Unavailable { reason: error.to_string() };
        reader.seek(Position { partition: 0, offset: asked.from }).map_err(failed)?;
        let mut items = Vec::new();
        reader.poll(0, asked.max.clamp(1, EVENT_PAGE_MAX), &mut items).map_err(failed)?;
        Ok(lines(&items))
    };
    let text = blocking(desk, "read events", read).await?;
    Ok(([("content-type", "application/x-ndjson")], text).into_response())
}

fn lines(items: &[Item]) -> String {
    let mut text = String::new();
    for item in items {
        let offset = item.position().offset;
        let line = match item {
            Item::Record(record) => {
                json!({"offset": offset, "arrivalMs": record.arrival_ms, "event": record.value})
            }
            Item::Bad { arrival_ms, reason, .. } => {
                json!({"offset": offset, "arrivalMs": arrival_ms, "reason": reason})
            }
        };
        // Writing to a string does not fail.
        let _ = writeln!(text, "{line}");
    }
    text
}
