//! Process instances.

use axum::extract::{Path, State};
use axum::response::Response;
use history::entity::{INCIDENT, PROCESS_INSTANCE};
use serde_json::Value as Json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::instance_parts as parts;
use super::{render, schema};
use crate::gateway::Gateway;
use crate::rest::body::OptionalJson;
use crate::rest::problem::{Detail, Problem};

pub fn router() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new()
        .routes(routes!(search_process_instances))
        .routes(routes!(search_instance_incidents))
        .routes(routes!(get_process_instance))
        .merge(parts::router())
}

schema::listed!(IncidentSearchQuery, IncidentSearchQueryResult, INCIDENT);
schema::listed!(ProcessInstanceSearchQuery, ProcessInstanceSearchQueryResult, PROCESS_INSTANCE);
schema::shown!(ProcessInstanceResult, PROCESS_INSTANCE);

#[utoipa::path(post, path = "/process-instances/search",
    operation_id = "searchProcessInstances", tag = "Process instance",
    request_body = Option<ProcessInstanceSearchQuery>,
    responses((status = 200, body = ProcessInstanceSearchQueryResult),
        (status = 400, body = Detail)))]
async fn search_process_instances(
    State(gateway): State<Gateway>,
    OptionalJson(body): OptionalJson<Json>,
) -> Result<Response, Problem> {
    super::search(&gateway, &PROCESS_INSTANCE, body, None, render::item).await
}

#[utoipa::path(post, path = "/process-instances/{processInstanceKey}/incidents/search",
    operation_id = "searchProcessInstanceIncidents", tag = "Process instance",
    request_body = Option<IncidentSearchQuery>, params(("processInstanceKey" = String, Path)),
    responses((status = 200, body = IncidentSearchQueryResult), (status = 400, body = Detail),
        (status = 404, body = Detail)))]
async fn search_instance_incidents(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
    OptionalJson(body): OptionalJson<Json>,
) -> Result<Response, Problem> {
    let scope = super::scope(&gateway, &PROCESS_INSTANCE, "processInstanceKey", &key).await?;
    super::search(&gateway, &INCIDENT, body, Some(scope), render::item).await
}

#[utoipa::path(get, path = "/process-instances/{processInstanceKey}",
    operation_id = "getProcessInstance", tag = "Process instance",
    params(("processInstanceKey" = String, Path)),
    responses((status = 200, body = ProcessInstanceResult),
        (status = 400, body = Detail), (status = 404, body = Detail)))]
async fn get_process_instance(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
) -> Result<Response, Problem> {
    super::get(&gateway, &PROCESS_INSTANCE, &key).await
}
