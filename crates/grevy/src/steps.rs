//! Durable steps in their order, for exporters, live streams and audits. Whoever reads on across
//! restarts holds its position, so that the journal is not trimmed under it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use engine::PartitionId;
use journal::{Folder, Journal, Lsn, Reader};

use crate::machine::{Machine, Step};
use crate::machines::{Engine, Meta};
use crate::partition::Remote;
use crate::{Error, Grevy};

/// A step that is on disk.
#[derive(Debug, Clone, PartialEq)]
pub struct Durable<E> {
    /// Its position.
    pub lsn: Lsn,
    /// Of the writer.
    pub epoch: u64,
    /// What happened.
    pub step: Step<E>,
}

/// Reads durable steps; for a thread of its own, because it waits.
pub struct Steps<M: Machine> {
    journal: Arc<dyn Journal>,
    reader: Box<dyn Reader>,
    ready: VecDeque<Durable<M::Event>>,
    from: Lsn,
}

/// Positions from which somebody still has to read, by name. Kept in the data folder, so that a
/// start without its readers trims nothing that they have not seen.
#[derive(Debug, Default)]
pub struct Holds {
    rows: Mutex<BTreeMap<String, Lsn>>,
    /// Folder, and the name of the note in it.
    home: Option<(Arc<Folder>, String)>,
}

impl Holds {
    /// What was held of this journal when it was open last.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn open(folder: &Arc<Folder>, journal: &str) -> Result<Holds, Error> {
        let note = format!("holds-{journal}");
        let text = folder.note(&note)?.unwrap_or_default();
        let row = |line: &str| {
            let (lsn, name) = line.split_once(' ')?;
            Some((name.to_owned(), lsn.parse().ok()?))
        };
        let rows = Mutex::new(text.lines().filter_map(row).collect());
        Ok(Holds { rows, home: Some((Arc::clone(folder), note)) })
    }

    /// Writes down what is held. A position that is written late only keeps more.
    pub(crate) fn save(&self) -> Result<(), Error> {
        let Some((folder, note)) = &self.home else { return Ok(()) };
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let text: String = rows.iter().map(|(name, lsn)| format!("{lsn} {name}\n")).collect();
        drop(rows);
        Ok(folder.set_note(note, &text)?)
    }

    /// Keeps everything from `lsn` on for `name`.
    pub fn keep(&self, name: &str, lsn: Lsn) {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let new = rows.insert(name.to_owned(), lsn).is_none();
        drop(rows);
        if new && let Err(error) = self.save() {
            tracing::error!(name, %error, "a reader of the journal is not written down");
        }
    }

    /// `name` reads no more.
    pub fn release(&self, name: &str) {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// The last position that nobody needs, at most `upto`.
    pub fn trimmable(&self, upto: Lsn) -> Lsn {
        let holds = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        holds.values().map(|lsn| lsn.saturating_sub(1)).fold(upto, Lsn::min)
    }
}

impl<M: Machine> Steps<M> {
    fn open(remote: &Remote<M>, from: Lsn) -> Result<Steps<M>, Error> {
        let journal = Arc::clone(&remote.journal);
        let reader = journal.read(from)?;
        Ok(Steps { journal, reader, ready: VecDeque::new(), from })
    }

    /// The next step; `None` when nothing became durable within `patience`.
    ///
    /// # Errors
    /// The position was trimmed, or the journal cannot be read.
    pub fn next(&mut self, patience: Duration) -> Result<Option<Durable<M::Event>>, Error> {
        if self.ready.is_empty() && !self.fill()? {
            self.journal.wait_durable(self.reader.position().saturating_sub(1), patience);
            self.fill()?;
        }
        Ok(self.ready.pop_front())
    }

    /// Where reading goes on.
    pub fn position(&self) -> Lsn {
        self.ready.front().map_or_else(|| self.reader.position(), |step| step.lsn)
    }

    fn fill(&mut self) -> Result<bool, Error> {
        let Some(group) = self.reader.next_group()? else { return Ok(false) };
        for frame in group.iter().filter(|frame| frame.lsn >= self.from) {
            let failed = |reason| Error::Recovery {
                partition: "a reader".to_owned(),
                lsn: frame.lsn,
                reason,
            };
            let step = M::decode(frame.payload).map_err(failed)?;
            self.ready.push_back(Durable { lsn: frame.lsn, epoch: frame.epoch, step });
        }
        Ok(true)
    }
}

impl Grevy {
    /// Durable steps of a partition from a position on, as they come.
    ///
    /// # Errors
    /// No such partition; a position that was trimmed.
    pub fn steps(&self, partition: PartitionId, from: Lsn) -> Result<Steps<Engine>, Error> {
        Steps::open(self.partition(partition)?, from)
    }

    /// Durable steps of the meta journal: deployments.
    pub fn meta_steps(&self, from: Lsn) -> Result<Steps<Meta>, Error> {
        Steps::open(&self.shared().meta, from)
    }

    /// Keeps the journal of a partition from `lsn` on, for an exporter of that name, until
    /// [`Grevy::release`]; a restart changes nothing about it.
    pub fn hold(&self, partition: PartitionId, name: &str, lsn: Lsn) -> Result<(), Error> {
        self.partition(partition)?.holds.keep(name, lsn);
        Ok(())
    }

    /// The exporter of that name reads no more of any partition: nothing is kept for it.
    pub fn release(&self, name: &str) {
        for remote in self.shared().partitions() {
            remote.holds.release(name);
        }
    }

    /// The last durable position of a partition.
    pub fn durable(&self, partition: PartitionId) -> Result<Lsn, Error> {
        Ok(self.partition(partition)?.journal.durable_lsn())
    }

    fn partition(&self, partition: PartitionId) -> Result<&Remote<Engine>, Error> {
        self.shared().remote(partition).ok_or_else(|| {
            let count = self.partition_count();
            Error::invalid(format!("expected a partition from 1 to {count}, but got {partition}"))
        })
    }
}
