//! What happens when somebody has waited long enough: long polls, awaited results. Real time, on
//! a thread of its own; process timers are state and live in the partitions.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

type Act = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Waiting {
    acts: BTreeMap<(Instant, u64), Act>,
    next: u64,
    closed: bool,
}

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
    pub fn after(&self, delay: Duration, act: impl FnOnce() + Send + 'static) {
        let Some(at) = Instant::now().checked_add(delay) else { return };
        let (waiting, changed) = &*self.waiting;
        let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let next = waiting.next;
        waiting.next += 1;
        waiting.acts.insert((at, next), Box::new(act));
        changed.notify_one();
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
        let first = waiting.acts.first_key_value().map(|((at, _), _)| *at);
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
