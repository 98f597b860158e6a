//! What becomes of jobs.

use engine::Key;
use engine::event::{InstanceEvent as E, Text};

use super::rows::{JobPatch, JobRow, NONE};
use super::{At, Fold};
use crate::names::{self, job as state};

impl Fold<'_> {
    pub(super) fn job_created(&mut self, at: At, i: Key, event: &E) {
        let E::JobCreated { key, element, job_type, retries, priority, kind, listener_event } =
            event
        else {
            return;
        };
        let row = JobRow {
            key: *key,
            instance: i,
            element: *element,
            definition: self.definition(i),
            job_type: job_type.clone(),
            kind: names::job_kind(*kind),
            listener: names::listener(*listener_event),
            created: at.time,
            state: state::CREATED,
            retries: i64::from(*retries),
            priority: i64::from(*priority),
            worker: None,
            deadline: None,
            available: None,
            error_code: None,
            error_message: None,
            updated: at.time,
            ended: None,
        };
        self.changes.jobs.insert(*key, row);
    }

    pub(super) fn job(&mut self, key: Key, patch: JobPatch) {
        let again = patch.clone();
        self.changes.jobs.change(key, |row| patch.apply(row), |earlier| again.then(earlier));
    }
}

impl JobPatch {
    pub(super) fn plain(at: At, state: i64) -> JobPatch {
        JobPatch { state: Some(state), updated: at.time, ..JobPatch::default() }
    }

    /// Nobody has it any more.
    pub(super) fn free(at: At, state: i64) -> JobPatch {
        JobPatch { deadline: Some(NONE), available: Some(NONE), ..JobPatch::plain(at, state) }
    }

    pub(super) fn gone(at: At, state: i64) -> JobPatch {
        JobPatch { ended: Some(at.time), ..JobPatch::plain(at, state) }
    }

    pub(super) fn leased(at: At, worker: &Text, deadline: i64) -> JobPatch {
        let plain = JobPatch::plain(at, state::CREATED);
        let (worker, deadline) = (Some(worker.clone()), Some(deadline));
        JobPatch { worker, deadline, available: Some(NONE), ..plain }
    }

    /// `available`: when it is tried again, if it is held back until then.
    pub(super) fn failed(at: At, retries: i64, available: Option<i64>, message: &Text) -> JobPatch {
        JobPatch {
            retries: Some(retries),
            error_message: Some(message.clone()),
            available: Some(available.unwrap_or(NONE)),
            ..JobPatch::free(at, state::FAILED)
        }
    }

    pub(super) fn thrown(at: At, code: &Text, message: &Text, caught: bool) -> JobPatch {
        JobPatch {
            error_code: Some(code.clone()),
            error_message: Some(message.clone()),
            ended: caught.then_some(at.time),
            ..JobPatch::free(at, state::ERROR_THROWN)
        }
    }

    pub(super) fn retries(at: At, retries: i64) -> JobPatch {
        JobPatch { retries: Some(retries), ..JobPatch::plain(at, state::RETRIES_UPDATED) }
    }

    pub(super) fn deadline(at: At, deadline: i64) -> JobPatch {
        JobPatch { deadline: Some(deadline), ..JobPatch::plain(at, state::TIMEOUT_UPDATED) }
    }

    pub(super) fn priority(at: At, priority: i64) -> JobPatch {
        JobPatch { priority: Some(priority), ..JobPatch::plain(at, state::PRIORITY_UPDATED) }
    }
}
