//! Lines of the audit log, with what only the tables know: what elements are called, and whom a
//! message reached.

use engine::Key;
use sqlx::sqlite::SqliteConnection;
use sqlx::{QueryBuilder, Row};

use super::sql;
use super::tables::Writing;
use crate::error::Result;
use crate::fold::rows::{AuditRow, CorrelatedRow, Modified};
use crate::limits::MODIFIED_ELEMENTS_MAX;
use crate::names::{DEPLOYED_RESOURCES, USER_TASKS, entity};

impl Writing<'_> {
    pub async fn audit(&mut self, mut rows: Vec<AuditRow>) -> Result<()> {
        for row in &mut rows {
            if let Some(modified) = row.modified.take() {
                let definition = row.definition.unwrap_or_default();
                row.description = Some(told(self.connection, definition, &modified).await?);
            }
        }
        let messages = rows.iter().filter(|row| row.entity == entity::MESSAGE);
        let messages: Vec<Key> = messages.map(|row| row.entity_key).collect();
        let Writing { connection, statements, partition } = self;
        let partition = i64::from(*partition);
        statements
            .write(connection, sql::AUDIT, rows.into_iter(), |row, to| {
                to.int(row.key).int(row.time).int(row.operation).int(row.entity);
                let of_tasks = row.entity == entity::USER_TASK;
                to.int(if of_tasks { USER_TASKS } else { DEPLOYED_RESOURCES });
                to.int(row.entity_key).maybe(row.instance);
                to.maybe(row.definition).maybe(row.element).maybe(row.job);
                to.maybe(row.deployment).maybe_text(&row.actor).int(row.actor_type);
                to.maybe_string(row.description).maybe_text(&row.tenant);
                to.maybe_text(&row.comment).int(partition);
                to.int(i64::try_from(row.lsn).unwrap_or(i64::MAX));
            })
            .await?;
        linked(connection, &messages).await
    }

    /// Messages that instances took: the line of each tells of the first. Instances and messages
    /// may be of two partitions, whose rows come in any order, so both look for the other.
    pub async fn reached(&mut self, rows: &[CorrelatedRow]) -> Result<()> {
        let messages: Vec<Key> = rows.iter().map(|row| row.message).collect();
        linked(self.connection, &messages).await
    }
}

async fn linked(connection: &mut SqliteConnection, messages: &[Key]) -> Result<()> {
    for some in messages.chunks(MESSAGES_AT_ONCE) {
        let mut sql = QueryBuilder::new(format!(
            "UPDATE audit SET instance = c.instance, definition = c.definition, element = c.host \
             FROM correlated_subscription c WHERE audit.entity = {} AND audit.instance IS NULL \
             AND c.message = audit.entity_key AND audit.entity_key IN (",
            entity::MESSAGE
        ));
        let mut list = sql.separated(", ");
        for message in some {
            list.push_bind(*message);
        }
        sql.push(")");
        sql.build().persistent(false).execute(&mut *connection).await?;
    }
    Ok(())
}

const MESSAGES_AT_ONCE: usize = 500;

/// `added: pack; canceled: check`, by the ids of the elements.
async fn told(
    connection: &mut SqliteConnection,
    definition: Key,
    modified: &Modified,
) -> Result<String> {
    let mut parts = Vec::new();
    for (word, keys, from) in [
        ("added", &modified.begun, "element m WHERE m.definition = ? AND m.no IN ("),
        (
            "canceled",
            &modified.ended,
            "element_instance e JOIN element m ON m.definition = e.definition \
             AND m.no = e.element_no WHERE ? IS NOT NULL AND e.key IN (",
        ),
    ] {
        if keys.is_empty() {
            continue;
        }
        let (head, tail) = from.split_once('?').unwrap_or((from, ""));
        let mut sql = QueryBuilder::new(format!("SELECT m.id FROM {head}"));
        sql.push_bind(definition).push(tail);
        let mut list = sql.separated(", ");
        for key in keys.iter().take(MODIFIED_ELEMENTS_MAX) {
            list.push_bind(*key);
        }
        sql.push(") ORDER BY m.no");
        let rows = sql.build().persistent(false).fetch_all(&mut *connection).await?;
        let mut ids = Vec::with_capacity(rows.len());
        for row in rows {
            ids.push(row.try_get::<String, _>(0)?);
        }
        let more = keys.len().saturating_sub(MODIFIED_ELEMENTS_MAX);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        parts.push(format!("{word}: {}{more}", ids.join(", ")));
    }
    Ok(parts.join("; "))
}
