//! Events of process instances.

use engine::Key;
use engine::event::{Created, ElementRef, FlowNo, InstanceEvent as E, PROCESS, Text};

use super::rows::*;
use super::{At, Fold};
use crate::fingerprint;
use crate::names::{self, ACTIVE, COMPLETED, ELEMENT_ACTIVATING, SUSPENDED, TERMINATED, job, task};

impl Fold<'_> {
    pub(super) fn instance(&mut self, at: At, i: Key, event: &E) {
        match event {
            E::Created(created) => self.created(at, i, created),
            E::ElementActivating { key, element, scope, .. } => {
                self.element(at, i, *key, *element, *scope, ELEMENT_ACTIVATING);
            }
            E::ElementPassed { key, element, scope, .. } => {
                self.element(at, i, *key, *element, *scope, COMPLETED);
            }
            E::ElementActivated { key } => self.element_is(*key, ACTIVE, None),
            E::ElementCompleted { key } => self.element_is(*key, COMPLETED, Some(at.time)),
            E::ElementTerminated { key } => self.element_is(*key, TERMINATED, Some(at.time)),
            E::FlowTaken { flow, .. } => self.flow(at, i, *flow),
            E::VariableSet { scope, key, name, value, .. } => {
                self.variable(at, i, *scope, *key, name, value);
            }
            E::TimerArmed { .. } => self.timer(at, i, event),
            E::TimerFired { key } => self.timer_ended(at, *key, 1),
            E::TimerCanceled { key } => self.timer_ended(at, *key, 2),
            E::SubscriptionOpening { .. } => self.subscription(at, i, event),
            E::SubscriptionCorrelated { key, message, closes } => {
                self.correlated(at, i, *key, *message, *closes);
            }
            E::SubscriptionClosed { key } => {
                self.subscription_is(*key, names::DELETED, at.time);
            }
            E::SignalAwaited { key, host, target, name } => {
                let row = awaited(at, i, *key, *host, *target);
                self.changes.awaited.insert(*key, AwaitedRow { name: Some(name.clone()), ..row });
            }
            E::ConditionAwaited { key, host, target } => {
                let row = awaited(at, i, *key, *host, *target);
                self.changes.awaited.insert(*key, AwaitedRow { kind: 1, ..row });
            }
            E::SignalReceived { key, closes: true }
            | E::SignalUnawaited { key }
            | E::ConditionMet { key, closes: true }
            | E::ConditionUnawaited { key } => self.awaited_ended(at, *key),
            E::DecisionEvaluated { element, evaluation } => {
                self.decided(at, Some((i, *element)), evaluation);
            }
            E::IncidentCreated { .. } => self.incident(at, i, event),
            E::IncidentResolved { key } => self.incident_resolved(at, i, *key),
            E::Migrated(migrated) => drop(self.known.insert(i, migrated.definition)),
            E::Completed => self.ended(at, i, COMPLETED),
            E::Terminated => self.ended(at, i, TERMINATED),
            E::Quarantined { reason, .. } => self.quarantine(i, reason.clone()),
            E::Repaired => self.quarantine(i, "".into()),
            E::Suspended => self.suspended(i, SUSPENDED, Some(at.time)),
            E::Resumed => self.suspended(i, ACTIVE, None),
            // Nothing that a reader can see before the event that follows.
            E::SignalReceived { closes: false, .. }
            | E::ConditionMet { closes: false, .. }
            | E::KeysGranted { .. }
            | E::ElementCompleting { .. }
            | E::ElementTerminating { .. }
            | E::TriggerStored { .. }
            | E::ScopeInterrupted { .. }
            | E::SubscriptionOpened { .. }
            | E::LoopOpened { .. }
            | E::OutputCollected { .. }
            | E::LoopStopped { .. }
            | E::InstanceCalled { .. }
            | E::EscalationThrown { .. }
            | E::JobHeaders { .. }
            | E::UserTaskCorrected { .. }
            | E::CompensationNoted { .. }
            | E::CompensationTriggered { .. }
            | E::CompensationBegun { .. }
            | E::CompensationCompleted { .. }
            | E::Modified
            | E::WorkDeferred { .. }
            | E::WorkResumed { .. } => {}
            E::UserTaskCreated { key, element, task } => {
                self.task_created(at, i, *key, *element, task);
            }
            E::UserTaskChanged { key, task, .. } => self.task_changed(*key, task),
            E::UserTaskAsked { key, wish } => self.task_asked(*key, wish.phase),
            E::UserTaskDenied { key, .. } => self.task_at(*key, task::CREATED),
            E::UserTaskCompleted { key, .. } => self.task_ended(at, *key, task::COMPLETED),
            E::UserTaskCanceled { key } => self.task_ended(at, *key, task::CANCELED),
            E::JobCreated { .. } => self.job_created(at, i, event),
            E::JobLeased { key, worker, deadline, .. } => {
                self.job(*key, JobPatch::leased(at, worker, *deadline));
            }
            E::JobTimedOut { key } => self.job(*key, JobPatch::free(at, job::TIMED_OUT)),
            E::JobYielded { key } | E::JobBackoffEnded { key } | E::JobReactivated { key } => {
                self.job(*key, JobPatch::free(at, job::CREATED));
            }
            E::JobFailed { key, retries, available_at, message } => {
                let retries = i64::from(*retries);
                self.job(*key, JobPatch::failed(at, retries, *available_at, message));
            }
            E::JobRetriesUpdated { key, retries } => {
                self.job(*key, JobPatch::retries(at, i64::from(*retries)));
            }
            E::JobDeadlineUpdated { key, deadline } => {
                self.job(*key, JobPatch::deadline(at, *deadline));
            }
            E::JobPriorityUpdated { key, priority } => {
                self.job(*key, JobPatch::priority(at, i64::from(*priority)));
            }
            E::JobCompleted { key } => self.job(*key, JobPatch::gone(at, job::COMPLETED)),
            E::JobCanceled { key } => self.job(*key, JobPatch::gone(at, job::CANCELED)),
            E::JobErrorThrown { key, code, message, caught } => {
                self.job(*key, JobPatch::thrown(at, code, message, *caught));
            }
            // Its incident says why.
            E::JobWithheld { key } => self.job(*key, JobPatch::free(at, job::FAILED)),
        }
    }

    fn created(&mut self, at: At, key: Key, created: &Created) {
        self.known.insert(key, created.definition);
        let row = InstanceRow {
            key,
            definition: created.definition,
            state: ACTIVE,
            start: at.time,
            end: None,
            incidents: 0,
            parent_instance: created.parent_instance,
            parent_element: created.parent_element,
            root: created.root_instance,
            business_id: created.business_id.clone(),
            tags: tags(&created.tags),
            quarantine: None,
            trace: created.trace.clone(),
            suspended: None,
        };
        self.changes.instances.insert(key, row);
    }

    fn element(&mut self, at: At, i: Key, key: Key, of: ElementRef, scope: Key, state: i64) {
        if of.no == PROCESS {
            return;
        }
        let row = ElementRow {
            key,
            instance: i,
            definition: self.definition(i),
            no: i64::from(of.no),
            role: names::role(of.role),
            state,
            start: at.time,
            end: (state == COMPLETED).then_some(at.time),
            scope,
            incident: None,
        };
        self.changes.elements.insert(key, row);
    }

    /// Of the instance itself as well, whose row is another table's: that change finds no row.
    fn element_is(&mut self, key: Key, state: i64, end: Option<i64>) {
        if self.known.contains_key(&key) {
            return;
        }
        self.changes.elements.change(
            key,
            |row| (row.state, row.end) = (state, end),
            |patch| (patch.state, patch.end) = (Some(state), end),
        );
    }

    fn flow(&mut self, at: At, i: Key, flow: FlowNo) {
        let (taken, last) = self.changes.flows.entry((i, i64::from(flow))).or_default();
        *taken += 1;
        *last = at.time;
        let of = (self.definition(i), i64::from(flow));
        *self.changes.totals.flows.entry(of).or_default() += 1;
    }

    fn variable(
        &mut self,
        at: At,
        instance: Key,
        scope: Key,
        key: Key,
        name: &Text,
        value: &value::Packed,
    ) {
        let (name, text) = (name.clone(), value.to_json());
        let number = number(&text);
        let row = VariableRow { key, instance, scope, name, value: text, number, updated: at.time };
        self.changes.variables.insert(key, row);
    }

    fn timer(&mut self, at: At, instance: Key, event: &E) {
        let E::TimerArmed { key, host, target, due, left, cycle } = event else { return };
        let row = TimerRow {
            key: *key,
            instance,
            host: *host,
            target: i64::from(*target),
            due: *due,
            remaining: left.map(i64::from),
            cycle: cycle.clone(),
            state: 0,
            armed: at.time,
            ended: None,
        };
        self.changes.timers.insert(*key, row);
    }

    fn timer_ended(&mut self, at: At, key: Key, state: i64) {
        let ended = Ended { state, time: at.time };
        self.changes.timers.change(
            key,
            |row| (row.state, row.ended) = (state, Some(at.time)),
            |patch| *patch = ended,
        );
    }

    fn awaited_ended(&mut self, at: At, key: Key) {
        let ended = Ended { state: 0, time: at.time };
        self.changes.awaited.change(key, |row| row.ended = Some(at.time), |patch| *patch = ended);
    }

    fn subscription(&mut self, at: At, i: Key, event: &E) {
        let E::SubscriptionOpening { key, host, target, name, correlation_key, interrupting } =
            event
        else {
            return;
        };
        let row = SubscriptionRow {
            key: *key,
            instance: Some(i),
            host: Some(*host),
            definition: self.definition(i),
            no: i64::from(*target),
            kind: 0,
            name: name.clone(),
            correlation_key: Some(correlation_key.clone()),
            state: names::CREATED,
            interrupting: *interrupting,
            opened: at.time,
            updated: at.time,
        };
        self.changes.subscriptions.insert(*key, row);
    }

    fn subscription_is(&mut self, key: Key, state: i64, time: i64) {
        self.changes.subscriptions.change(
            key,
            |row| {
                // What was correlated stays so when it is closed for it.
                if row.state == names::CREATED {
                    row.state = state;
                }
                row.updated = time;
            },
            |patch| {
                if patch.state == names::CREATED {
                    patch.state = state;
                }
                patch.time = time;
            },
        );
    }

    fn correlated(&mut self, at: At, instance: Key, subscription: Key, message: Key, closes: bool) {
        let state = if closes { names::CORRELATED } else { names::CREATED };
        self.subscription_is(subscription, state, at.time);
        let key = self.correlated_key(at);
        let row = CorrelatedRow { key, subscription, message, instance, time: at.time };
        self.changes.correlated.push(row);
    }

    /// The same however steps are cut into batches.
    pub(super) fn correlated_key(&self, at: At) -> Key {
        let first = ordinal_key(at, 0);
        let rows = self.changes.correlated.iter().rev();
        ordinal_key(at, rows.take_while(|row| row.key >= first).count() as i64)
    }

    fn incident(&mut self, at: At, i: Key, event: &E) {
        let E::IncidentCreated { key, element, job, kind, message } = event else { return };
        let definition = self.definition(i);
        let row = IncidentRow {
            key: *key,
            instance: i,
            element: *element,
            definition,
            job: *job,
            kind: names::incident(*kind),
            message: message.clone(),
            hash: i64::from(fingerprint::hash(message)),
            state: 0,
            created: at.time,
            resolved: None,
        };
        self.changes.incidents.insert(*key, row);
        self.changes.totals.incident(definition, at.time);
        self.instance_incidents(i, 1);
        if *element != i {
            self.changes.elements.change(
                *element,
                |row| {
                    row.incident = Some(*key);
                    if row.state == ELEMENT_ACTIVATING {
                        row.state = ACTIVE;
                    }
                },
                |patch| {
                    patch.incident = Some(*key);
                    patch.state = patch.state.or(Some(ACTIVE));
                },
            );
        }
    }

    fn incident_resolved(&mut self, at: At, i: Key, key: Key) {
        let element = self.changes.incidents.row(key).map(|row| row.element);
        self.changes.incidents.change(
            key,
            |row| (row.state, row.resolved) = (1, Some(at.time)),
            |patch| *patch = Ended { state: 1, time: at.time },
        );
        self.instance_incidents(i, -1);
        // The element of an incident that was written before is found when it is written.
        if let Some(element) = element {
            self.changes.elements.change(
                element,
                |row| row.incident = row.incident.filter(|shown| *shown != key),
                |patch| patch.incident = Some(NONE),
            );
        }
    }

    fn instance_incidents(&mut self, i: Key, amount: i64) {
        self.changes.instances.change(
            i,
            |row| row.incidents += amount,
            |patch| patch.incidents += amount,
        );
    }

    fn ended(&mut self, at: At, i: Key, state: i64) {
        self.changes.instances.change(
            i,
            |row| (row.state, row.end) = (state, Some(at.time)),
            |patch| (patch.state, patch.end) = (Some(state), Some(at.time)),
        );
    }

    fn suspended(&mut self, i: Key, state: i64, since: Option<i64>) {
        self.changes.instances.change(
            i,
            |row| (row.state, row.suspended) = (state, since),
            |patch| (patch.state, patch.suspended) = (Some(state), Some(since.unwrap_or(-1))),
        );
    }

    fn quarantine(&mut self, i: Key, reason: Text) {
        self.changes.instances.change(
            i,
            |row| row.quarantine = Some(reason.clone()).filter(|text| !text.is_empty()),
            |patch| patch.quarantine = Some(reason.clone()),
        );
    }
}

fn awaited(at: At, instance: Key, key: Key, host: Key, target: u32) -> AwaitedRow {
    AwaitedRow {
        key,
        instance,
        host,
        target: i64::from(target),
        kind: 0,
        name: None,
        opened: at.time,
        ended: None,
    }
}

/// Unique per event of a partition: its position, and which of its step it is.
pub(super) fn ordinal_key(at: At, ordinal: i64) -> Key {
    let position = i64::try_from(at.lsn).unwrap_or(i64::MAX) << 12;
    engine::key::key(at.partition, position | (ordinal & 0xFFF))
}

pub(super) fn tags(tags: &[Text]) -> Option<String> {
    let joined = || tags.iter().map(|tag| &**tag).collect::<Vec<_>>().join("|");
    (!tags.is_empty()).then(|| format!("|{}|", joined()))
}

/// The value as a number, when the JSON text is one.
pub(crate) fn number(json: &str) -> Option<f64> {
    let first = json.as_bytes().first()?;
    let numeric = first.is_ascii_digit() || *first == b'-';
    numeric.then(|| json.parse().ok()).flatten().filter(|number: &f64| number.is_finite())
}
