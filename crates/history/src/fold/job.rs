//! Events of jobs.

use engine::Key;
use engine::event::InstanceEvent as E;

use super::rows::{JobPatch, JobRow, NONE};
use super::{At, Fold};
use crate::names::{self, job as state};

impl Fold<'_> {
    pub(super) fn job(&mut self, at: At, i: Key, event: &E) {
        if let E::JobCreated { key, element, job_type, retries, priority, kind, listener_event } =
            event
        {
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
                error_code: None,
                error_message: None,
                updated: at.time,
                ended: None,
            };
            self.changes.jobs.insert(*key, row);
            return;
        }
        let Some((key, patch)) = patch(at, event) else { return };
        let again = patch.clone();
        self.changes.jobs.change(key, |row| patch.apply(row), |earlier| again.then(earlier));
    }
}

fn patch(at: At, event: &E) -> Option<(Key, JobPatch)> {
    let plain = |state| JobPatch { state: Some(state), updated: at.time, ..JobPatch::default() };
    let free = |state| JobPatch { deadline: Some(NONE), ..plain(state) };
    let gone = |state| JobPatch { ended: Some(at.time), ..plain(state) };
    Some(match event {
        E::JobLeased { key, worker, deadline, .. } => {
            let worker = Some(worker.clone());
            (*key, JobPatch { worker, deadline: Some(*deadline), ..plain(state::CREATED) })
        }
        E::JobTimedOut { key } => (*key, free(state::TIMED_OUT)),
        E::JobYielded { key } | E::JobBackoffEnded { key } | E::JobReactivated { key } => {
            (*key, free(state::CREATED))
        }
        E::JobFailed { key, retries, message, .. } => {
            let (retries, message) = (Some(i64::from(*retries)), Some(message.clone()));
            (*key, JobPatch { retries, error_message: message, ..free(state::FAILED) })
        }
        E::JobRetriesUpdated { key, retries } => {
            let retries = Some(i64::from(*retries));
            (*key, JobPatch { retries, ..plain(state::RETRIES_UPDATED) })
        }
        E::JobDeadlineUpdated { key, deadline } => {
            (*key, JobPatch { deadline: Some(*deadline), ..plain(state::TIMEOUT_UPDATED) })
        }
        E::JobPriorityUpdated { key, priority } => {
            let priority = Some(i64::from(*priority));
            (*key, JobPatch { priority, ..plain(state::PRIORITY_UPDATED) })
        }
        E::JobCompleted { key } => (*key, gone(state::COMPLETED)),
        E::JobCanceled { key } => (*key, gone(state::CANCELED)),
        E::JobErrorThrown { key, code, message, caught } => {
            let (error_code, error_message) = (Some(code.clone()), Some(message.clone()));
            let ended = caught.then_some(at.time);
            let thrown = free(state::ERROR_THROWN);
            (*key, JobPatch { error_code, error_message, ended, ..thrown })
        }
        // Its incident says why.
        E::JobWithheld { key } => (*key, free(state::FAILED)),
        E::Created(_)
        | E::KeysGranted { .. }
        | E::ElementActivating { .. }
        | E::ElementActivated { .. }
        | E::ElementCompleting { .. }
        | E::ElementCompleted { .. }
        | E::ElementTerminating { .. }
        | E::ElementTerminated { .. }
        | E::ElementPassed { .. }
        | E::FlowTaken { .. }
        | E::TriggerStored { .. }
        | E::ScopeInterrupted { .. }
        | E::VariableSet { .. }
        | E::JobCreated { .. }
        | E::TimerArmed { .. }
        | E::TimerFired { .. }
        | E::TimerCanceled { .. }
        | E::SubscriptionOpening { .. }
        | E::SubscriptionOpened { .. }
        | E::SubscriptionCorrelated { .. }
        | E::SubscriptionClosed { .. }
        | E::IncidentCreated { .. }
        | E::IncidentResolved { .. }
        | E::WorkDeferred { .. }
        | E::WorkResumed { .. }
        | E::LoopOpened { .. }
        | E::OutputCollected { .. }
        | E::LoopStopped { .. }
        | E::InstanceCalled { .. }
        | E::EscalationThrown { .. }
        | E::SignalAwaited { .. }
        | E::SignalReceived { .. }
        | E::SignalUnawaited { .. }
        | E::JobHeaders { .. }
        | E::UserTaskCreated { .. }
        | E::UserTaskChanged { .. }
        | E::UserTaskCompleted { .. }
        | E::UserTaskCanceled { .. }
        | E::CompensationNoted { .. }
        | E::CompensationTriggered { .. }
        | E::CompensationBegun { .. }
        | E::CompensationCompleted { .. }
        | E::ConditionAwaited { .. }
        | E::ConditionMet { .. }
        | E::ConditionUnawaited { .. }
        | E::DecisionEvaluated { .. }
        | E::Modified
        | E::Migrated(_)
        | E::Completed
        | E::Terminated
        | E::Quarantined { .. }
        | E::Repaired
        | E::Suspended
        | E::Resumed => return None,
    })
}
