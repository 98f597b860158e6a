//! Resolving incidents (semantics 4.9).

use crate::command::Reply;
use crate::decide::{Done, Step, Stop};
use crate::event::{InstanceEvent, Work};
use crate::key::Key;
use crate::rejection::Rejection;
use crate::state::Phase;

impl Step<'_> {
    /// A job becomes activatable again; any other element takes the failed step again. A repeated
    /// failure is a new incident.
    pub(super) fn resolve_incident(&mut self, key: Key) -> Done<Reply> {
        let owner = self.owner(key)?;
        let found = owner.and_then(|i| Some((i, self.hot(i).incidents.get(&key)?.clone())));
        let Some((i, incident)) = found else {
            return Err(Stop::Reject(Rejection::not_found(format!(
                "Expected to resolve incident with key '{key}', but no such incident was found"
            ))));
        };
        if let Some(job_key) = incident.job {
            let job = self.hot(i).jobs.get(&job_key).cloned();
            if let Some(job) = job {
                if job.retries <= 0 {
                    return Err(Stop::Reject(Rejection::state(format!(
                        "Expected to resolve incident with key '{key}', but job with key \
                         '{job_key}' has no retries left; update its retries first"
                    ))));
                }
                self.tell(i, InstanceEvent::IncidentResolved { key });
                self.tell(i, InstanceEvent::JobReactivated { key: job_key });
                self.announce(i, &job);
            }
            return Ok(Reply::Done);
        }
        self.tell(i, InstanceEvent::IncidentResolved { key });
        let element = incident.element;
        match self.phase(i, element) {
            Some(Phase::Activating) => self.then(i, Work::Activate { key: element }),
            Some(Phase::Completing) => self.then(i, Work::Complete { key: element }),
            Some(Phase::Activated | Phase::Terminating) => {
                self.hear_again(i, element)?;
                if self.phase(i, element) == Some(Phase::Activated) {
                    self.ask_leader_again(i, element)?;
                }
            }
            None => {}
        }
        Ok(Reply::Done)
    }
}
