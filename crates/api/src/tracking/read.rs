//! Cases, verdicts, alerts, traces.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};
use track::machine::{CaseStatus, State as Tracked, Verdict};
use track::past::{self, Wanted};
use track::rows::{self, WantedCases};
use utoipa::IntoParams;

use super::wire::{
    Alert, ProcessFindings, ProcessStats, Reached, RecordVerdict, Trace, TrackedCase,
};
use super::{Desk, allow, blocking, models};
use crate::access::{Action, Principal};
use crate::failure::{Failure, Kind};
use crate::limits::PAGE_ROWS_MAX;
use crate::rest::Problem;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CaseQuery {
    /// early, open, stuck, resting, completed or expired.
    status: Option<String>,
    case: Option<String>,
    /// Part of its id, in any case.
    like: Option<String>,
    /// Only cases with findings.
    #[serde(default)]
    deviating: bool,
    /// Number of the case behind which to begin.
    after: Option<u64>,
    /// Cases at most.
    limit: Option<usize>,
}

/// Cases, oldest first.
#[utoipa::path(get, path = "/tracking/{process}/cases", operation_id = "listTrackedCases",
    tag = "Tracking",
    params(("process" = String, Path, description = "Its id in the BPMN file"),
        CaseQuery),
    responses((status = 200, body = Vec<TrackedCase>,
        headers(("x-total-count" = u64, description = "How many there are on all pages")))))]
pub async fn cases(
    State(desk): State<Desk>,
    Extension(caller): Extension<Principal>,
    Path(process): Path<String>,
    Query(asked): Query<CaseQuery>,
) -> Result<Response, Problem> {
    allow(&caller, Action::Read, None)?;
    let status = asked.status.as_deref().map(CaseStatus::named).transpose();
    let wanted = WantedCases {
        process: Some(process.clone()),
        case: asked.case,
        like: asked.like,
        status: status.map_err(Failure::invalid)?,
        deviating: asked.deviating,
        after: asked.after,
        limit: asked.limit,
    };
    known(&desk, process).await?;
    let found = blocking(desk, "read cases", move |station| {
        let look =
            move |state: &Tracked| (rows::cases(state, &wanted), rows::total(state, &wanted));
        station.tracking().look(look)
    });
    let (rows, total) = found.await?;
    Ok(([("x-total-count", total.to_string())], Json(json!(rows))).into_response())
}

/// A name that is mistyped must not look as if nothing were wrong.
async fn known(desk: &Desk, process: String) -> Result<(), Problem> {
    let named = process.clone();
    let found = blocking(desk.clone(), "find a process", move |station| {
        station.tracking().look(move |state| state.model(&named).is_some())
    });
    if found.await? {
        return Ok(());
    }
    let reason = format!("Expected a process that is tracked, but {process:?} is none");
    Err(Problem(Failure::new(Kind::NotFound, reason)))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct VerdictQuery {
    /// started, moved, buffered, expired, replaced, ignored or rejected.
    verdict: Option<String>,
    case: Option<String>,
    /// Part of the reason.
    reason: Option<String>,
    /// Behind this verdict: its `at` and its `index`, such as 12.3; 12 alone is behind all of 12.
    #[serde(default)]
    after: Option<String>,
    /// Verdicts at most.
    limit: Option<usize>,
}

/// What became of each record of the bus.
#[utoipa::path(get, path = "/tracking/{process}/verdicts", operation_id = "listVerdicts",
    tag = "Tracking",
    params(("process" = String, Path, description = "Its id in the BPMN file"),
        VerdictQuery),
    responses((status = 200, body = Vec<RecordVerdict>,
        headers(("x-more" = bool, description = "Whether there are more behind the last one")))))]
pub async fn verdicts(
    State(desk): State<Desk>,
    Extension(caller): Extension<Principal>,
    Path(process): Path<String>,
    Query(asked): Query<VerdictQuery>,
) -> Result<Response, Problem> {
    allow(&caller, Action::Read, None)?;
    let VerdictQuery { verdict, case, reason, after, limit } = asked;
    let verdict = verdict.as_deref().map(Verdict::named).transpose().map_err(Failure::invalid)?;
    let after = after.as_deref().map(str::parse).transpose();
    let after: past::Place = after.map_err(Failure::invalid)?.unwrap_or_default();
    let limit = limit.unwrap_or(PAGE_ROWS_MAX).clamp(1, PAGE_ROWS_MAX);
    known(&desk, process.clone()).await?;
    let source = Some(format!("bus#{process}"));
    let wanted = Wanted { verdict, case, reason, source, process: None };
    let found = blocking(desk, "read verdicts", move |station| {
        past::verdicts(station.tracking(), &wanted, after, limit)
    });
    let past::Page { rows, more } = found.await?;
    Ok(([("x-more", more.to_string())], Json(json!(rows))).into_response())
}

/// What deviates from the model, by kind and step, with example cases.
#[utoipa::path(get, path = "/tracking/{process}/findings", operation_id = "listFindings",
    tag = "Tracking",
    params(("process" = String, Path, description = "Its id in the BPMN file")),
    responses((status = 200, body = ProcessFindings)))]
pub async fn findings(
    State(desk): State<Desk>,
    Extension(caller): Extension<Principal>,
    Path(process): Path<String>,
) -> Result<Json<Value>, Problem> {
    allow(&caller, Action::Read, None)?;
    known(&desk, process.clone()).await?;
    let found = blocking(desk, "read findings", move |station| {
        station.tracking().look(move |state| track::stats::kept(state, Some(&process)))
    });
    Ok(Json(json!(found.await?)))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatsQuery {
    /// ISO 8601; the promise about whole cases.
    target: Option<String>,
}

/// Counts, medians and 95th percentiles.
#[utoipa::path(get, path = "/tracking/{process}/stats", operation_id = "getTrackingStatistics",
    tag = "Tracking",
    params(("process" = String, Path, description = "Its id in the BPMN file"),
        StatsQuery),
    responses((status = 200, body = ProcessStats)))]
pub async fn stats(
    State(desk): State<Desk>,
    Extension(caller): Extension<Principal>,
    Path(process): Path<String>,
    Query(asked): Query<StatsQuery>,
) -> Result<Json<Value>, Problem> {
    allow(&caller, Action::Read, None)?;
    let target = asked.target.as_deref().map(track::stats::target_ms).transpose();
    let target = target.map_err(Failure::invalid)?;
    known(&desk, process.clone()).await?;
    let found = blocking(desk, "read figures", move |station| {
        let log = past::log(station.tracking(), Some(&process))?.finish();
        Ok(track::stats::Stats::new(&log, target))
    });
    Ok(Json(json!(found.await?)))
}

/// Alerts of all tracked processes, oldest first.
#[utoipa::path(get, path = "/alerts", operation_id = "listAlerts",
    tag = "Tracking", responses((status = 200, body = Vec<Alert>)))]
pub async fn alerts(
    State(desk): State<Desk>,
    Extension(caller): Extension<Principal>,
) -> Result<Json<Value>, Problem> {
    allow(&caller, Action::Read, None)?;
    let found = blocking(desk, "read alerts", |station| station.tracking().look(rows::alerts));
    Ok(Json(json!(found.await?)))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TraceQuery {
    /// Trace or case id.
    id: String,
}

/// The trace of this id, if there is one: for whoever asks whether there is.
#[utoipa::path(get, path = "/traces", operation_id = "findTraces",
    tag = "Tracking", params(TraceQuery),
    responses((status = 200, body = Vec<Trace>)))]
pub async fn traces(
    State(desk): State<Desk>,
    Extension(caller): Extension<Principal>,
    Query(TraceQuery { id }): Query<TraceQuery>,
) -> Result<Json<Value>, Problem> {
    allow(&caller, Action::Read, None)?;
    let found = blocking(desk, "read a trace", move |station| {
        let traces = past::traces(station.tracking(), Some(&id))?;
        Ok(traces.trace(&id))
    });
    let found: Vec<_> = found.await?.into_iter().collect();
    Ok(Json(json!(found)))
}

/// Every message of a trace.
#[utoipa::path(get, path = "/traces/{id}", operation_id = "getTrace",
    tag = "Tracking",
    params(("id" = String, Path, description = "Trace or case id")),
    responses((status = 200, body = Trace)))]
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
#[utoipa::path(get, path = "/traces/{id}/reached/{process}", operation_id = "getReachedElements",
    tag = "Tracking",
    params(("id" = String, Path, description = "Trace or case id"),
        ("process" = String, Path, description = "Id of a tracked process")),
    responses((status = 200, body = Reached)))]
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
