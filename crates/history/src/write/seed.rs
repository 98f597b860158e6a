//! Told again: a partition whose journal begins behind what history has.
//!
//! What counted as open before is ended at the time of the gap, and what is told again is opened
//! again, in the same rows. The position moves when all of it is written, so a crash on the way
//! begins from the start.

use engine::Cause;
use engine::event::Event;
use engine::key::key;
use sqlx::AssertSqlSafe;

use super::queue::Gap;
use super::tables::Writing;
use crate::batch::{Seed, SeedPart, Step};
use crate::error::Result;
use crate::fold::totals::Totals;
use crate::fold::{Fold, Known};

/// Open rows, and how each of them ends when nobody tells of it again.
const OPEN: [(&str, &str); 8] = [
    ("process_instance", "state = 2, end_date = ?3, incidents = 0 WHERE end_date IS NULL"),
    ("element_instance", "state = 2, end_date = ?3, incident = NULL WHERE end_date IS NULL"),
    ("job", "state = 4, ended = ?3, deadline = NULL WHERE ended IS NULL"),
    ("incident", "state = 1, resolved = ?3 WHERE resolved IS NULL"),
    ("timer", "state = 2, ended = ?3 WHERE ended IS NULL"),
    ("user_task", "state = 7, ended = ?3 WHERE ended IS NULL"),
    ("awaited", "ended = ?3 WHERE ended IS NULL"),
    ("message_subscription", "state = 2, updated = ?3 WHERE state = 0 AND kind = 0"),
];

/// A sentence in the audit log for those that stay ended.
const UNKNOWN_END: &str = "ended while history was not written: whether it was completed or \
    canceled is not known";

impl Writing<'_> {
    /// `true` when it was the last part.
    pub async fn seed(&mut self, seed: &Seed, known: &mut Known) -> Result<bool> {
        self.partition = seed.gap.partition;
        match &seed.part {
            SeedPart::Begin => self.close_open(&seed.gap).await?,
            SeedPart::Told(events) => self.open_again(&seed.gap, events, known).await?,
            SeedPart::End => self.count_again(&seed.gap).await?,
        }
        Ok(matches!(seed.part, SeedPart::End))
    }

    async fn close_open(&mut self, gap: &Gap) -> Result<()> {
        let (first, last) = (key(gap.partition, 0), key(gap.partition + 1, 0));
        for (table, change) in OPEN {
            let text = format!("UPDATE {table} SET {change} AND key >= ?1 AND key < ?2");
            let query = sqlx::query(AssertSqlSafe(text)).bind(first).bind(last).bind(gap.time);
            query.execute(&mut *self.connection).await?;
        }
        // Of an attempt that a crash ended.
        let text = "DELETE FROM frame WHERE partition = ? AND last_lsn >= ?";
        let from = i64::try_from(gap.first_lsn).unwrap_or(i64::MAX);
        let query = sqlx::query(text).bind(i64::from(gap.partition)).bind(from);
        query.execute(&mut *self.connection).await?;
        Ok(())
    }

    async fn open_again(&mut self, gap: &Gap, events: &[Event], known: &mut Known) -> Result<()> {
        let (lsn, time, cause) = (gap.last_lsn, gap.time, Cause::default());
        let mut fold = Fold::new(known);
        fold.step(gap.partition, &Step { lsn, time, cause, events: events.to_vec() });
        let mut changes = fold.finish();
        // They began some time before; only that their rows are there is of use.
        let Totals { elements, instances, .. } = std::mem::take(&mut changes.totals);
        changes.totals = Totals { elements, instances, ..Totals::default() };
        self.changes(changes).await
    }

    async fn count_again(&mut self, gap: &Gap) -> Result<()> {
        for text in [
            "UPDATE element_total SET active = (SELECT count(*) FROM element_instance e \
             WHERE e.definition = element_total.definition \
             AND e.element_no = element_total.element_no AND e.state = 0)",
            "UPDATE instance_total SET active = (SELECT count(*) FROM process_instance i \
             WHERE i.definition = instance_total.definition AND i.state = 0)",
        ] {
            sqlx::query(text).execute(&mut *self.connection).await?;
        }
        let text = "INSERT INTO audit (key, time, operation, entity, category, entity_key, \
            instance, definition, actor_type, description, partition, lsn) \
            SELECT key, end_date, 0, 7, 1, key, key, definition, 0, ?4, ?5, 0 \
            FROM process_instance WHERE key >= ?1 AND key < ?2 AND end_date = ?3 AND state = 2 \
            ON CONFLICT DO NOTHING";
        let (first, last) = (key(gap.partition, 0), key(gap.partition + 1, 0));
        let query = sqlx::query(text).bind(first).bind(last).bind(gap.time).bind(UNKNOWN_END);
        query.bind(i64::from(gap.partition)).execute(&mut *self.connection).await?;
        Ok(())
    }
}
