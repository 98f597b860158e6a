//! How many jobs a stream may have at its worker. The flow control of HTTP/2 alone would let some
//! hundred small ones lie in buffers in front of a worker that is slow or gone, leased by nobody,
//! while others have nothing to do.
//!
//! So a stream gets only so many that its worker has not settled. The number grows with each one
//! that is settled, and doubles when a second passes in which none is: a worker may want to collect
//! many before it says anything.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use engine::Key;
use engine::command::LeasedJob;
use grevy::JobStream;

use crate::limits::{STREAM_CREDIT_MAX, STREAM_JOBS_FIRST, STREAM_JOBS_MAX};

/// One stream's.
#[derive(Debug)]
pub struct Window {
    stream: Weak<JobStream>,
    count: Mutex<Count>,
}

#[derive(Debug)]
struct Count {
    /// Jobs that were asked for and have not been taken out.
    granted: u32,
    /// Jobs at the worker, with the end of their lease (ms since 1970).
    unsettled: BTreeMap<Key, i64>,
    limit: usize,
    /// None was settled since the last look.
    quiet: bool,
}

/// Which window a job that was streamed counts in.
#[derive(Debug, Default)]
pub struct Windows {
    jobs: Mutex<BTreeMap<Key, Weak<Window>>>,
}

impl Window {
    /// The stream has been opened with [`STREAM_CREDIT_MAX`].
    pub fn new(stream: &Arc<JobStream>) -> Arc<Window> {
        let count = Count {
            granted: STREAM_CREDIT_MAX,
            unsettled: BTreeMap::new(),
            limit: STREAM_JOBS_FIRST,
            quiet: true,
        };
        Arc::new(Window { stream: Arc::downgrade(stream), count: Mutex::new(count) })
    }

    fn lock(&self) -> MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn taken(&self, job: &LeasedJob) {
        let mut count = self.lock();
        count.granted = count.granted.saturating_sub(1);
        count.unsettled.insert(job.key, job.deadline);
        self.grant(count);
    }

    fn settled(&self, job: Key) {
        let mut count = self.lock();
        if count.unsettled.remove(&job).is_some() {
            count.limit = (count.limit + 1).min(STREAM_JOBS_MAX);
            count.quiet = false;
            self.grant(count);
        }
    }

    /// It gets no more until jobs are settled, or it is [looked at](Window::look).
    pub fn is_full(&self) -> bool {
        let count = self.lock();
        count.granted == 0
    }

    /// After a second: jobs whose lease is over are nobody's, and a quiet worker gets more.
    pub fn look(&self, now: i64) {
        let mut count = self.lock();
        count.unsettled.retain(|_, deadline| *deadline > now);
        if std::mem::replace(&mut count.quiet, true) {
            count.limit = (2 * count.limit).min(STREAM_JOBS_MAX);
        }
        self.grant(count);
    }

    fn grant(&self, mut count: MutexGuard<'_, Count>) {
        let more = count.room();
        count.granted += more;
        drop(count);
        if let Some(stream) = self.stream.upgrade().filter(|_| more > 0) {
            stream.add_credit(more);
        }
    }
}

impl Count {
    fn room(&self) -> u32 {
        let left = self.limit.saturating_sub(self.unsettled.len());
        let most = u32::try_from(left).unwrap_or(u32::MAX).min(STREAM_CREDIT_MAX);
        most.saturating_sub(self.granted)
    }
}

impl Windows {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Key, Weak<Window>>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A job leaves for its worker.
    pub fn taken(&self, window: &Arc<Window>, job: &LeasedJob) {
        self.lock().insert(job.key, Arc::downgrade(window));
        window.taken(job);
    }

    /// A worker said something of a job.
    pub fn settled(&self, job: Key) {
        let window = self.lock().remove(&job);
        if let Some(window) = window.and_then(|window| window.upgrade()) {
            window.settled(job);
        }
    }

    /// A stream has ended.
    pub fn forget(&self, window: &Window) {
        let keys: Vec<Key> = window.lock().unsettled.keys().copied().collect();
        let mut jobs = self.lock();
        for key in keys {
            // It may be at another worker by now.
            if jobs.get(&key).is_some_and(|of| std::ptr::eq(of.as_ptr(), window)) {
                jobs.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(granted: u32, unsettled: usize, limit: usize) -> u32 {
        let unsettled = (0..unsettled as i64).map(|key| (key, 0)).collect();
        Count { granted, unsettled, limit, quiet: true }.room()
    }

    #[test]
    fn a_stream_has_no_more_than_its_limit_at_its_worker_and_on_the_way() {
        assert_eq!(room(STREAM_CREDIT_MAX, 0, 64), 0);
        assert_eq!(room(0, 0, 64), STREAM_CREDIT_MAX);
        assert_eq!(room(0, 60, 64), 4);
        assert_eq!(room(3, 60, 64), 1);
        assert_eq!(room(0, 64, 64), 0);
        assert_eq!(room(0, 70, 64), 0);
    }
}
