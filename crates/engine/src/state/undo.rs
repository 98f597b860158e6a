//! The old rows of the command under way. Dropped when it is accepted, put back in reverse order
//! when it is aborted (rejected after an emit, cold state, a panic of ours).

use crate::event::{ElementNo, FlowNo, Item, Text, Work};
use crate::key::{Key, PartitionId};

use super::instance::{ElementInstance, Incident, Instance, Job, Subscription, Timer, Variable};
use super::slots::{Lock, Message, Named, SubscriberRow};
use super::{
    Available, Broadcast, OpenDefinition, Queue, RareRow, Request, Residence, SignalRow, State,
    Wake,
};

/// One row as it was.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Undo {
    Row(Key, Row),
    Instance(Key, Option<Box<Instance>>),
    Numbers(Numbers),
    Clock(Option<i64>),
    Block(Key, Option<(Key, u32)>),
    Job(Queue, Available, bool),
    Wake(Wake, bool),
    Pending(Key, bool),
    Incident(Key, bool),
    Message(Key, Option<Box<Message>>),
    ByName(Named, Key, bool),
    ById(Named, Text, Option<Key>),
    Subscriber(Key, Option<Box<SubscriberRow>>),
    SubscriberByName(Named, Key, bool),
    Lock(Lock, Option<Key>),
    Definition(Key, Option<Box<OpenDefinition>>),
    Latest((Text, Text), Option<Key>),
    MessageStart((Text, Text, Key, ElementNo), bool),
    Outbox(PartitionId, u64),
    OutboxItem(PartitionId, u64, Option<Box<Item>>),
    Inbox(PartitionId, Option<u64>),
    Signal(SignalRow, bool),
    Broadcast(Key, Option<Box<Broadcast>>),
    /// The newest request; those that were forgotten for it, oldest first.
    Request(Vec<Request>),
}

/// A row of one instance.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Row {
    Element(Key, Option<ElementInstance>),
    Token(Key, FlowNo, u32),
    Variable(Key, Text, Option<Variable>),
    /// All variables of a scope that ended.
    Variables(Key, std::collections::BTreeMap<Text, Variable>),
    Job(Key, Option<Box<Job>>),
    Timer(Key, Option<Timer>),
    Subscription(Key, Option<Box<Subscription>>),
    Incident(Key, Option<Box<Incident>>),
    Deferred(u32, Option<Work>),
    Head(Head),
    Rare(Box<RareRow>),
}

/// The small numbers of an instance.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Head {
    pub blocks: usize,
    pub next_key: Key,
    pub next_work: u32,
    pub quarantine: Option<(Text, Text)>,
    pub suspended: bool,
}

/// The small numbers of a partition.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Numbers {
    pub epoch: u64,
    pub next_counter: i64,
    pub meta_position: u64,
    pub availability: u64,
}

impl State {
    /// Forgets the old rows: the command was accepted.
    pub(crate) fn keep(&mut self) {
        self.undo.clear();
        self.at = None;
        self.fault = None;
    }

    /// Puts the old rows back: nothing of the command remains.
    pub(crate) fn abort(&mut self) {
        self.fault = None;
        while let Some(undo) = self.undo.pop() {
            self.put_back(undo);
        }
    }

    fn put_back(&mut self, undo: Undo) {
        match undo {
            Undo::Row(instance, row) => {
                if let Some(Residence::Hot(instance)) = self.instances.get_mut(&instance) {
                    instance.put_back(row);
                }
            }
            Undo::Instance(key, old) => match old {
                Some(instance) => drop(self.instances.insert(key, Residence::Hot(instance))),
                None => drop(self.instances.remove(&key)),
            },
            Undo::Numbers(numbers) => self.set_numbers(numbers),
            Undo::Clock(clock) => self.clock = clock,
            Undo::Block(key, old) => put(&mut self.blocks, key, old),
            Undo::Job(queue, available, inserted) => {
                let jobs = self.jobs.entry(queue).or_default();
                toggle(jobs, available, !inserted);
                self.jobs.retain(|_, jobs| !jobs.is_empty());
            }
            Undo::Wake(wake, inserted) => drop(toggle(&mut self.wakes, wake, !inserted)),
            Undo::Pending(key, inserted) => drop(toggle(&mut self.pending, key, !inserted)),
            Undo::Incident(key, inserted) => {
                toggle(&mut self.incidents, key, !inserted);
            }
            Undo::Definition(key, old) => put(&mut self.definitions, key, old.map(|d| *d)),
            Undo::Latest(id, old) => put(&mut self.latest, id, old),
            Undo::MessageStart(row, inserted) => {
                toggle(&mut self.message_starts, row, !inserted);
            }
            Undo::Outbox(to, last) => self.outbox.entry(to).or_default().last = last,
            Undo::OutboxItem(to, sequence, old) => {
                let items = &mut self.outbox.entry(to).or_default().items;
                put(items, sequence, old.map(|item| *item));
            }
            Undo::Inbox(from, old) => put(&mut self.inbox, from, old),
            Undo::Request(dropped) => self.requests.put_back(dropped),
            Undo::Signal(row, inserted) => drop(toggle(&mut self.signals, row, !inserted)),
            Undo::Broadcast(key, old) => put(&mut self.broadcasts, key, old.map(|row| *row)),
            slot => self.put_back_slot(slot),
        }
    }

    fn put_back_slot(&mut self, undo: Undo) {
        let m = &mut self.messages;
        match undo {
            Undo::Message(key, old) => put(&mut m.messages, key, old.map(|row| *row)),
            Undo::ByName(name, key, inserted) => {
                toggle(&mut m.by_name, (name, key), !inserted);
            }
            Undo::ById(name, id, old) => put(&mut m.by_id, (name, id), old),
            Undo::Subscriber(key, old) => put(&mut m.subscribers, key, old.map(|row| *row)),
            Undo::SubscriberByName(name, key, inserted) => {
                toggle(&mut m.subscribers_by_name, (name, key), !inserted);
            }
            Undo::Lock(lock, old) => put(&mut m.locks, lock, old),
            other => unreachable!("not a row of a slot: {other:?}"),
        }
    }

    pub(crate) fn numbers(&self) -> Numbers {
        Numbers {
            epoch: self.epoch,
            next_counter: self.next_counter,
            meta_position: self.meta_position,
            availability: self.availability,
        }
    }

    pub(crate) fn set_numbers(&mut self, numbers: Numbers) {
        self.epoch = numbers.epoch;
        self.next_counter = numbers.next_counter;
        self.meta_position = numbers.meta_position;
        self.availability = numbers.availability;
    }
}

impl Instance {
    pub(crate) fn head(&self) -> Head {
        Head {
            blocks: self.blocks.len(),
            next_key: self.next_key,
            next_work: self.next_work,
            quarantine: self.quarantine.clone(),
            suspended: self.suspended,
        }
    }

    fn put_back(&mut self, row: Row) {
        match row {
            Row::Element(key, old) => put(&mut self.elements, key, old),
            Row::Token(scope, flow, old) => {
                put(&mut self.tokens, (scope, flow), (old > 0).then_some(old));
            }
            Row::Variable(scope, name, old) => {
                self.put_variable(scope, name, old);
            }
            Row::Variables(scope, old) => {
                self.bytes += old.values().map(|v| v.value.len()).sum::<usize>();
                self.variables.insert(scope, old);
            }
            Row::Job(key, old) => put(&mut self.jobs, key, old.map(|job| *job)),
            Row::Timer(key, old) => put(&mut self.timers, key, old),
            Row::Subscription(key, old) => put(&mut self.subscriptions, key, old.map(|s| *s)),
            Row::Incident(key, old) => put(&mut self.incidents, key, old.map(|i| *i)),
            Row::Deferred(number, old) => put(&mut self.deferred, number, old),
            Row::Rare(row) => drop(self.put_rare(*row)),
            Row::Head(head) => {
                self.blocks.truncate(head.blocks);
                self.next_key = head.next_key;
                self.next_work = head.next_work;
                self.quarantine = head.quarantine;
                self.suspended = head.suspended;
            }
        }
    }

    /// Sets or removes a variable and returns what was there; keeps the byte count.
    pub(crate) fn put_variable(
        &mut self,
        scope: Key,
        name: Text,
        new: Option<Variable>,
    ) -> Option<Variable> {
        let variables = self.variables.entry(scope).or_default();
        self.bytes += new.as_ref().map_or(0, |v| v.value.len());
        let old = match new {
            Some(variable) => variables.insert(name, variable),
            None => variables.remove(&name),
        };
        if variables.is_empty() {
            self.variables.remove(&scope);
        }
        self.bytes -= old.as_ref().map_or(0, |v| v.value.len());
        old
    }
}

pub(crate) fn put<K: Ord, V>(map: &mut std::collections::BTreeMap<K, V>, key: K, value: Option<V>) {
    match value {
        Some(value) => drop(map.insert(key, value)),
        None => drop(map.remove(&key)),
    }
}

/// Whether that changed anything; only a change may be undone.
pub(crate) fn toggle<T: Ord>(
    set: &mut std::collections::BTreeSet<T>,
    row: T,
    present: bool,
) -> bool {
    if present { set.insert(row) } else { set.remove(&row) }
}
