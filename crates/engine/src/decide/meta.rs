//! Following the meta journal: the start subscriptions of the latest versions.

use std::collections::BTreeSet;

use crate::catalog::Definition;
use crate::command::Reply;
use crate::compile::{Process, Trigger};
use crate::decide::{Done, Step};
use crate::event::{DefinitionEvent, Event, PartitionEvent, Text};
use crate::key::{Key, slot_of};

impl Step<'_> {
    pub(super) fn apply_meta(&mut self, position: u64) -> Done<Reply> {
        let from = self.state.meta_position;
        if position <= from {
            return Ok(Reply::Done);
        }
        let changed = self.turn.catalog.changed(from, position);
        let ids: BTreeSet<(Text, Text)> =
            changed.iter().map(|d| (d.tenant.clone(), d.process_id.clone())).collect();
        self.emit(Event::Partition(PartitionEvent::MetaApplied { position }));
        for (tenant, process_id) in ids {
            let latest = self.turn.catalog.latest(&tenant, &process_id).cloned();
            let open = self.state.latest.get(&(tenant, process_id)).copied();
            if open == latest.as_ref().map(|d| d.key) {
                continue;
            }
            if let Some(definition) = open {
                self.emit(Event::Definition { definition, event: DefinitionEvent::Closed });
            }
            if let Some(definition) = latest {
                self.open_definition(&definition);
            }
        }
        Ok(Reply::Done)
    }

    fn open_definition(&mut self, definition: &Definition) {
        let key = definition.key;
        let opened = DefinitionEvent::Opened {
            process_id: definition.process_id.clone(),
            tenant: definition.tenant.clone(),
            version: definition.version,
        };
        self.emit(Event::Definition { definition: key, event: opened });
        let Ok(process) = &definition.process else { return };
        // Every partition starts instances by message; timers and signals belong to one of them.
        let slot = slot_of(&definition.tenant, "", "", &definition.process_id);
        let timers_here = self.owns(slot);
        for event in self.starts(process, timers_here) {
            self.open_start(key, event);
        }
    }

    fn open_start(&mut self, definition: Key, mut event: DefinitionEvent) {
        if let DefinitionEvent::TimerStartArmed { timer, .. } = &mut event {
            *timer = self.state.next_key();
        }
        self.emit(Event::Definition { definition, event });
    }

    /// Start events see no variables; one that cannot be evaluated is refused at deployment.
    fn starts(&self, process: &Process, timers_here: bool) -> Vec<DefinitionEvent> {
        let mut events = Vec::new();
        for start in &process.starts {
            let element = start.element;
            match &start.trigger {
                Trigger::Message { name, .. } => {
                    if let Ok(value::Value::String(name)) = self.value(0, 0, name) {
                        events.push(DefinitionEvent::MessageStartOpened { element, name });
                    }
                }
                Trigger::Timer(timer) if timers_here => {
                    if let Ok(due) = self.start_due_time(timer) {
                        let crate::element::Due { due, left, cycle } = due;
                        let timer = 0;
                        let armed =
                            DefinitionEvent::TimerStartArmed { timer, element, due, left, cycle };
                        events.push(armed);
                    }
                }
                Trigger::Signal { name } if timers_here => {
                    if let Ok(value::Value::String(name)) = self.value(0, 0, name) {
                        events.push(DefinitionEvent::SignalStartOpened { element, name });
                    }
                }
                Trigger::Timer(_)
                | Trigger::Signal { .. }
                | Trigger::Condition { .. }
                | Trigger::Compensation
                | Trigger::Error { .. }
                | Trigger::Escalation { .. } => {}
            }
        }
        events
    }

    fn start_due_time(
        &self,
        timer: &crate::compile::TimerExpr,
    ) -> Result<crate::element::Due, String> {
        use crate::compile::TimerExpr as T;
        let (T::Date(expr) | T::Duration(expr) | T::Cycle(expr)) = timer;
        let value = self.value(0, 0, expr)?;
        let text = crate::decide::text_of(&value).ok_or("expected a text")?;
        crate::element::first_due(timer, &text, self.turn.now)
    }
}
