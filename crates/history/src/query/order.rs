//! Orders: the sort of a list, what stands behind a row in it, and which index gives it.

use super::cursor::{self, Place};
use super::field::{Entity, Field, Kind};
use super::filter::{Condition, Filter, Test, Value};
use super::sql::Sql;
use crate::error::{Error, Result};
use crate::limits::SORT_FIELDS_MAX;
use crate::names::Names;

/// One field of a sort.
#[derive(Debug, Clone, Copy)]
pub struct Sort {
    pub field: &'static Field,
    pub descending: bool,
}

impl Sort {
    /// A sort by the name of a field.
    ///
    /// # Errors
    /// When the list cannot be sorted by it; the text says by what it can.
    pub fn by(entity: &Entity, name: &str, descending: bool) -> Result<Sort> {
        let field = entity.sorted(name).ok_or_else(|| {
            let allowed = entity.names(|field| field.sort).join(", ");
            Error::query(format!(
                "expected a sort of {} by one of [{allowed}], but got '{name}'",
                entity.name
            ))
        })?;
        Ok(Sort { field, descending })
    }
}

/// A total order over the rows of a list.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    columns: Vec<Column>,
}

#[derive(Debug, Clone)]
pub(super) struct Column {
    pub sql: String,
    pub descending: bool,
    pub nullable: bool,
    /// What it was made of; the key that ends an order may be none of the fields.
    pub field: Option<&'static Field>,
}

impl Order {
    pub fn new(entity: &Entity, sorts: &[Sort]) -> Result<Order> {
        if sorts.len() > SORT_FIELDS_MAX {
            let got = sorts.len();
            let text = format!("expected at most {SORT_FIELDS_MAX} sort fields, but got {got}");
            return Err(Error::query(text));
        }
        let mut columns: Vec<Column> = Vec::new();
        for sort in sorts {
            // The same for all rows: it orders nothing.
            if ["NULL", "0"].contains(&sort.field.sql) {
                continue;
            }
            let sql = match sort.field.kind {
                Kind::Name(names) => ranked(sort.field.sql, names),
                _ => sort.field.sql.to_owned(),
            };
            if !columns.iter().any(|column| column.sql == sql) {
                let (descending, nullable) = (sort.descending, sort.field.nullable);
                columns.push(Column { sql, descending, nullable, field: Some(sort.field) });
            }
        }
        if let ([sort], true) = (sorts, columns.len() == 1) {
            let descending = sort.descending;
            let tie = |sql: &&str| {
                let sql = (*sql).to_owned();
                Column { sql, descending, nullable: false, field: None }
            };
            columns.extend(sort.field.ties.iter().map(tie));
        }
        // The key follows the direction of what stands before it, so that one index gives both.
        if !columns.iter().any(|column| column.sql == entity.key) {
            let descending = columns.last().is_some_and(|column| column.descending);
            let sql = entity.key.to_owned();
            columns.push(Column { sql, descending, nullable: false, field: None });
        }
        Ok(Order { columns })
    }

    pub(super) fn list(&self) -> &[Column] {
        &self.columns
    }

    /// The order of rows that are equal in its first columns.
    pub(super) fn without(&self, first: usize) -> Order {
        Order { columns: self.columns[first..].to_vec() }
    }

    /// The order of rows that have a value in its first column.
    pub(super) fn with_value(&self) -> Order {
        let mut order = self.clone();
        if let Some(first) = order.columns.first_mut() {
            first.nullable = false;
        }
        order
    }

    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// The columns, for a list of selected ones.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| &*column.sql)
    }

    pub fn reversed(&self) -> Order {
        let turn = |column: &Column| Column { descending: !column.descending, ..column.clone() };
        Order { columns: self.columns.iter().map(turn).collect() }
    }

    /// Cursors of another order are refused by this.
    pub fn fingerprint(&self) -> u32 {
        let text: String = self
            .columns
            .iter()
            .map(|column| format!("{}{};", column.sql, if column.descending { '-' } else { '+' }))
            .collect();
        xxhash_rust::xxh3::xxh3_64(text.as_bytes()) as u32
    }

    /// `ORDER BY` without the words. What is not there comes first, and last when descending.
    pub fn text(&self) -> String {
        let one = |column: &Column| match (column.descending, column.nullable) {
            (false, false) => column.sql.clone(),
            (false, true) => format!("{} NULLS FIRST", column.sql),
            (true, false) => format!("{} DESC", column.sql),
            (true, true) => format!("{} DESC NULLS LAST", column.sql),
        };
        self.columns.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    /// Rows behind the one with these values.
    pub fn behind(&self, values: &[Value]) -> Sql {
        let plain = |(column, value): (&Column, &Value)| {
            !column.nullable
                && *value != Value::Null
                && column.descending == self.columns[0].descending
        };
        if self.columns.iter().zip(values).all(plain) {
            let columns = self.columns().collect::<Vec<_>>().join(", ");
            let with = if self.columns[0].descending { "<" } else { ">" };
            let places = super::sql::places(values.len());
            return Sql::with(format!("({columns}) {with} ({places})"), values.to_vec());
        }
        let mut whole = Sql::new("(");
        for at in 0..self.columns.len() {
            if at > 0 {
                whole.push_str(" OR ");
            }
            whole.push_str("(");
            for (column, value) in self.columns.iter().zip(values).take(at) {
                whole.push(column.same(value));
                whole.push_str(" AND ");
            }
            whole.push(self.columns[at].beyond(&values[at]));
            whole.push_str(")");
        }
        whole.push_str(")");
        whole
    }

    /// Columns that may be looked up although the order decides: one index has them all. The first
    /// of the order is among them: where its values begin and end is where the reading does.
    pub fn indexed<'a>(&'a self, entity: &Entity, filter: &Filter) -> Vec<&'a str> {
        let Some(first) = self.columns.first() else { return Vec::new() };
        let equal = equal_columns(filter);
        let fitting = entity
            .orders
            .iter()
            .filter(|(_, sorted)| *sorted == first.sql)
            .filter(|(columns, _)| columns.iter().all(|column| equal.contains(column)));
        let best = fitting.max_by_key(|(columns, _)| columns.len());
        let mut columns = best.map(|(columns, _)| columns.to_vec()).unwrap_or_default();
        columns.push(&first.sql);
        columns
    }

    /// Where rows are sorted by when they began, the last first: what the filter says of when they
    /// had ended at last.
    pub fn ended_before<'a>(&self, filter: &'a Filter) -> Option<(&'static Field, &'a Value)> {
        let first = self.columns.first().filter(|first| first.descending)?;
        let one = |one: &'a Filter| match one {
            Filter::Is(Condition { field, test: Test::Lt(at) | Test::Lte(at) | Test::Eq(at) })
                if field.since == first.sql =>
            {
                Some((*field, at))
            }
            Filter::All(_) | Filter::Any(_) | Filter::Is(_) | Filter::Variable(_) => None,
        };
        match filter {
            Filter::All(list) => list.iter().find_map(one),
            Filter::Any(_) | Filter::Is(_) | Filter::Variable(_) => one(filter),
        }
    }

    pub fn cursor(&self, values: &[Value]) -> String {
        cursor::encode(self.fingerprint(), values)
    }

    pub fn read(&self, cursor: &str) -> Result<Place> {
        cursor::decode(cursor, self.fingerprint(), self.len())
    }
}

impl Column {
    fn same(&self, value: &Value) -> Sql {
        match value {
            Value::Null => Sql::new(format!("{} IS NULL", self.sql)),
            Value::Int(_) | Value::Real(_) | Value::Text(_) => {
                Sql::with(format!("{} = ?", self.sql), [value.clone()])
            }
        }
    }

    fn beyond(&self, value: &Value) -> Sql {
        let column = &self.sql;
        match (value, self.descending) {
            (Value::Null, false) => Sql::new(format!("{column} IS NOT NULL")),
            (Value::Null, true) => Sql::new("1 = 0"),
            (_, false) => Sql::with(format!("{column} > ?"), [value.clone()]),
            (_, true) if self.nullable => {
                Sql::with(format!("({column} < ? OR {column} IS NULL)"), [value.clone()])
            }
            (_, true) => Sql::with(format!("{column} < ?"), [value.clone()]),
        }
    }
}

/// Names are sorted as texts, not as the numbers that the tables hold.
fn ranked(column: &str, names: Names) -> String {
    let each = ranks(names).map(|(number, rank)| format!(" WHEN {number} THEN {rank}"));
    format!("(CASE {column}{} END)", each.collect::<String>())
}

/// The number of each name, and its place among them.
pub(super) fn ranks(names: Names) -> impl Iterator<Item = (i64, i64)> {
    let before = |name: &str| names.iter().filter(|other| **other < name).count();
    (0..).zip(names).map(move |(number, name)| (number, before(name) as i64))
}

/// Columns that the filter holds to one value.
fn equal_columns(filter: &Filter) -> Vec<&'static str> {
    let one = |filter: &Filter| match filter {
        Filter::Is(Condition { field, test: Test::Eq(_) | Test::Exists(false) }) => Some(field.sql),
        Filter::Is(Condition { field, test: Test::In(list) }) if list.len() == 1 => Some(field.sql),
        Filter::All(_) | Filter::Any(_) | Filter::Is(_) | Filter::Variable(_) => None,
    };
    match filter {
        Filter::All(list) => list.iter().flat_map(equal_columns).collect(),
        Filter::Any(_) | Filter::Is(_) | Filter::Variable(_) => one(filter).into_iter().collect(),
    }
}
