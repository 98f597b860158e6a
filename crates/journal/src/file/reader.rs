//! Reads a log from its files, on any thread, up to what is durable.

use super::Shared;
use super::recover::broken;
use super::segment::{HEAD_BYTES, Segment};
use super::window::Window;
use crate::fold::{Fold, Step};
use crate::log::{Lsn, Reader, no_fold_at};
use crate::progress::lock;
use crate::record::{Invalid, padded};
use crate::{Error, Group};
use std::sync::Arc;

/// A place in the files of a log.
pub(crate) struct FileReader {
    shared: Arc<Shared>,
    segment: Option<Arc<Segment>>,
    window: Option<Window>,
    /// Where the next record begins in the segment.
    at: u64,
    /// The fold over the records before that.
    fold: Fold,
    /// The position that is wanted next.
    next: Lsn,
}

/// What one step of the reader found.
enum Found {
    /// A group at this offset; the reader stands behind it.
    Group(u64),
    /// A record that is no group to be read.
    Other,
    /// No record.
    Nothing(Invalid),
}

impl FileReader {
    pub(crate) fn new(shared: Arc<Shared>, from: Lsn) -> Result<FileReader, Error> {
        let first = shared.first_lsn();
        if from < first {
            return Err(Error::Trimmed { asked: from, first });
        }
        let mut reader = FileReader {
            shared,
            segment: None,
            window: None,
            at: 0,
            fold: Fold::default(),
            next: from,
        };
        let start = {
            let segments = lock(&reader.shared.segments);
            let after = segments.partition_point(|s| s.base.lsn < from);
            after.checked_sub(1).map(|i| Arc::clone(&segments[i]))
        };
        if let Some(start) = start {
            reader.enter(start);
        }
        Ok(reader)
    }

    fn enter(&mut self, segment: Arc<Segment>) {
        self.window = Some(Window::new(Arc::clone(&segment.file)));
        self.at = HEAD_BYTES;
        self.fold = segment.base;
        self.segment = Some(segment);
    }

    /// Goes on to the next segment if the present one ends here.
    fn advance(&mut self) -> Result<(), Error> {
        loop {
            let number = self.segment.as_ref().map_or(0, |s| s.number);
            let next = {
                let segments = lock(&self.shared.segments);
                let at = segments.partition_point(|s| s.number <= number);
                segments.get(at).map(Arc::clone)
            };
            // A segment in hand that was trimmed is read on as far as it goes.
            let Some(next) = next.filter(|n| n.base.lsn <= self.fold.lsn) else { return Ok(()) };
            if next.base.lsn == self.fold.lsn && next.base.hash != self.fold.hash {
                return Err(broken(&next.path, 0, &self.fold));
            }
            self.enter(next);
        }
    }

    /// Takes one record.
    fn step(&mut self, fresh: bool) -> Result<Found, Error> {
        let (Some(segment), Some(window)) = (&self.segment, &mut self.window) else {
            return Ok(Found::Nothing(Invalid::Blank));
        };
        if fresh {
            window.refresh();
        }
        let at = self.at;
        let read = window.record(at).map_err(|e| Error::io("reading", &segment.path, e))?;
        let record = match read {
            Ok(record) => record,
            Err(invalid) => return Ok(Found::Nothing(invalid)),
        };
        let step = self.fold.step(&record);
        if step == Step::Broken {
            return Err(broken(&segment.path, at, &self.fold));
        }
        self.at += padded(record.body.len()) as u64;
        let wanted = step == Step::Taken && self.fold.lsn >= self.next;
        Ok(if wanted { Found::Group(at) } else { Found::Other })
    }

    /// Finds the next group that is durable; its offset.
    fn seek(&mut self) -> Result<Option<u64>, Error> {
        let durable = self.shared.progress.durable();
        let mut fresh = false;
        loop {
            self.advance()?;
            if self.fold.lsn >= durable {
                return Ok(None);
            }
            match self.step(fresh)? {
                Found::Group(at) => return Ok(Some(at)),
                Found::Other => fresh = false,
                // What was read ahead may have been written since.
                Found::Nothing(_) if !fresh => fresh = true,
                Found::Nothing(invalid) => return Err(self.lost(invalid)),
            }
        }
    }

    /// The fold where the group that contains `lsn` ends, if that is at `lsn`.
    pub(crate) fn fold_at(mut self, lsn: Lsn) -> Result<Fold, Error> {
        let found = self.seek()?;
        if found.is_none() || self.fold.lsn != lsn {
            return Err(no_fold_at(lsn, self.shared.progress.durable()));
        }
        Ok(self.fold)
    }

    /// The error for a durable position that is not there.
    fn lost(&self, invalid: Invalid) -> Error {
        let first = self.shared.first_lsn();
        if self.next < first {
            return Error::Trimmed { asked: self.next, first };
        }
        let file = match &self.segment {
            Some(segment) => segment.path.clone(),
            None => self.shared.place.dir.clone(),
        };
        Error::Corrupt { file, offset: self.at, lsn: self.fold.lsn + 1, what: invalid.to_string() }
    }
}

impl Reader for FileReader {
    fn next_group(&mut self) -> Result<Option<Group<'_>>, Error> {
        let Some(at) = self.seek()? else { return Ok(None) };
        self.next = self.fold.lsn + 1;
        let (Some(segment), Some(window)) = (&self.segment, &mut self.window) else {
            return Ok(None);
        };
        let again = window.again(at).map_err(|e| Error::io("reading", &segment.path, e))?;
        Ok(Some(again.group()))
    }

    fn position(&self) -> Lsn {
        self.next
    }
}
