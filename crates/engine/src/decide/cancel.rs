//! Cancelling an instance.

use crate::command::Reply;
use crate::decide::{Done, Step, Stop};
use crate::event::{InstanceEvent, Work};
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
        let waits_for_tasks = self.phase(i, i) == Some(Phase::Terminating);
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
            if waits_for_tasks {
                self.forget_tasks(i);
            }
        }
        Ok(Reply::Done)
    }
    /// The listeners of tasks that are canceled are not waited for any longer.
    fn forget_tasks(&mut self, i: Key) {
        let rare = self.hot(i).rare.as_ref();
        let tasks = rare.into_iter().flat_map(|rare| &rare.wishes);
        let tasks: Vec<(Key, Key)> = tasks.map(|(key, wish)| (*key, wish.task.element)).collect();
        for (key, element) in tasks {
            self.give_up(i, key);
            self.tell(i, InstanceEvent::UserTaskCanceled { key });
            self.cancel_job(i, element);
            self.resolve_all(i, element);
            self.then(i, Work::Terminate { key: element });
        }
    }
}
