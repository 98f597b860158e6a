//! Who waits for an instance to end, or for a message to be taken.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use engine::Key;
use engine::event::NamedValue;

use crate::Error;

/// How an instance ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// The instance.
    pub instance: Key,
    /// `false`: it was cancelled.
    pub completed: bool,
    /// Of its root scope.
    pub variables: Vec<NamedValue>,
}

/// Called once.
pub type Then<T> = Box<dyn FnOnce(Result<T, Error>) + Send>;

/// Waiters by key.
pub(crate) struct Waiters<T> {
    rows: Mutex<BTreeMap<Key, Vec<Then<T>>>>,
}

impl<T> Default for Waiters<T> {
    fn default() -> Waiters<T> {
        Waiters { rows: Mutex::default() }
    }
}

impl<T: Clone> Waiters<T> {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Key, Vec<Then<T>>>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for `key`.
    pub fn add(&self, key: Key, then: Then<T>) {
        self.lock().entry(key).or_default().push(then);
    }

    /// It came.
    pub fn tell(&self, key: Key, outcome: &Result<T, Error>) {
        let waiters = self.lock().remove(&key);
        for then in waiters.into_iter().flatten() {
            then(outcome.clone());
        }
    }

    /// Keys that somebody waits for.
    pub fn keys(&self) -> Vec<Key> {
        self.lock().keys().copied().collect()
    }

    /// Tells everyone that nothing will come.
    pub fn close(&self) {
        let rows = std::mem::take(&mut *self.lock());
        for then in rows.into_values().flatten() {
            then(Err(Error::Closed));
        }
    }
}
