//! What belongs to one process definition and is no page.

use axum::Json as Answer;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use history::ElementCount;
use history::entity::{PROCESS_DEFINITION, PROCESS_INSTANCE};
use history::query::Filter;
use http::StatusCode;
use serde_json::{Value as Json, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::instance_parts::items;
use super::{failed, find, parse};
use crate::gateway::Gateway;
use crate::rest::body::OptionalJson;
use crate::rest::files::Form;
use crate::rest::problem::{Detail, Problem};
use crate::rest::types::path_key;

pub fn router() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new()
        .routes(routes!(get_xml))
        .routes(routes!(get_form))
        .routes(routes!(get_statistics))
}

#[utoipa::path(get, path = "/process-definitions/{processDefinitionKey}/xml",
    operation_id = "getProcessDefinitionXML", tag = "Process definition",
    params(("processDefinitionKey" = String, Path)),
    responses((status = 200, body = String, content_type = "text/xml"),
        (status = 404, body = Detail)))]
async fn get_xml(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
) -> Result<Response, Problem> {
    super::xml(&gateway, &PROCESS_DEFINITION, &key).await
}

/// The form that the start event links to; 204: none.
#[utoipa::path(get, path = "/process-definitions/{processDefinitionKey}/form",
    operation_id = "getStartProcessForm",
    tag = "Process definition", params(("processDefinitionKey" = String, Path)),
    responses((status = 200, body = Form), (status = 204), (status = 404, body = Detail)))]
async fn get_form(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
) -> Result<Response, Problem> {
    let (reader, key) = (gateway.reader()?, path_key(&key)?);
    find(&gateway, &reader, &PROCESS_DEFINITION, key).await?;
    let catalog = gateway.engine()?.catalog();
    Ok(match catalog.start_form(key) {
        Some(form) => Answer(Form::from(&**form)).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}

/// Counts per element, over the instances that the filter finds.
#[utoipa::path(post,
    path = "/process-definitions/{processDefinitionKey}/statistics/element-instances",
    operation_id = "getProcessDefinitionStatistics", tag = "Process definition",
    params(("processDefinitionKey" = String, Path)), request_body = Option<Object>,
    responses((status = 200, body = Object), (status = 400, body = Detail),
        (status = 404, body = Detail)))]
async fn get_statistics(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
    OptionalJson(body): OptionalJson<Json>,
) -> Result<Response, Problem> {
    let (reader, key) = (gateway.reader()?, path_key(&key)?);
    let mut filter = Filter::default();
    if !body.is_null() {
        let mut body = parse::object("the body", body)?;
        parse::known("the body", &body, &["filter"])?;
        if let Some(given) = body.remove("filter").filter(|given| !given.is_null()) {
            filter = parse::filter(&PROCESS_INSTANCE, given)?;
        }
    }
    find(&gateway, &reader, &PROCESS_DEFINITION, key).await?;
    let counts = reader.element_counts(key, &filter).await.map_err(failed)?;
    Ok(items(counts.into_iter().map(count).collect()))
}

pub(super) fn count(count: ElementCount) -> Json {
    json!({
        "elementId": count.element_id,
        "active": count.active,
        "canceled": count.terminated,
        "incidents": count.incidents,
        "completed": count.completed,
    })
}
