//! The log: an ordered, durable sequence of groups of opaque frames, one log a partition.
//!
//! It knows no BPMN and no runtime: payloads are bytes, threads are its own, and nothing here is
//! async. Read [`Journal`] first; it says what every backend promises.
//!
//! * [`MemoryJournal`] keeps the log in memory.

mod error;
mod fold;
mod group;
pub mod limits;
mod log;
mod memory;
mod progress;
pub mod record;

pub use error::Error;
pub use fold::{Fold, Step, Why};
pub use group::{Frame, Frames, Group, GroupBuf, Mark};
pub use log::{Append, Backlog, Claim, Journal, Lsn, Notice, Notify, Reader, Writer};
pub use memory::MemoryJournal;
