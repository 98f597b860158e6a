//! Back-pressure: how much new work may be under way on each partition, by what it was measured to
//! stand. Additive increase, multiplicative decrease over the time from a command to its answer.
//!
//! Only intake asks here (creating, publishing, correlating, evaluating); what ends work passes,
//! because it is what makes room, and the loop of a partition takes it first. A limit by queue
//! length alone was refused: on a slow disk a short queue is already a long wait, on a fast one a
//! long queue is none.

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

/// The limits of new work, one for each partition: each has a disk's latency of its own.
#[derive(Debug)]
pub struct Pressure {
    gauges: Box<[Gauge]>,
}

#[derive(Debug)]
struct Gauge {
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
    /// None for a partition that is not there, which the engine says better.
    gauge: Option<&'a Gauge>,
    since: Instant,
    measures: bool,
}

impl Pressure {
    pub fn new(partitions: u16) -> Pressure {
        Pressure { gauges: (0..partitions).map(|_| Gauge::default()).collect() }
    }

    /// Takes a command for a partition (from 1) in, or says that it has too many.
    pub fn admit(&self, partition: u16) -> Result<Permit<'_>, Failure> {
        let gauge = usize::from(partition).checked_sub(1).and_then(|at| self.gauges.get(at));
        let mut permit = Permit { gauge, since: Instant::now(), measures: true };
        let Some(gauge) = gauge else { return Ok(permit) };
        let limit = gauge.limit();
        if gauge.under_way.fetch_add(1, Ordering::AcqRel) < limit {
            return Ok(permit);
        }
        permit.measures = false;
        metrics::counter!("grevy_intake_refused_total").increment(1);
        Err(Failure::new(
            Kind::ResourceExhausted,
            format!(
                "Expected to take new work in, but {limit} commands are under way on partition \
                 {partition}, which is what its disk stands by its measured latency; try again, \
                 slower"
            ),
        ))
    }

    /// As [`Pressure::admit`], for the first partition behind `full` that has room.
    pub fn admit_elsewhere(&self, full: u16) -> Result<(Permit<'_>, u16), Failure> {
        let count = self.gauges.len() as u16;
        let others = (1..count).map(|step| (full.saturating_sub(1) + step) % count + 1);
        for partition in others {
            let gauge = &self.gauges[usize::from(partition - 1)];
            if gauge.under_way.load(Ordering::Acquire) < gauge.limit() {
                return Ok((self.admit(partition)?, partition));
            }
        }
        Ok((self.admit(full)?, full))
    }

    /// What each partition takes at the moment.
    pub fn limits(&self) -> Vec<usize> {
        self.gauges.iter().map(Gauge::limit).collect()
    }
}

impl Default for Gauge {
    fn default() -> Gauge {
        let measured = Measured { limit: 1_024.0, shrunk: None };
        Gauge { under_way: AtomicUsize::new(0), measured: Mutex::new(measured) }
    }
}

impl Gauge {
    fn limit(&self) -> usize {
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
        let Some(gauge) = self.gauge else { return };
        let under_way = gauge.under_way.fetch_sub(1, Ordering::AcqRel);
        if self.measures {
            gauge.observe(self.since.elapsed(), under_way, Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_answers_shrink_the_limit_once_a_stall_and_quick_ones_grow_it_under_load() {
        let gauge = Gauge::default();
        let start = Instant::now();
        for _ in 0..100 {
            gauge.observe(Duration::from_secs(1), 1_000, start);
        }
        assert_eq!(gauge.limit(), 716);
        for step in 1..100 {
            gauge.observe(Duration::from_secs(1), 1_000, start + step * SHRINK_EVERY);
        }
        assert_eq!(gauge.limit(), FLOOR as usize);
        gauge.observe(Duration::from_millis(1), 1, start);
        assert_eq!(gauge.limit(), FLOOR as usize, "an idle server learns nothing");
        gauge.observe(Duration::from_millis(1), 60, start);
        assert_eq!(gauge.limit(), FLOOR as usize + 1);
    }

    #[test]
    fn what_is_over_the_limit_is_refused_until_something_ends() {
        let pressure = Pressure::new(1);
        pressure.gauges[0].lock().limit = 2.0;
        let first = pressure.admit(1).unwrap();
        let _second = pressure.admit(1).unwrap();
        let refused = pressure.admit(1).unwrap_err();
        assert_eq!(refused.kind, Kind::ResourceExhausted);
        assert!(refused.text.contains("partition 1"), "{}", refused.text);
        assert_eq!(pressure.admit_elsewhere(1).unwrap_err().kind, Kind::ResourceExhausted);
        drop(first);
        assert!(pressure.admit(1).is_ok());
    }

    #[test]
    fn a_full_partition_refuses_nothing_that_another_can_take() {
        let pressure = Pressure::new(3);
        pressure.gauges[2].lock().limit = 0.0;
        assert!(pressure.admit(3).is_err());
        let (_permit, partition) = pressure.admit_elsewhere(3).unwrap();
        assert_eq!(partition, 1);
        pressure.gauges[0].lock().limit = 0.0;
        assert_eq!(pressure.admit_elsewhere(3).unwrap().1, 2);
        assert!(pressure.admit(4).is_ok(), "the engine says that there is none");
        assert!(pressure.admit(0).is_ok());
    }
}
