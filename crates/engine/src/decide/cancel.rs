//! Cancelling an instance.

use crate::command::Reply;
use crate::decide::{Done, Step, Stop};
use crate::key::Key;
use crate::rejection::Rejection;
use crate::state::Phase;

impl Step<'_> {
    pub(super) fn cancel_instance(&mut self, i: Key) -> Done<Reply> {
        self.state.at = Some(i);
        let Some(instance) = self.live(i)? else {
            return Err(Stop::Reject(Rejection::not_found(format!(
                "Expected to cancel a process instance with key '{i}', but no such process was \
                 found"
            ))));
        };
        if let Some(parent) = instance.created.parent_instance {
            let root = instance.created.root_instance;
            return Err(Stop::Reject(Rejection::state(format!(
                "Expected to cancel a process instance with key '{i}', but it is created by a \
                 parent process instance with key '{parent}'; cancel the root process instance \
                 '{root}' instead"
            ))));
        }
        if instance.suspended {
            self.lift(i)?;
        }
        let waits = self.hot(i).element(i).is_some_and(|row| row.job.is_some());
        if waits && self.phase(i, i) == Some(Phase::Terminating) {
            // Asked for again: its listeners are not waited for any longer.
            self.cancel_job(i, i);
            self.resolve_all(i, i);
            self.end_instance(i, false)?;
        } else if self.hot(i).quarantine.is_some() {
            // What a bug of ours may have bent is not walked through again.
            self.end_instance(i, false)?;
        } else {
            self.terminate(i, i)?;
        }
        Ok(Reply::Done)
    }
}
