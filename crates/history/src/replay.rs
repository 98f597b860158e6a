//! The events themselves: of one instance (time slider, copy as test), or of a partition in their
//! order (live streams that resume).

use engine::event::{Event, InstanceEvent as E};
use engine::{Cause, Key, PartitionId};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::batch::Step;
use crate::error::Result;
use crate::explain::instance_of;
use crate::fold;
use crate::limits::{FRAMES_ROWS_MAX, STEPS_SPAN_MAX, STREAM_STEPS};
use crate::query::{Sql, Value, fetch};
use crate::reader::Reader;

/// A place in the stream: behind it a client goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub partition: PartitionId,
    pub lsn: u64,
}

/// Which events a stream shows. What is `None` or empty lets everything through.
#[derive(Debug, Clone, Default)]
pub struct Watched {
    pub instance: Option<Key>,
    /// Of any instance of these definitions.
    pub definitions: Vec<Key>,
}

/// Events of one step that passed.
#[derive(Debug, Clone)]
pub struct Shown {
    pub position: Position,
    /// Milliseconds since 1970.
    pub time: i64,
    pub cause: Cause,
    pub events: Vec<Event>,
}

impl Reader {
    /// The steps of an instance in their order, as far as they are kept.
    ///
    /// # Errors
    /// When the store cannot be read, or a frame in it.
    pub async fn frames(&self, instance: Key) -> Result<Vec<Step>> {
        let text = "SELECT codec, bytes FROM frame WHERE instance = ? \
                    ORDER BY partition, first_lsn LIMIT ?";
        let values = [Value::Int(instance), Value::Int(FRAMES_ROWS_MAX)];
        let mut connection = self.pool.acquire().await?;
        let rows = fetch(&mut connection, Sql::with(text, values)).await?;
        let mut steps = Vec::new();
        for row in rows {
            steps.extend(fold::steps(row.try_get(0)?, row.try_get(1)?)?);
        }
        Ok(steps)
    }

    /// Steps of a partition behind a position, in their order, at most [`STREAM_STEPS`], and where
    /// to go on.
    ///
    /// # Errors
    /// As [`Reader::frames`].
    pub async fn follow(
        &self,
        after: Position,
        watched: &Watched,
    ) -> Result<(Vec<Shown>, Position)> {
        let there = self.positions().get(&after.partition).copied().unwrap_or_default();
        let upto = there.min(after.lsn.saturating_add(STREAM_STEPS));
        if upto <= after.lsn {
            return Ok((Vec::new(), after));
        }
        let int = |lsn: u64| Value::Int(i64::try_from(lsn).unwrap_or(i64::MAX));
        let mut sql = Sql::with(
            "SELECT f.codec, f.bytes, f.instance FROM frame f WHERE f.partition = ? \
             AND f.last_lsn > ? AND f.last_lsn <= ? AND f.first_lsn <= ?",
            [
                Value::Int(i64::from(after.partition)),
                int(after.lsn),
                // A frame spans one batch, so none behind this begins before `upto`.
                int(upto.saturating_add(STEPS_SPAN_MAX)),
                int(upto),
            ],
        );
        sql.push(chosen(watched));
        // The order within a step, which the ids of a live stream count in.
        sql.push(Sql::with(" ORDER BY f.instance, f.first_lsn", []));
        let mut connection = self.pool.acquire().await?;
        let rows = fetch(&mut connection, sql).await?;
        let shown = merged(&rows, after, upto)?;
        Ok((shown, Position { lsn: upto, ..after }))
    }
}

/// A value that a variable was given.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub variable: Key,
    pub name: String,
    pub scope: Key,
    pub instance: Key,
    /// JSON text.
    pub value: String,
    /// It was not there before.
    pub created: bool,
    /// Milliseconds since 1970.
    pub time: i64,
}

impl Reader {
    /// The values that a variable had, or all variables of an instance, the oldest first; `None`
    /// when the key is neither's.
    ///
    /// # Errors
    /// As [`Reader::frames`].
    pub async fn changes_of(&self, key: Key) -> Result<Option<Vec<Change>>> {
        let mut connection = self.pool.acquire().await?;
        let Some(owner) = instance_of(&mut connection, key).await? else { return Ok(None) };
        drop(connection);
        let mut changes = Vec::new();
        for step in self.frames(owner).await? {
            for event in step.events {
                let Event::Instance {
                    event: E::VariableSet { scope, key: at, name, value, created },
                    ..
                } = event
                else {
                    continue;
                };
                if key == owner || key == at {
                    changes.push(Change {
                        variable: at,
                        name: name.to_string(),
                        scope,
                        instance: owner,
                        value: value.to_json(),
                        created,
                        time: step.time,
                    });
                }
            }
        }
        Ok(Some(changes))
    }
}

fn chosen(watched: &Watched) -> Sql {
    let mut sql = Sql::default();
    if let Some(instance) = watched.instance {
        sql.push(Sql::with(" AND f.instance = ?", [Value::Int(instance)]));
    }
    if !watched.definitions.is_empty() {
        let places = vec!["?"; watched.definitions.len()].join(",");
        let text = format!(
            " AND (SELECT i.definition FROM process_instance i WHERE i.key = f.instance) \
             IN ({places})"
        );
        let keys = watched.definitions.iter().map(|key| Value::Int(*key));
        sql.push(Sql::with(text, keys));
    }
    sql
}

/// Steps were cut by instance when they were stored; here they are whole again.
fn merged(rows: &[SqliteRow], after: Position, upto: u64) -> Result<Vec<Shown>> {
    let mut shown = std::collections::BTreeMap::<u64, Shown>::new();
    for row in rows {
        for step in fold::steps(row.try_get(0)?, row.try_get(1)?)? {
            if step.lsn <= after.lsn || step.lsn > upto {
                continue;
            }
            let position = Position { lsn: step.lsn, ..after };
            let (time, cause) = (step.time, step.cause);
            let whole = shown.entry(step.lsn).or_insert_with(|| Shown {
                position,
                time,
                cause,
                events: Vec::new(),
            });
            whole.events.extend(step.events);
        }
    }
    Ok(shown.into_values().collect())
}
