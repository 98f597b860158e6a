//! Element instances and what they wait for.

use axum::extract::{Path, State};
use axum::response::Response;
use history::entity::{ELEMENT_INSTANCE, INCIDENT, STUCK, WAIT_STATE};
use serde_json::Value as Json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{render, schema};
use crate::gateway::Gateway;
use crate::rest::body::OptionalJson;
use crate::rest::problem::{Detail, Problem};

pub fn router() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new()
        .routes(routes!(search_element_instances))
        .routes(routes!(search_wait_states))
        .routes(routes!(search_element_incidents))
        .routes(routes!(search_stuck))
        .routes(routes!(get_element_instance))
}

schema::listed!(ElementInstanceSearchQuery, ElementInstanceSearchQueryResult, ELEMENT_INSTANCE);
schema::listed!(ElementInstanceWaitStateQuery, ElementInstanceWaitStateQueryResult, WAIT_STATE);
schema::listed!(IncidentSearchQuery, IncidentSearchQueryResult, INCIDENT);
schema::listed!(WaitingElementSearchQuery, WaitingElementSearchQueryResult, STUCK);
schema::shown!(ElementInstanceResult, ELEMENT_INSTANCE);

#[utoipa::path(post, path = "/element-instances/search",
    operation_id = "searchElementInstances", tag = "Element instance",
    request_body = Option<ElementInstanceSearchQuery>,
    responses((status = 200, body = ElementInstanceSearchQueryResult),
        (status = 400, body = Detail)))]
async fn search_element_instances(
    State(gateway): State<Gateway>,
    OptionalJson(body): OptionalJson<Json>,
) -> Result<Response, Problem> {
    super::search(&gateway, &ELEMENT_INSTANCE, body, None, render::item).await
}

#[utoipa::path(post, path = "/element-instances/wait-states/search",
    operation_id = "searchElementInstanceWaitStates", tag = "Element instance",
    request_body = Option<ElementInstanceWaitStateQuery>,
    responses((status = 200, body = ElementInstanceWaitStateQueryResult),
        (status = 400, body = Detail)))]
async fn search_wait_states(
    State(gateway): State<Gateway>,
    OptionalJson(body): OptionalJson<Json>,
) -> Result<Response, Problem> {
    super::search(&gateway, &WAIT_STATE, body, None, render::wait_state).await
}

#[utoipa::path(post, path = "/element-instances/{elementInstanceKey}/incidents/search",
    operation_id = "searchElementInstanceIncidents", tag = "Element instance",
    request_body = Option<IncidentSearchQuery>, params(("elementInstanceKey" = String, Path)),
    responses((status = 200, body = IncidentSearchQueryResult), (status = 400, body = Detail),
        (status = 404, body = Detail)))]
async fn search_element_incidents(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
    OptionalJson(body): OptionalJson<Json>,
) -> Result<Response, Problem> {
    let scope = super::scope(&gateway, &ELEMENT_INSTANCE, "elementInstanceKey", &key).await?;
    super::search(&gateway, &INCIDENT, body, Some(scope), render::item).await
}

#[utoipa::path(post, path = "/element-instances/waiting/search",
    operation_id = "searchWaitingElements", tag = "Element instance",
    request_body = Option<WaitingElementSearchQuery>,
    responses((status = 200, body = WaitingElementSearchQueryResult),
        (status = 400, body = Detail)))]
async fn search_stuck(
    State(gateway): State<Gateway>,
    OptionalJson(body): OptionalJson<Json>,
) -> Result<Response, Problem> {
    super::search(&gateway, &STUCK, body, None, render::item).await
}

#[utoipa::path(get, path = "/element-instances/{elementInstanceKey}",
    operation_id = "getElementInstance", tag = "Element instance",
    params(("elementInstanceKey" = String, Path)),
    responses((status = 200, body = ElementInstanceResult),
        (status = 400, body = Detail), (status = 404, body = Detail)))]
async fn get_element_instance(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
) -> Result<Response, Problem> {
    super::get(&gateway, &ELEMENT_INSTANCE, &key).await
}
