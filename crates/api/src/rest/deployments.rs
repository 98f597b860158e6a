//! Deploying and deleting.

use axum::extract::multipart::{Field, MultipartError, MultipartRejection};
use axum::extract::{Multipart, Path, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json as Answer};
use engine::meta::{DecisionDeployed, FileDeployed, FileKind, RequirementsDeployed};
use http::header;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::OptionalJson;
use super::problem::{Detail, Problem};
use super::types::{KeyText, path_key};
use crate::failure::Failure;
use crate::gateway::{Caller, Gateway};
use crate::input;

/// The form of a deployment.
#[derive(Default, ToSchema)]
#[schema(as = DeploymentForm)]
struct Parts {
    /// Files; the name of each is its resource name, whose suffix tells its type.
    #[schema(value_type = Vec<String>, format = Binary)]
    resources: Vec<(String, Vec<u8>)>,
    #[schema(rename = "tenantId")]
    tenant_id: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeploymentResult)]
pub struct Deployed {
    deployment_key: KeyText,
    tenant_id: String,
    deployments: Vec<Metadata>,
}

/// Exactly one of the five is not null.
#[derive(Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeploymentMetadataResult)]
struct Metadata {
    process_definition: Option<Process>,
    decision_definition: Option<Decision>,
    decision_requirements: Option<Requirements>,
    form: Option<Form>,
    resource: Option<OtherResource>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeploymentFormResult)]
struct Form {
    form_id: String,
    version: i32,
    resource_name: String,
    tenant_id: String,
    form_key: KeyText,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeploymentResourceResult)]
struct OtherResource {
    resource_id: String,
    resource_name: String,
    version: i32,
    tenant_id: String,
    resource_key: KeyText,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeploymentProcessResult)]
struct Process {
    process_definition_id: String,
    process_definition_version: i32,
    resource_name: String,
    tenant_id: String,
    process_definition_key: KeyText,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeploymentDecisionResult)]
struct Decision {
    decision_definition_id: String,
    version: i32,
    name: String,
    tenant_id: String,
    decision_requirements_id: String,
    decision_definition_key: KeyText,
    decision_requirements_key: KeyText,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeploymentDecisionRequirementsResult)]
struct Requirements {
    decision_requirements_id: String,
    decision_requirements_name: String,
    version: i32,
    resource_name: String,
    tenant_id: String,
    decision_requirements_key: KeyText,
}

/// A DMN file: its decisions, then itself.
fn decisions(file: &RequirementsDeployed) -> Vec<Metadata> {
    let decision = |own: &DecisionDeployed| Metadata {
        decision_definition: Some(Decision {
            decision_definition_id: own.id.to_string(),
            version: own.version,
            name: own.name.to_string(),
            tenant_id: file.tenant.to_string(),
            decision_requirements_id: file.id.to_string(),
            decision_definition_key: KeyText(own.key),
            decision_requirements_key: KeyText(file.key),
        }),
        ..Metadata::default()
    };
    let requirements = Metadata {
        decision_requirements: Some(Requirements {
            decision_requirements_id: file.id.to_string(),
            decision_requirements_name: file.name.to_string(),
            version: file.version,
            resource_name: file.resource.to_string(),
            tenant_id: file.tenant.to_string(),
            decision_requirements_key: KeyText(file.key),
        }),
        ..Metadata::default()
    };
    file.decisions.iter().map(decision).chain([requirements]).collect()
}

fn file(own: &FileDeployed) -> Metadata {
    let (id, version) = (own.id.to_string(), own.version);
    let (resource_name, tenant_id) = (own.resource.to_string(), own.tenant.to_string());
    let key = KeyText(own.key);
    match own.kind {
        FileKind::Form => {
            let form = Form { form_id: id, version, resource_name, tenant_id, form_key: key };
            Metadata { form: Some(form), ..Metadata::default() }
        }
        FileKind::Other => Metadata {
            resource: Some(OtherResource {
                resource_id: id,
                resource_name,
                version,
                tenant_id,
                resource_key: key,
            }),
            ..Metadata::default()
        },
    }
}

/// Deploys files together: all or none.
#[utoipa::path(post, path = "/deployments", operation_id = "createDeployment", tag = "Resource",
    request_body(content = Parts, content_type = "multipart/form-data"),
    responses((status = 200, body = Deployed), (status = 400, body = Detail),
        (status = 503, body = Detail)))]
pub async fn create_deployment(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Answer<Deployed>, Response> {
    let form = form.map_err(|_| {
        let text = "Expected a body of multipart/form-data with a boundary and a part 'resources' \
                    for each file, but it has another content type";
        Problem(Failure::invalid(text)).into_response()
    })?;
    let form = read(form).await?;
    let deployed = async {
        let tenant = form.tenant_id.unwrap_or_default();
        let tenant = input::tenant("createDeployment", &tenant)?;
        gateway.deploy(&caller, form.resources, tenant).await
    };
    let deployed = deployed.await.map_err(|failure| Problem(failure).into_response())?;
    let entry = |process: &engine::meta::DeployedProcess| Metadata {
        process_definition: Some(Process {
            process_definition_id: process.process_id.to_string(),
            process_definition_version: process.version,
            resource_name: process.resource.to_string(),
            tenant_id: process.tenant.to_string(),
            process_definition_key: KeyText(process.definition),
        }),
        ..Metadata::default()
    };
    let decisions = deployed.requirements.iter().flat_map(|file| decisions(file));
    let files = deployed.files.iter().map(|own| file(own));
    Ok(Answer(Deployed {
        deployment_key: KeyText(deployed.key),
        tenant_id: deployed.tenant.to_string(),
        deployments: deployed.processes.iter().map(entry).chain(decisions).chain(files).collect(),
    }))
}

/// The name of a file, also one that the library cannot read: `filename*` (RFC 8187), and names
/// in Latin-1, which some clients send.
fn file_name(part: &Field<'_>) -> Option<String> {
    if let Some(name) = part.file_name() {
        return Some(name.to_owned());
    }
    let bytes = part.headers().get(header::CONTENT_DISPOSITION)?.as_bytes();
    let text = String::from_utf8(bytes.to_vec())
        .unwrap_or_else(|_| bytes.iter().map(|byte| char::from(*byte)).collect());
    let value = |key: &str| {
        let (_, rest) = text.split_once(key)?;
        let rest = rest.strip_prefix('"').unwrap_or(rest);
        Some(rest.split(['"', ';']).next().unwrap_or(rest).trim().to_owned())
    };
    let extended = value("filename*=").and_then(|name| {
        let (charset, rest) = name.split_once('\'')?;
        let (_, escaped) = rest.split_once('\'')?;
        charset.eq_ignore_ascii_case("utf-8").then(|| super::token::percent(escaped)).flatten()
    });
    extended.or_else(|| value("filename=")).filter(|name| !name.is_empty())
}

/// Files and tenant. Parts of other names are refused: a misspelt one would deploy nothing.
async fn read(mut form: Multipart) -> Result<Parts, Response> {
    let broken = |error: MultipartError| error.into_response();
    let refuse = |text: String| Problem(Failure::invalid(text)).into_response();
    let mut read = Parts::default();
    while let Some(part) = form.next_field().await.map_err(broken)? {
        match part.name() {
            Some("resources") => {
                let Some(name) = file_name(&part) else {
                    let text = "Expected each part 'resources' to have a file name, but one has \
                                none";
                    return Err(refuse(text.to_owned()));
                };
                read.resources.push((name, part.bytes().await.map_err(broken)?.to_vec()));
            }
            Some("tenantId") => read.tenant_id = Some(part.text().await.map_err(broken)?),
            other => {
                let name = other.unwrap_or("");
                return Err(refuse(format!(
                    "Expected parts named 'resources' or 'tenantId', but got '{name}'"
                )));
            }
        }
    }
    Ok(read)
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = DeleteResourceRequest)]
pub struct Delete {
    operation_reference: Option<i64>,
    #[serde(default)]
    delete_history: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeleteResourceResponse)]
pub struct Deleted {
    resource_key: KeyText,
    #[schema(value_type = Option<Object>)]
    batch_operation: Option<()>,
}

/// Deletes a definition: no new instances, those that run go on.
#[utoipa::path(post, path = "/resources/{resourceKey}/deletion", operation_id = "deleteResource",
    tag = "Resource", params(("resourceKey" = String, Path)), request_body = Option<Delete>,
    responses((status = 200, body = Deleted), (status = 404, body = Detail)))]
pub async fn delete_resource(
    State(gateway): State<Gateway>,
    Extension(mut caller): Extension<Caller>,
    Path(key): Path<String>,
    OptionalJson(delete): OptionalJson<Delete>,
) -> Result<Answer<Deleted>, Problem> {
    if delete.delete_history {
        return Err(Problem(Failure::later("deleteHistory")));
    }
    caller.operation_reference = input::operation_reference(delete.operation_reference)?;
    let key = path_key(&key)?;
    gateway.delete_resource(&caller, key).await?;
    Ok(Answer(Deleted { resource_key: KeyText(key), batch_operation: None }))
}
