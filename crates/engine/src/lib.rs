//! The semantics: `decide` turns a command into events and effects, `apply` folds an event into
//! the state. A function of (state, command, timestamp): no clock, no randomness, no files.

pub mod command;
pub mod effect;
pub mod event;
pub mod incident;
pub mod key;
pub mod limits;
pub mod rejection;

pub use command::{Answer, Cause, Command, Reply};
pub use effect::Effect;
pub use event::Event;
pub use incident::IncidentKind;
pub use key::{Key, PartitionId};
pub use rejection::{Rejection, RejectionKind};
