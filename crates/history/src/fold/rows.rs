//! Rows as they will be written, and changes of rows that stand in the tables already.

use engine::Key;
use engine::event::{Text, UserTask};
use std::collections::HashMap;

/// Rows that a batch creates, in order, and changes of rows that it did not create.
#[derive(Debug)]
pub(crate) struct Table<R, P> {
    pub rows: Vec<R>,
    at: HashMap<Key, usize>,
    pub patches: HashMap<Key, P>,
}

impl<R, P> Default for Table<R, P> {
    fn default() -> Table<R, P> {
        Table { rows: Vec::new(), at: HashMap::new(), patches: HashMap::new() }
    }
}

impl<R, P: Default> Table<R, P> {
    /// A later row of the same key takes the place of the earlier one.
    pub fn insert(&mut self, key: Key, row: R) {
        match self.at.get(&key) {
            Some(at) => self.rows[*at] = row,
            None => {
                self.at.insert(key, self.rows.len());
                self.rows.push(row);
            }
        }
    }

    pub fn row(&mut self, key: Key) -> Option<&mut R> {
        let at = self.at.get(&key)?;
        self.rows.get_mut(*at)
    }

    /// The row of this batch, or the change of one that was written before.
    pub fn change(&mut self, key: Key, row: impl FnOnce(&mut R), patch: impl FnOnce(&mut P)) {
        match self.at.get(&key) {
            Some(at) => row(&mut self.rows[*at]),
            None => patch(self.patches.entry(key).or_default()),
        }
    }
}

#[derive(Debug)]
pub(crate) struct InstanceRow {
    pub key: Key,
    pub definition: Key,
    pub state: i64,
    pub start: i64,
    pub end: Option<i64>,
    pub incidents: i64,
    pub parent_instance: Option<Key>,
    pub parent_element: Option<Key>,
    pub root: Key,
    pub business_id: Option<Text>,
    /// `|a|b|`, so that one `LIKE` finds a whole tag.
    pub tags: Option<String>,
    pub quarantine: Option<Text>,
    pub trace: Option<Text>,
    /// Since when.
    pub suspended: Option<i64>,
}

#[derive(Debug, Default)]
pub(crate) struct InstancePatch {
    pub state: Option<i64>,
    pub end: Option<i64>,
    pub incidents: i64,
    /// The empty text lifts it.
    pub quarantine: Option<Text>,
    /// −1 lifts it.
    pub suspended: Option<i64>,
}

#[derive(Debug)]
pub(crate) struct ElementRow {
    pub key: Key,
    pub instance: Key,
    pub definition: Key,
    pub no: i64,
    pub role: i64,
    pub state: i64,
    pub start: i64,
    pub end: Option<i64>,
    pub scope: Key,
    pub incident: Option<Key>,
}

#[derive(Debug, Default)]
pub(crate) struct ElementPatch {
    pub state: Option<i64>,
    pub end: Option<i64>,
    /// [`NONE`] takes it away.
    pub incident: Option<Key>,
}

/// Stands for NULL where NULL itself means "as it is".
pub(crate) const NONE: i64 = -1;

#[derive(Debug)]
pub(crate) struct VariableRow {
    pub key: Key,
    pub instance: Key,
    pub scope: Key,
    pub name: Text,
    pub value: String,
    pub number: Option<f64>,
    pub updated: i64,
}

#[derive(Debug)]
pub(crate) struct JobRow {
    pub key: Key,
    pub instance: Key,
    pub element: Key,
    pub definition: Key,
    pub job_type: Text,
    pub kind: i64,
    pub listener: i64,
    pub created: i64,
    pub state: i64,
    pub retries: i64,
    pub priority: i64,
    pub worker: Option<Text>,
    pub deadline: Option<i64>,
    /// When it is tried again, while it is held back.
    pub available: Option<i64>,
    pub error_code: Option<Text>,
    pub error_message: Option<Text>,
    pub updated: i64,
    pub ended: Option<i64>,
}

/// What one event changes of a job.
#[derive(Debug, Default, Clone)]
pub(crate) struct JobPatch {
    pub state: Option<i64>,
    pub retries: Option<i64>,
    pub priority: Option<i64>,
    pub worker: Option<Text>,
    /// [`NONE`] takes it away, and what follows too.
    pub deadline: Option<i64>,
    pub available: Option<i64>,
    pub error_code: Option<Text>,
    pub error_message: Option<Text>,
    pub updated: i64,
    pub ended: Option<i64>,
}

impl JobPatch {
    pub fn apply(self, row: &mut JobRow) {
        row.state = self.state.unwrap_or(row.state);
        row.retries = self.retries.unwrap_or(row.retries);
        row.priority = self.priority.unwrap_or(row.priority);
        row.deadline = self.deadline.or(row.deadline).filter(|at| *at != NONE);
        row.available = self.available.or(row.available).filter(|at| *at != NONE);
        row.updated = self.updated;
        row.worker = self.worker.or(row.worker.take());
        row.error_code = self.error_code.or(row.error_code.take());
        row.error_message = self.error_message.or(row.error_message.take());
        row.ended = self.ended.or(row.ended);
    }

    pub fn then(self, earlier: &mut JobPatch) {
        earlier.state = self.state.or(earlier.state);
        earlier.retries = self.retries.or(earlier.retries);
        earlier.priority = self.priority.or(earlier.priority);
        earlier.deadline = self.deadline.or(earlier.deadline);
        earlier.available = self.available.or(earlier.available);
        earlier.updated = self.updated;
        earlier.worker = self.worker.or(earlier.worker.take());
        earlier.error_code = self.error_code.or(earlier.error_code.take());
        earlier.error_message = self.error_message.or(earlier.error_message.take());
        earlier.ended = self.ended.or(earlier.ended);
    }
}

#[derive(Debug)]
pub(crate) struct IncidentRow {
    pub key: Key,
    pub instance: Key,
    pub element: Key,
    pub definition: Key,
    pub job: Option<Key>,
    pub kind: i64,
    pub message: Text,
    pub hash: i64,
    pub state: i64,
    pub created: i64,
    pub resolved: Option<i64>,
}

#[derive(Debug)]
pub(crate) struct TimerRow {
    pub key: Key,
    pub instance: Key,
    pub host: Key,
    pub target: i64,
    pub due: i64,
    pub remaining: Option<i64>,
    pub cycle: Option<Text>,
    pub state: i64,
    pub armed: i64,
    pub ended: Option<i64>,
}

/// End of a row: its new state and when.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Ended {
    pub state: i64,
    pub time: i64,
}

#[derive(Debug)]
pub(crate) struct SubscriptionRow {
    pub key: Key,
    pub instance: Option<Key>,
    pub host: Option<Key>,
    pub definition: Key,
    pub no: i64,
    pub kind: i64,
    pub name: Text,
    pub correlation_key: Option<Text>,
    pub state: i64,
    pub interrupting: bool,
    pub opened: i64,
    pub updated: i64,
}

/// A message taken by a subscription.
#[derive(Debug)]
pub(crate) struct CorrelatedRow {
    pub key: Key,
    pub subscription: Key,
    pub message: Key,
    pub instance: Key,
    pub time: i64,
}

#[derive(Debug)]
pub(crate) struct MessageRow {
    pub key: Key,
    pub tenant: Text,
    pub name: Text,
    pub correlation_key: Text,
    pub id: Text,
    pub published: i64,
    pub deadline: i64,
    pub state: i64,
    pub correlations: i64,
}

#[derive(Debug, Default)]
pub(crate) struct MessagePatch {
    pub state: Option<i64>,
    pub correlations: i64,
}

#[derive(Debug, Default)]
pub(crate) struct AuditRow {
    pub key: Key,
    pub time: i64,
    pub operation: i64,
    pub entity: i64,
    pub entity_key: Key,
    pub instance: Option<Key>,
    pub definition: Option<Key>,
    pub element: Option<Key>,
    pub job: Option<Key>,
    pub deployment: Option<Key>,
    pub actor: Option<Text>,
    pub actor_type: i64,
    pub description: Option<String>,
    pub tenant: Option<Text>,
    pub comment: Option<Text>,
    pub lsn: u64,
    /// Told in words once the rows that it speaks of stand in the tables.
    pub modified: Option<Modified>,
}

/// What a modification did.
#[derive(Debug, Default)]
pub(crate) struct Modified {
    /// Elements, by their numbers.
    pub begun: Vec<i64>,
    /// Element instances.
    pub ended: Vec<Key>,
}

/// Events of one aggregate in one batch, in their durable form.
#[derive(Debug)]
pub(crate) struct FrameRow {
    pub instance: Key,
    pub first_lsn: u64,
    pub last_lsn: u64,
    pub last_time: i64,
    pub codec: i64,
    pub bytes: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct TaskRow {
    pub key: Key,
    pub instance: Key,
    pub element: Key,
    pub definition: Key,
    pub state: i64,
    pub task: UserTask,
    pub created: i64,
    pub ended: Option<i64>,
}

#[derive(Debug, Default)]
pub(crate) struct TaskPatch {
    pub task: Option<UserTask>,
    /// While it has not ended.
    pub state: Option<i64>,
    /// State and time.
    pub ended: Option<(i64, i64)>,
}

/// One decision of an evaluation.
#[derive(Debug)]
pub(crate) struct DecisionRow {
    /// Key of the evaluation and the place in it, from 1.
    pub id: String,
    pub evaluation: Key,
    pub instance: Option<Key>,
    pub element: Option<Key>,
    pub definition: Option<Key>,
    pub time: i64,
    pub state: i64,
    pub failure: Option<Text>,
    pub decision: Key,
    pub decision_id: Text,
    pub name: Text,
    pub version: i64,
    pub kind: i64,
    /// The decision that was asked for.
    pub root: Key,
    pub requirements: Key,
    pub tenant: Text,
    pub result: String,
    /// JSON, as clients see them.
    pub inputs: String,
    pub rules: String,
}

/// A signal or a condition that somebody waits for.
#[derive(Debug)]
pub(crate) struct AwaitedRow {
    pub key: Key,
    pub instance: Key,
    pub host: Key,
    pub target: i64,
    pub kind: i64,
    /// Of the signal.
    pub name: Option<Text>,
    pub opened: i64,
    pub ended: Option<i64>,
}
