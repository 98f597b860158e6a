//! Where time comes from: the machine's clock, or one that a test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::limits::CLOCK_JUMP_MAX_MS;

/// Time in ms since 1970; clones share it.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's.
    Real,
    /// Runs `factor` times as fast as the machine's since `origin`: days in seconds, for demos.
    Scaled {
        /// Where both clocks stood together, in ms.
        origin: i64,
        /// Milliseconds of this clock per millisecond of the machine's.
        factor: u32,
    },
    /// Moves only when it is told to.
    Virtual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `start` (ms since 1970).
    pub fn virtual_from(start: i64) -> Clock {
        Clock::Virtual(Arc::new(AtomicI64::new(start)))
    }

    /// Milliseconds since 1970.
    pub fn now(&self) -> i64 {
        match self {
            Clock::Real => wall(),
            Clock::Scaled { origin, factor } => {
                let since = wall().saturating_sub(*origin).max(0);
                origin.saturating_add(since.saturating_mul(i64::from(*factor)))
            }
            Clock::Virtual(now) => now.load(Ordering::Acquire),
        }
    }

    /// How long the machine's clock takes for `left` ms of this one.
    pub fn wait_for(&self, left: i64) -> Duration {
        let factor = match self {
            Clock::Real | Clock::Virtual(_) => 1,
            Clock::Scaled { factor, .. } => u64::from((*factor).max(1)),
        };
        Duration::from_millis(left.unsigned_abs().div_ceil(factor))
    }

    /// So many ms of the machine's clock, in ms of this one: for leases, whose workers live in the
    /// machine's time.
    pub fn stretch(&self, ms: i64) -> i64 {
        match self {
            Clock::Real | Clock::Virtual(_) => ms,
            Clock::Scaled { factor, .. } => ms.saturating_mul(i64::from((*factor).max(1))),
        }
    }

    /// Does it stand until it is told to move?
    pub fn is_virtual(&self) -> bool {
        matches!(self, Clock::Virtual(_))
    }

    /// Moves a virtual clock forward; a real one stays.
    pub fn move_to(&self, to: i64) {
        if let Clock::Virtual(now) = self {
            now.fetch_max(to, Ordering::AcqRel);
        }
    }
}

fn wall() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Sees the wall clock run ahead of the time since boot within one run. A jump would fire every
/// timer of the coming days at once, so timers stop until an operator says that it is right.
#[derive(Debug)]
pub(crate) struct JumpGuard {
    wall: i64,
    boot: i64,
}

impl JumpGuard {
    pub fn new() -> JumpGuard {
        JumpGuard { wall: wall(), boot: since_boot() }
    }

    /// Milliseconds that the wall clock is ahead, if that is more than it may be.
    pub fn jumped(&self) -> Option<i64> {
        let ahead = (wall() - self.wall) - (since_boot() - self.boot);
        (ahead > CLOCK_JUMP_MAX_MS).then_some(ahead)
    }
}

/// Milliseconds since boot, counting the time that the machine slept: a laptop that wakes up has
/// not jumped. `Instant` does not count it on Linux, so the kernel's own figure is read; where
/// there is none, `Instant` is the best there is.
fn since_boot() -> i64 {
    let uptime = std::fs::read_to_string("/proc/uptime").ok();
    let seconds = uptime.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    if let Some(seconds) = seconds {
        return (seconds * 1_000.0) as i64;
    }
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    i64::try_from(START.get_or_init(Instant::now).elapsed().as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wall_clock_that_ran_ahead_is_seen() {
        let mut guard = JumpGuard::new();
        assert_eq!(guard.jumped(), None);
        guard.wall -= CLOCK_JUMP_MAX_MS + 5_000;
        assert!(guard.jumped().is_some_and(|ahead| ahead > CLOCK_JUMP_MAX_MS));
        guard.boot -= CLOCK_JUMP_MAX_MS + 5_000;
        assert_eq!(guard.jumped(), None);
    }

    #[test]
    fn a_scaled_clock_runs_so_many_times_as_fast() {
        let origin = wall() - 1_000;
        let clock = Clock::Scaled { origin, factor: 86_400 };
        assert!(clock.now() >= origin + 86_400_000, "a day in a second");
        assert_eq!(clock.wait_for(86_400_000), Duration::from_secs(1));
    }

    #[test]
    fn a_virtual_clock_never_moves_back() {
        let clock = Clock::virtual_from(1_000);
        clock.move_to(5_000);
        clock.move_to(2_000);
        assert_eq!(clock.now(), 5_000);
    }
}
