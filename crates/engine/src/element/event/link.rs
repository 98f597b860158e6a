//! Link events: a throw goes on at the catch of the same name in its scope (semantics 4.4).

use crate::decide::{Done, Step};
use crate::event::{ElementNo, Via};
use crate::key::Key;

impl Step<'_> {
    pub(crate) fn follow_link(&mut self, i: Key, scope: Key, catch: ElementNo) -> Done {
        self.start(i, scope, catch, Via::None)
    }
}
