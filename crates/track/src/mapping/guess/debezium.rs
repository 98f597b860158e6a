//! Change events of a database, as Debezium writes them: an envelope of `before`, `after`,
//! `source`, `op` and `ts_ms`, bare or below `payload`, in a CloudEvent or in a dumped record.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::expr::{Expr, Field, text};
use super::super::{Identity, Mapping};
use super::{Evidence, Guess};
use crate::source::Record;

/// One change.
struct Change<'a> {
    table: String,
    row: &'a serde_json::Map<String, Value>,
}

/// Where the envelope may lie; the last two with the record's key and headers beside it.
const PREFIXES: [&str; 6] = ["", "payload", "data", "data.payload", "value", "value.payload"];

const OPERATIONS: [(&str, &str); 5] =
    [("c", "created"), ("u", "updated"), ("d", "deleted"), ("r", "read"), ("t", "truncated")];

/// `None` when most records are no change events.
pub(super) fn guess(records: &[&Record]) -> Option<Guess> {
    let prefix = PREFIXES.into_iter().find(|prefix| {
        let changes = records.iter().filter(|r| change(&r.value, prefix).is_some()).count();
        let deleted = records.iter().filter(|r| tombstone(&r.value, prefix)).count();
        changes > 0 && changes * 10 >= (records.len() - deleted) * 9
    })?;
    let changes: Vec<Change<'_>> =
        records.iter().filter_map(|r| change(&r.value, prefix)).collect();
    let path = |rest: &str| match prefix {
        "" => format!("$.{rest}"),
        prefix => format!("$.{prefix}.{rest}"),
    };
    let field = |texts: &[String]| Field::parse(texts.iter().map(String::as_str)).ok();
    let first =
        records.iter().find_map(|r| change(&r.value, prefix).and(envelope(&r.value, prefix)))?;
    let table = match first.get("source").and_then(|source| source.get("table")) {
        Some(_) => path("source.table"),
        None => path("source.collection"),
    };
    let mut evidence = Vec::new();
    let mut say = |field, text: String| evidence.push(Evidence { field, text });

    let (status, why) = status(&changes);
    let by_operation = format!("{{{table}}} {{{}}}", path("op"));
    let mut kinds = vec![by_operation];
    if let Some(column) = &status {
        kinds.insert(0, format!("{{{table}}} {{{}}}", path(&format!("after.{column}"))));
    }
    say("type", why);
    let (column, why) = key(&changes);
    let mut cases = Vec::new();
    for column in &column {
        cases.push(path(&format!("after.{column}")));
        cases.push(path(&format!("before.{column}")));
    }
    say("case", why);
    let mut mapping = Mapping::new(field(&kinds)?, field(&cases)?);
    mapping.time = field(&[path("source.ts_ms"), path("ts_ms")]);
    say("time", "when the database made the change; ts_ms is when it was read".into());
    mapping.variables = field(&[path("after"), path("before")]);
    say("variables", "the row".into());
    mapping.id = identity(records, prefix, &path, &mut say);
    mapping.types = operations(&changes);
    Some(Guess { mapping, evidence, layout: "Debezium change events", records: records.len() })
}

fn envelope<'a>(value: &'a Value, prefix: &str) -> Option<&'a serde_json::Map<String, Value>> {
    at(value, prefix)?.as_object()
}

fn at<'a>(value: &'a Value, prefix: &str) -> Option<&'a Value> {
    let mut names = prefix.split('.').filter(|name| !name.is_empty());
    names.try_fold(value, |value, name| value.get(name))
}

/// What follows a deletion, so that a compacted topic forgets the row.
fn tombstone(value: &Value, prefix: &str) -> bool {
    at(value, prefix).is_some_and(Value::is_null)
}

fn change<'a>(value: &'a Value, prefix: &str) -> Option<Change<'a>> {
    let envelope = envelope(value, prefix)?;
    let operation = envelope.get("op")?.as_str()?;
    OPERATIONS.iter().find(|(code, _)| *code == operation)?;
    let source = envelope.get("source")?;
    let table = source.get("table").or_else(|| source.get("collection"))?.as_str()?.to_owned();
    let row = ["after", "before"].into_iter().find_map(|side| envelope.get(side)?.as_object())?;
    Some(Change { table, row })
}

/// A column that says how far a row is: named so, few values, and more than one.
fn status(changes: &[Change<'_>]) -> (Option<String>, String) {
    let columns: BTreeSet<&String> = changes.iter().flat_map(|change| change.row.keys()).collect();
    let words = ["status", "state", "stage", "phase"];
    let named = words.iter().flat_map(|word| {
        let ends = move |column: &&&String| column.to_lowercase().ends_with(word);
        columns.iter().filter(ends).map(|column| column.as_str())
    });
    for name in named {
        let values: BTreeSet<String> =
            changes.iter().filter_map(|change| text(change.row.get(name)?)).collect();
        if (2..=50).contains(&values.len()) && values.len() * 2 <= changes.len().max(4) {
            let shown: Vec<_> = values.iter().take(4).cloned().collect();
            let shown = shown.join(", ");
            let why = format!("table and {name} ({} values: {shown})", values.len());
            return (Some(name.to_owned()), format!("{why}; else table and operation"));
        }
    }
    (None, "table and operation (no column says how far a row is)".to_owned())
}

/// The columns that name the case: one that points from one table to the key of another, then the
/// key itself.
fn key(changes: &[Change<'_>]) -> (Vec<String>, String) {
    let mut keys: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for change in changes {
        if let Some(id) = change.row.get("id").and_then(text) {
            keys.entry(&change.table).or_default().insert(id);
        }
    }
    let mut pointers: BTreeMap<&str, usize> = BTreeMap::new();
    for change in changes {
        for (column, value) in change.row {
            let named = column.strip_suffix("_id").or_else(|| column.strip_suffix("Id"));
            let (Some(target), Some(value)) = (named, text(value)) else { continue };
            let points = keys.iter().any(|(table, ids)| {
                *table != change.table
                    && ids.contains(&value)
                    && table.to_lowercase().starts_with(&target.to_lowercase())
            });
            *pointers.entry(column).or_default() += usize::from(points);
        }
    }
    let best = pointers.into_iter().filter(|(_, count)| *count > 0).max_by_key(|(_, count)| *count);
    if let Some((column, count)) = best {
        let why = format!("{column} points to another table's id in {count} changes; else id");
        return (vec![column.to_owned(), "id".to_owned()], why);
    }
    if !keys.is_empty() {
        return (vec!["id".to_owned()], "the row's id".to_owned());
    }
    // No `id`: the column that is always there, returns, and has the most values.
    let mut columns: BTreeMap<&str, (usize, BTreeSet<String>)> = BTreeMap::new();
    for change in changes {
        for (column, value) in change.row {
            if let Some(value) = text(value) {
                let entry = columns.entry(column).or_default();
                entry.0 += 1;
                entry.1.insert(value);
            }
        }
    }
    let best = columns
        .into_iter()
        .filter(|(_, (count, values))| *count == changes.len() && values.len() <= *count)
        .max_by_key(|(column, (_, values))| {
            let named = column.ends_with("id") || column.ends_with("key");
            (named, values.len())
        });
    match best {
        Some((column, (_, values))) => {
            let why = format!("in every row, {} values", values.len());
            (vec![column.to_owned()], why)
        }
        None => (vec!["id".to_owned()], "no column is in every row".to_owned()),
    }
}

/// What names a change in the logs of databases, and in the last a document.
const PLACES: [&[&str]; 6] = [
    &["lsn"],
    &["file", "pos", "row"],
    &["pos"],
    &["commit_lsn", "change_lsn", "event_serial_no"],
    &["scn"],
    &["ts_ms", "ord"],
];

/// The place in the database's log, where it tells changes apart.
fn identity(
    records: &[&Record],
    prefix: &str,
    path: &dyn Fn(&str) -> String,
    say: &mut dyn FnMut(&'static str, String),
) -> Identity {
    // MySQL has one place for all rows of a statement, SQL Server for those of a transaction.
    for names in PLACES {
        let mut seen = BTreeSet::new();
        let changes = records.iter().filter(|r| !tombstone(&r.value, prefix));
        let unique = changes.map(|record| envelope(&record.value, prefix)).all(|envelope| {
            let place = envelope.and_then(|envelope| {
                let source = envelope.get("source")?;
                let place = names.iter().map(|name| source.get(name).and_then(text));
                Some((place.collect::<Option<Vec<_>>>()?, envelope.get("op")?.to_string()))
            });
            place.is_some_and(|place| seen.insert(place))
        });
        if unique {
            let place = names.iter().map(|name| format!("{{{}}}", path(&format!("source.{name}"))));
            let raw = format!("{} {{{}}}", place.collect::<Vec<_>>().join(" "), path("op"));
            if let Ok(expr) = Expr::parse(&raw) {
                say("id", "the place in the database's log, never twice in the sample".into());
                return Identity::Field(Field::new(expr));
            }
        }
    }
    Identity::Position
}

/// Names for `table op`, so that steps read `orders created`.
fn operations(changes: &[Change<'_>]) -> BTreeMap<String, Option<String>> {
    let tables: BTreeSet<&str> = changes.iter().map(|change| change.table.as_str()).collect();
    let pairs = tables.iter().flat_map(|table| OPERATIONS.iter().map(move |op| (table, op)));
    pairs
        .map(|(table, (code, verb))| (format!("{table} {code}"), Some(format!("{table} {verb}"))))
        .collect()
}
