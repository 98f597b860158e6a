//! Why is it not moving? Why this path? What an instance waits for, the decisions that led there,
//! what failed: as data, and as sentences.

mod decided;
mod joins;
mod trail;

use std::collections::{BTreeMap, BTreeSet};

use engine::Key;
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use crate::entity::WAIT_STATE;
use crate::error::Result;
use crate::limits::NEAR_MISSES_MAX;
use crate::names::{self, INCIDENT_KINDS, INSTANCE_STATES};
use crate::query::{Condition, Filter, Query, Record, Sql, Test, Value, fetch};
use crate::reader::Reader;

pub use decided::Decided;

/// All that can be said about an instance.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    pub instance: Key,
    pub process_id: String,
    pub state: &'static str,
    /// A bug of ours struck: what it was.
    pub quarantine: Option<String>,
    pub waits: Vec<Wait>,
    pub path: Vec<Choice>,
    /// Decisions that its business rule tasks asked for, in their order.
    pub decisions: Vec<Decided>,
    pub failures: Vec<Failure>,
}

/// One thing that must happen before it goes on.
#[derive(Debug, Clone, PartialEq)]
pub struct Wait {
    pub element_id: String,
    /// Milliseconds since 1970.
    pub since: Option<i64>,
    /// One of several events at an event-based gateway.
    pub at_gateway: bool,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq)]
pub enum What {
    Message {
        name: String,
        correlation_key: String,
        near: Vec<NearMiss>,
    },
    Timer {
        due: i64,
    },
    /// `worker` has it until `deadline`; `workers` counts those who ask for the type, where known.
    /// It failed `tries` times, the last time with `error`, and is held back until `again`.
    Job {
        key: Key,
        job_type: String,
        retries: i64,
        tries: usize,
        error: Option<String>,
        again: Option<i64>,
        worker: Option<String>,
        deadline: Option<i64>,
        workers: Option<usize>,
    },
    Task {
        key: Key,
        assignee: Option<String>,
    },
    Signal {
        name: String,
    },
    /// FEEL, as the model has it.
    Condition {
        expression: String,
    },
    /// The instance that a call activity started, and its process.
    Called {
        instance: Key,
        process_id: String,
    },
    /// Flows that have not arrived, with the elements that they come from.
    Join {
        missing: Vec<(String, String)>,
    },
}

/// A message that nobody took and that is nearly what is waited for. One that another instance
/// waits for by its very name and key is meant for that instance.
#[derive(Debug, Clone, PartialEq)]
pub struct NearMiss {
    pub message: Key,
    pub name: String,
    pub correlation_key: String,
    pub published: i64,
    pub expired: bool,
}

/// A flow that was chosen among several.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    pub element_id: String,
    pub flow_id: String,
    /// As the model has it; `None` for the default flow.
    pub condition: Option<String>,
    /// Variables that the condition names, with their values at that moment.
    pub values: Vec<(String, String)>,
    /// The other flows whose conditions were evaluated: they did not hold.
    pub refused: Vec<Refused>,
    pub time: i64,
}

/// A flow whose condition did not hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Refused {
    pub flow_id: String,
    pub condition: String,
    /// As in [`Choice::values`].
    pub values: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    pub incident: Key,
    pub element_id: String,
    pub kind: &'static str,
    pub message: String,
    pub time: i64,
    pub resolved: Option<i64>,
    /// How often the job failed, where one did.
    pub tries: usize,
}

/// What the tables cannot know.
pub struct Surroundings<'a> {
    /// Milliseconds since 1970.
    pub now: i64,
    /// How many ask for jobs of a type.
    pub workers: &'a (dyn Fn(&str) -> Option<usize> + Sync),
}

impl Reader {
    /// Explains the instance that a key belongs to: its own, or that of anything in it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn explain(
        &self,
        key: Key,
        around: &Surroundings<'_>,
    ) -> Result<Option<Explanation>> {
        let mut connection = self.pool.begin().await?;
        let Some(instance) = instance_of(&mut connection, key).await? else { return Ok(None) };
        let text = "SELECT d.process_id, i.state, i.quarantine FROM process_instance i \
                    LEFT JOIN process_definition d ON d.key = i.definition WHERE i.key = ?";
        let rows = rows(&mut connection, text, instance).await?;
        let Some(head) = rows.first() else { return Ok(None) };
        let steps = self.frames(instance).await?;
        let tries = trail::tries(&steps);
        let mut waits = waits(&mut connection, instance, around, &tries).await?;
        waits.extend(called(&mut connection, instance).await?);
        waits.extend(joins::joins(&mut connection, instance, &steps).await?);
        let flows = trail::flows(&mut connection, instance).await?;
        let mut failures = failures(&mut connection, instance).await?;
        for (failure, job) in &mut failures {
            failure.tries = job.and_then(|job| tries.get(&job).copied()).unwrap_or(0);
        }
        Ok(Some(Explanation {
            instance,
            process_id: head.try_get::<Option<String>, _>(0)?.unwrap_or_default(),
            state: names::name(INSTANCE_STATES, head.try_get(1)?),
            quarantine: head.try_get(2)?,
            waits,
            path: trail::choices(&steps, &flows),
            decisions: decided::decisions(&mut connection, instance, &steps).await?,
            failures: failures.into_iter().map(|(failure, _)| failure).collect(),
        }))
    }
}

async fn rows(connection: &mut SqliteConnection, text: &str, key: Key) -> Result<Vec<SqliteRow>> {
    fetch(connection, Sql::with(text, [Value::Int(key)])).await
}

/// The instance that owns a key.
pub(crate) async fn instance_of(
    connection: &mut SqliteConnection,
    key: Key,
) -> Result<Option<Key>> {
    let text = "SELECT key FROM process_instance WHERE key = ?1 \
        UNION ALL SELECT instance FROM element_instance WHERE key = ?1 \
        UNION ALL SELECT instance FROM job WHERE key = ?1 \
        UNION ALL SELECT instance FROM incident WHERE key = ?1 \
        UNION ALL SELECT instance FROM variable WHERE key = ?1 \
        UNION ALL SELECT instance FROM timer WHERE key = ?1 \
        UNION ALL SELECT instance FROM user_task WHERE key = ?1 \
        UNION ALL SELECT instance FROM awaited WHERE key = ?1 \
        UNION ALL SELECT instance FROM message_subscription WHERE key = ?1 LIMIT 1";
    let rows = rows(connection, text, key).await?;
    Ok(rows.first().map(|row| row.try_get(0)).transpose()?.flatten())
}

async fn waits(
    connection: &mut SqliteConnection,
    instance: Key,
    around: &Surroundings<'_>,
    tries: &BTreeMap<Key, usize>,
) -> Result<Vec<Wait>> {
    let gateways = event_based(connection, instance).await?;
    let Some(field) = WAIT_STATE.filtered("processInstanceKey") else { return Ok(Vec::new()) };
    let of_instance = Condition { field, test: Test::Eq(Value::Int(instance)) };
    let filter = Filter::All(vec![Filter::Is(of_instance)]);
    let page = Query { filter, ..Query::default() }.run(connection, &WAIT_STATE).await?;
    let mut waits = Vec::new();
    for row in page.items {
        let what = match row.int("waitStateType") {
            Some(0) => job(connection, &row, around, tries).await?,
            Some(1) => message(connection, &row).await?,
            Some(2) => What::Task {
                key: row.int("key").unwrap_or_default(),
                assignee: row.text("waitName").map(str::to_owned),
            },
            Some(4) => What::Signal { name: row.text("waitName").unwrap_or_default().to_owned() },
            Some(5) => {
                let expression = row.text("waitName").unwrap_or_default().to_owned();
                What::Condition { expression }
            }
            Some(_) | None => What::Timer { due: row.int("due").unwrap_or_default() },
        };
        let element_id = row.text("elementId").unwrap_or_default().to_owned();
        let host = row.int("elementInstanceKey");
        let at_gateway = host.is_some_and(|host| gateways.contains(&host));
        waits.push(Wait { element_id, since: row.int("since"), at_gateway, what });
    }
    Ok(waits)
}

/// Event-based gateways that are active: they host what their events wait for.
async fn event_based(connection: &mut SqliteConnection, instance: Key) -> Result<BTreeSet<Key>> {
    let kind = names::number(names::ELEMENT_TYPES, "EVENT_BASED_GATEWAY").unwrap_or_default();
    let text = format!(
        "SELECT e.key FROM element_instance e \
         JOIN element m ON m.definition = e.definition AND m.no = e.element_no \
         WHERE e.instance = ? AND e.end_date IS NULL AND m.type = {kind}"
    );
    let rows = rows(connection, &text, instance).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

async fn job(
    connection: &mut SqliteConnection,
    row: &Record,
    around: &Surroundings<'_>,
    tries: &BTreeMap<Key, usize>,
) -> Result<What> {
    let text = "SELECT worker, deadline, error_message, available FROM job WHERE key = ?";
    let key = row.int("key").unwrap_or_default();
    let found = rows(connection, text, key).await?;
    let error: Option<String> = found.first().map(|row| row.try_get(2)).transpose()?.flatten();
    let again: Option<i64> = found.first().map(|row| row.try_get(3)).transpose()?.flatten();
    let deadline: Option<i64> = found.first().map(|row| row.try_get(1)).transpose()?.flatten();
    let worker: Option<String> = found.first().map(|row| row.try_get(0)).transpose()?.flatten();
    let job_type = row.text("waitName").unwrap_or_default().to_owned();
    Ok(What::Job {
        key,
        retries: row.int("retries").unwrap_or_default(),
        tries: tries.get(&key).copied().unwrap_or(0),
        error,
        again,
        worker: worker.filter(|_| deadline.is_some()),
        deadline,
        workers: (around.workers)(&job_type),
        job_type,
    })
}

async fn message(connection: &mut SqliteConnection, row: &Record) -> Result<What> {
    let name = row.text("waitName").unwrap_or_default().to_owned();
    let correlation_key = row.text("correlationKey").unwrap_or_default().to_owned();
    let mut near = Vec::new();
    for condition in ["name = ? AND correlation_key <> ?", "name <> ? AND correlation_key = ?"] {
        let text = format!(
            "SELECT key, name, correlation_key, published, state FROM message m \
             WHERE {condition} AND correlations = 0 AND NOT EXISTS (SELECT 1 \
                FROM message_subscription s WHERE s.name = m.name \
                AND s.correlation_key = m.correlation_key AND s.state = 0) \
             ORDER BY published DESC LIMIT {NEAR_MISSES_MAX}"
        );
        let values = [Value::Text(name.clone()), Value::Text(correlation_key.clone())];
        for row in fetch(connection, Sql::with(text, values)).await? {
            near.push(NearMiss {
                message: row.try_get(0)?,
                name: row.try_get(1)?,
                correlation_key: row.try_get(2)?,
                published: row.try_get(3)?,
                expired: row.try_get::<i64, _>(4)? == 1,
            });
        }
        // An empty key is everybody's.
        if correlation_key.is_empty() {
            break;
        }
    }
    Ok(What::Message { name, correlation_key, near })
}

/// Instances that its call activities wait for.
async fn called(connection: &mut SqliteConnection, instance: Key) -> Result<Vec<Wait>> {
    let text = "SELECT COALESCE(m.id, ''), c.start_date, c.key, COALESCE(d.process_id, '') \
        FROM process_instance c JOIN element_instance e ON e.key = c.parent_element \
        LEFT JOIN element m ON m.definition = e.definition AND m.no = e.element_no \
        LEFT JOIN process_definition d ON d.key = c.definition \
        WHERE c.parent_instance = ? AND c.state = 0 ORDER BY c.key LIMIT 1000";
    let mut waits = Vec::new();
    for row in rows(connection, text, instance).await? {
        let what = What::Called { instance: row.try_get(2)?, process_id: row.try_get(3)? };
        let (element_id, since) = (row.try_get(0)?, row.try_get(1)?);
        waits.push(Wait { element_id, since, at_gateway: false, what });
    }
    Ok(waits)
}

async fn failures(
    connection: &mut SqliteConnection,
    instance: Key,
) -> Result<Vec<(Failure, Option<Key>)>> {
    let text = "SELECT COALESCE(m.id, d.process_id, ''), x.kind, x.message, x.created, \
        x.resolved, x.job, x.key FROM incident x LEFT JOIN element_instance e ON e.key = x.element \
        LEFT JOIN element m ON m.definition = e.definition AND m.no = e.element_no \
        LEFT JOIN process_definition d ON d.key = x.definition \
        WHERE x.instance = ? ORDER BY x.key LIMIT 1000";
    let mut failures = Vec::new();
    for row in rows(connection, text, instance).await? {
        let failure = Failure {
            incident: row.try_get(6)?,
            element_id: row.try_get(0)?,
            kind: names::name(INCIDENT_KINDS, row.try_get(1)?),
            message: row.try_get(2)?,
            time: row.try_get(3)?,
            resolved: row.try_get(4)?,
            tries: 0,
        };
        failures.push((failure, row.try_get(5)?));
    }
    Ok(failures)
}
