//! The two kinds of duration. They do not mix: a month has no fixed number of days.

use super::read::Reader;
use super::time::write_fraction;
use super::{NANOS_PER_SECOND, SECONDS_PER_DAY};
use std::fmt;

/// A duration of days, hours, minutes and seconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DaysDuration {
    seconds: i64,
    /// Counts forward from `seconds`, also when those are negative.
    nanos: u32,
}

impl DaysDuration {
    /// No time at all.
    pub const ZERO: DaysDuration = DaysDuration { seconds: 0, nanos: 0 };

    /// The duration of that many nanoseconds, if it is in range.
    pub fn from_nanos(nanos: i128) -> Option<DaysDuration> {
        let second = i128::from(NANOS_PER_SECOND);
        let seconds = i64::try_from(nanos.div_euclid(second)).ok()?;
        Some(DaysDuration { seconds, nanos: nanos.rem_euclid(second) as u32 })
    }

    /// The duration of that many seconds.
    pub fn from_seconds(seconds: i64) -> DaysDuration {
        DaysDuration { seconds, nanos: 0 }
    }

    /// Its length in nanoseconds.
    pub fn nanos(self) -> i128 {
        i128::from(self.seconds) * i128::from(NANOS_PER_SECOND) + i128::from(self.nanos)
    }

    /// Its length in milliseconds, rounded towards the past.
    pub fn millis(self) -> i64 {
        i64::try_from(self.nanos().div_euclid(1_000_000)).unwrap_or(i64::MAX)
    }

    /// Reads `-?PnDTnHnMnS`: at least one part, the seconds may have a fraction.
    pub fn parse(text: &str) -> Option<DaysDuration> {
        let mut reader = Reader::new(text);
        let negative = reader.skip(b'-');
        if !reader.skip(b'P') {
            return None;
        }
        let mut total = 0i128;
        let mut parts = 0;
        let mut in_time = false;
        let mut last_rank = 0;
        while !reader.is_at_end() {
            if !in_time && reader.skip(b'T') {
                in_time = true;
                if reader.is_at_end() {
                    return None;
                }
                continue;
            }
            let digits = reader.digits();
            let number: i128 = if digits.len() > 18 { return None } else { digits.parse().ok()? };
            // `PT1.S` is a second in every engine that is compared with, digits or not.
            let fraction = reader.skip(b'.').then(|| reader.nanoseconds().unwrap_or(0));
            let (unit, rank) = match reader.peek()? {
                b'D' if !in_time => (SECONDS_PER_DAY, 1),
                b'H' if in_time => (3600, 2),
                b'M' if in_time => (60, 3),
                b'S' if in_time => (1, 4),
                _ => return None,
            };
            if rank <= last_rank || (fraction.is_some() && rank != 4) {
                return None;
            }
            let letter = reader.peek()?;
            reader.skip(letter);
            last_rank = rank;
            parts += 1;
            total += number * i128::from(unit) * i128::from(NANOS_PER_SECOND);
            total += i128::from(fraction.unwrap_or(0));
        }
        if parts == 0 {
            return None;
        }
        DaysDuration::from_nanos(if negative { -total } else { total })
    }

    fn parts(self) -> (bool, i128, u32) {
        let nanos = self.nanos();
        let length = nanos.abs();
        let second = i128::from(NANOS_PER_SECOND);
        (nanos < 0, length / second, (length % second) as u32)
    }

    /// Whole days; all parts are negative in a negative duration.
    pub fn days(self) -> i64 {
        self.part(SECONDS_PER_DAY, i64::MAX)
    }

    /// Hours beyond whole days.
    pub fn hours(self) -> i64 {
        self.part(3600, 24)
    }

    /// Minutes beyond whole hours.
    pub fn minutes(self) -> i64 {
        self.part(60, 60)
    }

    /// Seconds beyond whole minutes, without their fraction.
    pub fn seconds(self) -> i64 {
        self.part(1, 60)
    }

    fn part(self, unit: i64, below: i64) -> i64 {
        let (negative, seconds, _) = self.parts();
        let part = (seconds / i128::from(unit) % i128::from(below)) as i64;
        if negative { -part } else { part }
    }
}

impl fmt::Display for DaysDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (negative, total, nanos) = self.parts();
        if total == 0 && nanos == 0 {
            return f.write_str("P0D");
        }
        f.write_str(if negative { "-P" } else { "P" })?;
        let day = i128::from(SECONDS_PER_DAY);
        let (days, rest) = (total / day, total % day);
        if days > 0 {
            write!(f, "{days}D")?;
        }
        if rest == 0 && nanos == 0 {
            return Ok(());
        }
        f.write_str("T")?;
        for (amount, letter) in [(rest / 3600, 'H'), (rest / 60 % 60, 'M')] {
            if amount > 0 {
                write!(f, "{amount}{letter}")?;
            }
        }
        if rest % 60 > 0 || nanos > 0 {
            write!(f, "{}", rest % 60)?;
            write_fraction(f, nanos)?;
            f.write_str("S")?;
        }
        Ok(())
    }
}

impl fmt::Debug for DaysDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A duration of years and months.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct YearsDuration {
    months: i64,
}

impl YearsDuration {
    /// The duration of that many months.
    pub fn from_months(months: i64) -> YearsDuration {
        YearsDuration { months }
    }

    /// Its length in months.
    pub fn total_months(self) -> i64 {
        self.months
    }

    /// Whole years.
    pub fn years(self) -> i64 {
        self.months / 12
    }

    /// Months beyond whole years.
    pub fn months(self) -> i64 {
        self.months % 12
    }

    /// Reads `-?PnYnM`: at least one part.
    pub fn parse(text: &str) -> Option<YearsDuration> {
        let mut reader = Reader::new(text);
        let negative = reader.skip(b'-');
        if !reader.skip(b'P') {
            return None;
        }
        let mut total = 0i64;
        let mut last_rank = 0;
        while !reader.is_at_end() {
            let digits = reader.digits();
            let number: i64 = if digits.len() > 12 { return None } else { digits.parse().ok()? };
            let rank = match reader.peek()? {
                b'Y' => 1,
                b'M' => 2,
                _ => return None,
            };
            if rank <= last_rank {
                return None;
            }
            let letter = reader.peek()?;
            reader.skip(letter);
            last_rank = rank;
            total += number * if rank == 1 { 12 } else { 1 };
        }
        (last_rank > 0).then(|| YearsDuration { months: if negative { -total } else { total } })
    }
}

impl fmt::Display for YearsDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.months.unsigned_abs();
        if total == 0 {
            return f.write_str("P0M");
        }
        f.write_str(if self.months < 0 { "-P" } else { "P" })?;
        if total >= 12 {
            write!(f, "{}Y", total / 12)?;
        }
        if !total.is_multiple_of(12) {
            write!(f, "{}M", total % 12)?;
        }
        Ok(())
    }
}

impl fmt::Debug for YearsDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
