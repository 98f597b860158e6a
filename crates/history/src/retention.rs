//! Forgetting: by age, each process by its own.

use std::time::Duration;

use sqlx::sqlite::SqliteConnection;

use crate::error::Result;
use crate::fold::totals::MINUTE_MS;
use crate::limits::RETENTION_INSTANCES;

/// How long ended instances, and what belongs to none, are kept.
#[derive(Debug, Clone, Default)]
pub struct Retention {
    /// `None`: for ever.
    pub age: Option<Duration>,
    /// By process id; they win over `age`.
    pub processes: Vec<(String, Option<Duration>)>,
}

/// How long pulses are kept.
const PULSES_MS: i64 = 3_600_000;

/// Tables with a column of the instance.
const OF_INSTANCE: [&str; 13] = [
    "frame",
    "element_instance",
    "flow_taken",
    "variable",
    "job",
    "incident",
    "timer",
    "awaited",
    "decision_instance",
    "user_task",
    "message_subscription",
    "correlated_subscription",
    "audit",
];

/// Counters say what can be listed: what goes is counted no more.
const UNCOUNTED: [&str; 3] = [
    "UPDATE instance_total SET completed = instance_total.completed - g.completed, \
     terminated = instance_total.terminated - g.terminated FROM \
     (SELECT i.definition AS definition, sum(i.state = 1) AS completed, \
      sum(i.state = 2) AS terminated FROM gone JOIN process_instance i ON i.key = gone.key \
      GROUP BY 1) g WHERE instance_total.definition = g.definition",
    "UPDATE element_total SET completed = element_total.completed - g.completed, \
     terminated = element_total.terminated - g.terminated FROM \
     (SELECT e.definition AS definition, e.element_no AS no, sum(e.state = 1) AS completed, \
      sum(e.state = 2) AS terminated FROM gone JOIN element_instance e \
      ON e.instance = gone.key GROUP BY 1, 2) g \
     WHERE element_total.definition = g.definition AND element_total.element_no = g.no",
    "UPDATE flow_total SET taken = flow_total.taken - g.taken FROM \
     (SELECT i.definition AS definition, f.flow_no AS no, sum(f.taken) AS taken FROM gone \
      JOIN process_instance i ON i.key = gone.key JOIN flow_taken f ON f.instance = gone.key \
      GROUP BY 1, 2) g \
     WHERE flow_total.definition = g.definition AND flow_total.flow_no = g.no",
];

/// Removes up to [`RETENTION_INSTANCES`] instances that are old enough; returns how many.
pub(crate) async fn sweep(
    connection: &mut SqliteConnection,
    retention: &Retention,
    now: i64,
) -> Result<u64> {
    sqlx::query("DELETE FROM pulse_total WHERE time < ?")
        .bind(now.saturating_sub(PULSES_MS))
        .execute(&mut *connection)
        .await?;
    let mut removed = 0;
    let before = |age: Duration| now.saturating_sub(i64::try_from(age.as_millis()).unwrap_or(now));
    for (process_id, age) in &retention.processes {
        if let Some(age) = age {
            let text = "AND COALESCE(r.definition, i.definition) IN \
                        (SELECT key FROM process_definition WHERE process_id = ?)";
            removed += instances(connection, before(*age), text, &[process_id]).await?;
            let of = "definition IN (SELECT key FROM process_definition WHERE process_id = ?)";
            minutes(connection, before(*age), of, &[process_id]).await?;
        }
    }
    if let Some(age) = retention.age {
        let named: Vec<&String> = retention.processes.iter().map(|(id, _)| id).collect();
        let places = vec!["?"; named.len()].join(",");
        let text = format!(
            "AND COALESCE(r.definition, i.definition) NOT IN \
             (SELECT key FROM process_definition WHERE process_id IN ({places}))"
        );
        removed += instances(connection, before(age), &text, &named).await?;
        let of = format!(
            "definition NOT IN (SELECT key FROM process_definition WHERE process_id IN ({places}))"
        );
        minutes(connection, before(age), &of, &named).await?;
        loose(connection, before(age)).await?;
    }
    Ok(removed)
}

/// A child goes when its root has ended long enough ago, and by the rule of the root's process: a
/// hierarchy is forgotten as a whole. Children go first, so that each finds its root.
async fn instances(
    connection: &mut SqliteConnection,
    before: i64,
    of: &str,
    ids: &[&String],
) -> Result<u64> {
    for text in
        ["CREATE TEMP TABLE IF NOT EXISTS gone (key INTEGER PRIMARY KEY)", "DELETE FROM gone"]
    {
        sqlx::query(text).execute(&mut *connection).await?;
    }
    let text = format!(
        "INSERT INTO gone SELECT i.key FROM process_instance i \
         LEFT JOIN process_instance r ON r.key = i.root \
         WHERE i.end_date IS NOT NULL AND i.end_date < ? \
         AND (r.key IS NULL OR (r.end_date IS NOT NULL AND r.end_date < ?)) {of} \
         ORDER BY i.end_date, i.key = i.root LIMIT {RETENTION_INSTANCES}"
    );
    let mut query = sqlx::query(sqlx::AssertSqlSafe(text)).bind(before).bind(before);
    for id in ids {
        query = query.bind((*id).clone());
    }
    let found = query.execute(&mut *connection).await?.rows_affected();
    if found == 0 {
        return Ok(0);
    }
    for text in UNCOUNTED {
        sqlx::query(text).execute(&mut *connection).await?;
    }
    for table in OF_INSTANCE {
        let text = format!("DELETE FROM {table} WHERE instance IN (SELECT key FROM gone)");
        sqlx::query(sqlx::AssertSqlSafe(text)).execute(&mut *connection).await?;
    }
    let text = "DELETE FROM process_instance WHERE key IN (SELECT key FROM gone)";
    sqlx::query(text).execute(&mut *connection).await?;
    Ok(found)
}

/// What happened in minutes that are over as long as the instances that go.
async fn minutes(
    connection: &mut SqliteConnection,
    before: i64,
    of: &str,
    ids: &[&String],
) -> Result<()> {
    for table in ["minute_total", "duration_total"] {
        let text = format!("DELETE FROM {table} WHERE minute <= ? AND {of}");
        let mut query = sqlx::query(sqlx::AssertSqlSafe(text));
        query = query.bind(before.saturating_sub(MINUTE_MS));
        for id in ids {
            query = query.bind((*id).clone());
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// What belongs to no instance: messages that are gone, frames, lines of the audit log.
async fn loose(connection: &mut SqliteConnection, before: i64) -> Result<()> {
    for text in [
        "DELETE FROM message WHERE key IN (SELECT key FROM message \
         WHERE published < ?1 AND deadline < ?1 LIMIT 5000)",
        "DELETE FROM frame WHERE rowid IN (SELECT rowid FROM frame \
         WHERE instance = 0 AND last_time < ?1 LIMIT 5000)",
        "DELETE FROM audit WHERE key IN (SELECT key FROM audit WHERE time < ?1 \
         AND (instance IS NULL OR instance NOT IN (SELECT key FROM process_instance)) LIMIT 5000)",
        "DELETE FROM decision_instance WHERE id IN (SELECT id FROM decision_instance \
         WHERE instance IS NULL AND time < ?1 LIMIT 5000)",
    ] {
        sqlx::query(text).bind(before).execute(&mut *connection).await?;
    }
    let text = "DELETE FROM process_definition WHERE state = 2 AND deployed < ? AND NOT EXISTS \
        (SELECT 1 FROM process_instance i WHERE i.definition = process_definition.key)";
    sqlx::query(text).bind(before).execute(&mut *connection).await?;
    Ok(())
}
