//! Events of a correlation slot.

use crate::event::{SlotEvent, Subscriber};
use crate::key::{Key, Slot};
use crate::state::{Message, Named, State, SubscriberRow, Wake, WakeKind};

impl State {
    pub(super) fn apply_slot(&mut self, slot: Slot, event: &SlotEvent) {
        match event {
            SlotEvent::Published {
                message,
                tenant,
                name,
                correlation_key,
                id,
                deadline,
                variables,
            } => {
                let named = Named {
                    tenant: tenant.clone(),
                    name: name.clone(),
                    correlation_key: correlation_key.clone(),
                };
                let row = Message {
                    slot,
                    named,
                    id: id.clone(),
                    deadline: *deadline,
                    variables: variables.clone(),
                    taken_by: Vec::new(),
                    asked: Vec::new(),
                };
                self.index_message(*message, &row, true);
                self.set_message(*message, Some(row));
                self.advance_counter(*message, 1);
            }
            SlotEvent::Expired { message } => self.drop_message(*message),
            SlotEvent::SubscriptionOpened(subscriber) => self.open_subscriber(slot, subscriber),
            SlotEvent::SubscriptionClosed { subscription } => self.withdraw(*subscription),
            SlotEvent::Correlating { message, subscription } => {
                let process_id = self.asked_process(*subscription);
                self.edit_asked(*message, |row| {
                    row.asked.push(*subscription);
                    row.taken_by.extend(process_id);
                });
                self.edit_subscriber(*subscription, |row| row.asked = Some(*message));
            }
            SlotEvent::Correlated { message, subscription, closes } => {
                self.edit_asked(*message, |row| row.asked.retain(|s| s != subscription));
                self.edit_subscriber(*subscription, |row| row.asked = None);
                if *closes {
                    self.close_subscriber(*subscription);
                }
            }
            SlotEvent::CorrelationRejected { message, subscription } => {
                let process_id = self.asked_process(*subscription);
                self.edit_asked(*message, |row| {
                    row.asked.retain(|s| s != subscription);
                    row.taken_by.retain(|taken| Some(taken) != process_id.as_ref());
                });
                self.close_subscriber(*subscription);
            }
            SlotEvent::StartCorrelated { message, process_id, instance: _ } => {
                self.edit_message(*message, |row| row.taken_by.push(process_id.clone()));
            }
            SlotEvent::LockTaken { tenant, process_id, correlation_key, holder } => {
                let lock = (tenant.clone(), process_id.clone(), correlation_key.clone());
                self.set_lock(lock, Some(*holder));
            }
            SlotEvent::LockReleased { tenant, process_id, correlation_key } => {
                let lock = (tenant.clone(), process_id.clone(), correlation_key.clone());
                self.set_lock(lock, None);
            }
        }
    }

    /// It was closed before it could answer: its process has not had the message that it was asked
    /// to take.
    fn withdraw(&mut self, subscription: Key) {
        let asked = self.messages.subscriber(subscription).and_then(|row| row.asked);
        if let Some(message) = asked {
            let process_id = self.asked_process(subscription);
            self.edit_message(message, |row| {
                row.taken_by.retain(|taken| Some(taken) != process_id.as_ref());
            });
        }
        self.close_subscriber(subscription);
    }

    fn asked_process(&self, subscription: Key) -> Option<crate::event::Text> {
        Some(self.messages.subscriber(subscription)?.subscriber.process_id.clone())
    }

    fn drop_message(&mut self, key: Key) {
        if let Some(row) = self.messages.message(key).cloned() {
            self.index_message(key, &row, false);
            self.set_message(key, None);
        }
    }

    /// A message may have been correlated and expired in turn; then there is nothing to change.
    fn edit_message(&mut self, key: Key, edit: impl FnOnce(&mut Message)) {
        if let Some(mut row) = self.messages.message(key).cloned() {
            edit(&mut row);
            self.set_message(key, Some(row));
        }
    }

    /// While somebody is being asked it does not expire: it may have to go to the next candidate.
    fn edit_asked(&mut self, key: Key, edit: impl FnOnce(&mut Message)) {
        self.edit_message(key, edit);
        if let Some(row) = self.messages.message(key) {
            let (due, present) = (row.deadline, row.asked.is_empty());
            self.set_wake(Wake::new(due, WakeKind::MessageExpiry, key, key), present);
        }
    }

    fn open_subscriber(&mut self, slot: Slot, subscriber: &Subscriber) {
        let key = subscriber.subscription;
        let named = subscriber.named();
        let row = SubscriberRow { slot, subscriber: subscriber.clone(), asked: None };
        self.set_subscriber(key, Some(row));
        self.index_subscriber(named, key, true);
    }

    fn close_subscriber(&mut self, key: Key) {
        if let Some(row) = self.messages.subscriber(key) {
            let named = row.subscriber.named();
            self.index_subscriber(named, key, false);
            self.set_subscriber(key, None);
        }
    }

    fn edit_subscriber(&mut self, key: Key, edit: impl FnOnce(&mut SubscriberRow)) {
        if let Some(mut row) = self.messages.subscriber(key).cloned() {
            edit(&mut row);
            self.set_subscriber(key, Some(row));
        }
    }
}

impl Subscriber {
    /// What it waits for.
    pub fn named(&self) -> Named {
        Named {
            tenant: self.tenant.clone(),
            name: self.name.clone(),
            correlation_key: self.correlation_key.clone(),
        }
    }
}
