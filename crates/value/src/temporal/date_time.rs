//! A day with a time.

use super::read::Reader;
use super::time::write_clock;
use super::{Date, NANOS_PER_SECOND, SECONDS_PER_DAY, Time, Zone};
use std::cmp::Ordering;
use std::fmt;

/// A day with a time of day, with or without a zone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct DateTime {
    date: Date,
    time: Time,
}

impl DateTime {
    /// That time on that day.
    pub fn new(date: Date, time: Time) -> DateTime {
        DateTime { date, time }
    }

    /// Reads `YYYY-MM-DDTHH:MM:SS` with an optional fraction and zone.
    pub fn parse(text: &str) -> Option<DateTime> {
        let mut reader = Reader::new(text);
        let date = Date::read(&mut reader)?;
        let time = reader.skip(b'T').then(|| Time::read(&mut reader)).flatten()?;
        reader.is_at_end().then_some(DateTime { date, time })
    }

    /// The instant, shown in `zone` (UTC if that is local).
    pub fn from_epoch_millis(millis: i64, zone: &Zone) -> Option<DateTime> {
        let zone = if zone.is_local() { Zone::UTC } else { zone.clone() };
        let offset = zone.offset_at_instant(millis.div_euclid(1000))?;
        let wall =
            i128::from(millis) * 1_000_000 + i128::from(offset) * i128::from(NANOS_PER_SECOND);
        DateTime::from_wall_nanos(wall, zone)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z; a local time is taken in `default_zone`.
    pub fn epoch_millis(&self, default_zone: &Zone) -> Option<i64> {
        let zone = if self.time.zone().is_local() { default_zone } else { self.time.zone() };
        let second = (self.time.nanos_of_day() / NANOS_PER_SECOND) as i64;
        let offset = zone.offset_at(self.date, second).unwrap_or(0);
        let instant = self.wall_nanos() - i128::from(offset) * i128::from(NANOS_PER_SECOND);
        i64::try_from(instant.div_euclid(1_000_000)).ok()
    }

    /// The day.
    pub fn date(&self) -> Date {
        self.date
    }

    /// The time of day, with the zone.
    pub fn time(&self) -> &Time {
        &self.time
    }

    /// Seconds east of UTC, `None` if local.
    pub fn offset_seconds(&self) -> Option<i32> {
        let second = (self.time.nanos_of_day() / NANOS_PER_SECOND) as i64;
        self.time.zone().offset_at(self.date, second)
    }

    /// Which comes first; `None` if one has a zone and the other has none.
    pub fn compare(&self, other: &DateTime) -> Option<Ordering> {
        self.nanos_since(other).map(|nanos| nanos.cmp(&0))
    }

    /// Nanoseconds from `other` to this; `None` if one has a zone and the other has none.
    pub fn nanos_since(&self, other: &DateTime) -> Option<i128> {
        let shift = |offset: i32| i128::from(offset) * i128::from(NANOS_PER_SECOND);
        match (self.offset_seconds(), other.offset_seconds()) {
            (None, None) => Some(self.wall_nanos() - other.wall_nanos()),
            (Some(left), Some(right)) => {
                Some((self.wall_nanos() - shift(left)) - (other.wall_nanos() - shift(right)))
            }
            (Some(_), None) | (None, Some(_)) => None,
        }
    }

    /// That many nanoseconds later by the clock. With a named zone the instant moves, and the
    /// wall clock follows its rules.
    pub fn add_nanos(&self, nanos: i128) -> Option<DateTime> {
        let zone = self.time.zone();
        let wall = self.wall_nanos().checked_add(nanos)?;
        if zone.name().is_none() {
            return DateTime::from_wall_nanos(wall, zone.clone());
        }
        let second = i128::from(NANOS_PER_SECOND);
        let before = i128::from(self.offset_seconds()?) * second;
        let instant = wall - before;
        let seconds = i64::try_from(instant.div_euclid(second)).ok()?;
        let after = i128::from(zone.offset_at_instant(seconds)?) * second;
        DateTime::from_wall_nanos(instant + after, zone.clone())
    }

    /// The same time of day that many months later.
    pub fn add_months(&self, months: i64) -> Option<DateTime> {
        Some(DateTime { date: self.date.add_months(months)?, time: self.time.clone() })
    }

    /// The same instant in another zone; a local time is taken to be in that zone.
    pub fn in_zone(&self, zone: &Zone) -> Option<DateTime> {
        let second = i128::from(NANOS_PER_SECOND);
        let Some(own) = self.offset_seconds() else {
            return DateTime::from_wall_nanos(self.wall_nanos(), zone.clone());
        };
        let instant = self.wall_nanos() - i128::from(own) * second;
        let seconds = i64::try_from(instant.div_euclid(second)).ok()?;
        let offset = zone.offset_at_instant(seconds)?;
        DateTime::from_wall_nanos(instant + i128::from(offset) * second, zone.clone())
    }

    fn wall_nanos(&self) -> i128 {
        let day = i128::from(SECONDS_PER_DAY) * i128::from(NANOS_PER_SECOND);
        i128::from(self.date.epoch_days()) * day + i128::from(self.time.nanos_of_day())
    }

    fn from_wall_nanos(nanos: i128, zone: Zone) -> Option<DateTime> {
        let day = i128::from(SECONDS_PER_DAY) * i128::from(NANOS_PER_SECOND);
        let date = Date::from_epoch_days(i64::try_from(nanos.div_euclid(day)).ok()?)?;
        let time = Time::from_nanos_of_day(nanos.rem_euclid(day) as u64, zone);
        Some(DateTime { date, time })
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}T", self.date)?;
        write_clock(f, self.time.nanos_of_day())?;
        write!(f, "{}", self.time.zone())
    }
}

impl fmt::Debug for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
