//! One suite for every log: what [`Journal`] promises, tried from outside.
//!
//! A backend brings a [`Subject`], which can be opened anew; [`run`] puts each case on a fresh
//! one. A case panics with what was expected.

mod cases;
mod ledger;

pub use ledger::{Ledger, frames_of};

use crate::{Error, Journal, Notice, Notify};
use std::sync::{Arc, Mutex, PoisonError};

/// A log under test.
pub trait Subject {
    /// The log as it is open now.
    fn journal(&self) -> Arc<dyn Journal>;

    /// Lets the process die and opens the log anew: what was not durable may be gone.
    ///
    /// # Errors
    /// What opening says.
    fn reopen(&mut self) -> Result<(), Error>;
}

/// Makes a fresh, empty log.
pub type Make<'a> = &'a dyn Fn() -> Box<dyn Subject>;

/// Puts every case on a log of its own. Panics where a promise is not kept.
pub fn run(make: Make<'_>) {
    for (name, case) in cases::CASES {
        let mut subject = make();
        let verdict = case(subject.as_mut());
        assert!(verdict.is_ok(), "{name}: {}", verdict.err().unwrap_or_default());
    }
}

/// A listener that keeps what it was told.
pub fn listen() -> (Notify, Arc<Mutex<Vec<Notice>>>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let ear = Arc::clone(&heard);
    let notify: Notify = Arc::new(move |notice| {
        ear.lock().unwrap_or_else(PoisonError::into_inner).push(notice);
    });
    (notify, heard)
}

/// A listener that does not listen.
pub fn deaf() -> Notify {
    Arc::new(|_| {})
}

/// How many seeds a test with random runs takes: `GREVY_TEST_SEEDS` times its own number, so that
/// a long run in the lab is the same test.
pub fn seeds(own: u64) -> u64 {
    let times = std::env::var("GREVY_TEST_SEEDS").ok().and_then(|times| times.parse().ok());
    own.saturating_mul(times.unwrap_or(1))
}
