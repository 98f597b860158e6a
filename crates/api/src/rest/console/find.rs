//! Finding instances and what waits for messages as people remember them.

use axum::extract::{Query, State};
use axum::response::Response;
use history::GivenName;
use history::entity::{MESSAGE_SUBSCRIPTION, PROCESS_INSTANCE};
use history::query::{Entity, Filter, Query as Search, Test, Value};
use serde::Deserialize;

use super::super::problem::{Detail, Problem};
use super::super::search::{self, items};
use crate::failure::Failure;
use crate::gateway::Gateway;
use crate::limits::FOUND_ROWS_MAX;

/// Characters of a name; a longer text is in none.
const TEXT_CHARS_MAX: usize = 256;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WantedInstances {
    business_id: String,
}

/// Instances whose business id has this text, however its letters are written; whole ones first,
/// then those that begin with it. The searches of the contract mind the case of letters.
#[utoipa::path(get, path = "/process-instances", operation_id = "findProcessInstances",
    tag = "Grevy",
    params(("businessId" = String, Query, description = "any part of it, in any case")),
    responses((status = 200, body = Object), (status = 400, body = Detail)))]
pub async fn instances(
    State(gateway): State<Gateway>,
    Query(wanted): Query<WantedInstances>,
) -> Result<Response, Problem> {
    let name = GivenName::BusinessId;
    found(&gateway, &PROCESS_INSTANCE, name, "businessId", &wanted.business_id).await
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WantedSubscriptions {
    correlation_key: String,
}

/// What waits or waited for a message by a key that has this text, in the same way.
#[utoipa::path(get, path = "/message-subscriptions", operation_id = "findMessageSubscriptions",
    tag = "Grevy",
    params(("correlationKey" = String, Query, description = "any part of it, in any case")),
    responses((status = 200, body = Object), (status = 400, body = Detail)))]
pub async fn subscriptions(
    State(gateway): State<Gateway>,
    Query(wanted): Query<WantedSubscriptions>,
) -> Result<Response, Problem> {
    let name = GivenName::CorrelationKey;
    found(&gateway, &MESSAGE_SUBSCRIPTION, name, "correlationKey", &wanted.correlation_key).await
}

async fn found(
    gateway: &Gateway,
    entity: &'static Entity,
    name: GivenName,
    parameter: &str,
    text: &str,
) -> Result<Response, Problem> {
    let text = text.trim();
    let length = text.chars().count();
    if !(1..=TEXT_CHARS_MAX).contains(&length) {
        let text =
            format!("Expected 1 to {TEXT_CHARS_MAX} characters of {parameter}, but got {length}");
        return Err(Failure::invalid(text).into());
    }
    let reader = gateway.reader()?;
    search::caught_up(gateway, &reader, &Filter::default()).await?;
    let keys = reader.with_name(name, text, FOUND_ROWS_MAX).await.map_err(search::failed)?;
    let key_name = entity.key_name().unwrap_or_default();
    let of = Test::In(keys.iter().map(|key| Value::Int(*key)).collect());
    let filter = Filter::field(entity, key_name, of).map_err(search::failed)?;
    let query = Search { filter, ..Search::default() };
    let mut page = reader.search(entity, &query).await.map_err(search::failed)?;
    let place = |key: Option<i64>| keys.iter().position(|known| Some(*known) == key);
    page.items.sort_by_key(|item| place(item.int(key_name)));
    Ok(items(page.items.iter().map(search::item).collect()))
}
