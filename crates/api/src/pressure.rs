//! Back-pressure: how much new work may be under way, by what it was measured to
//! stand. Additive increase, multiplicative decrease over the time from a command to its answer.
//!
//! Only intake asks here (creating, publishing, activating); what ends work passes, because it is
//! what makes room. A limit by queue length alone was refused: on a slow disk a short queue is
//! already a long wait, on a fast one a long queue is none.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::failure::{Failure, Kind};

/// This much is always taken, however slow its disk is.
const FLOOR: f64 = 64.0;
/// More is never taken; the mailboxes of the runtime are larger.
const CEILING: f64 = 8_192.0;
/// Slower answers than this shrink the limit.
const TARGET: Duration = Duration::from_millis(200);
/// The limit shrinks at most this often, so that one stall counts once.
const SHRINK_EVERY: Duration = Duration::from_millis(100);
const SHRINK_TO: f64 = 0.7;

/// The limit of new work.
#[derive(Debug)]
pub struct Pressure {
    under_way: AtomicUsize,
    measured: Mutex<Measured>,
}

#[derive(Debug)]
struct Measured {
    limit: f64,
    shrunk: Option<Instant>,
}

/// One command under way; measures on drop.
#[derive(Debug)]
pub struct Permit<'a> {
    pressure: &'a Pressure,
    since: Instant,
    measures: bool,
}

impl Default for Pressure {
    fn default() -> Pressure {
        let measured = Measured { limit: 1_024.0, shrunk: None };
        Pressure { under_way: AtomicUsize::new(0), measured: Mutex::new(measured) }
    }
}

impl Pressure {
    /// Takes a command in, or says that there are too many.
    pub fn admit(&self) -> Result<Permit<'_>, Failure> {
        let limit = self.limit();
        let under_way = self.under_way.fetch_add(1, Ordering::AcqRel);
        let permit = Permit { pressure: self, since: Instant::now(), measures: true };
        if under_way >= limit {
            metrics::counter!("grevy_intake_refused_total").increment(1);
            let mut permit = permit;
            permit.measures = false;
            return Err(Failure::new(
                Kind::ResourceExhausted,
                format!(
                    "Expected to take new work in, but {limit} commands are under way, which is \
                     what the disk stands by its measured latency; try again, slower"
                ),
            ));
        }
        Ok(permit)
    }

    /// What is taken at the moment.
    pub fn limit(&self) -> usize {
        self.lock().limit as usize
    }

    fn observe(&self, took: Duration, under_way: usize, now: Instant) {
        let mut measured = self.lock();
        if took > TARGET {
            let recent = measured.shrunk.is_some_and(|at| now.duration_since(at) < SHRINK_EVERY);
            if !recent {
                measured.limit = (measured.limit * SHRINK_TO).max(FLOOR);
                measured.shrunk = Some(now);
            }
        } else if 2 * under_way > measured.limit as usize {
            // One more per round trip of everything under way, as TCP does.
            measured.limit = (measured.limit + 1.0).min(CEILING);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Measured> {
        self.measured.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Permit<'_> {
    /// Does not measure: the caller waits for more than the partition.
    pub fn unmeasured(mut self) -> Self {
        self.measures = false;
        self
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let under_way = self.pressure.under_way.fetch_sub(1, Ordering::AcqRel);
        if self.measures {
            self.pressure.observe(self.since.elapsed(), under_way, Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_answers_shrink_the_limit_once_a_stall_and_quick_ones_grow_it_under_load() {
        let pressure = Pressure::default();
        let start = Instant::now();
        for _ in 0..100 {
            pressure.observe(Duration::from_secs(1), 1_000, start);
        }
        assert_eq!(pressure.limit(), 716);
        for step in 1..100 {
            pressure.observe(Duration::from_secs(1), 1_000, start + step * SHRINK_EVERY);
        }
        assert_eq!(pressure.limit(), FLOOR as usize);
        pressure.observe(Duration::from_millis(1), 1, start);
        assert_eq!(pressure.limit(), FLOOR as usize, "an idle server learns nothing");
        pressure.observe(Duration::from_millis(1), 60, start);
        assert_eq!(pressure.limit(), FLOOR as usize + 1);
    }

    #[test]
    fn what_is_over_the_limit_is_refused_until_something_ends() {
        let pressure = Pressure::default();
        pressure.lock().limit = 2.0;
        let first = pressure.admit().unwrap();
        let _second = pressure.admit().unwrap();
        let refused = pressure.admit().unwrap_err();
        assert_eq!(refused.kind, Kind::ResourceExhausted);
        drop(first);
        assert!(pressure.admit().is_ok());
    }
}
