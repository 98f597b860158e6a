//! A log in memory: for embedding without a folder, and for tests of whoever owns a log.

use crate::limits::{BACKLOG_BYTES_MAX, BACKLOG_GROUPS_MAX};
use crate::log::{
    Append, Backlog, Claim, Journal, Lsn, Notice, Notify, Reader, Writer, no_fold_at,
};
use crate::progress::{Progress, lock};
use crate::{Error, Fold, Group, GroupBuf};
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A log in memory. Clones share it, as openings of one folder do.
///
/// By itself it makes every group durable at once. [`MemoryJournal::held`] makes one that waits
/// until a test releases groups or fails the writer, so that the time between accepted and durable
/// can be looked at.
#[derive(Clone, Debug)]
pub struct MemoryJournal {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    held: bool,
    progress: Progress,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    epoch: u64,
    /// Accepted groups, the durable ones first.
    groups: VecDeque<Stored>,
    /// The position before the first group that is kept.
    trimmed: Lsn,
    trimmed_epoch: u64,
    trimmed_seq: u64,
    accepted: Lsn,
    backlog: Backlog,
    failed: Option<Error>,
    notify: Option<Notify>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("epoch", &self.epoch)
            .field("groups", &self.groups.len())
            .field("accepted", &self.accepted)
            .finish_non_exhaustive()
    }
}

struct Stored {
    epoch: u64,
    seq: u64,
    lsn_first: Lsn,
    frames: u32,
    schema: u16,
    body: Arc<[u8]>,
}

impl Stored {
    fn lsn_last(&self) -> Lsn {
        self.lsn_first + u64::from(self.frames) - 1
    }
}

impl Default for MemoryJournal {
    fn default() -> MemoryJournal {
        MemoryJournal::new()
    }
}

impl MemoryJournal {
    /// An empty log whose groups are durable as soon as they are accepted.
    pub fn new() -> MemoryJournal {
        MemoryJournal::with(false)
    }

    /// An empty log whose groups become durable by [`MemoryJournal::release`] or a flush.
    pub fn held() -> MemoryJournal {
        MemoryJournal::with(true)
    }

    fn with(held: bool) -> MemoryJournal {
        let shared =
            Shared { held, progress: Progress::default(), state: Mutex::new(State::default()) };
        MemoryJournal { shared: Arc::new(shared) }
    }

    /// Makes the accepted groups durable that end at or before `upto`; tells the owner.
    pub fn release(&self, upto: Lsn) {
        self.shared.release(upto);
    }

    /// Fails the present writer as a failed sync would: what is accepted and not durable is lost.
    pub fn fail(&self) {
        let error = Error::Failed {
            doing: "a sync",
            cause: Arc::new(io::Error::other("failed by the test")),
        };
        let mut state = lock(&self.shared.state);
        state.drop_beyond(self.shared.progress.durable());
        state.failed = Some(error.clone());
        let notify = state.notify.clone();
        drop(state);
        if let Some(notify) = notify {
            notify(Notice::Failed(error));
        }
    }
}

impl State {
    /// Forgets what was accepted and never became durable.
    fn drop_beyond(&mut self, durable: Lsn) {
        while self.groups.back().is_some_and(|g| g.lsn_last() > durable) {
            self.groups.pop_back();
        }
        self.accepted = durable;
        self.backlog = Backlog::default();
    }
}

impl Shared {
    fn release(&self, upto: Lsn) {
        let mut state = lock(&self.state);
        let before = self.progress.durable();
        let from = state.groups.partition_point(|g| g.lsn_last() <= before);
        let to = state.groups.partition_point(|g| g.lsn_last() <= upto);
        if to <= from {
            return;
        }
        let bytes: usize = state.groups.range(from..to).map(|g| g.body.len()).sum();
        state.backlog.groups -= to - from;
        state.backlog.bytes -= bytes;
        let durable = state.groups[to - 1].lsn_last();
        self.progress.advance(durable);
        let notify = state.notify.clone();
        // Told outside the lock, so that the owner's wake-up may take its own.
        drop(state);
        if let Some(notify) = notify {
            notify(Notice::Durable(durable));
        }
    }
}

impl Journal for MemoryJournal {
    fn claim(&self, notify: Notify) -> Result<Claim, Error> {
        let mut state = lock(&self.shared.state);
        let tail = self.shared.progress.durable();
        state.drop_beyond(tail);
        state.epoch += 1;
        state.failed = None;
        state.notify = Some(notify);
        let epoch = state.epoch;
        let shared = Arc::clone(&self.shared);
        Ok(Claim { writer: Box::new(MemoryWriter { shared, epoch, seq: 0 }), epoch, tail })
    }

    fn durable_lsn(&self) -> Lsn {
        self.shared.progress.durable()
    }

    fn first_lsn(&self) -> Lsn {
        lock(&self.shared.state).trimmed + 1
    }

    fn wait_durable(&self, beyond: Lsn, timeout: Duration) -> Lsn {
        self.shared.progress.wait(beyond, timeout)
    }

    fn read(&self, from: Lsn) -> Result<Box<dyn Reader>, Error> {
        let first = self.first_lsn();
        if from < first {
            return Err(Error::Trimmed { asked: from, first });
        }
        Ok(Box::new(MemoryReader { shared: Arc::clone(&self.shared), next: from, group: None }))
    }

    /// Without the chain of hashes: nothing is read back from memory that was not written.
    fn fold_at(&self, lsn: Lsn) -> Result<Fold, Error> {
        let durable = self.shared.progress.durable();
        let state = lock(&self.shared.state);
        let fold = |epoch: u64, seq| Fold {
            epoch,
            writer: u128::from(epoch),
            seq,
            lsn,
            ..Fold::default()
        };
        if lsn < state.trimmed {
            return Err(Error::Trimmed { asked: lsn, first: state.trimmed + 1 });
        }
        let at = state.groups.partition_point(|g| g.lsn_last() < lsn);
        match state.groups.get(at) {
            Some(group) if group.lsn_last() == lsn && lsn <= durable => {
                Ok(fold(group.epoch, group.seq))
            }
            _ if lsn == state.trimmed => Ok(fold(state.trimmed_epoch, state.trimmed_seq)),
            _ => Err(no_fold_at(lsn, durable)),
        }
    }

    fn trim(&self, upto: Lsn) -> Result<Lsn, Error> {
        let durable = self.shared.progress.durable();
        let mut state = lock(&self.shared.state);
        while state.groups.front().is_some_and(|g| g.lsn_last() <= upto.min(durable)) {
            if let Some(group) = state.groups.pop_front() {
                state.trimmed = group.lsn_last();
                state.trimmed_epoch = group.epoch;
                state.trimmed_seq = group.seq;
            }
        }
        Ok(state.trimmed + 1)
    }
}

struct MemoryWriter {
    shared: Arc<Shared>,
    epoch: u64,
    seq: u64,
}

impl MemoryWriter {
    fn check(&self, state: &State) -> Result<(), Error> {
        if state.epoch != self.epoch {
            return Err(Error::Fenced { epoch: self.epoch, by: Some(state.epoch) });
        }
        state.failed.clone().map_or(Ok(()), Err)
    }
}

impl Writer for MemoryWriter {
    fn epoch(&self) -> u64 {
        self.epoch
    }

    fn append(&mut self, group: &GroupBuf) -> Result<Append, Error> {
        group.check()?;
        let mut state = lock(&self.shared.state);
        self.check(&state)?;
        let Backlog { groups, bytes, .. } = state.backlog;
        if groups >= BACKLOG_GROUPS_MAX || bytes + group.bytes() > BACKLOG_BYTES_MAX {
            return Err(Error::Backlog { groups, bytes });
        }
        self.seq += 1;
        let lsn_first = state.accepted + 1;
        let stored = Stored {
            epoch: self.epoch,
            seq: self.seq,
            lsn_first,
            frames: group.frames(),
            schema: group.schema(),
            body: group.body().into(),
        };
        let append = Append { seq: self.seq, lsn_first, lsn_last: stored.lsn_last() };
        state.accepted = append.lsn_last;
        state.backlog.groups += 1;
        state.backlog.bytes += group.bytes();
        state.groups.push_back(stored);
        drop(state);
        if !self.shared.held {
            self.shared.release(append.lsn_last);
        }
        Ok(append)
    }

    fn durable_lsn(&self) -> Lsn {
        self.shared.progress.durable()
    }

    fn backlog(&self) -> Backlog {
        lock(&self.shared.state).backlog
    }

    fn flush(&mut self) -> Result<Lsn, Error> {
        let state = lock(&self.shared.state);
        self.check(&state)?;
        let accepted = state.accepted;
        drop(state);
        self.shared.release(accepted);
        Ok(self.shared.progress.durable())
    }

    fn close(mut self: Box<Self>) -> Result<Lsn, Error> {
        self.flush()
    }
}

impl Drop for MemoryWriter {
    fn drop(&mut self) {
        let mut state = lock(&self.shared.state);
        if state.epoch == self.epoch {
            state.notify = None;
        }
    }
}

struct MemoryReader {
    shared: Arc<Shared>,
    next: Lsn,
    /// The group that is lent out.
    group: Option<Arc<[u8]>>,
}

impl Reader for MemoryReader {
    fn next_group(&mut self) -> Result<Option<Group<'_>>, Error> {
        let durable = self.shared.progress.durable();
        let state = lock(&self.shared.state);
        if self.next <= state.trimmed {
            return Err(Error::Trimmed { asked: self.next, first: state.trimmed + 1 });
        }
        let at = state.groups.partition_point(|g| g.lsn_last() < self.next);
        let Some(stored) = state.groups.get(at).filter(|g| g.lsn_last() <= durable) else {
            return Ok(None);
        };
        self.next = stored.lsn_last() + 1;
        let body = self.group.insert(Arc::clone(&stored.body));
        Ok(Some(Group {
            epoch: stored.epoch,
            seq: stored.seq,
            lsn_first: stored.lsn_first,
            frames: stored.frames,
            schema: stored.schema,
            body,
        }))
    }

    fn position(&self) -> Lsn {
        self.next
    }
}
