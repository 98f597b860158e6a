//! Events of user tasks.

use engine::Key;
use engine::event::InstanceEvent as E;

use super::rows::{TaskPatch, TaskRow};
use super::{At, Fold};
use crate::names::task as state;

impl Fold<'_> {
    pub(super) fn task(&mut self, at: At, instance: Key, event: &E) {
        match event {
            E::UserTaskCreated { key, element, task } => {
                let row = TaskRow {
                    key: *key,
                    instance,
                    element: *element,
                    definition: self.definition(instance),
                    state: state::CREATED,
                    task: (**task).clone(),
                    created: at.time,
                    ended: None,
                };
                self.changes.tasks.insert(*key, row);
            }
            E::UserTaskChanged { key, task, .. } => self.changes.tasks.change(
                *key,
                |row| row.task = (**task).clone(),
                |patch| patch.task = Some((**task).clone()),
            ),
            E::UserTaskCompleted { key, .. } => self.task_ended(at, *key, state::COMPLETED),
            E::UserTaskCanceled { key } => self.task_ended(at, *key, state::CANCELED),
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
            | E::JobLeased { .. }
            | E::JobTimedOut { .. }
            | E::JobYielded { .. }
            | E::JobFailed { .. }
            | E::JobBackoffEnded { .. }
            | E::JobRetriesUpdated { .. }
            | E::JobDeadlineUpdated { .. }
            | E::JobPriorityUpdated { .. }
            | E::JobReactivated { .. }
            | E::JobCompleted { .. }
            | E::JobErrorThrown { .. }
            | E::JobWithheld { .. }
            | E::JobCanceled { .. }
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
            | E::Resumed => {}
        }
    }

    fn task_ended(&mut self, at: At, key: Key, state: i64) {
        self.changes.tasks.change(
            key,
            |row| (row.state, row.ended) = (state, Some(at.time)),
            |patch: &mut TaskPatch| patch.ended = Some((state, at.time)),
        );
    }
}

/// ISO 8601 with a zone, in ms; other texts have no place in time.
pub(crate) fn moment(text: Option<&str>) -> Option<i64> {
    Some(text?.parse::<jiff::Timestamp>().ok()?.as_millisecond())
}

/// `|a|b|`, so that one `LIKE` finds a whole name.
pub(crate) fn names(names: &[engine::event::Text]) -> Option<String> {
    super::instance::tags(names)
}
