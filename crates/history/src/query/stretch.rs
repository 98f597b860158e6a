//! Stretches: an order by a column that no index gives, cut into parts that one does.
//!
//! Names and versions of definitions are few, so that rows are read definition by definition; a
//! flag is read value by value; and what has no value is read before or behind what has one, so
//! that a cursor finds its place in the index of either.

use std::cmp::Ordering;

use sqlx::sqlite::SqliteConnection;

use super::field::{Entity, Field, Kind};
use super::filter::{Condition, Filter, Test, Value};
use super::order::{Column, Order, ranks};
use super::run::{definition_field, fetch, value};
use super::sql::Sql;
use crate::error::Result;
use crate::limits::MATCHED_DEFINITIONS_MAX;

/// Rows that stand together in an order.
#[derive(Debug)]
pub(super) struct Stretch {
    /// Which rows these are.
    pub filter: Filter,
    pub order: Order,
    /// What its rows have in the first columns of the whole order; none: whatever has a value.
    fixed: Option<Vec<Value>>,
}

/// The stretches of an order, from its beginning or from the row with these values on; the values
/// that the first of them begins behind. Empty: the order is best read as it is.
pub(super) async fn stretches(
    connection: &mut SqliteConnection,
    entity: &Entity,
    order: &Order,
    behind: Option<&[Value]>,
) -> Result<(Vec<Stretch>, Option<Vec<Value>>)> {
    let columns = order.list();
    let of_definition = |column: &&Column| is_of_definition(entity, column);
    let leading = columns.iter().take_while(of_definition).count();
    let all = match columns.first() {
        Some(_) if leading > 0 => by_definition(connection, entity, order, leading).await?,
        Some(Column { field: Some(field), descending, .. }) if field.kind == Kind::Flag => {
            let values = if *descending { [1, 0] } else { [0, 1] };
            let one = |flag| Stretch {
                filter: is(field, Test::Eq(Value::Int(flag))),
                order: order.without(1),
                fixed: Some(vec![Value::Int(flag)]),
            };
            values.map(one).into()
        }
        Some(Column { field: Some(field), descending, nullable: false, .. })
            if found_by_name(entity, field) =>
        {
            by_name(field, order, *descending)
        }
        Some(Column { field: Some(field), descending, nullable: true, .. }) => {
            let there = Stretch {
                filter: is(field, Test::Exists(true)),
                order: order.with_value(),
                fixed: None,
            };
            let absent = Stretch {
                filter: is(field, Test::Exists(false)),
                order: order.without(1),
                fixed: Some(vec![Value::Null]),
            };
            if *descending { vec![there, absent] } else { vec![absent, there] }
        }
        Some(_) | None => Vec::new(),
    };
    Ok(match behind {
        Some(at) => from(all, columns, at),
        None => (all, None),
    })
}

fn is(field: &'static Field, test: Test) -> Filter {
    Filter::Is(Condition { field, test })
}

/// Does it speak of the definition, with no index that says the same?
fn is_of_definition(entity: &Entity, column: &Column) -> bool {
    let own = column.sql == entity.definition;
    let indexed = entity
        .orders
        .iter()
        .any(|(columns, sorted)| *columns == [entity.definition] && *sorted == entity.key);
    column.field.is_some_and(|field| field.of_definition) || (own && !indexed)
}

/// Is there an index that has rows of one name in the order of their keys?
fn found_by_name(entity: &Entity, field: &Field) -> bool {
    let has =
        |(columns, sorted): &(&[&str], &str)| *columns == [field.sql] && *sorted == entity.key;
    matches!(field.kind, Kind::Name(_)) && entity.orders.iter().any(has)
}

fn by_name(field: &'static Field, order: &Order, descending: bool) -> Vec<Stretch> {
    let Kind::Name(names) = field.kind else { return Vec::new() };
    let mut ranks: Vec<(i64, i64)> = ranks(names).collect();
    ranks.sort_by_key(|(_, rank)| if descending { -rank } else { *rank });
    let one = |(number, rank)| Stretch {
        filter: is(field, Test::Eq(Value::Int(number))),
        order: order.without(1),
        fixed: Some(vec![Value::Int(rank)]),
    };
    ranks.into_iter().map(one).collect()
}

/// Definitions that are equal in the columns that speak of them stand together.
async fn by_definition(
    connection: &mut SqliteConnection,
    entity: &Entity,
    order: &Order,
    leading: usize,
) -> Result<Vec<Stretch>> {
    let columns = &order.list()[..leading];
    let name = |column: &Column| match column.sql == entity.definition {
        true => "d.key".to_owned(),
        false => column.sql.clone(),
    };
    let names = columns.iter().map(name).collect::<Vec<_>>().join(", ");
    let text = format!("SELECT d.key, {names} FROM process_definition d LIMIT ?");
    let rows =
        fetch(connection, Sql::with(text, [Value::Int(MATCHED_DEFINITIONS_MAX + 1)])).await?;
    let field = match definition_field(entity) {
        Some(field) if rows.len() as i64 <= MATCHED_DEFINITIONS_MAX => field,
        Some(_) | None => return Ok(Vec::new()),
    };
    let mut groups: Vec<(Vec<Value>, Vec<Value>)> = Vec::new();
    for row in &rows {
        let key = value(row, 0)?;
        let fixed: Result<Vec<Value>> = (1..=leading).map(|at| value(row, at)).collect();
        let fixed = fixed?;
        match groups.iter_mut().find(|(known, _)| *known == fixed) {
            Some((_, keys)) => keys.push(key),
            None => groups.push((fixed, vec![key])),
        }
    }
    groups.sort_by(|(a, _), (b, _)| compare(columns, a, b));
    let one = |(fixed, keys)| Stretch {
        filter: is(field, Test::In(keys)),
        order: order.without(leading),
        fixed: Some(fixed),
    };
    Ok(groups.into_iter().map(one).collect())
}

/// Leaves out the stretches before the one that a cursor stands in.
fn from(all: Vec<Stretch>, columns: &[Column], at: &[Value]) -> (Vec<Stretch>, Option<Vec<Value>>) {
    let place = |stretch: &Stretch| match &stretch.fixed {
        Some(fixed) => compare(columns, fixed, at),
        None if at.first() == Some(&Value::Null) => compare(columns, &[Value::Int(0)], at),
        None => Ordering::Equal,
    };
    let left: Vec<Stretch> = all.into_iter().skip_while(|one| place(one).is_lt()).collect();
    let behind = left.first().filter(|first| place(first).is_eq()).map(|first| {
        let fixed = first.fixed.as_ref().map_or(0, Vec::len);
        at.get(fixed..).unwrap_or_default().to_vec()
    });
    (left, behind)
}

/// As the store orders them, column by column, as far as both go.
fn compare(columns: &[Column], a: &[Value], b: &[Value]) -> Ordering {
    let one = |((column, a), b): ((&Column, &Value), &Value)| {
        let order = compare_values(a, b);
        if column.descending { order.reverse() } else { order }
    };
    let mut each = columns.iter().zip(a).zip(b).map(one);
    each.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

fn compare_values(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Less,
        (_, Value::Null) => Ordering::Greater,
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Real(a), Value::Real(b)) => a.total_cmp(b),
        (Value::Int(a), Value::Real(b)) => (*a as f64).total_cmp(b),
        (Value::Real(a), Value::Int(b)) => a.total_cmp(&(*b as f64)),
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (Value::Text(_), Value::Int(_) | Value::Real(_)) => Ordering::Greater,
        (Value::Int(_) | Value::Real(_), Value::Text(_)) => Ordering::Less,
    }
}
