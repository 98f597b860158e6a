//! What happens when somebody has waited long enough: long polls, awaited results. Real time, on
//! a thread of its own; process timers are state and live in the partitions.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

type Act = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Waiting {
    acts: BTreeMap<Deadline, Act>,
    next: u64,
    closed: bool,
}

/// One act that is still to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Deadline(Instant, u64);

/// Acts in the future.
pub(crate) struct Deadlines {
    waiting: Arc<(Mutex<Waiting>, Condvar)>,
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
}

impl Deadlines {
    /// Starts the thread.
    pub fn start() -> Deadlines {
        let waiting: Arc<(Mutex<Waiting>, Condvar)> = Arc::default();
        let shared = Arc::clone(&waiting);
        let named = std::thread::Builder::new().name("grevy-deadlines".to_owned());
        let thread = named.spawn(move || run(&shared)).ok();
        Deadlines { waiting, thread: Mutex::new(thread) }
    }

    /// Does it after `delay`. What is due when the engine closes is dropped.
    /// `None`: so far away that it never comes.
    pub fn after(&self, delay: Duration, act: impl FnOnce() + Send + 'static) -> Option<Deadline> {
        let at = Instant::now().checked_add(delay)?;
        let (waiting, changed) = &*self.waiting;
        let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let deadline = Deadline(at, waiting.next);
        waiting.next += 1;
        waiting.acts.insert(deadline, Box::new(act));
        // The thread sleeps until the first one; a later one need not wake it.
        if waiting.acts.first_key_value().is_some_and(|(first, _)| *first == deadline) {
            changed.notify_one();
        }
        Some(deadline)
    }

    /// It is not needed any more.
    pub fn cancel(&self, deadline: Deadline) {
        let mut waiting = self.waiting.0.lock().unwrap_or_else(PoisonError::into_inner);
        let act = waiting.acts.remove(&deadline);
        drop(waiting);
        drop(act);
    }

    /// Ends the thread.
    pub fn close(&self) {
        let (waiting, changed) = &*self.waiting;
        waiting.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        changed.notify_one();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        // The last handle may be dropped by an act, on the thread itself.
        if let Some(thread) = thread.filter(|t| t.thread().id() != std::thread::current().id()) {
            drop(thread.join());
        }
    }
}

fn run(shared: &(Mutex<Waiting>, Condvar)) {
    let (lock, changed) = shared;
    let mut waiting = lock.lock().unwrap_or_else(PoisonError::into_inner);
    while !waiting.closed {
        let now = Instant::now();
        let first = waiting.acts.first_key_value().map(|(Deadline(at, _), _)| *at);
        match first {
            Some(at) if at <= now => {
                if let Some((_, act)) = waiting.acts.pop_first() {
                    drop(waiting);
                    act();
                    waiting = lock.lock().unwrap_or_else(PoisonError::into_inner);
                }
            }
            Some(at) => {
                let timed = changed.wait_timeout(waiting, at - now);
                waiting = timed.unwrap_or_else(PoisonError::into_inner).0;
            }
            None => waiting = changed.wait(waiting).unwrap_or_else(PoisonError::into_inner),
        }
    }
    waiting.acts.clear();
}
