//! Messages to an engine: the one of this server, or another server's over REST.

use engine::command::{DEFAULT_TENANT, PublishMessage};
use engine::{Cause, RejectionKind, command};
use grevy::{Error, Grevy};

use super::alerts::{Message, Sent};
use crate::Failure;
use crate::remote::{Answer, Remote};

/// Publishes in this process. The request id makes it one message also when an earlier run has
/// published it and did not live to say so; the message id does so for as long as it is buffered.
pub fn publish(engine: &Grevy, message: &Message) -> Sent {
    let variables = match value::object_from_json(&message.variables) {
        Ok(variables) => variables,
        Err(error) => return Sent::Refused(error.to_string()),
    };
    let cause = Cause {
        source: command::Source::Foreign,
        request_id: Some(message.id.as_str().into()),
        ..Cause::default()
    };
    let publish = PublishMessage {
        name: message.name.clone(),
        correlation_key: message.key.clone(),
        id: message.id.as_str().into(),
        time_to_live: i64::try_from(message.time_to_live.as_millis()).unwrap_or(i64::MAX),
        tenant: DEFAULT_TENANT.into(),
        variables,
    };
    match engine.caused_by(cause).publish_message(publish).wait() {
        Ok(_) => Sent::Arrived,
        Err(error) if error.is_rejection(RejectionKind::AlreadyExists) => Sent::Arrived,
        Err(error @ (Error::Rejected(_) | Error::Invalid { .. })) => {
            Sent::Refused(error.to_string())
        }
        Err(error) => Sent::Later(error.to_string()),
    }
}

/// The same over REST.
pub fn publish_to(server: &Remote, message: &Message) -> Sent {
    let variables: serde_json::Value = match serde_json::from_str(&message.variables) {
        Ok(variables) => variables,
        Err(error) => return Sent::Refused(error.to_string()),
    };
    let body = serde_json::json!({
        "name": &*message.name,
        "correlationKey": &*message.key,
        "messageId": message.id,
        "timeToLive": message.time_to_live.as_millis() as u64,
        "variables": variables,
    });
    match server.request("/v2/messages/publication", &body, &message.id) {
        Ok(Answer { status: 200..=299 | 409, .. }) => Sent::Arrived,
        Ok(Answer { status: 400..=499, text }) => Sent::Refused(text),
        Ok(Answer { text, .. }) => Sent::Later(text),
        Err(Failure(reason)) => Sent::Later(reason),
    }
}
