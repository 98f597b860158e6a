//! Is anything under way? Everything that somebody must still handle holds a token: a command in
//! a mailbox, an outcome that waits for the disk, a job that a closure works on. When no token is
//! left the engine is at rest, and a virtual clock may move.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

#[derive(Default)]
struct Count {
    tokens: AtomicUsize,
    gate: Mutex<()>,
    rest: Condvar,
}

/// Counts what is under way.
#[derive(Clone, Default)]
pub struct Activity(Arc<Count>);

/// Something under way, until it is dropped.
pub struct Token(Arc<Count>);

impl Activity {
    /// Something begins.
    pub fn begin(&self) -> Token {
        self.0.tokens.fetch_add(1, Ordering::AcqRel);
        Token(Arc::clone(&self.0))
    }

    /// Waits until nothing is under way.
    pub fn wait_for_rest(&self) {
        let mut gate = self.0.gate.lock().unwrap_or_else(PoisonError::into_inner);
        while self.0.tokens.load(Ordering::Acquire) > 0 {
            gate = self.0.rest.wait(gate).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Clone for Token {
    fn clone(&self) -> Token {
        Activity(Arc::clone(&self.0)).begin()
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        if self.0.tokens.fetch_sub(1, Ordering::AcqRel) == 1 {
            // The lock is taken so that a waiter between its look and its sleep is not missed.
            drop(self.0.gate.lock().unwrap_or_else(PoisonError::into_inner));
            self.0.rest.notify_all();
        }
    }
}
