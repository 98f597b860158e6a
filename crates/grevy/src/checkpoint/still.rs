//! The newest checkpoint while it stands still, and the way back for a blob that cannot be read.

use std::collections::BTreeSet;
use std::sync::{Arc, MutexGuard};

use engine::Key;
use journal::{BlobStore, Checkpoint, Lsn};

use super::Vault;
use crate::Error;
use crate::machine::{Machine, Place};
use crate::partition::{Opened, Tail};

/// The newest checkpoint and its blobs, of one position of the log. While somebody has this no
/// other is written or recovered from: whoever folds reads the blobs through it, and changing them
/// takes it by `&mut`, so that a fold never meets a blob that is newer than its tables.
pub(crate) struct Still<'a> {
    vault: &'a Vault,
    newest: MutexGuard<'a, Option<Checkpoint>>,
    blobs: Arc<BlobStore>,
}

impl<'a> Still<'a> {
    pub(super) fn new(vault: &'a Vault, newest: MutexGuard<'a, Option<Checkpoint>>) -> Still<'a> {
        let blobs = vault.blobs();
        Still { vault, newest, blobs }
    }

    pub(super) fn newest(&self) -> Option<&Checkpoint> {
        self.newest.as_ref()
    }

    /// Another checkpoint is the newest, with the blobs that the vault has now.
    pub(super) fn set_newest(&mut self, newest: Option<Checkpoint>) {
        *self.newest = newest;
        self.blobs = self.vault.blobs();
    }

    /// The blobs, to be changed: nobody folds.
    pub(super) fn change(&mut self) -> &BlobStore {
        &self.blobs
    }

    /// The position that it stands for; 0 without a checkpoint.
    fn lsn(&self) -> Lsn {
        self.newest().map_or(0, |checkpoint| checkpoint.manifest().at.lsn)
    }

    /// The blob of a cold instance. One that cannot be read is told again from the checkpoint
    /// before, if the log behind that has it.
    ///
    /// # Errors
    /// The blob is damaged and nothing else has the instance as it was; names the place and what
    /// can be done.
    pub fn read<M: Machine>(
        &self,
        key: Key,
        tail: &Tail<'_>,
        empty: &dyn Fn() -> M,
    ) -> Result<Option<Vec<u8>>, Error> {
        let damage = match self.blobs.get(key) {
            Ok(blob) => return Ok(blob),
            Err(error) => error,
        };
        tracing::error!(partition = tail.name, key, error = %damage, "a blob cannot be read");
        let older = match self.mend(key, tail, empty) {
            Ok(true) => match self.blobs.get(key) {
                Ok(Some(blob)) => {
                    self.vault.count_mended();
                    tracing::warn!(partition = tail.name, key, "told again from the log");
                    return Ok(Some(blob));
                }
                Ok(None) => "the checkpoint before does not lead to it".to_owned(),
                Err(error) => error.to_string(),
            },
            Ok(false) => "no older checkpoint with the log behind it has it".to_owned(),
            Err(error) => error.to_string(),
        };
        let reason = format!(
            "the blob of instance {key} cannot be read ({damage}), and {older}. Put the file back \
             from a copy, or start with --quarantine {key}, which sets the instance aside and \
             keeps all others"
        );
        Err(tail.failed(self.lsn(), reason))
    }

    /// Folds the log from an older checkpoint to the newest one, and puts what cannot be read of
    /// the newest as it is there. Whether `key` is among it.
    fn mend<M: Machine>(
        &self,
        key: Key,
        tail: &Tail<'_>,
        empty: &dyn Fn() -> M,
    ) -> Result<bool, Error> {
        let first = tail.journal.first_lsn();
        for older in self.vault.older(self.newest()) {
            if older.manifest().at.lsn + 1 < first {
                break;
            }
            let blobs = BlobStore::open(&older)?;
            if older.verify().is_err() || self.blobs.shares(&blobs, key) {
                continue;
            }
            let opened = self.vault.tables(&older, empty)?;
            return self.refold(key, tail, opened, &blobs);
        }
        if first > 1 {
            return Ok(false);
        }
        let opened = Opened::new(empty());
        self.refold(key, tail, opened, &BlobStore::create(self.blobs.checkpoints())?)
    }

    fn refold<M: Machine>(
        &self,
        key: Key,
        tail: &Tail<'_>,
        mut opened: Opened<M>,
        blobs: &BlobStore,
    ) -> Result<bool, Error> {
        let mut touched = BTreeSet::new();
        let cold = |key| Ok(blobs.get(key)?);
        tail.fold(&mut opened, self.lsn(), &mut touched, &cold)?;
        for key in &touched {
            if opened.machine.place(*key) == Place::Hot
                && self.blobs.get(*key).is_err()
                && let Some(blob) = opened.machine.blob(*key)
            {
                self.blobs.put(*key, &blob)?;
            }
        }
        // What was only moved to another file since is as it was.
        let moved = if touched.contains(&key) { None } else { blobs.get(key)? };
        if let Some(blob) = &moved {
            self.blobs.put(key, blob)?;
        }
        Ok(moved.is_some() || touched.contains(&key))
    }
}
