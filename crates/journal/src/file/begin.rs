//! Begins an epoch: takes the unproven tail out of the old segment into a new one, with the start
//! of the epoch behind it, and makes that durable before anything builds upon it.
//!
//! What a former process wrote and did not sync can be read back from memory, and be lost with
//! the next power failure. So it is not enough that the tail reads well.

use super::Shared;
use super::core::{Active, Core};
use super::newest;
use super::recover::Recovered;
use super::segment::{self, Owner, Segment};
use super::zeros::Zeros;
use crate::Error;
use crate::folder::fill;
use crate::fs::read_full;
use crate::progress::lock;
use crate::record::{ALIGN, Kind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

pub(crate) fn begin(shared: &Arc<Shared>, found: &Recovered, owner: Owner) -> Result<Core, Error> {
    clear_unused(shared, &found.unused)?;
    let bytes = first_bytes(found, owner)?;
    let begun = match create(shared, &bytes) {
        // A start must be possible on a full disk, or nobody could trim it.
        Err(error) if error.is_full() && shared.place.folder.release_reserve() => {
            create(shared, &bytes)?
        }
        other => other?,
    };
    let (number, path, file, len) = begun;
    let base = found.cut.fold;
    let segment = Arc::new(Segment { number, path, file, base, owner });
    leave_old(shared, found, &segment)?;
    let mut fold = found.fold;
    fold.epoch = owner.epoch;
    fold.writer = owner.writer;
    fold.seq = 0;
    fold.ended = false;
    newest::tell(&shared.place, number);
    let zeros = Zeros::start(Arc::clone(shared))?;
    let active = Active { segment, at: bytes.len() as u64, len };
    Ok(Core::new(Arc::clone(shared), owner, fold, active, found.durable, zeros))
}

/// Files that were prepared and never used, or begun by a claim that died.
fn clear_unused(shared: &Shared, unused: &[std::path::PathBuf]) -> Result<(), Error> {
    for path in unused {
        shared.place.fs().remove(path).map_err(|e| Error::io("clearing", path, e))?;
    }
    if !unused.is_empty() {
        sync_dir(shared)?;
    }
    Ok(())
}

fn sync_dir(shared: &Shared) -> Result<(), Error> {
    let dir = &shared.place.dir;
    shared.place.fs().sync_dir(dir).map_err(|e| Error::io("syncing the folder", dir, e))
}

/// Head, tail and start of the epoch, as they go into the new segment.
fn first_bytes(found: &Recovered, owner: Owner) -> Result<Vec<u8>, Error> {
    let mut bytes = segment::head(&found.cut.fold, owner);
    if let Some(last) = found.segments.last() {
        let len = usize::try_from(found.end - found.cut.at).unwrap_or(0);
        let head = bytes.len();
        bytes.resize(head + len, 0);
        let n = read_full(last.file.as_ref(), &mut bytes[head..], found.cut.at)
            .map_err(|e| Error::io("reading the tail", &last.path, e))?;
        // The padding behind the last record may be missing; it is zeros.
        if n + ALIGN <= len {
            let cause = std::io::ErrorKind::UnexpectedEof.into();
            return Err(Error::io("reading the tail", &last.path, cause));
        }
    }
    bytes.extend(segment::bare(Kind::EpochStart, &found.fold, owner, found.durable));
    Ok(bytes)
}

type Begun = (u64, std::path::PathBuf, Arc<dyn crate::fs::File>, u64);

fn create(shared: &Shared, bytes: &[u8]) -> Result<Begun, Error> {
    let number = shared.numbers.fetch_add(1, Ordering::AcqRel);
    let path = shared.place.dir.join(segment::file_name(number));
    let len = shared.config.first_segment_bytes.max(bytes.len() as u64 + segment::HEAD_BYTES);
    match write_new(shared, &path, bytes, len) {
        Ok(file) => Ok((number, path, file, len)),
        Err(error) => {
            // Left behind it would be cleared by the next claim; the room is wanted now.
            let _ = shared.place.fs().remove(&path);
            Err(Error::io("beginning an epoch", path, error))
        }
    }
}

fn write_new(
    shared: &Shared,
    path: &Path,
    bytes: &[u8],
    len: u64,
) -> std::io::Result<Arc<dyn crate::fs::File>> {
    let fs = shared.place.fs();
    let file = fill(fs, path, len)?;
    let (head, rest) = bytes.split_at(bytes.len().min(segment::HEAD_BYTES as usize));
    file.write_at(rest, segment::HEAD_BYTES)?;
    file.sync()?;
    fs.sync_dir(&shared.place.dir)?;
    // The head supersedes the old tail, so it comes when the new one cannot be lost any more.
    file.write_at(head, 0)?;
    file.sync()?;
    Ok(file)
}

/// Puts the new segment into the catalogue and drops what it superseded.
fn leave_old(shared: &Shared, found: &Recovered, new: &Arc<Segment>) -> Result<(), Error> {
    let mut kept = found.segments.clone();
    let empty = kept.pop_if(|last| last.base.lsn == new.base.lsn);
    if let Some(last) = kept.last().filter(|_| empty.is_none()) {
        // Only room is won by it: the head of the new segment supersedes these bytes already.
        last.file.set_len(found.cut.at).map_err(|e| Error::io("cutting", &last.path, e))?;
    }
    kept.push(Arc::clone(new));
    *lock(&shared.segments) = kept;
    if let Some(last) = empty {
        let fs = shared.place.fs();
        fs.remove(&last.path).map_err(|e| Error::io("clearing", &last.path, e))?;
        sync_dir(shared)?;
    }
    Ok(())
}
