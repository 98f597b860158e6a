//! Finding instances as people remember them.

use axum::extract::{Query, State};
use axum::response::Response;
use history::entity::PROCESS_INSTANCE;
use history::query::{Filter, Query as Search, Test, Value};
use serde::Deserialize;

use super::super::problem::{Detail, Problem};
use super::super::search::{self, items};
use crate::failure::Failure;
use crate::gateway::Gateway;
use crate::limits::FOUND_INSTANCES_MAX;

/// Characters of a business id; a longer text is in none.
const TEXT_CHARS_MAX: usize = 256;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Wanted {
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
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    let text = wanted.business_id.trim();
    if text.is_empty() || text.chars().count() > TEXT_CHARS_MAX {
        let got = text.chars().count();
        let text =
            format!("Expected 1 to {TEXT_CHARS_MAX} characters of a business id, but got {got}");
        return Err(Failure::invalid(text).into());
    }
    let reader = gateway.reader()?;
    search::caught_up(&gateway, &reader, &Filter::default()).await?;
    let keys = reader.with_business_id(text, FOUND_INSTANCES_MAX).await;
    let keys = keys.map_err(search::failed)?;
    let of = Test::In(keys.iter().map(|key| Value::Int(*key)).collect());
    let filter = Filter::field(&PROCESS_INSTANCE, "processInstanceKey", of);
    let query = Search { filter: filter.map_err(search::failed)?, ..Search::default() };
    let mut page = reader.search(&PROCESS_INSTANCE, &query).await.map_err(search::failed)?;
    let place = |key: Option<i64>| keys.iter().position(|known| Some(*known) == key);
    page.items.sort_by_key(|item| place(item.int("processInstanceKey")));
    Ok(items(page.items.iter().map(search::item).collect()))
}
