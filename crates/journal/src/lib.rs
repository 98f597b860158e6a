//! The log: an ordered, durable sequence of groups of opaque frames, one log a partition.
//!
//! It knows no BPMN and no runtime: payloads are bytes, threads are its own, and nothing here is
//! async. Read [`Journal`] first; it says what every backend promises.
//!
//! * [`MemoryJournal`] keeps the log in memory, [`FileJournal`] in a [`Folder`].
//! * [`CheckpointStore`] keeps what a log was folded to, [`BlobStore`] the cold part of it.
//! * [`inspect`] looks at the files of a log that is not opened.

#[cfg(feature = "testing")]
pub mod adversary;
mod blob;
mod checkpoint;
#[cfg(feature = "testing")]
pub mod conformance;
mod error;
mod file;
mod fold;
mod folder;
pub mod fs;
mod group;
pub mod inspect;
pub mod limits;
mod log;
mod memory;
mod progress;
pub mod protocol;
pub mod record;
#[cfg(feature = "testing")]
mod rng;
mod stop;

pub use blob::BlobStore;
pub use checkpoint::{Checkpoint, CheckpointStore, Draft, Manifest, Part, PartReader, PartWriter};
pub use error::Error;
pub use file::{FileConfig, FileJournal};
pub use fold::{Fold, Step, Why};
pub use folder::{FORMAT, Folder, RESERVE_BYTES};
pub use group::{Frame, Frames, Group, GroupBuf, Mark};
pub use log::{Append, Backlog, Claim, Journal, Lsn, Notice, Notify, Reader, Writer};
pub use memory::MemoryJournal;
#[cfg(feature = "testing")]
pub use rng::Rng;
