//! Counters that change with a batch.

use std::collections::HashMap;

use engine::Key;

use crate::names::{ACTIVE, COMPLETED};

/// Length of a pulse.
pub(crate) const PULSE_MS: i64 = 10_000;

/// The instance as a whole, where an element number is asked for.
pub(crate) const WHOLE: i64 = -1;

#[derive(Debug, Default)]
pub(crate) struct Totals {
    pub elements: HashMap<(Key, i64), Count>,
    pub instances: HashMap<Key, Count>,
    pub minutes: HashMap<(i64, Key), Minute>,
    pub durations: HashMap<Duration, i64>,
    /// By the start of their ten seconds, all definitions together.
    pub pulses: HashMap<i64, Pulse>,
    /// Times taken, by definition and flow.
    pub flows: HashMap<(Key, i64), i64>,
}

/// Instances that came and went within ten seconds.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Pulse {
    pub started: i64,
    pub completed: i64,
    pub terminated: i64,
}

/// Changes of the numbers of active, completed and terminated ones.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Count {
    pub active: i64,
    pub completed: i64,
    pub terminated: i64,
}

#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Minute {
    pub started: i64,
    pub completed: i64,
    pub terminated: i64,
    pub elements: i64,
    pub incidents: i64,
}

#[derive(Debug, PartialEq, Eq, Hash, Clone, Copy)]
pub(crate) struct Duration {
    pub definition: Key,
    pub element_no: i64,
    pub minute: i64,
    pub bucket: i64,
}

impl Count {
    fn add(&mut self, state: i64, amount: i64) {
        match state {
            ACTIVE => self.active += amount,
            COMPLETED => self.completed += amount,
            _ => self.terminated += amount,
        }
    }
}

impl Totals {
    /// An element instance began, and has ended by now if its state says so.
    pub fn element_began(&mut self, definition: Key, no: i64, state: i64) {
        let state = if state > 2 { ACTIVE } else { state };
        self.elements.entry((definition, no)).or_default().add(state, 1);
    }

    /// An element instance that began in an earlier batch ended.
    pub fn element_ended(&mut self, definition: Key, no: i64, state: i64) {
        let count = self.elements.entry((definition, no)).or_default();
        count.add(ACTIVE, -1);
        count.add(state, 1);
    }

    /// How long an element instance took that completed at `end`.
    pub fn element_took(&mut self, definition: Key, no: i64, start: i64, end: i64) {
        self.took(definition, no, start, end);
        self.minute(definition, end).elements += 1;
    }

    pub fn instance_began(&mut self, definition: Key, start: i64) {
        self.instances.entry(definition).or_default().active += 1;
        self.minute(definition, start).started += 1;
        self.pulse(start).started += 1;
    }

    pub fn instance_ended(&mut self, definition: Key, state: i64, start: i64, end: i64) {
        let count = self.instances.entry(definition).or_default();
        count.add(ACTIVE, -1);
        count.add(state, 1);
        if state == COMPLETED {
            self.took(definition, WHOLE, start, end);
            self.minute(definition, end).completed += 1;
            self.pulse(end).completed += 1;
        } else {
            self.minute(definition, end).terminated += 1;
            self.pulse(end).terminated += 1;
        }
    }

    pub fn incident(&mut self, definition: Key, time: i64) {
        self.minute(definition, time).incidents += 1;
    }

    fn took(&mut self, definition: Key, element_no: i64, start: i64, end: i64) {
        let minute = minute_of(end);
        let bucket = bucket_of(end.saturating_sub(start));
        *self.durations.entry(Duration { definition, element_no, minute, bucket }).or_default() +=
            1;
    }

    fn pulse(&mut self, time: i64) -> &mut Pulse {
        self.pulses.entry(time.div_euclid(PULSE_MS) * PULSE_MS).or_default()
    }

    fn minute(&mut self, definition: Key, time: i64) -> &mut Minute {
        self.minutes.entry((minute_of(time), definition)).or_default()
    }
}

pub(crate) const MINUTE_MS: i64 = 60_000;

/// Start of the minute, in ms.
pub(crate) fn minute_of(time: i64) -> i64 {
    time.div_euclid(MINUTE_MS) * MINUTE_MS
}

/// Durations are kept in buckets of a quarter of a power of two: a percentile is read to 19 %.
pub(crate) fn bucket_of(milliseconds: i64) -> i64 {
    if milliseconds < 1 {
        return 0;
    }
    1 + ((milliseconds as f64).log2() * 4.0).floor() as i64
}

/// The middle of a bucket, in ms.
pub(crate) fn bucket_middle(bucket: i64) -> i64 {
    if bucket < 1 {
        return 0;
    }
    2f64.powf((bucket as f64 - 0.5) / 4.0).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_tells_its_duration_to_a_fifth() {
        for ms in [1, 2, 7, 100, 999, 60_000, 86_400_000, 31_536_000_000] {
            let read = bucket_middle(bucket_of(ms));
            let off = (read - ms).abs() as f64 / ms as f64;
            assert!(off <= 0.19, "{ms} ms is read as {read} ms");
        }
        assert_eq!(bucket_middle(bucket_of(0)), 0);
        assert_eq!(bucket_of(-5), 0);
    }

    #[test]
    fn minutes_before_1970_are_minutes_too() {
        assert_eq!(minute_of(-1), -60_000);
        assert_eq!(minute_of(60_001), 60_000);
    }
}
