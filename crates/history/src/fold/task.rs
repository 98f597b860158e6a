//! What becomes of user tasks.

use engine::Key;
use engine::event::{ListenerKind, UserTask};

use super::rows::{TaskPatch, TaskRow};
use super::{At, Fold};
use crate::names::task as state;

impl Fold<'_> {
    pub(super) fn task_created(
        &mut self,
        at: At,
        instance: Key,
        key: Key,
        element: Key,
        task: &UserTask,
    ) {
        let row = TaskRow {
            key,
            instance,
            element,
            definition: self.definition(instance),
            state: state::CREATED,
            task: task.clone(),
            created: at.time,
            ended: None,
        };
        self.changes.tasks.insert(key, row);
    }

    pub(super) fn task_changed(&mut self, key: Key, task: &UserTask) {
        self.changes.tasks.change(
            key,
            |row| (row.state, row.task) = (state::CREATED, task.clone()),
            |patch| {
                patch.task = Some(task.clone());
                patch.state = Some(state::CREATED);
            },
        );
    }

    /// Its listeners are at work.
    pub(super) fn task_asked(&mut self, key: Key, phase: ListenerKind) {
        let state = match phase {
            ListenerKind::Creating => state::CREATING,
            ListenerKind::Assigning => state::ASSIGNING,
            ListenerKind::Updating => state::UPDATING,
            ListenerKind::Completing => state::COMPLETING,
            ListenerKind::Canceling => state::CANCELING,
            ListenerKind::Unspecified
            | ListenerKind::Start
            | ListenerKind::End
            | ListenerKind::Cancel
            | ListenerKind::BeforeAll => state::CREATED,
        };
        self.task_at(key, state);
    }

    pub(super) fn task_at(&mut self, key: Key, state: i64) {
        self.changes.tasks.change(
            key,
            |row| row.state = state,
            |patch: &mut TaskPatch| patch.state = Some(state),
        );
    }

    pub(super) fn task_ended(&mut self, at: At, key: Key, state: i64) {
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
