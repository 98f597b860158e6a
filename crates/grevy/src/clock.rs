//! Where time comes from: the machine's clock, or one that a test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::limits::CLOCK_JUMP_MAX_MS;

/// Time in ms since 1970; clones share it.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's.
    Real,
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
            Clock::Virtual(now) => now.load(Ordering::Acquire),
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
    fn a_virtual_clock_never_moves_back() {
        let clock = Clock::virtual_from(1_000);
        clock.move_to(5_000);
        clock.move_to(2_000);
        assert_eq!(clock.now(), 5_000);
    }
}
