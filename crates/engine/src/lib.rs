//! The semantics: `decide` turns a command into events and effects, `apply` folds an event into
//! the state. A function of (state, command, timestamp): no clock, no randomness, no files.

pub mod catalog;
pub mod command;
pub mod compile;
pub mod decision;
pub mod effect;
pub mod event;
pub mod incident;
pub mod key;
pub mod limits;
pub mod meta;
pub mod rejection;
pub mod state;
pub mod text;

mod apply;
mod decide;
mod element;
mod invariants;

pub use catalog::{Catalog, Definition};
pub use command::{Answer, Cause, Command, Reply};
pub use decide::{Decision, Need, Routes, Turn};
pub use effect::Effect;
pub use event::Event;
pub use incident::IncidentKind;
pub use key::{Key, PartitionId};
pub use rejection::{Rejection, RejectionKind};
pub use state::State;
