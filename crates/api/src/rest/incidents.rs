//! Repairing incidents; they are found by search.

use axum::Extension;
use axum::extract::{Path, State};
use http::StatusCode;

use super::body::OptionalJson;
use super::problem::{Detail, Problem};
use super::types::{Action, path_key};
use crate::gateway::{Caller, Gateway};
use crate::input;

/// Resolves an incident: what failed is tried again.
#[utoipa::path(post, path = "/incidents/{incidentKey}/resolution",
    operation_id = "resolveIncident", tag = "Incident",
    params(("incidentKey" = String, Path)), request_body = Option<Action>,
    responses((status = 204), (status = 404, body = Detail), (status = 409, body = Detail),
        (status = 503, body = Detail)))]
pub async fn resolve_incident(
    State(gateway): State<Gateway>,
    Extension(mut caller): Extension<Caller>,
    Path(key): Path<String>,
    OptionalJson(action): OptionalJson<Action>,
) -> Result<StatusCode, Problem> {
    caller.operation_reference = input::operation_reference(action.operation_reference)?;
    gateway.resolve_incident(&caller, path_key(&key)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
