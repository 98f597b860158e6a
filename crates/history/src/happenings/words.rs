//! What keys and numbers of events stand for, and the events in these words.

use std::collections::HashMap;

use engine::Key;
use engine::event::{Event, InstanceEvent as E, SlotEvent};
use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use super::{Detail, Happening, Told};
use crate::error::Result;
use crate::limits::VALUE_PREVIEW_CHARS_MAX;
use crate::names::{self, INCIDENT_KINDS};
use crate::query::{Sql, Value, fetch};
use crate::replay::Shown;

/// Keys that one statement looks up.
const KEYS_MAX: usize = 1_000;

/// What a key stands for.
#[derive(Debug, Default)]
struct Thing {
    element: Option<Key>,
    element_id: Option<String>,
    /// Type of a job, name of a message, message of an incident.
    name: Option<String>,
    /// Correlation key of a message.
    key: Option<String>,
    /// Kind of an incident.
    kind: Option<i64>,
}

const THINGS: &str = "SELECT e.key, e.key, m.id, NULL, NULL, NULL FROM k \
    JOIN element_instance e ON e.key = k.key \
    LEFT JOIN element m ON m.definition = e.definition AND m.no = e.element_no \
    UNION ALL SELECT j.key, j.element, m.id, j.type, NULL, NULL FROM k \
    JOIN job j ON j.key = k.key LEFT JOIN element_instance e ON e.key = j.element \
    LEFT JOIN element m ON m.definition = e.definition AND m.no = e.element_no \
    UNION ALL SELECT x.key, x.element, m.id, x.message, NULL, x.kind FROM k \
    JOIN incident x ON x.key = k.key LEFT JOIN element_instance e ON e.key = x.element \
    LEFT JOIN element m ON m.definition = e.definition AND m.no = e.element_no \
    UNION ALL SELECT t.key, t.host, m.id, NULL, NULL, NULL FROM k \
    JOIN timer t ON t.key = k.key LEFT JOIN process_instance i ON i.key = t.instance \
    LEFT JOIN element m ON m.definition = i.definition AND m.no = t.target_no \
    UNION ALL SELECT s.key, s.host, m.id, s.name, s.correlation_key, NULL FROM k \
    JOIN message_subscription s ON s.key = k.key \
    LEFT JOIN element m ON m.definition = s.definition AND m.no = s.element_no \
    UNION ALL SELECT u.key, u.element, m.id, u.assignee, NULL, NULL FROM k \
    JOIN user_task u ON u.key = k.key LEFT JOIN element_instance e ON e.key = u.element \
    LEFT JOIN element m ON m.definition = e.definition AND m.no = e.element_no \
    UNION ALL SELECT a.key, a.host, m.id, a.name, NULL, NULL FROM k \
    JOIN awaited a ON a.key = k.key LEFT JOIN process_instance i ON i.key = a.instance \
    LEFT JOIN element m ON m.definition = i.definition AND m.no = a.target_no \
    UNION ALL SELECT q.key, NULL, NULL, q.name, q.correlation_key, NULL FROM k \
    JOIN message q ON q.key = k.key";

/// Events that clients are not told of: steps on the way to those that they see.
macro_rules! silent {
    () => {
        E::KeysGranted { .. }
            | E::ElementActivating { .. }
            | E::ElementCompleting { .. }
            | E::ElementTerminating { .. }
            | E::TriggerStored { .. }
            | E::ScopeInterrupted { .. }
            | E::JobYielded { .. }
            | E::JobBackoffEnded { .. }
            | E::JobRetriesUpdated { .. }
            | E::JobDeadlineUpdated { .. }
            | E::JobPriorityUpdated { .. }
            | E::JobReactivated { .. }
            | E::JobWithheld { .. }
            | E::JobHeaders { .. }
            | E::UserTaskAsked { .. }
            | E::UserTaskCorrected { .. }
            | E::UserTaskDenied { .. }
            | E::TimerArmed { .. }
            | E::TimerCanceled { .. }
            | E::SubscriptionOpening { .. }
            | E::SubscriptionOpened { .. }
            | E::SubscriptionClosed { .. }
            | E::WorkDeferred { .. }
            | E::WorkResumed { .. }
            | E::LoopOpened { .. }
            | E::OutputCollected { .. }
            | E::LoopStopped { .. }
            | E::InstanceCalled { .. }
            | E::EscalationThrown { .. }
            | E::SignalAwaited { .. }
            | E::SignalUnawaited { .. }
            | E::CompensationNoted { .. }
            | E::CompensationTriggered { .. }
            | E::CompensationBegun { .. }
            | E::CompensationCompleted { .. }
            | E::ConditionAwaited { .. }
            | E::ConditionMet { .. }
            | E::ConditionUnawaited { .. }
            | E::Modified
            | E::Migrated(_)
    };
}

/// What the keys and numbers of some steps stand for.
#[derive(Default)]
pub(super) struct Names {
    /// Definition and process id.
    instances: HashMap<Key, (Key, Option<String>)>,
    things: HashMap<Key, Thing>,
    flows: HashMap<(Key, i64), String>,
}

impl Names {
    pub async fn of(connection: &mut SqliteConnection, steps: &[Shown]) -> Result<Names> {
        let (mut instances, mut keys) = (Vec::new(), Vec::new());
        for event in steps.iter().flat_map(|step| &step.events) {
            match event {
                Event::Instance { instance, event } => {
                    instances.push(*instance);
                    keys.extend(subject(event));
                }
                Event::Slot { event: SlotEvent::Expired { message }, .. } => keys.push(*message),
                Event::Slot { .. } | Event::Definition { .. } | Event::Partition(_) => {}
            }
        }
        let mut names = Names::default();
        for chunk in distinct(instances).chunks(KEYS_MAX) {
            names.learn_instances(connection, chunk).await?;
        }
        for chunk in distinct(keys).chunks(KEYS_MAX) {
            names.learn_things(connection, chunk).await?;
        }
        let definitions = names.instances.values().map(|(definition, _)| *definition).collect();
        for chunk in distinct(definitions).chunks(KEYS_MAX) {
            names.learn_flows(connection, chunk).await?;
        }
        Ok(names)
    }

    async fn learn_instances(&mut self, to: &mut SqliteConnection, keys: &[Key]) -> Result<()> {
        let text = "SELECT i.key, i.definition, d.process_id FROM k \
            JOIN process_instance i ON i.key = k.key \
            LEFT JOIN process_definition d ON d.key = i.definition";
        for row in fetch(to, by_key(keys, text)).await? {
            self.instances.insert(row.try_get(0)?, (row.try_get(1)?, row.try_get(2)?));
        }
        Ok(())
    }

    async fn learn_things(&mut self, to: &mut SqliteConnection, keys: &[Key]) -> Result<()> {
        for row in fetch(to, by_key(keys, THINGS)).await? {
            let thing = Thing {
                element: row.try_get(1)?,
                element_id: row.try_get(2)?,
                name: row.try_get(3)?,
                key: row.try_get(4)?,
                kind: row.try_get(5)?,
            };
            self.things.insert(row.try_get(0)?, thing);
        }
        Ok(())
    }

    async fn learn_flows(&mut self, to: &mut SqliteConnection, keys: &[Key]) -> Result<()> {
        let text = "SELECT f.definition, f.no, f.id FROM k JOIN flow f ON f.definition = k.key";
        for row in fetch(to, by_key(keys, text)).await? {
            self.flows.insert((row.try_get(0)?, row.try_get(1)?), row.try_get(2)?);
        }
        Ok(())
    }

    pub fn told(&self, step: &Shown) -> Told {
        let happenings = step.events.iter().filter_map(|event| {
            let happening = match event {
                Event::Instance { instance, event } => self.instance(*instance, event)?,
                Event::Slot { event, .. } => self.slot(event)?,
                Event::Partition(engine::event::PartitionEvent::DecisionEvaluated(all)) => {
                    Happening { detail: decided(all), ..bare("decision.evaluated") }
                }
                Event::Definition { .. } | Event::Partition(_) => return None,
            };
            Some(Happening { time: step.time, ..happening })
        });
        Told { position: step.position, happenings: happenings.collect() }
    }

    fn slot(&self, event: &SlotEvent) -> Option<Happening> {
        match event {
            SlotEvent::Published { message, name, correlation_key, id, deadline, .. } => {
                let detail = vec![
                    ("messageKey", Detail::Key(*message)),
                    ("messageName", text(name)),
                    ("correlationKey", text(correlation_key)),
                    ("messageId", text(id)),
                    ("deadline", Detail::Date(*deadline)),
                ];
                Some(Happening { detail, ..bare("message.published") })
            }
            SlotEvent::Expired { message } => {
                let thing = self.things.get(message);
                let detail = vec![
                    ("messageKey", Detail::Key(*message)),
                    ("messageName", maybe(thing.and_then(|thing| thing.name.clone()))),
                    ("correlationKey", maybe(thing.and_then(|thing| thing.key.clone()))),
                ];
                Some(Happening { detail, ..bare("message.expired") })
            }
            // The instance that takes a message tells of it.
            SlotEvent::Correlated { .. }
            | SlotEvent::StartCorrelated { .. }
            | SlotEvent::SubscriptionOpened(_)
            | SlotEvent::SubscriptionClosed { .. }
            | SlotEvent::Correlating { .. }
            | SlotEvent::CorrelationRejected { .. }
            | SlotEvent::LockTaken { .. }
            | SlotEvent::LockReleased { .. } => None,
        }
    }

    fn instance(&self, instance: Key, event: &E) -> Option<Happening> {
        let (kind, detail) = self.kind(instance, event)?;
        let (definition, process_id) = match self.instances.get(&instance) {
            Some((definition, process_id)) => (Some(*definition), process_id.clone()),
            None => (None, None),
        };
        let thing = subject(event).and_then(|key| self.things.get(&key));
        let element = thing.and_then(|thing| thing.element);
        let element_id = thing.and_then(|thing| thing.element_id.clone());
        let instance = Some(instance);
        Some(Happening {
            instance,
            definition,
            process_id,
            element_id,
            element,
            detail,
            ..bare(kind)
        })
    }

    /// The kind of an event that clients see, and its detail.
    fn kind(&self, instance: Key, event: &E) -> Option<Kind> {
        let of_element = |kind, key: &Key| (*key != instance).then(|| (kind, Vec::new()));
        match event {
            E::Created(created) => Some(("instance.created", created_with(created))),
            E::Completed => Some(("instance.completed", Vec::new())),
            E::Terminated => Some(("instance.canceled", Vec::new())),
            E::Quarantined { reason, .. } => {
                Some(("instance.quarantined", vec![("reason", Detail::Text(reason.to_string()))]))
            }
            E::Repaired => Some(("instance.repaired", Vec::new())),
            E::Suspended => Some(("instance.suspended", Vec::new())),
            E::Resumed => Some(("instance.resumed", Vec::new())),
            E::ElementActivated { key } => of_element("element.activated", key),
            E::ElementCompleted { key } | E::ElementPassed { key, .. } => {
                of_element("element.completed", key)
            }
            E::ElementTerminated { key } => of_element("element.terminated", key),
            E::FlowTaken { flow, .. } => {
                let definition = self.instances.get(&instance)?.0;
                let id = self.flows.get(&(definition, i64::from(*flow))).cloned();
                Some(("flow.taken", vec![("sequenceFlowId", maybe(id))]))
            }
            E::VariableSet { scope, key, name, value, created } => {
                Some(("variable.set", variable(*scope, *key, name, value, *created)))
            }
            E::TimerFired { key } => Some(("timer.fired", vec![("timerKey", Detail::Key(*key))])),
            E::SubscriptionCorrelated { key, message, .. } => Some(self.correlated(*key, *message)),
            E::IncidentCreated { key, job, kind, message, .. } => {
                let detail = vec![
                    ("incidentKey", Detail::Key(*key)),
                    ("errorType", text(kind.name())),
                    ("errorMessage", text(message)),
                    ("jobKey", job.map_or(Detail::Null, Detail::Key)),
                ];
                Some(("incident.raised", detail))
            }
            E::IncidentResolved { key } => Some(self.resolved(*key)),
            E::UserTaskCreated { key, task, .. } => {
                Some(("user-task.created", task_of(*key, Some(&**task))))
            }
            E::UserTaskChanged { key, task, .. } => {
                Some(("user-task.changed", task_of(*key, Some(&**task))))
            }
            E::UserTaskCompleted { key, .. } => Some(("user-task.completed", task_of(*key, None))),
            E::UserTaskCanceled { key } => Some(("user-task.canceled", task_of(*key, None))),
            E::JobCreated { key, retries, .. } => {
                Some(self.job("job.created", key, vec![("retries", int(*retries))]))
            }
            E::JobLeased { key, worker, deadline, .. } => {
                let more = vec![("worker", text(worker)), ("deadline", Detail::Date(*deadline))];
                Some(self.job("job.activated", key, more))
            }
            E::JobTimedOut { key } => Some(self.job("job.timed-out", key, Vec::new())),
            E::JobFailed { key, retries, message, .. } => {
                let more = vec![("retries", int(*retries)), ("errorMessage", text(message))];
                Some(self.job("job.failed", key, more))
            }
            E::JobCompleted { key } => Some(self.job("job.completed", key, Vec::new())),
            E::JobErrorThrown { key, code, message, caught } => {
                Some(self.job("job.error", key, thrown(code, message, *caught)))
            }
            E::JobCanceled { key } => Some(self.job("job.canceled", key, Vec::new())),
            E::SignalReceived { key, .. } => Some(self.received(*key)),
            E::DecisionEvaluated { evaluation, .. } => {
                Some(("decision.evaluated", decided(evaluation)))
            }
            silent!() => None,
        }
    }

    fn correlated(&self, subscription: Key, message: Key) -> Kind {
        let thing = self.things.get(&subscription);
        let detail = vec![
            ("messageKey", Detail::Key(message)),
            ("messageName", maybe(thing.and_then(|thing| thing.name.clone()))),
            ("correlationKey", maybe(thing.and_then(|thing| thing.key.clone()))),
        ];
        ("message.correlated", detail)
    }

    fn resolved(&self, incident: Key) -> Kind {
        let kind = self.things.get(&incident).and_then(|thing| thing.kind);
        let kind = kind.map(|kind| names::name(INCIDENT_KINDS, kind).to_owned());
        let detail = vec![("incidentKey", Detail::Key(incident)), ("errorType", maybe(kind))];
        ("incident.resolved", detail)
    }

    fn received(&self, signal: Key) -> Kind {
        let name = self.things.get(&signal).and_then(|thing| thing.name.clone());
        ("signal.received", vec![("signalName", maybe(name))])
    }

    /// With the type of the job, which its later events do not repeat.
    fn job(&self, kind: &'static str, key: &Key, more: Vec<(&'static str, Detail)>) -> Kind {
        let job_type = self.things.get(key).and_then(|thing| thing.name.clone());
        let mut detail = vec![("jobKey", Detail::Key(*key)), ("jobType", maybe(job_type))];
        detail.extend(more);
        (kind, detail)
    }
}

type Kind = (&'static str, Vec<(&'static str, Detail)>);

/// The key whose element the event is about.
fn subject(event: &E) -> Option<Key> {
    match event {
        E::ElementActivated { key }
        | E::ElementCompleted { key }
        | E::ElementPassed { key, .. }
        | E::ElementTerminated { key }
        | E::TimerFired { key }
        | E::SubscriptionCorrelated { key, .. }
        | E::IncidentCreated { key, .. }
        | E::IncidentResolved { key }
        | E::JobCreated { key, .. }
        | E::JobLeased { key, .. }
        | E::JobTimedOut { key }
        | E::JobFailed { key, .. }
        | E::JobCompleted { key }
        | E::JobErrorThrown { key, .. }
        | E::JobCanceled { key }
        | E::UserTaskCreated { key, .. }
        | E::UserTaskChanged { key, .. }
        | E::UserTaskCompleted { key, .. }
        | E::UserTaskCanceled { key } => Some(*key),
        E::VariableSet { scope, .. } => Some(*scope),
        E::SignalReceived { key, .. } => Some(*key),
        E::DecisionEvaluated { element, .. } => Some(*element),
        E::Created(_)
        | E::Completed
        | E::Terminated
        | E::Quarantined { .. }
        | E::Repaired
        | E::Suspended
        | E::Resumed
        | E::FlowTaken { .. }
        | silent!() => None,
    }
}

fn thrown(code: &str, message: &str, caught: bool) -> Vec<(&'static str, Detail)> {
    vec![
        ("errorCode", text(code)),
        ("errorMessage", text(message)),
        ("caught", Detail::Flag(caught)),
    ]
}

fn decided(all: &engine::decision::Evaluation) -> Vec<(&'static str, Detail)> {
    let failure = all.failure.as_ref().map(|failed| failed.message.to_string());
    vec![
        ("decisionEvaluationKey", Detail::Key(all.key)),
        ("decisionDefinitionId", text(&all.decision_id)),
        ("output", Detail::Text(preview(&all.output.to_json()).0.to_owned())),
        ("evaluationFailure", maybe(failure)),
        ("warnings", maybe(all.remarks())),
    ]
}

fn text(text: &str) -> Detail {
    Detail::Text(text.to_owned())
}

fn int(number: i32) -> Detail {
    Detail::Int(i64::from(number))
}

fn created_with(created: &engine::event::Created) -> Vec<(&'static str, Detail)> {
    let business_id = created.business_id.as_ref().map(ToString::to_string);
    vec![
        ("version", Detail::Int(i64::from(created.version))),
        ("businessId", maybe(business_id)),
        ("parentProcessInstanceKey", created.parent_instance.map_or(Detail::Null, Detail::Key)),
    ]
}

fn task_of(key: Key, task: Option<&engine::event::UserTask>) -> Vec<(&'static str, Detail)> {
    let mut detail = vec![("userTaskKey", Detail::Key(key))];
    if let Some(task) = task {
        detail.push(("assignee", maybe(task.assignee.as_ref().map(ToString::to_string))));
    }
    detail
}

fn variable(
    scope: Key,
    key: Key,
    name: &str,
    value: &value::Packed,
    created: bool,
) -> Vec<(&'static str, Detail)> {
    let json = value.to_json();
    let (shown, cut) = preview(&json);
    vec![
        ("variableKey", Detail::Key(key)),
        ("scopeKey", Detail::Key(scope)),
        ("name", Detail::Text(name.to_owned())),
        ("value", Detail::Text(shown.to_owned())),
        ("isTruncated", Detail::Flag(cut)),
        ("created", Detail::Flag(created)),
    ]
}

/// The beginning of a value, and whether that is not all of it.
fn preview(json: &str) -> (&str, bool) {
    let max = usize::try_from(VALUE_PREVIEW_CHARS_MAX).unwrap_or(usize::MAX);
    let end = json.char_indices().nth(max).map(|(at, _)| at);
    (&json[..end.unwrap_or(json.len())], end.is_some())
}

fn bare(kind: &'static str) -> Happening {
    Happening {
        kind,
        time: 0,
        instance: None,
        definition: None,
        process_id: None,
        element_id: None,
        element: None,
        detail: Vec::new(),
    }
}

fn maybe(text: Option<String>) -> Detail {
    text.map_or(Detail::Null, Detail::Text)
}

fn distinct(mut keys: Vec<Key>) -> Vec<Key> {
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// A selection from `k`, a list of keys.
fn by_key(keys: &[Key], text: &str) -> Sql {
    let places = vec!["(?)"; keys.len()].join(",");
    let values = keys.iter().map(|key| Value::Int(*key));
    Sql::with(format!("WITH k(key) AS (VALUES {places}) {text}"), values)
}
