//! Checkpoints: files that are there whole and verified, or not there.
//!
//! ```text
//! 0000000007-state.part     chunks, each with its length and checksum
//! 0000000007-index.part     which blob is where (see [`crate::BlobStore`])
//! 0000000007.manifest       text: the fold it stands for, its files; written last, by a rename
//! blobs-0000000003.dat      the blobs of cold instances
//! ```
//!
//! A checkpoint exists when its manifest does. The newest few are kept; what no kept manifest
//! names is removed. Recovery takes the newest that verifies and folds the log from there.

mod manifest;
mod part;
mod store;

pub use manifest::{Manifest, Part};
pub(crate) use part::retry;
pub use part::{PartReader, PartWriter};
pub(crate) use store::read_manifest;
pub use store::{Checkpoint, CheckpointStore, Draft};
