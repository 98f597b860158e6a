//! How far a log is durable, for everyone who wants to know.

use crate::Lsn;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The durable position: read without a lock, waited for with one.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    durable: AtomicU64,
    gate: Mutex<()>,
    moved: Condvar,
}

impl Progress {
    pub(crate) fn durable(&self) -> Lsn {
        self.durable.load(Ordering::Acquire)
    }

    /// Moves on; everything written for `lsn` is visible to who sees it.
    pub(crate) fn advance(&self, lsn: Lsn) {
        let before = self.durable.fetch_max(lsn, Ordering::AcqRel);
        if before < lsn {
            // The lock is taken so that a waiter between its look and its sleep is not missed.
            drop(lock(&self.gate));
            self.moved.notify_all();
        }
    }

    pub(crate) fn wait(&self, beyond: Lsn, timeout: Duration) -> Lsn {
        let until = Instant::now().checked_add(timeout);
        let mut gate = lock(&self.gate);
        loop {
            let durable = self.durable();
            let left = until.map_or(timeout, |u| u.saturating_duration_since(Instant::now()));
            if durable > beyond || left.is_zero() {
                return durable;
            }
            gate = self.moved.wait_timeout(gate, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// Locks, also after a panic elsewhere: what these locks guard is changed in single steps.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
