//! What few instances have, beside the tables that nearly all of them use: one pointer in the
//! instance, absent while it is empty.

use std::collections::BTreeMap;
use std::sync::Arc;

use value::Packed;

use super::instance::Instance;
use super::undo::put;
use crate::event::{ElementNo, ListenerKind, NamedValue, TaskWish, Text, UserTask};
use crate::key::Key;

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rare {
    /// Open multi-instances, by their bodies.
    pub loops: BTreeMap<Key, Loop>,
    /// Instances inside a multi-instance, with their places from 0.
    pub inner: BTreeMap<Key, u32>,
    /// Collected outputs, per body and place.
    pub outputs: BTreeMap<Key, BTreeMap<u32, Packed>>,
    /// Called instances, by the call activities that wait for them.
    pub calls: BTreeMap<Key, Key>,
    pub signals: BTreeMap<Key, SignalWait>,
    /// Headers of jobs beside those of their elements.
    pub headers: BTreeMap<Key, Arc<[(Text, Text)]>>,
    /// By user task key.
    pub tasks: BTreeMap<Key, Box<UserTask>>,
    /// Completed activities that can be compensated.
    pub compensations: BTreeMap<Key, Box<Compensation>>,
    pub conditions: BTreeMap<Key, ConditionWait>,
    /// Listeners of an element that have done their work, in the phase that it is in.
    pub listening: BTreeMap<Key, (ListenerKind, u32)>,
    /// By user task key, while listeners are at work.
    pub wishes: BTreeMap<Key, Box<TaskWish>>,
}

/// A completed activity that can be compensated; `scope` and `inner` may have ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Compensation {
    pub scope: Key,
    pub element: ElementNo,
    pub inner: Option<Key>,
    pub variables: Arc<[NamedValue]>,
    /// The throw event that has taken it.
    pub throw: Option<Key>,
    pub handler: Option<Key>,
}

/// Waits for a condition.
#[derive(Debug, Clone, PartialEq)]
pub struct ConditionWait {
    pub host: Key,
    pub target: ElementNo,
}

/// Waits for a signal.
#[derive(Debug, Clone, PartialEq)]
pub struct SignalWait {
    pub host: Key,
    pub target: ElementNo,
    pub name: Text,
    /// Orders it against broadcasts.
    pub sequence: u64,
}

/// A multi-instance under way.
#[derive(Debug, Clone, PartialEq)]
pub struct Loop {
    pub items: Arc<[Packed]>,
    /// Name of the output collection.
    pub output: Option<Text>,
    pub started: u32,
    pub completed: u32,
    pub terminated: u32,
    /// The completion condition held.
    pub stopped: bool,
}

/// One row of a rare table, or its absence: what is written, and what was there before.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum RareRow {
    Loop(Key, Option<Loop>),
    Inner(Key, Option<u32>),
    Output(Key, u32, Option<Packed>),
    Outputs(Key, Option<BTreeMap<u32, Packed>>),
    Call(Key, Option<Key>),
    Signal(Key, Option<SignalWait>),
    Headers(Key, Option<Arc<[(Text, Text)]>>),
    Task(Key, Option<Box<UserTask>>),
    Compensation(Key, Option<Box<Compensation>>),
    Condition(Key, Option<ConditionWait>),
    Listening(Key, Option<(ListenerKind, u32)>),
    Wish(Key, Option<Box<TaskWish>>),
}

impl Instance {
    pub fn looped(&self, body: Key) -> Option<&Loop> {
        self.rare.as_ref()?.loops.get(&body)
    }

    /// The place of an instance inside a multi-instance, from 0.
    pub fn place(&self, inner: Key) -> Option<u32> {
        self.rare.as_ref()?.inner.get(&inner).copied()
    }

    /// The instance that a call activity waits for.
    pub fn called(&self, element: Key) -> Option<Key> {
        self.rare.as_ref()?.calls.get(&element).copied()
    }

    /// The user task of an element instance: its key is the next but few.
    pub fn task_of(&self, element: Key) -> Option<Key> {
        let tasks = self.rare.as_ref()?.tasks.range(element..);
        tasks.into_iter().find(|(_, task)| task.element == element).map(|(key, _)| *key)
    }

    pub fn task(&self, key: Key) -> Option<&UserTask> {
        self.rare.as_ref()?.tasks.get(&key).map(|task| &**task)
    }

    /// What somebody wants of a user task, while its listeners are at work.
    pub fn wish(&self, task: Key) -> Option<&TaskWish> {
        self.rare.as_ref()?.wishes.get(&task).map(|wish| &**wish)
    }

    pub fn compensations(&self) -> impl Iterator<Item = (Key, &Compensation)> {
        let all = self.rare.as_ref().into_iter().flat_map(|rare| &rare.compensations);
        all.map(|(key, row)| (*key, &**row))
    }

    /// Listeners of an element that have done their work in this phase.
    pub fn listened(&self, element: Key, phase: ListenerKind) -> u32 {
        let row = self.rare.as_ref().and_then(|rare| rare.listening.get(&element));
        row.filter(|(of, _)| *of == phase).map_or(0, |(_, done)| *done)
    }

    /// Signals that the instance waits for.
    pub fn signals(&self) -> impl Iterator<Item = (Key, &SignalWait)> {
        let all = self.rare.as_ref().into_iter().flat_map(|rare| &rare.signals);
        all.map(|(key, wait)| (*key, wait))
    }

    /// Places of the output collection that have been reached.
    pub fn outputs(&self, body: Key) -> u32 {
        let values = self.rare.as_ref().and_then(|rare| rare.outputs.get(&body));
        values.and_then(|values| values.keys().next_back()).map_or(0, |last| last + 1)
    }

    /// The output collection of a multi-instance as it stands; null where nothing came yet.
    pub fn collected(&self, body: Key) -> Option<(Text, Packed)> {
        let row = self.looped(body)?;
        let name = row.output.clone()?;
        let null = Packed::null();
        let values = self.rare.as_ref()?.outputs.get(&body);
        let at = |index: &u32| values.and_then(|values| values.get(index)).unwrap_or(&null);
        let places = 0..(row.items.len() as u32).max(self.outputs(body));
        Some((name, Packed::from_items(places.map(|index| at(&index)))))
    }

    /// Writes a row and returns what was there; the same call puts it back.
    pub(crate) fn put_rare(&mut self, row: RareRow) -> RareRow {
        let rare = self.rare.get_or_insert_default();
        let old = rare.put(row);
        if **rare == Rare::default() {
            self.rare = None;
        }
        old
    }
}

impl Rare {
    fn put(&mut self, row: RareRow) -> RareRow {
        match row {
            RareRow::Loop(key, new) => RareRow::Loop(key, swap(&mut self.loops, key, new)),
            RareRow::Inner(key, new) => RareRow::Inner(key, swap(&mut self.inner, key, new)),
            RareRow::Output(body, index, new) => {
                let mut values = self.outputs.remove(&body).unwrap_or_default();
                let old = swap(&mut values, index, new);
                put(&mut self.outputs, body, Some(values).filter(|values| !values.is_empty()));
                RareRow::Output(body, index, old)
            }
            RareRow::Outputs(body, new) => {
                RareRow::Outputs(body, swap(&mut self.outputs, body, new))
            }
            RareRow::Call(key, new) => RareRow::Call(key, swap(&mut self.calls, key, new)),
            RareRow::Signal(key, new) => RareRow::Signal(key, swap(&mut self.signals, key, new)),
            RareRow::Headers(key, new) => RareRow::Headers(key, swap(&mut self.headers, key, new)),
            RareRow::Task(key, new) => RareRow::Task(key, swap(&mut self.tasks, key, new)),
            RareRow::Compensation(key, new) => {
                RareRow::Compensation(key, swap(&mut self.compensations, key, new))
            }
            RareRow::Condition(key, new) => {
                RareRow::Condition(key, swap(&mut self.conditions, key, new))
            }
            RareRow::Listening(key, new) => {
                RareRow::Listening(key, swap(&mut self.listening, key, new))
            }
            RareRow::Wish(key, new) => RareRow::Wish(key, swap(&mut self.wishes, key, new)),
        }
    }
}

fn swap<K: Ord, V>(table: &mut BTreeMap<K, V>, key: K, new: Option<V>) -> Option<V> {
    match new {
        Some(new) => table.insert(key, new),
        None => table.remove(&key),
    }
}
