//! What people do with user tasks of the engine's own: assign, update, complete.

use crate::command::{Reply, TaskChanges};
use crate::decide::{Done, Step, Stop};
use crate::event::{ListenerKind, NamedValue, TaskWish, Text, UserTask};
use crate::key::Key;
use crate::rejection::Rejection;

impl Step<'_> {
    pub(super) fn complete_user_task(
        &mut self,
        key: Key,
        variables: &[NamedValue],
        action: &Text,
    ) -> Done<Reply> {
        let (i, task) = self.user_task(key, "complete")?;
        self.check_fits(i, variables)?;
        let wish = TaskWish::new(ListenerKind::Completing, task, named(action, "complete"));
        self.ask_for(i, key, TaskWish { variables: variables.into(), ..wish })
    }

    pub(super) fn assign_user_task(
        &mut self,
        key: Key,
        assignee: Option<&Text>,
        allow_override: bool,
        action: &Text,
    ) -> Done<Reply> {
        let (i, mut task) = self.user_task(key, "assign")?;
        if assignee.is_some_and(|assignee| assignee.trim().is_empty()) {
            return Err(Stop::Reject(Rejection::invalid("expected an assignee, but it was empty")));
        }
        if let (Some(held), false) = (&task.assignee, allow_override)
            && assignee.is_some_and(|assignee| assignee != held)
        {
            return Err(Stop::Reject(Rejection::state(format!(
                "Expected to assign user task with key '{key}', but it is assigned to '{held}' \
                 and overriding was not allowed"
            ))));
        }
        task.assignee = assignee.cloned();
        let action = named(action, if assignee.is_some() { "assign" } else { "unassign" });
        self.ask_for(i, key, TaskWish::new(ListenerKind::Assigning, task, action))
    }

    pub(super) fn update_user_task(
        &mut self,
        key: Key,
        changes: &TaskChanges,
        action: &Text,
    ) -> Done<Reply> {
        let (i, mut task) = self.user_task(key, "update")?;
        correct(&mut task, changes).map_err(|why| {
            let text = format!("Expected to update user task with key '{key}', but {why}");
            Stop::Reject(Rejection::invalid(text))
        })?;
        let wish = TaskWish::new(ListenerKind::Updating, task, named(action, "update"));
        self.ask_for(i, key, wish)
    }

    /// Setting variables at a user task is an update of it; `None` when nobody listens to that.
    pub(super) fn update_with(
        &mut self,
        i: Key,
        element: Key,
        variables: &[NamedValue],
        local: bool,
    ) -> Done<Option<Reply>> {
        let Some(key) = self.hot(i).task_of(element) else { return Ok(None) };
        if !self.hears(i, element, ListenerKind::Updating) {
            return Ok(None);
        }
        let (i, task) = self.user_task(key, "update")?;
        let wish = TaskWish::new(ListenerKind::Updating, task, "update".into());
        let wish = TaskWish { variables: variables.into(), sets: true, local, ..wish };
        self.ask_task(i, key, wish)?;
        Ok(Some(Reply::Listening { task: key, scope: Some(element) }))
    }

    fn ask_for(&mut self, i: Key, key: Key, wish: TaskWish) -> Done<Reply> {
        Ok(match self.ask_task(i, key, wish)? {
            true => Reply::Done,
            false => Reply::Listening { task: key, scope: None },
        })
    }

    /// A user task that no listener is at work for.
    fn user_task(&mut self, key: Key, what: &str) -> Done<(Key, UserTask)> {
        let owner = self.owner(key)?;
        let task = owner.and_then(|i| Some((i, self.hot(i).task(key)?.clone())));
        let Some((i, task)) = task else {
            return Err(Stop::Reject(Rejection::not_found(format!(
                "Expected to {what} user task with key '{key}', but no such user task was found"
            ))));
        };
        match self.hot(i).wish(key) {
            None => Ok((i, task)),
            Some(wish) => Err(Stop::Reject(Rejection::state(format!(
                "Expected to {what} user task with key '{key}', but it is in state '{}'",
                wish.phase.name()
            )))),
        }
    }
}

fn named(action: &Text, default: &str) -> Text {
    if action.is_empty() { default.into() } else { action.clone() }
}

/// Makes of a task what is asked for, or says why that cannot be.
pub(crate) fn correct(task: &mut UserTask, changes: &TaskChanges) -> Result<(), String> {
    if let Some(groups) = &changes.candidate_groups {
        task.candidate_groups = groups.as_slice().into();
    }
    if let Some(users) = &changes.candidate_users {
        task.candidate_users = users.as_slice().into();
    }
    let dates = [
        (&changes.due_date, &mut task.due_date, "due date"),
        (&changes.follow_up_date, &mut task.follow_up_date, "follow-up date"),
    ];
    for (new, held, what) in dates {
        let Some(new) = new else { continue };
        if !new.is_empty() {
            model::time::parse_date(new).map_err(|error| {
                format!("its {what} '{new}' is no date with a time zone: {error}")
            })?;
        }
        *held = Some(new.clone()).filter(|date| !date.is_empty());
    }
    match changes.priority {
        Some(priority) if !(0..=100).contains(&priority) => {
            Err(format!("its priority {priority} is not between 0 and 100"))
        }
        Some(priority) => {
            task.priority = priority;
            Ok(())
        }
        None => Ok(()),
    }
}
