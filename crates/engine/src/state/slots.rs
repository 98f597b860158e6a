//! Messages and their subscribers, at the partition that owns the slot.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::event::{NamedValue, Subscriber, Text};
use crate::key::{Key, Slot};

/// Tenant, message name, correlation key: what makes a message and a subscription meet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    pub tenant: Text,
    pub name: Text,
    pub correlation_key: Text,
}

/// Tenant, process id, correlation key of a start message.
pub type Lock = (Text, Text, Text);

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Messages {
    pub(crate) messages: BTreeMap<Key, Message>,
    pub(crate) by_name: BTreeSet<(Named, Key)>,
    pub(crate) by_id: BTreeMap<(Named, Text), Key>,
    pub(crate) subscribers: BTreeMap<Key, SubscriberRow>,
    pub(crate) subscribers_by_name: BTreeSet<(Named, Key)>,
    pub(crate) locks: BTreeMap<Lock, Key>,
}

/// A buffered message, or one whose correlation is under way.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    pub slot: Slot,
    pub named: Named,
    pub id: Text,
    pub deadline: i64,
    pub variables: Arc<[NamedValue]>,
    /// Process ids that have taken it; each takes it once.
    pub taken_by: Vec<Text>,
    /// Subscriptions that were asked and have not answered.
    pub asked: Vec<Key>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct SubscriberRow {
    pub slot: Slot,
    pub subscriber: Subscriber,
    /// The message that it is being asked to take.
    pub asked: Option<Key>,
}

impl Messages {
    pub fn message(&self, key: Key) -> Option<&Message> {
        self.messages.get(&key)
    }

    /// All buffered messages, oldest first.
    pub fn messages(&self) -> impl Iterator<Item = (Key, &Message)> {
        self.messages.iter().map(|(key, message)| (*key, message))
    }

    /// Buffered messages of this name and key, oldest first.
    pub fn named(&self, named: &Named) -> impl Iterator<Item = (Key, &Message)> {
        let from = (named.clone(), Key::MIN);
        let keys = self.by_name.range(from..).take_while(move |(n, _)| n == named);
        keys.filter_map(|(_, key)| Some((*key, self.messages.get(key)?)))
    }

    pub fn subscriber(&self, subscription: Key) -> Option<&SubscriberRow> {
        self.subscribers.get(&subscription)
    }

    pub fn subscribers(&self) -> impl Iterator<Item = (Key, &SubscriberRow)> {
        self.subscribers.iter().map(|(key, row)| (*key, row))
    }

    /// Subscriptions that wait for this name and key, oldest first.
    pub fn waiting(&self, named: &Named) -> impl Iterator<Item = (Key, &SubscriberRow)> {
        let from = (named.clone(), Key::MIN);
        let keys = self.subscribers_by_name.range(from..).take_while(move |(n, _)| n == named);
        keys.filter_map(|(_, key)| Some((*key, self.subscribers.get(key)?)))
    }

    /// The buffered message with this id, if there is one.
    pub fn with_id(&self, named: &Named, id: &Text) -> Option<Key> {
        self.by_id.get(&(named.clone(), id.clone())).copied()
    }

    /// Who holds the start lock of a process.
    pub fn lock(&self, lock: &Lock) -> Option<Key> {
        self.locks.get(lock).copied()
    }

    /// Start locks by process and correlation key.
    pub fn locks(&self) -> impl Iterator<Item = (&Lock, Key)> {
        self.locks.iter().map(|(lock, holder)| (lock, *holder))
    }
}

impl Message {
    /// Nobody is being asked and its time is up.
    pub(crate) fn expired(&self, now: i64) -> bool {
        self.deadline <= now && self.asked.is_empty()
    }
}
