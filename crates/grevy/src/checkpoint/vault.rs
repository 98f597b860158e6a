//! What a partition was at its newest checkpoint: the small tables, and the blob of each instance.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;

use engine::Key;
use journal::{BlobStore, Checkpoint, CheckpointStore, Folder, Journal, Lsn};

use crate::Error;
use crate::limits::{
    CHECKPOINT_COMPACT_BYTES_MAX, CHECKPOINT_TABLES_BYTES_MAX, CHECKPOINT_WRITE_BYTES_MAX,
};
use crate::machine::{Machine, Place};
use crate::partition::{Loaded, Opened, Tail, panic_text};
use crate::steps::Holds;

/// The checkpoints that are kept: the newest, and one to fall back to.
const KEEP: usize = 2;

/// Schema of the payloads that a checkpoint's position counts.
const SCHEMA: u16 = 1;

/// The file of a checkpoint with the time of the last step (ms, 8 bytes, little-endian) and the
/// small tables behind it.
const TABLES: &str = "tables";

/// The checkpoints of one partition, and where its cold instances lie.
pub struct Vault {
    name: Arc<str>,
    store: Arc<CheckpointStore>,
    /// What belongs to the newest checkpoint, and what the next one has put so far.
    blobs: Arc<RwLock<Arc<BlobStore>>>,
    /// The newest checkpoint, locked while one is written or recovered from.
    newest: Mutex<Option<Checkpoint>>,
    published: AtomicU64,
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
            published: AtomicU64::new(0),
            asked: Mutex::new(Some(asked)),
            reader: Mutex::new(Some(thread)),
        }))
    }

    /// Position of the newest checkpoint; 0 without one.
    pub fn published(&self) -> Lsn {
        self.published.load(Ordering::Acquire)
    }

    /// The blob of a cold instance; reads the disk.
    pub fn get(&self, key: Key) -> Result<Option<Vec<u8>>, Error> {
        Ok(present(&self.blobs).get(key)?)
    }

    /// As [`Vault::get`], without holding up the caller.
    pub fn load(&self, key: Key, then: Loaded) {
        let asked = lock(&self.asked);
        if let Some(asked) = &*asked {
            // The reader ends with the vault, and dropping `then` would tell nobody.
            drop(asked.send((key, then)));
        }
    }

    /// The machine of the newest checkpoint that is whole; an empty one if there is none and the
    /// log is there from its beginning.
    ///
    /// # Errors
    /// A checkpoint of another log or of a newer build, a log that ends before the checkpoint, a
    /// log that was trimmed and no checkpoint to start from.
    pub(crate) fn restore<M: Machine>(
        &self,
        journal: &dyn Journal,
        empty: &dyn Fn() -> M,
    ) -> Result<Opened<M>, Error> {
        let mut newest = lock(&self.newest);
        *newest = None;
        for checkpoint in self.store.newest_first() {
            let at = checkpoint.manifest().at.lsn;
            if at + 1 < journal.first_lsn() {
                break;
            }
            if let Err(error) = checkpoint.verify().and_then(|()| self.attach(&checkpoint)) {
                let number = checkpoint.manifest().number;
                tracing::error!(partition = %self.name, number, %error, "a damaged checkpoint");
                self.store.set_aside(number);
                continue;
            }
            self.check(journal, &checkpoint)?;
            let opened = self.tables(&checkpoint, empty)?;
            self.published.store(at, Ordering::Release);
            *newest = Some(checkpoint);
            return Ok(opened);
        }
        let first = journal.first_lsn();
        if first > 1 {
            let reason = format!(
                "the log begins at {first}, because what came before was trimmed, and there is no \
                 checkpoint to start from that is whole"
            );
            return Err(self.failed(first - 1, reason));
        }
        self.published.store(0, Ordering::Release);
        *write(&self.blobs) = Arc::new(BlobStore::create(&self.store)?);
        Ok(Opened { machine: empty(), lsn: 0, time: 0 })
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

    fn tables<M: Machine>(
        &self,
        checkpoint: &Checkpoint,
        empty: &dyn Fn() -> M,
    ) -> Result<Opened<M>, Error> {
        let lsn = checkpoint.manifest().at.lsn;
        let unread = |reason: String| self.failed(lsn, format!("its checkpoint: {reason}"));
        let mut bytes = Vec::new();
        let mut reader = checkpoint.read(TABLES)?.take(CHECKPOINT_TABLES_BYTES_MAX);
        reader.read_to_end(&mut bytes).map_err(|error| unread(error.to_string()))?;
        let Some((time, tables)) = bytes.split_first_chunk() else {
            return Err(unread("expected tables, but there are none".to_owned()));
        };
        let mut machine = empty();
        machine.load(tables).map_err(unread)?;
        Ok(Opened { machine, lsn, time: i64::from_le_bytes(*time) })
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
        let mut newest = lock(&self.newest);
        let tail = Tail { name: &self.name, journal, skip, skip_upto, vault: Some(self) };
        let attempt = AssertUnwindSafe(|| self.attempt(&tail, newest.as_ref(), empty));
        let result = catch_unwind(attempt)
            .unwrap_or_else(|panic| Err(self.failed(journal.durable_lsn(), panic_text(&*panic))));
        match result {
            Ok(None) => Ok(None),
            Ok(Some((checkpoint, written))) => {
                *newest = Some(checkpoint);
                self.published.store(written.lsn, Ordering::Release);
                drop(newest);
                holds.save()?;
                journal.trim(holds.trimmable(self.store.trim_upto()))?;
                Ok(Some(written))
            }
            Err(error) => {
                // What was put of it must not be taken for part of the newest one.
                match newest.as_ref() {
                    Some(newest) => self.attach(newest)?,
                    None => *write(&self.blobs) = Arc::new(BlobStore::create(&self.store)?),
                }
                Err(error)
            }
        }
    }

    fn attempt<M: Machine>(
        &self,
        tail: &Tail<'_>,
        newest: Option<&Checkpoint>,
        empty: &dyn Fn() -> M,
    ) -> Result<Option<(Checkpoint, Written)>, Error> {
        let upto = tail.journal.durable_lsn();
        let mut opened = match newest {
            Some(newest) if newest.manifest().at.lsn >= upto => return Ok(None),
            None if upto == 0 => return Ok(None),
            Some(newest) => self.tables(newest, empty)?,
            None => Opened { machine: empty(), lsn: 0, time: 0 },
        };
        let mut touched = BTreeSet::new();
        let steps = tail.fold(&mut opened, upto, &mut touched)?;
        let Opened { machine, lsn, time } = opened;
        let Some(tables) = machine.save() else { return Ok(None) };
        let blobs = present(&self.blobs);
        blobs.compact(CHECKPOINT_COMPACT_BYTES_MAX)?;
        put(&blobs, &machine, touched)?;
        blobs.freeze()?;
        let at = tail.journal.fold_at(lsn)?;
        let mut draft = self.store.begin();
        draft.write(TABLES, |out| {
            out.write_all(&time.to_le_bytes())?;
            out.write_all(&tables)
        })?;
        let manifest = draft.publish(at, SCHEMA, tail.journal.durable_lsn(), Some(&blobs))?;
        let found = self.store.newest_first().into_iter().next();
        let Some(checkpoint) = found.filter(|found| found.manifest() == &manifest) else {
            return Err(self.failed(lsn, "the checkpoint is gone again".to_owned()));
        };
        if let Err(error) = checkpoint.verify() {
            self.store.set_aside(manifest.number);
            return Err(error.into());
        }
        Ok(Some((checkpoint, Written { steps, lsn })))
    }

    fn failed(&self, lsn: Lsn, reason: String) -> Error {
        Error::Recovery { partition: self.name.to_string(), lsn, reason }
    }
}

/// Puts what these aggregates are now, a few at a time.
fn put<M: Machine>(blobs: &BlobStore, machine: &M, touched: BTreeSet<Key>) -> Result<(), Error> {
    let (mut some, mut bytes) = (Vec::new(), 0);
    let write = |some: &mut Vec<(Key, Vec<u8>)>| {
        let rows: Vec<_> = some.iter().map(|(key, blob)| (*key, blob.as_slice())).collect();
        let written = if rows.is_empty() { Ok(()) } else { blobs.put_all(&rows) };
        some.clear();
        written
    };
    for key in touched {
        match (machine.place(key), machine.blob(key)) {
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
    Ok(write(&mut some)?)
}

impl Drop for Vault {
    fn drop(&mut self) {
        drop(lock(&self.asked).take());
        if let Some(reader) = lock(&self.reader).take() {
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
