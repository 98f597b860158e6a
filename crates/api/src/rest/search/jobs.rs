//! Jobs.

use axum::extract::State;
use axum::response::Response;
use history::entity::{JOB, JOB_TYPE};
use serde_json::Value as Json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{render, schema};
use crate::gateway::Gateway;
use crate::rest::body::OptionalJson;
use crate::rest::problem::{Detail, Problem};

pub fn router() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new().routes(routes!(search_jobs)).routes(routes!(search_job_types))
}

schema::listed!(JobSearchQuery, JobSearchQueryResult, JOB);
schema::listed!(JobTypeSearchQuery, JobTypeSearchQueryResult, JOB_TYPE);

#[utoipa::path(post, path = "/jobs/search", operation_id = "searchJobs", tag = "Job",
    request_body = Option<JobSearchQuery>,
    responses((status = 200, body = JobSearchQueryResult), (status = 400, body = Detail)))]
async fn search_jobs(
    State(gateway): State<Gateway>,
    OptionalJson(body): OptionalJson<Json>,
) -> Result<Response, Problem> {
    super::search(&gateway, &JOB, body, None, render::item).await
}

#[utoipa::path(post, path = "/jobs/types/search", operation_id = "searchJobTypes", tag = "Job",
    request_body = Option<JobTypeSearchQuery>,
    responses((status = 200, body = JobTypeSearchQueryResult), (status = 400, body = Detail)))]
async fn search_job_types(
    State(gateway): State<Gateway>,
    OptionalJson(body): OptionalJson<Json>,
) -> Result<Response, Problem> {
    super::search(&gateway, &JOB_TYPE, body, None, render::item).await
}
