//! What a partition was at its newest checkpoint: the small tables, and the blob of each instance.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;

use engine::Key;
use journal::{BlobStore, Checkpoint, CheckpointStore, Folder, Journal, Lsn};

use super::still::Still;
use crate::Error;
use crate::limits::{
    CHECKPOINT_COMPACT_BYTES_MAX, CHECKPOINT_TABLES_BYTES_MAX, CHECKPOINT_WRITE_BYTES_MAX,
};
use crate::machine::{Machine, Place};
use crate::partition::{Loaded, Opened, Tail, panic_text};
use crate::steps::Holds;

/// The checkpoints that are kept: the newest, and one to fall back to.
const KEEP: usize = 2;

/// Schema of the payloads of a checkpoint without instances that are too large for a blob.
const SCHEMA: u16 = 1;

/// Schema of the payloads of a checkpoint with the file [`LARGE`], and the newest that is read.
const SCHEMA_LARGE: u16 = 2;

/// The file of a checkpoint with the time of the last step (ms, 8 bytes, little-endian) and the
/// small tables behind it.
const TABLES: &str = "tables";

/// The file of a checkpoint with the instances that are too large for a blob, each as its key (8
/// bytes), its length (8 bytes, both little-endian) and itself.
const LARGE: &str = "large";

/// The checkpoints of one partition, and where its cold instances lie.
pub struct Vault {
    name: Arc<str>,
    store: Arc<CheckpointStore>,
    /// What belongs to the newest checkpoint, and what the next one has put so far.
    blobs: Arc<RwLock<Arc<BlobStore>>>,
    /// A checkpoint failed and what it had put is there still: nothing is built on that.
    spoiled: AtomicBool,
    /// The newest checkpoint, locked while one is written or recovered from.
    newest: Mutex<Option<Checkpoint>>,
    published: AtomicU64,
    mended: AtomicU64,
    /// Instances of the newest checkpoint that are too large for a blob; they stay in memory.
    large: Mutex<BTreeSet<Key>>,
    /// Bytes of an instance above which it is too large for a blob.
    blob_bytes_max: usize,
    asked: Mutex<Option<Sender<(Key, Loaded)>>>,
    reader: Mutex<Option<JoinHandle<()>>>,
}

/// A checkpoint that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    /// Steps that were folded for it.
    pub steps: u64,
    /// Its position.
    pub lsn: Lsn,
}

impl Vault {
    /// The checkpoints of partition `name` in a folder. Nothing is read yet.
    pub fn open(folder: &Arc<Folder>, name: &str) -> Result<Arc<Vault>, Error> {
        Vault::open_with(folder, name, journal::limits::BLOB_BYTES_MAX)
    }

    /// As [`Vault::open`], with another limit of blobs.
    pub(super) fn open_with(
        folder: &Arc<Folder>,
        name: &str,
        blob_bytes_max: usize,
    ) -> Result<Arc<Vault>, Error> {
        let store = CheckpointStore::open(folder, &format!("{name}-checkpoints"), KEEP)?;
        let blobs = Arc::new(RwLock::new(Arc::new(BlobStore::create(&store)?)));
        let (asked, wishes) = channel::<(Key, Loaded)>();
        let reading = Arc::clone(&blobs);
        let thread = std::thread::Builder::new().name(format!("{name}-cold"));
        let thread = thread.spawn(move || {
            for (key, then) in wishes {
                then(present(&reading).get(key).map_err(Error::from));
            }
        });
        let thread = thread.map_err(|error| {
            Error::invalid(format!("expected to start a thread, but the system refused: {error}"))
        })?;
        Ok(Arc::new(Vault {
            name: name.into(),
            store,
            blobs,
            newest: Mutex::default(),
            spoiled: AtomicBool::new(false),
            published: AtomicU64::new(0),
            mended: AtomicU64::new(0),
            large: Mutex::default(),
            blob_bytes_max,
            asked: Mutex::new(Some(asked)),
            reader: Mutex::new(Some(thread)),
        }))
    }

    /// Position of the newest checkpoint; 0 without one.
    pub fn published(&self) -> Lsn {
        self.published.load(Ordering::Acquire)
    }

    /// Must an instance stay in memory, because it is too large for a blob?
    pub(crate) fn is_large(&self, key: Key) -> bool {
        lock(&self.large).contains(&key)
    }

    /// How many instances are too large for a blob.
    pub(crate) fn large(&self) -> usize {
        lock(&self.large).len()
    }

    /// How many blobs could not be read and were told again.
    pub(crate) fn mended(&self) -> u64 {
        self.mended.load(Ordering::Acquire)
    }

    pub(super) fn count_mended(&self) {
        self.mended.fetch_add(1, Ordering::Release);
    }

    pub(super) fn blobs(&self) -> Arc<BlobStore> {
        present(&self.blobs)
    }

    /// The newest checkpoint, standing still until this is dropped; waits for one that is written.
    pub(crate) fn still(&self) -> Still<'_> {
        Still::new(self, lock(&self.newest))
    }

    /// The checkpoints before this one that are kept, newest first.
    pub(super) fn older(&self, than: Option<&Checkpoint>) -> Vec<Checkpoint> {
        let number = than.map_or(0, |checkpoint| checkpoint.manifest().number);
        let mut all = self.store.newest_first();
        all.retain(|checkpoint| checkpoint.manifest().number < number);
        all
    }

    /// Reads the blob of a cold instance, without holding up the caller.
    pub fn load(&self, key: Key, then: Loaded) {
        let asked = lock(&self.asked);
        if let Some(asked) = &*asked {
            // The reader ends with the vault, and dropping `then` would tell nobody.
            drop(asked.send((key, then)));
        }
    }

    /// The machine of the newest checkpoint that is whole; an empty one if there is none and the
    /// log is there from its beginning. No checkpoint is written before the second part of the
    /// answer is dropped: what is folded on the machine reads its blobs there.
    ///
    /// # Errors
    /// A checkpoint of another log or of a newer build, a log that ends before the checkpoint, a
    /// log that was trimmed and no checkpoint to start from.
    pub(crate) fn restore<M: Machine>(
        &self,
        journal: &dyn Journal,
        empty: &dyn Fn() -> M,
    ) -> Result<(Opened<M>, Still<'_>), Error> {
        let mut still = self.still();
        still.set_newest(None);
        let mut damaged = self.store.damaged();
        for checkpoint in self.store.newest_first() {
            let at = checkpoint.manifest().at.lsn;
            if at + 1 < journal.first_lsn() {
                break;
            }
            if let Err(error) = checkpoint.verify().and_then(|()| self.attach(&checkpoint)) {
                let number = checkpoint.manifest().number;
                tracing::error!(partition = %self.name, number, %error, "a damaged checkpoint");
                damaged.push(format!("checkpoint {number}: {error}"));
                self.store.set_aside(number);
                continue;
            }
            self.check(journal, &checkpoint)?;
            let opened = self.tables(&checkpoint, empty)?;
            lock(&self.large).clone_from(&opened.large);
            self.published.store(at, Ordering::Release);
            still.set_newest(Some(checkpoint));
            return Ok((opened, still));
        }
        let first = journal.first_lsn();
        if first > 1 {
            let damaged =
                if damaged.is_empty() { "none is there".into() } else { damaged.join("; ") };
            let reason = format!(
                "the log begins at {first}, because what came before was trimmed, and there is no \
                 checkpoint to start from that is whole ({damaged}). Put the damaged files back \
                 from a copy; `grevy journal verify` names all of them"
            );
            return Err(self.failed(first - 1, reason));
        }
        self.published.store(0, Ordering::Release);
        *write(&self.blobs) = Arc::new(BlobStore::create(&self.store)?);
        still.set_newest(None);
        Ok((Opened::new(empty()), still))
    }

    /// Does a checkpoint belong to this log?
    fn check(&self, journal: &dyn Journal, checkpoint: &Checkpoint) -> Result<(), Error> {
        let at = checkpoint.manifest().at;
        let durable = journal.durable_lsn();
        if at.lsn > durable {
            let reason = format!("the log ends at {durable}: its end is missing");
            return Err(self.failed(at.lsn, reason));
        }
        if journal.fold_at(at.lsn)?.hash != at.hash {
            let reason = "the checkpoint there is one of another log".to_owned();
            return Err(self.failed(at.lsn, reason));
        }
        Ok(())
    }

    fn attach(&self, checkpoint: &Checkpoint) -> Result<(), journal::Error> {
        *write(&self.blobs) = Arc::new(BlobStore::open(checkpoint)?);
        Ok(())
    }

    pub(super) fn tables<M: Machine>(
        &self,
        checkpoint: &Checkpoint,
        empty: &dyn Fn() -> M,
    ) -> Result<Opened<M>, Error> {
        let manifest = checkpoint.manifest();
        let lsn = manifest.at.lsn;
        let unread = |reason: String| self.failed(lsn, format!("its checkpoint: {reason}"));
        if manifest.schema > SCHEMA_LARGE {
            return Err(unread(format!(
                "expected a schema up to {SCHEMA_LARGE}, but found {}: a newer build wrote it",
                manifest.schema
            )));
        }
        let read = |name| {
            let mut bytes = Vec::new();
            let mut reader = checkpoint.read(name)?.take(CHECKPOINT_TABLES_BYTES_MAX);
            reader.read_to_end(&mut bytes).map_err(|error| unread(error.to_string()))?;
            Ok::<_, Error>(bytes)
        };
        let bytes = read(TABLES)?;
        let Some((time, tables)) = bytes.split_first_chunk() else {
            return Err(unread("expected tables, but there are none".to_owned()));
        };
        let mut machine = empty();
        machine.load(tables).map_err(unread)?;
        let (time, mut large) = (i64::from_le_bytes(*time), BTreeSet::new());
        if manifest.schema >= SCHEMA_LARGE {
            let bytes = read(LARGE)?;
            let mut rest = &bytes[..];
            while let Some((key, blob, after)) = large_row(rest) {
                machine.restore(key, blob)?;
                large.insert(key);
                rest = after;
            }
        }
        Ok(Opened { machine, lsn, time, large })
    }

    /// Writes a checkpoint of everything that is durable, and trims the log; `None` if nothing
    /// happened since the last one.
    pub(crate) fn write<M: Machine>(
        &self,
        journal: &dyn Journal,
        (skip, skip_upto): (&[Key], Lsn),
        empty: &dyn Fn() -> M,
        holds: &Holds,
    ) -> Result<Option<Written>, Error> {
        let mut still = self.still();
        if self.spoiled.swap(true, Ordering::AcqRel) {
            self.take_back(&still)?;
            self.spoiled.store(true, Ordering::Release);
        }
        let tail = Tail { name: &self.name, journal, skip, skip_upto };
        let attempt = AssertUnwindSafe(|| self.attempt(&mut still, &tail, empty));
        let result = catch_unwind(attempt)
            .unwrap_or_else(|panic| Err(self.failed(journal.durable_lsn(), panic_text(&*panic))));
        match result {
            Ok(None) => {
                self.spoiled.store(false, Ordering::Release);
                Ok(None)
            }
            Ok(Some((checkpoint, written))) => {
                self.spoiled.store(false, Ordering::Release);
                still.set_newest(Some(checkpoint));
                self.published.store(written.lsn, Ordering::Release);
                drop(still);
                holds.save()?;
                journal.trim(holds.trimmable(self.store.trim_upto()))?;
                Ok(Some(written))
            }
            Err(error) => {
                self.take_back(&still)?;
                Err(error)
            }
        }
    }

    /// What was put of a checkpoint that failed must not be taken for part of the newest one.
    fn take_back(&self, still: &Still<'_>) -> Result<(), Error> {
        match still.newest() {
            Some(newest) => self.attach(newest)?,
            None => *write(&self.blobs) = Arc::new(BlobStore::create(&self.store)?),
        }
        self.spoiled.store(false, Ordering::Release);
        Ok(())
    }

    fn attempt<M: Machine>(
        &self,
        still: &mut Still<'_>,
        tail: &Tail<'_>,
        empty: &dyn Fn() -> M,
    ) -> Result<Option<(Checkpoint, Written)>, Error> {
        let upto = tail.journal.durable_lsn();
        let mut opened = match still.newest() {
            Some(newest) if newest.manifest().at.lsn >= upto => return Ok(None),
            None if upto == 0 => return Ok(None),
            Some(newest) => self.tables(newest, empty)?,
            None => Opened::new(empty()),
        };
        let mut touched = opened.large.clone();
        let cold = |key| still.read(key, tail, empty);
        let steps = tail.fold(&mut opened, upto, &mut touched, &cold)?;
        let Opened { machine, lsn, time, .. } = opened;
        let Some(tables) = machine.save() else { return Ok(None) };
        let blobs = still.change();
        if let Err(error) = blobs.compact(CHECKPOINT_COMPACT_BYTES_MAX) {
            // The file stays as it is; that is no reason to keep the log for ever.
            tracing::error!(partition = %self.name, %error, "old blobs could not be moved");
        }
        let large = self.put(blobs, &machine, touched)?;
        blobs.freeze()?;
        let at = tail.journal.fold_at(lsn)?;
        let mut draft = self.store.begin();
        draft.write(TABLES, |out| {
            out.write_all(&time.to_le_bytes())?;
            out.write_all(&tables)
        })?;
        let schema = if large.is_empty() { SCHEMA } else { SCHEMA_LARGE };
        if !large.is_empty() {
            draft.write(LARGE, |out| large.iter().try_for_each(|row| write_large(out, row)))?;
        }
        let manifest = draft.publish(at, schema, tail.journal.durable_lsn(), Some(blobs))?;
        let found = self.store.newest_first().into_iter().next();
        let Some(checkpoint) = found.filter(|found| found.manifest() == &manifest) else {
            return Err(self.failed(lsn, "the checkpoint is gone again".to_owned()));
        };
        if let Err(error) = checkpoint.verify() {
            self.store.set_aside(manifest.number);
            return Err(error.into());
        }
        // Before the position is known: from then on the loop forgets what is not among them.
        *lock(&self.large) = large.into_iter().map(|(key, _)| key).collect();
        Ok(Some((checkpoint, Written { steps, lsn })))
    }

    /// Puts what these aggregates are now, a few at a time; returns those that are too large.
    fn put<M: Machine>(
        &self,
        blobs: &BlobStore,
        machine: &M,
        touched: BTreeSet<Key>,
    ) -> Result<Vec<(Key, Vec<u8>)>, Error> {
        let (mut some, mut bytes, mut large) = (Vec::new(), 0, Vec::new());
        let write = |some: &mut Vec<(Key, Vec<u8>)>| {
            let rows: Vec<_> = some.iter().map(|(key, blob)| (*key, blob.as_slice())).collect();
            let written = if rows.is_empty() { Ok(()) } else { blobs.put_all(&rows) };
            some.clear();
            written
        };
        for key in touched {
            match (machine.place(key), machine.blob(key)) {
                (Place::Hot, Some(blob)) if blob.len() > self.blob_bytes_max => {
                    if !self.is_large(key) {
                        let (bytes, max) = (blob.len(), self.blob_bytes_max);
                        tracing::warn!(
                            partition = %self.name, key, bytes, max,
                            "too large to leave memory: written whole with each checkpoint"
                        );
                    }
                    blobs.delete(key);
                    large.push((key, blob));
                }
                (Place::Hot, Some(blob)) => {
                    bytes += blob.len();
                    some.push((key, blob));
                }
                (Place::Absent, _) => blobs.delete(key),
                // Only what is hot was changed.
                (Place::Cold, _) | (Place::Hot, None) => {}
            }
            if bytes > CHECKPOINT_WRITE_BYTES_MAX {
                write(&mut some)?;
                bytes = 0;
            }
        }
        write(&mut some)?;
        Ok(large)
    }

    fn failed(&self, lsn: Lsn, reason: String) -> Error {
        Error::Recovery { partition: self.name.to_string(), lsn, reason }
    }
}

fn write_large(out: &mut impl Write, (key, blob): &(Key, Vec<u8>)) -> std::io::Result<()> {
    out.write_all(&key.to_le_bytes())?;
    out.write_all(&(blob.len() as u64).to_le_bytes())?;
    out.write_all(blob)
}

/// The first instance of [`LARGE`], and what comes behind it.
fn large_row(bytes: &[u8]) -> Option<(Key, &[u8], &[u8])> {
    let (key, rest) = bytes.split_first_chunk()?;
    let (len, rest) = rest.split_first_chunk()?;
    let len = usize::try_from(u64::from_le_bytes(*len)).ok()?;
    let (blob, rest) = rest.split_at_checked(len)?;
    Some((Key::from_le_bytes(*key), blob, rest))
}

impl Drop for Vault {
    fn drop(&mut self) {
        drop(lock(&self.asked).take());
        let reader = lock(&self.reader).take();
        // What it reads may hold the last reference to the vault.
        let reader = reader.filter(|reader| reader.thread().id() != std::thread::current().id());
        if let Some(reader) = reader {
            // It only reads; what it panicked on was told to nobody and is asked again.
            drop(reader.join());
        }
    }
}

fn present(blobs: &RwLock<Arc<BlobStore>>) -> Arc<BlobStore> {
    Arc::clone(&blobs.read().unwrap_or_else(PoisonError::into_inner))
}

fn write(blobs: &RwLock<Arc<BlobStore>>) -> std::sync::RwLockWriteGuard<'_, Arc<BlobStore>> {
    blobs.write().unwrap_or_else(PoisonError::into_inner)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
