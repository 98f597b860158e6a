//! What a user task of the engine's own is.

use std::sync::Arc;

use super::Text;
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
    pub external_form: Option<Text>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TaskChange {
    Assigned = 0,
    Updated = 1,
}
