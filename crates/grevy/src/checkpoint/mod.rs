//! Checkpoints of the partitions, written beside the loops and not by them.
//!
//! ```text
//!  loop    ─ decide ─► log ────────────────────────────────────────► never stops
//!                       │ durable steps
//!  keeper   newest checkpoint ─ fold the tail ─► machine ─► changed instances ─► blobs
//!                                                        └► small tables ──────► manifest ─► trim
//! ```
//!
//! The [`keeper`](Keeper) does what a start would do: it takes the newest checkpoint and folds the
//! durable log on it, in a machine of its own that it drops afterwards. So a checkpoint never runs
//! ahead of the disk, the loop copies no row and waits for nothing, and the way of recovery is
//! walked every few minutes (`docs/adr/0001-checkpoints.md`).
//!
//! Blobs are written by checkpoints only. An instance that was not changed since the newest
//! checkpoint is in the [`Vault`] as it is, so making it cold means to forget it.

mod keeper;
mod still;
#[cfg(test)]
mod tests;
mod vault;
mod watch;

use std::time::Duration;

pub use keeper::{Keeper, Kept, Ward};
pub use vault::Vault;
pub use watch::CheckpointHealth;

/// When checkpoints are written, and when instances leave memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoints {
    /// Steps after the newest checkpoint that ask for the next; `None`: as many as take two
    /// seconds to fold, measured.
    pub steps: Option<u64>,
    /// A checkpoint that is older than this gets a successor if anything happened.
    pub every: Duration,
    /// An instance that nothing touched for so long leaves memory once a checkpoint has it.
    pub cold_after: Duration,
    /// How often it is looked whether one of that is due.
    pub look_every: Duration,
}

impl Default for Checkpoints {
    fn default() -> Checkpoints {
        Checkpoints {
            steps: None,
            every: Duration::from_secs(300),
            cold_after: Duration::from_secs(60),
            look_every: Duration::from_millis(250),
        }
    }
}
