//! Finds the end of a log: what is history, what is a torn tail, and what is damage.
//!
//! The rule (`engine-rules.md` 4): an invalid record is corruption if a later valid record knew
//! that the frame at its place was durable, else it is a torn tail. A segment's head is such a
//! record too, so only the last segment can have a torn tail, and only it is read here; older
//! ones are checked by whoever reads them.

use super::segment::{self, HEAD_BYTES, Segment};
use super::window::{Search, Window, search};
use crate::fold::{Fold, Step};
use crate::fs::Fs;
use crate::record::{Invalid, Kind, padded};
use crate::{Error, Lsn};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is found in the folder of a log.
#[derive(Debug)]
pub(crate) struct Recovered {
    /// Segments in use, oldest first.
    pub(crate) segments: Vec<Arc<Segment>>,
    /// Files that were prepared or begun and never used.
    pub(crate) unused: Vec<PathBuf>,
    /// The fold at the end of the history.
    pub(crate) fold: Fold,
    /// The last position that some record knew to be durable.
    pub(crate) durable: Lsn,
    /// Up to where the last segment may be built upon.
    pub(crate) cut: Place,
    /// Where the history ends in the last segment.
    pub(crate) end: u64,
    /// What stands at that end, unless it is blank.
    pub(crate) torn: Option<Invalid>,
    /// A number that no file has.
    pub(crate) next_number: u64,
}

/// A place in a segment, with the fold up to there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) at: u64,
    pub(crate) fold: Fold,
}

/// The segment files of a folder by number.
pub(crate) fn files(fs: &dyn Fs, dir: &Path) -> Result<Vec<(u64, PathBuf)>, Error> {
    let entries = fs.list(dir).map_err(|e| Error::io("reading the folder", dir, e))?;
    let numbered = entries
        .into_iter()
        .filter(|e| !e.is_dir)
        .filter_map(|e| segment::number_of(&e.name).map(|number| (number, dir.join(&e.name))));
    let mut files: Vec<_> = numbered.collect();
    files.sort();
    Ok(files)
}

/// Opens a segment file and reads its head; the error says why it has none.
fn open_segment(fs: &dyn Fs, number: u64, path: &Path) -> Result<Result<Segment, Invalid>, Error> {
    let fail = |e| Error::io("opening a segment", path, e);
    let file = fs.open(path).map_err(fail)?;
    let mut window = Window::new(Arc::clone(&file));
    let head = match window.record(0).map_err(fail)? {
        Ok(record) => segment::read_head(&record).ok_or(Invalid::Kind(0)),
        Err(invalid) => Err(invalid),
    };
    Ok(head.map(|(base, owner)| Segment { number, path: path.to_owned(), file, base, owner }))
}

/// The segments of a folder and the files that are not in use, both oldest first.
type Files = (Vec<Arc<Segment>>, Vec<PathBuf>);

/// Opens all segments of a folder.
///
/// A file without a head was prepared or begun and never used; so it is damage if the segments
/// around it do not meet.
pub(crate) fn open_all(fs: &dyn Fs, files: &[(u64, PathBuf)]) -> Result<Files, Error> {
    let mut segments: Vec<Arc<Segment>> = Vec::new();
    let mut unused: Vec<PathBuf> = Vec::new();
    let mut headless = None;
    for (number, path) in files {
        match open_segment(fs, *number, path)? {
            Ok(segment) => {
                if let Some(headless) = headless.take()
                    && !meet(segments.last(), &segment)?
                {
                    return Err(damaged_head(headless, segment.base.lsn));
                }
                segments.push(Arc::new(segment));
            }
            Err(_) => {
                headless = Some(path.as_path());
                unused.push(path.clone());
            }
        }
    }
    Ok((segments, unused))
}

/// Whether the records of `before` go up to where `after` begins.
fn meet(before: Option<&Arc<Segment>>, after: &Segment) -> Result<bool, Error> {
    let Some(before) = before else { return Ok(after.base.lsn == 0) };
    let mut scan = Scan::new(before);
    let mut window = Window::new(Arc::clone(&before.file));
    while scan.fold.lsn < after.base.lsn {
        let read = window.record(scan.at);
        match read.map_err(|e| Error::io("reading a segment", &before.path, e))? {
            Ok(record) if scan.step(&record) != Step::Broken => {}
            Ok(_) | Err(_) => return Ok(false),
        }
    }
    Ok(true)
}

/// As [`recover`], refusing a log whose end is gone.
pub(crate) fn whole(fs: &dyn Fs, dir: &Path) -> Result<Recovered, Error> {
    let found = recover(fs, dir)?;
    let newest = found.segments.last().map(|segment| segment.number);
    super::newest::check(fs, dir, newest, found.fold.lsn)?;
    Ok(found)
}

fn recover(fs: &dyn Fs, dir: &Path) -> Result<Recovered, Error> {
    let files = files(fs, dir)?;
    let (segments, unused) = open_all(fs, &files)?;
    let mut found = Recovered {
        segments,
        unused,
        fold: Fold::default(),
        durable: 0,
        cut: Place::default(),
        end: 0,
        torn: None,
        next_number: files.last().map_or(1, |(number, _)| number + 1),
    };
    if let Some(last) = found.segments.last().map(Arc::clone) {
        fold_last(&mut found, &last)?;
    }
    for path in &found.unused {
        let file = fs.open(path).map_err(|e| Error::io("opening a segment", path, e))?;
        judge(&file, path, 0, &found.fold, Invalid::Blank, |_| true)?;
    }
    Ok(found)
}

fn damaged_head(path: &Path, lsn: Lsn) -> Error {
    Error::Corrupt {
        file: path.to_owned(),
        offset: 0,
        lsn,
        what: "expected the head of a segment, but it is damaged".to_owned(),
    }
}

/// Folds the last segment up to the first place that is no record, and judges that place.
fn fold_last(found: &mut Recovered, last: &Arc<Segment>) -> Result<(), Error> {
    let fail = |e| Error::io("reading a segment", &last.path, e);
    let mut scan = Scan::new(last);
    let mut window = Window::new(Arc::clone(&last.file));
    let invalid = loop {
        let at = scan.at;
        match window.record(at).map_err(fail)? {
            Ok(record) => {
                if scan.step(&record) == Step::Broken {
                    return Err(broken(&last.path, at, &scan.fold));
                }
            }
            Err(invalid) => break invalid,
        }
    };
    let known = |writer| scan.knows(last, writer);
    judge(&last.file, &last.path, scan.at, &scan.fold, invalid, known)?;
    found.fold = scan.fold;
    found.durable = scan.durable;
    found.cut = scan.cut;
    found.end = scan.at;
    found.torn = (invalid != Invalid::Blank).then_some(invalid);
    Ok(())
}

/// The state of a walk through one segment.
pub(crate) struct Scan {
    pub(crate) at: u64,
    pub(crate) fold: Fold,
    pub(crate) durable: Lsn,
    /// The last place at which everything before was known to be durable.
    pub(crate) cut: Place,
    /// Places beyond the cut.
    ahead: VecDeque<Place>,
    writers: Vec<u128>,
}

impl Scan {
    pub(crate) fn new(segment: &Segment) -> Scan {
        let cut = Place { at: HEAD_BYTES, fold: segment.base };
        Scan {
            at: HEAD_BYTES,
            fold: segment.base,
            durable: segment.base.lsn,
            cut,
            ahead: VecDeque::new(),
            writers: vec![segment.base.writer],
        }
    }

    pub(crate) fn step(&mut self, record: &crate::record::Record<'_>) -> Step {
        let step = self.fold.step(record);
        self.at += padded(record.body.len()) as u64;
        match step {
            Step::Started => self.writers.push(record.header.writer),
            Step::Taken => self.ahead.push_back(Place { at: self.at, fold: self.fold }),
            Step::Ended | Step::Mark | Step::Duplicate | Step::Ignored(_) | Step::Broken => {}
        }
        // A record of another log or of a fenced writer proves nothing about this history.
        let ours = match step {
            Step::Taken | Step::Started | Step::Ended | Step::Duplicate => true,
            Step::Mark => record.header.kind == Kind::Heartbeat && self.is_ours(record),
            Step::Ignored(_) | Step::Broken => false,
        };
        if ours {
            self.prove(record.header.durable_upto.min(self.fold.lsn));
        }
        step
    }

    /// Whether a record of this writer can belong to the segment.
    pub(crate) fn knows(&self, segment: &Segment, writer: u128) -> bool {
        writer == segment.owner.writer || self.writers.contains(&writer)
    }

    fn is_ours(&self, record: &crate::record::Record<'_>) -> bool {
        record.header.writer == self.fold.writer && record.header.epoch == self.fold.epoch
    }

    fn prove(&mut self, durable: Lsn) {
        self.durable = self.durable.max(durable);
        while let Some(place) = self.ahead.front().filter(|p| p.fold.lsn <= self.durable) {
            self.cut = *place;
            self.ahead.pop_front();
        }
    }
}

/// Decides what an invalid place is: an error if it is damage.
pub(crate) fn judge(
    file: &Arc<dyn crate::fs::File>,
    path: &Path,
    at: u64,
    fold: &Fold,
    invalid: Invalid,
    known: impl Fn(u128) -> bool,
) -> Result<(), Error> {
    let later =
        search(file, at, fold.lsn, known).map_err(|e| Error::io("reading a segment", path, e))?;
    let proof = match later {
        Search::Nothing => return Ok(()),
        Search::Found { at, durable_upto } => {
            format!("{invalid}, and byte {at} tells that {durable_upto} positions were durable")
        }
        Search::Undecided => {
            format!("{invalid}, and too much behind it looks like records to tell")
        }
    };
    Err(Error::Corrupt { file: path.to_owned(), offset: at, lsn: fold.lsn + 1, what: proof })
}

/// The error for a record that does not continue its history.
pub(crate) fn broken(path: &Path, at: u64, fold: &Fold) -> Error {
    Error::Corrupt {
        file: path.to_owned(),
        offset: at,
        lsn: fold.lsn + 1,
        what: "expected the record to continue the chain of hashes, but it does not".to_owned(),
    }
}
