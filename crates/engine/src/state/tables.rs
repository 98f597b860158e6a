//! Writing rows: each write leaves the old row in the undo log.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::event::{FlowNo, Item, Text, Work};
use crate::key::{Key, PartitionId};

use super::instance::{
    ElementInstance, Incident, Instance, Job, JobState, Phase, Subscription, Timer, Variable,
};
use super::slots::{Lock, Message, Named, SubscriberRow};
use super::undo::{Row, Undo, toggle};
use super::{
    Available, OpenDefinition, Queue, RareRow, Residence, SignalRow, SignalWait, State, Wake,
    WakeKind,
};

impl State {
    /// The hot instance that an event of its own is about to change.
    ///
    /// Events of an instance are emitted or folded only while it is hot; anything else is a bug.
    pub(crate) fn hot(&mut self, key: Key) -> &mut Instance {
        match self.instances.get_mut(&key) {
            Some(Residence::Hot(instance)) => instance,
            other => panic!("an event met instance {key} that is {other:?}, not hot"),
        }
    }

    /// Sets or removes one row of an instance by `write`, which returns the old row.
    pub(crate) fn row(&mut self, key: Key, write: impl FnOnce(&mut Instance) -> Row) {
        let old = write(self.hot(key));
        self.undo.push(Undo::Row(key, old));
    }

    pub(crate) fn set_element(&mut self, i: Key, key: Key, new: Option<ElementInstance>) {
        self.row(i, |instance| {
            let old = match new {
                Some(row) => instance.elements.insert(key, row),
                None => instance.elements.remove(&key),
            };
            Row::Element(key, old)
        });
    }

    /// Changes an element instance that is there.
    pub(crate) fn edit_element(
        &mut self,
        i: Key,
        key: Key,
        edit: impl FnOnce(&mut ElementInstance),
    ) {
        self.row(i, |instance| {
            let row = instance.elements.get_mut(&key);
            let row = row.unwrap_or_else(|| panic!("element instance {key} is not there"));
            let old = row.clone();
            edit(row);
            Row::Element(key, Some(old))
        });
    }

    /// Adds tokens to a flow, or takes them away.
    pub(crate) fn add_tokens(&mut self, i: Key, scope: Key, flow: FlowNo, change: i64) {
        self.row(i, |instance| {
            let old = instance.tokens.get(&(scope, flow)).copied().unwrap_or(0);
            let new = (i64::from(old) + change).max(0) as u32;
            super::undo::put(&mut instance.tokens, (scope, flow), (new > 0).then_some(new));
            Row::Token(scope, flow, old)
        });
        self.edit_element(i, scope, |row| {
            row.tokens = (i64::from(row.tokens) + change).max(0) as u32;
        });
    }

    pub(crate) fn set_variable(&mut self, i: Key, scope: Key, name: Text, new: Variable) {
        self.row(i, |instance| {
            let old = instance.put_variable(scope, name.clone(), Some(new));
            Row::Variable(scope, name, old)
        });
    }

    /// The variables of a scope end with it.
    pub(crate) fn drop_variables(&mut self, i: Key, scope: Key) {
        if !self.hot(i).variables.contains_key(&scope) {
            return;
        }
        self.row(i, |instance| {
            let old = instance.variables.remove(&scope).unwrap_or_default();
            instance.bytes -= old.values().map(|v| v.value.len()).sum::<usize>();
            Row::Variables(scope, old)
        });
    }

    /// Sets a job row and the indices that follow from its state.
    pub(crate) fn set_job(&mut self, i: Key, key: Key, new: Option<Job>) {
        let held = self.hot(i).is_held();
        if let Some(old) = self.hot(i).jobs.get(&key).cloned()
            && !held
        {
            self.index_job(i, key, &old, false);
        }
        if let Some(job) = &new
            && !held
        {
            self.index_job(i, key, job, true);
        }
        self.row(i, |instance| {
            let old = match new {
                Some(job) => instance.jobs.insert(key, job),
                None => instance.jobs.remove(&key),
            };
            Row::Job(key, old.map(Box::new))
        });
    }

    fn index_job(&mut self, i: Key, key: Key, job: &Job, present: bool) {
        match &job.state {
            JobState::Activatable { sequence } => {
                let tenant = self.hot(i).created.tenant.clone();
                let queue = Queue { tenant, job_type: job.job_type.clone() };
                let priority = Reverse(job.priority);
                let row = Available { priority, sequence: *sequence, job: key, instance: i };
                self.set_available(queue, row, present);
            }
            JobState::Activated { deadline, .. } => {
                self.set_wake(Wake::new(*deadline, WakeKind::JobDeadline, i, key), present);
            }
            JobState::Failed { available_at: Some(due) } => {
                self.set_wake(Wake::new(*due, WakeKind::JobBackoff, i, key), present);
            }
            JobState::Failed { available_at: None } | JobState::ErrorThrown => {}
        }
    }

    fn set_available(&mut self, queue: Queue, row: Available, present: bool) {
        let jobs = self.jobs.entry(queue.clone()).or_default();
        let changed = toggle(jobs, row, present);
        if jobs.is_empty() {
            self.jobs.remove(&queue);
        }
        if changed {
            self.undo.push(Undo::Job(queue, row, present));
        }
    }

    pub(crate) fn set_wake(&mut self, wake: Wake, present: bool) {
        if toggle(&mut self.wakes, wake, present) {
            self.undo.push(Undo::Wake(wake, present));
        }
    }

    pub(crate) fn set_timer(&mut self, i: Key, key: Key, new: Option<Timer>) {
        let instance = self.hot(i);
        let held = instance.is_held();
        let old = instance.timers.get(&key).map(|timer| timer.due);
        if let Some(due) = old.filter(|_| !held) {
            self.set_wake(Wake::new(due, WakeKind::Timer, i, key), false);
        }
        if let Some(timer) = new.as_ref().filter(|_| !held) {
            self.set_wake(Wake::new(timer.due, WakeKind::Timer, i, key), true);
        }
        self.row(i, |instance| {
            let old = match new {
                Some(timer) => instance.timers.insert(key, timer),
                None => instance.timers.remove(&key),
            };
            Row::Timer(key, old)
        });
    }

    pub(crate) fn set_subscription(&mut self, i: Key, key: Key, new: Option<Subscription>) {
        self.row(i, |instance| {
            let old = match new {
                Some(row) => instance.subscriptions.insert(key, row),
                None => instance.subscriptions.remove(&key),
            };
            Row::Subscription(key, old.map(Box::new))
        });
    }

    pub(crate) fn set_incident(&mut self, i: Key, key: Key, new: Option<Incident>) {
        self.index_incident(key, new.is_some());
        self.row(i, |instance| {
            let old = match new {
                Some(row) => instance.incidents.insert(key, row),
                None => instance.incidents.remove(&key),
            };
            Row::Incident(key, old.map(Box::new))
        });
    }

    /// Sets or removes what an instance waits for, and its place in the index.
    pub(crate) fn set_signal_wait(&mut self, i: Key, key: Key, new: Option<SignalWait>) {
        let instance = self.hot(i);
        let held = instance.is_held();
        let old = instance.rare.as_ref().and_then(|rare| rare.signals.get(&key)).cloned();
        if let Some(old) = old.filter(|_| !held) {
            self.index_signal(i, key, &old, false);
        }
        if let Some(new) = new.as_ref().filter(|_| !held) {
            self.index_signal(i, key, new, true);
        }
        self.set_rare(i, RareRow::Signal(key, new));
    }

    fn index_signal(&mut self, i: Key, key: Key, wait: &SignalWait, present: bool) {
        let tenant = self.hot(i).created.tenant.clone();
        let (name, sequence) = (wait.name.clone(), wait.sequence);
        self.set_signal(SignalRow { tenant, name, sequence, instance: i, key }, present);
    }

    /// Sets or removes a row of what few instances have.
    pub(crate) fn set_rare(&mut self, i: Key, row: RareRow) {
        self.row(i, |instance| Row::Rare(Box::new(instance.put_rare(row))));
    }

    fn index_incident(&mut self, key: Key, present: bool) {
        if toggle(&mut self.incidents, key, present) {
            self.undo.push(Undo::Incident(key, present));
        }
    }

    pub(crate) fn set_deferred(&mut self, i: Key, number: u32, new: Option<Work>) {
        self.row(i, |instance| {
            let old = match new {
                Some(work) => instance.deferred.insert(number, work),
                None => instance.deferred.remove(&number),
            };
            Row::Deferred(number, old)
        });
        self.refresh_pending(i);
    }

    /// Deferred work is taken up once the process itself has begun, and never while it is held.
    pub(crate) fn refresh_pending(&mut self, i: Key) {
        let instance = self.hot(i);
        let begun = instance.element(i).is_some_and(|row| row.phase != Phase::Activating);
        let present = begun && !instance.deferred.is_empty() && !instance.is_held();
        self.set_pending(i, present);
    }

    pub(crate) fn set_pending(&mut self, i: Key, present: bool) {
        if self.pending.contains(&i) != present {
            toggle(&mut self.pending, i, present);
            self.undo.push(Undo::Pending(i, present));
        }
    }

    /// Changes the small numbers of an instance.
    pub(crate) fn edit_head(&mut self, i: Key, edit: impl FnOnce(&mut Instance)) {
        self.row(i, |instance| {
            let old = instance.head();
            edit(instance);
            Row::Head(old)
        });
    }

    /// Fills or empties the indices of a whole instance: while it is held, and at its end.
    pub(crate) fn index_instance(&mut self, i: Key, present: bool) {
        let instance = self.hot(i);
        let jobs: Vec<_> = instance.jobs.iter().map(|(k, j)| (*k, j.clone())).collect();
        let timers: Vec<_> = instance.timers.iter().map(|(k, t)| (*k, t.due)).collect();
        for (key, job) in jobs {
            self.index_job(i, key, &job, present);
        }
        for (key, due) in timers {
            self.set_wake(Wake::new(due, WakeKind::Timer, i, key), present);
        }
        let signals: Vec<_> =
            self.hot(i).signals().map(|(key, wait)| (key, wait.clone())).collect();
        for (key, wait) in signals {
            self.index_signal(i, key, &wait, present);
        }
        if present {
            self.refresh_pending(i);
        } else {
            self.set_pending(i, false);
        }
    }

    pub(crate) fn insert_instance(&mut self, instance: Box<Instance>) {
        self.undo.push(Undo::Instance(instance.key, None));
        self.instances.insert(instance.key, Residence::Hot(instance));
    }

    /// The same instance with other contents; its indices stay.
    pub(crate) fn replace_instance(&mut self, instance: Box<Instance>) {
        let key = instance.key;
        if let Some(Residence::Hot(old)) = self.instances.insert(key, Residence::Hot(instance)) {
            self.undo.push(Undo::Instance(key, Some(old)));
        }
    }

    pub(crate) fn remove_instance(&mut self, key: Key) {
        match self.instances.remove(&key) {
            Some(Residence::Hot(instance)) => {
                for key in instance.incidents.keys() {
                    self.index_incident(*key, false);
                }
                for (first, _) in &instance.blocks {
                    let old = self.blocks.remove(first);
                    self.undo.push(Undo::Block(*first, old));
                }
                self.undo.push(Undo::Instance(key, Some(instance)));
            }
            other => panic!("instance {key} ended while {other:?}"),
        }
    }

    pub(crate) fn edit_numbers(&mut self, edit: impl FnOnce(&mut super::undo::Numbers)) {
        let mut numbers = self.numbers();
        self.undo.push(Undo::Numbers(numbers));
        edit(&mut numbers);
        self.set_numbers(numbers);
    }

    pub(crate) fn set_clock(&mut self, at: Option<i64>) {
        self.undo.push(Undo::Clock(self.clock));
        self.clock = at;
    }

    pub(crate) fn add_block(&mut self, first: Key, owner: Key, length: u32) {
        let old = self.blocks.insert(first, (owner, length));
        self.undo.push(Undo::Block(first, old));
    }

    pub(crate) fn set_message(&mut self, key: Key, new: Option<Message>) {
        let old = match new {
            Some(message) => self.messages.messages.insert(key, message),
            None => self.messages.messages.remove(&key),
        };
        self.undo.push(Undo::Message(key, old.map(Box::new)));
    }

    pub(crate) fn index_message(&mut self, key: Key, message: &Message, present: bool) {
        let Message { named, id, deadline, .. } = message;
        if toggle(&mut self.messages.by_name, (named.clone(), key), present) {
            self.undo.push(Undo::ByName(named.clone(), key, present));
        }
        if !id.is_empty() {
            let row = (named.clone(), id.clone());
            let old = match present {
                true => self.messages.by_id.insert(row, key),
                false => self.messages.by_id.remove(&row),
            };
            self.undo.push(Undo::ById(named.clone(), id.clone(), old));
        }
        self.set_wake(Wake::new(*deadline, WakeKind::MessageExpiry, key, key), present);
    }

    pub(crate) fn set_subscriber(&mut self, key: Key, new: Option<SubscriberRow>) {
        let old = match new {
            Some(row) => self.messages.subscribers.insert(key, row),
            None => self.messages.subscribers.remove(&key),
        };
        self.undo.push(Undo::Subscriber(key, old.map(Box::new)));
    }

    pub(crate) fn index_subscriber(&mut self, named: Named, key: Key, present: bool) {
        if toggle(&mut self.messages.subscribers_by_name, (named.clone(), key), present) {
            self.undo.push(Undo::SubscriberByName(named, key, present));
        }
    }

    pub(crate) fn set_lock(&mut self, lock: Lock, holder: Option<Key>) {
        let old = match holder {
            Some(holder) => self.messages.locks.insert(lock.clone(), holder),
            None => self.messages.locks.remove(&lock),
        };
        self.undo.push(Undo::Lock(lock, old));
    }

    pub(crate) fn set_definition(&mut self, key: Key, new: Option<OpenDefinition>) {
        let old = match new {
            Some(row) => self.definitions.insert(key, row),
            None => self.definitions.remove(&key),
        };
        self.undo.push(Undo::Definition(key, old.map(Box::new)));
    }

    pub(crate) fn set_latest(&mut self, id: (Text, Text), key: Option<Key>) {
        let old = match key {
            Some(key) => self.latest.insert(id.clone(), key),
            None => self.latest.remove(&id),
        };
        self.undo.push(Undo::Latest(id, old));
    }

    pub(crate) fn set_message_start(
        &mut self,
        row: (Text, Text, Key, crate::event::ElementNo),
        present: bool,
    ) {
        if toggle(&mut self.message_starts, row.clone(), present) {
            self.undo.push(Undo::MessageStart(row, present));
        }
    }

    pub(crate) fn queue_item(&mut self, to: PartitionId, sequence: u64, item: Item) {
        let outbox = self.outbox.entry(to).or_default();
        self.undo.push(Undo::Outbox(to, outbox.last));
        outbox.last = sequence;
        let old = outbox.items.insert(sequence, item);
        self.undo.push(Undo::OutboxItem(to, sequence, old.map(Box::new)));
    }

    pub(crate) fn drop_items(&mut self, to: PartitionId, upto: u64) {
        let outbox = self.outbox.entry(to).or_default();
        let kept = outbox.items.split_off(&(upto + 1));
        let dropped: BTreeMap<u64, Item> = std::mem::replace(&mut outbox.items, kept);
        for (sequence, item) in dropped {
            self.undo.push(Undo::OutboxItem(to, sequence, Some(Box::new(item))));
        }
    }

    pub(crate) fn set_inbox(&mut self, from: PartitionId, sequence: u64) {
        let old = self.inbox.insert(from, sequence);
        self.undo.push(Undo::Inbox(from, old));
    }
}

impl Wake {
    pub(crate) fn new(due: i64, kind: WakeKind, owner: Key, key: Key) -> Wake {
        Wake { due, kind, owner, key }
    }
}
