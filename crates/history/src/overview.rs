//! The first page at one look: what goes through, what stands still and why.

use std::collections::BTreeMap;

use engine::Key;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::error::Result;
use crate::fold::totals::PULSE_MS;
use crate::limits::{OVERVIEW_PULSES, OVERVIEW_ROWS_MAX};
use crate::names::{self, INCIDENT_KINDS};
use crate::query::{Sql, Value};
use crate::reader::Reader;

/// All of it, read at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Overview {
    /// The last ten minutes in steps of ten seconds, the oldest first.
    pub pulses: Vec<Pulse>,
    pub active: i64,
    pub completed: i64,
    pub canceled: i64,
    /// Open ones.
    pub incidents: i64,
    pub groups: Vec<ErrorGroup>,
    pub job_types: Vec<Type>,
    /// Those that have waited longest, the oldest first.
    pub standing: Vec<Standing>,
}

/// Instances that came and went within ten seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulse {
    /// Its beginning, ms since 1970.
    pub time: i64,
    pub started: i64,
    pub completed: i64,
    pub canceled: i64,
}

/// An element of a version, as people know it. What has no element stands at its process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    pub definition: Key,
    pub process_id: String,
    /// The id where it has none.
    pub process_name: String,
    pub version: i64,
    pub element_id: String,
    /// The id where it has none.
    pub element_name: String,
}

/// Columns of a [`Spot`], of definition `d` and element `m`.
pub(crate) const SPOT: &str = "COALESCE(d.key, 0), COALESCE(d.process_id, ''), \
    COALESCE(d.name, d.process_id, ''), COALESCE(d.version, 0), \
    COALESCE(m.id, d.process_id, ''), COALESCE(m.name, m.id, d.name, d.process_id, '')";

/// What stands behind them; of what stands still, behind its instance and since when.
const BEHIND_SPOT: usize = 6;
const OF_STANDING: usize = BEHIND_SPOT + 2;

pub(crate) fn spot(row: &SqliteRow) -> Result<Spot> {
    Ok(Spot {
        definition: row.try_get(0)?,
        process_id: row.try_get(1)?,
        process_name: row.try_get(2)?,
        version: row.try_get(3)?,
        element_id: row.try_get(4)?,
        element_name: row.try_get(5)?,
    })
}

/// Open incidents of one cause at one element of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorGroup {
    /// Names the group as long as its cause is the same.
    pub fingerprint: String,
    pub kind: &'static str,
    pub message: String,
    pub count: i64,
    pub at: Spot,
    pub example: Key,
    /// Time of the newest.
    pub last: i64,
}

/// A job type with open jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Type {
    pub name: String,
    /// Jobs that a worker could have; one that is held back after a failure is not among them.
    pub waiting: i64,
    /// Jobs that a worker has.
    pub leased: i64,
    /// Since when the oldest is there.
    pub oldest: i64,
}

/// Something that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub instance: Key,
    pub at: Spot,
    pub since: i64,
    pub what: Stands,
}

/// What it waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stands {
    Job {
        job_type: String,
    },
    Message {
        name: String,
        correlation_key: String,
    },
    /// Due already, and not fired.
    Timer {
        due: i64,
    },
    /// A bug of ours struck.
    Quarantine {
        reason: String,
    },
}

impl Reader {
    /// Reads it. Messages count as standing still from `since` (ms) back; jobs when `attended`
    /// says that nobody asks for their type.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn overview(
        &self,
        now: i64,
        since: i64,
        attended: &(dyn Fn(&str) -> bool + Sync),
    ) -> Result<Overview> {
        let pulses = self.pulses(now).await?;
        let (active, completed, canceled) = self.instance_counts().await?;
        let job_types = self.job_types().await?;
        let idle: Vec<&Type> =
            job_types.iter().filter(|one| one.waiting > 0 && !attended(&one.name)).collect();
        let mut standing = self.quarantined().await?;
        standing.extend(self.unattended(&idle).await?);
        standing.extend(self.unheard(since).await?);
        standing.extend(self.overdue(now).await?);
        standing.sort_by_key(|one| one.since);
        standing.truncate(OVERVIEW_ROWS_MAX);
        Ok(Overview {
            pulses,
            active,
            completed,
            canceled,
            incidents: self.open_incidents().await?,
            groups: self.error_groups().await?,
            job_types,
            standing,
        })
    }

    async fn pulses(&self, now: i64) -> Result<Vec<Pulse>> {
        let last = now.div_euclid(PULSE_MS) * PULSE_MS;
        let first = last - (OVERVIEW_PULSES - 1) * PULSE_MS;
        let text = "SELECT time, started, completed, terminated FROM pulse_total \
                    WHERE time >= ? AND time <= ?";
        let row = |row: &SqliteRow| -> Result<Pulse> {
            let (time, started) = (row.try_get(0)?, row.try_get(1)?);
            Ok(Pulse { time, started, completed: row.try_get(2)?, canceled: row.try_get(3)? })
        };
        let found = self.list(Sql::with(text, [Value::Int(first), Value::Int(last)]), row).await?;
        let mut known: BTreeMap<i64, Pulse> =
            found.into_iter().map(|one| (one.time, one)).collect();
        let empty = |time| Pulse { time, started: 0, completed: 0, canceled: 0 };
        let times = (0..OVERVIEW_PULSES).map(|at| first + at * PULSE_MS);
        Ok(times.map(|time| known.remove(&time).unwrap_or_else(|| empty(time))).collect())
    }

    async fn instance_counts(&self) -> Result<(i64, i64, i64)> {
        // The counters have suspended ones among the active.
        let text = "SELECT COALESCE(sum(active), 0) - \
                    (SELECT count(*) FROM process_instance WHERE state = 3), \
                    COALESCE(sum(completed), 0), COALESCE(sum(terminated), 0) FROM instance_total";
        let row = |row: &SqliteRow| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
        Ok(self.list(Sql::new(text), row).await?.into_iter().next().unwrap_or_default())
    }

    async fn open_incidents(&self) -> Result<i64> {
        let text = "SELECT count(*) FROM incident WHERE resolved IS NULL";
        let found = self.list(Sql::new(text), |row| Ok(row.try_get(0)?)).await?;
        Ok(found.into_iter().next().unwrap_or_default())
    }

    async fn error_groups(&self) -> Result<Vec<ErrorGroup>> {
        let text = format!(
            "SELECT {SPOT}, g.hash, g.definition, g.no, g.kind, g.message, g.amount, g.example, \
             g.last FROM \
             (SELECT x.error_hash AS hash, x.definition AS definition, \
              COALESCE(e.element_no, -1) AS no, min(x.kind) AS kind, min(x.message) AS message, \
              count(*) AS amount, max(x.instance) AS example, max(x.created) AS last \
              FROM incident x LEFT JOIN element_instance e ON e.key = x.element \
              WHERE x.resolved IS NULL GROUP BY 1, 2, 3 ORDER BY amount DESC, last DESC \
              LIMIT {OVERVIEW_ROWS_MAX}) g \
             LEFT JOIN process_definition d ON d.key = g.definition \
             LEFT JOIN element m ON m.definition = g.definition AND m.no = g.no \
             ORDER BY g.amount DESC, g.last DESC"
        );
        let row = |row: &SqliteRow| -> Result<ErrorGroup> {
            let number = |at| row.try_get::<i64, _>(BEHIND_SPOT + at);
            let (hash, definition, no) = (number(0)?, number(1)?, number(2)?);
            Ok(ErrorGroup {
                fingerprint: format!("{hash}-{definition}-{no}"),
                kind: names::name(INCIDENT_KINDS, number(3)?),
                message: row.try_get(BEHIND_SPOT + 4)?,
                count: number(5)?,
                example: number(6)?,
                last: number(7)?,
                at: spot(row)?,
            })
        };
        self.list(Sql::new(text), row).await
    }

    async fn job_types(&self) -> Result<Vec<Type>> {
        let text = format!(
            "SELECT type, sum(CASE WHEN deadline IS NULL AND retries > 0 \
             AND available IS NULL THEN 1 ELSE 0 END), \
             sum(CASE WHEN deadline IS NOT NULL THEN 1 ELSE 0 END), min(created) FROM job \
             WHERE ended IS NULL GROUP BY type ORDER BY 2 DESC, type LIMIT {OVERVIEW_ROWS_MAX}"
        );
        let row = |row: &SqliteRow| -> Result<Type> {
            let (name, waiting) = (row.try_get(0)?, row.try_get(1)?);
            Ok(Type { name, waiting, leased: row.try_get(2)?, oldest: row.try_get(3)? })
        };
        self.list(Sql::new(text), row).await
    }

    /// The oldest jobs of types that nobody asks for.
    async fn unattended(&self, types: &[&Type]) -> Result<Vec<Standing>> {
        if types.is_empty() {
            return Ok(Vec::new());
        }
        let places = vec!["?"; types.len()].join(",");
        let text = format!(
            "SELECT {SPOT}, j.instance, j.created, j.type {STANDING_JOBS} WHERE j.key IN \
             (SELECT key FROM job WHERE ended IS NULL AND deadline IS NULL AND retries > 0 \
             AND available IS NULL AND type IN ({places}) \
             ORDER BY created LIMIT {OVERVIEW_ROWS_MAX})"
        );
        let values = types.iter().map(|one| Value::Text(one.name.clone()));
        let what = |row: &SqliteRow| Ok(Stands::Job { job_type: row.try_get(OF_STANDING)? });
        self.standing(Sql::with(text, values), what).await
    }

    async fn unheard(&self, since: i64) -> Result<Vec<Standing>> {
        let text = format!(
            "SELECT {SPOT}, s.instance, s.opened, s.name, s.correlation_key \
             FROM (SELECT * FROM message_subscription WHERE state = 0 AND kind = 0 \
             AND opened <= ? ORDER BY opened LIMIT {OVERVIEW_ROWS_MAX}) s \
             LEFT JOIN process_definition d ON d.key = s.definition \
             LEFT JOIN element m ON m.definition = s.definition AND m.no = s.element_no"
        );
        let what = |row: &SqliteRow| -> Result<Stands> {
            let key: Option<String> = row.try_get(OF_STANDING + 1)?;
            let correlation_key = key.unwrap_or_default();
            Ok(Stands::Message { name: row.try_get(OF_STANDING)?, correlation_key })
        };
        self.standing(Sql::with(text, [Value::Int(since)]), what).await
    }

    async fn overdue(&self, now: i64) -> Result<Vec<Standing>> {
        let text = format!(
            "SELECT {SPOT}, t.instance, t.armed, t.due \
             FROM (SELECT * FROM timer WHERE ended IS NULL AND due < ? \
             ORDER BY due LIMIT {OVERVIEW_ROWS_MAX}) t \
             LEFT JOIN process_instance i ON i.key = t.instance \
             LEFT JOIN process_definition d ON d.key = i.definition \
             LEFT JOIN element m ON m.definition = i.definition AND m.no = t.target_no \
             WHERE i.state = 0"
        );
        let what = |row: &SqliteRow| Ok(Stands::Timer { due: row.try_get(OF_STANDING)? });
        self.standing(Sql::with(text, [Value::Int(now - OVERDUE_MS)]), what).await
    }

    async fn quarantined(&self) -> Result<Vec<Standing>> {
        let text = format!(
            "SELECT {SPOT}, i.key, i.start_date, i.quarantine \
             FROM process_instance i LEFT JOIN process_definition d ON d.key = i.definition \
             LEFT JOIN element m ON m.definition IS NULL \
             WHERE i.quarantine IS NOT NULL LIMIT {OVERVIEW_ROWS_MAX}"
        );
        let what = |row: &SqliteRow| Ok(Stands::Quarantine { reason: row.try_get(OF_STANDING)? });
        self.standing(Sql::new(text), what).await
    }

    async fn standing(
        &self,
        sql: Sql,
        what: impl Fn(&SqliteRow) -> Result<Stands>,
    ) -> Result<Vec<Standing>> {
        let row = |row: &SqliteRow| -> Result<Standing> {
            Ok(Standing {
                at: spot(row)?,
                instance: row.try_get(BEHIND_SPOT)?,
                since: row.try_get(BEHIND_SPOT + 1)?,
                what: what(row)?,
            })
        };
        self.list(sql, row).await
    }
}

/// A timer that is late by this much stands still.
const OVERDUE_MS: i64 = 5_000;

const STANDING_JOBS: &str = "FROM job j \
    LEFT JOIN element_instance e ON e.key = j.element \
    LEFT JOIN element m ON m.definition = e.definition AND m.no = e.element_no \
    LEFT JOIN process_definition d ON d.key = j.definition";
