//! Variables.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use history::entity::{VARIABLE, VARIABLE_WHOLE};
use serde::Deserialize;
use serde_json::Value as Json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{render, schema};
use crate::gateway::Gateway;
use crate::rest::body::OptionalJson;
use crate::rest::problem::{Detail, Problem};

pub fn router() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new().routes(routes!(search_variables)).routes(routes!(get_variable))
}

schema::listed!(VariableSearchQuery, VariableSearchQueryResult, VARIABLE);
schema::shown!(VariableResult, VARIABLE_WHOLE);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Length {
    truncate_values: Option<bool>,
}

impl Length {
    pub fn whole(&self) -> bool {
        self.truncate_values == Some(false)
    }
}

#[utoipa::path(post, path = "/variables/search", operation_id = "searchVariables",
    tag = "Variable", request_body = Option<VariableSearchQuery>,
    params(("truncateValues" = Option<bool>, Query,
        description = "false: whole values, however long")),
    responses((status = 200, body = VariableSearchQueryResult), (status = 400, body = Detail)))]
async fn search_variables(
    State(gateway): State<Gateway>,
    Query(length): Query<Length>,
    OptionalJson(body): OptionalJson<Json>,
) -> Result<Response, Problem> {
    let entity = if length.whole() { &VARIABLE_WHOLE } else { &VARIABLE };
    super::search(&gateway, entity, body, None, render::item).await
}

#[utoipa::path(get, path = "/variables/{variableKey}", operation_id = "getVariable",
    tag = "Variable", params(("variableKey" = String, Path)),
    responses((status = 200, body = VariableResult), (status = 400, body = Detail),
        (status = 404, body = Detail)))]
async fn get_variable(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
) -> Result<Response, Problem> {
    super::get(&gateway, &VARIABLE_WHOLE, &key).await
}
