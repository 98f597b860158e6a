//! User tasks, and lists of what there is none of yet: asked like all others.

use axum::extract::{Path, State};
use axum::response::Response;
use history::entity::{BATCH_ITEM, BATCH_OPERATION, USER_TASK};
use serde_json::Value as Json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{render, schema};
use crate::gateway::Gateway;
use crate::rest::body::OptionalJson;
use crate::rest::problem::{Detail, Problem};

pub fn router() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new()
        .routes(routes!(user_tasks))
        .routes(routes!(user_task))
        .routes(routes!(batch_operations))
        .routes(routes!(batch_operation))
        .routes(routes!(batch_items))
}

schema::listed!(UserTaskSearchQuery, UserTaskSearchQueryResult, USER_TASK);
schema::listed!(BatchOperationSearchQuery, BatchOperationSearchQueryResult, BATCH_OPERATION);
schema::listed!(BatchOperationItemSearchQuery, BatchOperationItemSearchQueryResult, BATCH_ITEM);
schema::shown!(UserTaskResult, USER_TASK);
schema::shown!(BatchOperationResult, BATCH_OPERATION);

#[utoipa::path(post, path = "/user-tasks/search",
    operation_id = "searchUserTasks", tag = "User task",
    request_body = Option<UserTaskSearchQuery>,
    responses((status = 200, body = UserTaskSearchQueryResult),
        (status = 400, body = Detail)))]
async fn user_tasks(
    State(gateway): State<Gateway>,
    OptionalJson(body): OptionalJson<Json>,
) -> Result<Response, Problem> {
    super::search(&gateway, &USER_TASK, body, None, render::item).await
}

#[utoipa::path(get, path = "/user-tasks/{userTaskKey}",
    operation_id = "getUserTask", tag = "User task",
    params(("userTaskKey" = String, Path)),
    responses((status = 200, body = UserTaskResult),
        (status = 404, body = Detail)))]
async fn user_task(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
) -> Result<Response, Problem> {
    super::get(&gateway, &USER_TASK, &key).await
}

#[utoipa::path(post, path = "/batch-operations/search",
    operation_id = "searchBatchOperations", tag = "Batch operation",
    request_body = Option<BatchOperationSearchQuery>,
    responses((status = 200, body = BatchOperationSearchQueryResult),
        (status = 400, body = Detail)))]
async fn batch_operations(
    State(gateway): State<Gateway>,
    OptionalJson(body): OptionalJson<Json>,
) -> Result<Response, Problem> {
    super::search(&gateway, &BATCH_OPERATION, body, None, render::item).await
}

#[utoipa::path(get, path = "/batch-operations/{batchOperationKey}",
    operation_id = "getBatchOperation", tag = "Batch operation",
    params(("batchOperationKey" = String, Path)),
    responses((status = 200, body = BatchOperationResult),
        (status = 404, body = Detail)))]
async fn batch_operation(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
) -> Result<Response, Problem> {
    super::get(&gateway, &BATCH_OPERATION, &key).await
}

#[utoipa::path(post, path = "/batch-operation-items/search",
    operation_id = "searchBatchOperationItems", tag = "Batch operation",
    request_body = Option<BatchOperationItemSearchQuery>,
    responses((status = 200, body = BatchOperationItemSearchQueryResult),
        (status = 400, body = Detail)))]
async fn batch_items(
    State(gateway): State<Gateway>,
    OptionalJson(body): OptionalJson<Json>,
) -> Result<Response, Problem> {
    super::search(&gateway, &BATCH_ITEM, body, None, render::item).await
}
