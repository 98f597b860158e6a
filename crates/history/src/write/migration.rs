//! A running instance goes on in another definition: what has not ended is told in its words, what
//! has ended stays as it was.

use engine::Key;
use engine::event::{Event, InstanceEvent, Migrated, Moved};
use sqlx::{Row, Sqlite, query_builder::QueryBuilder};

use super::tables::Writing;
use crate::batch::Step;
use crate::error::Result;
use crate::fold::totals::Totals;

/// A migration in a step, and the first key that what it opens has.
pub(super) struct Migration<'a> {
    instance: Key,
    migrated: &'a Migrated,
    opened: Key,
}

/// What a step migrates.
pub(super) fn of(step: &Step) -> impl Iterator<Item = Migration<'_>> {
    step.events.iter().enumerate().filter_map(|(at, event)| {
        let Event::Instance { instance, event: InstanceEvent::Migrated(migrated) } = event else {
            return None;
        };
        let opened = step.events[at..].iter().find_map(opened).unwrap_or(Key::MAX);
        Some(Migration { instance: *instance, migrated, opened })
    })
}

fn opened(event: &Event) -> Option<Key> {
    let Event::Instance { event, .. } = event else { return None };
    match event {
        InstanceEvent::TimerArmed { key, .. }
        | InstanceEvent::SubscriptionOpening { key, .. }
        | InstanceEvent::SignalAwaited { key, .. }
        | InstanceEvent::ConditionAwaited { key, .. } => Some(*key),
        _ => None,
    }
}

impl Writing<'_> {
    /// Renumbers what is active; the rows of the step stand in the tables.
    pub async fn migrated(&mut self, migration: &Migration<'_>) -> Result<()> {
        let Migration { instance, migrated, opened } = migration;
        let target = migrated.definition;
        let row = sqlx::query("SELECT definition FROM process_instance WHERE key = ?")
            .bind(instance)
            .fetch_optional(&mut *self.connection)
            .await?;
        let Some(row) = row else { return Ok(()) };
        let source: Key = row.try_get(0)?;
        self.shift(*instance, source, migrated).await?;
        self.flows_of(*instance, source, target).await?;
        for (table, number, open) in [
            ("element_instance", "element_no", "end_date IS NULL"),
            ("timer", "target_no", "ended IS NULL"),
            ("message_subscription", "element_no", "state = 0"),
            ("awaited", "target_no", "ended IS NULL"),
        ] {
            let mut sql = QueryBuilder::new(format!("UPDATE {table} SET {number} = "));
            renumbered(&mut sql, number, &migrated.elements);
            sql.push(" WHERE instance = ").push_bind(instance);
            sql.push(" AND key < ").push_bind(opened).push(" AND ").push(open);
            sql.build().execute(&mut *self.connection).await?;
        }
        for (table, which) in [
            ("process_instance", "key = ?"),
            ("element_instance", "instance = ? AND end_date IS NULL"),
            ("message_subscription", "instance = ? AND state = 0"),
            ("job", "instance = ? AND ended IS NULL"),
            ("incident", "instance = ? AND resolved IS NULL"),
        ] {
            let sql = format!("UPDATE {table} SET definition = ? WHERE {which}");
            let update = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(target).bind(instance);
            update.execute(&mut *self.connection).await?;
        }
        Ok(())
    }

    /// What is active counts for the target from here on.
    async fn shift(&mut self, instance: Key, source: Key, migrated: &Migrated) -> Result<()> {
        let mut totals = Totals::default();
        totals.instances.entry(source).or_default().active -= 1;
        totals.instances.entry(migrated.definition).or_default().active += 1;
        let rows = sqlx::query(
            "SELECT element_no, COUNT(*) FROM element_instance \
             WHERE instance = ? AND end_date IS NULL GROUP BY element_no",
        )
        .bind(instance)
        .fetch_all(&mut *self.connection)
        .await?;
        for row in rows {
            let (no, count): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
            let became = u32::try_from(no).map_or(no, |no| i64::from(migrated.element(no)));
            totals.elements.entry((source, no)).or_default().active -= count;
            totals.elements.entry((migrated.definition, became)).or_default().active += count;
        }
        self.totals(totals).await
    }

    /// Flows that were taken are told by the target's flow of the same id, where it has one.
    async fn flows_of(&mut self, instance: Key, source: Key, target: Key) -> Result<()> {
        let taken = sqlx::query(
            "SELECT flow_taken.flow_no, other.no, flow_taken.taken, flow_taken.last_time \
             FROM flow_taken \
             LEFT JOIN flow ON flow.definition = ? AND flow.no = flow_taken.flow_no \
             LEFT JOIN flow AS other ON other.definition = ? AND other.id = flow.id \
             WHERE flow_taken.instance = ?",
        );
        let rows = taken.bind(source).bind(target).bind(instance);
        let rows = rows.fetch_all(&mut *self.connection).await?;
        let gone = sqlx::query("DELETE FROM flow_taken WHERE instance = ?").bind(instance);
        gone.execute(&mut *self.connection).await?;
        let mut totals = Totals::default();
        for row in rows {
            let (no, times): (i64, i64) = (row.try_get(0)?, row.try_get(2)?);
            *totals.flows.entry((source, no)).or_default() -= times;
            let Some(other) = row.try_get::<Option<i64>, _>(1)? else { continue };
            *totals.flows.entry((target, other)).or_default() += times;
            let again = sqlx::query(
                "INSERT INTO flow_taken (instance, flow_no, taken, last_time) VALUES (?, ?, ?, ?)",
            );
            let again = again.bind(instance).bind(other).bind(times);
            again.bind(row.try_get::<i64, _>(3)?).execute(&mut *self.connection).await?;
        }
        self.totals(totals).await
    }
}

/// The number that a row's number became.
fn renumbered(sql: &mut QueryBuilder<Sqlite>, number: &str, moved: &[Moved]) {
    if moved.is_empty() {
        sql.push(number);
        return;
    }
    sql.push("CASE ").push(number);
    for Moved { from, to } in moved {
        sql.push(" WHEN ").push_bind(i64::from(*from)).push(" THEN ").push_bind(i64::from(*to));
    }
    sql.push(" ELSE ").push(number).push(" END");
}
