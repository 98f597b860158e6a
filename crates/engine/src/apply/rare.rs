//! Events of what few instances have: multi-instances, called instances.

use crate::event::{InstanceEvent, Role};
use crate::key::Key;
use crate::state::{Compensation, ConditionWait, Loop, RareRow, SignalWait, State};

impl State {
    pub(super) fn apply_rare(&mut self, i: Key, event: &InstanceEvent) {
        use InstanceEvent as E;
        match event {
            E::LoopOpened { body, items, output } => {
                let row = Loop {
                    items: items.clone(),
                    output: output.clone(),
                    started: 0,
                    completed: 0,
                    terminated: 0,
                    stopped: false,
                };
                self.set_rare(i, RareRow::Loop(*body, Some(row)));
            }
            E::OutputCollected { body, index, value } => {
                self.set_rare(i, RareRow::Output(*body, *index, Some(value.clone())));
            }
            E::LoopStopped { body } => self.edit_loop(i, *body, |row| row.stopped = true),
            E::InstanceCalled { element, called } => {
                self.set_rare(i, RareRow::Call(*element, Some(*called)));
            }
            E::EscalationThrown { .. } => {}
            E::SignalAwaited { key, host, target, name } => {
                self.use_key(i, *key);
                let sequence = self.availability;
                self.edit_numbers(|n| n.availability += 1);
                let (host, target, name) = (*host, *target, name.clone());
                let row = SignalWait { host, target, name, sequence };
                self.set_signal_wait(i, *key, Some(row));
                self.edit_element(i, host, |row| row.waits += 1);
            }
            E::SignalReceived { key, closes: true } | E::SignalUnawaited { key } => {
                let rare = self.hot(i).rare.as_ref();
                let host = rare.and_then(|rare| rare.signals.get(key)).map(|row| row.host);
                self.set_signal_wait(i, *key, None);
                self.waits_less(i, host);
            }
            E::SignalReceived { closes: false, .. } => {}
            E::JobHeaders { job, headers } => {
                self.set_rare(i, RareRow::Headers(*job, Some(headers.clone())));
            }
            E::CompensationNoted { key, scope, element, inner, variables } => {
                self.use_key(i, *key);
                let row = Compensation {
                    scope: *scope,
                    element: *element,
                    inner: *inner,
                    variables: variables.clone(),
                    throw: None,
                    handler: None,
                };
                self.set_rare(i, RareRow::Compensation(*key, Some(Box::new(row))));
            }
            E::CompensationTriggered { key, throw } => {
                self.edit_compensation(i, *key, |row| row.throw = Some(*throw));
            }
            E::CompensationBegun { key, handler } => {
                self.edit_compensation(i, *key, |row| row.handler = Some(*handler));
            }
            E::CompensationCompleted { key } => {
                self.set_rare(i, RareRow::Compensation(*key, None));
            }
            E::ConditionAwaited { key, host, target } => {
                self.use_key(i, *key);
                let row = ConditionWait { host: *host, target: *target };
                self.set_rare(i, RareRow::Condition(*key, Some(row)));
                self.edit_element(i, *host, |row| row.waits += 1);
            }
            E::ConditionMet { key, closes: true } | E::ConditionUnawaited { key } => {
                let rare = self.hot(i).rare.as_ref();
                let host = rare.and_then(|rare| rare.conditions.get(key)).map(|row| row.host);
                self.set_rare(i, RareRow::Condition(*key, None));
                self.waits_less(i, host);
            }
            E::ConditionMet { closes: false, .. } => {}
            E::UserTaskCreated { key, task, .. } => {
                self.use_key(i, *key);
                self.set_rare(i, RareRow::Task(*key, Some(task.clone())));
            }
            E::UserTaskChanged { key, task, .. } => {
                self.drop_wish(i, *key);
                self.set_rare(i, RareRow::Task(*key, Some(task.clone())));
            }
            E::UserTaskCompleted { key, .. } | E::UserTaskCanceled { key } => {
                self.drop_wish(i, *key);
                self.set_rare(i, RareRow::Task(*key, None));
            }
            E::UserTaskAsked { key, wish } => {
                self.drop_listening(i, wish.task.element);
                self.set_rare(i, RareRow::Wish(*key, Some(wish.clone())));
            }
            E::UserTaskCorrected { key, task } => {
                if let Some(mut wish) = self.hot(i).wish(*key).cloned() {
                    wish.task = (**task).clone();
                    self.set_rare(i, RareRow::Wish(*key, Some(Box::new(wish))));
                }
            }
            E::UserTaskDenied { key, .. } => self.drop_wish(i, *key),
            other => unreachable!("not a rare event: {other:?}"),
        }
    }

    /// What was wanted of a user task is done or given up; its listeners begin anew.
    fn drop_wish(&mut self, i: Key, task: Key) {
        let Some(wish) = self.hot(i).wish(task) else { return };
        let element = wish.task.element;
        self.set_rare(i, RareRow::Wish(task, None));
        self.drop_listening(i, element);
    }

    fn drop_listening(&mut self, i: Key, element: Key) {
        if self.hot(i).rare.as_ref().is_some_and(|rare| rare.listening.contains_key(&element)) {
            self.set_rare(i, RareRow::Listening(element, None));
        }
    }

    /// The headers of a job that is gone.
    pub(super) fn drop_headers(&mut self, i: Key, job: Key) {
        if self.hot(i).rare.as_ref().is_some_and(|rare| rare.headers.contains_key(&job)) {
            self.set_rare(i, RareRow::Headers(job, None));
        }
    }

    /// The next instance of a multi-instance.
    pub(super) fn begin_inner(&mut self, i: Key, key: Key, body: Key) {
        let index = self.hot(i).looped(body).map(|row| row.started);
        if let Some(index) = index {
            self.set_rare(i, RareRow::Inner(key, Some(index)));
            self.edit_loop(i, body, |row| row.started += 1);
        }
    }

    /// What an element instance leaves behind in the rare tables.
    pub(super) fn end_rare(&mut self, i: Key, key: Key, completed: bool) {
        let Some(row) = self.hot(i).element(key) else { return };
        let (role, scope) = (row.element.role, row.scope);
        match role {
            Role::AdHocInner => {}
            Role::Itself if self.hot(i).looped(key).is_none() => {}
            Role::Itself | Role::Body => {
                self.set_rare(i, RareRow::Loop(key, None));
                self.set_rare(i, RareRow::Outputs(key, None));
            }
            Role::Inner => {
                if self.hot(i).looped(key).is_some() {
                    self.set_rare(i, RareRow::Loop(key, None));
                    self.set_rare(i, RareRow::Outputs(key, None));
                }
                self.set_rare(i, RareRow::Inner(key, None));
                self.edit_loop(i, scope, |row| match completed {
                    true => row.completed += 1,
                    false => row.terminated += 1,
                });
            }
        }
        if self.hot(i).called(key).is_some() {
            self.set_rare(i, RareRow::Call(key, None));
        }
        self.drop_listening(i, key);
    }

    fn edit_compensation(&mut self, i: Key, key: Key, edit: impl FnOnce(&mut Compensation)) {
        let rows = self.hot(i).rare.as_ref().map(|rare| &rare.compensations);
        if let Some(mut row) = rows.and_then(|rows| rows.get(&key)).cloned() {
            edit(&mut row);
            self.set_rare(i, RareRow::Compensation(key, Some(row)));
        }
    }

    fn edit_loop(&mut self, i: Key, body: Key, edit: impl FnOnce(&mut Loop)) {
        if let Some(mut row) = self.hot(i).looped(body).cloned() {
            edit(&mut row);
            self.set_rare(i, RareRow::Loop(body, Some(row)));
        }
    }
}
