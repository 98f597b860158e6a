//! Reads a log from its files for a report, without opening it.

use super::recover::{self, broken};
use super::segment::{HEAD_BYTES, Segment};
use super::window::Window;
use crate::Error;
use crate::fold::{Fold, Step};
use crate::fs::Fs;
use crate::inspect::{Place, Report, Verdict};
use crate::record::{Invalid, Kind, padded};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a report needs to know of a segment.
pub(crate) struct FileSegment {
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
    pub(crate) end: u64,
    pub(crate) base: Fold,
}

pub(crate) fn walk(fs: &dyn Fs, dir: &Path, report: &mut Report) -> Result<(), Error> {
    let (segments, unused) = recover::open_all(fs, &recover::files(fs, dir)?)?;
    report.unused = unused;
    let mut fold = segments.first().map_or(Fold::default(), |first| first.base);
    for (i, segment) in segments.iter().enumerate() {
        let next = segments.get(i + 1).map(Arc::as_ref);
        walk_segment(report, &mut fold, segment, next)?;
    }
    for path in &report.unused {
        let file = fs.open(path).map_err(|e| Error::io("opening a segment", path, e))?;
        recover::judge(&file, path, 0, &fold, Invalid::Blank, |_| true)?;
    }
    Ok(())
}

fn walk_segment(
    report: &mut Report,
    fold: &mut Fold,
    segment: &Segment,
    next: Option<&Segment>,
) -> Result<(), Error> {
    let fail = |e| Error::io("reading a segment", &segment.path, e);
    let bytes = segment.file.len().map_err(fail)?;
    let (path, base) = (segment.path.clone(), segment.base);
    report.begin_segment(&FileSegment { path, bytes, end: HEAD_BYTES, base });
    if base.lsn != fold.lsn || base.hash != fold.hash {
        return Err(broken(&segment.path, 0, fold));
    }
    *fold = base;
    report.begin_epoch(fold);
    let mut window = Window::new(Arc::clone(&segment.file));
    let mut scan = recover::Scan::new(segment);
    let invalid = loop {
        // What lies behind the next segment's beginning is superseded by it.
        if next.is_some_and(|next| next.base.lsn <= scan.fold.lsn) {
            break None;
        }
        let at = scan.at;
        let record = match window.record(at).map_err(fail)? {
            Ok(record) => record,
            Err(invalid) => break Some(invalid),
        };
        match scan.step(&record) {
            Step::Started => report.begin_epoch(&scan.fold),
            Step::Taken => report.take_group(record.header.n_frames, record.body.len()),
            Step::Mark if record.header.kind == Kind::Heartbeat => {}
            Step::Ended => {}
            Step::Mark | Step::Duplicate | Step::Ignored(_) => report.ignored += 1,
            Step::Broken => return Err(broken(&segment.path, at, &scan.fold)),
        }
        debug_assert_eq!(scan.at, at + padded(record.body.len()) as u64);
    };
    *fold = scan.fold;
    report.end = scan.fold;
    report.durable = report.durable.max(scan.durable);
    report.record_end(scan.at);
    match invalid {
        Some(invalid) => end_of(report, segment, next, &scan, invalid),
        None => Ok(()),
    }
}

/// Judges the place where the records of a segment end.
fn end_of(
    report: &mut Report,
    segment: &Segment,
    next: Option<&Segment>,
    scan: &recover::Scan,
    invalid: Invalid,
) -> Result<(), Error> {
    let place = |what: String| Place {
        file: segment.path.clone(),
        offset: scan.at,
        lsn: scan.fold.lsn + 1,
        what,
    };
    if let Some(next) = next {
        let proof = format!(
            "{invalid}, and {} tells that {} positions were durable",
            next.path.display(),
            next.base.lsn
        );
        let Place { file, offset, lsn, what } = place(proof);
        return Err(Error::Corrupt { file, offset, lsn, what });
    }
    let known = |writer| scan.knows(segment, writer);
    recover::judge(&segment.file, &segment.path, scan.at, &scan.fold, invalid, known)?;
    let clean = matches!(invalid, Invalid::Blank) && blank_behind(segment, scan.at)?;
    if !clean {
        report.verdict = Verdict::Torn(place(invalid.to_string()));
    }
    Ok(())
}

/// Whether nothing but zeros follows.
fn blank_behind(segment: &Segment, at: u64) -> Result<bool, Error> {
    let mut chunk = vec![0; 64 << 10];
    let mut at = at;
    loop {
        let n = crate::fs::read_full(segment.file.as_ref(), &mut chunk, at)
            .map_err(|e| Error::io("reading a segment", &segment.path, e))?;
        if n == 0 {
            return Ok(true);
        }
        if chunk[..n].iter().any(|byte| *byte != 0) {
            return Ok(false);
        }
        at += n as u64;
    }
}
