//! What the world must do now that a step has been decided. Every effect can be derived again from
//! the state, or is bound to a live connection.

use crate::event::{Item, NamedValue, Text};
use crate::key::{Key, PartitionId};
use crate::rejection::Rejection;

#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// A job of this type can be leased.
    JobAvailable { tenant: Text, job_type: Text },
    /// Deliver to another partition; it is in the outbox until acknowledged.
    Send { to: PartitionId, sequence: u64, item: Item },
    /// Deferred work of this instance waits in the state.
    WorkPending { instance: Key },
    /// The instance has ended. `variables` of its root scope, when somebody waits for them.
    Ended { instance: Key, completed: bool, variables: Vec<NamedValue> },
    /// Outcome of a message that a caller waits for; `None`: nobody wanted it.
    Correlated { message: Key, instance: Option<Key> },
    /// The listeners of an operation on a user task have had their say.
    TaskSettled { task: Key, outcome: Result<(), Rejection> },
    /// An incident was raised, for whoever alerts.
    IncidentRaised { instance: Key, incident: Key },
}
