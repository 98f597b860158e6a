//! Searches over the tables, and waiting for what a client was told.

use std::sync::Arc;
use std::time::Duration;

use engine::Key;
use sqlx::sqlite::{SqlitePool, SqliteRow};
use sqlx::{AssertSqlSafe, Row};

use crate::error::{Error, Result};
use crate::limits::{FOUND_ROWS_MAX, LIST_ROWS_MAX, SCOPE_DEPTH_MAX};
use crate::query::{Entity, Filter, Page, Paging, Query, Record, Test, Value};
use crate::write::{Gap, Positions, Queue};

/// Answers searches. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Reader {
    pub(crate) pool: SqlitePool,
    pub(crate) queue: Arc<Queue>,
}

/// How far the tables are behind what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behind {
    No,
    /// Steps that are missing yet, and how long the oldest of them has waited.
    Yes {
        steps: u64,
        lag: Duration,
    },
}

impl Reader {
    pub(crate) fn new(pool: SqlitePool, queue: Arc<Queue>) -> Reader {
        Reader { pool, queue }
    }

    /// Waits until the tables hold these positions: a client reads its own writes. A batch that is
    /// being gathered is closed at once. Past `timeout` the answer says how far behind they are.
    pub async fn wait_for(&self, wanted: &Positions, timeout: Duration) -> Behind {
        let mut positions = self.queue.positions.subscribe();
        let reached = |there: &Positions| missing(wanted, there) == 0;
        if reached(&positions.borrow_and_update()) {
            return Behind::No;
        }
        let hurry = Hurry::new(&self.queue);
        let waited = tokio::time::timeout(timeout, positions.wait_for(reached)).await;
        drop(hurry);
        match waited {
            Ok(Ok(_)) => Behind::No,
            Ok(Err(_)) | Err(_) => {
                let steps = missing(wanted, &self.queue.positions.borrow());
                Behind::Yes { steps, lag: self.queue.lag() }
            }
        }
    }

    pub(crate) async fn close(self) {
        self.pool.close().await;
    }

    /// The time of the newest step in the tables, ms since 1970: the engine's clock is not behind
    /// it.
    pub fn latest(&self) -> i64 {
        self.queue.latest()
    }

    /// Up to where each journal is in the tables.
    pub fn positions(&self) -> Positions {
        self.queue.positions.borrow().clone()
    }

    /// A page of a list.
    ///
    /// # Errors
    /// [`Error::is_query`] when the request is at fault.
    pub async fn search(&self, entity: &Entity, query: &Query) -> Result<Page> {
        let mut transaction = self.pool.begin().await?;
        query.run(&mut transaction, entity).await
    }

    /// What was left out because the queue was full.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn gaps(&self) -> Result<Vec<Gap>> {
        let text = "SELECT partition, first_lsn, last_lsn, time FROM gap ORDER BY time LIMIT 1000";
        let rows = sqlx::query(text).fetch_all(&self.pool).await?;
        let number = |row: &SqliteRow, at| -> Result<i64> { Ok(row.try_get(at)?) };
        let gap = |row: &SqliteRow| {
            Ok(Gap {
                partition: number(row, 0)?.try_into().unwrap_or_default(),
                first_lsn: number(row, 1)?.try_into().unwrap_or_default(),
                last_lsn: number(row, 2)?.try_into().unwrap_or_default(),
                time: number(row, 3)?,
            })
        };
        rows.iter().map(gap).collect()
    }

    /// The scopes around an element instance, itself first, its instance last.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn scopes(&self, element: Key) -> Result<Vec<Key>> {
        let text = "WITH RECURSIVE line(key, depth) AS (SELECT ?, 0 UNION ALL \
            SELECT e.scope, depth + 1 FROM line JOIN element_instance e ON e.key = line.key \
            WHERE depth < ?) SELECT key FROM line ORDER BY depth";
        let rows = sqlx::query(text).bind(element).bind(SCOPE_DEPTH_MAX).fetch_all(&self.pool);
        rows.await?.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    /// Variables of these scopes that one of the same name in an earlier scope hides.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn hidden(&self, instance: Key, scopes: &[Key]) -> Result<Vec<Key>> {
        let text = format!(
            "SELECT name, scope, key FROM variable WHERE instance = ? LIMIT {LIST_ROWS_MAX}"
        );
        let rows = sqlx::query(AssertSqlSafe(text)).bind(instance).fetch_all(&self.pool).await?;
        let mut seen = Vec::with_capacity(rows.len());
        for row in &rows {
            let scope: Key = row.try_get(1)?;
            let Some(depth) = scopes.iter().position(|known| *known == scope) else { continue };
            seen.push((row.try_get::<String, _>(0)?, depth, row.try_get::<Key, _>(2)?));
        }
        seen.sort_unstable();
        let hides = |pair: &[(String, usize, Key)]| (pair[0].0 == pair[1].0).then_some(pair[1].2);
        Ok(seen.windows(2).filter_map(hides).collect())
    }

    /// Keys of rows with this text in that name, however its letters are written: whole ones first,
    /// then those that begin with it, the newest first. Letters beyond ASCII are compared as they
    /// are.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn with_name(&self, name: GivenName, text: &str, most: usize) -> Result<Vec<Key>> {
        let wanted = text.to_ascii_lowercase();
        let (table, column) = match name {
            GivenName::BusinessId => ("process_instance", "business_id"),
            GivenName::CorrelationKey => ("message_subscription", "correlation_key"),
        };
        // The index holds all that is read here.
        let found = format!(
            "SELECT key, instr(lower({column}), ?) AS place, length({column}) AS length \
             FROM {table} WHERE {column} IS NOT NULL AND place > 0 LIMIT {FOUND_ROWS_MAX}"
        );
        let rows = sqlx::query(AssertSqlSafe(found)).bind(&wanted).fetch_all(&self.pool).await?;
        let length = wanted.chars().count() as i64;
        let rank = |row: &SqliteRow| -> Result<(i64, i64)> {
            let (key, place, own): (Key, i64, i64) =
                (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            let far = if own == length { 0 } else { place.min(2) };
            Ok((far, -engine::key::counter_of(key)))
        };
        let mut ranked = Vec::with_capacity(rows.len());
        for row in &rows {
            ranked.push((rank(row)?, row.try_get::<Key, _>(0)?));
        }
        ranked.sort_unstable();
        Ok(ranked.into_iter().take(most).map(|(_, key)| key).collect())
    }

    /// One row of a list by its key.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn get(&self, entity: &Entity, key: i64) -> Result<Option<Record>> {
        let field = entity
            .fields
            .iter()
            .find(|field| field.sql == entity.key)
            .ok_or_else(|| Error::store(format!("{} have no key", entity.name)))?;
        let test = Test::Eq(Value::Int(key));
        let filter = Filter::Is(crate::query::Condition { field, test });
        let page = Paging::From { from: 0, limit: 1 };
        let query = Query { filter: Filter::All(vec![filter]), page, ..Query::default() };
        Ok(self.search(entity, &query).await?.items.into_iter().next())
    }
}

/// A name that people gave, and search by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum GivenName {
    /// Of a process instance.
    BusinessId,
    /// Of a message subscription.
    CorrelationKey,
}

/// Steps that are missing. Positions may have holes; then it is an upper bound.
fn missing(wanted: &Positions, there: &Positions) -> u64 {
    let one = |(partition, lsn): (&u16, &u64)| {
        lsn.saturating_sub(there.get(partition).copied().unwrap_or_default())
    };
    wanted.iter().map(one).sum()
}

/// Hurries the writer for as long as it lives, whatever becomes of the waiting.
struct Hurry<'a>(&'a Queue);

impl<'a> Hurry<'a> {
    fn new(queue: &'a Queue) -> Hurry<'a> {
        queue.hurry(1);
        Hurry(queue)
    }
}

impl Drop for Hurry<'_> {
    fn drop(&mut self) {
        self.0.hurry(-1);
    }
}
