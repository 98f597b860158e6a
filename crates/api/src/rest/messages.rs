//! Messages.

use axum::extract::State;
use axum::{Extension, Json as Answer};
use engine::command::PublishMessage;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::body::Json;
use super::problem::{Detail, Problem};
use super::types::{KeyText, variables};
use crate::failure::Failure;
use crate::gateway::{Caller, Gateway};
use crate::input;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = MessagePublicationRequest)]
pub struct Publish {
    name: String,
    correlation_key: Option<String>,
    /// Milliseconds that it waits for somebody to take it; 0: not at all.
    time_to_live: Option<i64>,
    /// A second message with the same id, name and correlation key is refused while the first
    /// waits.
    message_id: Option<String>,
    #[schema(value_type = Option<Object>)]
    variables: Option<Box<RawValue>>,
    tenant_id: Option<String>,
    business_id: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = MessagePublicationResult)]
pub struct Published {
    tenant_id: String,
    message_key: KeyText,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = MessageCorrelationRequest)]
pub struct Correlate {
    name: String,
    correlation_key: Option<String>,
    #[schema(value_type = Option<Object>)]
    variables: Option<Box<RawValue>>,
    tenant_id: Option<String>,
    business_id: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = MessageCorrelationResult)]
pub struct Correlated {
    tenant_id: String,
    message_key: KeyText,
    process_instance_key: KeyText,
}

/// Publishes a message; answered when it is durable, whether or not somebody took it.
#[utoipa::path(post, path = "/messages/publication", operation_id = "publishMessage",
    tag = "Message", request_body = Publish,
    responses((status = 200, body = Published), (status = 400, body = Detail),
        (status = 409, body = Detail), (status = 503, body = Detail)))]
pub async fn publish_message(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    Json(body): Json<Publish>,
) -> Result<Answer<Published>, Problem> {
    no_business_id(body.business_id.as_deref())?;
    let message = PublishMessage {
        name: input::name("name", &body.name)?,
        correlation_key: correlation_key(body.correlation_key.as_deref())?,
        id: input::optional_name("messageId", body.message_id.as_deref().unwrap_or_default())?,
        time_to_live: body.time_to_live.unwrap_or(0),
        tenant: input::tenant("publishMessage", body.tenant_id.as_deref().unwrap_or_default())?,
        variables: variables(body.variables.as_deref())?,
    };
    let tenant_id = message.tenant.to_string();
    let key = gateway.publish(&caller, message).await?;
    Ok(Answer(Published { tenant_id, message_key: KeyText(key) }))
}

/// Hands a message to the instance that waits for it, or starts one; 404 when nobody wants it.
#[utoipa::path(post, path = "/messages/correlation", operation_id = "correlateMessage",
    tag = "Message", request_body = Correlate,
    responses((status = 200, body = Correlated), (status = 400, body = Detail),
        (status = 404, body = Detail), (status = 503, body = Detail)))]
pub async fn correlate_message(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    Json(body): Json<Correlate>,
) -> Result<Answer<Correlated>, Problem> {
    no_business_id(body.business_id.as_deref())?;
    let message = PublishMessage {
        name: input::name("name", &body.name)?,
        correlation_key: correlation_key(body.correlation_key.as_deref())?,
        id: "".into(),
        time_to_live: 0,
        tenant: input::tenant("correlateMessage", body.tenant_id.as_deref().unwrap_or_default())?,
        variables: variables(body.variables.as_deref())?,
    };
    let (message, instance, tenant_id) = gateway.correlate(&caller, message).await?;
    let (message_key, process_instance_key) = (KeyText(message), KeyText(instance));
    Ok(Answer(Correlated { tenant_id, message_key, process_instance_key }))
}

fn correlation_key(given: Option<&str>) -> Result<engine::event::Text, Failure> {
    input::optional_name("correlationKey", given.unwrap_or_default())
}

fn no_business_id(given: Option<&str>) -> Result<(), Failure> {
    match given {
        Some(id) if !id.is_empty() => Err(Failure::later("the business id of a message")),
        Some(_) | None => Ok(()),
    }
}
