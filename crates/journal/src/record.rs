//! The durable form of a group, the same on files and on a broker.
//!
//! ```text
//! offset  0 magic u16 | ver u8 | kind u8 | len u32 | epoch u64 | writer u128 | seq u64
//!        40 lsn_first u64 | durable_upto u64 | prev_hash u64 | n_frames u32 | schema u16
//!        70 codec u8 | reserved u8 × 5, zero | crc32c u32 | body: n_frames × (varint len, payload)
//! ```
//!
//! All numbers are little-endian. The checksum covers header and body without itself. A record is
//! atomic: it is taken whole or not at all. In files each begins at a multiple of [`ALIGN`].

use crate::group::body_is_whole;
use crate::limits::{GROUP_BYTES_MAX, GROUP_FRAMES_MAX};
use crate::{Group, Lsn};
use std::fmt;

/// The first two bytes of every record, `G` and `J`.
pub const MAGIC: u16 = u16::from_le_bytes(*b"GJ");

/// The version of the record format that is written, and the newest that is read.
pub const VERSION: u8 = 1;

/// The size of a record without its body.
pub const HEADER_BYTES: usize = 80;

/// Records in files begin at multiples of this, so that a search for them can take steps.
pub const ALIGN: usize = 8;

/// The body of a [`Kind::Segment`]: `epoch u64 | writer u128` of the writer who began it, and
/// `flags u64`, whose lowest bit says that the epoch of the fold is ended.
pub const SEGMENT_BODY_BYTES: usize = 32;

const CRC_AT: usize = 76;

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A writer claims an epoch.
    EpochStart,
    /// Frames.
    Group,
    /// The owner hands the epoch over; nothing of it follows.
    EpochEnd,
    /// Tells how far the log is durable, when nothing else does; part of no history.
    Heartbeat,
    /// The first record of a segment file: the state of the fold before it. Files only.
    Segment,
}

impl Kind {
    fn from_byte(byte: u8) -> Option<Kind> {
        match byte {
            1 => Some(Kind::EpochStart),
            2 => Some(Kind::Group),
            3 => Some(Kind::EpochEnd),
            4 => Some(Kind::Heartbeat),
            16 => Some(Kind::Segment),
            _ => None,
        }
    }

    fn to_byte(self) -> u8 {
        match self {
            Kind::EpochStart => 1,
            Kind::Group => 2,
            Kind::EpochEnd => 3,
            Kind::Heartbeat => 4,
            Kind::Segment => 16,
        }
    }
}

/// The fields of a record beside its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What the record is.
    pub kind: Kind,
    /// The epoch of the writer.
    pub epoch: u64,
    /// The writer: unique for each claim, so that two claims of one epoch differ.
    pub writer: u128,
    /// The number of the record within its epoch: 0 for the start, dense from 1 for groups.
    pub seq: u64,
    /// The position of the first frame; without frames, of the one that would come next.
    pub lsn_first: Lsn,
    /// How many frames the body has.
    pub n_frames: u32,
    /// The last position that the writer knew to be durable when it wrote this record.
    pub durable_upto: Lsn,
    /// The chain of hashes up to the valid group before this record.
    pub prev_hash: u64,
    /// The schema of the payloads.
    pub schema: u16,
}

/// A record whose checksum and shape were checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its fields.
    pub header: Header,
    /// Its frames.
    pub body: &'a [u8],
    /// Header and body as they were read.
    pub bytes: &'a [u8],
}

impl<'a> Record<'a> {
    /// The chain of hashes up to and including this record.
    pub fn chain(&self, before: u64) -> u64 {
        chain(before, self.bytes)
    }

    /// The frames as a reader gets them.
    pub fn group(&self) -> Group<'a> {
        Group {
            epoch: self.header.epoch,
            seq: self.header.seq,
            lsn_first: self.header.lsn_first,
            frames: self.header.n_frames,
            schema: self.header.schema,
            body: self.body,
        }
    }
}

/// Why some bytes are no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invalid {
    /// Only zeros where the magic number should be: nothing was written here yet.
    Blank,
    /// Fewer bytes than the record needs; the size it needs where the header tells.
    Short {
        /// Bytes needed from the start of the record.
        need: usize,
    },
    /// No magic number.
    Magic(u16),
    /// A version that is not known here.
    Version(u8),
    /// A kind or codec that is not known here.
    Kind(u8),
    /// A length or count above the limits.
    Size(u64),
    /// The checksum differs.
    Checksum,
    /// The checksum is right, but the body is not the frames that the header tells.
    Frames,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Invalid::Blank => f.write_str("expected a record, but nothing is written there"),
            Invalid::Short { need } => {
                write!(f, "expected a record of {need} bytes, but the file ends before")
            }
            Invalid::Magic(found) => {
                write!(f, "expected a record, but it begins with {found:#06x}")
            }
            Invalid::Version(found) => {
                write!(f, "expected a record of version {VERSION}, but it has {found}")
            }
            Invalid::Kind(found) => write!(f, "expected a known kind of record, but it is {found}"),
            Invalid::Size(found) => {
                write!(f, "expected a record within the limits, but it tells {found}")
            }
            Invalid::Checksum => f.write_str("expected a whole record, but its checksum differs"),
            Invalid::Frames => f.write_str("expected as many frames as counted, but they differ"),
        }
    }
}

/// The chain of hashes after `record`, when it was `before` ahead of it.
pub fn chain(before: u64, record: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64_with_seed(record, before)
}

/// The bytes that a record with a body of `body` bytes takes in a file.
pub const fn padded(body: usize) -> usize {
    (HEADER_BYTES + body).next_multiple_of(ALIGN)
}

/// Fills the first [`HEADER_BYTES`] of `record`, whose body is already in place behind them.
///
/// The record is exactly `record`: padding in files lies outside.
pub fn seal(header: &Header, record: &mut [u8]) {
    let len = record.len() - HEADER_BYTES;
    let (head, body) = record.split_at_mut(HEADER_BYTES);
    head[0..2].copy_from_slice(&MAGIC.to_le_bytes());
    head[2] = VERSION;
    head[3] = header.kind.to_byte();
    head[4..8].copy_from_slice(&(len as u32).to_le_bytes());
    head[8..16].copy_from_slice(&header.epoch.to_le_bytes());
    head[16..32].copy_from_slice(&header.writer.to_le_bytes());
    head[32..40].copy_from_slice(&header.seq.to_le_bytes());
    head[40..48].copy_from_slice(&header.lsn_first.to_le_bytes());
    head[48..56].copy_from_slice(&header.durable_upto.to_le_bytes());
    head[56..64].copy_from_slice(&header.prev_hash.to_le_bytes());
    head[64..68].copy_from_slice(&header.n_frames.to_le_bytes());
    head[68..70].copy_from_slice(&header.schema.to_le_bytes());
    head[70..CRC_AT].fill(0);
    let crc = crc32c::crc32c_append(crc32c::crc32c(&head[..CRC_AT]), body);
    head[CRC_AT..].copy_from_slice(&crc.to_le_bytes());
}

/// How many bytes the record at the start of `bytes` says it needs, if these begin a header.
///
/// Nothing is checked but the magic number and the limits; [`decode`] checks.
pub fn size(bytes: &[u8]) -> Option<usize> {
    let head: &[u8; HEADER_BYTES] = bytes.first_chunk()?;
    let len = u32_at(head, 4) as usize;
    (head[..2] == MAGIC.to_le_bytes() && len <= GROUP_BYTES_MAX).then_some(HEADER_BYTES + len)
}

/// The writer that the record at the start of `bytes` names, unchecked.
pub fn writer(bytes: &[u8]) -> Option<u128> {
    let head: &[u8; HEADER_BYTES] = bytes.first_chunk()?;
    Some(u128_at(head, 16))
}

/// Takes the record at the start of `bytes`; what follows it is not looked at.
///
/// Never panics, whatever the bytes are.
pub fn decode(bytes: &[u8]) -> Result<Record<'_>, Invalid> {
    let need = check_header(bytes)?;
    let record = bytes.get(..need).ok_or(Invalid::Short { need })?;
    let (head, body) = record.split_at(HEADER_BYTES);
    let crc = crc32c::crc32c_append(crc32c::crc32c(&head[..CRC_AT]), body);
    if crc.to_le_bytes() != head[CRC_AT..] {
        return Err(Invalid::Checksum);
    }
    let record = parse(record)?;
    check_frames(&record.header, record.body)?;
    Ok(record)
}

/// Takes a record whose checksum was found right before.
pub(crate) fn parse(bytes: &[u8]) -> Result<Record<'_>, Invalid> {
    let need = check_header(bytes)?;
    let record = bytes.get(..need).ok_or(Invalid::Short { need })?;
    let head: &[u8; HEADER_BYTES] = record.first_chunk().ok_or(Invalid::Short { need })?;
    if head[70] != 0 {
        return Err(Invalid::Kind(head[70]));
    }
    let header = Header {
        kind: Kind::from_byte(head[3]).ok_or(Invalid::Kind(head[3]))?,
        epoch: u64_at(head, 8),
        writer: u128_at(head, 16),
        seq: u64_at(head, 32),
        lsn_first: u64_at(head, 40),
        durable_upto: u64_at(head, 48),
        prev_hash: u64_at(head, 56),
        n_frames: u32_at(head, 64),
        schema: u16::from_le_bytes([head[68], head[69]]),
    };
    Ok(Record { header, body: &record[HEADER_BYTES..], bytes: record })
}

/// The size that a header tells, if it is one within the limits.
fn check_header(bytes: &[u8]) -> Result<usize, Invalid> {
    let magic = bytes.first_chunk().map(|b| u16::from_le_bytes(*b));
    match magic {
        Some(MAGIC) => {}
        Some(0) | None if bytes.iter().take(HEADER_BYTES).all(|b| *b == 0) => {
            return Err(Invalid::Blank);
        }
        Some(other) => return Err(Invalid::Magic(other)),
        None => return Err(Invalid::Short { need: HEADER_BYTES }),
    }
    let head: &[u8; HEADER_BYTES] =
        bytes.first_chunk().ok_or(Invalid::Short { need: HEADER_BYTES })?;
    if head[2] != VERSION {
        return Err(Invalid::Version(head[2]));
    }
    let len = u32_at(head, 4) as usize;
    let n_frames = u32_at(head, 64);
    if len > GROUP_BYTES_MAX {
        return Err(Invalid::Size(len as u64));
    }
    if n_frames > GROUP_FRAMES_MAX {
        return Err(Invalid::Size(u64::from(n_frames)));
    }
    Ok(HEADER_BYTES + len)
}

fn check_frames(header: &Header, body: &[u8]) -> Result<(), Invalid> {
    let wanted = match header.kind {
        Kind::Group => header.n_frames > 0 && body_is_whole(body, header.n_frames),
        Kind::EpochStart | Kind::EpochEnd | Kind::Heartbeat => {
            header.n_frames == 0 && body.is_empty()
        }
        Kind::Segment => header.n_frames == 0 && body.len() == SEGMENT_BODY_BYTES,
    };
    // Positions near the end of their range would overflow where they are added to.
    let Header { epoch, seq, lsn_first, durable_upto, .. } = *header;
    let sane = lsn_first > 0 && [epoch, seq, lsn_first, durable_upto].iter().all(|n| n >> 63 == 0);
    if wanted && sane { Ok(()) } else { Err(Invalid::Frames) }
}

fn u32_at(head: &[u8; HEADER_BYTES], at: usize) -> u32 {
    head[at..].first_chunk().map_or(0, |b| u32::from_le_bytes(*b))
}

fn u128_at(head: &[u8; HEADER_BYTES], at: usize) -> u128 {
    head[at..].first_chunk().map_or(0, |b| u128::from_le_bytes(*b))
}

fn u64_at(head: &[u8; HEADER_BYTES], at: usize) -> u64 {
    head[at..].first_chunk().map_or(0, |b| u64::from_le_bytes(*b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header {
            kind: Kind::Group,
            epoch: 3,
            writer: 0x1122_3344_5566_7788_99aa_bbcc_ddee_ff00,
            seq: 9,
            lsn_first: 77,
            n_frames: 2,
            durable_upto: 70,
            prev_hash: 0xfeed,
            schema: 5,
        }
    }

    fn sealed() -> Vec<u8> {
        let mut group = crate::GroupBuf::new();
        group.push(b"first");
        group.push(b"second");
        let mut bytes = vec![0; HEADER_BYTES];
        bytes.extend_from_slice(group.body());
        seal(&header(), &mut bytes);
        bytes
    }

    #[test]
    fn a_record_comes_back_as_it_was_sealed() {
        let mut bytes = sealed();
        let len = bytes.len();
        bytes.extend_from_slice(b"what follows");
        let record = decode(&bytes).expect("it was sealed a line above");
        assert_eq!(record.header, header());
        assert_eq!(record.bytes.len(), len);
        assert_eq!(record.group().iter().map(|f| f.lsn).collect::<Vec<_>>(), [77, 78]);
    }

    #[test]
    fn every_single_flipped_bit_is_seen() {
        let good = sealed();
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(&bad).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn every_shorter_record_is_refused() {
        let good = sealed();
        for len in 0..good.len() {
            assert!(decode(&good[..len]).is_err(), "length {len}");
        }
    }

    #[test]
    fn zeros_are_blank_and_garbage_is_not() {
        assert_eq!(decode(&[0; 200]), Err(Invalid::Blank));
        assert_eq!(decode(&[]), Err(Invalid::Blank));
        let mut late = [0; 200];
        late[40] = 1;
        assert_eq!(decode(&late), Err(Invalid::Magic(0)));
    }
}
