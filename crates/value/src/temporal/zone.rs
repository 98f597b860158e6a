//! The zone of a time: none (local), an offset, or a name.

use super::read::Reader;
use super::{Date, SECONDS_PER_DAY};
use jiff::civil;
use jiff::tz::TimeZone;
use std::fmt;
use std::hash::{Hash, Hasher};

/// Offsets beyond this are refused, as in XML Schema implementations (`java.time.ZoneOffset`).
const OFFSET_SECONDS_MAX: i32 = 18 * 3600;

/// Where a time is meant.
#[derive(Clone, Default)]
pub enum Zone {
    /// No zone: a local time, not comparable with one that has a zone.
    #[default]
    Local,
    /// Seconds east of UTC.
    Offset(i32),
    /// A zone of the IANA database, such as `Europe/Berlin`.
    Named(TimeZone),
}

impl Zone {
    /// UTC.
    pub const UTC: Zone = Zone::Offset(0);

    /// The zone with that IANA name, if there is one. Upper and lower case differ, as in models.
    pub fn named(name: &str) -> Option<Zone> {
        let zone = TimeZone::get(name).ok()?;
        (zone.iana_name() == Some(name)).then_some(Zone::Named(zone))
    }

    /// The zone with that offset, if offsets may be that large (18 hours).
    pub fn offset(seconds: i32) -> Option<Zone> {
        (seconds.abs() <= OFFSET_SECONDS_MAX).then_some(Zone::Offset(seconds))
    }

    /// Reads what follows a time: nothing, `Z`, `±HH:MM`, `±HH:MM:SS` or `@Name`.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Zone> {
        match reader.peek() {
            None => Some(Zone::Local),
            Some(b'Z' | b'z') => reader.rest().eq_ignore_ascii_case("z").then_some(Zone::UTC),
            Some(b'@') => {
                reader.skip(b'@');
                Zone::named(reader.rest())
            }
            Some(sign @ (b'+' | b'-')) => {
                reader.skip(sign);
                let hours = i32::from(reader.two_digits()?);
                let minutes = reader.skip(b':').then(|| reader.two_digits()).flatten()?;
                let seconds = if reader.skip(b':') { reader.two_digits()? } else { 0 };
                if minutes > 59 || seconds > 59 || !reader.is_at_end() {
                    return None;
                }
                let total = hours * 3600 + i32::from(minutes) * 60 + i32::from(seconds);
                Zone::offset(if sign == b'-' { -total } else { total })
            }
            Some(_) => None,
        }
    }

    /// Whether this is a local time's zone.
    pub fn is_local(&self) -> bool {
        matches!(self, Zone::Local)
    }

    /// The name of a named zone.
    pub fn name(&self) -> Option<&str> {
        match self {
            Zone::Named(zone) => zone.iana_name(),
            Zone::Local | Zone::Offset(_) => None,
        }
    }

    /// Seconds east of UTC at that wall clock time there; `None` for local. In a gap or an
    /// overlap of the wall clock the earlier offset holds.
    pub fn offset_at(&self, date: Date, second_of_day: i64) -> Option<i32> {
        match self {
            Zone::Local => None,
            Zone::Offset(seconds) => Some(*seconds),
            Zone::Named(zone) => {
                // Zone rules beyond the range of the zone data repeat those of its last years.
                let year = date.year().clamp(-9998, 9998) as i16;
                let day = if date.month() == 2 && date.day() == 29 { 28 } else { date.day() };
                let day = if year as i32 == date.year() { date.day() } else { day };
                let date = civil::Date::new(year, date.month() as i8, day as i8).ok()?;
                let second = second_of_day.clamp(0, SECONDS_PER_DAY - 1);
                let time = civil::time(
                    (second / 3600) as i8,
                    (second / 60 % 60) as i8,
                    (second % 60) as i8,
                    0,
                );
                let zoned = zone.to_ambiguous_zoned(date.to_datetime(time)).compatible().ok()?;
                Some(zoned.offset().seconds())
            }
        }
    }

    /// Seconds east of UTC at an instant; `None` for local.
    pub fn offset_at_instant(&self, epoch_seconds: i64) -> Option<i32> {
        match self {
            Zone::Local => None,
            Zone::Offset(seconds) => Some(*seconds),
            Zone::Named(zone) => {
                let bound = jiff::Timestamp::MAX.as_second();
                let clamped = epoch_seconds.clamp(-bound / 2, bound);
                let instant = jiff::Timestamp::from_second(clamped).ok()?;
                Some(zone.to_offset(instant).seconds())
            }
        }
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Zone) -> bool {
        match (self, other) {
            (Zone::Local, Zone::Local) => true,
            (Zone::Offset(left), Zone::Offset(right)) => left == right,
            (Zone::Named(left), Zone::Named(right)) => left.iana_name() == right.iana_name(),
            (Zone::Local | Zone::Offset(_) | Zone::Named(_), _) => false,
        }
    }
}

impl Eq for Zone {}

impl Hash for Zone {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Zone::Local => 0.hash(state),
            Zone::Offset(seconds) => seconds.hash(state),
            Zone::Named(zone) => zone.iana_name().hash(state),
        }
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Zone::Local => Ok(()),
            Zone::Offset(0) => f.write_str("Z"),
            Zone::Offset(seconds) => {
                let sign = if *seconds < 0 { '-' } else { '+' };
                let total = seconds.unsigned_abs();
                write!(f, "{sign}{:02}:{:02}", total / 3600, total / 60 % 60)?;
                if total % 60 != 0 {
                    write!(f, ":{:02}", total % 60)?;
                }
                Ok(())
            }
            Zone::Named(zone) => write!(f, "@{}", zone.iana_name().unwrap_or("UTC")),
        }
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
