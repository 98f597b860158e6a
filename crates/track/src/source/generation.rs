//! A file that may be written anew while it is read, or between two runs: logs are rotated, exports
//! overwritten. What was read of it is journaled with its digest, and a file is gone on with when
//! it bears that out, to the last byte; any other is a partition of its own, whose positions begin
//! anew, so that none of its records is taken for seen.

use std::fs::{File, Metadata};
use std::io::{Read, Result, Seek, SeekFrom};
use std::path::Path;
use std::time::SystemTime;

use super::digest::{Digest, borne_out};
use super::file::unzipped;
use super::{Position, Proof, Reached};

/// First bytes by which a file was known before digests were journaled: their number is told in 12
/// bits of the partition.
const HEAD_BYTES: usize = (1 << 12) - 1;
/// Bits of the partition that are a hash of these bytes.
const HASH_BITS: u32 = 20;

/// What lies at a path.
pub(super) struct Generation {
    /// Opened beside the reader, so that looking moves nothing.
    probe: File,
    pub zipped: bool,
    /// Its positions are bytes, unzipped.
    bytes: bool,
    /// What was read of it.
    pub digest: Digest,
    /// How it was when it was last found to be the same.
    looked: Option<(u64, Option<SystemTime>)>,
    head: Vec<u8>,
}

impl Generation {
    pub fn open(path: &Path, zipped: bool, bytes: bool, digest: Digest) -> Result<Generation> {
        let probe = File::open(path)?;
        Ok(Generation { probe, zipped, bytes, digest, looked: None, head: Vec::new() })
    }

    /// Bytes of the file as it lies there.
    fn bytes(&self, from: u64, count: usize) -> Result<Vec<u8>> {
        let mut probe = &self.probe;
        probe.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        probe.take(count as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Where reading goes on: behind the known position of this very file, or at the beginning of
    /// one that nobody knows. `None` as long as it is empty.
    pub fn place(&mut self, known: &[Reached]) -> Result<Option<Position>> {
        self.head = self.bytes(0, HEAD_BYTES)?;
        if self.head.is_empty() {
            return Ok(None);
        }
        if let Some(at) = self.proven(known)? {
            return Ok(Some(at));
        }
        if let Some(at) = self.known_by_head(known)? {
            return Ok(Some(at));
        }
        let last = known.iter().map(|at| at.next.partition).max().unwrap_or(0);
        let taken = |partition: &u32| known.iter().any(|at| at.next.partition == *partition);
        let free = last.checked_add(1).or_else(|| (1..u32::MAX).find(|number| !taken(number)));
        Ok(free.map(|partition| Position { partition, offset: 0 }))
    }

    /// The known position whose proof this file bears out; of several the furthest.
    pub fn proven(&self, known: &[Reached]) -> Result<Option<Position>> {
        let proven: Vec<(Proof, Position)> =
            known.iter().filter_map(|at| Some((at.proof?, at.next))).collect();
        let proofs: Vec<Proof> = proven.iter().map(|(proof, _)| *proof).collect();
        let mut file = self.probe.try_clone()?;
        file.rewind()?;
        let borne = borne_out(unzipped(file, self.zipped), &proofs)?;
        let same = proven.iter().zip(borne).filter(|(_, borne)| *borne).map(|(at, _)| at);
        Ok(same.max_by_key(|(proof, at)| (proof.bytes, at.offset)).map(|(_, at)| *at))
    }

    /// The position of a file that was read before digests were journaled.
    fn known_by_head(&self, known: &[Reached]) -> Result<Option<Position>> {
        let length = self.probe.metadata()?.len();
        let plain = self.bytes && !self.zipped;
        let whole = |at: &Position| !plain || at.offset <= length;
        let mut before = known.iter().filter(|at| at.proof.is_none()).map(|at| at.next).rev();
        let same = |at: &Position| {
            let bytes = (at.partition >> HASH_BITS) as usize;
            whole(at) && bytes > 0 && self.head.get(..bytes).map(partition) == Some(at.partition)
        };
        let found = before.find(same);
        // Positions from before files had partitions are those of the file that is there.
        let legacy = match known {
            [Reached { next, proof: None }] if next.partition == 0 && whole(next) => Some(*next),
            _ => None,
        };
        Ok(found.or(legacy.map(|at| Position { partition: partition(&self.head), ..at })))
    }

    /// Whether the path has another file by now, and whether that was this one, cut. The bytes at
    /// the beginning and before the place where reading stopped tell it: reading all of it again
    /// is for the next start.
    pub fn left(&mut self, path: &Path) -> Result<Option<Change>> {
        let Ok(there) = std::fs::metadata(path) else { return Ok(None) };
        if !is_same(&there, &self.probe.metadata()?) {
            return Ok(Some(Change::Moved));
        }
        let looks = (there.len(), there.modified().ok());
        if self.zipped || self.looked == Some(looks) {
            return Ok(None);
        }
        let (from, tail) = self.digest.tail();
        let known = self.bytes(0, self.head.len())? == self.head;
        if !known || self.bytes(from, tail.len())? != tail {
            return Ok(Some(Change::Cut));
        }
        self.looked = Some(looks);
        Ok(None)
    }
}

pub(super) enum Change {
    /// It has another name, or none: what it has is still to be read.
    Moved,
    /// It was emptied or overwritten in its place.
    Cut,
}

/// The number that a file which begins with these bytes had before digests were journaled.
fn partition(head: &[u8]) -> u32 {
    let hash = xxhash_rust::xxh3::xxh3_64(head) as u32;
    (head.len() as u32) << HASH_BITS | hash & ((1 << HASH_BITS) - 1)
}

#[cfg(unix)]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    one.created().ok() == other.created().ok()
}
