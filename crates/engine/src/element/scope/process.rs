//! The process itself, as a scope.

use crate::decide::{Done, Step};
use crate::effect::Effect;
use crate::event::{InstanceEvent, Item};
use crate::key::Key;

impl Step<'_> {
    /// Its event sub-processes wait; now its start event begins (`Work::Start` follows).
    pub(crate) fn begin_process(&mut self, i: Key) -> Done {
        self.tell(i, InstanceEvent::ElementActivated { key: i });
        if !self.hot(i).deferred.is_empty() {
            self.effects.push(Effect::WorkPending { instance: i });
        }
        Ok(())
    }

    /// Nothing is left of the instance but its history.
    pub(crate) fn end_instance(&mut self, i: Key, completed: bool) -> Done {
        self.close_catches(i, i)?;
        self.resolve_all(i, i);
        let instance = self.hot(i);
        // Whoever awaits the result of an instance that never waits cannot have said so yet.
        let created = instance.created.clone();
        let told = completed && created.parent_instance.is_some();
        let variables = match told || self.turn.watched.contains(&i) || self.born.contains(&i) {
            true => instance.visible(i),
            false => Vec::new(),
        };
        let end = if completed { InstanceEvent::Completed } else { InstanceEvent::Terminated };
        self.tell(i, end);
        if let (Some(parent), Some(element)) = (created.parent_instance, created.parent_element) {
            self.tell_caller(parent, element, completed.then(|| variables.clone()));
        }
        self.effects.push(Effect::Ended { instance: i, completed, variables });
        if let Some((slot, process_id, correlation_key)) = created.held_lock() {
            let tenant = created.tenant;
            self.send_slot(slot, Item::ReleaseLock { slot, tenant, process_id, correlation_key });
        }
        Ok(())
    }
}
