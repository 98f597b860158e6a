//! Decisions: what is deployed, and what was evaluated.

use axum::Json as Answer;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use history::entity::{
    DECISION_DEFINITION, DECISION_INSTANCE, DECISION_INSTANCE_WHOLE, DECISION_REQUIREMENTS,
};
use history::query::{Filter, Query, Test, Value};
use serde_json::Value as Json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{caught_up, failed, render, schema};
use crate::failure::{Failure, Kind as Reason};
use crate::gateway::Gateway;
use crate::rest::body::OptionalJson;
use crate::rest::problem::{Detail, Problem};

pub fn router() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new()
        .routes(routes!(decision_definitions))
        .routes(routes!(decision_definition))
        .routes(routes!(decision_xml))
        .routes(routes!(decision_requirements_all))
        .routes(routes!(decision_requirements))
        .routes(routes!(requirements_xml))
        .routes(routes!(decision_instances))
        .routes(routes!(decision_instance))
}

schema::listed!(
    DecisionDefinitionSearchQuery,
    DecisionDefinitionSearchQueryResult,
    DECISION_DEFINITION
);
schema::listed!(
    DecisionRequirementsSearchQuery,
    DecisionRequirementsSearchQueryResult,
    DECISION_REQUIREMENTS
);
schema::listed!(DecisionInstanceSearchQuery, DecisionInstanceSearchQueryResult, DECISION_INSTANCE);
schema::shown!(DecisionDefinitionResult, DECISION_DEFINITION);
schema::shown!(DecisionRequirementsResult, DECISION_REQUIREMENTS);
schema::shown!(DecisionInstanceGetQueryResult, DECISION_INSTANCE_WHOLE);

#[utoipa::path(post, path = "/decision-definitions/search",
    operation_id = "searchDecisionDefinitions", tag = "Decision definition",
    request_body = Option<DecisionDefinitionSearchQuery>,
    responses((status = 200, body = DecisionDefinitionSearchQueryResult),
        (status = 400, body = Detail)))]
async fn decision_definitions(
    State(gateway): State<Gateway>,
    OptionalJson(body): OptionalJson<Json>,
) -> Result<Response, Problem> {
    super::search(&gateway, &DECISION_DEFINITION, body, None, render::item).await
}

#[utoipa::path(get, path = "/decision-definitions/{decisionDefinitionKey}",
    operation_id = "getDecisionDefinition", tag = "Decision definition",
    params(("decisionDefinitionKey" = String, Path)),
    responses((status = 200, body = DecisionDefinitionResult),
        (status = 400, body = Detail), (status = 404, body = Detail)))]
async fn decision_definition(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
) -> Result<Response, Problem> {
    super::get(&gateway, &DECISION_DEFINITION, &key).await
}

#[utoipa::path(post, path = "/decision-requirements/search",
    operation_id = "searchDecisionRequirements", tag = "Decision requirements",
    request_body = Option<DecisionRequirementsSearchQuery>,
    responses((status = 200, body = DecisionRequirementsSearchQueryResult),
        (status = 400, body = Detail)))]
async fn decision_requirements_all(
    State(gateway): State<Gateway>,
    OptionalJson(body): OptionalJson<Json>,
) -> Result<Response, Problem> {
    super::search(&gateway, &DECISION_REQUIREMENTS, body, None, render::item).await
}

#[utoipa::path(get, path = "/decision-requirements/{decisionRequirementsKey}",
    operation_id = "getDecisionRequirements", tag = "Decision requirements",
    params(("decisionRequirementsKey" = String, Path)),
    responses((status = 200, body = DecisionRequirementsResult),
        (status = 400, body = Detail), (status = 404, body = Detail)))]
async fn decision_requirements(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
) -> Result<Response, Problem> {
    super::get(&gateway, &DECISION_REQUIREMENTS, &key).await
}

#[utoipa::path(post, path = "/decision-instances/search",
    operation_id = "searchDecisionInstances", tag = "Decision instance",
    request_body = Option<DecisionInstanceSearchQuery>,
    responses((status = 200, body = DecisionInstanceSearchQueryResult),
        (status = 400, body = Detail)))]
async fn decision_instances(
    State(gateway): State<Gateway>,
    OptionalJson(body): OptionalJson<Json>,
) -> Result<Response, Problem> {
    super::search(&gateway, &DECISION_INSTANCE, body, None, render::item).await
}

#[utoipa::path(get, path = "/decision-instances/{decisionEvaluationInstanceKey}",
    operation_id = "getDecisionInstance", tag = "Decision instance",
    params(("decisionEvaluationInstanceKey" = String, Path)),
    responses((status = 200, body = DecisionInstanceGetQueryResult),
        (status = 400, body = Detail), (status = 404, body = Detail)))]
async fn decision_instance(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
) -> Result<Response, Problem> {
    let reader = gateway.reader()?;
    evaluation_key(&key)?;
    let of = Test::Eq(Value::Text(key.clone()));
    let filter = Filter::field(&DECISION_INSTANCE_WHOLE, "decisionEvaluationInstanceKey", of);
    let filter = filter.map_err(failed)?;
    caught_up(&gateway, &reader, &filter).await?;
    let query = Query { filter, ..Query::default() };
    let page = reader.search(&DECISION_INSTANCE_WHOLE, &query).await.map_err(failed)?;
    let found = page.items.first().ok_or_else(|| {
        let text = format!("Expected a decision instance with the key '{key}', but there is none");
        Failure::new(Reason::NotFound, text)
    })?;
    Ok(Answer(render::item(found)).into_response())
}

/// The key of an evaluation, a hyphen, and a place in it.
fn evaluation_key(text: &str) -> Result<(), Failure> {
    let parts = text.split_once('-');
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if parts.is_some_and(|(key, place)| digits(key) && digits(place)) {
        return Ok(());
    }
    Err(Failure::invalid(format!(
        "Expected the key of an evaluation and a place in it, such as '2251799813685260-1', but \
         got '{text}'"
    )))
}

#[utoipa::path(get, path = "/decision-definitions/{decisionDefinitionKey}/xml",
    operation_id = "getDecisionDefinitionXML", tag = "Decision definition",
    params(("decisionDefinitionKey" = String, Path)),
    responses((status = 200, body = String, content_type = "text/xml"),
        (status = 400, body = Detail), (status = 404, body = Detail)))]
async fn decision_xml(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
) -> Result<Response, Problem> {
    super::xml(&gateway, &DECISION_DEFINITION, &key).await
}

#[utoipa::path(get, path = "/decision-requirements/{decisionRequirementsKey}/xml",
    operation_id = "getDecisionRequirementsXML", tag = "Decision requirements",
    params(("decisionRequirementsKey" = String, Path)),
    responses((status = 200, body = String, content_type = "text/xml"),
        (status = 400, body = Detail), (status = 404, body = Detail)))]
async fn requirements_xml(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
) -> Result<Response, Problem> {
    super::xml(&gateway, &DECISION_REQUIREMENTS, &key).await
}
