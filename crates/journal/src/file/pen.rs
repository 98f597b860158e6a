//! Takes groups from the owner and has them written: by a thread of its own, or by `flush` on the
//! owner's thread where the log has no threads.

use super::Shared;
use super::core::{Batch, Core};
use super::zeros::Slot;
use crate::limits::{BACKLOG_BYTES_MAX, BACKLOG_GROUPS_MAX};
use crate::log::{Append, Backlog, Lsn, Notice, Notify, Writer};
use crate::progress::lock;
use crate::{Error, GroupBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

/// What the owner, the thread and the next claimant share.
pub(crate) struct Pen {
    shared: Arc<Shared>,
    /// Gone once a later epoch was claimed.
    core: Mutex<Option<Core>>,
    zeros: Arc<Slot>,
    queue: Mutex<Queue>,
    /// Something to write, or the end.
    work: Condvar,
    /// Something became durable, or failed.
    done: Condvar,
    notify: Notify,
}

impl std::fmt::Debug for Pen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pen").field("queue", &self.queue).finish_non_exhaustive()
    }
}

#[derive(Debug, Default)]
struct Queue {
    batch: Batch,
    /// Accepted and not durable, what is being written included.
    backlog: Backlog,
    accepted: Lsn,
    seq: u64,
    closing: bool,
    fenced: bool,
    error: Option<Error>,
}

enum Work {
    Commit,
    Mark,
    Stop,
}

impl Pen {
    pub(crate) fn new(shared: Arc<Shared>, core: Core, tail: Lsn, notify: Notify) -> Arc<Pen> {
        Arc::new(Pen {
            shared,
            zeros: core.zeros(),
            core: Mutex::new(Some(core)),
            queue: Mutex::new(Queue { accepted: tail, ..Queue::default() }),
            work: Condvar::new(),
            done: Condvar::new(),
            notify,
        })
    }

    /// Ends this writer for a later epoch; when it returns nothing is being written any more.
    pub(crate) fn fence(&self) {
        let mut queue = lock(&self.queue);
        queue.fenced = true;
        queue.closing = true;
        drop(queue);
        self.work.notify_all();
        self.zeros.stop();
        drop(lock(&self.core).take());
        self.done.notify_all();
    }

    pub(crate) fn look_for_room(&self) {
        self.zeros.look();
    }

    fn told_full(&self, full: bool) {
        lock(&self.queue).backlog.full = full;
        self.done.notify_all();
        (self.notify)(if full { Notice::Full } else { Notice::Room });
    }

    /// The thread: one commit after another, of whatever was accepted meanwhile.
    fn run(&self) {
        let mut batch = Batch::default();
        let mut quiet = false;
        loop {
            match self.next(&mut batch, &mut quiet) {
                Work::Commit => {
                    if !self.commit(&mut batch) {
                        return;
                    }
                }
                Work::Mark => {
                    if !self.mark() {
                        return;
                    }
                }
                Work::Stop => return,
            }
        }
    }

    /// Waits for work; `quiet` says that the mark for the last groups was tried.
    fn next(&self, batch: &mut Batch, quiet: &mut bool) -> Work {
        let mut queue = lock(&self.queue);
        loop {
            if queue.fenced {
                return Work::Stop;
            }
            if !queue.batch.is_empty() {
                std::mem::swap(&mut queue.batch, batch);
                *quiet = false;
                return Work::Commit;
            }
            if queue.closing {
                return Work::Stop;
            }
            if *quiet {
                queue = self.work.wait(queue).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let waited = self.work.wait_timeout(queue, self.shared.config.mark_after);
            let (after, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            queue = after;
            if timeout.timed_out() && queue.batch.is_empty() && !queue.closing {
                *quiet = true;
                return Work::Mark;
            }
        }
    }

    /// Commits a batch and tells; whether the writer lives on.
    fn commit(&self, batch: &mut Batch) -> bool {
        let result = match lock(&self.core).as_mut() {
            Some(core) => core.commit(batch),
            None => return false,
        };
        match result {
            Ok(durable) => {
                batch.clear();
                self.durable(durable);
                true
            }
            Err(error) => {
                self.fail(error);
                false
            }
        }
    }

    fn durable(&self, durable: Lsn) {
        self.shared.progress.advance(durable);
        let mut queue = lock(&self.queue);
        let (groups, bytes) = queue.batch.waiting();
        queue.backlog.groups = groups;
        queue.backlog.bytes = bytes;
        drop(queue);
        self.done.notify_all();
        (self.notify)(Notice::Durable(durable));
    }

    fn fail(&self, error: Error) {
        let mut queue = lock(&self.queue);
        let fenced = queue.fenced;
        queue.error.get_or_insert(error.clone());
        drop(queue);
        self.done.notify_all();
        if !fenced {
            (self.notify)(Notice::Failed(error));
        }
    }

    fn mark(&self) -> bool {
        let result = match lock(&self.core).as_mut() {
            Some(core) => core.mark(),
            None => return false,
        };
        match result {
            Ok(()) => true,
            Err(error) => {
                self.fail(error);
                false
            }
        }
    }
}

/// The owner's end of a [`Pen`].
pub(crate) struct FileWriter {
    pen: Arc<Pen>,
    epoch: u64,
    thread: Option<JoinHandle<()>>,
}

impl FileWriter {
    pub(crate) fn start(pen: Arc<Pen>, epoch: u64) -> Result<FileWriter, Error> {
        if !pen.shared.config.threads {
            return Ok(FileWriter { pen, epoch, thread: None });
        }
        let told = Arc::downgrade(&pen);
        let on_full = move |full| {
            if let Some(pen) = told.upgrade() {
                pen.told_full(full);
            }
        };
        if let Some(core) = lock(&pen.core).as_mut() {
            core.spawn_zeros(Box::new(on_full))?;
        }
        let writing = Arc::clone(&pen);
        let thread = std::thread::Builder::new()
            .name("journal-writer".to_owned())
            .spawn(move || writing.run())
            .map_err(|e| Error::io("starting a thread", &pen.shared.place.dir, e))?;
        Ok(FileWriter { pen, epoch, thread: Some(thread) })
    }

    fn check(&self, queue: &Queue) -> Result<(), Error> {
        if queue.fenced {
            return Err(Error::Fenced { epoch: self.epoch, by: None });
        }
        queue.error.clone().map_or(Ok(()), Err)
    }

    /// Waits for the thread to make everything durable.
    fn wait(&self) -> Result<Lsn, Error> {
        let mut queue = lock(&self.pen.queue);
        loop {
            self.check(&queue)?;
            let durable = self.pen.shared.progress.durable();
            if durable >= queue.accepted {
                return Ok(durable);
            }
            if queue.backlog.full {
                return Err(Error::Full { doing: "waiting for the journal" });
            }
            queue = self.pen.done.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Writes everything on this thread.
    fn write_here(&self) -> Result<Lsn, Error> {
        let mut queue = lock(&self.pen.queue);
        self.check(&queue)?;
        let mut batch = std::mem::take(&mut queue.batch);
        drop(queue);
        let result = match lock(&self.pen.core).as_mut() {
            Some(core) if batch.is_empty() => core.mark().map(|()| None),
            Some(core) => core.commit(&mut batch).map(Some),
            None => return Err(Error::Fenced { epoch: self.epoch, by: None }),
        };
        let full = matches!(result, Err(Error::Full { .. }));
        let mut queue = lock(&self.pen.queue);
        let was_full = std::mem::replace(&mut queue.backlog.full, full);
        if full {
            queue.batch = batch;
        } else {
            batch.clear();
        }
        drop(queue);
        if full != was_full {
            (self.pen.notify)(if full { Notice::Full } else { Notice::Room });
        }
        match result {
            Ok(Some(durable)) => self.pen.durable(durable),
            Ok(None) => {}
            Err(error) => {
                if !error.is_full() {
                    self.pen.fail(error.clone());
                }
                return Err(error);
            }
        }
        Ok(self.pen.shared.progress.durable())
    }

    fn end(&mut self) {
        lock(&self.pen.queue).closing = true;
        self.pen.work.notify_all();
        if self.backlog().full {
            self.pen.zeros.stop();
        }
        if let Some(thread) = self.thread.take() {
            // A panic there was told as no notice; the owner sees what became durable.
            let _ = thread.join();
        }
    }
}

impl Writer for FileWriter {
    fn epoch(&self) -> u64 {
        self.epoch
    }

    fn append(&mut self, group: &GroupBuf) -> Result<Append, Error> {
        group.check()?;
        let mut queue = lock(&self.pen.queue);
        self.check(&queue)?;
        let Backlog { groups, bytes, full } = queue.backlog;
        if full {
            return Err(Error::Full { doing: "appending" });
        }
        if groups >= BACKLOG_GROUPS_MAX || bytes + group.bytes() > BACKLOG_BYTES_MAX {
            return Err(Error::Backlog { groups, bytes });
        }
        let queue = &mut *queue;
        queue.seq += 1;
        let lsn_first = queue.accepted + 1;
        queue.accepted += u64::from(group.frames());
        queue.backlog.groups += 1;
        queue.backlog.bytes += group.bytes();
        let first = queue.batch.is_empty();
        queue.batch.push(group, queue.seq, lsn_first);
        let append = Append { seq: queue.seq, lsn_first, lsn_last: queue.accepted };
        if first {
            self.pen.work.notify_one();
        }
        Ok(append)
    }

    fn durable_lsn(&self) -> Lsn {
        self.pen.shared.progress.durable()
    }

    fn backlog(&self) -> Backlog {
        lock(&self.pen.queue).backlog
    }

    fn flush(&mut self) -> Result<Lsn, Error> {
        if self.thread.is_some() { self.wait() } else { self.write_here() }
    }

    fn close(mut self: Box<Self>) -> Result<Lsn, Error> {
        let flushed = self.flush();
        self.end();
        self.pen.zeros.stop();
        let durable = flushed?;
        match lock(&self.pen.core).as_mut() {
            Some(core) => core.close()?,
            None => return Err(Error::Fenced { epoch: self.epoch, by: None }),
        }
        Ok(durable)
    }
}

impl Drop for FileWriter {
    fn drop(&mut self) {
        self.end();
        // Dropped under its lock, so that a claim meanwhile waits until nothing is touched.
        drop(lock(&self.pen.core).take());
    }
}
