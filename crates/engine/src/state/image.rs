//! The small tables as plain rows: what a checkpoint keeps beside the blobs of the instances.
//! A copy, so that it can be encoded off the loop.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Available, Broadcast, Lock, Message, Messages, OpenDefinition, Outbox, Queue, Request,
    Requests, Residence, SignalRow, State, SubscriberRow, Wake,
};
use crate::event::Text;
use crate::key::{Key, PartitionId};

/// Everything of a [`State`] but its instances; what is a function of other rows is left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    pub partition: PartitionId,
    pub epoch: u64,
    pub next_counter: i64,
    pub meta_position: u64,
    pub clock: Option<i64>,
    pub availability: u64,
    /// Every instance, hot or cold.
    pub instances: Vec<Key>,
    pub blocks: BTreeMap<Key, (Key, u32)>,
    /// Without empty ones.
    pub jobs: BTreeMap<Queue, Vec<Available>>,
    pub wakes: Vec<Wake>,
    pub pending: Vec<Key>,
    pub incidents: Vec<Key>,
    pub messages: BTreeMap<Key, Message>,
    pub subscribers: BTreeMap<Key, SubscriberRow>,
    pub locks: BTreeMap<Lock, Key>,
    pub definitions: BTreeMap<Key, OpenDefinition>,
    pub latest: BTreeMap<(Text, Text), Key>,
    /// Without those that were never used.
    pub outbox: BTreeMap<PartitionId, Outbox>,
    pub inbox: BTreeMap<PartitionId, u64>,
    /// Oldest first.
    pub requests: Vec<Request>,
    /// Who waits for signals, in order.
    pub signals: Vec<SignalRow>,
    pub broadcasts: BTreeMap<Key, Broadcast>,
}

impl State {
    /// A copy of the small tables.
    pub fn image(&self) -> Image {
        let jobs = self.jobs.iter().filter(|(_, jobs)| !jobs.is_empty());
        let used = |(_, outbox): &(&PartitionId, &Outbox)| outbox.last > 0;
        Image {
            partition: self.partition,
            epoch: self.epoch,
            next_counter: self.next_counter,
            meta_position: self.meta_position,
            clock: self.clock,
            availability: self.availability,
            instances: self.instances.keys().copied().collect(),
            blocks: self.blocks.clone(),
            jobs: jobs.map(|(q, jobs)| (q.clone(), jobs.iter().copied().collect())).collect(),
            wakes: self.wakes.iter().copied().collect(),
            pending: self.pending.iter().copied().collect(),
            incidents: self.incidents.iter().copied().collect(),
            messages: self.messages.messages.clone(),
            subscribers: self.messages.subscribers.clone(),
            locks: self.messages.locks.clone(),
            definitions: self.definitions.clone(),
            latest: self.latest.clone(),
            outbox: self.outbox.iter().filter(used).map(|(to, o)| (*to, o.clone())).collect(),
            inbox: self.inbox.clone(),
            requests: self.requests.rows(),
            signals: self.signals.iter().cloned().collect(),
            broadcasts: self.broadcasts.clone(),
        }
    }

    /// The state that [`State::image`] was taken of, with all instances cold; those that
    /// `pending` lists have work and are loaded first.
    pub fn from_image(image: Image) -> State {
        let starts = image.definitions.iter().flat_map(|(key, row)| {
            let start =
                |(element, name): &(_, Text)| (row.tenant.clone(), name.clone(), *key, *element);
            row.message_starts.iter().map(start)
        });
        State {
            epoch: image.epoch,
            next_counter: image.next_counter,
            meta_position: image.meta_position,
            clock: image.clock,
            availability: image.availability,
            instances: image.instances.into_iter().map(|key| (key, Residence::Cold)).collect(),
            blocks: image.blocks,
            jobs: image.jobs.into_iter().map(|(q, jobs)| (q, BTreeSet::from_iter(jobs))).collect(),
            wakes: image.wakes.into_iter().collect(),
            pending: image.pending.into_iter().collect(),
            incidents: image.incidents.into_iter().collect(),
            message_starts: starts.collect(),
            messages: Messages::from_rows(image.messages, image.subscribers, image.locks),
            definitions: image.definitions,
            latest: image.latest,
            outbox: image.outbox,
            inbox: image.inbox,
            requests: Requests::from_rows(image.requests),
            signals: image.signals.into_iter().collect(),
            broadcasts: image.broadcasts,
            ..State::new(image.partition)
        }
    }
}

impl Messages {
    fn from_rows(
        messages: BTreeMap<Key, Message>,
        subscribers: BTreeMap<Key, SubscriberRow>,
        locks: BTreeMap<Lock, Key>,
    ) -> Messages {
        let named = messages.iter().filter(|(_, row)| !row.id.is_empty());
        let waiting = subscribers.iter().map(|(key, row)| (row.subscriber.named(), *key));
        Messages {
            by_name: messages.iter().map(|(key, row)| (row.named.clone(), *key)).collect(),
            by_id: named.map(|(k, row)| ((row.named.clone(), row.id.clone()), *k)).collect(),
            subscribers_by_name: waiting.collect(),
            messages,
            subscribers,
            locks,
        }
    }
}
