//! What a server holds a bounded number of: parked polls, streams. One too many is refused, in
//! words to the client and in the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::failure::{Failure, Kind};

/// A number of places.
#[derive(Debug)]
pub struct Places {
    what: &'static str,
    max: usize,
    taken: AtomicUsize,
    /// The log has it since a place was last free: a client that tries again and again fills none.
    told: AtomicBool,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub struct Place(Arc<Places>);

impl Places {
    pub fn new(what: &'static str, max: usize) -> Arc<Places> {
        Arc::new(Places { what, max, taken: AtomicUsize::new(0), told: AtomicBool::new(false) })
    }

    /// # Errors
    /// RESOURCE_EXHAUSTED when all are taken.
    pub fn take(self: &Arc<Self>) -> Result<Place, Failure> {
        let place = Place(Arc::clone(self));
        if self.taken.fetch_add(1, Ordering::AcqRel) < self.max {
            return Ok(place);
        }
        let Places { what, max, .. } = **self;
        let text = format!("Expected at most {max} {what}, but as many are open");
        metrics::counter!("grevy_refused_total", "what" => what).increment(1);
        if !self.told.swap(true, Ordering::AcqRel) {
            tracing::warn!("{text}: further ones are refused until one closes");
        }
        Err(Failure::new(Kind::ResourceExhausted, text))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // The refused one counted too.
        if self.0.taken.fetch_sub(1, Ordering::AcqRel) <= self.0.max {
            self.0.told.store(false, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_too_many_is_refused_until_another_leaves() {
        let places = Places::new("streams", 2);
        let (first, _second) = (places.take().unwrap(), places.take().unwrap());
        for _ in 0..3 {
            let refused = places.take().unwrap_err();
            assert_eq!(refused.kind, Kind::ResourceExhausted);
            assert_eq!(refused.text, "Expected at most 2 streams, but as many are open");
            assert!(places.told.load(Ordering::Acquire), "once in the log");
        }
        drop(first);
        assert!(!places.told.load(Ordering::Acquire));
        let _third = places.take().unwrap();
        assert!(places.take().is_err());
    }
}
