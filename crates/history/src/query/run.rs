//! A search, step by step: look up the definitions, count, read the page.

use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, Row, TypeInfo, ValueRef};

use super::cursor::{Place, hash};
use super::field::{Entity, Field};
use super::filter::{Condition, Filter, Test, Value};
use super::order::{Order, Sort};
use super::sql::{Few, Inside, Sql, Writing, absences, insides, is_only, joins};
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
        self.run_within(connection, entity, TOTAL_MAX).await
    }

    /// `most`: matches that are counted, and sorted by themselves.
    pub(super) async fn run_within(
        &self,
        connection: &mut SqliteConnection,
        entity: &Entity,
        most: i64,
    ) -> Result<Page> {
        self.filter.check()?;
        let entity = &all_shown(connection, entity).await?;
        let (limit, order) = (self.limit()?, Order::new(entity, &self.sort)?);
        let filter = Filter::All(vec![self.filter.clone()]).flat();
        let (table, filter) = match entity.rows {
            Some(rows) => (grouped(entity, rows, &filter), Filter::default()),
            None => (Sql::new(entity.from), known_definitions(connection, entity, filter).await?),
        };
        let (few, all_few) = few(connection, entity, &filter, most).await?;
        let mut part = Part { connection, entity, table, few: &few, columns: &order, most };
        let found = match all_few || !is_only(entity, &filter) {
            true => part.matches(&filter).await?,
            false => Matches::Many,
        };
        let (from, cursor, turned) = match &self.page {
            Paging::From { from, .. } => (i64::from(*from), None, false),
            Paging::After { cursor, .. } => (0, Some(order.read(cursor)?), false),
            Paging::Before { cursor, .. } => (0, Some(order.read(cursor)?), true),
        };
        let sorted = if turned { order.reversed() } else { order.clone() };
        let behind = match cursor {
            Some(place) => Some(part.place(place, &sorted).await?),
            None => None,
        };
        let window = Window { from, limit: i64::from(limit), behind };
        let mut items = match &found {
            Matches::Few { keys, .. } => part.sorted(keys, &sorted, &window).await?,
            Matches::Many => part.many(&filter, &sorted, window).await?,
        };
        if turned {
            items.reverse();
        }
        let cursor = |item: Option<&(Record, Vec<Value>)>| item.map(|(_, at)| order.cursor(at));
        let (total, more) = match found {
            Matches::Few { count, .. } => (count, false),
            Matches::Many => (most, true),
        };
        Ok(Page {
            start: cursor(items.first()),
            end: cursor(items.last()),
            items: items.into_iter().map(|(record, _)| record).collect(),
            total,
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

/// Which of the matches are read.
pub(super) struct Window {
    pub from: i64,
    pub limit: i64,
    /// Values of the row that stands before them.
    pub behind: Option<Vec<Value>>,
}

/// How many rows pass a filter.
pub(super) enum Matches {
    /// Their keys, as a list of JSON.
    Few { count: i64, keys: Value },
    /// More than are counted.
    Many,
}

pub(super) type Found = (Record, Vec<Value>);

/// What is read of a list.
pub(super) struct Part<'a> {
    pub connection: &'a mut SqliteConnection,
    pub entity: &'a Entity,
    table: Sql,
    few: &'a [Few],
    /// The order whose values a cursor holds.
    columns: &'a Order,
    most: i64,
}

impl Part<'_> {
    /// The filter is asked once: what passes is sorted by its keys.
    pub(super) async fn matches(&mut self, filter: &Filter) -> Result<Matches> {
        let rest = Writing { entity: self.entity, indexed: None, few: self.few }.filter(filter);
        let sql = self.selection(&format!("{} AS k", self.entity.key), rest);
        gather(self.connection, sql, self.most).await
    }

    /// The values of the row that a cursor stands at; long texts are read from that row. Where it
    /// is gone or another by now, the page begins before all rows that begin as it did: it repeats
    /// some rather than lose any.
    async fn place(&mut self, place: Place, order: &Order) -> Result<Vec<Value>> {
        let Place { mut values, cut } = place;
        let Entity { joins, key, .. } = self.entity;
        let at = order.columns().position(|column| column == *key);
        let Some(own) = at.and_then(|at| values.get(at).cloned()).filter(|_| !cut.is_empty())
        else {
            return Ok(values);
        };
        let columns = order.columns().collect::<Vec<_>>().join(", ");
        let mut sql = Sql::new(format!("SELECT {columns} FROM "));
        sql.push(self.table.clone());
        sql.push(Sql::with(format!("{joins} WHERE {key} = ?"), [own]));
        let rows = fetch(self.connection, sql).await?;
        for (at, whole) in cut {
            let there = rows.first().map(|row| value(row, at)).transpose()?;
            let same = |value: &Value| matches!(value, Value::Text(text) if hash(text) == whole);
            match (there.filter(same), &mut values[at]) {
                (Some(text), value) => *value = text,
                (None, Value::Text(head)) if order.list()[at].descending => head.push(char::MAX),
                (None, _) => {}
            }
        }
        Ok(values)
    }

    /// Rows with the values of their order, in the order of an index.
    pub(super) async fn along(
        &mut self,
        filter: &Filter,
        order: &Order,
        window: &Window,
    ) -> Result<Vec<Found>> {
        let Entity { joins, key, .. } = self.entity;
        let indexed = order.indexed(self.entity, filter);
        let writing = Writing { entity: self.entity, indexed: Some(&indexed), few: self.few };
        let mut rest = writing.filter(filter);
        match &window.behind {
            Some(behind) => {
                rest.push_str(" AND ");
                rest.push(order.behind(behind));
            }
            None => self.begun(filter, order, &mut rest).await?,
        }
        let sorted = order.text();
        let page = [Value::Int(window.limit), Value::Int(window.from)];
        rest.push(Sql::with(format!(" ORDER BY {sorted} LIMIT ? OFFSET ?"), page));
        let inner = self.selection(&format!("{key} AS k"), rest);
        #[cfg(test)]
        super::plans::note(super::plans::Step::Along, &inner);
        let mut whole = Sql::new(format!("SELECT {} FROM (", self.selected()));
        whole.push(inner);
        whole.push_str(") m CROSS JOIN ");
        whole.push(self.table.clone());
        whole.push_str(&format!("{joins} WHERE {key} = m.k ORDER BY {sorted}"));
        self.rows(whole).await
    }

    /// The newest of what ended before a moment began before it, too: the page begins there. Where
    /// a clock was turned back, some row may have ended before it began, and nothing is added.
    async fn begun(&mut self, filter: &Filter, order: &Order, rest: &mut Sql) -> Result<()> {
        let Some((field, moment)) = order.ended_before(filter) else { return Ok(()) };
        let Entity { from, .. } = self.entity;
        let turned = format!("SELECT 1 FROM {from} WHERE {} < {} LIMIT 1", field.sql, field.since);
        if fetch(self.connection, Sql::new(turned)).await?.is_empty() {
            rest.push(Sql::with(format!(" AND {} <= ?", field.since), [moment.clone()]));
        }
        Ok(())
    }

    /// The same, of rows whose keys are known.
    pub(super) async fn sorted(
        &mut self,
        keys: &Value,
        order: &Order,
        window: &Window,
    ) -> Result<Vec<Found>> {
        let Entity { joins, key, .. } = self.entity;
        let columns = self.selected();
        let text =
            format!("SELECT {columns} FROM (SELECT value AS k FROM json_each(?)) m CROSS JOIN ");
        let mut whole = Sql::with(text, [keys.clone()]);
        whole.push(self.table.clone());
        whole.push_str(&format!("{joins} WHERE {key} = m.k"));
        if let Some(behind) = &window.behind {
            whole.push_str(" AND ");
            whole.push(order.behind(behind));
        }
        let page = [Value::Int(window.limit), Value::Int(window.from)];
        whole.push(Sql::with(format!(" ORDER BY {} LIMIT ? OFFSET ?", order.text()), page));
        self.rows(whole).await
    }

    /// A statement with these conditions and what stands behind them.
    fn selection(&self, columns: &str, rest: Sql) -> Sql {
        let mut sql = Sql::new(format!("SELECT {columns} FROM "));
        sql.push(self.table.clone());
        sql.push_str(&format!("{} WHERE ", joins(self.entity, &rest.text)));
        sql.push(rest);
        sql
    }

    async fn rows(&mut self, sql: Sql) -> Result<Vec<Found>> {
        let rows = fetch(self.connection, sql).await?;
        let shown = self.shown();
        rows.iter().map(|row| record(row, &shown, self.columns.len())).collect()
    }

    /// What is shown, and behind it the values of a cursor.
    fn selected(&self) -> String {
        let shown = self.shown();
        let columns = shown.iter().map(|field| field.sql).chain(self.columns.columns());
        columns.collect::<Vec<_>>().join(", ")
    }

    /// Matches, as far as so many.
    pub(super) async fn count(&mut self, filter: &Filter, most: i64) -> Result<i64> {
        let mut sql = Sql::new("SELECT count(*) FROM (");
        let rest = Writing { entity: self.entity, indexed: None, few: self.few }.filter(filter);
        sql.push(self.selection("1", rest));
        sql.push(Sql::with(" LIMIT ?)", [Value::Int(most)]));
        let rows = fetch(self.connection, sql).await?;
        Ok(rows.first().map(|row| row.try_get(0)).transpose()?.unwrap_or(0))
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

/// A list without its condition on rows that are not shown, while there are none: it would be asked
/// of each row that is passed by.
async fn all_shown(connection: &mut SqliteConnection, entity: &Entity) -> Result<Entity> {
    let Some(unshown) = entity.unshown() else { return Ok(*entity) };
    let some = fetch(connection, Sql::new(format!("{unshown} LIMIT 1"))).await?;
    let base = if some.is_empty() { "" } else { entity.base };
    Ok(Entity { base, ..*entity })
}

/// A table of counts, of rows that pass the filter.
fn grouped(entity: &Entity, rows: &Entity, filter: &Filter) -> Sql {
    let (head, tail) = entity.from.split_once("{rows}").unwrap_or((entity.from, ""));
    let mut sql = Sql::new(head);
    sql.push(Writing { entity: rows, indexed: None, few: &[] }.filter(filter));
    sql.push_str(tail);
    sql
}

/// The keys that a selection of one column `k` gives, unless they are more than so many.
async fn gather(connection: &mut SqliteConnection, selection: Sql, most: i64) -> Result<Matches> {
    #[cfg(test)]
    super::plans::note(super::plans::Step::Gather, &selection);
    let mut sql = Sql::new("SELECT count(*), json_group_array(k) FROM (");
    sql.push(selection);
    sql.push(Sql::with(" LIMIT ?)", [Value::Int(most + 1)]));
    let rows = fetch(connection, sql).await?;
    let Some(row) = rows.first() else { return Ok(Matches::Many) };
    let count: i64 = row.try_get(0)?;
    if count > most { Ok(Matches::Many) } else { Ok(Matches::Few { count, keys: value(row, 1)? }) }
}

/// Selections inside other tables that give few keys; and whether all do.
async fn few(
    connection: &mut SqliteConnection,
    entity: &Entity,
    filter: &Filter,
    most: i64,
) -> Result<(Vec<Few>, bool)> {
    let (mut few, mut all) = (Vec::new(), true);
    for Inside { sql, key } in insides(entity, filter) {
        let mut selection = sql.clone();
        selection.text = selection.text.replacen(&key, &format!("DISTINCT +{key} AS k"), 1);
        match gather(connection, selection, most).await? {
            Matches::Few { keys, .. } => few.push(Few { sql, keys }),
            Matches::Many => all = false,
        }
    }
    for (sql, selection) in absences(entity, filter) {
        match gather(connection, selection, most).await? {
            Matches::Few { keys, .. } => few.push(Few { sql, keys }),
            Matches::Many => all = false,
        }
    }
    Ok((few, all))
}

/// Conditions on definitions become a list of their keys: there are few definitions, and an index
/// by their key.
async fn known_definitions(
    connection: &mut SqliteConnection,
    entity: &Entity,
    filter: Filter,
) -> Result<Filter> {
    let Filter::All(list) = &filter else { return Ok(filter) };
    let of_definition =
        |one: &Filter| matches!(one, Filter::Is(condition) if condition.field.of_definition);
    let (asked, mut rest): (Vec<Filter>, Vec<Filter>) =
        list.iter().cloned().partition(of_definition);
    let Some(field) = definition_field(entity).filter(|_| !asked.is_empty()) else {
        return Ok(filter);
    };
    let writing = Writing { entity: &DEFINITIONS, indexed: None, few: &[] };
    let mut sql = Sql::new("SELECT d.key FROM process_definition d WHERE ");
    sql.push(writing.filter(&Filter::All(asked)));
    sql.push_str(&format!(" LIMIT {}", MATCHED_DEFINITIONS_MAX + 1));
    let rows = fetch(connection, sql).await?;
    if rows.len() as i64 > MATCHED_DEFINITIONS_MAX {
        return Ok(filter);
    }
    let key = |row: &SqliteRow| Ok(Value::Int(row.try_get(0)?));
    let keys: Result<Vec<Value>> = rows.iter().map(key).collect();
    rest.push(Filter::Is(Condition { field, test: Test::In(keys?) }));
    Ok(Filter::All(rest))
}

/// The field that is the key of the definition, where a list has one.
pub(super) fn definition_field(entity: &Entity) -> Option<&'static Field> {
    let is_it = |field: &&Field| !entity.definition.is_empty() && field.sql == entity.definition;
    entity.fields.iter().find(is_it)
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
    only: &[],
    rows: None,
    fields: &[],
};
