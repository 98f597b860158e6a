//! Blobs of cold instances: append-only files, an ordered index in memory, published with the
//! checkpoint that they belong to.
//!
//! ```text
//! blobs-0000000003.dat    entry, entry, entry …    entry = len u32 | crc32c u32 | key i64 | bytes
//!
//! get ──► pending ──► frozen ──► base
//!         changes     changes    what the last published checkpoint has,
//!         since the   of the     loaded from an index file and the smaller
//!         freeze      next one   ones after it
//! ```
//!
//! A blob is visible to its process at once, and after a restart only if a checkpoint was
//! published with it: then it is exactly as it was when that checkpoint froze it.

mod files;
mod index;

use crate::checkpoint::{Checkpoint, CheckpointStore, Draft, Part};
use crate::{Error, limits};
use files::Files;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

pub(crate) use files::{Loc, file_name, is_blob_file, read_entry};

pub(crate) use index::Layers;

/// How many entries of an index are looked at or changed under one lock.
const LOCK_ROWS: usize = 1024;

/// Blobs by key. For any thread; writes and reads touch the disk, so not for the loop itself.
#[derive(Debug)]
pub struct BlobStore {
    store: Arc<CheckpointStore>,
    files: Files,
    layers: RwLock<Layers>,
}

/// What a checkpoint says about blobs.
#[derive(Debug)]
pub(crate) struct Frozen {
    pub(crate) index: Vec<Part>,
    pub(crate) data: Vec<Part>,
    /// Whether the index was written anew as one file.
    whole: bool,
}

impl BlobStore {
    /// An empty store beside the checkpoints of `store`.
    pub fn create(store: &Arc<CheckpointStore>) -> Result<BlobStore, Error> {
        let files = Files::new(Arc::clone(store))?;
        Ok(BlobStore { store: Arc::clone(store), files, layers: RwLock::default() })
    }

    /// The blobs of a checkpoint.
    ///
    /// # Errors
    /// [`Error::Io`] if an index file is damaged; [`CheckpointStore::newest_valid`] gives only
    /// checkpoints where they are whole.
    pub fn open(checkpoint: &Checkpoint) -> Result<BlobStore, Error> {
        let blobs = BlobStore::create(checkpoint.store())?;
        for part in &checkpoint.manifest().blobs {
            blobs.files.attach(&part.name, part.bytes)?;
        }
        let mut layers = blobs.write();
        for part in &checkpoint.manifest().index {
            let path = PathBuf::from(&part.name);
            let reader = checkpoint.read_file(&part.name)?;
            let loaded = layers.load(reader, part);
            loaded.map_err(|e| Error::io("reading the index of blobs", path, e))?;
        }
        layers.each_base(|loc| blobs.files.count(loc));
        drop(layers);
        Ok(blobs)
    }

    /// Stores a blob, replacing what the key had.
    pub fn put(&self, key: i64, bytes: &[u8]) -> Result<(), Error> {
        self.put_all(&[(key, bytes)])
    }

    /// Stores many blobs with one write.
    pub fn put_all(&self, blobs: &[(i64, &[u8])]) -> Result<(), Error> {
        for (_, bytes) in blobs {
            if bytes.len() > limits::BLOB_BYTES_MAX {
                let (size, max) = (bytes.len() as u64, limits::BLOB_BYTES_MAX as u64);
                return Err(Error::TooLarge { what: "a blob in bytes", size, max });
            }
        }
        let locs = self.files.append(blobs)?;
        for (some, locs) in blobs.chunks(LOCK_ROWS).zip(locs.chunks(LOCK_ROWS)) {
            let mut layers = self.write();
            for ((key, _), loc) in some.iter().zip(locs) {
                if let Some(old) = layers.put(*key, Some(*loc)) {
                    self.files.discount(&old);
                }
            }
        }
        Ok(())
    }

    /// The blob of a key.
    ///
    /// # Errors
    /// [`Error::Io`] with `InvalidData` if it is damaged.
    pub fn get(&self, key: i64) -> Result<Option<Vec<u8>>, Error> {
        let Some(loc) = self.read().get(key) else { return Ok(None) };
        self.files.read(key, &loc).map(Some)
    }

    /// Whether the blob of a key lies where an older store has it too.
    pub fn shares(&self, older: &BlobStore, key: i64) -> bool {
        let at = self.read().get(key);
        at.is_some() && at == older.read().get(key)
    }

    /// Whether the key has a blob.
    pub fn contains(&self, key: i64) -> bool {
        self.read().get(key).is_some()
    }

    /// Removes the blob of a key, if it has one.
    pub fn delete(&self, key: i64) {
        let mut layers = self.write();
        if layers.get(key).is_some()
            && let Some(old) = layers.put(key, None)
        {
            self.files.discount(&old);
        }
    }

    /// Draws the line for the next checkpoint: what was put and deleted up to now belongs to it,
    /// what comes later does not. Takes no time, so that the loop can call it.
    ///
    /// # Errors
    /// [`Error::Misuse`] if another checkpoint is still being written.
    pub fn freeze(&self) -> Result<(), Error> {
        if self.write().freeze() {
            return Ok(());
        }
        let what = "expected one checkpoint at a time, but another froze the blobs".to_owned();
        Err(Error::Misuse { what })
    }

    /// Takes a freeze back, for a checkpoint that is given up.
    pub fn thaw(&self) {
        let mut layers = self.write();
        for old in layers.thaw() {
            self.files.discount(&old);
        }
    }

    /// Moves what lives in the file with the most waste, up to `bytes_max` bytes, so that the
    /// file can be removed after the next checkpoints; the bytes moved. 0 if none is worth it.
    ///
    /// # Errors
    /// A file that cannot be read stays as it is and is not tried again; what was moved before
    /// counts. A disk that cannot be written.
    pub fn compact(&self, bytes_max: u64) -> Result<u64, Error> {
        let Some(number) = self.files.wasteful() else { return Ok(0) };
        let unreadable = |error| {
            self.files.give_up(number);
            error
        };
        let mut moved = 0;
        let mut at = 0;
        while moved < bytes_max
            && let Some((key, loc)) = self.files.entry(number, at).map_err(unreadable)?
        {
            at = loc.at + u64::from(loc.len);
            if self.read().get(key) != Some(loc) {
                continue;
            }
            let bytes = self.files.read(key, &loc).map_err(unreadable)?;
            let new = self.files.append(&[(key, bytes.as_slice())])?;
            let mut layers = self.write();
            // Put or deleted meanwhile: then the copy is the waste.
            if layers.get(key) == Some(loc) {
                if let Some(old) = new.first().and_then(|new| layers.put(key, Some(*new))) {
                    self.files.discount(&old);
                }
                moved += u64::from(loc.len);
            } else if let Some(new) = new.first() {
                self.files.discount(new);
            }
        }
        Ok(moved)
    }

    /// Syncs the blobs and writes the index for a checkpoint.
    pub(crate) fn write_frozen(&self, draft: &Draft) -> Result<Frozen, Error> {
        if !self.read().is_frozen() {
            let what =
                "expected the blobs to be frozen before a checkpoint is published".to_owned();
            return Err(Error::Misuse { what });
        }
        let written = self.write_index(draft);
        if written.is_err() {
            self.thaw();
        }
        written
    }

    fn write_index(&self, draft: &Draft) -> Result<Frozen, Error> {
        let data = self.files.sync()?;
        let whole = self.read().wants_whole();
        let part = draft.write_part("index", |out| {
            let mut after = None;
            loop {
                let (rows, last) = self.read().rows(after, whole, LOCK_ROWS);
                index::write(out, &rows)?;
                match last {
                    Some(last) => after = Some(last),
                    None => return Ok(()),
                }
            }
        })?;
        let mut index = if whole { Vec::new() } else { self.read().parts() };
        index.push(part);
        Ok(Frozen { index, data, whole })
    }

    /// The checkpoint is there: what was frozen is the base now. Names the files in use.
    pub(crate) fn published(&self, frozen: Frozen) -> BTreeSet<String> {
        self.write().set_parts(frozen.index, frozen.whole);
        loop {
            let mut layers = self.write();
            let (olds, more) = layers.merge(LOCK_ROWS);
            drop(layers);
            olds.iter().for_each(|old| self.files.discount(old));
            if !more {
                return self.files.in_use();
            }
        }
    }

    /// The checkpoints it lives beside.
    pub fn checkpoints(&self) -> &Arc<CheckpointStore> {
        &self.store
    }

    fn read(&self) -> RwLockReadGuard<'_, Layers> {
        self.layers.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Layers> {
        self.layers.write().unwrap_or_else(PoisonError::into_inner)
    }
}
