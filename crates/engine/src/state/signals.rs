//! Who waits for signals at a partition, and the broadcasts that are on their way.

use std::sync::Arc;

use super::State;
use super::undo::{Undo, put, toggle};
use crate::event::{NamedValue, Text};
use crate::key::Key;

/// A wait of an instance, in the order of waits for that name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SignalRow {
    pub tenant: Text,
    pub name: Text,
    pub sequence: u64,
    pub instance: Key,
    pub key: Key,
}

/// A signal under way: it reaches the waits from `from` on that were there before `upto`.
#[derive(Debug, Clone, PartialEq)]
pub struct Broadcast {
    pub tenant: Text,
    pub name: Text,
    pub variables: Arc<[NamedValue]>,
    pub from: u64,
    pub upto: u64,
}

impl State {
    /// Waits that a broadcast has still to reach, in order.
    pub fn reached(&self, broadcast: &Broadcast) -> impl Iterator<Item = &SignalRow> {
        let Broadcast { tenant, name, from, upto, .. } = broadcast.clone();
        let first = SignalRow {
            tenant: tenant.clone(),
            name: name.clone(),
            sequence: from,
            instance: Key::MIN,
            key: Key::MIN,
        };
        self.signals
            .range(first..)
            .take_while(move |row| row.tenant == tenant && row.name == name && row.sequence < upto)
    }

    pub(crate) fn set_signal(&mut self, row: SignalRow, present: bool) {
        if toggle(&mut self.signals, row.clone(), present) {
            self.undo.push(Undo::Signal(row, present));
        }
    }

    pub(crate) fn set_broadcast(&mut self, key: Key, new: Option<Broadcast>) {
        let present = new.is_some();
        let old = self.broadcasts.get(&key).cloned();
        put(&mut self.broadcasts, key, new);
        self.undo.push(Undo::Broadcast(key, old.map(Box::new)));
        self.set_pending(key, present);
    }
}
