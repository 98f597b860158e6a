//! What can be seen of checkpoints from outside.

use std::sync::atomic::Ordering;

use engine::PartitionId;

use crate::Grevy;

/// How the checkpoints of a partition do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckpointHealth {
    /// Its number.
    pub partition: PartitionId,
    /// Position of the newest checkpoint; 0 without one.
    pub position: u64,
    /// Attempts that failed since the last that did not; meanwhile the journal grows.
    pub failed: u64,
    /// Instances that are too large to leave memory, and are written whole each time.
    pub too_large: u64,
    /// Cold instances that were read since the start.
    pub read: u64,
    /// Blobs that could not be read since the start, and were told again from an older checkpoint.
    pub mended: u64,
    /// Cold instances that could not be read since the start, and stand still.
    pub unreadable: u64,
}

impl Grevy {
    /// How the checkpoints of each partition do.
    pub fn checkpoint_health(&self) -> Vec<CheckpointHealth> {
        let partitions = self.shared().partitions().iter().zip(1..);
        let rows = partitions.map(|(remote, partition)| {
            let status = &remote.status;
            CheckpointHealth {
                partition,
                position: status.checkpoint.load(Ordering::Acquire),
                failed: status.checkpoints_failed.load(Ordering::Acquire),
                too_large: status.too_large.load(Ordering::Acquire),
                read: status.read.load(Ordering::Acquire),
                mended: status.mended.load(Ordering::Acquire),
                unreadable: status.unreadable.load(Ordering::Acquire),
            }
        });
        rows.collect()
    }
}
