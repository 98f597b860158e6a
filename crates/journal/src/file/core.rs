//! Writes accepted groups: seals them, puts them into the segment, syncs once.

use super::Shared;
use super::newest;
use super::segment::{self, HEAD_BYTES, Owner, Segment};
use super::zeros::{OnFull, Slot, Zeros};
use crate::progress::lock;
use crate::record::{ALIGN, HEADER_BYTES, Header, Kind, chain, padded, seal};
use crate::stop::{self, Point};
use crate::{Error, Fold, GroupBuf, Lsn};
use std::io;
use std::sync::Arc;

/// A batch that grew beyond this gives its memory back when it is done.
const KEEP_BYTES: usize = 4 << 20;

/// Groups that were accepted: encoded but for their headers, one after another in one buffer.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    bytes: Vec<u8>,
    groups: Vec<Item>,
    /// How many of the groups are durable already.
    done: usize,
    /// The size of all bodies.
    body_bytes: usize,
}

#[derive(Clone, Copy, Debug)]
struct Item {
    at: usize,
    /// Without padding.
    len: usize,
    seq: u64,
    lsn_first: Lsn,
    frames: u32,
    schema: u16,
}

impl Batch {
    pub(crate) fn push(&mut self, group: &GroupBuf, seq: u64, lsn_first: Lsn) {
        let at = self.bytes.len();
        self.bytes.resize(at + HEADER_BYTES, 0);
        self.bytes.extend_from_slice(group.body());
        let len = self.bytes.len() - at;
        self.bytes.resize(self.bytes.len().next_multiple_of(ALIGN), 0);
        self.body_bytes += group.bytes();
        let (frames, schema) = (group.frames(), group.schema());
        self.groups.push(Item { at, len, seq, lsn_first, frames, schema });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Groups in it, and their bytes.
    pub(crate) fn waiting(&self) -> (usize, usize) {
        (self.groups.len(), self.body_bytes)
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.groups.clear();
        self.done = 0;
        self.body_bytes = 0;
        if self.bytes.capacity() > KEEP_BYTES {
            self.bytes = Vec::new();
        }
    }

    /// How many groups from `done` on fit into `room` bytes, and the bytes they take.
    fn fit(&self, room: u64) -> (usize, usize) {
        let rest = self.groups.get(self.done..).unwrap_or_default();
        let Some(first) = rest.first() else { return (0, 0) };
        let end = |item: &Item| item.at + item.len.next_multiple_of(ALIGN) - first.at;
        let n = rest.partition_point(|item| end(item) as u64 <= room);
        (n, n.checked_sub(1).map_or(0, |last| end(&rest[last])))
    }
}

/// The segment that is written and what is left of it.
#[derive(Debug)]
pub(crate) struct Active {
    pub(crate) segment: Arc<Segment>,
    /// Where the next record goes.
    pub(crate) at: u64,
    /// Up to where the file has zeros.
    pub(crate) len: u64,
}

/// The end of a log, as its one writer sees it.
#[derive(Debug)]
pub(crate) struct Core {
    shared: Arc<Shared>,
    owner: Owner,
    /// The fold over everything written.
    fold: Fold,
    durable: Lsn,
    /// The last position that a record on disk tells to be durable.
    told: Lsn,
    active: Active,
    zeros: Zeros,
}

impl Core {
    pub(crate) fn new(
        shared: Arc<Shared>,
        owner: Owner,
        fold: Fold,
        active: Active,
        told: Lsn,
        zeros: Zeros,
    ) -> Core {
        Core { shared, owner, durable: fold.lsn, fold, told, active, zeros }
    }

    pub(crate) fn spawn_zeros(&mut self, on_full: OnFull) -> Result<(), Error> {
        self.zeros.spawn(on_full)
    }

    pub(crate) fn zeros(&self) -> Arc<Slot> {
        self.zeros.slot()
    }

    /// Whether the last groups are durable without a record that tells so.
    pub(crate) fn wants_mark(&self) -> bool {
        self.told < self.durable
    }

    /// Makes the groups of a batch durable; returns the durable position.
    ///
    /// After [`Error::Full`] nothing is damaged: calling again goes on where it stopped. Any other
    /// error is final.
    pub(crate) fn commit(&mut self, batch: &mut Batch) -> Result<Lsn, Error> {
        stop::at(Point::Append);
        while batch.done < batch.groups.len() {
            let (n, bytes) = batch.fit(self.active.len - self.active.at);
            if n == 0 {
                let need = batch.groups.get(batch.done).map_or(0, |item| item.len);
                self.roll(padded(need) as u64)?;
            } else {
                self.write(batch, n, bytes)?;
            }
        }
        Ok(self.durable)
    }

    fn write(&mut self, batch: &mut Batch, n: usize, bytes: usize) -> Result<(), Error> {
        let from = batch.groups[batch.done].at;
        for item in &batch.groups[batch.done..batch.done + n] {
            let record = &mut batch.bytes[item.at..item.at + item.len];
            let header = Header {
                kind: Kind::Group,
                epoch: self.owner.epoch,
                writer: self.owner.writer,
                seq: item.seq,
                lsn_first: item.lsn_first,
                n_frames: item.frames,
                durable_upto: self.durable,
                prev_hash: self.fold.hash,
                schema: item.schema,
            };
            seal(&header, record);
            self.fold.seq = item.seq;
            self.fold.lsn = item.lsn_first + u64::from(item.frames) - 1;
            self.fold.hash = chain(self.fold.hash, record);
        }
        let told = self.durable;
        self.put(&batch.bytes[from..from + bytes])?;
        self.told = told;
        self.durable = self.fold.lsn;
        batch.done += n;
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let file = &self.active.segment.file;
        file.write_at(bytes, self.active.at).map_err(|e| failed("an append", e))?;
        stop::at(Point::Write);
        file.sync().map_err(|e| failed("a sync", e))?;
        stop::at(Point::Sync);
        self.active.at += bytes.len() as u64;
        Ok(())
    }

    /// Goes to a new segment with room for `need` bytes.
    fn roll(&mut self, need: u64) -> Result<(), Error> {
        let prepared = self.zeros.take(HEAD_BYTES + need)?;
        let head = segment::head(&self.fold, self.owner);
        prepared.file.write_at(&head, 0).map_err(|e| failed("an append", e))?;
        stop::at(Point::SegmentRoll);
        // Synced by itself: an invalid head then means that nothing of the segment is in use.
        prepared.file.sync().map_err(|e| failed("a sync", e))?;
        let segment = Arc::new(Segment {
            number: prepared.number,
            path: prepared.path,
            file: prepared.file,
            base: self.fold,
            owner: self.owner,
        });
        lock(&self.shared.segments).push(Arc::clone(&segment));
        newest::tell(&self.shared.place, segment.number);
        self.active = Active { segment, at: HEAD_BYTES, len: prepared.len };
        self.told = self.durable;
        Ok(())
    }

    /// Writes a record that tells how far the log is durable, unless one does.
    pub(crate) fn mark(&mut self) -> Result<(), Error> {
        if !self.wants_mark() {
            return Ok(());
        }
        let bytes = segment::bare(Kind::Heartbeat, &self.fold, self.owner, self.durable);
        if self.active.len - self.active.at < bytes.len() as u64 {
            // The head of the next segment tells it.
            return self.roll(bytes.len() as u64);
        }
        let durable = self.durable;
        self.put(&bytes)?;
        self.told = durable;
        Ok(())
    }

    /// Marks the end and gives the unused zeros back.
    pub(crate) fn close(&mut self) -> Result<(), Error> {
        match self.mark() {
            // The next segment would have told it; there is none, and nothing is lost by that.
            Err(error) if error.is_full() => {}
            other => other?,
        }
        let file = &self.active.segment.file;
        file.set_len(self.active.at).map_err(|e| failed("closing", e))?;
        self.active.len = self.active.at;
        file.sync().map_err(|e| failed("a sync", e))
    }
}

fn failed(doing: &'static str, cause: io::Error) -> Error {
    Error::Failed { doing, cause: Arc::new(cause) }
}
