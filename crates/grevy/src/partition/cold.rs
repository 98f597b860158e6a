//! Aggregates that are not in memory: what waits for them, and how they come back.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use engine::Key;

use super::Partition;
use crate::Error;
use crate::limits::COLD_WAITING_MAX;
use crate::machine::{Machine, Need};
use crate::mailbox::{Class, Envelope, Input, Signal};

/// Receives a blob, on any thread.
pub type Loaded = Box<dyn FnOnce(Result<Option<Vec<u8>>, Error>) + Send>;

/// Where cold aggregates lie.
pub trait ColdStore: Send + Sync {
    /// Takes a blob that may be newer than the durable log. It is forgotten by
    /// [`ColdStore::reset`] unless a checkpoint published it since.
    fn put(&self, key: Key, blob: Vec<u8>);

    /// Reads a blob without holding up the caller.
    fn load(&self, key: Key, then: Loaded);

    /// Forgets blobs that no checkpoint published: the log is folded again.
    fn reset(&self);

    /// Aggregates to take out of memory now; tests forget at random.
    fn forget(&self, hot: &[Key]) -> Vec<Key>;
}

/// Blobs in memory, which tests use to forget aggregates at random after each command: a seeded
/// generator chooses, so that a failure can be repeated.
pub struct Blobs {
    rows: Mutex<BTreeMap<Key, Vec<u8>>>,
    seed: Mutex<u64>,
}

impl Blobs {
    /// Forgets by this seed.
    pub fn forgetting(seed: u64) -> Blobs {
        Blobs { rows: Mutex::default(), seed: Mutex::new(seed | 1) }
    }

    fn next(&self) -> u64 {
        // xorshift64: enough to choose by, and the same everywhere.
        let mut seed = self.seed.lock().unwrap_or_else(PoisonError::into_inner);
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        *seed
    }
}

impl ColdStore for Blobs {
    fn put(&self, key: Key, blob: Vec<u8>) {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).insert(key, blob);
    }

    fn load(&self, key: Key, then: Loaded) {
        let blob = self.rows.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        then(Ok(blob));
    }

    fn reset(&self) {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn forget(&self, hot: &[Key]) -> Vec<Key> {
        hot.iter().copied().filter(|_| self.next().is_multiple_of(3)).collect()
    }
}

/// Aggregates that a forgetting store looks at after each command.
const FORGET_LOOK_MAX: usize = 16;

impl<M: Machine> Partition<M> {
    /// Parks an input behind the first aggregate that it needs, and asks for all of them.
    pub(super) fn load(&mut self, need: Need, input: Input<M>) {
        let Some(cold) = self.parts.cold.clone() else {
            return refuse(input, "an aggregate is cold and there is no store");
        };
        let Some(first) = need.0.first().copied() else {
            return refuse(input, "a decision needs aggregates and names none");
        };
        for key in need.0 {
            if let std::collections::btree_map::Entry::Vacant(entry) = self.waiting.entry(key) {
                entry.insert(Default::default());
                let mailbox = self.mailbox.clone();
                let token = self.parts.activity.begin();
                let then = move |blob| mailbox.signal(Signal::Loaded(key, blob, token));
                cold.load(key, Box::new(then));
            }
        }
        self.park(first, input);
    }

    /// Behind what waits for the same aggregate.
    pub(super) fn park(&mut self, key: Key, input: Input<M>) {
        let queue = self.waiting.entry(key).or_default();
        let internal = matches!(&input, Input::Command(e) if e.class == Class::Internal);
        if queue.len() >= COLD_WAITING_MAX && !internal {
            let what = format!(
                "expected at most {COLD_WAITING_MAX} commands that wait for one \
                                instance to be read, but as many wait"
            );
            if let Input::Command(Envelope { reply: Some(reply), .. }) = input {
                reply(Err(Error::Overloaded { what }));
            }
            return;
        }
        queue.push_back(input);
    }

    /// An aggregate was read: what waited for it goes first, in its order.
    pub(super) fn loaded(&mut self, key: Key, blob: Result<Option<Vec<u8>>, Error>) {
        let Some(waited) = self.waiting.remove(&key) else { return };
        self.tick_waits = false;
        let restored = match blob {
            Ok(Some(blob)) => self.machine.restore(key, &blob),
            Ok(None) => Err(Error::invalid(format!("{key} is not in the store"))),
            Err(error) => Err(error),
        };
        if let Err(error) = restored {
            tracing::error!(partition = %self.parts.name, key, %error, "a cold instance is lost");
            for input in waited {
                refuse(input, &error.to_string());
            }
            return;
        }
        for input in waited.into_iter().rev() {
            self.todo.push_front(input);
        }
    }

    /// Takes aggregates out of memory that the store wants to forget.
    pub(super) fn forget(&mut self) {
        let Some(cold) = self.parts.cold.clone() else { return };
        let hot = self.machine.idle(i64::MAX, FORGET_LOOK_MAX);
        for key in cold.forget(&hot) {
            if let Some(blob) = self.machine.passivate(key) {
                cold.put(key, blob);
            }
        }
    }
}

fn refuse<M: Machine>(input: Input<M>, reason: &str) {
    if let Input::Command(Envelope { reply: Some(reply), .. }) = input {
        reply(Err(Error::Internal { reason: reason.to_owned() }));
    }
}
