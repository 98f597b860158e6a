//! Deployed forms and other files, as the engine's catalog has them.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use engine::meta::{FileDeployed, FileKind};
use http::{StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::problem::{Detail, Problem};
use super::types::{KeyText, path_key};
use crate::failure::{Failure, Kind};
use crate::gateway::Gateway;

pub fn router() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new()
        .routes(routes!(get_form))
        .routes(routes!(get_resource))
        .routes(routes!(get_resource_content))
        .routes(routes!(get_resource_content_binary))
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FormResult)]
pub struct Form {
    tenant_id: String,
    form_id: String,
    /// The file, as it was deployed.
    schema: String,
    version: i32,
    form_key: KeyText,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ResourceResult)]
struct Resource {
    resource_name: String,
    version: i32,
    version_tag: Option<String>,
    resource_id: String,
    tenant_id: String,
    resource_key: KeyText,
}

impl From<&FileDeployed> for Form {
    fn from(file: &FileDeployed) -> Form {
        Form {
            tenant_id: file.tenant.to_string(),
            form_id: file.id.to_string(),
            schema: String::from_utf8_lossy(&file.bytes).into_owned(),
            version: file.version,
            form_key: KeyText(file.key),
        }
    }
}

/// The form with that key, deleted or not: tasks that began with it go on.
pub fn form(gateway: &Gateway, key: i64) -> Result<Form, Failure> {
    let file = file(gateway, key)?;
    if file.kind != FileKind::Form {
        return Err(missing("form", key));
    }
    Ok(Form::from(&*file))
}

fn file(gateway: &Gateway, key: i64) -> Result<Arc<FileDeployed>, Failure> {
    let catalog = gateway.engine()?.catalog();
    catalog.file(key).cloned().ok_or_else(|| missing("resource", key))
}

fn missing(what: &str, key: i64) -> Failure {
    let text = format!("Expected a {what} with the key '{key}', but there is none");
    Failure::new(Kind::NotFound, text)
}

#[utoipa::path(get, path = "/forms/{formKey}", operation_id = "getFormByKey", tag = "Form",
    params(("formKey" = String, Path)),
    responses((status = 200, body = Form), (status = 400, body = Detail),
        (status = 404, body = Detail)))]
async fn get_form(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
) -> Result<Answer<Form>, Problem> {
    Ok(Answer(form(&gateway, path_key(&key)?)?))
}

#[utoipa::path(get, path = "/resources/{resourceKey}", operation_id = "getResource",
    tag = "Resource", params(("resourceKey" = String, Path)),
    responses((status = 200, body = Resource), (status = 400, body = Detail),
        (status = 404, body = Detail)))]
async fn get_resource(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
) -> Result<Answer<Resource>, Problem> {
    let file = file(&gateway, path_key(&key)?)?;
    Ok(Answer(Resource {
        resource_name: file.resource.to_string(),
        version: file.version,
        version_tag: file.version_tag.as_ref().map(ToString::to_string),
        resource_id: file.id.to_string(),
        tenant_id: file.tenant.to_string(),
        resource_key: KeyText(file.key),
    }))
}

/// A file in JSON; 406 for any other, whose bytes there are beside it.
#[utoipa::path(get, path = "/resources/{resourceKey}/content",
    operation_id = "getResourceContent", tag = "Resource",
    params(("resourceKey" = String, Path)),
    responses((status = 200, body = Object), (status = 400, body = Detail),
        (status = 404, body = Detail), (status = 406, body = Detail)))]
async fn get_resource_content(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
) -> Result<Response, Problem> {
    let file = file(&gateway, path_key(&key)?)?;
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(&file.bytes).is_ok();
    if !is_json {
        return Ok(StatusCode::NOT_ACCEPTABLE.into_response());
    }
    Ok(([(header::CONTENT_TYPE, "application/json")], file.bytes.to_vec()).into_response())
}

#[utoipa::path(get, path = "/resources/{resourceKey}/content/binary",
    operation_id = "getResourceContentBinary", tag = "Resource",
    params(("resourceKey" = String, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 400, body = Detail), (status = 404, body = Detail)))]
async fn get_resource_content_binary(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
) -> Result<Response, Problem> {
    let file = file(&gateway, path_key(&key)?)?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], file.bytes.to_vec()).into_response())
}
