//! What happened, in the words of clients: the events of a partition with the ids and names that
//! they stand for, behind any position.

mod words;

use engine::Key;
use sqlx::Row;

use crate::error::Result;
use crate::query::{Sql, Value, fetch};
use crate::reader::Reader;
use crate::replay::{Position, Watched};
use words::Names;

/// Every kind, as clients ask for it.
pub const KINDS: &[&str] = &[
    "decision.evaluated",
    "definition.deployed",
    "element.activated",
    "element.completed",
    "element.terminated",
    "flow.taken",
    "incident.raised",
    "incident.resolved",
    "instance.canceled",
    "instance.completed",
    "instance.created",
    "instance.quarantined",
    "instance.repaired",
    "instance.suspended",
    "instance.resumed",
    "job.activated",
    "job.canceled",
    "job.completed",
    "job.created",
    "job.error",
    "job.failed",
    "job.timed-out",
    "message.correlated",
    "message.expired",
    "message.published",
    "signal.received",
    "timer.fired",
    "user-task.canceled",
    "user-task.changed",
    "user-task.completed",
    "user-task.created",
    "variable.set",
];

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Happening {
    pub kind: &'static str,
    /// Milliseconds since 1970.
    pub time: i64,
    pub instance: Option<Key>,
    pub definition: Option<Key>,
    pub process_id: Option<String>,
    pub element_id: Option<String>,
    /// The element instance.
    pub element: Option<Key>,
    pub detail: Vec<(&'static str, Detail)>,
}

/// A value of a detail.
#[derive(Debug, Clone, PartialEq)]
pub enum Detail {
    Key(Key),
    Int(i64),
    Flag(bool),
    Text(String),
    /// Milliseconds since 1970.
    Date(i64),
    Null,
}

/// What one step of a journal brought.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    pub position: Position,
    pub happenings: Vec<Happening>,
}

impl Reader {
    /// What happened behind a position, step by step, and where to go on.
    ///
    /// # Errors
    /// When the store cannot be read, or a frame in it.
    pub async fn happenings(
        &self,
        after: Position,
        watched: &Watched,
    ) -> Result<(Vec<Told>, Position)> {
        let (steps, upto) = self.follow(after, watched).await?;
        if steps.is_empty() {
            return Ok((Vec::new(), upto));
        }
        let mut connection = self.pool.acquire().await?;
        let names = Names::of(&mut connection, &steps).await?;
        let told = steps.iter().map(|step| names.told(step));
        Ok((told.filter(|told| !told.happenings.is_empty()).collect(), upto))
    }

    /// Definitions deployed behind a place in their order, which the position of partition 0 is.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn deployed(&self, after: u64, process_id: Option<&str>) -> Result<Vec<Told>> {
        let mut sql = Sql::with(
            "SELECT key, process_id, version, deployed, name FROM process_definition d \
             WHERE key > ?",
            [Value::Int(definition_key(after))],
        );
        if let Some(id) = process_id {
            sql.push(Sql::with(" AND process_id = ?", [Value::Text(id.to_owned())]));
        }
        sql.push_str(" ORDER BY key LIMIT 1000");
        let mut connection = self.pool.acquire().await?;
        let mut told = Vec::new();
        for row in fetch(&mut connection, sql).await? {
            let (key, version): (Key, i64) = (row.try_get(0)?, row.try_get(2)?);
            let name: Option<String> = row.try_get(4)?;
            let happening = Happening {
                kind: "definition.deployed",
                time: row.try_get(3)?,
                instance: None,
                definition: Some(key),
                process_id: row.try_get(1)?,
                element_id: None,
                element: None,
                detail: vec![
                    ("version", Detail::Int(version)),
                    ("name", name.map_or(Detail::Null, Detail::Text)),
                ],
            };
            let lsn = definition_place(key);
            let position = Position { partition: crate::META, lsn };
            told.push(Told { position, happenings: vec![happening] });
        }
        Ok(told)
    }

    /// The place of the newest definition.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn last_deployed(&self) -> Result<u64> {
        let mut connection = self.pool.acquire().await?;
        let text = "SELECT COALESCE(max(key), 0) FROM process_definition";
        let rows = fetch(&mut connection, Sql::new(text)).await?;
        Ok(rows.first().map(|row| row.try_get(0)).transpose()?.map_or(0, definition_place))
    }

    /// Waits until more is in the tables than `known`.
    pub async fn changed(&self, known: &crate::Positions) {
        let mut positions = self.queue.positions.subscribe();
        // The sender lives as long as the queue, which `self` holds.
        let _ = positions.wait_for(|there| there != known).await;
    }

    /// Keys of all versions of a process.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn versions(&self, process_id: &str) -> Result<Vec<Key>> {
        let text =
            "SELECT key FROM process_definition WHERE process_id = ? ORDER BY key LIMIT 4096";
        let mut connection = self.pool.acquire().await?;
        let sql = Sql::with(text, [Value::Text(process_id.to_owned())]);
        fetch(&mut connection, sql).await?.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }
}

/// Definitions are numbered in their order.
fn definition_place(key: Key) -> u64 {
    u64::try_from(engine::key::counter_of(key) - engine::key::META_COUNTER).unwrap_or_default()
}

fn definition_key(place: u64) -> Key {
    let place = i64::try_from(place).unwrap_or(i64::MAX).min(engine::key::META_COUNTER);
    engine::key::key(1, engine::key::META_COUNTER.saturating_add(place))
}
