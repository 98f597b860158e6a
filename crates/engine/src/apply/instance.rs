//! Events of a process instance.

use crate::event::{InstanceEvent, Role, Via};
use crate::key::Key;
use crate::state::{
    ElementInstance, Incident, Instance, Job, JobState, Phase, RareRow, State, Subscription, Timer,
    Variable,
};

impl State {
    pub(super) fn apply_instance(&mut self, i: Key, event: &InstanceEvent) {
        use InstanceEvent as E;
        match event {
            E::Created(created) => {
                self.insert_instance(Box::new(Instance::new(i, created.clone())));
                self.add_block(i, i, created.block_length);
                self.advance_counter(i, created.block_length);
            }
            E::KeysGranted { first, length } => {
                self.edit_head(i, |instance| {
                    instance.blocks.push((*first, *length));
                    instance.next_key = *first;
                });
                self.add_block(*first, i, *length);
                self.advance_counter(*first, *length);
            }
            E::ElementActivating { key, element, scope, via } => {
                self.consume(i, *scope, via);
                self.use_key(i, *key);
                if element.role == Role::Inner {
                    self.begin_inner(i, *key, *scope);
                }
                self.set_element(i, *key, Some(ElementInstance::new(*element, *scope)));
                self.edit_element(i, *scope, |row| row.children += 1);
            }
            E::ElementActivated { key } => {
                self.set_phase(i, *key, Phase::Activated);
                if *key == i {
                    self.refresh_pending(i);
                }
            }
            E::ElementCompleting { key } => self.set_phase(i, *key, Phase::Completing),
            E::ElementTerminating { key } => {
                self.drop_tokens(i, *key);
                self.set_phase(i, *key, Phase::Terminating);
            }
            E::ElementCompleted { key } => self.end(i, *key, true),
            E::ElementTerminated { key } => self.end(i, *key, false),
            E::ElementPassed { key, element: _, scope, via } => {
                self.consume(i, *scope, via);
                self.use_key(i, *key);
            }
            E::DecisionEvaluated { element: _, evaluation } => self.use_key(i, evaluation.key),
            E::FlowTaken { scope, flow } => self.add_tokens(i, *scope, *flow, 1),
            E::TriggerStored { host, trigger } => {
                self.drop_tokens_inside(i, *host, trigger);
                let trigger = Some(Box::new(trigger.clone()));
                self.edit_element(i, *host, |row| row.trigger = trigger);
            }
            E::ScopeInterrupted { scope } => {
                self.edit_element(i, *scope, |row| {
                    row.interrupted = true;
                    row.trigger = None;
                });
            }
            E::VariableSet { scope, key, name, value, created: _ } => {
                self.use_key(i, *key);
                let new = Variable { key: *key, value: value.clone() };
                self.set_variable(i, *scope, name.clone(), new);
            }
            E::TimerArmed { key, host, target, due, left, cycle } => {
                self.use_key(i, *key);
                let row = Timer {
                    host: *host,
                    target: *target,
                    due: *due,
                    left: *left,
                    cycle: cycle.clone(),
                };
                self.set_timer(i, *key, Some(row));
                self.edit_element(i, *host, |row| row.waits += 1);
            }
            E::TimerFired { key } | E::TimerCanceled { key } => {
                let host = self.hot(i).timers.get(key).map(|row| row.host);
                self.set_timer(i, *key, None);
                self.waits_less(i, host);
            }
            E::SubscriptionOpening { key, host, target, name, correlation_key, interrupting } => {
                self.use_key(i, *key);
                let row = Subscription {
                    host: *host,
                    target: *target,
                    name: name.clone(),
                    correlation_key: correlation_key.clone(),
                    interrupting: *interrupting,
                    open: false,
                };
                self.set_subscription(i, *key, Some(row));
                self.edit_element(i, *host, |row| row.waits += 1);
            }
            E::SubscriptionOpened { key } => {
                let row = self.hot(i).subscriptions.get(key).cloned();
                if let Some(mut row) = row {
                    row.open = true;
                    self.set_subscription(i, *key, Some(row));
                }
            }
            E::SubscriptionCorrelated { key, message: _, closes } => {
                if *closes {
                    self.close_subscription(i, *key);
                }
            }
            E::SubscriptionClosed { key } => self.close_subscription(i, *key),
            E::IncidentCreated { key, element, job, kind, message } => {
                self.use_key(i, *key);
                let row = Incident {
                    element: *element,
                    job: *job,
                    kind: *kind,
                    message: message.clone(),
                };
                self.set_incident(i, *key, Some(row));
            }
            E::IncidentResolved { key } => self.set_incident(i, *key, None),
            E::WorkDeferred { number, work } => {
                self.edit_head(i, |instance| instance.next_work = number + 1);
                self.set_deferred(i, *number, Some(work.clone()));
            }
            E::WorkResumed { number } => self.set_deferred(i, *number, None),
            E::Completed | E::Terminated => {
                self.index_instance(i, false);
                self.remove_instance(i);
            }
            E::Quarantined { reason, build } => {
                self.index_instance(i, false);
                let why = Some((reason.clone(), build.clone()));
                self.edit_head(i, |instance| instance.quarantine = why);
            }
            E::Repaired => {
                self.edit_head(i, |instance| instance.quarantine = None);
                let held = self.hot(i).is_held();
                self.index_instance(i, !held);
            }
            E::Suspended => {
                self.index_instance(i, false);
                self.edit_head(i, |instance| instance.suspended = true);
            }
            E::Resumed => {
                self.edit_head(i, |instance| instance.suspended = false);
                let held = self.hot(i).is_held();
                self.index_instance(i, !held);
            }
            E::Modified => {}
            E::Migrated(migrated) => self.migrate(i, migrated),
            E::LoopOpened { .. }
            | E::OutputCollected { .. }
            | E::LoopStopped { .. }
            | E::InstanceCalled { .. }
            | E::EscalationThrown { .. }
            | E::SignalAwaited { .. }
            | E::SignalReceived { .. }
            | E::SignalUnawaited { .. }
            | E::JobHeaders { .. }
            | E::UserTaskCreated { .. }
            | E::UserTaskChanged { .. }
            | E::UserTaskCompleted { .. }
            | E::UserTaskCanceled { .. }
            | E::UserTaskAsked { .. }
            | E::UserTaskCorrected { .. }
            | E::UserTaskDenied { .. }
            | E::CompensationNoted { .. }
            | E::CompensationTriggered { .. }
            | E::CompensationBegun { .. }
            | E::CompensationCompleted { .. }
            | E::ConditionAwaited { .. }
            | E::ConditionMet { .. }
            | E::ConditionUnawaited { .. } => self.apply_rare(i, event),
            job => self.apply_job(i, job),
        }
    }

    fn apply_job(&mut self, i: Key, event: &InstanceEvent) {
        use InstanceEvent as E;
        match event {
            E::JobCreated { key, element, job_type, retries, priority, kind, listener_event } => {
                self.use_key(i, *key);
                let row = Job {
                    element: *element,
                    job_type: job_type.clone(),
                    retries: *retries,
                    priority: *priority,
                    kind: *kind,
                    listener_event: *listener_event,
                    state: self.next_availability(),
                };
                self.set_job(i, *key, Some(row));
                self.edit_element(i, *element, |row| row.job = Some(*key));
            }
            E::JobLeased { key, worker, deadline, token } => {
                self.edit_numbers(|n| n.availability += 1);
                let (worker, deadline, token) = (worker.clone(), *deadline, *token);
                self.edit_job(i, *key, |job| {
                    job.state = JobState::Activated { worker, deadline, token };
                });
            }
            E::JobTimedOut { key } | E::JobYielded { key } | E::JobBackoffEnded { key } => {
                let state = self.next_availability();
                self.edit_job(i, *key, |job| job.state = state);
            }
            E::JobReactivated { key } => {
                let state = self.next_availability();
                self.edit_job(i, *key, |job| job.state = state);
            }
            E::JobFailed { key, retries, available_at, message: _ } => {
                let state = match (*retries > 0, available_at) {
                    (true, None) => self.next_availability(),
                    (true, due) => JobState::Failed { available_at: *due },
                    (false, _) => JobState::Failed { available_at: None },
                };
                self.edit_job(i, *key, |job| {
                    job.retries = *retries;
                    job.state = state;
                });
            }
            E::JobRetriesUpdated { key, retries } => {
                self.edit_job(i, *key, |job| job.retries = *retries);
            }
            E::JobPriorityUpdated { key, priority } => {
                self.edit_job(i, *key, |job| job.priority = *priority);
            }
            E::JobDeadlineUpdated { key, deadline } => self.edit_job(i, *key, |job| {
                if let JobState::Activated { deadline: old, .. } = &mut job.state {
                    *old = *deadline;
                }
            }),
            E::JobErrorThrown { key, caught: false, .. } => {
                self.edit_job(i, *key, |job| job.state = JobState::ErrorThrown);
            }
            E::JobWithheld { key } => {
                self.edit_job(i, *key, |job| job.state = JobState::Failed { available_at: None });
            }
            E::JobCompleted { key }
            | E::JobCanceled { key }
            | E::JobErrorThrown { key, caught: true, .. } => {
                let job = self.hot(i).jobs.get(key);
                let element = job.map(|job| job.element);
                let listened = job
                    .filter(|job| job.kind.is_listener())
                    .map(|job| (job.element, job.listener_event));
                self.set_job(i, *key, None);
                self.drop_headers(i, *key);
                if let (Some((element, phase)), E::JobCompleted { .. }) = (listened, event) {
                    let done = self.hot(i).listened(element, phase) + 1;
                    self.set_rare(i, RareRow::Listening(element, Some((phase, done))));
                }
                if let Some(element) = element {
                    self.edit_element(i, element, |row| row.job = None);
                }
            }
            other => unreachable!("not an event of a job: {other:?}"),
        }
    }

    fn close_subscription(&mut self, i: Key, key: Key) {
        let host = self.hot(i).subscriptions.get(&key).map(|row| row.host);
        self.set_subscription(i, key, None);
        self.waits_less(i, host);
    }

    pub(super) fn waits_less(&mut self, i: Key, host: Option<Key>) {
        if let Some(host) = host.filter(|host| self.hot(i).elements.contains_key(host)) {
            self.edit_element(i, host, |row| row.waits = row.waits.saturating_sub(1));
        }
    }

    fn edit_job(&mut self, i: Key, key: Key, edit: impl FnOnce(&mut Job)) {
        let row = self.hot(i).jobs.get(&key).cloned();
        let mut row = row.unwrap_or_else(|| panic!("job {key} is not there"));
        edit(&mut row);
        self.set_job(i, key, Some(row));
    }

    fn next_availability(&mut self) -> JobState {
        let sequence = self.availability;
        self.edit_numbers(|n| n.availability += 1);
        JobState::Activatable { sequence }
    }

    /// The instance has used a key of its block. Keys are issued in order; one that is set again
    /// (a variable's) changes nothing.
    pub(super) fn use_key(&mut self, i: Key, key: Key) {
        if key == self.hot(i).next_key {
            self.edit_head(i, |instance| instance.next_key += 1);
        }
    }

    fn set_phase(&mut self, i: Key, key: Key, phase: Phase) {
        self.edit_element(i, key, |row| row.phase = phase);
    }

    fn consume(&mut self, i: Key, scope: Key, via: &Via) {
        match via {
            Via::None => {}
            Via::Flow(flow) => self.add_tokens(i, scope, *flow, -1),
            Via::Flows(flows) => {
                for flow in flows.iter() {
                    self.add_tokens(i, scope, *flow, -1);
                }
            }
        }
    }

    fn end(&mut self, i: Key, key: Key, completed: bool) {
        self.drop_tokens(i, key);
        self.drop_variables(i, key);
        if self.hot(i).rare.is_some() {
            self.end_rare(i, key, completed);
        }
        let scope = self.hot(i).element(key).map(|row| row.scope);
        self.set_element(i, key, None);
        if let Some(scope) = scope.filter(|_| key != i) {
            self.edit_element(i, scope, |row| row.children = row.children.saturating_sub(1));
        }
    }

    /// An interrupting trigger inside a scope ends the tokens on its flows.
    fn drop_tokens_inside(&mut self, i: Key, host: Key, trigger: &crate::event::Trigger) {
        use crate::event::Trigger;
        match trigger {
            Trigger::EventSubProcess { .. } | Trigger::Complete => self.drop_tokens(i, host),
            Trigger::Boundary { .. } => {}
        }
    }

    fn drop_tokens(&mut self, i: Key, scope: Key) {
        let instance = self.hot(i);
        let range = (scope, 0)..=(scope, u32::MAX);
        let flows: Vec<_> =
            instance.tokens.range(range).map(|((_, flow), count)| (*flow, *count)).collect();
        for (flow, count) in flows {
            self.add_tokens(i, scope, flow, -i64::from(count));
        }
    }
}
