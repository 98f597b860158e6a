//! Groups: what is appended at once and lands whole or not at all.

use crate::limits::{GROUP_BYTES_MAX, GROUP_FRAMES_MAX};
use crate::{Error, Lsn};

/// A group being filled: frames one after another in one buffer that its owner reuses.
///
/// A command that is aborted half-way takes its frames back with [`GroupBuf::mark`] and
/// [`GroupBuf::rewind`]; nothing of it reaches the journal.
#[derive(Clone, Debug, Default)]
pub struct GroupBuf {
    /// `varint length | payload` for each frame, exactly as it goes into the record.
    body: Vec<u8>,
    /// Where one payload is encoded before its length is known.
    scratch: Vec<u8>,
    frames: u32,
    schema: u16,
}

/// A place in a [`GroupBuf`] to which it can be rewound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    bytes: usize,
    frames: u32,
}

impl GroupBuf {
    /// An empty group.
    pub fn new() -> GroupBuf {
        GroupBuf::default()
    }

    /// Sets the number of the schema that the payloads follow; the journal only carries it.
    pub fn set_schema(&mut self, schema: u16) {
        self.schema = schema;
    }

    /// The number of the schema that the payloads follow.
    pub fn schema(&self) -> u16 {
        self.schema
    }

    /// Adds one frame.
    pub fn push(&mut self, payload: &[u8]) {
        put_varint(&mut self.body, payload.len() as u64);
        self.body.extend_from_slice(payload);
        self.frames = self.frames.saturating_add(1);
    }

    /// Adds one frame that `encode` writes to the end of the vector it is given.
    pub fn push_with(&mut self, encode: impl FnOnce(&mut Vec<u8>)) {
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        encode(&mut scratch);
        self.push(&scratch);
        self.scratch = scratch;
    }

    /// The present end, for [`GroupBuf::rewind`].
    pub fn mark(&self) -> Mark {
        Mark { bytes: self.body.len(), frames: self.frames }
    }

    /// Takes back every frame added since `mark`.
    pub fn rewind(&mut self, mark: Mark) {
        self.body.truncate(mark.bytes);
        self.frames = self.frames.min(mark.frames);
    }

    /// Empties the group and keeps its memory.
    pub fn clear(&mut self) {
        self.body.clear();
        self.frames = 0;
    }

    /// How many frames it has.
    pub fn frames(&self) -> u32 {
        self.frames
    }

    /// The size of its body in bytes, lengths included.
    pub fn bytes(&self) -> usize {
        self.body.len()
    }

    /// Whether it has no frame.
    pub fn is_empty(&self) -> bool {
        self.frames == 0
    }

    /// The body as it goes into a record.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Refuses a group that no reader would take.
    pub fn check(&self) -> Result<(), Error> {
        if self.body.len() > GROUP_BYTES_MAX {
            return Err(too_large("a group in bytes", self.body.len(), GROUP_BYTES_MAX));
        }
        if self.frames > GROUP_FRAMES_MAX {
            return Err(too_large(
                "a group in frames",
                self.frames as usize,
                GROUP_FRAMES_MAX as usize,
            ));
        }
        if self.frames == 0 {
            return Err(Error::Misuse {
                what: "expected a group of at least one frame, but it has none".to_owned(),
            });
        }
        Ok(())
    }
}

fn too_large(what: &'static str, size: usize, max: usize) -> Error {
    Error::TooLarge { what, size: size as u64, max: max as u64 }
}

/// One frame as it is read back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Its position: the count of valid frames up to and including it.
    pub lsn: Lsn,
    /// The epoch whose writer wrote it.
    pub epoch: u64,
    /// What was pushed.
    pub payload: &'a [u8],
}

/// One group as it is read back. Its frames were checked when it was decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group<'a> {
    /// The epoch whose writer wrote it.
    pub epoch: u64,
    /// Its number within the epoch, from 1.
    pub seq: u64,
    /// The position of its first frame.
    pub lsn_first: Lsn,
    /// How many frames it has, at least one.
    pub frames: u32,
    /// The schema its payloads follow.
    pub schema: u16,
    /// The body; [`Group::iter`] takes it apart.
    pub body: &'a [u8],
}

impl<'a> Group<'a> {
    /// The position of its last frame.
    pub fn lsn_last(&self) -> Lsn {
        self.lsn_first + u64::from(self.frames) - 1
    }

    /// Its frames in order.
    pub fn iter(&self) -> Frames<'a> {
        Frames { lsn: self.lsn_first, epoch: self.epoch, rest: self.body }
    }
}

/// The frames of a group, in order.
#[derive(Clone, Debug)]
pub struct Frames<'a> {
    lsn: Lsn,
    epoch: u64,
    rest: &'a [u8],
}

impl<'a> Iterator for Frames<'a> {
    type Item = Frame<'a>;

    fn next(&mut self) -> Option<Frame<'a>> {
        let (payload, rest) = split_frame(self.rest)?;
        let frame = Frame { lsn: self.lsn, epoch: self.epoch, payload };
        self.rest = rest;
        self.lsn += 1;
        Some(frame)
    }
}

/// Whether `body` is exactly `frames` frames.
pub(crate) fn body_is_whole(body: &[u8], frames: u32) -> bool {
    let mut rest = body;
    let mut count = 0u32;
    while let Some((_, after)) = split_frame(rest) {
        rest = after;
        count += 1;
        if count > frames {
            return false;
        }
    }
    rest.is_empty() && count == frames
}

fn split_frame(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, used) = take_varint(bytes)?;
    bytes[used..].split_at_checked(usize::try_from(len).ok()?)
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn take_varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0u64;
    for (i, byte) in bytes.iter().take(5).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            return Some((value, i + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(buf: &GroupBuf) -> Group<'_> {
        Group { epoch: 1, seq: 1, lsn_first: 10, frames: buf.frames(), schema: 0, body: buf.body() }
    }

    #[test]
    fn frames_come_back_in_order_with_their_positions() {
        let mut buf = GroupBuf::new();
        buf.push(b"one");
        buf.push(b"");
        buf.push_with(|out| out.resize(300, 7));
        let got: Vec<_> = view(&buf).iter().map(|f| (f.lsn, f.payload.len())).collect();
        assert_eq!(got, [(10, 3), (11, 0), (12, 300)]);
        assert_eq!(view(&buf).lsn_last(), 12);
        assert!(body_is_whole(buf.body(), 3));
    }

    #[test]
    fn a_rewound_command_leaves_nothing() {
        let mut buf = GroupBuf::new();
        buf.push(b"kept");
        let mark = buf.mark();
        buf.push(b"aborted");
        buf.push(b"aborted too");
        buf.rewind(mark);
        assert_eq!(view(&buf).iter().map(|f| f.payload).collect::<Vec<_>>(), [b"kept"]);
    }

    #[test]
    fn a_body_with_another_count_or_a_torn_end_is_not_whole() {
        let mut buf = GroupBuf::new();
        buf.push(b"abc");
        buf.push(b"def");
        assert!(!body_is_whole(buf.body(), 1));
        assert!(!body_is_whole(buf.body(), 3));
        assert!(!body_is_whole(&buf.body()[..6], 2));
        assert!(!body_is_whole(&[0xff; 12], 1));
    }

    #[test]
    fn groups_without_frames_or_above_a_limit_are_refused() {
        let mut buf = GroupBuf::new();
        assert!(matches!(buf.check(), Err(Error::Misuse { .. })));
        buf.push_with(|out| out.resize(GROUP_BYTES_MAX, 0));
        assert!(matches!(buf.check(), Err(Error::TooLarge { .. })));
    }
}
