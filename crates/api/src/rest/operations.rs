//! What an operator does after a bug of ours, a start that was held back, or a clock that jumped.
//! Additions of ours, outside the API that SDKs know.

use axum::extract::{Path, State};
use axum::{Extension, Json as Answer};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::OptionalJson;
use super::problem::{Detail, Problem};
use super::types::{Action, path_key};
use crate::gateway::{Caller, Gateway, Work};
use crate::input;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Partitions {
    partitions: Vec<PartitionState>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PartitionState {
    partition_id: i32,
    /// `HEALTHY`, `PAUSED` (timers and dispatch wait for `resume`), `DISK_FULL`, `RECOVERING` or
    /// `DEAD`.
    state: &'static str,
    advice: Option<&'static str>,
}

/// How each partition does, in more words than the topology has.
#[utoipa::path(get, path = "/grevy/v1/partitions", operation_id = "getPartitions", tag = "Cluster",
    responses((status = 200, body = Partitions), (status = 401, body = Detail)))]
pub async fn get_partitions(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
) -> Result<Answer<Partitions>, Problem> {
    let rows = gateway.work(&caller)?.into_iter();
    let row = |(partition, work): (u16, Work)| {
        let (state, advice) = match work {
            Work::Goes => ("HEALTHY", None),
            Work::Paused => (
                "PAUSED",
                Some("timers and dispatch are paused, the log says why; `grevy resume` goes on"),
            ),
            Work::DiskFull => ("DISK_FULL", Some("the disk is full: free some and it goes on")),
            Work::Recovering => ("RECOVERING", None),
            Work::Dead => ("DEAD", Some("its journal could not be read, the log says why")),
        };
        PartitionState { partition_id: i32::from(partition), state, advice }
    };
    Ok(Answer(Partitions { partitions: rows.map(row).collect() }))
}

/// Lets timers, deferred work and dispatch go on where they were paused, now and at later starts.
#[utoipa::path(post, path = "/grevy/v1/resume", operation_id = "resume", tag = "Cluster",
    request_body = Option<Action>,
    responses((status = 204), (status = 400, body = Detail), (status = 401, body = Detail),
        (status = 403, body = Detail), (status = 503, body = Detail)))]
pub async fn resume(
    State(gateway): State<Gateway>,
    Extension(mut caller): Extension<Caller>,
    OptionalJson(action): OptionalJson<Action>,
) -> Result<StatusCode, Problem> {
    caller.operation_reference = input::operation_reference(action.operation_reference)?;
    gateway.resume(&caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lifts the quarantine of a process instance: its timers and jobs go on.
#[utoipa::path(post, path = "/grevy/v1/process-instances/{processInstanceKey}/repair",
    operation_id = "repairProcessInstance", tag = "Process instance",
    params(("processInstanceKey" = String, Path)), request_body = Option<Action>,
    responses((status = 204), (status = 400, body = Detail), (status = 401, body = Detail),
        (status = 403, body = Detail), (status = 404, body = Detail),
        (status = 409, body = Detail), (status = 503, body = Detail)))]
pub async fn repair(
    State(gateway): State<Gateway>,
    Extension(mut caller): Extension<Caller>,
    Path(key): Path<String>,
    OptionalJson(action): OptionalJson<Action>,
) -> Result<StatusCode, Problem> {
    caller.operation_reference = input::operation_reference(action.operation_reference)?;
    gateway.repair(&caller, path_key(&key)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
