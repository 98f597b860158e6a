//! Aggregates that are not in memory: what waits for them, and how they come back.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use engine::Key;
use journal::Lsn;

use super::{Partition, Tail};
use crate::Error;
use crate::limits::{COLD_WAITING_MAX, COOL_KEYS_MAX};
use crate::machine::{Machine, Need, Place};
use crate::mailbox::{Class, Envelope, Input, Signal};

/// Receives a blob, on any thread.
pub type Loaded = Box<dyn FnOnce(Result<Option<Vec<u8>>, Error>) + Send>;

/// Blobs in memory, which tests use to forget aggregates at random after each command: a seeded
/// generator chooses, so that a failure can be repeated.
pub struct Forgetful {
    rows: Mutex<BTreeMap<Key, Vec<u8>>>,
    seed: Mutex<u64>,
}

impl Forgetful {
    /// Forgets by this seed.
    pub fn by(seed: u64) -> Forgetful {
        Forgetful { rows: Mutex::default(), seed: Mutex::new(seed | 1) }
    }

    fn chooses(&self) -> bool {
        // xorshift64: enough to choose by, and the same everywhere.
        let mut seed = self.seed.lock().unwrap_or_else(PoisonError::into_inner);
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        seed.is_multiple_of(3)
    }

    fn rows(&self) -> MutexGuard<'_, BTreeMap<Key, Vec<u8>>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The log is folded again: what was forgotten is hot then.
    pub(super) fn reset(&self) {
        self.rows().clear();
    }
}

/// When aggregates in memory were used last, by the position that was accepted then.
#[derive(Default)]
pub(super) struct Recency {
    stamps: BTreeMap<Key, Lsn>,
    order: BTreeSet<(Lsn, Key)>,
    /// When which position was accepted, oldest first.
    samples: VecDeque<(Instant, Lsn)>,
    /// What was used up to here may leave.
    limit: Lsn,
}

impl Recency {
    pub(super) fn used(&mut self, key: Key, at: Lsn) {
        self.gone(key);
        self.stamps.insert(key, at);
        self.order.insert((at, key));
    }

    fn gone(&mut self, key: Key) {
        if let Some(old) = self.stamps.remove(&key) {
            self.order.remove(&(old, key));
        }
    }

    fn oldest(&self, max: usize) -> Vec<Key> {
        let old = self.order.range(..=(self.limit, Key::MAX));
        old.take(max).map(|(_, key)| *key).collect()
    }

    /// The position that was accepted `after` ago.
    fn accepted_before(&mut self, after: Duration, now: Lsn) -> Lsn {
        let time = Instant::now();
        self.samples.push_back((time, now));
        let aged = |(at, _): &(Instant, Lsn)| time.duration_since(*at) >= after;
        while self.samples.get(1).is_some_and(aged) {
            self.samples.pop_front();
        }
        self.samples.front().filter(|sample| aged(sample)).map_or(0, |(_, lsn)| *lsn)
    }
}

impl<M: Machine> Partition<M> {
    /// Parks an input behind the first aggregate that it needs, and asks for all of them.
    pub(super) fn load(&mut self, need: Need, input: Input<M>) {
        let Some(first) = need.0.first().copied() else {
            return refuse(input, "a decision needs aggregates and names none");
        };
        for key in need.0 {
            if let std::collections::btree_map::Entry::Vacant(entry) = self.waiting.entry(key) {
                entry.insert(Default::default());
                self.fetch(key);
            }
        }
        self.park(first, input);
    }

    fn fetch(&self, key: Key) {
        let (mailbox, claim) = (self.mailbox.clone(), self.claim);
        let token = self.parts.activity.begin();
        let then = move |blob| mailbox.signal(Signal::Loaded(claim, key, blob, token));
        let forgotten = self.parts.forget.as_ref().and_then(|forget| forget.rows().remove(&key));
        let (None, Some(vault)) = (&forgotten, &self.parts.vault) else {
            return then(Ok(forgotten));
        };
        let (reading, name) = (Arc::clone(vault), self.parts.name.clone());
        let (journal, empty) = (Arc::clone(&self.parts.journal), Arc::clone(&self.parts.empty));
        let (skip, skip_upto) = (self.parts.skip.clone(), self.skip_upto);
        vault.load(
            key,
            Box::new(move |blob| {
                let mend = |_| {
                    let tail = Tail { name: &name, journal: &*journal, skip: &skip, skip_upto };
                    reading.still().read(key, &tail, &*empty)
                };
                then(blob.or_else(mend));
            }),
        );
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
            let name = &self.parts.name;
            tracing::error!(partition = %name, key, %error, "unreadable: it stands still");
            self.machine.lose(key);
            self.status.unreadable.fetch_add(1, Ordering::Release);
            let reason = error.to_string();
            let mut met = BTreeSet::new();
            let mut others = VecDeque::new();
            for input in waited {
                // Of a stream the first one needs it; those behind it waited for their turn.
                let stream = match &input {
                    Input::Command(envelope) => self.machine.stream(&envelope.command),
                    Input::Look(..) => None,
                };
                match stream {
                    Some(stream) if !met.insert(stream) => others.push_back(input),
                    _ => self.unreadable(input, &reason),
                }
            }
            for input in others.into_iter().rev() {
                self.todo.push_front(input);
            }
            return;
        }
        if self.parts.vault.is_some() {
            self.recency.used(key, self.accepted);
            self.status.read.fetch_add(1, Ordering::Release);
        }
        for input in waited.into_iter().rev() {
            self.todo.push_front(input);
        }
    }

    /// Refuses what needs an aggregate that cannot be read.
    fn unreadable(&mut self, input: Input<M>, reason: &str) {
        if let Input::Command(envelope) = &input
            && let Some(over) = self.machine.pass_over(&envelope.command)
        {
            self.pass_over(over, reason);
        }
        refuse(input, reason);
    }

    /// A step changed these. Those that a forgetting test chooses leave memory; the others are
    /// stamped when the step is appended.
    pub(super) fn changed(&mut self, keys: Vec<Key>) {
        if let Some(forget) = &self.parts.forget {
            for key in keys.iter().filter(|_| forget.chooses()) {
                if let Some(blob) = self.machine.blob(*key)
                    && self.machine.passivate(*key)
                {
                    forget.rows().insert(*key, blob);
                }
            }
        }
        if self.parts.vault.is_some() {
            self.unstamped.extend(keys);
        }
    }

    /// What the steps of the group changed is no older than the group.
    pub(super) fn stamp(&mut self) {
        for key in std::mem::take(&mut self.unstamped) {
            match self.machine.place(key) {
                Place::Hot => self.recency.used(key, self.accepted),
                Place::Cold | Place::Absent => self.recency.gone(key),
            }
        }
        self.report_hot();
    }

    pub(super) fn report_hot(&self) {
        let hot = self.recency.stamps.len() as u64;
        self.status.hot.store(hot, Ordering::Release);
    }

    /// Lets go of what was not used for `after` and is in the newest checkpoint as it is.
    pub(crate) fn cool(&mut self, after: Duration) {
        let Some(vault) = &self.parts.vault else { return };
        let published = vault.published();
        let idle = self.recency.accepted_before(after, self.accepted);
        self.recency.limit = idle.min(published);
        self.cool_some();
    }

    /// A few at a time, because the loop has other things to do.
    fn cool_some(&mut self) {
        // What a group under way changed has no stamp yet and may look old.
        if !self.group.is_empty() {
            return;
        }
        let vault = self.parts.vault.clone();
        let stays = |key| vault.as_ref().is_some_and(|vault| vault.is_large(key));
        let old = self.recency.oldest(COOL_KEYS_MAX);
        for key in &old {
            let left = !stays(*key) && self.machine.passivate(*key);
            if left || self.machine.place(*key) != Place::Hot {
                self.recency.gone(*key);
            } else {
                // It has work of its own to do, or is too large.
                self.recency.used(*key, self.accepted);
            }
        }
        self.report_hot();
        if old.len() == COOL_KEYS_MAX {
            let control = |partition: &mut Partition<M>| partition.cool_some();
            let signal = Signal::Control(Box::new(control), self.parts.activity.begin());
            self.mailbox.signal(signal);
        }
    }
}

fn refuse<M: Machine>(input: Input<M>, reason: &str) {
    if let Input::Command(Envelope { reply: Some(reply), .. }) = input {
        reply(Err(Error::Internal { reason: reason.to_owned() }));
    }
}
