//! Process definitions and counts over them.

use axum::extract::{Path, State};
use axum::response::Response;
use history::entity::{
    PROCESS_DEFINITION, PROCESS_STATISTICS, SUBSCRIPTION_STATISTICS, VARIABLE_NAME,
    VERSION_STATISTICS,
};
use serde_json::Value as Json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::definition_parts as parts;
use super::{render, schema};
use crate::gateway::Gateway;
use crate::rest::body::OptionalJson;
use crate::rest::problem::{Detail, Problem};

pub fn router() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new()
        .routes(routes!(search_process_definitions))
        .routes(routes!(search_variable_names))
        .routes(routes!(process_statistics))
        .routes(routes!(version_statistics))
        .routes(routes!(subscription_statistics))
        .routes(routes!(get_process_definition))
        .merge(parts::router())
}

schema::listed!(
    ProcessDefinitionInstanceStatisticsQuery,
    ProcessDefinitionInstanceStatisticsQueryResult,
    PROCESS_STATISTICS
);
schema::listed!(
    ProcessDefinitionInstanceVersionStatisticsQuery,
    ProcessDefinitionInstanceVersionStatisticsQueryResult,
    VERSION_STATISTICS
);
schema::listed!(
    ProcessDefinitionMessageSubscriptionStatisticsQuery,
    ProcessDefinitionMessageSubscriptionStatisticsQueryResult,
    SUBSCRIPTION_STATISTICS
);
schema::listed!(
    ProcessDefinitionSearchQuery,
    ProcessDefinitionSearchQueryResult,
    PROCESS_DEFINITION
);
schema::listed!(
    ProcessDefinitionVariableNameSearchQuery,
    ProcessDefinitionVariableNameSearchQueryResult,
    VARIABLE_NAME
);
schema::shown!(ProcessDefinitionResult, PROCESS_DEFINITION);

#[utoipa::path(post, path = "/process-definitions/search",
    operation_id = "searchProcessDefinitions", tag = "Process definition",
    request_body = Option<ProcessDefinitionSearchQuery>,
    responses((status = 200, body = ProcessDefinitionSearchQueryResult),
        (status = 400, body = Detail)))]
async fn search_process_definitions(
    State(gateway): State<Gateway>,
    OptionalJson(body): OptionalJson<Json>,
) -> Result<Response, Problem> {
    super::search(&gateway, &PROCESS_DEFINITION, body, None, render::item).await
}

#[utoipa::path(post, path = "/process-definitions/{processDefinitionKey}/variable-names/search",
    operation_id = "searchProcessDefinitionVariableNames", tag = "Process definition",
    request_body = Option<ProcessDefinitionVariableNameSearchQuery>,
    params(("processDefinitionKey" = String, Path)),
    responses((status = 200, body = ProcessDefinitionVariableNameSearchQueryResult),
        (status = 400, body = Detail),
        (status = 404, body = Detail)))]
async fn search_variable_names(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
    OptionalJson(body): OptionalJson<Json>,
) -> Result<Response, Problem> {
    let scope = super::scope(&gateway, &PROCESS_DEFINITION, "processDefinitionKey", &key).await?;
    super::search(&gateway, &VARIABLE_NAME, body, Some(scope), render::item).await
}

#[utoipa::path(post, path = "/process-definitions/statistics/process-instances",
    operation_id = "getProcessDefinitionInstanceStatistics", tag = "Process definition",
    request_body = Option<ProcessDefinitionInstanceStatisticsQuery>,
    responses((status = 200, body = ProcessDefinitionInstanceStatisticsQueryResult),
        (status = 400, body = Detail)))]
async fn process_statistics(
    State(gateway): State<Gateway>,
    OptionalJson(body): OptionalJson<Json>,
) -> Result<Response, Problem> {
    super::search(&gateway, &PROCESS_STATISTICS, body, None, render::item).await
}

#[utoipa::path(post, path = "/process-definitions/statistics/process-instances-by-version",
    operation_id = "getProcessDefinitionInstanceVersionStatistics", tag = "Process definition",
    request_body = Option<ProcessDefinitionInstanceVersionStatisticsQuery>,
    responses((status = 200, body = ProcessDefinitionInstanceVersionStatisticsQueryResult),
        (status = 400, body = Detail)))]
async fn version_statistics(
    State(gateway): State<Gateway>,
    OptionalJson(body): OptionalJson<Json>,
) -> Result<Response, Problem> {
    super::search(&gateway, &VERSION_STATISTICS, body, None, render::item).await
}

#[utoipa::path(post, path = "/process-definitions/statistics/message-subscriptions",
    operation_id = "getProcessDefinitionMessageSubscriptionStatistics", tag = "Process definition",
    request_body = Option<ProcessDefinitionMessageSubscriptionStatisticsQuery>,
    responses((status = 200, body = ProcessDefinitionMessageSubscriptionStatisticsQueryResult),
        (status = 400, body = Detail)))]
async fn subscription_statistics(
    State(gateway): State<Gateway>,
    OptionalJson(body): OptionalJson<Json>,
) -> Result<Response, Problem> {
    super::search(&gateway, &SUBSCRIPTION_STATISTICS, body, None, render::item).await
}

#[utoipa::path(get, path = "/process-definitions/{processDefinitionKey}",
    operation_id = "getProcessDefinition", tag = "Process definition",
    params(("processDefinitionKey" = String, Path)),
    responses((status = 200, body = ProcessDefinitionResult),
        (status = 400, body = Detail), (status = 404, body = Detail)))]
async fn get_process_definition(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
) -> Result<Response, Problem> {
    super::get(&gateway, &PROCESS_DEFINITION, &key).await
}
