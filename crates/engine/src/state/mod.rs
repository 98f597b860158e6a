//! What a partition knows: the fold of its events. It has one public mutator, [`State::apply`];
//! everything else here reads.

mod image;
mod instance;
mod rare;
mod requests;
mod signals;
mod slots;
mod tables;
mod told;
mod undo;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

pub use image::Image;
pub use instance::{
    ElementInstance, Incident, Instance, Job, JobState, Phase, Subscription, Timer, Variable,
};
pub(crate) use rare::RareRow;
pub use rare::{Compensation, ConditionWait, Loop, Rare, SignalWait};
pub use requests::Request;
pub(crate) use requests::Requests;
pub use signals::{Broadcast, SignalRow};
pub use slots::{Lock, Message, Messages, Named, SubscriberRow};
pub(crate) use undo::Undo;

use crate::event::{ElementNo, Item, Text};
use crate::key::{Key, PartitionId, key};
use crate::limits::STEP_EVENTS_MAX;

/// The rows of one partition.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    pub(crate) partition: PartitionId,
    pub(crate) epoch: u64,
    pub(crate) next_counter: i64,
    pub(crate) meta_position: u64,
    pub(crate) clock: Option<i64>,
    /// Orders jobs of equal priority by when they became available.
    pub(crate) availability: u64,
    pub(crate) instances: BTreeMap<Key, Residence>,
    /// Further blocks of keys of instances: first key to owner and length.
    pub(crate) blocks: BTreeMap<Key, (Key, u32)>,
    pub(crate) jobs: BTreeMap<Queue, BTreeSet<Available>>,
    pub(crate) wakes: BTreeSet<Wake>,
    /// Instances with deferred work.
    pub(crate) pending: BTreeSet<Key>,
    /// Open incidents; [`State::owner`] tells of which instance.
    pub(crate) incidents: BTreeSet<Key>,
    pub(crate) messages: Messages,
    pub(crate) definitions: BTreeMap<Key, OpenDefinition>,
    pub(crate) latest: BTreeMap<(Text, Text), Key>,
    pub(crate) message_starts: BTreeSet<(Text, Text, Key, ElementNo)>,
    pub(crate) outbox: BTreeMap<PartitionId, Outbox>,
    /// Who waits for signals.
    pub(crate) signals: BTreeSet<SignalRow>,
    /// Signals that have not reached everybody yet.
    pub(crate) broadcasts: BTreeMap<Key, Broadcast>,
    /// Last item handled, per sender.
    pub(crate) inbox: BTreeMap<PartitionId, u64>,
    pub(crate) requests: Requests,
    pub(crate) undo: Vec<Undo>,
    /// The instance that the decision under way is at; whom to blame for a panic.
    pub(crate) at: Option<Key>,
    /// Items of other partitions are handled again when they come again; tests only.
    pub(crate) gullible: bool,
    /// The event at which the next decision panics; tests of the undo only.
    pub(crate) fault: Option<usize>,
    /// Events after which the rest of a step is deferred; less than the limit in tests only.
    pub(crate) step_events: usize,
}

/// Where an instance is.
#[derive(Debug, Clone, PartialEq)]
pub enum Residence {
    Hot(Box<Instance>),
    /// Its blob lies in the checkpoint store; its wake-ups stay in the indices.
    Cold,
}

/// What [`State::instance`] finds.
#[derive(Debug, Clone, Copy)]
pub enum Lookup<'a> {
    Hot(&'a Instance),
    Cold,
    Absent,
}

/// Tenant and type of a job.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Queue {
    pub tenant: Text,
    pub job_type: Text,
}

/// An activatable job; the smallest is leased first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Available {
    pub priority: Reverse<i32>,
    pub sequence: u64,
    pub job: Key,
    pub instance: Key,
}

/// Something that is due at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wake {
    /// Milliseconds since the epoch.
    pub due: i64,
    pub kind: WakeKind,
    /// Instance, definition or message.
    pub owner: Key,
    pub key: Key,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WakeKind {
    Timer,
    TimerStart,
    JobDeadline,
    JobBackoff,
    MessageExpiry,
}

/// The latest version of a process, with its start subscriptions here.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenDefinition {
    pub process_id: Text,
    pub tenant: Text,
    pub version: i32,
    pub message_starts: Vec<(ElementNo, Text)>,
    pub signal_starts: Vec<(ElementNo, Text)>,
    pub timers: BTreeMap<Key, TimerStart>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct TimerStart {
    pub element: ElementNo,
    pub due: i64,
    pub left: Option<u32>,
    pub cycle: Option<Text>,
}

/// What another partition has not acknowledged yet.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outbox {
    /// Of the newest item; the next is one higher.
    pub last: u64,
    pub items: BTreeMap<u64, Item>,
}

impl State {
    /// An empty partition.
    pub fn new(partition: PartitionId) -> State {
        State {
            partition,
            epoch: 0,
            next_counter: 1,
            meta_position: 0,
            clock: None,
            availability: 0,
            instances: BTreeMap::new(),
            blocks: BTreeMap::new(),
            jobs: BTreeMap::new(),
            wakes: BTreeSet::new(),
            pending: BTreeSet::new(),
            incidents: BTreeSet::new(),
            messages: Messages::default(),
            definitions: BTreeMap::new(),
            latest: BTreeMap::new(),
            message_starts: BTreeSet::new(),
            signals: BTreeSet::new(),
            broadcasts: BTreeMap::new(),
            outbox: BTreeMap::new(),
            inbox: BTreeMap::new(),
            requests: Requests::default(),
            undo: Vec::new(),
            at: None,
            gullible: false,
            fault: None,
            step_events: STEP_EVENTS_MAX,
        }
    }

    pub fn partition(&self) -> PartitionId {
        self.partition
    }

    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Deployments up to here are known.
    pub fn meta_position(&self) -> u64 {
        self.meta_position
    }

    /// Set while the clock is pinned, in ms.
    pub fn clock(&self) -> Option<i64> {
        self.clock
    }

    pub fn instance(&self, key: Key) -> Lookup<'_> {
        match self.instances.get(&key) {
            Some(Residence::Hot(instance)) => Lookup::Hot(instance),
            Some(Residence::Cold) => Lookup::Cold,
            None => Lookup::Absent,
        }
    }

    /// Every instance, hot or cold, by key.
    pub fn instances(&self) -> impl Iterator<Item = (Key, &Residence)> {
        self.instances.iter().map(|(key, residence)| (*key, residence))
    }

    /// The instance whose blocks hold `key`, whatever it names there.
    pub fn owner(&self, key: Key) -> Option<Key> {
        if let Some((first, (owner, length))) = self.blocks.range(..=key).next_back()
            && key < first + i64::from(*length)
        {
            return Some(*owner);
        }
        None
    }

    /// The earliest thing that is due, in ms.
    pub fn next_due(&self) -> Option<i64> {
        self.wakes.first().map(|wake| wake.due)
    }

    /// Instances with deferred work, lowest key first.
    pub fn pending(&self) -> impl Iterator<Item = Key> {
        self.pending.iter().copied()
    }

    /// Open incidents behind `after`, of instances in memory and of cold ones.
    pub fn incidents(&self, after: Key) -> impl Iterator<Item = Key> {
        self.incidents.range((Bound::Excluded(after), Bound::Unbounded)).copied()
    }

    /// Everything that is due, the earliest first.
    pub fn wakes(&self) -> impl Iterator<Item = &Wake> {
        self.wakes.iter()
    }

    /// Activatable jobs per tenant and type.
    pub fn queues(&self) -> impl Iterator<Item = (&Queue, usize)> {
        self.jobs.iter().map(|(queue, jobs)| (queue, jobs.len()))
    }

    /// Jobs of `queue` that can be leased, best first.
    pub fn available(&self, queue: &Queue) -> impl Iterator<Item = Available> {
        self.jobs.get(queue).into_iter().flatten().copied()
    }

    pub fn messages(&self) -> &Messages {
        &self.messages
    }

    /// Latest versions here, by definition key.
    pub fn definitions(&self) -> &BTreeMap<Key, OpenDefinition> {
        &self.definitions
    }

    /// Unacknowledged items per receiver.
    pub fn outbox(&self) -> &BTreeMap<PartitionId, Outbox> {
        &self.outbox
    }

    /// Last item handled of `from`.
    pub fn last_in(&self, from: PartitionId) -> u64 {
        self.inbox.get(&from).copied().unwrap_or(0)
    }

    /// Takes a hot instance out, leaving its wake-ups; not an event, because nothing happened.
    /// Refuses one with deferred work, which would be loaded again at once.
    pub fn passivate(&mut self, key: Key) -> Option<Box<Instance>> {
        if self.pending.contains(&key) || !matches!(self.instance(key), Lookup::Hot(_)) {
            return None;
        }
        match self.instances.insert(key, Residence::Cold) {
            Some(Residence::Hot(instance)) => Some(instance),
            Some(Residence::Cold) | None => None,
        }
    }

    /// The next decision panics once it has emitted so many events, as a bug of ours would:
    /// for tests that nothing of an aborted command remains.
    pub fn inject_fault(&mut self, events: usize) {
        self.fault = Some(events);
    }

    /// Steps end after so many events: for tests that deferring changes nothing.
    pub fn limit_steps(&mut self, events: usize) {
        self.step_events = events;
    }

    /// Leaves out the de-duplication of items: for the test that sees what it is for.
    pub fn set_gullible(&mut self) {
        self.gullible = true;
    }

    /// A cold instance cannot be read: nothing of it is due or handed out any more, so that others
    /// go on. Not an event; the next start tries to read it again.
    pub fn lose(&mut self, key: Key) {
        self.wakes.retain(|wake| wake.owner != key);
        self.pending.remove(&key);
        for jobs in self.jobs.values_mut() {
            jobs.retain(|row| row.instance != key);
        }
        self.jobs.retain(|_, jobs| !jobs.is_empty());
    }

    /// Brings a cold instance back.
    pub fn restore(&mut self, instance: Box<Instance>) {
        self.instances.insert(instance.key, Residence::Hot(instance));
    }

    /// Key that the next block will start at.
    pub(crate) fn next_key(&self) -> Key {
        key(self.partition, self.next_counter)
    }
}
