//! Publishing and correlating messages (semantics 4.3).

use crate::command::{PublishMessage, Reply};
use crate::decide::create::Birth;
use crate::decide::job::check_name;
use crate::decide::{Done, Step, Stop};
use crate::element::payload::check_size;
use crate::event::{ElementNo, Event, InstanceEvent, SlotEvent, Text};
use crate::key::{Key, Slot, slot_of};
use crate::rejection::Rejection;
use crate::state::Named;

impl Step<'_> {
    pub(super) fn publish(&mut self, message: &PublishMessage) -> Done<Reply> {
        let key = self.accept(message)?;
        Ok(Reply::Published { message: key, tenant: message.tenant.clone() })
    }

    /// From a throw event: one with the id of a buffered one was published before.
    pub(super) fn publish_thrown(&mut self, message: &PublishMessage) -> Done {
        let named = Named {
            tenant: message.tenant.clone(),
            name: message.name.clone(),
            correlation_key: message.correlation_key.clone(),
        };
        let twice = !message.id.is_empty() && {
            self.state.messages.with_id(&named, &message.id).is_some()
        };
        if twice { Ok(()) } else { self.accept(message).map(drop) }
    }

    /// As a message that is not buffered; [`Step::settle`] says what came of it.
    pub(super) fn correlate(&mut self, message: &PublishMessage) -> Done<Reply> {
        let message = PublishMessage { time_to_live: 0, ..message.clone() };
        let key = self.accept(&message)?;
        Ok(Reply::Correlating { message: key, tenant: message.tenant.clone() })
    }

    /// The answer of a command, now that everything that follows from it has happened.
    pub(super) fn settle(&mut self, reply: Reply) -> Done<Reply> {
        let Reply::Correlating { message, tenant } = reply else { return Ok(reply) };
        let taken = self.events.iter().find_map(|event| match event {
            Event::Instance {
                instance,
                event: InstanceEvent::SubscriptionCorrelated { message: taken, .. },
            } if *taken == message => Some(*instance),
            Event::Slot {
                event: SlotEvent::StartCorrelated { message: taken, instance, .. },
                ..
            } if *taken == message => Some(*instance),
            _ => None,
        });
        if let Some(instance) = taken {
            return Ok(Reply::Correlated { message, instance, tenant });
        }
        if self.state.messages.message(message).is_some_and(|row| !row.asked.is_empty()) {
            return Ok(Reply::Correlating { message, tenant });
        }
        Err(Stop::Reject(unwanted(&self.events)))
    }

    fn accept(&mut self, message: &PublishMessage) -> Done<Key> {
        check(message)?;
        let named = Named {
            tenant: message.tenant.clone(),
            name: message.name.clone(),
            correlation_key: message.correlation_key.clone(),
        };
        if !message.id.is_empty() && self.state.messages.with_id(&named, &message.id).is_some() {
            return Err(Stop::Reject(Rejection::exists(format!(
                "Expected to publish a new message with id '{}', but a message with that id was \
                 already published",
                message.id
            ))));
        }
        let slot = slot_of(&message.tenant, &message.correlation_key, &message.id, &message.name);
        let key = self.state.next_key();
        let published = SlotEvent::Published {
            message: key,
            tenant: message.tenant.clone(),
            name: message.name.clone(),
            correlation_key: message.correlation_key.clone(),
            id: message.id.clone(),
            deadline: self.turn.now.saturating_add(message.time_to_live.max(0)),
            variables: message.variables.as_slice().into(),
        };
        self.emit(Event::Slot { slot, event: published });
        self.offer(key);
        self.offer_starts(key)?;
        self.expire_if_done(key);
        Ok(key)
    }

    /// Starts an instance of each process that waits for the message to begin.
    fn offer_starts(&mut self, message: Key) -> Done {
        let Some(row) = self.state.messages.message(message) else { return Ok(()) };
        let (tenant, name) = (row.named.tenant.clone(), row.named.name.clone());
        let from = (tenant.clone(), name.clone(), Key::MIN, 0);
        let starts = self.state.message_starts.range(from..);
        let starts = starts.take_while(|(t, n, _, _)| *t == tenant && *n == name);
        let starts: Vec<(Key, ElementNo)> = starts.map(|(_, _, d, e)| (*d, *e)).collect();
        for (definition, element) in starts {
            self.start_by(message, definition, element)?;
        }
        Ok(())
    }

    /// One instance of a process by one message, unless its lock is held or it has had it.
    pub(super) fn start_by(&mut self, message: Key, definition: Key, element: ElementNo) -> Done {
        let Some(row) = self.state.messages.message(message).cloned() else { return Ok(()) };
        let Some(found) = self.turn.catalog.get(definition).cloned() else { return Ok(()) };
        let Ok(process) = self.compiled(definition) else { return Ok(()) };
        let process_id = found.process_id.clone();
        let Named { tenant, correlation_key, .. } = row.named.clone();
        if row.taken_by.contains(&process_id) {
            return Ok(());
        }
        let lock = (tenant.clone(), process_id.clone(), correlation_key.clone());
        let locks = !correlation_key.is_empty();
        if locks && self.state.messages.lock(&lock).is_some() {
            return Ok(());
        }
        let held = locks.then(|| (row.slot, correlation_key.clone()));
        let birth = Birth { lock: held, ..Birth::default() };
        let slot = row.slot;
        let i = self.new_instance(&found, birth)?;
        self.check_fits(i, &row.variables)?;
        let started =
            SlotEvent::StartCorrelated { message, process_id: process_id.clone(), instance: i };
        self.emit(Event::Slot { slot, event: started });
        if locks {
            let event = SlotEvent::LockTaken { tenant, process_id, correlation_key, holder: i };
            self.emit(Event::Slot { slot, event });
        }
        self.begin_on(i, &process, element, row.variables)
    }

    /// The holder of a start lock has ended: the oldest buffered message begins the next one.
    pub(super) fn release_lock(
        &mut self,
        slot: Slot,
        tenant: &Text,
        process_id: &Text,
        correlation_key: &Text,
    ) -> Done {
        let released = SlotEvent::LockReleased {
            tenant: tenant.clone(),
            process_id: process_id.clone(),
            correlation_key: correlation_key.clone(),
        };
        self.emit(Event::Slot { slot, event: released });
        let latest = self.state.latest.get(&(tenant.clone(), process_id.clone())).copied();
        let Some(definition) = latest else { return Ok(()) };
        let Some(open) = self.state.definitions.get(&definition) else { return Ok(()) };
        let now = self.turn.now;
        let candidates = open.message_starts.iter().filter_map(|(element, name)| {
            let named = Named {
                tenant: tenant.clone(),
                name: name.clone(),
                correlation_key: correlation_key.clone(),
            };
            let mut buffered = self.state.messages.named(&named);
            let fits = buffered.find(|(_, message)| {
                message.deadline > now && !message.taken_by.contains(process_id)
            });
            fits.map(|(key, _)| (key, *element))
        });
        match candidates.min() {
            Some((message, element)) => self.start_by(message, definition, element),
            None => Ok(()),
        }
    }
}

fn unwanted(events: &[Event]) -> Rejection {
    let published = events.iter().find_map(|event| match event {
        Event::Slot { event: SlotEvent::Published { name, correlation_key, .. }, .. } => {
            Some((&**name, &**correlation_key))
        }
        _ => None,
    });
    let (name, key) = published.unwrap_or_default();
    Rejection::not_found(format!(
        "Expected to find subscription for message with name '{name}' and correlation key \
         '{key}', but none was found."
    ))
}

fn check(message: &PublishMessage) -> Done {
    check_name("a message name", &message.name)?;
    check_name("a correlation key", &message.correlation_key)?;
    check_name("a message id", &message.id)?;
    if message.name.is_empty() {
        return Err(Stop::Reject(Rejection::invalid("expected a message name, but it was empty")));
    }
    check_size(&message.variables)
}
