//! Who did what.

use axum::extract::{Path, State};
use axum::response::Response;
use history::entity::{AUDIT, COMMENTED_AUDIT};
use serde_json::Value as Json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{render, schema};
use crate::gateway::Gateway;
use crate::rest::body::OptionalJson;
use crate::rest::problem::{Detail, Problem};

pub fn router() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new().routes(routes!(search_audit_logs)).routes(routes!(get_audit_log))
}

/// The same with what people said beside it; under `/grevy/v1`.
pub fn commented() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new().routes(routes!(search_commented_audit_logs))
}

schema::listed!(CommentedAuditLogQuery, CommentedAuditLogResult, COMMENTED_AUDIT);

#[utoipa::path(post, path = "/audit-logs/search",
    operation_id = "searchCommentedAuditLogs", tag = "Audit log",
    request_body = Option<CommentedAuditLogQuery>,
    responses((status = 200, body = CommentedAuditLogResult), (status = 400, body = Detail)))]
async fn search_commented_audit_logs(
    State(gateway): State<Gateway>,
    OptionalJson(body): OptionalJson<Json>,
) -> Result<Response, Problem> {
    super::search(&gateway, &COMMENTED_AUDIT, body, None, render::item).await
}

schema::listed!(AuditLogSearchQueryRequest, AuditLogSearchQueryRequestResult, AUDIT);
schema::shown!(AuditLogResult, AUDIT);

#[utoipa::path(post, path = "/audit-logs/search",
    operation_id = "searchAuditLogs", tag = "Audit log",
    request_body = Option<AuditLogSearchQueryRequest>,
    responses((status = 200, body = AuditLogSearchQueryRequestResult),
        (status = 400, body = Detail)))]
async fn search_audit_logs(
    State(gateway): State<Gateway>,
    OptionalJson(body): OptionalJson<Json>,
) -> Result<Response, Problem> {
    super::search(&gateway, &AUDIT, body, None, render::item).await
}

#[utoipa::path(get, path = "/audit-logs/{auditLogKey}",
    operation_id = "getAuditLog", tag = "Audit log",
    params(("auditLogKey" = String, Path)), responses((status = 200, body = AuditLogResult),
        (status = 400, body = Detail), (status = 404, body = Detail)))]
async fn get_audit_log(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
) -> Result<Response, Problem> {
    super::get(&gateway, &AUDIT, &key).await
}
