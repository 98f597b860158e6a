//! A search, step by step: look up the definitions, count, read the page.

use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, Row, TypeInfo, ValueRef};

use super::field::{Entity, Field};
use super::filter::{Condition, Filter, Test, Value};
use super::order::{Order, Sort};
use super::sql::{Inside, Sql, Writing, insides};
use crate::error::{Error, Result};
use crate::limits::{
    MATCHED_DEFINITIONS_MAX, PAGE_FROM_MAX, PAGE_ITEMS, PAGE_ITEMS_MAX, TOTAL_MAX,
};

/// A request over a list.
#[derive(Debug, Clone, Default)]
pub struct Query {
    pub filter: Filter,
    pub sort: Vec<Sort>,
    pub page: Paging,
}

/// Which part of the matches.
#[derive(Debug, Clone, PartialEq)]
pub enum Paging {
    From { from: u32, limit: u32 },
    After { cursor: String, limit: u32 },
    Before { cursor: String, limit: u32 },
}

impl Default for Paging {
    fn default() -> Paging {
        Paging::From { from: 0, limit: PAGE_ITEMS }
    }
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Page {
    pub items: Vec<Record>,
    /// All matches, or as many as were counted.
    pub total: i64,
    /// There are more than `total`.
    pub more: bool,
    pub start: Option<String>,
    pub end: Option<String>,
}

/// One row: the fields that the list shows, in their order.
#[derive(Debug, Clone)]
pub struct Record {
    pub values: Vec<(&'static Field, Value)>,
}

impl Record {
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.iter().find(|(field, _)| field.name == name).map(|(_, value)| value)
    }

    /// A number: a key, a count, a date, a state.
    pub fn int(&self, name: &str) -> Option<i64> {
        match self.get(name)? {
            Value::Int(number) => Some(*number),
            Value::Null | Value::Real(_) | Value::Text(_) => None,
        }
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Value::Text(text) => Some(text),
            Value::Null | Value::Real(_) | Value::Int(_) => None,
        }
    }
}

impl Query {
    /// Reads a page, all of it at one moment.
    pub(crate) async fn run(
        &self,
        connection: &mut SqliteConnection,
        entity: &Entity,
    ) -> Result<Page> {
        self.filter.check()?;
        let (limit, order) = (self.limit()?, Order::new(entity, &self.sort)?);
        let filter = known_definitions(connection, entity, &self.filter).await?;
        let few = few(connection, entity, &filter).await?;
        let plain = Writing { entity, indexed: None, few: &few };
        let total = count(connection, entity, plain.filter(&filter)).await?;
        let more = total > TOTAL_MAX;
        let part = Part { entity, filter: &filter, few: &few, limit };
        let items = match &self.page {
            Paging::From { from, .. } => {
                part.read(connection, &order, more, i64::from(*from), None).await?
            }
            Paging::After { cursor, .. } => {
                let behind = order.read(cursor)?;
                part.read(connection, &order, more, 0, Some(behind)).await?
            }
            Paging::Before { cursor, .. } => {
                let behind = order.read(cursor)?;
                let reversed = order.reversed();
                let mut rows = part.read(connection, &reversed, more, 0, Some(behind)).await?;
                rows.reverse();
                rows
            }
        };
        let cursor = |item: Option<&(Record, Vec<Value>)>| item.map(|(_, at)| order.cursor(at));
        Ok(Page {
            start: cursor(items.first()),
            end: cursor(items.last()),
            items: items.into_iter().map(|(record, _)| record).collect(),
            total: total.min(TOTAL_MAX),
            more,
        })
    }

    fn limit(&self) -> Result<u32> {
        let (from, limit) = match &self.page {
            Paging::From { from, limit } => (*from, *limit),
            Paging::After { limit, .. } | Paging::Before { limit, .. } => (0, *limit),
        };
        if limit > PAGE_ITEMS_MAX {
            let text = format!("expected a limit of at most {PAGE_ITEMS_MAX}, but got {limit}");
            return Err(Error::query(text));
        }
        if from > PAGE_FROM_MAX {
            return Err(Error::query(format!(
                "expected a page from at most {PAGE_FROM_MAX}, but got {from}; cursors lead further"
            )));
        }
        Ok(limit)
    }
}

/// What is read of a list.
struct Part<'a> {
    entity: &'a Entity,
    filter: &'a Filter,
    few: &'a [Sql],
    limit: u32,
}

impl Part<'_> {
    /// Rows with the values of their order. `many`: in the order of an index.
    async fn read(
        &self,
        connection: &mut SqliteConnection,
        order: &Order,
        many: bool,
        from: i64,
        behind: Option<Vec<Value>>,
    ) -> Result<Vec<(Record, Vec<Value>)>> {
        let Entity { from: table, joins, key, .. } = self.entity;
        let behind = behind.map(|values| order.behind(&values));
        let sorted = order.text();
        let page = [Value::Int(i64::from(self.limit)), Value::Int(from)];
        let shown: Vec<&'static Field> = self.shown();
        let columns = shown.iter().map(|field| field.sql).chain(order.columns());
        let columns = columns.collect::<Vec<_>>().join(", ");
        let indexed = order.indexed(self.entity, self.filter);
        let hidden = many.then_some(&indexed[..]);
        let writing = Writing { entity: self.entity, indexed: hidden, few: self.few };
        let mut inner = Sql::new(format!("SELECT {key} AS k FROM {table}{joins} WHERE "));
        inner.push(writing.filter(self.filter));
        let mut whole = Sql::new(format!("SELECT {columns} FROM ("));
        if many {
            if let Some(behind) = behind {
                inner.push_str(" AND ");
                inner.push(behind);
            }
            inner.push(Sql::with(format!(" ORDER BY {sorted} LIMIT ? OFFSET ?"), page));
            whole.push(inner);
            let rest = format!(") m CROSS JOIN {table}{joins} WHERE {key} = m.k ORDER BY {sorted}");
            whole.push_str(&rest);
        } else {
            inner.push_str(&format!(" LIMIT {}", TOTAL_MAX + 1));
            whole.push(inner);
            whole.push_str(&format!(") m CROSS JOIN {table}{joins} WHERE {key} = m.k"));
            if let Some(behind) = behind {
                whole.push_str(" AND ");
                whole.push(behind);
            }
            whole.push(Sql::with(format!(" ORDER BY {sorted} LIMIT ? OFFSET ?"), page));
        }
        let rows = fetch(connection, whole).await?;
        rows.iter().map(|row| record(row, &shown, order.len())).collect()
    }

    fn shown(&self) -> Vec<&'static Field> {
        self.entity.fields.iter().filter(|field| field.show).collect()
    }
}

fn record(row: &SqliteRow, shown: &[&'static Field], order: usize) -> Result<(Record, Vec<Value>)> {
    let mut values = Vec::with_capacity(shown.len());
    for (at, field) in shown.iter().enumerate() {
        values.push((*field, value(row, at)?));
    }
    let cursor: Result<Vec<Value>> =
        (shown.len()..shown.len() + order).map(|at| value(row, at)).collect();
    Ok((Record { values }, cursor?))
}

/// A value of a row, by what it is.
pub(crate) fn value(row: &SqliteRow, at: usize) -> Result<Value> {
    let raw = row.try_get_raw(at)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    let kind = raw.type_info();
    Ok(match kind.name() {
        "TEXT" => Value::Text(row.try_get_unchecked(at)?),
        "REAL" => Value::Real(row.try_get_unchecked(at)?),
        _ => Value::Int(row.try_get_unchecked(at)?),
    })
}

pub(crate) async fn fetch(connection: &mut SqliteConnection, sql: Sql) -> Result<Vec<SqliteRow>> {
    let mut arguments = SqliteArguments::default();
    for value in sql.values {
        let added = match value {
            Value::Null => arguments.add(None::<i64>),
            Value::Int(number) => arguments.add(number),
            Value::Real(number) => arguments.add(number),
            Value::Text(text) => arguments.add(text),
        };
        added.map_err(|error| Error::store(format!("a value cannot be bound: {error}")))?;
    }
    // Texts are as many as there are filters: they would push the few that return out of the cache.
    let query = sqlx::query_with(AssertSqlSafe(sql.text), arguments).persistent(false);
    Ok(query.fetch_all(connection).await?)
}

/// Matches, counted up to one more than is shown.
async fn count(connection: &mut SqliteConnection, entity: &Entity, filter: Sql) -> Result<i64> {
    let Entity { from, joins, .. } = entity;
    let mut sql = Sql::new(format!("SELECT count(*) FROM (SELECT 1 FROM {from}{joins} WHERE "));
    sql.push(filter);
    sql.push_str(&format!(" LIMIT {})", TOTAL_MAX + 1));
    let rows = fetch(connection, sql).await?;
    Ok(rows.first().map(|row| row.try_get(0)).transpose()?.unwrap_or(0))
}

/// Selections inside other tables that give few keys.
async fn few(
    connection: &mut SqliteConnection,
    entity: &Entity,
    filter: &Filter,
) -> Result<Vec<Sql>> {
    let mut few = Vec::new();
    for Inside { sql, .. } in insides(entity, filter) {
        let mut probe = Sql::new("SELECT count(*) FROM (");
        probe.push(sql.clone());
        probe.push_str(&format!(" LIMIT {})", TOTAL_MAX + 1));
        let rows = fetch(connection, probe).await?;
        let found: i64 = rows.first().map(|row| row.try_get(0)).transpose()?.unwrap_or(0);
        if found <= TOTAL_MAX {
            few.push(sql);
        }
    }
    Ok(few)
}

/// Conditions on definitions become a list of their keys: there are few definitions, and an index
/// by their key.
async fn known_definitions(
    connection: &mut SqliteConnection,
    entity: &Entity,
    filter: &Filter,
) -> Result<Filter> {
    let Filter::All(list) = filter else { return Ok(filter.clone()) };
    let of_definition =
        |one: &Filter| matches!(one, Filter::Is(condition) if condition.field.of_definition);
    let (asked, mut rest): (Vec<Filter>, Vec<Filter>) =
        list.iter().cloned().partition(of_definition);
    if asked.is_empty() || entity.definition.is_empty() {
        return Ok(filter.clone());
    }
    let writing = Writing { entity: &DEFINITIONS, indexed: None, few: &[] };
    let mut sql = Sql::new("SELECT d.key FROM process_definition d WHERE ");
    sql.push(writing.filter(&Filter::All(asked)));
    sql.push_str(&format!(" LIMIT {}", MATCHED_DEFINITIONS_MAX + 1));
    let rows = fetch(connection, sql).await?;
    if rows.len() as i64 > MATCHED_DEFINITIONS_MAX {
        return Ok(filter.clone());
    }
    let key = |row: &SqliteRow| Ok(Value::Int(row.try_get(0)?));
    let keys: Result<Vec<Value>> = rows.iter().map(key).collect();
    let field = entity
        .fields
        .iter()
        .find(|field| field.sql == entity.definition)
        .ok_or_else(|| Error::store(format!("{} has no definition", entity.name)))?;
    rest.push(Filter::Is(Condition { field, test: Test::In(keys?) }));
    Ok(Filter::All(rest))
}

/// The definitions by themselves, for looking them up.
const DEFINITIONS: Entity = Entity {
    name: "process definitions",
    from: "process_definition d",
    joins: "",
    key: "d.key",
    base: "",
    orders: &[],
    definition: "",
    fields: &[],
};
