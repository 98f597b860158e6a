//! Embedded sub-process: begins at its start event, ends when nothing is left in it.

use crate::compile::Process;
use crate::decide::{Done, Step};
use crate::event::{ElementNo, Via};
use crate::key::Key;

impl Step<'_> {
    pub(crate) fn begin_scope(
        &mut self,
        i: Key,
        key: Key,
        process: &Process,
        no: ElementNo,
    ) -> Done {
        let inside = process.inside(no);
        match inside.none_start.or(inside.event_start) {
            Some(start) => self.start(i, key, start, Via::None),
            None => self.check_scope(i, key),
        }
    }
}
