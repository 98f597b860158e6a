//! Folding one event into the state. Frozen per event version: it reads no compiled process, no
//! clock, and decides nothing; recovery is this and only this.

mod instance;
mod migrate;
mod rare;
mod slot;

use crate::event::{DefinitionEvent, Event, PartitionEvent};
use crate::key::{EPOCH_STRIDE, Key, counter_of};
use crate::state::{Broadcast, OpenDefinition, Request, State, TimerStart, Wake, WakeKind};

impl State {
    /// Folds an event that has already been accepted; the way of recovery.
    ///
    /// # Panics
    /// When the event does not fit the state, which is corruption or a bug of ours: the caller
    /// stops and names the position.
    pub fn apply(&mut self, event: &Event) {
        self.fold(event);
        self.keep();
    }

    /// As [`State::apply`], keeping the old rows until the command is accepted.
    pub(crate) fn fold(&mut self, event: &Event) {
        match event {
            Event::Partition(event) => self.apply_partition(event),
            Event::Definition { definition, event } => self.apply_definition(*definition, event),
            Event::Slot { slot, event } => self.apply_slot(*slot, event),
            Event::Instance { instance, event } => self.apply_instance(*instance, event),
        }
    }

    fn apply_partition(&mut self, event: &PartitionEvent) {
        match event {
            PartitionEvent::EpochStarted { epoch } => self.edit_numbers(|n| {
                n.epoch = *epoch;
                if *epoch > 1 {
                    n.next_counter = (n.next_counter / EPOCH_STRIDE + 1) * EPOCH_STRIDE;
                }
            }),
            PartitionEvent::MetaApplied { position } => {
                self.edit_numbers(|n| n.meta_position = *position);
            }
            PartitionEvent::OutboxQueued { to, sequence, item } => {
                self.queue_item(*to, *sequence, item.clone());
            }
            PartitionEvent::OutboxAcknowledged { to, upto } => self.drop_items(*to, *upto),
            PartitionEvent::InboxAdvanced { from, sequence } => self.set_inbox(*from, *sequence),
            PartitionEvent::ClockPinned { at } => self.set_clock(*at),
            PartitionEvent::SignalBroadcast { signal, tenant, name, variables } => {
                self.advance_counter(*signal, 1);
                let row = Broadcast {
                    tenant: tenant.clone(),
                    name: name.clone(),
                    variables: variables.clone(),
                    from: 0,
                    upto: self.availability,
                };
                self.set_broadcast(*signal, Some(row));
            }
            PartitionEvent::SignalAdvanced { signal, sequence } => {
                let row = self.broadcasts.get(signal).cloned();
                let row = row.map(|row| Broadcast { from: *sequence, ..row });
                self.set_broadcast(*signal, row);
            }
            PartitionEvent::SignalEnded { signal } => self.set_broadcast(*signal, None),
            PartitionEvent::RequestAnswered { id, at, answered } => {
                let (id, at, answered) = (id.clone(), *at, answered.clone());
                self.remember_request(Request { id, at, answered });
            }
            PartitionEvent::DecisionEvaluated(evaluation) => {
                self.advance_counter(evaluation.key, 1);
            }
        }
    }

    fn apply_definition(&mut self, key: Key, event: &DefinitionEvent) {
        match event {
            DefinitionEvent::Opened { process_id, tenant, version } => {
                let row = OpenDefinition {
                    process_id: process_id.clone(),
                    tenant: tenant.clone(),
                    version: *version,
                    message_starts: Vec::new(),
                    signal_starts: Vec::new(),
                    timers: Default::default(),
                };
                self.set_latest((tenant.clone(), process_id.clone()), Some(key));
                self.set_definition(key, Some(row));
            }
            DefinitionEvent::Closed => self.close_definition(key),
            DefinitionEvent::MessageStartOpened { element, name } => {
                let tenant = self.open_definition(key).tenant.clone();
                let row = (tenant, name.clone(), key, *element);
                self.set_message_start(row, true);
                self.edit_definition(key, |d| d.message_starts.push((*element, name.clone())));
            }
            DefinitionEvent::SignalStartOpened { element, name } => {
                self.edit_definition(key, |d| d.signal_starts.push((*element, name.clone())));
            }
            DefinitionEvent::TimerStartArmed { timer, element, due, left, cycle } => {
                let row =
                    TimerStart { element: *element, due: *due, left: *left, cycle: cycle.clone() };
                self.edit_definition(key, |d| drop(d.timers.insert(*timer, row)));
                self.set_wake(Wake::new(*due, WakeKind::TimerStart, key, *timer), true);
                self.advance_counter(*timer, 1);
            }
            DefinitionEvent::TimerStartFired { timer }
            | DefinitionEvent::TimerStartCanceled { timer } => {
                let due = self.open_definition(key).timers.get(timer).map(|t| t.due);
                if let Some(due) = due {
                    self.set_wake(Wake::new(due, WakeKind::TimerStart, key, *timer), false);
                }
                self.edit_definition(key, |d| drop(d.timers.remove(timer)));
            }
        }
    }

    fn close_definition(&mut self, key: Key) {
        let row = self.open_definition(key).clone();
        for (element, name) in row.message_starts {
            self.set_message_start((row.tenant.clone(), name, key, element), false);
        }
        for (timer, start) in row.timers {
            self.set_wake(Wake::new(start.due, WakeKind::TimerStart, key, timer), false);
        }
        let id = (row.tenant, row.process_id);
        if self.latest.get(&id) == Some(&key) {
            self.set_latest(id, None);
        }
        self.set_definition(key, None);
    }

    fn open_definition(&self, key: Key) -> &OpenDefinition {
        let row = self.definitions.get(&key);
        row.unwrap_or_else(|| panic!("definition {key} is not open"))
    }

    fn edit_definition(&mut self, key: Key, edit: impl FnOnce(&mut OpenDefinition)) {
        let mut row = self.open_definition(key).clone();
        edit(&mut row);
        self.set_definition(key, Some(row));
    }

    /// Keys up to `first + length` have been issued.
    pub(crate) fn advance_counter(&mut self, first: Key, length: u32) {
        let next = counter_of(first) + i64::from(length);
        if next > self.next_counter {
            self.edit_numbers(|n| n.next_counter = next);
        }
    }
}
