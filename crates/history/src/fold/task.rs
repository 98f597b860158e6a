//! What becomes of user tasks.

use engine::Key;
use engine::event::UserTask;

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
            |row| row.task = task.clone(),
            |patch| patch.task = Some(task.clone()),
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
