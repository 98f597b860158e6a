//! Looks at the files of a log without opening it: for `grevy journal inspect` and `verify`.
//!
//! Nothing is changed, and it can run beside a process that has the folder: what that one is
//! just writing then looks like a torn tail.

mod checkpoints;

pub use checkpoints::{
    CheckpointReport, CheckpointsReport, Damage, checkpoints_of, inspect_checkpoints,
};

use crate::file::{self, FileSegment};
use crate::folder::is_data_folder;
use crate::fs::Fs;
use crate::{Error, Fold, Lsn};
use std::path::{Path, PathBuf};

/// What is in the folder of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Its segments, oldest first.
    pub segments: Vec<SegmentReport>,
    /// Files that were prepared or begun and are not in use.
    pub unused: Vec<PathBuf>,
    /// The epochs whose groups or starts are there, oldest first.
    pub epochs: Vec<EpochReport>,
    /// The first position that is there.
    pub first_lsn: Lsn,
    /// Groups that are there.
    pub groups: u64,
    /// Frames that are there.
    pub frames: u64,
    /// Bytes of their bodies.
    pub body_bytes: u64,
    /// Valid records that are no part of the history: of fenced writers, doubled or after a gap.
    pub ignored: u64,
    /// The end of the history.
    pub end: Fold,
    /// The last position that a record tells to be durable.
    pub durable: Lsn,
    /// How it ends.
    pub verdict: Verdict,
}

/// One segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentReport {
    /// The file.
    pub file: PathBuf,
    /// Its size in bytes, zeros written ahead included.
    pub bytes: u64,
    /// Where its records end.
    pub end: u64,
    /// The position before its first group.
    pub base: Lsn,
    /// Groups in it.
    pub groups: u64,
    /// Frames in it.
    pub frames: u64,
}

/// One epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochReport {
    /// Its number.
    pub epoch: u64,
    /// Its writer.
    pub writer: u128,
    /// The position before its first group.
    pub base: Lsn,
    /// Its groups that are there.
    pub groups: u64,
    /// Its frames that are there.
    pub frames: u64,
}

/// How a log ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Verdict {
    /// After a whole record.
    #[default]
    Whole,
    /// In a record that was being written and never was durable; opening cuts it off.
    Torn(Place),
    /// Something that was durable cannot be read.
    Corrupt(Place),
}

/// Where something is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// The byte at which the record begins.
    pub offset: u64,
    /// The position that cannot be read.
    pub lsn: Lsn,
    /// What was expected and found.
    pub what: String,
}

/// The folders of logs below a data folder, or the folder itself if it is one of a log.
///
/// # Errors
/// [`Error::NotGrevy`] if it is neither.
pub fn logs(fs: &dyn Fs, dir: &Path) -> Result<Vec<PathBuf>, Error> {
    if !file::segment_files(fs, dir)?.is_empty() {
        return Ok(vec![dir.to_owned()]);
    }
    let entries = fs.list(dir).map_err(|e| Error::io("reading the folder", dir, e))?;
    if !is_data_folder(&entries) {
        let found = entries.into_iter().next().map_or("nothing".to_owned(), |e| e.name);
        return Err(Error::NotGrevy { folder: dir.to_owned(), found });
    }
    let mut found = Vec::new();
    for entry in entries.into_iter().filter(|e| e.is_dir) {
        let inner = dir.join(&entry.name);
        if !file::segment_files(fs, &inner)?.is_empty() {
            found.push(inner);
        }
    }
    found.extend(file::noted(fs, dir)?);
    found.sort();
    found.dedup();
    Ok(found)
}

/// Reads every record of the log in a folder.
///
/// Damage is part of the report, in [`Report::verdict`].
///
/// # Errors
/// What the file system refuses.
pub fn inspect(fs: &dyn Fs, dir: &Path) -> Result<Report, Error> {
    let mut report = Report::default();
    let walked = match file::newest_told(fs, dir)? {
        // Its folder may be gone altogether.
        Some(_) if file::segment_files(fs, dir).is_ok_and(|files| !files.is_empty()) => {
            file::walk(fs, dir, &mut report).and_then(|()| {
                let newest =
                    report.segments.last().and_then(|segment| file::segment_number(&segment.file));
                file::check_newest(fs, dir, newest, report.end.lsn)
            })
        }
        Some(_) => file::check_newest(fs, dir, None, 0),
        None => file::walk(fs, dir, &mut report),
    };
    match walked {
        Ok(()) => Ok(report),
        Err(Error::Corrupt { file, offset, lsn, what }) => {
            report.verdict = Verdict::Corrupt(Place { file, offset, lsn, what });
            Ok(report)
        }
        Err(other) => Err(other),
    }
}

/// Reads every record of the log in a folder; an error unless it is whole.
///
/// A torn tail is no error: it was never said to be durable.
///
/// # Errors
/// [`Error::Corrupt`] with the file, the byte and the position.
pub fn verify(fs: &dyn Fs, dir: &Path) -> Result<Report, Error> {
    let report = inspect(fs, dir)?;
    match report.verdict {
        Verdict::Whole | Verdict::Torn(_) => Ok(report),
        Verdict::Corrupt(Place { file, offset, lsn, what }) => {
            Err(Error::Corrupt { file, offset, lsn, what })
        }
    }
}

impl Report {
    pub(crate) fn begin_segment(&mut self, segment: &FileSegment) {
        if self.segments.is_empty() {
            self.first_lsn = segment.base.lsn + 1;
            self.end = segment.base;
        }
        self.durable = self.durable.max(segment.base.lsn);
        self.segments.push(SegmentReport {
            file: segment.path.clone(),
            bytes: segment.bytes,
            end: segment.end,
            base: segment.base.lsn,
            groups: 0,
            frames: 0,
        });
    }

    pub(crate) fn begin_epoch(&mut self, fold: &Fold) {
        let known = self.epochs.last().is_some_and(|e| e.writer == fold.writer);
        if !known && fold.epoch > 0 {
            let Fold { epoch, writer, lsn, .. } = *fold;
            self.epochs.push(EpochReport { epoch, writer, base: lsn, groups: 0, frames: 0 });
        }
    }

    pub(crate) fn take_group(&mut self, frames: u32, body_bytes: usize) {
        let frames = u64::from(frames);
        self.groups += 1;
        self.frames += frames;
        self.body_bytes += body_bytes as u64;
        if let Some(segment) = self.segments.last_mut() {
            segment.groups += 1;
            segment.frames += frames;
        }
        if let Some(epoch) = self.epochs.last_mut() {
            epoch.groups += 1;
            epoch.frames += frames;
        }
    }

    pub(crate) fn record_end(&mut self, end: u64) {
        if let Some(segment) = self.segments.last_mut() {
            segment.end = end;
        }
    }
}
