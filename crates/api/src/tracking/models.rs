//! Models for tracking: kept as drafts, published, observed again.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};
use track::machine::{Command, Model, Publish};
use track::mapping::Mapping;
use track::station::Station;
use utoipa::ToSchema;

use super::wire::TrackedProcess;
use super::{Desk, allow, blocking};
use crate::access::{Action, Principal};
use crate::failure::{Failure, Kind};
use crate::rest::{JsonBody, Problem};

/// What a model is tracked by.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = TrackingDraft)]
pub struct Draft {
    /// The BPMN file.
    bpmn: String,
    /// `mapping.yaml`.
    mapping: String,
    /// Element id by event type; without any, elements are found by name.
    #[serde(default)]
    types: BTreeMap<String, String>,
    /// ISO 8601; a case that is quiet for so long is stuck. Null or `never` takes the rule back;
    /// absent, it stays as it was saved last.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    stuck_after: Option<Option<String>>,
    /// Alerts also for deadlines that had passed when their event arrived; absent, as it was saved
    /// last.
    alert_on_backfill: Option<bool>,
}

/// Null is another thing than nothing.
fn said<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(from).map(Some)
}

impl Draft {
    /// `before` is what was saved last: who does not say a rule again has not taken it back.
    fn publish(self, process: &str, before: Option<&Publish>) -> Result<Publish, String> {
        Mapping::from_yaml(&self.mapping).map_err(|reason| format!("mapping: {reason}"))?;
        let expected = track::chart::expected(self.bpmn.as_bytes(), process)?;
        let stuck_after_ms = match self.stuck_after {
            None => before.and_then(|before| before.stuck_after_ms),
            Some(None) => None,
            Some(Some(text)) => {
                Publish::stuck_after(&text).map_err(|reason| format!("stuckAfter: {reason}"))?
            }
        };
        let alert_on_backfill = self.alert_on_backfill;
        Ok(Publish {
            process: Arc::from(process),
            bpmn: Arc::from(self.bpmn.into_bytes()),
            known: if self.types.is_empty() { expected } else { Vec::new() },
            types: self.types,
            mapping: Arc::from(self.mapping),
            stuck_after_ms,
            alert_on_backfill: alert_on_backfill
                .unwrap_or_else(|| before.is_some_and(|before| before.alert_on_backfill)),
        })
    }
}

/// Keeps a draft: model, mapping, types.
#[utoipa::path(put, path = "/tracking/{process}", operation_id = "saveTrackingDraft",
    tag = "Tracking",
    params(("process" = String, Path, description = "Its id in the BPMN file")),
    request_body = Draft, responses((status = 204)))]
pub async fn draft(
    State(desk): State<Desk>,
    Extension(caller): Extension<Principal>,
    Path(process): Path<String>,
    JsonBody(draft): JsonBody<Draft>,
) -> Result<StatusCode, Problem> {
    allow(&caller, Action::Deploy, Some(&process))?;
    let keep = move |station: &Station| {
        let named = process.clone();
        let before = station.tracking().look(move |state| {
            let model = state.model(&named)?;
            model.draft.clone().or_else(|| model.published_as().cloned())
        })?;
        let publish = draft.publish(&process, before.as_ref());
        let publish = publish.map_err(|reason| grevy::Error::Invalid { reason })?;
        station.tracking().command(Command::Draft(publish))
    };
    blocking(desk, "keep a draft", keep).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tracks by the draft from now on, over all events that the bus has.
#[utoipa::path(post, path = "/tracking/{process}/publish", operation_id = "publishTracking",
    tag = "Tracking",
    params(("process" = String, Path, description = "Its id in the BPMN file")),
    responses((status = 204)))]
pub async fn publish(
    State(desk): State<Desk>,
    Extension(caller): Extension<Principal>,
    Path(process): Path<String>,
) -> Result<StatusCode, Problem> {
    allow(&caller, Action::Deploy, Some(&process))?;
    let done = blocking(desk, "publish a model", move |station| {
        let named = process.clone();
        let draft = station
            .tracking()
            .look(move |state| state.model(&named).and_then(|model| model.draft.clone()))?;
        let Some(draft) = draft else { return Ok(None) };
        station.publish(draft)?;
        station.catch_up(&process, false).map(Some)
    });
    match done.await? {
        Some(()) => Ok(StatusCode::NO_CONTENT),
        None => Err(nothing("a draft")),
    }
}

/// Observes again what was rejected; waits until everything on the bus was observed.
#[utoipa::path(post, path = "/tracking/{process}/replay", operation_id = "replayTracking",
    tag = "Tracking",
    params(("process" = String, Path, description = "Its id in the BPMN file")),
    responses((status = 204)))]
pub async fn replay(
    State(desk): State<Desk>,
    Extension(caller): Extension<Principal>,
    Path(process): Path<String>,
) -> Result<StatusCode, Problem> {
    allow(&caller, Action::Deploy, Some(&process))?;
    let again = move |station: &Station| station.catch_up(&process, true);
    blocking(desk, "observe records again", again).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The tracked processes with their states.
#[utoipa::path(get, path = "/tracking", operation_id = "listTracking",
    tag = "Tracking", responses((status = 200, body = Vec<TrackedProcess>)))]
pub async fn list(
    State(desk): State<Desk>,
    Extension(caller): Extension<Principal>,
) -> Result<Json<Value>, Problem> {
    allow(&caller, Action::Read, None)?;
    let rows = blocking(desk, "list models", move |station| {
        station.tracking().look(|state| state.models().map(row).collect::<Vec<_>>())
    });
    Ok(Json(Value::Array(rows.await?)))
}

/// One tracked process.
#[utoipa::path(get, path = "/tracking/{process}", operation_id = "getTracking",
    tag = "Tracking",
    params(("process" = String, Path, description = "Its id in the BPMN file")),
    responses((status = 200, body = TrackedProcess)))]
pub async fn one(
    State(desk): State<Desk>,
    Extension(caller): Extension<Principal>,
    Path(process): Path<String>,
) -> Result<Json<Value>, Problem> {
    allow(&caller, Action::Read, None)?;
    let found = blocking(desk, "read a model", move |station| {
        station.tracking().look(move |state| state.model(&process).map(row))
    });
    found.await?.map(Json).ok_or_else(|| nothing("a model of this process"))
}

/// The file that is published, or the draft where nothing is, so that it can be drawn.
#[utoipa::path(get, path = "/tracking/{process}/diagram", operation_id = "getTrackingDiagram",
    tag = "Tracking",
    params(("process" = String, Path, description = "Its id in the BPMN file")),
    responses((status = 200, body = String, content_type = "application/xml")))]
pub async fn diagram(
    State(desk): State<Desk>,
    Extension(caller): Extension<Principal>,
    Path(process): Path<String>,
) -> Result<Response, Problem> {
    allow(&caller, Action::Read, None)?;
    let found = blocking(desk, "read a model", move |station| file(station, process));
    let bpmn = found.await?.ok_or_else(|| nothing("a model of this process"))?;
    let laid_out = model::laid_out("model.bpmn", &bpmn).map(String::into_bytes);
    let kind = [("content-type", "application/xml")];
    Ok((kind, laid_out.unwrap_or_else(|| bpmn.to_vec())).into_response())
}

pub(super) fn file(station: &Station, process: String) -> Result<Option<Arc<[u8]>>, grevy::Error> {
    station.tracking().look(move |state| {
        let model = state.model(&process)?;
        let publish = model.published_as().or(model.draft.as_ref())?;
        Some(publish.bpmn.clone())
    })
}

fn row(model: &Model) -> Value {
    json!({
        "process": &*model.process,
        "state": model.status().name(),
        "version": model.published,
        "types": model.draft.as_ref().map(|draft| &draft.types),
        "stuckAfterMs": model.published_as().and_then(|publish| publish.stuck_after_ms),
        "alertOnBackfill": model.published_as().is_some_and(|publish| publish.alert_on_backfill),
    })
}

fn nothing(what: &str) -> Problem {
    Problem(Failure::new(Kind::NotFound, format!("Expected {what}, but there is none")))
}
