//! What people do with user tasks of the engine's own.

use axum::Extension;
use axum::extract::{Path, State};
use engine::command::TaskChanges;
use http::StatusCode;
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::body::{Json, OptionalJson};
use super::problem::{Detail, Problem};
use super::types::{path_key, variables};
use crate::gateway::{Caller, Gateway};
use crate::input;

#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = UserTaskCompletionRequest)]
pub struct Complete {
    #[schema(value_type = Option<Object>)]
    variables: Option<Box<RawValue>>,
    /// What the caller calls it; "complete" when absent.
    action: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = UserTaskAssignmentRequest)]
pub struct Assign {
    assignee: String,
    /// Default true: whoever it is assigned to loses it.
    allow_override: Option<bool>,
    /// What the caller calls it; "assign" when absent.
    action: Option<String>,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = UserTaskUpdateRequest)]
pub struct Update {
    #[serde(default)]
    changeset: Changes,
    /// What the caller calls it; "update" when absent.
    action: Option<String>,
}

/// What is absent stays as it is.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Changeset)]
struct Changes {
    candidate_groups: Option<Vec<String>>,
    candidate_users: Option<Vec<String>>,
    /// ISO 8601 with a time zone; empty takes it away.
    due_date: Option<String>,
    /// ISO 8601 with a time zone; empty takes it away.
    follow_up_date: Option<String>,
    /// 0 to 100.
    priority: Option<i32>,
}

/// Completes a user task.
#[utoipa::path(post, path = "/user-tasks/{userTaskKey}/completion",
    operation_id = "completeUserTask", tag = "User task",
    params(("userTaskKey" = String, Path)), request_body = Option<Complete>,
    responses((status = 204), (status = 400, body = Detail), (status = 404, body = Detail),
        (status = 409, body = Detail), (status = 503, body = Detail),
        (status = 504, body = Detail)))]
pub async fn complete_user_task(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    Path(key): Path<String>,
    OptionalJson(body): OptionalJson<Complete>,
) -> Result<StatusCode, Problem> {
    let variables = variables(body.variables.as_deref())?;
    let action = input::optional_name("action", body.action.as_deref().unwrap_or_default())?;
    gateway.complete_user_task(&caller, path_key(&key)?, variables, &action).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Assigns a user task.
#[utoipa::path(post, path = "/user-tasks/{userTaskKey}/assignment",
    operation_id = "assignUserTask", tag = "User task",
    params(("userTaskKey" = String, Path)), request_body = Assign,
    responses((status = 204), (status = 400, body = Detail), (status = 404, body = Detail),
        (status = 409, body = Detail), (status = 503, body = Detail),
        (status = 504, body = Detail)))]
pub async fn assign_user_task(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    Path(key): Path<String>,
    Json(body): Json<Assign>,
) -> Result<StatusCode, Problem> {
    let assignee = Some(input::name("assignee", &body.assignee)?);
    let allow_override = body.allow_override.unwrap_or(true);
    let action = input::optional_name("action", body.action.as_deref().unwrap_or_default())?;
    let key = path_key(&key)?;
    gateway.assign_user_task(&caller, key, assignee, allow_override, &action).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes the assignee of a user task away.
#[utoipa::path(delete, path = "/user-tasks/{userTaskKey}/assignee",
    operation_id = "unassignUserTask", tag = "User task",
    params(("userTaskKey" = String, Path)),
    responses((status = 204), (status = 400, body = Detail), (status = 404, body = Detail),
        (status = 409, body = Detail), (status = 503, body = Detail),
        (status = 504, body = Detail)))]
pub async fn unassign_user_task(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    Path(key): Path<String>,
) -> Result<StatusCode, Problem> {
    gateway.assign_user_task(&caller, path_key(&key)?, None, true, "").await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Changes candidates, dates or priority of a user task.
#[utoipa::path(patch, path = "/user-tasks/{userTaskKey}",
    operation_id = "updateUserTask", tag = "User task",
    params(("userTaskKey" = String, Path)), request_body = Option<Update>,
    responses((status = 204), (status = 400, body = Detail), (status = 404, body = Detail),
        (status = 409, body = Detail), (status = 503, body = Detail),
        (status = 504, body = Detail)))]
pub async fn update_user_task(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    Path(key): Path<String>,
    OptionalJson(body): OptionalJson<Update>,
) -> Result<StatusCode, Problem> {
    let Changes { candidate_groups, candidate_users, due_date, follow_up_date, priority } =
        body.changeset;
    let names = |what, given: Option<Vec<String>>| {
        given.map(|given| input::names(what, &given)).transpose()
    };
    let changes = TaskChanges {
        candidate_groups: names("candidateGroups", candidate_groups)?,
        candidate_users: names("candidateUsers", candidate_users)?,
        due_date: due_date.map(Into::into),
        follow_up_date: follow_up_date.map(Into::into),
        priority,
    };
    let action = input::optional_name("action", body.action.as_deref().unwrap_or_default())?;
    gateway.update_user_task(&caller, path_key(&key)?, changes, &action).await?;
    Ok(StatusCode::NO_CONTENT)
}
