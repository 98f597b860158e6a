//! What a user task of the engine's own is.

use std::sync::Arc;

use super::{ListenerKind, NamedValue, Text};
use crate::key::Key;

/// Evaluated when the element is activated; changed by commands.
#[derive(Debug, Clone, PartialEq)]
pub struct UserTask {
    /// Its element instance.
    pub element: Key,
    pub assignee: Option<Text>,
    pub candidate_groups: Arc<[Text]>,
    pub candidate_users: Arc<[Text]>,
    /// ISO 8601.
    pub due_date: Option<Text>,
    /// ISO 8601.
    pub follow_up_date: Option<Text>,
    /// 0 to 100.
    pub priority: i32,
    pub form_id: Option<Text>,
    /// The version of the form that was meant when the task began.
    pub form_key: Option<Key>,
    pub external_form: Option<Text>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TaskChange {
    Assigned = 0,
    Updated = 1,
    /// Its creating listeners have done their work.
    Created = 2,
    /// By listeners of another phase.
    Corrected = 3,
}

/// What an operation makes of a user task once its listeners have done their work.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskWish {
    pub phase: ListenerKind,
    /// What the task becomes; listeners correct it.
    pub task: UserTask,
    /// What the caller calls the operation; empty when nobody called.
    pub action: Text,
    /// Of a completion, or of an update that sets variables.
    pub variables: Arc<[NamedValue]>,
    /// An update that sets variables.
    pub sets: bool,
    /// They are set at the task itself.
    pub local: bool,
    /// The request that waits for it, by the id that it may come again with.
    pub request: Option<Text>,
}

impl UserTask {
    /// Names of the attributes in which it differs from `other`.
    pub fn differs(&self, other: &UserTask) -> Vec<&'static str> {
        let all = [
            ("assignee", self.assignee != other.assignee),
            ("candidateGroups", self.candidate_groups != other.candidate_groups),
            ("candidateUsers", self.candidate_users != other.candidate_users),
            ("dueDate", self.due_date != other.due_date),
            ("followUpDate", self.follow_up_date != other.follow_up_date),
            ("priority", self.priority != other.priority),
        ];
        all.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
    }
}
