//! Incidents, open and resolved, and what they have in common.

use axum::extract::{Path, State};
use axum::response::Response;
use history::entity::{ERROR_STATISTICS, ERROR_VERSION_STATISTICS, FINGERPRINT, INCIDENT};
use serde_json::Value as Json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{render, schema};
use crate::gateway::Gateway;
use crate::rest::body::OptionalJson;
use crate::rest::problem::{Detail, Problem};

pub fn router() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new()
        .routes(routes!(search_incidents))
        .routes(routes!(error_statistics))
        .routes(routes!(error_version_statistics))
        .routes(routes!(search_fingerprints))
        .routes(routes!(get_incident))
}

schema::listed!(IncidentFingerprintSearchQuery, IncidentFingerprintSearchQueryResult, FINGERPRINT);
schema::listed!(
    IncidentProcessInstanceStatisticsByDefinitionQuery,
    IncidentProcessInstanceStatisticsByDefinitionQueryResult,
    ERROR_VERSION_STATISTICS
);
schema::listed!(
    IncidentProcessInstanceStatisticsByErrorQuery,
    IncidentProcessInstanceStatisticsByErrorQueryResult,
    ERROR_STATISTICS
);
schema::listed!(IncidentSearchQuery, IncidentSearchQueryResult, INCIDENT);
schema::shown!(IncidentResult, INCIDENT);

#[utoipa::path(post, path = "/incidents/search", operation_id = "searchIncidents", tag = "Incident",
    request_body = Option<IncidentSearchQuery>,
    responses((status = 200, body = IncidentSearchQueryResult), (status = 400, body = Detail)))]
async fn search_incidents(
    State(gateway): State<Gateway>,
    OptionalJson(body): OptionalJson<Json>,
) -> Result<Response, Problem> {
    super::search(&gateway, &INCIDENT, body, None, render::item).await
}

#[utoipa::path(post, path = "/incidents/statistics/process-instances-by-error",
    operation_id = "getProcessInstanceStatisticsByError", tag = "Incident",
    request_body = Option<IncidentProcessInstanceStatisticsByErrorQuery>,
    responses((status = 200, body = IncidentProcessInstanceStatisticsByErrorQueryResult),
        (status = 400, body = Detail)))]
async fn error_statistics(
    State(gateway): State<Gateway>,
    OptionalJson(body): OptionalJson<Json>,
) -> Result<Response, Problem> {
    super::search(&gateway, &ERROR_STATISTICS, body, None, render::item).await
}

#[utoipa::path(post, path = "/incidents/statistics/process-instances-by-definition",
    operation_id = "getProcessInstanceStatisticsByDefinition", tag = "Incident",
    request_body = Option<IncidentProcessInstanceStatisticsByDefinitionQuery>,
    responses((status = 200, body = IncidentProcessInstanceStatisticsByDefinitionQueryResult),
        (status = 400, body = Detail)))]
async fn error_version_statistics(
    State(gateway): State<Gateway>,
    OptionalJson(body): OptionalJson<Json>,
) -> Result<Response, Problem> {
    super::search(&gateway, &ERROR_VERSION_STATISTICS, body, None, render::item).await
}

#[utoipa::path(post, path = "/incidents/fingerprints/search",
    operation_id = "searchIncidentFingerprints", tag = "Incident",
    request_body = Option<IncidentFingerprintSearchQuery>,
    responses((status = 200, body = IncidentFingerprintSearchQueryResult),
        (status = 400, body = Detail)))]
async fn search_fingerprints(
    State(gateway): State<Gateway>,
    OptionalJson(body): OptionalJson<Json>,
) -> Result<Response, Problem> {
    super::search(&gateway, &FINGERPRINT, body, None, render::item).await
}

#[utoipa::path(get, path = "/incidents/{incidentKey}",
    operation_id = "getIncident", tag = "Incident",
    params(("incidentKey" = String, Path)), responses((status = 200, body = IncidentResult),
        (status = 400, body = Detail), (status = 404, body = Detail)))]
async fn get_incident(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
) -> Result<Response, Problem> {
    super::get(&gateway, &INCIDENT, &key).await
}
