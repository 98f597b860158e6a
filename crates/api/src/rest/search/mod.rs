//! Searches and reads over history, one file a group.
//!
//! A handler reads the request against the table of its list, waits until history holds what was
//! acknowledged before the request came, and renders rows by the same table.

mod absent;
mod audit;
pub(super) mod behind;
mod decisions;
mod definition_parts;
mod definitions;
mod elements;
mod incidents;
mod instance_parts;
mod instances;
mod jobs;
mod messages;
mod parse;
mod render;
mod schema;
mod user_task_parts;
mod variables;

use axum::Json as Answer;
use axum::response::{IntoResponse, Response};
use engine::key::{META_COUNTER, counter_of, partition_of};
use history::query::{Condition, Entity, Field, Filter, Kind, Record, Test, Value};
use history::{META, Positions, Reader};
use http::header;
use serde_json::Value as Json;
use utoipa_axum::router::OpenApiRouter;

pub(super) use audit::commented;
pub(super) use instance_parts::items;
pub(super) use render::{item, key as key_text};

use super::problem::Problem;
use crate::failure::{Failure, Kind as Reason};
use crate::gateway::Gateway;

pub fn router() -> OpenApiRouter<Gateway> {
    definitions::router()
        .merge(instances::router())
        .merge(elements::router())
        .merge(variables::router())
        .merge(jobs::router())
        .merge(incidents::router())
        .merge(messages::router())
        .merge(audit::router())
        .merge(decisions::router())
        .merge(absent::router())
        .merge(user_task_parts::router())
}

/// Waits for what was acknowledged before the request came.
pub(super) async fn caught_up(
    gateway: &Gateway,
    reader: &Reader,
    filter: &Filter,
) -> Result<(), Failure> {
    let engine = gateway.engine()?;
    let wanted = |partition| Some((partition, engine.durable(partition).ok()?));
    let partitions: Vec<u16> = match touched(filter) {
        Some(partition) => vec![partition],
        None => (1..=engine.partition_count()).collect(),
    };
    let mut positions: Positions = partitions.into_iter().filter_map(wanted).collect();
    positions.insert(META, engine.catalog().position());
    behind::wait(reader, &positions).await;
    Ok(())
}

/// The same, for whatever belongs to the instance of a key.
pub(super) async fn caught_up_of(
    gateway: &Gateway,
    reader: &Reader,
    key: i64,
) -> Result<(), Failure> {
    let engine = gateway.engine()?;
    let partition = partition_of(key);
    let positions: Positions = match engine.durable(partition) {
        Ok(durable) => [(partition, durable)].into_iter().collect(),
        Err(_) => Positions::new(),
    };
    behind::wait(reader, &positions).await;
    Ok(())
}

/// The one partition that a filter can touch: that of the instance that it names.
fn touched(filter: &Filter) -> Option<u16> {
    let key = |condition: &Condition| match (&condition.field.kind, &condition.test) {
        (Kind::Key, Test::Eq(Value::Int(key))) if counter_of(*key) < META_COUNTER => {
            Some(partition_of(*key)).filter(|partition| *partition > 0)
        }
        _ => None,
    };
    match filter {
        Filter::All(list) => list.iter().find_map(touched),
        Filter::Is(condition) => key(condition),
        Filter::Any(_) | Filter::Variable(_) => None,
    }
}

pub(super) fn failed(error: history::Error) -> Failure {
    if error.is_query() {
        let mut text = error.to_string();
        if let Some(first) = text.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        return Failure::invalid(text);
    }
    Failure::new(Reason::Internal, error.to_string())
}

/// Answers a search; `scope` is what the path says.
async fn search(
    gateway: &Gateway,
    entity: &'static Entity,
    body: Json,
    scope: Option<(&str, i64)>,
    item: fn(&Record) -> Json,
) -> Result<Response, Problem> {
    let mut own = Vec::new();
    if let Some((name, key)) = scope {
        own.push(Filter::field(entity, name, Test::Eq(Value::Int(key))).map_err(failed)?);
    }
    search_of(gateway, entity, body, own, item).await
}

/// The same among those that pass `own`.
async fn search_of(
    gateway: &Gateway,
    entity: &'static Entity,
    body: Json,
    own: Vec<Filter>,
    item: fn(&Record) -> Json,
) -> Result<Response, Problem> {
    let reader = gateway.reader()?;
    let mut query = parse::query(entity, body)?;
    if !own.is_empty() {
        query.filter = joined(own, query.filter);
    }
    caught_up(gateway, &reader, &query.filter).await?;
    let page = reader.search(entity, &query).await.map_err(failed)?;
    Ok(Answer(render::page(&page, item)).into_response())
}

/// What the path says, of something that must be there.
async fn scope<'a>(
    gateway: &Gateway,
    owner: &'static Entity,
    name: &'a str,
    key: &str,
) -> Result<(&'a str, i64), Failure> {
    let (reader, key) = (gateway.reader()?, super::types::path_key(key)?);
    find(gateway, &reader, owner, key).await?;
    Ok((name, key))
}

/// Both, in one list, so that equal columns are seen.
fn joined(mut all: Vec<Filter>, given: Filter) -> Filter {
    match given {
        Filter::All(list) => all.extend(list),
        other => all.push(other),
    }
    Filter::All(all)
}

/// Answers a read by key.
async fn get(gateway: &Gateway, entity: &'static Entity, key: &str) -> Result<Response, Problem> {
    let (reader, key) = (gateway.reader()?, super::types::path_key(key)?);
    let found = find(gateway, &reader, entity, key).await?;
    Ok(Answer(render::item(&found)).into_response())
}

/// Answers with the file that something was deployed with.
async fn xml(gateway: &Gateway, entity: &'static Entity, key: &str) -> Result<Response, Problem> {
    let (reader, key) = (gateway.reader()?, super::types::path_key(key)?);
    find(gateway, &reader, entity, key).await?;
    let bytes = reader.resource(key).await.map_err(failed)?;
    let bytes = bytes.ok_or_else(|| missing(entity, key))?;
    Ok(([(header::CONTENT_TYPE, "text/xml; charset=utf-8")], bytes).into_response())
}

/// A row that must be there.
pub(super) async fn find(
    gateway: &Gateway,
    reader: &Reader,
    entity: &'static Entity,
    key: i64,
) -> Result<Record, Failure> {
    let field = entity.fields.iter().find(|field| is_key(entity, field));
    let filter =
        field.map(|field| Filter::Is(Condition { field, test: Test::Eq(Value::Int(key)) }));
    caught_up(gateway, reader, &filter.unwrap_or_default()).await?;
    let found = reader.get(entity, key).await.map_err(failed)?;
    found.ok_or_else(|| missing(entity, key))
}

fn is_key(entity: &Entity, field: &Field) -> bool {
    entity.key_name() == Some(field.name)
}

fn missing(entity: &Entity, key: i64) -> Failure {
    let text = format!("Expected {} with the key '{key}', but there are none", entity.name);
    Failure::new(Reason::NotFound, text)
}
