//! A time of day.

use super::read::Reader;
use super::{Date, NANOS_PER_SECOND, SECONDS_PER_DAY, Zone};
use std::cmp::Ordering;
use std::fmt;

/// A time of day, with or without a zone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Time {
    nanos: u64,
    zone: Zone,
}

impl Time {
    /// The time, if it exists; `nanosecond` is below one second.
    pub fn new(hour: u8, minute: u8, second: u8, nanosecond: u32, zone: Zone) -> Option<Time> {
        if hour > 23 || minute > 59 || second > 59 || u64::from(nanosecond) >= NANOS_PER_SECOND {
            return None;
        }
        let seconds = u64::from(hour) * 3600 + u64::from(minute) * 60 + u64::from(second);
        Some(Time { nanos: seconds * NANOS_PER_SECOND + u64::from(nanosecond), zone })
    }

    /// The time that many nanoseconds after midnight; whole days are dropped.
    pub fn from_nanos_of_day(nanos: u64, zone: Zone) -> Time {
        Time { nanos: nanos % (SECONDS_PER_DAY as u64 * NANOS_PER_SECOND), zone }
    }

    /// Reads `HH:MM:SS` with an optional fraction and zone.
    pub fn parse(text: &str) -> Option<Time> {
        let mut reader = Reader::new(text);
        let time = Time::read(&mut reader)?;
        reader.is_at_end().then_some(time)
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Time> {
        let hour = reader.two_digits()?;
        let minute = reader.skip(b':').then(|| reader.two_digits()).flatten()?;
        let second = if reader.skip(b':') { reader.two_digits()? } else { 0 };
        let nanosecond = if reader.skip(b'.') { reader.nanoseconds()? } else { 0 };
        Time::new(hour, minute, second, nanosecond, Zone::read(reader)?)
    }

    /// 0 to 23.
    pub fn hour(&self) -> u8 {
        (self.nanos / NANOS_PER_SECOND / 3600) as u8
    }

    /// 0 to 59.
    pub fn minute(&self) -> u8 {
        (self.nanos / NANOS_PER_SECOND / 60 % 60) as u8
    }

    /// 0 to 59.
    pub fn second(&self) -> u8 {
        (self.nanos / NANOS_PER_SECOND % 60) as u8
    }

    /// Below one second.
    pub fn nanosecond(&self) -> u32 {
        (self.nanos % NANOS_PER_SECOND) as u32
    }

    /// Nanoseconds since midnight on its own wall clock.
    pub fn nanos_of_day(&self) -> u64 {
        self.nanos
    }

    /// Its zone.
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Seconds east of UTC; a named zone is taken at 1970-01-01, since a time has no day.
    pub fn offset_seconds(&self) -> Option<i32> {
        let day = Date::from_epoch_days(0)?;
        self.zone.offset_at(day, (self.nanos / NANOS_PER_SECOND) as i64)
    }

    /// Which comes first; `None` if one has a zone and the other has none.
    pub fn compare(&self, other: &Time) -> Option<Ordering> {
        match (self.offset_seconds(), other.offset_seconds()) {
            (None, None) => Some(self.nanos.cmp(&other.nanos)),
            (Some(left), Some(right)) => Some(self.utc_nanos(left).cmp(&other.utc_nanos(right))),
            (Some(_), None) | (None, Some(_)) => None,
        }
    }

    fn utc_nanos(&self, offset: i32) -> i64 {
        self.nanos as i64 - i64::from(offset) * NANOS_PER_SECOND as i64
    }

    /// Nanoseconds from `other` to this; `None` if one has a zone and the other has none.
    pub fn nanos_since(&self, other: &Time) -> Option<i128> {
        match (self.offset_seconds(), other.offset_seconds()) {
            (None, None) => Some(i128::from(self.nanos) - i128::from(other.nanos)),
            (Some(left), Some(right)) => {
                Some(i128::from(self.utc_nanos(left)) - i128::from(other.utc_nanos(right)))
            }
            (Some(_), None) | (None, Some(_)) => None,
        }
    }

    /// The time of day that many nanoseconds later, around the clock.
    pub fn add_nanos(&self, nanos: i128) -> Time {
        let day = i128::from(SECONDS_PER_DAY as u64 * NANOS_PER_SECOND);
        let sum = (i128::from(self.nanos) + nanos % day).rem_euclid(day);
        Time { nanos: sum as u64, zone: self.zone.clone() }
    }
}

/// Writes `HH:MM:SS`, with a fraction if there is one.
pub(super) fn write_clock(f: &mut fmt::Formatter<'_>, nanos: u64) -> fmt::Result {
    let seconds = nanos / NANOS_PER_SECOND;
    write!(f, "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)?;
    write_fraction(f, (nanos % NANOS_PER_SECOND) as u32)
}

pub(super) fn write_fraction(f: &mut fmt::Formatter<'_>, nanosecond: u32) -> fmt::Result {
    if nanosecond == 0 {
        return Ok(());
    }
    write!(f, ".{}", format!("{nanosecond:09}").trim_end_matches('0'))
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_clock(f, self.nanos)?;
        write!(f, "{}", self.zone)
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
