//! What people do with user tasks of the engine's own: assign, update, complete.

use crate::command::{Reply, TaskChanges};
use crate::decide::{Done, Step, Stop};
use crate::event::{InstanceEvent, NamedValue, TaskChange, Text, UserTask};
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
        let process = self.process(i)?;
        let action = named(action, "complete");
        self.tell(i, InstanceEvent::UserTaskCompleted { key, action });
        let no = self.hot(i).elements[&task.element].element.no;
        self.receive(i, task.element, process.element(no), variables);
        self.finish(i, task.element)?;
        Ok(Reply::Done)
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
        let (task, change) = (Box::new(task), TaskChange::Assigned);
        self.tell(i, InstanceEvent::UserTaskChanged { key, task, change, action });
        Ok(Reply::Done)
    }

    pub(super) fn update_user_task(
        &mut self,
        key: Key,
        changes: &TaskChanges,
        action: &Text,
    ) -> Done<Reply> {
        let (i, mut task) = self.user_task(key, "update")?;
        change(&mut task, changes).map_err(|why| {
            let text = format!("Expected to update user task with key '{key}', but {why}");
            Stop::Reject(Rejection::invalid(text))
        })?;
        let action = named(action, "update");
        let (task, change) = (Box::new(task), TaskChange::Updated);
        self.tell(i, InstanceEvent::UserTaskChanged { key, task, change, action });
        Ok(Reply::Done)
    }

    fn user_task(&mut self, key: Key, what: &str) -> Done<(Key, UserTask)> {
        let owner = self.owner(key)?;
        let task = owner.and_then(|i| Some((i, self.hot(i).task(key)?.clone())));
        task.ok_or_else(|| {
            Stop::Reject(Rejection::not_found(format!(
                "Expected to {what} user task with key '{key}', but no such user task was found"
            )))
        })
    }
}

fn named(action: &Text, default: &str) -> Text {
    if action.is_empty() { default.into() } else { action.clone() }
}

fn change(task: &mut UserTask, changes: &TaskChanges) -> Result<(), String> {
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
