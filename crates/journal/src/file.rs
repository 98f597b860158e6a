//! A log in files: segments with zeros written ahead, one writer thread, one sync for whatever
//! was accepted while the last sync ran.
//!
//! ```text
//! segment-0000000003.log   head: the fold before it │ group │ group │ mark │ group │ 0 0 0 0 …
//! segment-0000000004.log   0 0 0 0 …                  prepared by a thread, not in use yet
//! ```
//!
//! A segment begins with a record that states the fold before it and thereby what was durable when
//! it began: whatever lies behind that position in an older segment is superseded. That is how an
//! opening takes a torn or unsynced tail away from under the next epoch (`engine-rules.md` 4).

mod begin;
mod core;
mod newest;
mod pen;
mod reader;
mod recover;
mod segment;
mod walk;
mod window;
mod zeros;

use crate::folder::Place;
use crate::log::{Claim, Journal, Lsn, Notify, Reader};
use crate::progress::{Progress, lock};
use crate::stop::{self, Point};
use crate::{Error, Fold, Folder};
use pen::{FileWriter, Pen};
use recover::Recovered;
use segment::{Owner, Segment};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

pub(crate) use newest::{check as check_newest, dirs as noted, told as newest_told};
pub(crate) use recover::files as segment_files;
pub(crate) use segment::number as segment_number;
pub(crate) use walk::{FileSegment, walk};

/// How a log in files works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileConfig {
    /// Size of a segment in bytes; a larger group gets a larger one.
    pub segment_bytes: u64,
    /// Size of the first segment of an epoch; each next is four times as large, up to
    /// `segment_bytes`. Small, because a start waits for its zeros.
    pub first_segment_bytes: u64,
    /// How long after a group that nothing follows a mark is written.
    pub mark_after: Duration,
    /// Whether the log has threads. Without, `flush` writes on the caller's thread: for
    /// simulations and for tests that crash at a given call.
    pub threads: bool,
}

impl Default for FileConfig {
    fn default() -> FileConfig {
        FileConfig {
            segment_bytes: 64 << 20,
            first_segment_bytes: 1 << 20,
            mark_after: Duration::from_millis(50),
            threads: true,
        }
    }
}

/// A log in files.
#[derive(Debug)]
pub struct FileJournal {
    shared: Arc<Shared>,
}

/// What the journal, its writer, its threads and its readers have in common.
#[derive(Debug)]
struct Shared {
    place: Place,
    config: FileConfig,
    progress: Progress,
    /// The segments in use, oldest first; each begins where the one before it is left.
    segments: Mutex<Vec<Arc<Segment>>>,
    /// The number of the next segment to be created.
    numbers: AtomicU64,
    owner: Mutex<Ownership>,
}

#[derive(Debug, Default)]
struct Ownership {
    /// Weak, because the writer's files belong to whoever has the writer.
    pen: Weak<Pen>,
    /// What opening found, until a claim builds on it.
    recovered: Option<Recovered>,
}

impl FileJournal {
    /// Opens the log `name` in a folder: finds its end, changes nothing yet.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if something that was durable cannot be read.
    pub fn open(
        folder: &Arc<Folder>,
        name: &str,
        config: FileConfig,
    ) -> Result<FileJournal, Error> {
        let place = folder.place(name)?;
        let recovered = recover::whole(place.fs(), &place.dir)?;
        let progress = Progress::default();
        progress.advance(recovered.durable);
        let shared = Shared {
            config,
            progress,
            segments: Mutex::new(recovered.segments.clone()),
            numbers: AtomicU64::new(recovered.next_number),
            owner: Mutex::new(Ownership { pen: Weak::new(), recovered: Some(recovered) }),
            place,
        };
        Ok(FileJournal { shared: Arc::new(shared) })
    }

    fn claim_as(&self, owner: &mut Ownership, notify: Notify) -> Result<Claim, Error> {
        let recovered = match owner.recovered.take() {
            Some(recovered) => recovered,
            None => recover::whole(self.shared.place.fs(), &self.shared.place.dir)?,
        };
        self.shared.numbers.fetch_max(recovered.next_number, Ordering::AcqRel);
        let epoch = recovered.fold.epoch + 1;
        let tail = recovered.fold.lsn;
        let claimant = Owner { epoch, writer: segment::unique() };
        let core = begin::begin(&self.shared, &recovered, claimant)?;
        self.shared.progress.advance(tail);
        let pen = Pen::new(Arc::clone(&self.shared), core, tail, notify);
        owner.pen = Arc::downgrade(&pen);
        let writer = FileWriter::start(pen, epoch)?;
        Ok(Claim { writer: Box::new(writer), epoch, tail })
    }
}

impl Journal for FileJournal {
    fn claim(&self, notify: Notify) -> Result<Claim, Error> {
        let mut owner = lock(&self.shared.owner);
        if let Some(pen) = owner.pen.upgrade() {
            // From here on the old writer writes nothing, so the files may be folded.
            pen.fence();
        }
        self.claim_as(&mut owner, notify)
    }

    fn durable_lsn(&self) -> Lsn {
        self.shared.progress.durable()
    }

    fn first_lsn(&self) -> Lsn {
        self.shared.first_lsn()
    }

    fn wait_durable(&self, beyond: Lsn, timeout: Duration) -> Lsn {
        self.shared.progress.wait(beyond, timeout)
    }

    fn read(&self, from: Lsn) -> Result<Box<dyn Reader>, Error> {
        let reader = reader::FileReader::new(Arc::clone(&self.shared), from)?;
        Ok(Box::new(reader))
    }

    fn fold_at(&self, lsn: Lsn) -> Result<Fold, Error> {
        let base = lock(&self.shared.segments).first().map_or(Fold::default(), |s| s.base);
        if lsn < base.lsn {
            return Err(Error::Trimmed { asked: lsn, first: base.lsn + 1 });
        }
        if lsn == base.lsn {
            return Ok(base);
        }
        reader::FileReader::new(Arc::clone(&self.shared), lsn)?.fold_at(lsn)
    }

    fn trim(&self, upto: Lsn) -> Result<Lsn, Error> {
        let first = self.shared.trim(upto.min(self.durable_lsn()))?;
        // Space may have come back: whoever waits for it looks again.
        if let Some(pen) = lock(&self.shared.owner).pen.upgrade() {
            pen.look_for_room();
        }
        Ok(first)
    }
}

impl Shared {
    fn first_lsn(&self) -> Lsn {
        lock(&self.segments).first().map_or(1, |s| s.base.lsn + 1)
    }

    /// Removes the segments whose successor begins at or before `upto`.
    fn trim(&self, upto: Lsn) -> Result<Lsn, Error> {
        loop {
            let mut segments = lock(&self.segments);
            if segments.get(1).is_none_or(|next| next.base.lsn > upto) {
                break;
            }
            let old = segments.remove(0);
            drop(segments);
            let fs = self.place.fs();
            // Synced one by one: a crash must not leave an older one behind a hole.
            fs.remove(&old.path).map_err(|e| Error::io("trimming", &old.path, e))?;
            stop::at(Point::Trim);
            fs.sync_dir(&self.place.dir).map_err(|e| Error::io("trimming", &self.place.dir, e))?;
        }
        Ok(self.first_lsn())
    }
}
