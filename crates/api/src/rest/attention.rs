//! What needs somebody's attention: job types that wait while no worker asks for them. An addition
//! of ours, outside the API that SDKs know.

use axum::extract::State;
use axum::{Extension, Json as Answer};
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::{Detail, Problem};
use crate::access::Action;
use crate::gateway::{Caller, Gateway, Unattended};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobTypes {
    unattended: Vec<UnattendedType>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UnattendedJobType)]
struct UnattendedType {
    r#type: String,
    /// For how long, in ms.
    waited: u64,
    advice: String,
}

/// Job types whose jobs wait while nobody asks for them.
#[utoipa::path(get, path = "/grevy/v1/job-types", operation_id = "getJobTypes", tag = "Job",
    responses((status = 200, body = JobTypes), (status = 401, body = Detail)))]
pub async fn get_job_types(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
) -> Result<Answer<JobTypes>, Problem> {
    caller.principal.require(Action::Read)?;
    let row = |row: Unattended| UnattendedType {
        advice: Unattended::advice(&row.job_type),
        r#type: row.job_type.to_string(),
        waited: u64::try_from(row.waited.as_millis()).unwrap_or(u64::MAX),
    };
    let unattended = gateway.attention().unattended().into_iter().map(row).collect();
    Ok(Answer(JobTypes { unattended }))
}
