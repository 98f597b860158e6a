//! Cases, verdicts, alerts, traces.

use axum::extract::{Path, Query, State};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};
use track::past::{self, Wanted};
use track::rows::{self, WantedCases};

use super::{Desk, allow, blocking, models};
use crate::access::{Action, Principal};
use crate::failure::{Failure, Kind};
use crate::limits::PAGE_ROWS_MAX;
use crate::rest::Problem;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseQuery {
    status: Option<String>,
    case: Option<String>,
    #[serde(default)]
    deviating: bool,
    /// Number of the case behind which to begin.
    after: Option<u64>,
    limit: Option<usize>,
}

pub async fn cases(
    State(desk): State<Desk>,
    Extension(caller): Extension<Principal>,
    Path(process): Path<String>,
    Query(asked): Query<CaseQuery>,
) -> Result<Json<Value>, Problem> {
    allow(&caller, Action::Read, None)?;
    let wanted = WantedCases {
        process: Some(process),
        case: asked.case,
        status: asked.status,
        deviating: asked.deviating,
        after: asked.after,
        limit: asked.limit,
    };
    let found = blocking(desk, "read cases", move |station| {
        station.tracking().look(move |state| rows::cases(state, &wanted))
    });
    Ok(Json(json!(found.await?)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerdictQuery {
    verdict: Option<String>,
    case: Option<String>,
    reason: Option<String>,
    /// Position behind which to begin.
    #[serde(default)]
    after: u64,
}

pub async fn verdicts(
    State(desk): State<Desk>,
    Extension(caller): Extension<Principal>,
    Path(process): Path<String>,
    Query(asked): Query<VerdictQuery>,
) -> Result<Json<Value>, Problem> {
    allow(&caller, Action::Read, None)?;
    let VerdictQuery { verdict, case, reason, after } = asked;
    let wanted = Wanted { verdict, case, reason, source: Some(format!("bus#{process}")) };
    let found = blocking(desk, "read verdicts", move |station| {
        past::verdicts(station.tracking(), &wanted, after, PAGE_ROWS_MAX)
    });
    Ok(Json(json!(found.await?)))
}

pub async fn findings(
    State(desk): State<Desk>,
    Extension(caller): Extension<Principal>,
    Path(process): Path<String>,
) -> Result<Json<Value>, Problem> {
    allow(&caller, Action::Read, None)?;
    let found = blocking(desk, "read findings", move |station| {
        station.tracking().look(move |state| track::stats::kept(state, Some(&process)))
    });
    Ok(Json(json!(found.await?)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatsQuery {
    /// ISO 8601; the promise about whole cases.
    target: Option<String>,
}

pub async fn stats(
    State(desk): State<Desk>,
    Extension(caller): Extension<Principal>,
    Path(process): Path<String>,
    Query(asked): Query<StatsQuery>,
) -> Result<Json<Value>, Problem> {
    allow(&caller, Action::Read, None)?;
    let target = asked.target.as_deref().map(track::mapping::duration_ms).transpose();
    let target = target.map_err(Failure::invalid)?;
    let found = blocking(desk, "read figures", move |station| {
        let log = past::log(station.tracking(), Some(&process))?.finish();
        Ok(track::stats::Stats::new(&log, target))
    });
    Ok(Json(json!(found.await?)))
}

pub async fn alerts(
    State(desk): State<Desk>,
    Extension(caller): Extension<Principal>,
) -> Result<Json<Value>, Problem> {
    allow(&caller, Action::Read, None)?;
    let found = blocking(desk, "read alerts", |station| station.tracking().look(rows::alerts));
    Ok(Json(json!(found.await?)))
}

pub async fn trace(
    State(desk): State<Desk>,
    Extension(caller): Extension<Principal>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    allow(&caller, Action::Read, None)?;
    let found = blocking(desk, "read a trace", move |station| {
        let traces = past::traces(station.tracking(), Some(&id))?;
        Ok(traces.trace(&id))
    });
    let none =
        || Failure::new(Kind::NotFound, "Expected messages of the trace, but there are none");
    found.await?.map(|trace| Json(json!(trace))).ok_or_else(|| Problem(none()))
}

/// The elements of a model whose message is in the trace: where in the collaboration it has been.
pub async fn reached(
    State(desk): State<Desk>,
    Extension(caller): Extension<Principal>,
    Path((id, process)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    allow(&caller, Action::Read, None)?;
    let found = blocking(desk, "read a trace", move |station| {
        let traces = past::traces(station.tracking(), Some(&id))?;
        Ok(traces.trace(&id).zip(models::file(station, process)?))
    });
    let none = || {
        Failure::new(Kind::NotFound, "Expected a trace and a model of these names, but one is not")
    };
    let (trace, bpmn) = found.await?.ok_or_else(none)?;
    // It was read when it was published.
    let definitions = model::read("model.bpmn", &bpmn).map(|(definitions, _)| definitions);
    let kinds = trace.messages.iter().map(|message| message.kind.as_str());
    let elements = definitions.map(|known| track::traces::reached(&known, kinds));
    Ok(Json(json!({ "elements": elements.unwrap_or_default() })))
}
