//! Messages and those who wait for them.

use axum::extract::State;
use axum::response::Response;
use history::entity::{CORRELATED_SUBSCRIPTION, MESSAGE, MESSAGE_SUBSCRIPTION};
use serde_json::Value as Json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{render, schema};
use crate::gateway::Gateway;
use crate::rest::body::OptionalJson;
use crate::rest::problem::{Detail, Problem};

pub fn router() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new()
        .routes(routes!(search_message_subscriptions))
        .routes(routes!(search_correlated_message_subscriptions))
        .routes(routes!(search_messages))
}

schema::listed!(
    CorrelatedMessageSubscriptionSearchQuery,
    CorrelatedMessageSubscriptionSearchQueryResult,
    CORRELATED_SUBSCRIPTION
);
schema::listed!(MessageSearchQuery, MessageSearchQueryResult, MESSAGE);
schema::listed!(
    MessageSubscriptionSearchQuery,
    MessageSubscriptionSearchQueryResult,
    MESSAGE_SUBSCRIPTION
);

#[utoipa::path(post, path = "/message-subscriptions/search",
    operation_id = "searchMessageSubscriptions", tag = "Message subscription",
    request_body = Option<MessageSubscriptionSearchQuery>,
    responses((status = 200, body = MessageSubscriptionSearchQueryResult),
        (status = 400, body = Detail)))]
async fn search_message_subscriptions(
    State(gateway): State<Gateway>,
    OptionalJson(body): OptionalJson<Json>,
) -> Result<Response, Problem> {
    super::search(&gateway, &MESSAGE_SUBSCRIPTION, body, None, render::item).await
}

#[utoipa::path(post, path = "/correlated-message-subscriptions/search",
    operation_id = "searchCorrelatedMessageSubscriptions", tag = "Message subscription",
    request_body = Option<CorrelatedMessageSubscriptionSearchQuery>,
    responses((status = 200, body = CorrelatedMessageSubscriptionSearchQueryResult),
        (status = 400, body = Detail)))]
async fn search_correlated_message_subscriptions(
    State(gateway): State<Gateway>,
    OptionalJson(body): OptionalJson<Json>,
) -> Result<Response, Problem> {
    super::search(&gateway, &CORRELATED_SUBSCRIPTION, body, None, render::item).await
}

#[utoipa::path(post, path = "/messages/search", operation_id = "searchMessages", tag = "Message",
    request_body = Option<MessageSearchQuery>,
    responses((status = 200, body = MessageSearchQueryResult), (status = 400, body = Detail)))]
async fn search_messages(
    State(gateway): State<Gateway>,
    OptionalJson(body): OptionalJson<Json>,
) -> Result<Response, Problem> {
    super::search(&gateway, &MESSAGE, body, None, render::item).await
}
