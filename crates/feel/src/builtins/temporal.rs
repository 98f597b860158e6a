//! Dates, times and durations.

use super::argument::{number, refuse, text, whole, wrong};
use crate::Dialect;
use crate::vm::{Core, Outcome, Trouble};
use value::{Date, DateTime, DaysDuration, Number, Rounding, Time, Value, YearsDuration, Zone};

/// The value of `@"…"`, by the form of its text.
pub(crate) fn temporal(text: &str, dialect: Dialect) -> Option<Value> {
    let named = |name: &str| temporal_named(name, text, dialect);
    if let Some(date) = Date::parse(text) {
        return Some(Value::Date(date));
    }
    if text.trim_start().trim_start_matches('-').starts_with('P') {
        return named("duration");
    }
    named("time").or_else(|| named("date and time"))
}

/// The value that the function of that name makes of a text.
pub(crate) fn temporal_named(name: &str, text: &str, dialect: Dialect) -> Option<Value> {
    let text = if dialect == Dialect::Camunda { text.trim() } else { text };
    match name {
        "date" => Date::parse(text).map(Value::Date),
        "time" => read_time(text, dialect).map(Value::from),
        "date and time" => match Date::parse(text) {
            Some(date) => Some(at_midnight(date, Zone::Local)),
            None => read_date_time(text, dialect).map(Value::from),
        },
        "duration" => read_duration(text, dialect),
        _ => None,
    }
}

fn at_midnight(date: Date, zone: Zone) -> Value {
    Value::from(DateTime::new(date, Time::from_nanos_of_day(0, zone)))
}

/// Java's forms are accepted beside the standard's: `T10:00:00`, `10:00`, `+02:00[Europe/Berlin]`.
fn read_time(text: &str, dialect: Dialect) -> Option<Time> {
    match dialect {
        Dialect::Standard => has_seconds(text).then(|| Time::parse(text)).flatten(),
        Dialect::Camunda => {
            let text = text.strip_prefix('T').unwrap_or(text);
            Time::parse(&without_offset_before_zone(text))
        }
    }
}

fn has_seconds(text: &str) -> bool {
    text.as_bytes().get(5) == Some(&b':')
}

fn read_date_time(text: &str, dialect: Dialect) -> Option<DateTime> {
    match dialect {
        Dialect::Standard => {
            let (date, time) = text.split_once('T')?;
            // XML Schema writes the end of a day as its hour 24.
            if let Some(zone) = time.strip_prefix("24:00:00") {
                let midnight = DateTime::parse(&format!("{date}T00:00:00{zone}"))?;
                let next = midnight.date().add_days(1)?;
                return Some(DateTime::new(next, midnight.time().clone()));
            }
            has_seconds(time).then(|| DateTime::parse(text)).flatten()
        }
        Dialect::Camunda => DateTime::parse(&without_offset_before_zone(text)),
    }
}

/// `…+02:00[Europe/Berlin]` as `…@Europe/Berlin`: the zone says more than the offset.
fn without_offset_before_zone(text: &str) -> String {
    let Some((before, zone)) = text.strip_suffix(']').and_then(|text| text.split_once('[')) else {
        return text.to_owned();
    };
    let time_from = before.find('T').map_or(0, |at| at + 1);
    let offset_from = before[time_from..].find(['+', '-', 'Z']).map(|at| at + time_from);
    format!("{}@{zone}", &before[..offset_from.unwrap_or(before.len())])
}

fn read_duration(text: &str, dialect: Dialect) -> Option<Value> {
    if let Some(duration) = YearsDuration::parse(text) {
        return Some(Value::YearsDuration(duration));
    }
    if let Some(duration) = DaysDuration::parse(text) {
        return Some(Value::DaysDuration(duration));
    }
    match dialect {
        Dialect::Standard => None,
        Dialect::Camunda => read_signed_duration(text),
    }
}

/// Java's durations, in which every part may have a sign: `PT-3M-4S`, `P-1D`.
fn read_signed_duration(text: &str) -> Option<Value> {
    let (negative, body) = match text.strip_prefix('-') {
        Some(body) => (true, body),
        None => (false, text),
    };
    let body = body.strip_prefix('P')?;
    let (days, clock) = body.split_once('T').unwrap_or((body, ""));
    let mut nanos = 0i128;
    let mut months = None;
    for (part, in_clock) in [(days, false), (clock, true)] {
        let mut rest = part;
        while let Some(at) = rest.find(|letter: char| letter.is_ascii_uppercase()) {
            let amount = Number::parse(&rest[..at])?;
            let unit = match (&rest[at..=at], in_clock) {
                ("Y", false) | ("M", false) => {
                    let scale = if rest[at..].starts_with('Y') { 12 } else { 1 };
                    let more = amount.to_i64()?.checked_mul(scale)?;
                    months = Some(months.unwrap_or(0i64).checked_add(more)?);
                    rest = &rest[at + 1..];
                    continue;
                }
                ("D", false) => 86_400,
                ("H", true) => 3_600,
                ("M", true) => 60,
                ("S", true) => 1,
                _ => return None,
            };
            let scaled = amount.mul(&Number::from(1_000_000_000 * i64::from(unit)))?;
            let more = scaled.round(0, Rounding::Down)?.to_string().parse().ok()?;
            nanos = nanos.checked_add(more)?;
            rest = &rest[at + 1..];
        }
        if !rest.is_empty() {
            return None;
        }
    }
    let sign = if negative { -1 } else { 1 };
    match months {
        Some(months) if nanos == 0 => {
            Some(Value::YearsDuration(YearsDuration::from_months(months * sign)))
        }
        Some(_) => None,
        None if body.is_empty() || body.ends_with('T') => None,
        None => DaysDuration::from_nanos(nanos * i128::from(sign)).map(Value::DaysDuration),
    }
}

fn named(core: &Core, name: &str, values: &[Value]) -> Outcome {
    let text = text(values, 0)?;
    temporal_named(name, text, core.dialect)
        .ok_or_else(|| refuse(format!("expected a {name}, but found '{text}'")))
}

pub(super) fn date(core: &mut Core, values: &[Value], signature: u8) -> Outcome {
    if signature == 1 {
        let (year, month, day) = (whole(values, 0)?, whole(values, 1)?, whole(values, 2)?);
        let parts = (i32::try_from(year), u8::try_from(month), u8::try_from(day));
        let (Ok(year), Ok(month), Ok(day)) = parts else {
            return Err(refuse("there is no such date"));
        };
        let date = Date::new(year, month, day);
        return date.map(Value::Date).ok_or_else(|| refuse("there is no such date"));
    }
    match &values[0] {
        Value::Date(date) => Ok(Value::Date(*date)),
        Value::DateTime(date_time) => Ok(Value::Date(date_time.date())),
        _ => named(core, "date", values),
    }
}

pub(super) fn time(core: &mut Core, values: &[Value], signature: u8) -> Outcome {
    if signature > 0 {
        let zone = match values.get(3) {
            None | Some(Value::Null) => Zone::Local,
            Some(Value::DaysDuration(offset)) => offset_zone(*offset)?,
            Some(_) => return Err(wrong("a duration", values, 3)),
        };
        return clock_time(values, 0, zone).map(Value::from);
    }
    match &values[0] {
        Value::Time(_) => Ok(values[0].clone()),
        Value::DateTime(date_time) => Ok(Value::from(date_time.time().clone())),
        Value::Date(_) => Ok(Value::from(Time::from_nanos_of_day(0, Zone::UTC))),
        _ => named(core, "time", values),
    }
}

fn offset_zone(offset: DaysDuration) -> Result<Zone, Trouble> {
    let seconds = i32::try_from(offset.nanos() / 1_000_000_000).ok();
    seconds.and_then(Zone::offset).ok_or_else(|| refuse("expected an offset of at most 18 hours"))
}

/// Hour, minute and second from `first` on; the second may have a fraction.
fn clock_time(values: &[Value], first: usize, zone: Zone) -> Result<Time, Trouble> {
    let (hour, minute) = (whole(values, first)?, whole(values, first + 1)?);
    let second = number(values, first + 2)?;
    let whole_second = second.round(0, Rounding::Floor);
    let fraction = whole_second.as_ref().and_then(|whole| second.sub(whole));
    let nanos = fraction
        .and_then(|fraction| fraction.mul(&Number::from(1_000_000_000)))
        .and_then(|nanos| nanos.round(0, Rounding::Down))
        .and_then(|nanos| nanos.to_i64());
    let made = (|| {
        let second = u8::try_from(whole_second?.to_i64()?).ok()?;
        let (hour, minute) = (u8::try_from(hour).ok()?, u8::try_from(minute).ok()?);
        Time::new(hour, minute, second, u32::try_from(nanos?).ok()?, zone)
    })();
    made.ok_or_else(|| refuse("there is no such time"))
}

pub(super) fn date_and_time(core: &mut Core, values: &[Value], signature: u8) -> Outcome {
    match (signature, values) {
        (0, [Value::DateTime(_)]) => Ok(values[0].clone()),
        (0, [Value::Date(date)]) => {
            Ok(at_midnight(*date, if core.is_standard() { Zone::UTC } else { Zone::Local }))
        }
        (0, _) => named(core, "date and time", values),
        (1 | 2, [_, _]) => combined(values),
        _ => {
            let (year, month, day) = (whole(values, 0)?, whole(values, 1)?, whole(values, 2)?);
            let zone = match values.get(6) {
                None | Some(Value::Null) => Zone::Local,
                Some(Value::DaysDuration(offset)) => offset_zone(*offset)?,
                Some(Value::String(name)) => zone_named(name)?,
                Some(_) => return Err(wrong("an offset or the name of a zone", values, 6)),
            };
            let parts = (i32::try_from(year), u8::try_from(month), u8::try_from(day));
            let (Ok(year), Ok(month), Ok(day)) = parts else {
                return Err(refuse("there is no such date"));
            };
            let date =
                Date::new(year, month, day).ok_or_else(|| refuse("there is no such date"))?;
            Ok(Value::from(DateTime::new(date, clock_time(values, 3, zone)?)))
        }
    }
}

fn zone_named(name: &str) -> Result<Zone, Trouble> {
    let read = Time::parse(&format!("00:00:00{name}")).map(|time| time.zone().clone());
    let zone = read.filter(|zone| !zone.is_local()).or_else(|| Zone::named(name));
    zone.ok_or_else(|| refuse(format!("expected a time zone, but found '{name}'")))
}

/// A day with a time, or a date and time in another zone.
fn combined(values: &[Value]) -> Outcome {
    if let Value::String(name) = &values[1] {
        let zone = zone_named(name)?;
        return match &values[0] {
            Value::DateTime(date_time) => date_time
                .in_zone(&zone)
                .map(Value::from)
                .ok_or_else(|| refuse("the result is out of range")),
            _ => Err(wrong("a date and time", values, 0)),
        };
    }
    let day = day(values, 0)?;
    match &values[1] {
        Value::Time(time) => Ok(Value::from(DateTime::new(day, (**time).clone()))),
        _ => Err(wrong("a time", values, 1)),
    }
}

pub(super) fn duration(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    match &values[0] {
        Value::DaysDuration(_) | Value::YearsDuration(_) => Ok(values[0].clone()),
        _ => named(core, "duration", values),
    }
}

/// Whole months from one day to another.
pub(super) fn years_and_months_duration(
    _core: &mut Core,
    values: &[Value],
    _signature: u8,
) -> Outcome {
    let (from, to) = (day(values, 0)?, day(values, 1)?);
    let months = |date: Date| i64::from(date.year()) * 12 + i64::from(date.month());
    let mut between = months(to) - months(from);
    if between > 0 && to.day() < from.day() {
        between -= 1;
    } else if between < 0 && to.day() > from.day() {
        between += 1;
    }
    Ok(Value::YearsDuration(YearsDuration::from_months(between)))
}

fn current(core: &Core) -> Result<DateTime, Trouble> {
    let now = DateTime::from_epoch_millis(core.now_ms, &core.zone);
    now.ok_or_else(|| refuse("the current time is out of range"))
}

pub(super) fn now(core: &mut Core, _values: &[Value], _signature: u8) -> Outcome {
    current(core).map(Value::from)
}

pub(super) fn today(core: &mut Core, _values: &[Value], _signature: u8) -> Outcome {
    current(core).map(|now| Value::Date(now.date()))
}

fn day(values: &[Value], at: usize) -> Result<Date, Trouble> {
    match &values[at] {
        Value::Date(date) => Ok(*date),
        Value::DateTime(date_time) => Ok(date_time.date()),
        _ => Err(wrong("a date", values, at)),
    }
}

const WEEKDAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub(super) fn day_of_week(_core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    Ok(Value::from(WEEKDAYS[usize::from(day(values, 0)?.weekday() - 1)]))
}

pub(super) fn month_of_year(_core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    Ok(Value::from(MONTHS[usize::from(day(values, 0)?.month() - 1)]))
}

pub(super) fn day_of_year(_core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    Ok(Value::from(i64::from(day(values, 0)?.day_of_year())))
}

pub(super) fn week_of_year(_core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    Ok(Value::from(i64::from(day(values, 0)?.week_of_year())))
}

pub(super) fn last_day_of_month(_core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let date = day(values, 0)?;
    let last = Date::new(date.year(), date.month(), date.month_length());
    last.map(Value::Date).ok_or_else(|| refuse("there is no such date"))
}
