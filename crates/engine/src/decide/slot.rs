//! What partitions tell each other, and the correlation that it serves (engine-rules 6).
//!
//! The state machine belongs to the message: correlating, then correlated or rejected, then the
//! next candidate. Within one partition the same items are handled in the same step.

use crate::command::{PublishMessage, Reply};
use crate::decide::{Done, Step, Stop};
use crate::effect::Effect;
use crate::event::{Event, InstanceEvent, Item, NamedValue, PartitionEvent, SlotEvent, Subscriber};
use crate::key::{Key, PartitionId, Slot, partition_of};
use crate::rejection::Rejection;

impl Step<'_> {
    pub(super) fn inbound(&mut self, from: PartitionId, sequence: u64, item: &Item) -> Done<Reply> {
        let last = self.state.last_in(from);
        if sequence <= last && !self.state.gullible {
            return Ok(Reply::Done);
        }
        if sequence > last + 1 {
            return Err(Stop::Reject(Rejection::state(format!(
                "expected item {} of partition {from}, but got {sequence}",
                last + 1
            ))));
        }
        let sequence = sequence.max(last);
        let advanced = PartitionEvent::InboxAdvanced { from, sequence };
        self.emit(Event::Partition(advanced));
        self.handle(item)?;
        Ok(Reply::Done)
    }

    /// Counts an item that could not be handled as received, and tells its sender.
    pub(super) fn refuse_item(&mut self, from: PartitionId, sequence: u64, item: &Item) {
        if sequence != self.state.last_in(from) + 1 {
            return;
        }
        let advanced = PartitionEvent::InboxAdvanced { from, sequence };
        self.emit(Event::Partition(advanced));
        if let Item::Correlate { slot, message, subscription, .. } = item {
            let (slot, message, subscription) = (*slot, *message, *subscription);
            self.send(from, Item::CorrelationRejected { slot, message, subscription });
        }
    }

    pub(super) fn acknowledged(&mut self, to: PartitionId, upto: u64) -> Done<Reply> {
        let waits = self.state.outbox.get(&to).and_then(|outbox| outbox.items.keys().next());
        if waits.is_some_and(|first| *first <= upto) {
            self.emit(Event::Partition(PartitionEvent::OutboxAcknowledged { to, upto }));
        }
        Ok(Reply::Done)
    }

    pub(super) fn handle(&mut self, item: &Item) -> Done {
        match item {
            Item::OpenSubscription { slot, subscriber } => {
                let subscription = subscriber.subscription;
                if self.state.messages.subscriber(subscription).is_none() {
                    let to = partition_of(subscriber.instance);
                    self.send(to, Item::SubscriptionOpened { subscription });
                    self.open_at_slot(*slot, subscriber);
                }
                Ok(())
            }
            Item::CloseSubscription { slot, subscription } => {
                if self.state.messages.subscriber(*subscription).is_some() {
                    let event = SlotEvent::SubscriptionClosed { subscription: *subscription };
                    self.emit(Event::Slot { slot: *slot, event });
                }
                Ok(())
            }
            Item::SubscriptionOpened { subscription } => match self.state.owner(*subscription) {
                Some(i) if self.live(i)?.is_some() => {
                    self.state.at = Some(i);
                    self.subscription_opened(i, *subscription)
                }
                _ => Ok(()),
            },
            Item::Correlate { slot, message, subscription, variables } => {
                self.take_message(*slot, *message, *subscription, variables)
            }
            Item::CorrelationDone { slot, message, subscription, closes } => {
                self.correlation_done(*slot, *message, *subscription, *closes);
                Ok(())
            }
            Item::CorrelationRejected { slot, message, subscription } => {
                let (message, subscription) = (*message, *subscription);
                let event = SlotEvent::CorrelationRejected { message, subscription };
                self.emit(Event::Slot { slot: *slot, event });
                self.offer(message);
                self.expire_if_done(message);
                Ok(())
            }
            Item::Signal { tenant, name, variables } => {
                self.broadcast_here(name, tenant, variables.clone()).map(drop)
            }
            Item::Publish { tenant, name, correlation_key, id, time_to_live, variables } => self
                .publish_thrown(&PublishMessage {
                    name: name.clone(),
                    correlation_key: correlation_key.clone(),
                    id: id.clone(),
                    time_to_live: *time_to_live,
                    tenant: tenant.clone(),
                    variables: variables.to_vec(),
                }),
            Item::ReleaseLock { slot, tenant, process_id, correlation_key } => {
                self.release_lock(*slot, tenant, process_id, correlation_key)
            }
        }
    }

    /// A subscription waits now; the oldest buffered message that fits is offered to it.
    pub(crate) fn open_at_slot(&mut self, slot: Slot, subscriber: &Subscriber) {
        let opened = SlotEvent::SubscriptionOpened(subscriber.clone());
        self.emit(Event::Slot { slot, event: opened });
        self.feed(subscriber);
    }

    fn feed(&mut self, subscriber: &Subscriber) {
        let now = self.turn.now;
        let named = subscriber.named();
        let fits = self.state.messages.named(&named).find(|(_, message)| {
            message.deadline > now && !message.taken_by.contains(&subscriber.process_id)
        });
        if let Some(message) = fits.map(|(message, _)| message) {
            self.ask(message, subscriber.subscription);
        }
    }

    /// Offers a message to one waiting instance of each process that has not had it.
    pub(super) fn offer(&mut self, message: Key) {
        let Some(row) = self.state.messages.message(message) else { return };
        let mut had = row.taken_by.clone();
        let mut asks = Vec::new();
        for (subscription, waiting) in self.state.messages.waiting(&row.named) {
            let process_id = &waiting.subscriber.process_id;
            if waiting.asked.is_none() && !had.contains(process_id) {
                had.push(process_id.clone());
                asks.push(subscription);
            }
        }
        for subscription in asks {
            self.ask(message, subscription);
        }
    }

    fn ask(&mut self, message: Key, subscription: Key) {
        let Some(row) = self.state.messages.message(message) else { return };
        let (slot, variables) = (row.slot, row.variables.clone());
        let event = SlotEvent::Correlating { message, subscription };
        self.emit(Event::Slot { slot, event });
        let to = partition_of(subscription);
        self.send(to, Item::Correlate { slot, message, subscription, variables });
    }

    /// The instance takes the message, or says that it has moved on.
    fn take_message(
        &mut self,
        slot: Slot,
        message: Key,
        subscription: Key,
        variables: &[NamedValue],
    ) -> Done {
        let owner = self.state.owner(subscription);
        self.state.at = owner;
        let back = partition_of(message);
        let waiting = match owner {
            Some(i) => self.live(i)?.filter(|instance| !instance.is_held()).is_some(),
            None => false,
        };
        if let Some(i) = owner.filter(|_| waiting) {
            let process = self.process(i)?;
            let row = self.hot(i).subscriptions.get(&subscription).cloned();
            if let Some(row) = row
                && self.accepts(i, row.host, row.target, &process)
                && self.fits(i, variables).is_ok()
            {
                let (key, closes) = (subscription, row.interrupting);
                self.tell(i, InstanceEvent::SubscriptionCorrelated { key, message, closes });
                let done = Item::CorrelationDone { slot, message, subscription, closes };
                self.send(back, done);
                return self.trigger(i, row.host, row.target, variables);
            }
        }
        self.send(back, Item::CorrelationRejected { slot, message, subscription });
        Ok(())
    }

    fn correlation_done(&mut self, slot: Slot, message: Key, subscription: Key, closes: bool) {
        let row = self.state.messages.subscriber(subscription);
        let subscriber = row.map(|row| row.subscriber.clone());
        let event = SlotEvent::Correlated { message, subscription, closes };
        self.emit(Event::Slot { slot, event });
        if let Some(subscriber) = subscriber {
            let instance = Some(subscriber.instance);
            self.effects.push(Effect::Correlated { message, instance });
            if !closes && self.state.messages.subscriber(subscription).is_some() {
                self.feed(&subscriber);
            }
        }
        self.expire_if_done(message);
    }

    /// A message that is not buffered any longer ends when nobody is being asked.
    pub(super) fn expire_if_done(&mut self, message: Key) {
        let now = self.turn.now;
        if self.state.messages.message(message).is_some_and(|row| row.expired(now)) {
            self.expire(message);
        }
    }
}
