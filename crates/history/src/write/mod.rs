//! The writer: a thread of its own that takes what exporters handed over, folds it and writes it,
//! one transaction a batch, with the positions that make it exactly once.
//!
//! ```text
//!   export ─► queue ─► fold ─► many rows a statement ─► COMMIT ─► positions ─► waiting searches
//!                └ bytes, lag ─► pressure on intake
//! ```

mod audit;
mod decisions;
mod migration;
mod queue;
mod seed;
mod sql;
mod statement;
mod tables;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Row};
use tokio::time::Instant;

use crate::batch::{Batch, Item, META, MetaStep};
use crate::error::Result;
use crate::fold::rows::AuditRow;
use crate::fold::{self, Fold, Known};
use crate::limits::{BATCH_DELAY, BATCH_EVENTS_MAX, KNOWN_INSTANCES_MAX};
use crate::names::{entity, operation};
use crate::retention;
use engine::{PartitionId, meta};
pub use queue::{Gap, OnCap, Positions, Pressure};
pub(crate) use queue::{Queue, Sweep, Taken};
use statement::Statements;
use tables::Writing;

/// Longest pause after a failed transaction.
const RETRY_MAX: Duration = Duration::from_secs(5);

pub(crate) struct Writer {
    pub connection: SqliteConnection,
    pub queue: Arc<Queue>,
    pub statements: Statements,
    pub known: Known,
}

impl Writer {
    pub fn new(connection: SqliteConnection, queue: Arc<Queue>) -> Writer {
        Writer { connection, queue, statements: Statements::default(), known: Known::new() }
    }

    /// Writes until the queue is closed and empty.
    pub async fn run(mut self) {
        loop {
            if self.queue.is_empty() {
                if self.queue.is_closed() {
                    break;
                }
                self.queue.news.notified().await;
                continue;
            }
            while let Some(sweep) = self.queue.next_sweep() {
                let swept = self.sweep(&sweep).await;
                // Whoever asked may have gone.
                let _ = sweep.done.send(swept);
            }
            if self.queue.is_empty() {
                continue;
            }
            self.fill().await;
            let taken = self.queue.take(BATCH_EVENTS_MAX);
            if !self.write_until_written(&taken).await {
                break;
            }
        }
        if let Err(error) = self.connection.close().await {
            tracing::warn!(%error, "history was not closed cleanly");
        }
    }

    /// Waits for a fuller batch, unless a reader or the end cannot.
    async fn fill(&self) {
        let until = Instant::now() + BATCH_DELAY;
        while !self.queue.hurried() && self.queue.events() < BATCH_EVENTS_MAX {
            if tokio::time::timeout_at(until, self.queue.news.notified()).await.is_err() {
                break;
            }
        }
    }

    /// Nothing is dropped: what cannot be written (a full disk) is tried again, while the queue
    /// fills and the policy of its cap holds. `false`: the end came first.
    async fn write_until_written(&mut self, taken: &Taken) -> bool {
        let mut pause = Duration::from_millis(50);
        loop {
            match self.write(taken).await {
                Ok(positions) => {
                    self.queue.done(taken.bytes, positions);
                    return true;
                }
                Err(error) => {
                    tracing::error!(%error, "history could not be written; it is tried again");
                    self.queue.failed(error.to_string());
                    self.known.clear();
                }
            }
            if self.queue.is_closed() {
                return false;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(RETRY_MAX);
        }
    }

    async fn sweep(&mut self, sweep: &Sweep) -> Result<u64> {
        let mut transaction = self.connection.begin().await?;
        let removed = retention::sweep(&mut transaction, &sweep.retention, sweep.now).await?;
        transaction.commit().await?;
        Ok(removed)
    }

    async fn write(&mut self, taken: &Taken) -> Result<Positions> {
        if self.known.len() > KNOWN_INSTANCES_MAX {
            self.known.clear();
        }
        let mut transaction = self.connection.begin().await?;
        let mut positions = positions(&mut transaction).await?;
        let mut writing = Writing {
            connection: &mut transaction,
            statements: &mut self.statements,
            partition: META,
        };
        let mut times = BTreeMap::new();
        for item in &taken.items {
            if let Item::Meta(steps) = item {
                deployments(&mut writing, steps, &mut positions, &mut times).await?;
            }
        }
        let mut gaps = taken.gaps.clone();
        for item in &taken.items {
            if let Item::Seed(seed) = item
                && writing.seed(seed, &mut self.known).await?
            {
                gaps.push(seed.gap);
            }
        }
        let mut partitions: BTreeMap<PartitionId, Vec<&Batch>> = BTreeMap::new();
        for item in &taken.items {
            if let Item::Steps(batch) = item {
                partitions.entry(batch.partition).or_default().push(batch);
            }
        }
        for (partition, batches) in partitions {
            writing.partition = partition;
            let done = positions.entry(partition).or_default();
            let time = steps(&mut writing, &mut self.known, &batches, done).await?;
            if time > 0 {
                times.insert(partition, time);
            }
        }
        for gap in &gaps {
            let done = positions.entry(gap.partition).or_default();
            *done = gap.last_lsn.max(*done);
            times.insert(gap.partition, gap.time);
        }
        writing.positions(&positions, &times, &gaps).await?;
        transaction.commit().await?;
        times.values().for_each(|time| self.queue.reached(*time));
        Ok(positions)
    }
}

/// Folds and writes the steps of one partition that are not in the tables yet. Returns the time of
/// the last one.
async fn steps(
    writing: &mut Writing<'_>,
    known: &mut Known,
    batches: &[&Batch],
    done: &mut u64,
) -> Result<i64> {
    let mut time = 0;
    let mut strangers: Vec<i64> = Vec::new();
    for batch in batches {
        strangers.extend(fold::strangers(batch, known));
    }
    strangers.sort_unstable();
    strangers.dedup();
    writing.learn(&strangers, known).await?;
    let mut fold = Fold::new(known);
    for batch in batches {
        for step in batch.steps.iter().filter(|step| step.lsn > *done) {
            fold.step(batch.partition, step);
            time = step.time;
            // A migration changes rows that earlier steps wrote: they must stand there.
            let mut migrations = migration::of(step).peekable();
            if migrations.peek().is_some() {
                writing.changes(fold.finish()).await?;
                for migration in migrations {
                    writing.migrated(&migration).await?;
                }
                fold = Fold::new(known);
            }
        }
        *done = batch.steps.last().map_or(*done, |step| step.lsn.max(*done));
    }
    let changes = fold.finish();
    writing.changes(changes).await?;
    Ok(time)
}

/// Writes what was deployed and deleted.
async fn deployments(
    writing: &mut Writing<'_>,
    steps: &[MetaStep],
    positions: &mut Positions,
    times: &mut BTreeMap<PartitionId, i64>,
) -> Result<()> {
    let done = positions.entry(META).or_default();
    for step in steps {
        if step.lsn <= *done {
            continue;
        }
        let mut audit = Vec::new();
        for event in &step.events {
            match event {
                meta::Event::ProcessDeployed(deployed) => {
                    writing.definition(fold::definition(deployed), step.time).await?;
                }
                meta::Event::ProcessDeleted { definition } => {
                    writing.deleted(*definition).await?;
                    audit.push(line(step, operation::DELETE, *definition));
                }
                meta::Event::Deployed { key, tenant } => {
                    let row = line(step, operation::CREATE, *key);
                    let (deployment, tenant) = (Some(*key), Some(tenant.clone()));
                    audit.push(AuditRow { deployment, tenant, ..row });
                }
                meta::Event::RequirementsDeployed(deployed) => {
                    writing.requirements(deployed, step.time).await?;
                }
                meta::Event::RequirementsDeleted { requirements } => {
                    writing.requirements_deleted(*requirements).await?;
                    audit.push(line(step, operation::DELETE, *requirements));
                }
                meta::Event::FileDeleted { file } => {
                    audit.push(line(step, operation::DELETE, *file));
                }
                meta::Event::FileDeployed(_)
                | meta::Event::EpochStarted { .. }
                | meta::Event::SlotsAssigned { .. } => {}
            }
        }
        if fold::asked(&step.cause) {
            let number = |(at, row): (usize, AuditRow)| {
                let key = (i64::try_from(step.lsn).unwrap_or(i64::MAX) << 12) | (at as i64 & 0xFFF);
                AuditRow { key: engine::key::key(META, key), ..row }
            };
            writing.audit(audit.into_iter().enumerate().map(number).collect()).await?;
        }
        *done = step.lsn;
        times.insert(META, step.time);
    }
    Ok(())
}

fn line(step: &MetaStep, operation: i64, entity_key: i64) -> AuditRow {
    let (actor, actor_type) = fold::who(&step.cause);
    AuditRow {
        time: step.time,
        operation,
        entity: entity::RESOURCE,
        entity_key,
        actor,
        actor_type,
        comment: step.cause.comment.clone(),
        lsn: step.lsn,
        ..AuditRow::default()
    }
}

impl Writing<'_> {
    /// Learns which definition instances follow.
    async fn learn(&mut self, strangers: &[i64], known: &mut Known) -> Result<()> {
        let Writing { connection, statements, .. } = self;
        let rows = statements
            .write(connection, sql::DEFINITIONS_OF, strangers.iter(), |key, to| {
                to.int(*key);
            })
            .await?;
        for row in rows {
            known.insert(row.try_get(0)?, row.try_get(1)?);
        }
        Ok(())
    }

    async fn deleted(&mut self, definition: i64) -> Result<()> {
        for text in [
            "UPDATE process_definition SET state = 2 WHERE key = ?",
            "UPDATE message_subscription SET state = 2 WHERE definition = ? AND kind = 1",
        ] {
            sqlx::query(text).bind(definition).execute(&mut *self.connection).await?;
        }
        Ok(())
    }

    async fn positions(
        &mut self,
        positions: &Positions,
        times: &BTreeMap<PartitionId, i64>,
        gaps: &[Gap],
    ) -> Result<()> {
        let Writing { connection, statements, .. } = self;
        let lsn = |lsn: u64| i64::try_from(lsn).unwrap_or(i64::MAX);
        let rows: Vec<_> =
            times.iter().filter_map(|(p, t)| Some((p, t, positions.get(p)?))).collect();
        statements
            .write(connection, sql::POSITIONS, rows.into_iter(), |(partition, time, at), to| {
                to.int(i64::from(*partition)).int(lsn(*at)).int(*time);
            })
            .await?;
        statements
            .write(connection, sql::GAPS, gaps.iter(), |gap, to| {
                to.int(i64::from(gap.partition)).int(lsn(gap.first_lsn)).int(lsn(gap.last_lsn));
                to.int(gap.time);
            })
            .await?;
        Ok(())
    }
}

/// Positions as they stand in the tables.
pub(crate) async fn positions(connection: &mut SqliteConnection) -> Result<Positions> {
    let rows = sqlx::query("SELECT partition, lsn FROM position").fetch_all(connection).await?;
    let mut positions = Positions::new();
    for row in rows {
        let (partition, lsn): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        let partition = PartitionId::try_from(partition).unwrap_or_default();
        positions.insert(partition, u64::try_from(lsn).unwrap_or_default());
    }
    Ok(positions)
}
