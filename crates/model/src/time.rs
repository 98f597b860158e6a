//! Texts of timers: dates, durations, repeating intervals, cron lines (ISO 8601; cron as in Spring
//! 5.3: six fields, the first of them seconds, and macros such as `@daily`).
//!
//! Everything is computed in UTC and from arguments, so that the same texts and times give the same
//! due dates on every machine. Times are milliseconds since 1970.

use std::fmt;

use crate::limits::{CYCLE_REPEATS_MAX, TIME_TEXT_CHARS_MAX};

mod cron;
mod duration;

pub use cron::Cron;
pub use duration::{Duration, add_duration, parse_duration};

/// Why a text is no date, duration or cycle: "expected …, but …".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeTextError {
    message: String,
}

impl TimeTextError {
    fn new(message: impl Into<String>) -> TimeTextError {
        TimeTextError { message: message.into() }
    }

    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for TimeTextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for TimeTextError {}

/// When a cycle is due.
#[derive(Debug, Clone)]
pub enum Cycle {
    /// `R3/PT10S`, `R/PT1H`, `R3/2026-01-01T00:00:00Z/P1D`.
    Repeat {
        /// How often; absent is without end.
        count: Option<u32>,
        /// First due date in milliseconds, when the text has one.
        start: Option<i64>,
        every: Duration,
    },
    Cron(Cron),
}

/// A point in time with offset or zone, in milliseconds: `2026-03-01T12:00:00Z`,
/// `2026-03-01T12:00:00+01:00[Europe/Berlin]`.
///
/// # Errors
/// When the text is no date, has no zone, or lies beyond the years 0 to 9999.
pub fn parse_date(text: &str) -> Result<i64, TimeTextError> {
    let text = bounded(text)?;
    let parser = jiff::fmt::temporal::DateTimeParser::new()
        .offset_conflict(jiff::tz::OffsetConflict::AlwaysOffset);
    let timestamp = match text.contains('[') {
        true => parser.parse_zoned(text).map(|zoned| zoned.timestamp()),
        false => parser.parse_timestamp(text),
    };
    if let Ok(timestamp) = timestamp {
        return Ok(timestamp.as_millisecond());
    }
    let example = "2026-03-01T12:00:00Z";
    let message = if parse_duration(text).is_ok() {
        format!("expected a date such as {example}, but {text:?} is a duration")
    } else if parser.parse_datetime(text).is_ok() && !text.contains('[') {
        format!("expected a date with a zone, but {text:?} has none; write {text}Z for UTC")
    } else {
        format!("expected a date such as {example}, but {text:?} is none")
    };
    Err(TimeTextError::new(message))
}

/// A repeating interval or a cron line.
///
/// # Errors
/// When the text is neither, or would be due without pause.
pub fn parse_cycle(text: &str) -> Result<Cycle, TimeTextError> {
    let text = bounded(text)?;
    let Some(rest) = text.strip_prefix('R') else {
        if parse_duration(text).is_ok() {
            let message = format!(
                "expected a cycle, but {text:?} is a duration; write R/{text} to repeat it"
            );
            return Err(TimeTextError::new(message));
        }
        return Cron::parse(text).map(Cycle::Cron);
    };
    let wrong = |what: &str| {
        TimeTextError::new(format!(
            "expected a cycle such as R3/PT10S or R/2026-01-01T00:00:00Z/P1D, but {text:?} {what}"
        ))
    };
    let (count, rest) = rest.split_once('/').ok_or_else(|| wrong("has no interval"))?;
    let count = match count {
        "" | "-1" => None,
        digits => match digits.parse::<u32>() {
            Ok(count) if (1..=CYCLE_REPEATS_MAX).contains(&count) => Some(count),
            _ => return Err(wrong("has no count of repetitions from 1 on after the R")),
        },
    };
    let (start, every) = match rest.split_once('/') {
        Some(("", every)) => (None, every),
        Some((start, every)) => (Some(parse_date(start)?), every),
        None => (None, rest),
    };
    let every = parse_duration(every)?;
    if !every.is_positive() {
        return Err(wrong("has no interval above zero"));
    }
    Ok(Cycle::Repeat { count, start, every })
}

/// The next due date, or `None` when a cron line never matches again.
///
/// An interval counts from the previous due date, so that late firing does not add up; a cron line
/// counts from `now_ms`. How often a cycle has fired is for the caller to count.
pub fn next_due(cycle: &Cycle, previous_due_ms: i64, now_ms: i64) -> Option<i64> {
    match cycle {
        Cycle::Repeat { every, .. } => Some(add_duration(previous_due_ms, every)),
        Cycle::Cron(cron) => cron.next(now_ms),
    }
}

/// The first due date of a cycle that is armed at `now_ms`: the start in the text, else one
/// interval from now, else the next time that the cron line matches.
pub fn first_due(cycle: &Cycle, now_ms: i64) -> Option<i64> {
    match cycle {
        Cycle::Repeat { start: Some(start), .. } => Some(*start),
        Cycle::Repeat { start: None, every, .. } => Some(add_duration(now_ms, every)),
        Cycle::Cron(cron) => cron.next(now_ms),
    }
}

/// Trimmed, and short enough to be quoted in a message.
fn bounded(text: &str) -> Result<&str, TimeTextError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(TimeTextError::new(
            "expected a date, duration or cycle, but the text is empty",
        ));
    }
    if text.chars().nth(TIME_TEXT_CHARS_MAX).is_some() {
        let message = format!(
            "expected a date, duration or cycle of at most {TIME_TEXT_CHARS_MAX} characters, \
             but the text is longer"
        );
        return Err(TimeTextError::new(message));
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
