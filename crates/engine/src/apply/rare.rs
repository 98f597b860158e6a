//! Events of what few instances have: multi-instances, called instances.

use crate::event::{InstanceEvent, Role};
use crate::key::Key;
use crate::state::{Loop, RareRow, State};

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
            other => unreachable!("not a rare event: {other:?}"),
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
            Role::Itself => {}
            Role::Body => {
                self.set_rare(i, RareRow::Loop(key, None));
                self.set_rare(i, RareRow::Outputs(key, None));
            }
            Role::Inner => {
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
    }

    fn edit_loop(&mut self, i: Key, body: Key, edit: impl FnOnce(&mut Loop)) {
        if let Some(mut row) = self.hot(i).looped(body).cloned() {
            edit(&mut row);
            self.set_rare(i, RareRow::Loop(body, Some(row)));
        }
    }
}
