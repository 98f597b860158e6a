//! Terminate end event: ends everything else in its scope and completes the scope.

use crate::decide::{Done, Step};
use crate::event::{InstanceEvent, Trigger};
use crate::key::Key;

impl Step<'_> {
    pub(crate) fn terminate_end(&mut self, i: Key, scope: Key) -> Done {
        let trigger = Trigger::Complete;
        self.tell(i, InstanceEvent::TriggerStored { host: scope, trigger });
        self.terminate_children(i, scope);
        self.check_scope(i, scope)
    }
}
