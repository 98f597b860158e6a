//! Why is it not moving? Why this path? What an instance waits for, the decisions that led there,
//! what failed: as data, and as sentences.

use std::collections::BTreeMap;

use engine::Key;
use engine::event::{Event, InstanceEvent};
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use crate::batch::Step;
use crate::entity::WAIT_STATE;
use crate::error::Result;
use crate::limits::NEAR_MISSES_MAX;
use crate::names::{self, INCIDENT_KINDS, INSTANCE_STATES};
use crate::query::{Condition, Filter, Query, Record, Sql, Test, Value, fetch};
use crate::reader::Reader;

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
    Job {
        key: Key,
        job_type: String,
        retries: i64,
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

/// A message that nobody took and that is nearly what is waited for.
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
    pub time: i64,
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
        let mut waits = waits(&mut connection, instance, around).await?;
        waits.extend(called(&mut connection, instance).await?);
        waits.extend(joins(&mut connection, instance).await?);
        let flows = flows(&mut connection, instance).await?;
        let steps = self.frames(instance).await?;
        let tries = tries(&steps);
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
            path: choices(&steps, &flows),
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
) -> Result<Vec<Wait>> {
    let Some(field) = WAIT_STATE.filtered("processInstanceKey") else { return Ok(Vec::new()) };
    let of_instance = Condition { field, test: Test::Eq(Value::Int(instance)) };
    let filter = Filter::All(vec![Filter::Is(of_instance)]);
    let page = Query { filter, ..Query::default() }.run(connection, &WAIT_STATE).await?;
    let mut waits = Vec::new();
    for row in page.items {
        let what = match row.int("waitStateType") {
            Some(0) => job(connection, &row, around).await?,
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
        let at_gateway = row.int("elementType") == Some(EVENT_BASED_GATEWAY);
        waits.push(Wait { element_id, since: row.int("since"), at_gateway, what });
    }
    Ok(waits)
}

async fn job(
    connection: &mut SqliteConnection,
    row: &Record,
    around: &Surroundings<'_>,
) -> Result<What> {
    let text = "SELECT worker, deadline FROM job WHERE key = ?";
    let found = rows(connection, text, row.int("key").unwrap_or_default()).await?;
    let deadline: Option<i64> = found.first().map(|row| row.try_get(1)).transpose()?.flatten();
    let worker: Option<String> = found.first().map(|row| row.try_get(0)).transpose()?.flatten();
    let job_type = row.text("waitName").unwrap_or_default().to_owned();
    Ok(What::Job {
        key: row.int("key").unwrap_or_default(),
        retries: row.int("retries").unwrap_or_default(),
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
            "SELECT key, name, correlation_key, published, state FROM message \
             WHERE {condition} AND correlations = 0 ORDER BY published DESC \
             LIMIT {NEAR_MISSES_MAX}"
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

/// In the numbers of [`names::ELEMENT_TYPES`].
const EVENT_BASED_GATEWAY: i64 = 19;

/// Joins that some flows have reached and others have not.
async fn joins(connection: &mut SqliteConnection, instance: Key) -> Result<Vec<Wait>> {
    let text = "SELECT g.id, f.id, COALESCE(s.name, s.id), COALESCE(t.taken, 0), t.last_time, \
        (SELECT count(*) FROM element_instance e WHERE e.instance = i.key \
            AND e.element_no = g.no) \
        FROM process_instance i \
        JOIN element g ON g.definition = i.definition AND g.type = 18 \
        JOIN flow f ON f.definition = g.definition AND f.target = g.no \
        LEFT JOIN element s ON s.definition = f.definition AND s.no = f.source \
        LEFT JOIN flow_taken t ON t.instance = i.key AND t.flow_no = f.no \
        WHERE i.key = ? AND i.state = 0 ORDER BY g.no, f.no";
    let mut gateways: BTreeMap<String, Gateway> = BTreeMap::new();
    for row in rows(connection, text, instance).await? {
        let (taken, passed): (i64, i64) = (row.try_get(3)?, row.try_get(5)?);
        let gateway = gateways.entry(row.try_get(0)?).or_default();
        if taken > passed {
            gateway.reached = true;
            gateway.since = gateway.since.max(row.try_get(4)?);
        } else {
            let source: Option<String> = row.try_get(2)?;
            gateway.missing.push((row.try_get(1)?, source.unwrap_or_default()));
        }
    }
    let waiting = gateways.into_iter().filter(|(_, it)| it.reached && !it.missing.is_empty());
    let wait = |(element_id, it): (String, Gateway)| {
        let what = What::Join { missing: it.missing };
        Wait { element_id, since: it.since, at_gateway: false, what }
    };
    Ok(waiting.map(wait).collect())
}

/// A join, by its incoming flows.
#[derive(Default)]
struct Gateway {
    reached: bool,
    since: Option<i64>,
    missing: Vec<(String, String)>,
}

/// A flow that leaves an element with several.
struct Branch {
    source: String,
    id: String,
    condition: Option<String>,
}

async fn flows(connection: &mut SqliteConnection, instance: Key) -> Result<BTreeMap<u32, Branch>> {
    let text = "SELECT f.no, s.id, f.id, f.condition FROM process_instance i \
        JOIN flow f ON f.definition = i.definition \
        JOIN element s ON s.definition = f.definition AND s.no = f.source \
        WHERE i.key = ? AND (f.condition IS NOT NULL OR f.is_default = 1)";
    let mut flows = BTreeMap::new();
    for row in rows(connection, text, instance).await? {
        let (source, id, condition) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
        let no: i64 = row.try_get(0)?;
        flows.insert(u32::try_from(no).unwrap_or_default(), Branch { source, id, condition });
    }
    Ok(flows)
}

/// The choices that the events tell of, with the variables as they were.
fn choices(steps: &[Step], flows: &BTreeMap<u32, Branch>) -> Vec<Choice> {
    let mut variables: BTreeMap<&str, String> = BTreeMap::new();
    let mut choices = Vec::new();
    for step in steps {
        for event in &step.events {
            match event {
                Event::Instance {
                    event: InstanceEvent::VariableSet { name, value, .. }, ..
                } => {
                    variables.insert(name, value.to_json());
                }
                Event::Instance { event: InstanceEvent::FlowTaken { flow, .. }, .. } => {
                    let Some(branch) = flows.get(flow) else { continue };
                    let condition = branch.condition.as_deref();
                    let named = condition.map(words).unwrap_or_default();
                    let value = |name: &str| Some((name.to_owned(), variables.get(name)?.clone()));
                    choices.push(Choice {
                        element_id: branch.source.clone(),
                        flow_id: branch.id.clone(),
                        condition: branch.condition.clone(),
                        values: named.into_iter().filter_map(value).collect(),
                        time: step.time,
                    });
                }
                Event::Instance { .. }
                | Event::Partition(_)
                | Event::Definition { .. }
                | Event::Slot { .. } => {}
            }
        }
    }
    choices
}

/// Words of an expression that may be names.
fn words(expression: &str) -> Vec<&str> {
    let mut words: Vec<&str> = expression
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
        .collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// How often each job failed.
fn tries(steps: &[Step]) -> BTreeMap<Key, usize> {
    let mut tries = BTreeMap::new();
    for event in steps.iter().flat_map(|step| &step.events) {
        if let Event::Instance { event: InstanceEvent::JobFailed { key, .. }, .. } = event {
            *tries.entry(*key).or_default() += 1;
        }
    }
    tries
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
