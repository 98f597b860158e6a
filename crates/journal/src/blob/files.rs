//! The files that blobs are appended to.

use crate::checkpoint::{CheckpointStore, Part};
use crate::folder::Place;
use crate::fs::{File, read_full};
use crate::limits::BLOB_BYTES_MAX;
use crate::progress::lock;
use crate::stop::{self, Point};
use crate::{Error, checkpoint};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex};

const PREFIX: &str = "blobs-";
const SUFFIX: &str = ".dat";
const HEADER_BYTES: usize = 16;

/// A file that has grown to this size is followed by the next.
const FILE_BYTES: u64 = 256 << 20;

/// Memory for writes that is kept between them.
const BUFFER_BYTES: usize = 4 << 20;

/// Where a blob is: the bytes behind its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Loc {
    pub(crate) at: u64,
    pub(crate) file: u32,
    pub(crate) len: u32,
}

impl Loc {
    fn size(&self) -> u64 {
        HEADER_BYTES as u64 + u64::from(self.len)
    }
}

#[derive(Debug)]
struct DataFile {
    file: Arc<dyn File>,
    bytes: u64,
    /// Bytes of entries that some layer of the index refers to.
    live: u64,
    unsynced: bool,
    /// Something in it cannot be read, so that it can never go.
    stuck: bool,
}

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<u32, DataFile>,
    /// The file that is appended to.
    tail: Option<u32>,
    next: u32,
    /// A sync failed.
    failed: bool,
}

#[derive(Debug)]
pub(crate) struct Files {
    store: Arc<CheckpointStore>,
    /// Held while blobs are written, so that they do not overwrite each other.
    writing: Mutex<Vec<u8>>,
    state: Mutex<State>,
}

pub(crate) fn file_name(number: u32) -> String {
    format!("{PREFIX}{number:010}{SUFFIX}")
}

fn number_of(name: &str) -> Option<u32> {
    name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?.parse().ok().filter(|n| *n > 0)
}

pub(crate) fn is_blob_file(name: &str) -> bool {
    number_of(name).is_some()
}

fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("expected a blob, but {what}"))
}

impl Files {
    pub(crate) fn new(store: Arc<CheckpointStore>) -> Result<Files, Error> {
        let place = store.place();
        let entries = place.fs().list(&place.dir);
        let entries = entries.map_err(|e| Error::io("reading the folder", &place.dir, e))?;
        let last = entries.iter().filter_map(|e| number_of(&e.name)).max().unwrap_or(0);
        // Never append to what a former process wrote: a checkpoint may refer to its end.
        let state = State { next: last + 1, ..State::default() };
        Ok(Files { store, writing: Mutex::default(), state: Mutex::new(state) })
    }

    fn place(&self) -> &Place {
        self.store.place()
    }

    /// Takes a file of a checkpoint into use.
    pub(crate) fn attach(&self, name: &str, bytes: u64) -> Result<(), Error> {
        let path = self.place().dir.join(name);
        let fail = |e| Error::io("opening blobs", &path, e);
        let number = number_of(name).ok_or_else(|| fail(damaged("the name is none of one")))?;
        let file = self.place().fs().open(&path).map_err(fail)?;
        let data = DataFile { file, bytes, live: 0, unsynced: false, stuck: false };
        lock(&self.state).files.insert(number, data);
        Ok(())
    }

    pub(crate) fn count(&self, loc: &Loc) {
        if let Some(file) = lock(&self.state).files.get_mut(&loc.file) {
            file.live += loc.size();
        }
    }

    pub(crate) fn discount(&self, loc: &Loc) {
        if let Some(file) = lock(&self.state).files.get_mut(&loc.file) {
            file.live = file.live.saturating_sub(loc.size());
        }
    }

    /// Appends blobs with one write; where they are.
    pub(crate) fn append(&self, blobs: &[(i64, &[u8])]) -> Result<Vec<Loc>, Error> {
        let mut buffer = lock(&self.writing);
        buffer.clear();
        let (number, file, start) = self.tail()?;
        let mut locs = Vec::with_capacity(blobs.len());
        for (key, bytes) in blobs {
            let at = start + (buffer.len() + HEADER_BYTES) as u64;
            locs.push(Loc { at, file: number, len: bytes.len() as u32 });
            buffer.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
            buffer.extend_from_slice(&checksum(*key, bytes).to_le_bytes());
            buffer.extend_from_slice(&key.to_le_bytes());
            buffer.extend_from_slice(bytes);
        }
        checkpoint_retry(self.place(), || file.write_at(&buffer, start))
            .map_err(|e| Error::io("writing blobs", self.place().dir.join(file_name(number)), e))?;
        stop::at(Point::Blob);
        // What one large blob took is not kept for the next small ones.
        let written = buffer.len() as u64;
        buffer.clear();
        buffer.shrink_to(BUFFER_BYTES);
        if let Some(data) = lock(&self.state).files.get_mut(&number) {
            data.bytes = start + written;
            data.live += written;
            data.unsynced = true;
        }
        Ok(locs)
    }

    /// The file to append to, and where.
    fn tail(&self) -> Result<(u32, Arc<dyn File>, u64), Error> {
        let mut state = lock(&self.state);
        if let Some(number) = state.tail
            && let Some(data) = state.files.get(&number).filter(|d| d.bytes < FILE_BYTES)
        {
            return Ok((number, Arc::clone(&data.file), data.bytes));
        }
        let number = state.next;
        let path = self.place().dir.join(file_name(number));
        let file = checkpoint_retry(self.place(), || self.place().fs().create(&path))
            .map_err(|e| Error::io("writing blobs", &path, e))?;
        state.next += 1;
        state.tail = Some(number);
        let data =
            DataFile { file: Arc::clone(&file), bytes: 0, live: 0, unsynced: true, stuck: false };
        state.files.insert(number, data);
        Ok((number, file, 0))
    }

    fn open_file(&self, number: u32) -> Option<(Arc<dyn File>, u64)> {
        let state = lock(&self.state);
        state.files.get(&number).map(|data| (Arc::clone(&data.file), data.bytes))
    }

    pub(crate) fn read(&self, key: i64, loc: &Loc) -> Result<Vec<u8>, Error> {
        let path = || self.place().dir.join(file_name(loc.file));
        let fail = |e| Error::io("reading a blob", path(), e);
        let (file, _) =
            self.open_file(loc.file).ok_or_else(|| fail(damaged("its file is gone")))?;
        read_entry(file.as_ref(), key, loc).map_err(fail)
    }

    /// The entry at an offset of a file; `None` at the end.
    pub(crate) fn entry(&self, number: u32, at: u64) -> Result<Option<(i64, Loc)>, Error> {
        let Some((file, end)) = self.open_file(number).filter(|(_, end)| at < *end) else {
            return Ok(None);
        };
        let mut head = [0; HEADER_BYTES];
        let path = || self.place().dir.join(file_name(number));
        let n = read_full(file.as_ref(), &mut head, at);
        let n = n.map_err(|e| Error::io("reading blobs", path(), e))?;
        let found = header(&head).filter(|(len, _)| n == HEADER_BYTES && fits(*len, at, end));
        let Some((len, key)) = found else {
            let damage = damaged(&format!("it is damaged at byte {at}"));
            return Err(Error::io("reading blobs", path(), damage));
        };
        Ok(Some((key, Loc { at: at + HEADER_BYTES as u64, file: number, len })))
    }

    /// The file that is not appended to and of which the least is in use, if below half.
    pub(crate) fn wasteful(&self) -> Option<u32> {
        let state = lock(&self.state);
        let worth = |data: &DataFile| !data.stuck && data.live > 0 && data.live * 2 < data.bytes;
        let some = state.files.iter().filter(|(n, data)| state.tail != Some(**n) && worth(data));
        some.min_by_key(|(_, data)| data.live).map(|(number, _)| *number)
    }

    /// Leaves a file as it is.
    pub(crate) fn give_up(&self, number: u32) {
        if let Some(data) = lock(&self.state).files.get_mut(&number) {
            data.stuck = true;
        }
    }

    /// Syncs what was written; the files and their sizes for a manifest.
    ///
    /// # Errors
    /// After a failed sync always [`Error::Failed`]: what was written may be lost although it can
    /// be read. Open the blobs of the newest checkpoint anew.
    pub(crate) fn sync(&self) -> Result<Vec<Part>, Error> {
        let mut unsynced = Vec::new();
        let mut parts = Vec::new();
        let mut state = lock(&self.state);
        if state.failed {
            return Err(failed(io::Error::other("a sync of blobs failed before")));
        }
        let tail = state.tail;
        for (number, data) in &mut state.files {
            // Sizes as of now: what is appended during the sync is not part of it.
            if data.live > 0 || tail == Some(*number) {
                parts.push(Part { name: file_name(*number), bytes: data.bytes });
            }
            if std::mem::take(&mut data.unsynced) {
                unsynced.push(Arc::clone(&data.file));
            }
        }
        drop(state);
        for file in unsynced {
            if let Err(error) = file.sync() {
                lock(&self.state).failed = true;
                return Err(failed(error));
            }
        }
        Ok(parts)
    }

    /// Lets go of files without a live entry; the names of the others.
    pub(crate) fn in_use(&self) -> BTreeSet<String> {
        let mut state = lock(&self.state);
        let tail = state.tail;
        state.files.retain(|number, data| data.live > 0 || tail == Some(*number));
        state.files.keys().map(|number| file_name(*number)).collect()
    }
}

/// The blob of a key, from where an index says it is.
pub(crate) fn read_entry(file: &dyn File, key: i64, loc: &Loc) -> io::Result<Vec<u8>> {
    let from = loc.at - HEADER_BYTES as u64;
    // A length that no file has would take memory for nothing.
    let fits = file.len()? >= loc.at + u64::from(loc.len);
    let mut bytes = vec![0; if fits { HEADER_BYTES + loc.len as usize } else { 0 }];
    let n = read_full(file, &mut bytes, from)?;
    let whole = fits && n == bytes.len() && header(&bytes) == Some((loc.len, key));
    if !whole || stored_checksum(&bytes) != Some(checksum(key, &bytes[HEADER_BYTES..])) {
        return Err(damaged(&format!("it is damaged at byte {from}")));
    }
    bytes.drain(..HEADER_BYTES);
    Ok(bytes)
}

fn failed(cause: io::Error) -> Error {
    Error::Failed { doing: "a sync of blobs", cause: Arc::new(cause) }
}

fn checkpoint_retry<T>(place: &Place, act: impl Fn() -> io::Result<T>) -> io::Result<T> {
    checkpoint::retry(&place.folder, act)
}

fn fits(len: u32, at: u64, end: u64) -> bool {
    len as usize <= BLOB_BYTES_MAX && at + HEADER_BYTES as u64 + u64::from(len) <= end
}

fn checksum(key: i64, bytes: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&key.to_le_bytes()), bytes)
}

/// Length and key of the entry at the start of `bytes`.
fn header(bytes: &[u8]) -> Option<(u32, i64)> {
    let len = u32::from_le_bytes(*bytes.first_chunk()?);
    let key = i64::from_le_bytes(*bytes.get(8..)?.first_chunk()?);
    Some((len, key))
}

fn stored_checksum(bytes: &[u8]) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(4..)?.first_chunk()?))
}
