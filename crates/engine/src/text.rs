//! Events as lines of text, for golden scenarios, `grevy run` and `journal inspect`. The text is
//! stable: scenario files depend on it.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::Catalog;
use crate::compile::Process;
use crate::decision::Evaluation;
use crate::event::{
    DefinitionEvent, ElementNo, Event, InstanceEvent, Migrated, PROCESS, PartitionEvent, Role,
    SlotEvent, TaskChange, Text, Trigger, UserTask,
};
use crate::key::Key;

/// Tells events in the order in which they happened, naming elements by their ids and keys by
/// short names (`i1`, `j1`, `x1` for instances, jobs, incidents) in the order of their creation.
#[derive(Debug, Default)]
pub struct Narrator {
    names: BTreeMap<Key, String>,
    counts: BTreeMap<char, u32>,
    definitions: BTreeMap<Key, Key>,
    elements: BTreeMap<Key, ElementNo>,
    targets: BTreeMap<Key, ElementNo>,
    /// Bodies of multi-instances, told apart from what is in them.
    bodies: BTreeSet<Key>,
    messages: BTreeMap<Key, Text>,
}

impl Narrator {
    pub fn new() -> Narrator {
        Narrator::default()
    }

    /// The short name of a key that has been told of.
    pub fn name(&self, key: Key) -> String {
        self.names.get(&key).cloned().unwrap_or_else(|| key.to_string())
    }

    /// The key behind a short name.
    pub fn key(&self, name: &str) -> Option<Key> {
        self.names.iter().find(|(_, n)| *n == name).map(|(key, _)| *key)
    }

    /// One line, or `None` for what only the partition itself cares about.
    pub fn tell(&mut self, event: &Event, catalog: &Catalog) -> Option<String> {
        match event {
            Event::Partition(event) => partition(event),
            Event::Definition { event, .. } => Some(definition(event)),
            Event::Slot { event, .. } => self.slot(event),
            Event::Instance { instance, event } => self.instance(*instance, event, catalog),
        }
    }

    fn born(&mut self, letter: char, key: Key) -> String {
        let count = self.counts.entry(letter).or_default();
        *count += 1;
        let name = format!("{letter}{count}");
        self.names.insert(key, name.clone());
        name
    }

    fn slot(&mut self, event: &SlotEvent) -> Option<String> {
        Some(match event {
            SlotEvent::Published { message, name, correlation_key, .. } => {
                self.messages.insert(*message, name.clone());
                let short = self.born('m', *message);
                format!("message-published {short} {name} {correlation_key}")
            }
            SlotEvent::Expired { message } => format!("message-expired {}", self.name(*message)),
            SlotEvent::Correlating { .. }
            | SlotEvent::SubscriptionOpened(_)
            | SlotEvent::SubscriptionClosed { .. } => return None,
            SlotEvent::Correlated { message, .. } => {
                format!("message-correlated {}", self.name(*message))
            }
            SlotEvent::CorrelationRejected { message, .. } => {
                format!("correlation-rejected {}", self.name(*message))
            }
            SlotEvent::StartCorrelated { message, process_id, .. } => {
                format!("message-started {} {process_id}", self.name(*message))
            }
            SlotEvent::LockTaken { process_id, correlation_key, .. } => {
                format!("lock-taken {} {correlation_key}", owner(process_id))
            }
            SlotEvent::LockReleased { process_id, correlation_key, .. } => {
                format!("lock-released {} {correlation_key}", owner(process_id))
            }
        })
    }

    fn instance(&mut self, i: Key, event: &InstanceEvent, catalog: &Catalog) -> Option<String> {
        use InstanceEvent as E;
        if let E::Created(created) = event {
            self.definitions.insert(i, created.definition);
            self.elements.insert(i, PROCESS);
            let name = self.born('i', i);
            return Some(format!("instance-created {name} {}", created.process_id));
        }
        let definition = self.definitions.get(&i).and_then(|key| catalog.get(*key));
        let process = definition.and_then(|d| d.process.as_ref().ok()).cloned();
        let process = process.as_deref();
        Some(match event {
            E::ElementActivating { key, element, .. } => {
                self.elements.insert(*key, element.no);
                if element.role == Role::Body {
                    self.bodies.insert(*key);
                }
                self.of("element-activating", *key, process)
            }
            E::ElementPassed { element, .. } => {
                format!("element-passed {}", id(process, element.no))
            }
            E::ElementActivated { key } => self.of("element-activated", *key, process),
            E::ElementCompleting { .. } => return None,
            E::ElementCompleted { key } => self.of("element-completed", *key, process),
            E::ElementTerminating { .. } => return None,
            E::ElementTerminated { key } => self.of("element-terminated", *key, process),
            E::FlowTaken { flow, .. } => {
                let flow = process.map(|p| p.flow(*flow).id.to_string());
                format!("flow-taken {}", flow.unwrap_or_default())
            }
            E::TriggerStored { trigger, .. } => match trigger {
                Trigger::Boundary { target, .. } | Trigger::EventSubProcess { target, .. } => {
                    format!("interrupted-by {}", id(process, *target))
                }
                Trigger::Complete => "scope-terminated".to_owned(),
            },
            E::VariableSet { scope, name, value, .. } => {
                let place = match self.elements.get(scope) {
                    Some(no) if *no != PROCESS => format!(" at {}", id(process, *no)),
                    _ => String::new(),
                };
                format!("variable-set {name} = {}{place}", value.to_json())
            }
            E::DecisionEvaluated { evaluation, .. } => evaluated(evaluation),
            E::TimerArmed { key, target, .. } => {
                self.targets.insert(*key, *target);
                format!("timer-armed {}", id(process, *target))
            }
            E::TimerFired { key } => self.at("timer-fired", *key, process),
            E::TimerCanceled { key } => self.at("timer-canceled", *key, process),
            E::SubscriptionOpening { key, target, name, correlation_key, .. } => {
                self.targets.insert(*key, *target);
                format!("subscription-opened {} {name} {correlation_key}", id(process, *target))
            }
            E::SubscriptionCorrelated { key, .. } => {
                self.at("subscription-correlated", *key, process)
            }
            E::SubscriptionClosed { key } => self.at("subscription-closed", *key, process),
            E::IncidentCreated { key, element, kind, .. } => {
                let name = self.born('x', *key);
                let place = self.elements.get(element).copied().unwrap_or(PROCESS);
                format!("incident-created {name} {kind} {}", id(process, place))
            }
            E::IncidentResolved { key } => format!("incident-resolved {}", self.name(*key)),
            E::Modified => format!("instance-modified {}", self.name(i)),
            E::Migrated(migrated) => {
                self.definitions.insert(i, migrated.definition);
                let end = self.definitions.range(i + 1..).next().map_or(Key::MAX, |(key, _)| *key);
                let elements = self.elements.range_mut(i..end);
                for (_, no) in elements.chain(self.targets.range_mut(i..end)) {
                    *no = migrated.element(*no);
                }
                let Migrated { process_id, version, .. } = &**migrated;
                format!("instance-migrated {} {process_id} v{version}", self.name(i))
            }
            E::Completed => format!("instance-completed {}", self.name(i)),
            E::Terminated => format!("instance-terminated {}", self.name(i)),
            E::Quarantined { .. } => format!("instance-quarantined {}", self.name(i)),
            E::Repaired => format!("instance-repaired {}", self.name(i)),
            E::Suspended => format!("instance-suspended {}", self.name(i)),
            E::Resumed => format!("instance-resumed {}", self.name(i)),
            E::WorkDeferred { .. } => "work-deferred".to_owned(),
            E::WorkResumed { .. } => "work-resumed".to_owned(),
            E::LoopOpened { items, .. } => format!("loop-opened {}", items.len()),
            E::OutputCollected { index, value, .. } => {
                format!("output-collected {} {}", index + 1, value.to_json())
            }
            E::LoopStopped { body } => self.of("loop-stopped", *body, process),
            E::EscalationThrown { code, caught, .. } => match caught {
                true => format!("escalation-caught {code}"),
                false => format!("escalation-not-caught {code}"),
            },
            E::SignalAwaited { key, target, name, .. } => {
                self.targets.insert(*key, *target);
                format!("signal-awaited {} {name}", id(process, *target))
            }
            E::SignalReceived { key, .. } => self.at("signal-received", *key, process),
            E::SignalUnawaited { key } => self.at("signal-unawaited", *key, process),
            E::JobHeaders { headers, .. } => {
                let pairs: Vec<String> =
                    headers.iter().map(|(name, value)| format!("{name}={value}")).collect();
                format!("job-headers {}", pairs.join(" "))
            }
            E::CompensationNoted { key, element, .. } => {
                self.targets.insert(*key, *element);
                format!("compensation-noted {}", id(process, *element))
            }
            E::CompensationTriggered { key, .. } => {
                self.at("compensation-triggered", *key, process)
            }
            E::CompensationBegun { .. } => return None,
            E::CompensationCompleted { key } => self.at("compensation-completed", *key, process),
            E::ConditionAwaited { key, target, .. } => {
                self.targets.insert(*key, *target);
                format!("condition-awaited {}", id(process, *target))
            }
            E::ConditionMet { key, .. } => self.at("condition-met", *key, process),
            E::ConditionUnawaited { key } => self.at("condition-unawaited", *key, process),
            E::UserTaskCreated { key, task, .. } => {
                let name = self.born('t', *key);
                format!("user-task-created {name}{}", about(task))
            }
            E::UserTaskChanged { key, task, change, action } => {
                let what = match change {
                    TaskChange::Assigned => "assigned",
                    TaskChange::Updated => "updated",
                    TaskChange::Created => "ready",
                    TaskChange::Corrected => "changed",
                };
                let called = called(action);
                format!("user-task-{what} {}{called}{}", self.name(*key), about(task))
            }
            E::UserTaskAsked { key, wish } => {
                let (what, called) = (wish.phase.name().to_lowercase(), called(&wish.action));
                format!("user-task-{what} {}{called}{}", self.name(*key), about(&wish.task))
            }
            E::UserTaskCorrected { key, task } => {
                format!("user-task-corrected {}{}", self.name(*key), about(task))
            }
            E::UserTaskDenied { key, reason } => {
                format!("user-task-denied {} {reason}", self.name(*key))
            }
            E::UserTaskCompleted { key, action } => {
                format!("user-task-completed {} ({action})", self.name(*key))
            }
            E::UserTaskCanceled { key } => format!("user-task-canceled {}", self.name(*key)),
            E::InstanceCalled { called, .. } => {
                format!("instance-called {}", self.name(*called))
            }
            E::Created(_)
            | E::KeysGranted { .. }
            | E::ScopeInterrupted { .. }
            | E::SubscriptionOpened { .. } => return None,
            job => return self.job(job),
        })
    }

    fn job(&mut self, event: &InstanceEvent) -> Option<String> {
        use InstanceEvent as E;
        Some(match event {
            E::JobCreated { key, job_type, .. } => {
                let name = self.born('j', *key);
                format!("job-created {name} {job_type}")
            }
            E::JobLeased { key, worker, .. } => format!("job-leased {} {worker}", self.name(*key)),
            E::JobTimedOut { key } => format!("job-timed-out {}", self.name(*key)),
            E::JobYielded { key } => format!("job-yielded {}", self.name(*key)),
            E::JobFailed { key, retries, .. } => {
                format!("job-failed {} retries={retries}", self.name(*key))
            }
            E::JobBackoffEnded { key } => format!("job-backoff-ended {}", self.name(*key)),
            E::JobRetriesUpdated { key, retries } => {
                format!("job-retries-updated {} {retries}", self.name(*key))
            }
            E::JobDeadlineUpdated { key, .. } => {
                format!("job-deadline-updated {}", self.name(*key))
            }
            E::JobPriorityUpdated { key, priority } => {
                format!("job-priority-updated {} {priority}", self.name(*key))
            }
            E::JobReactivated { key } => format!("job-reactivated {}", self.name(*key)),
            E::JobCompleted { key } => format!("job-completed {}", self.name(*key)),
            E::JobErrorThrown { key, code, .. } => {
                format!("job-error-thrown {} {code}", self.name(*key))
            }
            E::JobWithheld { key } => format!("job-withheld {}", self.name(*key)),
            E::JobCanceled { key } => format!("job-canceled {}", self.name(*key)),
            _ => return None,
        })
    }

    fn of(&self, what: &str, key: Key, process: Option<&Process>) -> String {
        let no = self.elements.get(&key).copied().unwrap_or(PROCESS);
        let all = if self.bodies.contains(&key) { " (all)" } else { "" };
        format!("{what} {}{all}", id(process, no))
    }

    fn at(&self, what: &str, key: Key, process: Option<&Process>) -> String {
        let no = self.targets.get(&key).copied().unwrap_or(PROCESS);
        format!("{what} {}", id(process, no))
    }
}

/// What the caller calls an operation on a user task.
fn called(action: &str) -> String {
    if action.is_empty() { String::new() } else { format!(" ({action})") }
}

/// What of a user task is not as it is without being said.
fn about(task: &UserTask) -> String {
    let mut text = String::new();
    let mut add = |name: &str, value: &str| {
        if !value.is_empty() {
            text += &format!(" {name}={value}");
        }
    };
    add("assignee", task.assignee.as_deref().unwrap_or_default());
    add("groups", &task.candidate_groups.join(","));
    add("users", &task.candidate_users.join(","));
    add("due", task.due_date.as_deref().unwrap_or_default());
    add("follow-up", task.follow_up_date.as_deref().unwrap_or_default());
    if task.priority != 50 {
        add("priority", &task.priority.to_string());
    }
    add("form", task.form_id.as_deref().unwrap_or_default());
    add("form-key", &task.form_key.map_or(String::new(), |key| key.to_string()));
    add("external-form", task.external_form.as_deref().unwrap_or_default());
    text
}

fn id(process: Option<&Process>, no: ElementNo) -> String {
    process.map_or_else(|| no.to_string(), |process| process.id_of(no).to_string())
}

fn evaluated(evaluation: &Evaluation) -> String {
    let Evaluation { decision_id, version, output, .. } = evaluation;
    let remarks = evaluation.remarks().map(|text| format!(" (warnings: {text})"));
    match &evaluation.failure {
        None => {
            let output = output.to_json();
            let remarks = remarks.unwrap_or_default();
            format!("decision-evaluated {decision_id} v{version} = {output}{remarks}")
        }
        Some(failed) => format!("decision-failed {decision_id} v{version} {}", failed.message),
    }
}

fn partition(event: &PartitionEvent) -> Option<String> {
    match event {
        PartitionEvent::ClockPinned { at: Some(at) } => Some(format!("clock-pinned {at}")),
        PartitionEvent::ClockPinned { at: None } => Some("clock-reset".to_owned()),
        PartitionEvent::SignalBroadcast { name, .. } => Some(format!("signal-broadcast {name}")),
        PartitionEvent::DecisionEvaluated(evaluation) => Some(evaluated(evaluation)),
        PartitionEvent::OutboxQueued { to, sequence, .. } => {
            Some(format!("outbox-queued {to}/{sequence}"))
        }
        PartitionEvent::EpochStarted { .. }
        | PartitionEvent::SignalAdvanced { .. }
        | PartitionEvent::SignalEnded { .. }
        | PartitionEvent::MetaApplied { .. }
        | PartitionEvent::OutboxAcknowledged { .. }
        | PartitionEvent::InboxAdvanced { .. }
        | PartitionEvent::RequestAnswered { .. } => None,
    }
}

fn definition(event: &DefinitionEvent) -> String {
    match event {
        DefinitionEvent::Opened { process_id, version, .. } => {
            format!("definition-opened {process_id} v{version}")
        }
        DefinitionEvent::Closed => "definition-closed".to_owned(),
        DefinitionEvent::MessageStartOpened { name, .. } => format!("message-start-opened {name}"),
        DefinitionEvent::SignalStartOpened { name, .. } => format!("signal-start-opened {name}"),
        DefinitionEvent::TimerStartArmed { .. } => "timer-start-armed".to_owned(),
        DefinitionEvent::TimerStartFired { .. } => "timer-start-fired".to_owned(),
        DefinitionEvent::TimerStartCanceled { .. } => "timer-start-canceled".to_owned(),
    }
}

/// Of a lock, and what kind it is.
fn owner(process_id: &str) -> String {
    match process_id.strip_suffix('\0') {
        Some(process_id) => format!("{process_id} business-id"),
        None => process_id.to_owned(),
    }
}
