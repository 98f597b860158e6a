//! One file of a log, and the record at its head.

use crate::Fold;
use crate::fs::File;
use crate::record::{
    self, ALIGN, HEADER_BYTES, Header, Kind, Record, SEGMENT_BODY_BYTES, padded, seal,
};
use std::hash::{BuildHasher as _, RandomState};
use std::path::PathBuf;
use std::sync::Arc;

/// Where the first record after the head begins.
pub(crate) const HEAD_BYTES: u64 = padded(SEGMENT_BODY_BYTES) as u64;

const PREFIX: &str = "segment-";
const SUFFIX: &str = ".log";

/// A segment in use.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) number: u64,
    pub(crate) path: PathBuf,
    pub(crate) file: Arc<dyn File>,
    /// The fold before its first record; all of it was durable when the segment began.
    pub(crate) base: Fold,
    /// Who began it: records in it are of this writer or copies of a tail it found.
    pub(crate) owner: Owner,
}

/// A writer and its epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) epoch: u64,
    pub(crate) writer: u128,
}

/// An identity that no other claim has: the hash seed of the process is random.
pub(crate) fn unique() -> u128 {
    let seed = RandomState::new();
    let half = |salt: u8| seed.hash_one((salt, std::process::id(), std::time::SystemTime::now()));
    u128::from(half(1)) << 64 | u128::from(half(2))
}

pub(crate) fn file_name(number: u64) -> String {
    format!("{PREFIX}{number:010}{SUFFIX}")
}

/// The number of a segment, if that is what the name belongs to.
pub(crate) fn number_of(name: &str) -> Option<u64> {
    let digits = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    let number = digits.parse().ok()?;
    (file_name(number) == name).then_some(number)
}

/// The number of a segment's file.
pub(crate) fn number(path: &std::path::Path) -> Option<u64> {
    number_of(path.file_name()?.to_str()?)
}

/// The record at the head of a segment.
pub(crate) fn head(base: &Fold, owner: Owner) -> Vec<u8> {
    let mut bytes = vec![0; HEADER_BYTES];
    bytes.extend_from_slice(&owner.epoch.to_le_bytes());
    bytes.extend_from_slice(&owner.writer.to_le_bytes());
    bytes.extend_from_slice(&u64::from(base.ended).to_le_bytes());
    let header = Header {
        kind: Kind::Segment,
        epoch: base.epoch,
        writer: base.writer,
        seq: base.seq,
        lsn_first: base.lsn + 1,
        n_frames: 0,
        durable_upto: base.lsn,
        prev_hash: base.hash,
        schema: 0,
    };
    seal(&header, &mut bytes);
    bytes
}

/// What the record at the head of a segment says, if it is one.
pub(crate) fn read_head(record: &Record<'_>) -> Option<(Fold, Owner)> {
    let h = &record.header;
    if h.kind != Kind::Segment {
        return None;
    }
    let epoch = u64::from_le_bytes(*record.body.first_chunk()?);
    let writer = u128::from_le_bytes(*record.body.get(8..)?.first_chunk()?);
    let flags = u64::from_le_bytes(*record.body.get(24..)?.first_chunk()?);
    let fold = Fold {
        epoch: h.epoch,
        writer: h.writer,
        seq: h.seq,
        lsn: h.lsn_first - 1,
        hash: h.prev_hash,
        ended: flags & 1 == 1,
    };
    Some((fold, Owner { epoch, writer }))
}

/// A record without frames, padded for a file.
pub(crate) fn bare(kind: Kind, fold: &Fold, owner: Owner, durable: u64) -> Vec<u8> {
    let mut bytes = vec![0; HEADER_BYTES];
    let header = Header {
        kind,
        epoch: owner.epoch,
        writer: owner.writer,
        seq: if kind == Kind::EpochStart { 0 } else { fold.seq },
        lsn_first: fold.lsn + 1,
        n_frames: 0,
        durable_upto: durable,
        prev_hash: fold.hash,
        schema: 0,
    };
    record::seal(&header, &mut bytes);
    bytes.resize(bytes.len().next_multiple_of(ALIGN), 0);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_says_what_it_was_given() {
        let base = Fold { epoch: 3, writer: 9, seq: 4, lsn: 77, hash: 5, ended: true };
        let owner = Owner { epoch: 4, writer: unique() };
        let bytes = head(&base, owner);
        assert_eq!(bytes.len() as u64, HEAD_BYTES);
        let record = record::decode(&bytes).expect("sealed a line above");
        assert_eq!(read_head(&record), Some((base, owner)));
    }

    #[test]
    fn only_names_that_are_written_are_read() {
        assert_eq!(number_of(&file_name(12)), Some(12));
        assert_eq!(number_of("segment-12.log"), None);
        assert_eq!(number_of("segment-+000000012.log"), None);
        assert_ne!(unique(), unique());
    }
}
