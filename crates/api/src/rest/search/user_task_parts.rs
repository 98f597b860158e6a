//! What belongs to one user task.

use axum::Json as Answer;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use history::entity::{
    AUDIT, USER_TASK, USER_TASK_AUDIT, USER_TASK_VARIABLE, USER_TASK_VARIABLE_WHOLE, VARIABLE,
};
use history::query::{Filter, Record, Test, Value};
use http::StatusCode;
use serde_json::Value as Json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::variables::Length;
use super::{failed, find, render, schema};
use crate::failure::Failure;
use crate::gateway::Gateway;
use crate::rest::body::OptionalJson;
use crate::rest::files::{self, Form};
use crate::rest::problem::{Detail, Problem};
use crate::rest::types::path_key;

pub fn router() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new()
        .routes(routes!(search_user_task_variables))
        .routes(routes!(search_effective_variables))
        .routes(routes!(search_user_task_audit_logs))
        .routes(routes!(get_user_task_form))
}

schema::listed!(
    UserTaskVariableSearchQueryRequest,
    UserTaskVariableSearchQueryResult,
    USER_TASK_VARIABLE
);
schema::listed!(
    UserTaskAuditLogSearchQueryRequest,
    UserTaskAuditLogSearchQueryResult,
    USER_TASK_AUDIT
);

#[utoipa::path(post, path = "/user-tasks/{userTaskKey}/variables/search",
    operation_id = "searchUserTaskVariables", tag = "User task",
    params(("userTaskKey" = String, Path), ("truncateValues" = Option<bool>, Query,
        description = "false: whole values, however long")),
    request_body = Option<UserTaskVariableSearchQueryRequest>,
    responses((status = 200, body = UserTaskVariableSearchQueryResult),
        (status = 400, body = Detail), (status = 404, body = Detail)))]
async fn search_user_task_variables(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
    Query(length): Query<Length>,
    OptionalJson(body): OptionalJson<Json>,
) -> Result<Response, Problem> {
    let (own, _, _) = scoped(&gateway, &key).await?;
    variables(&gateway, body, length, own).await
}

/// Of several variables of one name the innermost.
#[utoipa::path(post, path = "/user-tasks/{userTaskKey}/effective-variables/search",
    operation_id = "searchUserTaskEffectiveVariables", tag = "User task",
    params(("userTaskKey" = String, Path), ("truncateValues" = Option<bool>, Query,
        description = "false: whole values, however long")),
    request_body = Option<UserTaskVariableSearchQueryRequest>,
    responses((status = 200, body = UserTaskVariableSearchQueryResult),
        (status = 400, body = Detail), (status = 404, body = Detail)))]
async fn search_effective_variables(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
    Query(length): Query<Length>,
    OptionalJson(body): OptionalJson<Json>,
) -> Result<Response, Problem> {
    let (mut own, instance, scopes) = scoped(&gateway, &key).await?;
    let hidden = gateway.reader()?.hidden(instance, &scopes).await.map_err(failed)?;
    for some in hidden.chunks(history::limits::LIST_VALUES_MAX) {
        let test = Test::NotIn(some.iter().copied().map(Value::Int).collect());
        own.push(Filter::field(&VARIABLE, "variableKey", test).map_err(failed)?);
    }
    variables(&gateway, body, length, own).await
}

#[utoipa::path(post, path = "/user-tasks/{userTaskKey}/audit-logs/search",
    operation_id = "searchUserTaskAuditLogs", tag = "User task",
    params(("userTaskKey" = String, Path)),
    request_body = Option<UserTaskAuditLogSearchQueryRequest>,
    responses((status = 200, body = UserTaskAuditLogSearchQueryResult),
        (status = 400, body = Detail), (status = 404, body = Detail)))]
async fn search_user_task_audit_logs(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
    OptionalJson(body): OptionalJson<Json>,
) -> Result<Response, Problem> {
    let (key, task) = task(&gateway, &key).await?;
    let of = |name, key| Filter::field(&AUDIT, name, Test::Eq(Value::Int(key))).map_err(failed);
    // The instance finds the lines, the task tells which of them.
    let instance = task.int("processInstanceKey").unwrap_or_default();
    let own = vec![of("processInstanceKey", instance)?, of("userTaskKey", key)?];
    super::search_of(&gateway, &USER_TASK_AUDIT, body, own, render::item).await
}

/// The form that the task links to; 204: none.
#[utoipa::path(get, path = "/user-tasks/{userTaskKey}/form",
    operation_id = "getUserTaskForm", tag = "User task",
    params(("userTaskKey" = String, Path)),
    responses((status = 200, body = Form), (status = 204), (status = 400, body = Detail),
        (status = 404, body = Detail)))]
async fn get_user_task_form(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
) -> Result<Response, Problem> {
    let (_, task) = task(&gateway, &key).await?;
    let Some(key) = task.int("formKey") else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    Ok(Answer(files::form(&gateway, key)?).into_response())
}

async fn task(gateway: &Gateway, key: &str) -> Result<(i64, Record), Failure> {
    let (reader, key) = (gateway.reader()?, path_key(key)?);
    Ok((key, find(gateway, &reader, &USER_TASK, key).await?))
}

/// Conditions for what a task sees, its instance, and its scopes, the innermost first.
async fn scoped(gateway: &Gateway, key: &str) -> Result<(Vec<Filter>, i64, Vec<i64>), Failure> {
    let (_, task) = task(gateway, key).await?;
    let of = |name: &str| task.int(name).unwrap_or_default();
    let instance = of("processInstanceKey");
    let scopes = gateway.reader()?.scopes(of("elementInstanceKey")).await.map_err(failed)?;
    let seen = Test::In(scopes.iter().copied().map(Value::Int).collect());
    let own = vec![
        Filter::field(&VARIABLE, "processInstanceKey", Test::Eq(Value::Int(instance))),
        Filter::field(&VARIABLE, "scopeKey", seen),
    ];
    let own: Result<Vec<Filter>, _> = own.into_iter().collect();
    Ok((own.map_err(failed)?, instance, scopes))
}

async fn variables(
    gateway: &Gateway,
    body: Json,
    length: Length,
    own: Vec<Filter>,
) -> Result<Response, Problem> {
    let whole = length.whole();
    let entity = if whole { &USER_TASK_VARIABLE_WHOLE } else { &USER_TASK_VARIABLE };
    super::search_of(gateway, entity, body, own, render::item).await
}
