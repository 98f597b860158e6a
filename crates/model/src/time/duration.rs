//! ISO 8601 durations, and adding them to a point in time.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::{TimeTextError, bounded};

const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// A span of time. Months are kept apart because their length depends on where they begin; a day
/// has 24 hours, as it has in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Duration {
    pub months: i32,
    pub ms: i64,
}

impl Duration {
    /// Whether it leads forward from every date.
    pub fn is_positive(&self) -> bool {
        // The shortest month decides when the parts have different signs.
        let days = i64::from(self.months) * if self.months > 0 { 28 } else { 31 };
        self.ms.saturating_add(days * DAY_MS) > 0
    }
}

/// `epoch_ms` plus `duration` in the UTC calendar: months first, where a day that the month does
/// not have becomes its last one, then the rest. Beyond the years −9999 to 9999 it stays at the
/// edge.
pub fn add_duration(epoch_ms: i64, duration: &Duration) -> i64 {
    let edge = if duration.months < 0 || duration.ms < 0 { Timestamp::MIN } else { Timestamp::MAX };
    let months = match duration.months {
        0 => Some(epoch_ms),
        months => add_months(epoch_ms, months),
    };
    let sum = months.and_then(|ms| ms.checked_add(duration.ms));
    sum.filter(|ms| Timestamp::from_millisecond(*ms).is_ok())
        .unwrap_or_else(|| edge.as_millisecond())
}

fn add_months(epoch_ms: i64, months: i32) -> Option<i64> {
    let start = Timestamp::from_millisecond(epoch_ms).ok()?.to_zoned(TimeZone::UTC);
    let span = Span::new().try_months(months).ok()?;
    Some(start.checked_add(span).ok()?.timestamp().as_millisecond())
}

/// `P1Y2M3DT4H5M6.7S`, `P2W`, `-PT10S`, `PT-10S`; fractions in seconds only, kept to milliseconds.
///
/// # Errors
/// When the text is no duration or too long for the calendar. For the usual slips (`PT7D`, `P10M`
/// for minutes) the message says how to write what was meant.
pub fn parse_duration(text: &str) -> Result<Duration, TimeTextError> {
    let text = bounded(text)?;
    let upper = text.to_ascii_uppercase();
    let (negative, rest) = match upper.strip_prefix(['-', '+']) {
        Some(rest) => (upper.starts_with('-'), rest),
        None => (false, &*upper),
    };
    let Some(rest) = rest.strip_prefix('P') else {
        return Err(wrong(text, "does not begin with P"));
    };
    let (date, time) = match rest.split_once('T') {
        Some((_, "")) => return Err(wrong(text, "has nothing after T")),
        Some((date, time)) => (date, time),
        None => (rest, ""),
    };
    if date.is_empty() && time.is_empty() {
        return Err(wrong(text, "has nothing after P"));
    }
    let mut sum = Sum { text, months: 0, ms: 0 };
    sum.add(date, &[('Y', Unit::Months(12)), ('M', Unit::Months(1)), WEEK, DAY])?;
    sum.add(time, &[('H', Unit::Ms(HOUR_MS)), ('M', Unit::Ms(MINUTE_MS)), SECOND])?;
    let sign = if negative { -1 } else { 1 };
    let months = i32::try_from(sum.months).map_err(|_| too_long(text))?;
    Ok(Duration { months: months * sign as i32, ms: sum.ms * sign })
}

#[derive(Clone, Copy)]
enum Unit {
    Months(i64),
    Ms(i64),
}

const WEEK: (char, Unit) = ('W', Unit::Ms(7 * DAY_MS));
const DAY: (char, Unit) = ('D', Unit::Ms(DAY_MS));
const SECOND: (char, Unit) = ('S', Unit::Ms(SECOND_MS));

/// Furthest from zero in milliseconds, some 20,000 years: the whole calendar.
const MS_MAX: i64 = 20_000 * 366 * DAY_MS;
const MONTHS_MAX: i64 = 20_000 * 12;

struct Sum<'a> {
    text: &'a str,
    months: i64,
    ms: i64,
}

impl Sum<'_> {
    /// One half of the text; its units are in the order that they must have.
    fn add(&mut self, half: &str, units: &[(char, Unit)]) -> Result<(), TimeTextError> {
        let mut rest = half;
        let mut units = units;
        while !rest.is_empty() {
            let end = rest.find(|c: char| c.is_ascii_alphabetic());
            let Some(end) = end else { return Err(wrong(self.text, "ends without a unit")) };
            let (number, tail) = rest.split_at(end);
            let letter = tail.as_bytes()[0] as char;
            let place = units.iter().position(|(unit, _)| *unit == letter);
            let Some(place) = place else { return Err(misplaced(self.text, number, letter)) };
            self.part(number, units[place].1)?;
            units = &units[place + 1..];
            rest = &tail[1..];
        }
        Ok(())
    }

    fn part(&mut self, number: &str, unit: Unit) -> Result<(), TimeTextError> {
        let number = number.replace(',', ".");
        let (whole, fraction) = match number.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (&*number, None),
        };
        let digits = whole.strip_prefix(['-', '+']).unwrap_or(whole);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong(self.text, "has a unit without a number"));
        }
        let value: i64 = whole.parse().map_err(|_| too_long(self.text))?;
        match unit {
            Unit::Months(_) if fraction.is_some() => {
                return Err(wrong(self.text, "has a fraction of months or years"));
            }
            Unit::Months(months) => {
                let more = value.checked_mul(months).filter(|m| m.abs() <= MONTHS_MAX);
                self.months += more.ok_or_else(|| too_long(self.text))?;
            }
            Unit::Ms(ms) => {
                let more = value.checked_mul(ms).filter(|m| m.abs() <= MS_MAX);
                self.ms += more.ok_or_else(|| too_long(self.text))?;
                if let Some(fraction) = fraction {
                    let part = self.fraction(fraction, ms)?;
                    self.ms += if whole.starts_with('-') { -part } else { part };
                }
            }
        }
        Ok(())
    }

    fn fraction(&self, digits: &str, unit_ms: i64) -> Result<i64, TimeTextError> {
        if unit_ms != SECOND_MS {
            return Err(wrong(self.text, "has a fraction of something else than seconds"));
        }
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong(self.text, "has a fraction without digits"));
        }
        let milliseconds = digits.bytes().chain(*b"000").take(3);
        Ok(milliseconds.fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')))
    }
}

fn wrong(text: &str, what: &str) -> TimeTextError {
    TimeTextError::new(format!("expected a duration such as PT10M or P7D, but {text:?} {what}"))
}

fn too_long(text: &str) -> TimeTextError {
    wrong(text, "is longer than the calendar")
}

/// A unit on the wrong side of the `T`, or out of order.
fn misplaced(text: &str, number: &str, letter: char) -> TimeTextError {
    let after_t = text
        .to_ascii_uppercase()
        .split_once('T')
        .is_some_and(|(_, time)| time.contains(&format!("{number}{letter}")));
    let message = match letter {
        'D' | 'W' | 'Y' if after_t => format!(
            "expected only hours, minutes and seconds after T, but {text:?} has {letter} there; \
             write P{number}{letter}"
        ),
        'H' | 'S' if !after_t => format!(
            "expected T before hours, minutes and seconds, but {text:?} has none; \
             write PT{number}{letter}"
        ),
        'Y' | 'M' | 'W' | 'D' | 'H' | 'S' => format!(
            "expected the units in the order years, months, weeks, days, T, hours, minutes, \
             seconds, each once, but {text:?} has {letter} out of order"
        ),
        _ => format!(
            "expected the units Y, M, W, D and after T the units H, M, S, \
             but {text:?} has {letter:?}"
        ),
    };
    TimeTextError::new(message)
}
