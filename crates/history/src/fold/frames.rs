//! The events themselves, by instance, in their durable form: a list of (length, position, step),
//! compressed when it is worth it. What belongs to no instance goes under instance 0.

use std::collections::BTreeMap;

use engine::Key;
use engine::event::Event;

use super::rows::FrameRow;
use crate::batch::Step;
use crate::error::{Error, Result};
use crate::limits::{FRAME_BYTES_MAX, FRAME_COMPRESSED_BYTES_MIN, UNPACKED_BYTES_MAX};

pub(crate) const PLAIN: i64 = 0;
pub(crate) const COMPRESSED: i64 = 1;

/// Length and position before each step.
const HEAD: usize = 12;

#[derive(Debug, Default)]
pub(crate) struct Frames {
    open: BTreeMap<Key, Open>,
    closed: Vec<FrameRow>,
    scratch: Vec<u8>,
}

#[derive(Debug)]
struct Open {
    first_lsn: u64,
    last_lsn: u64,
    last_time: i64,
    bytes: Vec<u8>,
}

/// The instance whose history an event is part of.
pub(crate) fn instance_of(event: &Event) -> Key {
    match event {
        Event::Instance { instance, .. } => *instance,
        Event::Partition(_) | Event::Definition { .. } | Event::Slot { .. } => 0,
    }
}

impl Frames {
    pub fn step(&mut self, step: &Step) {
        let Some(first) = step.events.first().map(instance_of) else { return };
        if step.events.iter().all(|event| instance_of(event) == first) {
            return self.push(first, step, &step.events);
        }
        let mut parts: BTreeMap<Key, Vec<Event>> = BTreeMap::new();
        for event in &step.events {
            parts.entry(instance_of(event)).or_default().push(event.clone());
        }
        for (instance, events) in parts {
            self.push(instance, step, &events);
        }
    }

    fn push(&mut self, instance: Key, step: &Step, events: &[Event]) {
        self.scratch.clear();
        record::encode_step(&mut self.scratch, step.time, &step.cause, events);
        let open = self.open.entry(instance).or_insert_with(|| Open {
            first_lsn: step.lsn,
            last_lsn: step.lsn,
            last_time: step.time,
            bytes: Vec::new(),
        });
        let length = u32::try_from(self.scratch.len()).unwrap_or(u32::MAX);
        open.bytes.extend_from_slice(&length.to_le_bytes());
        open.bytes.extend_from_slice(&step.lsn.to_le_bytes());
        open.bytes.extend_from_slice(&self.scratch);
        (open.last_lsn, open.last_time) = (step.lsn, step.time);
        if open.bytes.len() >= FRAME_BYTES_MAX
            && let Some(full) = self.open.remove(&instance)
        {
            self.closed.push(close(instance, full));
        }
    }

    pub fn finish(mut self) -> Vec<FrameRow> {
        let rest = self.open.into_iter().map(|(instance, open)| close(instance, open));
        self.closed.extend(rest);
        self.closed
    }
}

fn close(instance: Key, open: Open) -> FrameRow {
    let (codec, bytes) = pack(open.bytes);
    FrameRow {
        instance,
        first_lsn: open.first_lsn,
        last_lsn: open.last_lsn,
        last_time: open.last_time,
        codec,
        bytes,
    }
}

pub(crate) fn pack(bytes: Vec<u8>) -> (i64, Vec<u8>) {
    if bytes.len() < FRAME_COMPRESSED_BYTES_MIN {
        return (PLAIN, bytes);
    }
    let packed = lz4_flex::compress_prepend_size(&bytes);
    if packed.len() < bytes.len() { (COMPRESSED, packed) } else { (PLAIN, bytes) }
}

/// Bytes as they were before [`pack`].
pub(crate) fn unpack(codec: i64, bytes: Vec<u8>) -> Result<Vec<u8>> {
    match codec {
        PLAIN => Ok(bytes),
        COMPRESSED => decompress(&bytes),
        other => Err(Error::store(format!("expected a codec up to 1, but a frame has {other}"))),
    }
}

/// The length stands in front; a broken one must not be believed.
fn decompress(bytes: &[u8]) -> Result<Vec<u8>> {
    let length = bytes.first_chunk::<4>().ok_or_else(cut_off)?;
    let length = u32::from_le_bytes(*length) as usize;
    if length > UNPACKED_BYTES_MAX {
        return Err(Error::store(format!(
            "expected a frame of at most {UNPACKED_BYTES_MAX} bytes, but it says {length}"
        )));
    }
    let unpacked = lz4_flex::decompress_size_prepended(bytes)
        .map_err(|error| Error::store(format!("expected a compressed frame, but {error}")))?;
    if unpacked.len() == length { Ok(unpacked) } else { Err(cut_off()) }
}

/// The steps of a frame, with their positions.
pub(crate) fn steps(codec: i64, bytes: Vec<u8>) -> Result<Vec<Step>> {
    let bytes = unpack(codec, bytes)?;
    let mut rest = &bytes[..];
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let (length, lsn) = head(rest)?;
        let end = HEAD.saturating_add(length);
        let Some(body) = rest.get(HEAD..end) else { return Err(cut_off()) };
        let step = record::decode_step(body)
            .map_err(|error| Error::store(format!("expected a step in a frame, but {error}")))?;
        let (time, cause) = (step.timestamp_ms, step.cause);
        steps.push(Step { lsn, time, cause, events: step.events });
        rest = &rest[end..];
    }
    Ok(steps)
}

fn head(bytes: &[u8]) -> Result<(usize, u64)> {
    let length = bytes.first_chunk::<4>().ok_or_else(cut_off)?;
    let lsn = bytes.get(4..).and_then(|rest| rest.first_chunk::<8>()).ok_or_else(cut_off)?;
    Ok((u32::from_le_bytes(*length) as usize, u64::from_le_bytes(*lsn)))
}

fn cut_off() -> Error {
    Error::store("expected a whole step in a frame, but it is cut off")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_stands_in_a_frame_is_an_error_or_steps() {
        for bytes in [vec![1], vec![0; 11], vec![255; 40], vec![4, 0, 0, 0]] {
            assert!(steps(PLAIN, bytes).is_err());
        }
        assert!(steps(COMPRESSED, vec![0, 0, 0, 3, 1]).is_err());
        assert!(steps(COMPRESSED, vec![0, 0, 0, 0x7f, 1]).is_err());
        assert!(steps(7, Vec::new()).is_err());
        assert!(steps(PLAIN, Vec::new()).is_ok_and(|steps| steps.is_empty()));
    }
}
