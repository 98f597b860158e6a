//! What is due: timers, job deadlines, back-offs, messages that expire.

use std::sync::Arc;

use crate::command::Reply;
use crate::compile::Process;
use crate::decide::create::Birth;
use crate::decide::{Done, Step, Stop};
use crate::effect::Effect;
use crate::event::{DefinitionEvent, Event, InstanceEvent, SlotEvent, Work};
use crate::key::Key;
use crate::limits::DUE_TIMERS_MAX;
use crate::state::{Lookup, Wake, WakeKind};

impl Step<'_> {
    pub(super) fn tick(&mut self) -> Done<Reply> {
        let now = self.turn.now;
        let due = self.state.wakes.iter().take_while(|wake| wake.due <= now);
        let due: Vec<Wake> = due.take(DUE_TIMERS_MAX).copied().collect();
        self.check_warm(&due)?;
        for wake in due {
            // The rest stays due and is found by the next turn.
            if self.events.len() >= self.state.step_events {
                break;
            }
            // An earlier one of this turn may have ended what this one belongs to.
            if !self.state.wakes.contains(&wake) {
                continue;
            }
            match wake.kind {
                WakeKind::Timer => self.timer_due(wake)?,
                WakeKind::TimerStart => self.start_due(wake.owner, wake.key)?,
                WakeKind::JobDeadline => {
                    self.available(wake, InstanceEvent::JobTimedOut { key: wake.key });
                }
                WakeKind::JobBackoff => {
                    self.available(wake, InstanceEvent::JobBackoffEnded { key: wake.key });
                }
                WakeKind::MessageExpiry => self.expire(wake.key),
            }
            self.run()?;
        }
        Ok(Reply::Done)
    }

    /// All cold instances at once, so that a turn is undone at most once.
    fn check_warm(&self, due: &[Wake]) -> Done {
        let of_instances = due.iter().filter(|wake| match wake.kind {
            WakeKind::Timer | WakeKind::JobDeadline | WakeKind::JobBackoff => true,
            WakeKind::TimerStart | WakeKind::MessageExpiry => false,
        });
        let cold = of_instances.map(|wake| wake.owner);
        let cold = cold.filter(|i| matches!(self.state.instance(*i), Lookup::Cold));
        let mut cold: Vec<Key> = cold.collect();
        cold.sort_unstable();
        cold.dedup();
        if cold.is_empty() { Ok(()) } else { Err(Stop::Need(cold)) }
    }

    fn timer_due(&mut self, wake: Wake) -> Done {
        self.state.at = Some(wake.owner);
        match self.process(wake.owner) {
            Ok(_) => self.fire(wake.owner, wake.key),
            Err(Stop::Need(keys)) => Err(Stop::Need(keys)),
            Err(Stop::Reject(rejection)) => {
                // Its definition is parked.
                self.set_aside(wake.owner, rejection);
                Ok(())
            }
        }
    }

    fn available(&mut self, wake: Wake, event: InstanceEvent) {
        self.tell(wake.owner, event);
        let instance = self.hot(wake.owner);
        if let Some(job) = instance.jobs.get(&wake.key) {
            let tenant = instance.created.tenant.clone();
            let job_type = job.job_type.clone();
            self.effects.push(Effect::JobAvailable { tenant, job_type });
        }
    }

    pub(crate) fn expire(&mut self, message: Key) {
        if let Some(row) = self.state.messages.message(message) {
            let slot = row.slot;
            let taken = !row.taken_by.is_empty();
            self.emit(Event::Slot { slot, event: SlotEvent::Expired { message } });
            if !taken {
                self.effects.push(Effect::Correlated { message, instance: None });
            }
        }
    }

    /// A timer start event begins an instance, and the next one is armed.
    fn start_due(&mut self, definition: Key, timer: Key) -> Done {
        let Some(row) = self.state.definitions.get(&definition) else { return Ok(()) };
        let Some(start) = row.timers.get(&timer).cloned() else { return Ok(()) };
        let event = DefinitionEvent::TimerStartFired { timer };
        self.emit(Event::Definition { definition, event });
        let next = crate::element::next(start.due, start.left, start.cycle.as_ref(), self.turn.now);
        if let Some(next) = next {
            let event = DefinitionEvent::TimerStartArmed {
                timer: self.state.next_key(),
                element: start.element,
                due: next.due,
                left: next.left,
                cycle: next.cycle,
            };
            self.emit(Event::Definition { definition, event });
        }
        let Some(found) = self.turn.catalog.get(definition).cloned() else { return Ok(()) };
        let Ok(process): Result<Arc<Process>, _> = self.compiled(definition) else {
            return Ok(());
        };
        let i = self.new_instance(&found, Birth::default())?;
        let start = Work::Start { scope: i, element: start.element };
        self.begin_with(i, &process, vec![start])
    }
}
