//! Operations of the API that come with later versions: 501, so that a client can tell them from
//! paths that do not exist.

use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode, Uri};

use super::problem::Problem;
use crate::failure::Failure;

/// First segments of the paths of the API.
const GROUPS: &[&str] = &[
    "agent-definitions",
    "agent-instances",
    "audit-logs",
    "authentication",
    "authorizations",
    "backups",
    "batch-operation-items",
    "batch-operations",
    "cluster",
    "cluster-variables",
    "conditionals",
    "correlated-message-subscriptions",
    "decision-definitions",
    "decision-instances",
    "decision-requirements",
    "documents",
    "element-instances",
    "exporting",
    "expression",
    "forms",
    "global-task-listeners",
    "groups",
    "incidents",
    "jobs",
    "mapping-rules",
    "message-subscriptions",
    "messages",
    "mode",
    "process-definitions",
    "process-instances",
    "resources",
    "restore",
    "roles",
    "secrets",
    "setup",
    "signals",
    "system",
    "tenants",
    "user-tasks",
    "users",
    "variables",
];

/// Operations whose paths look like that of one thing: a route with a key takes them for it.
const BATCHES: &[&str] = &[
    "/v2/process-instances/cancellation",
    "/v2/process-instances/deletion",
    "/v2/process-instances/incident-resolution",
    "/v2/process-instances/migration",
    "/v2/process-instances/modification",
    "/v2/process-instances/resumption",
    "/v2/process-instances/suspension",
    "/v2/jobs/batch-update",
    "/v2/decision-instances/deletion",
];

/// Where a route is, but not for this method.
pub async fn method(method: Method, uri: Uri) -> Response {
    if method == Method::POST && BATCHES.contains(&uri.path()) {
        return later(method, uri).await;
    }
    StatusCode::METHOD_NOT_ALLOWED.into_response()
}

/// Where no route is.
pub async fn later(method: Method, uri: Uri) -> Response {
    let group = uri.path().strip_prefix("/v2/").and_then(|rest| rest.split('/').next());
    match group.filter(|group| GROUPS.contains(group)) {
        Some(_) => {
            let what = format!("{method} {}", uri.path());
            Problem(Failure::later(&what)).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
