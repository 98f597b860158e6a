//! Jobs.

use axum::extract::{Path, State};
use axum::{Extension, Json as Answer};
use engine::command::LeaseJobs;
use engine::event::Text;
use engine::limits::ACTIVATION_JOBS_MAX;
use http::StatusCode;

use super::body::{Json, OptionalJson};
use super::jobs_types::{
    Activated, Activation, Completion, Fail, Job, JobResult, TenantFilter, Throw, Update,
};
use super::problem::{Detail, Problem};
use super::types::{path_key, variables};
use crate::failure::Failure;
use crate::gateway::{Caller, Gateway, Word};
use crate::input;
use crate::verdict::{Given, verdict};

/// Leases jobs of a type; waits for some to appear.
#[utoipa::path(post, path = "/jobs/activation", operation_id = "activateJobs", tag = "Job",
    request_body = Activation,
    responses((status = 200, body = Activated), (status = 400, body = Detail),
        (status = 401, body = Detail), (status = 503, body = Detail)))]
pub async fn activate_jobs(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    Json(body): Json<Activation>,
) -> Result<Answer<Activated>, Problem> {
    let (timeout, with_lease) = (body.request_timeout.unwrap_or(0), body.with_lease == Some(true));
    let jobs = gateway.activate(&caller, wanted(&body)?, timeout).await?;
    let jobs = jobs.into_iter().map(|job| Job::new(job, with_lease)).collect();
    Ok(Answer(Activated { jobs }))
}

fn wanted(body: &Activation) -> Result<LeaseJobs, Failure> {
    let tenants = match body.tenant_filter {
        Some(TenantFilter::Assigned) => &[],
        Some(TenantFilter::Provided) | None => body.tenant_ids.as_deref().unwrap_or(&[]),
    };
    let most = input::positive("maxJobsToActivate", body.max_jobs_to_activate.into())?;
    Ok(LeaseJobs {
        job_type: input::name("type", &body.r#type)?,
        worker: worker(body.worker.as_deref().unwrap_or(""))?,
        timeout: input::positive("timeout", body.timeout)?,
        max_jobs: u32::try_from(most).unwrap_or(ACTIVATION_JOBS_MAX).min(ACTIVATION_JOBS_MAX),
        fetch_variables: input::names(
            "fetchVariable",
            body.fetch_variable.as_deref().unwrap_or(&[]),
        )?,
        tenants: input::tenants("activateJobs", tenants)?,
    })
}

fn worker(given: &str) -> Result<Text, Failure> {
    if given.trim().is_empty() { Ok("default".into()) } else { input::name("worker", given) }
}

fn token(given: Option<&str>) -> Result<Option<u64>, Failure> {
    let Some(text) = given else { return Ok(None) };
    text.parse().map(Some).map_err(|_| {
        Failure::invalid(format!(
            "Expected the lease token that came with the job, but got '{text}'"
        ))
    })
}

/// Completes a job; its variables go to its element.
#[utoipa::path(post, path = "/jobs/{jobKey}/completion", operation_id = "completeJob", tag = "Job",
    params(("jobKey" = String, Path)), request_body = Option<Completion>,
    responses((status = 204), (status = 400, body = Detail), (status = 404, body = Detail),
        (status = 409, body = Detail), (status = 503, body = Detail)))]
pub async fn complete_job(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    Path(key): Path<String>,
    OptionalJson(body): OptionalJson<Completion>,
) -> Result<StatusCode, Problem> {
    if body.business_id.is_some() {
        return Err(Problem(Failure::later("the business id of a completion")));
    }
    let word = Word {
        job: path_key(&key)?,
        variables: variables(body.variables.as_deref())?,
        token: token(body.job_lease_token.as_deref())?,
        result: verdict(body.result.map_or_else(|| Ok(Given::default()), JobResult::given)?)?,
    };
    gateway.complete_job(&caller, word).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Fails a job: with retries left it is tried again, else an incident is raised.
#[utoipa::path(post, path = "/jobs/{jobKey}/failure", operation_id = "failJob", tag = "Job",
    params(("jobKey" = String, Path)), request_body = Option<Fail>,
    responses((status = 204), (status = 400, body = Detail), (status = 404, body = Detail),
        (status = 409, body = Detail), (status = 503, body = Detail)))]
pub async fn fail_job(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    Path(key): Path<String>,
    OptionalJson(body): OptionalJson<Fail>,
) -> Result<StatusCode, Problem> {
    let word = Word {
        job: path_key(&key)?,
        variables: variables(body.variables.as_deref())?,
        token: token(body.job_lease_token.as_deref())?,
        result: None,
    };
    let (retries, back_off) = (body.retries.unwrap_or(0), body.retry_back_off.unwrap_or(0));
    let message = body.error_message.unwrap_or_default();
    gateway.fail_job(&caller, word, retries, &message, back_off).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Throws a BPMN error; an incident is raised when nothing catches it.
#[utoipa::path(post, path = "/jobs/{jobKey}/error", operation_id = "throwJobError", tag = "Job",
    params(("jobKey" = String, Path)), request_body = Throw,
    responses((status = 204), (status = 400, body = Detail), (status = 404, body = Detail),
        (status = 409, body = Detail), (status = 503, body = Detail)))]
pub async fn throw_job_error(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    Path(key): Path<String>,
    Json(body): Json<Throw>,
) -> Result<StatusCode, Problem> {
    let word = Word {
        job: path_key(&key)?,
        variables: variables(body.variables.as_deref())?,
        token: token(body.job_lease_token.as_deref())?,
        result: None,
    };
    let code = input::name("errorCode", &body.error_code)?;
    let message = body.error_message.unwrap_or_default();
    gateway.throw_error(&caller, word, &code, &message).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Changes retries, time-out or priority of a job.
#[utoipa::path(patch, path = "/jobs/{jobKey}", operation_id = "updateJob", tag = "Job",
    params(("jobKey" = String, Path)), request_body = Update,
    responses((status = 204), (status = 400, body = Detail), (status = 404, body = Detail),
        (status = 409, body = Detail), (status = 503, body = Detail)))]
pub async fn update_job(
    State(gateway): State<Gateway>,
    Extension(mut caller): Extension<Caller>,
    Path(key): Path<String>,
    Json(body): Json<Update>,
) -> Result<StatusCode, Problem> {
    caller.operation_reference = input::operation_reference(body.operation_reference)?;
    token(body.job_lease_token.as_deref())?;
    let change = body.changeset.unwrap_or_default();
    if change.retries.is_none() && change.timeout.is_none() && change.priority.is_none() {
        return Err(Problem(Failure::invalid(
            "Expected at least one of retries, timeout or priority in the changeset, but it has \
             none",
        )));
    }
    let key = path_key(&key)?;
    gateway.update_job(&caller, key, change.retries, change.timeout, change.priority).await?;
    Ok(StatusCode::NO_CONTENT)
}
