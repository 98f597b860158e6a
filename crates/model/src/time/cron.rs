//! Cron lines with six fields: second, minute, hour, day of month, month, day of week.

use std::fmt;

use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::TimeTextError;

/// A cron line, evaluated in UTC.
#[derive(Clone)]
pub struct Cron {
    line: String,
    /// Large, and a cycle is moved about.
    pattern: Box<croner::Cron>,
    /// `L-3` in the day of month: so many days before the last one. The pattern then has all days
    /// that this can be.
    before_last: Option<i8>,
}

/// Days that are looked at for one that is `L-n`; three in four months need the second.
const CANDIDATES_MAX: usize = 10_000;

/// Years in which every date falls on every day of the week: 29 February takes 28 of them.
const EVERY_DATE: &str = "2000-2040";
const EVERY_DATE_FROM_MS: i64 = 946_684_799_000;

impl Cron {
    pub(super) fn parse(text: &str) -> Result<Cron, TimeTextError> {
        let wrong = |why: &dyn fmt::Display| {
            TimeTextError::new(format!(
                "expected a cycle such as R3/PT10S, or a cron line of six fields such as \
                 \"0 0 9 * * MON-FRI\", but in {text:?} {why}"
            ))
        };
        let fields = text.split_whitespace().count();
        if !text.starts_with('@') && fields != 6 {
            let why = match fields {
                5 => format!("there are 5 fields; write \"0 {text}\" with the second in front"),
                1 => "there is 1 field".to_owned(),
                _ => format!("there are {fields} fields"),
            };
            return Err(wrong(&why));
        }
        if text.starts_with("@reboot") {
            return Err(wrong(&"@reboot is no time"));
        }
        let (line, before_last) = days_before_last(macros(text));
        let pattern = |line: &str, year| {
            let parser = CronParser::builder()
                .seconds(Seconds::Required)
                .year(year)
                // Spring matches both days, where the oldest crons match either.
                .dom_and_dow(true)
                .build();
            parser.parse(line).map(Box::new).map_err(|error| wrong(&error))
        };
        let cron =
            Cron { line: text.to_owned(), pattern: pattern(&line, Year::Disallowed)?, before_last };
        // A line that never matches would be looked for up to the year 5000.
        let bounded = pattern(&format!("{line} {EVERY_DATE}"), Year::Required)?;
        match (Cron { pattern: bounded, ..cron.clone() }).next(EVERY_DATE_FROM_MS) {
            Some(_) => Ok(cron),
            None => Err(wrong(&"there is no date that ever matches")),
        }
    }

    /// First match after `now_ms`.
    pub(super) fn next(&self, now_ms: i64) -> Option<i64> {
        let mut from = Timestamp::from_millisecond(now_ms).ok()?.to_zoned(TimeZone::UTC);
        for _ in 0..CANDIDATES_MAX {
            let next = self.pattern.find_next_occurrence(&from, false).ok()?;
            let date = next.date();
            if self.before_last.is_none_or(|n| date.day() + n == date.days_in_month()) {
                return Some(next.timestamp().as_millisecond()).filter(|next| *next > now_ms);
            }
            from = next.end_of_day().ok()?;
        }
        None
    }
}

/// Replaces `L-n` in the day of month by the days that it can be, 28 − n to 31 − n.
fn days_before_last(line: String) -> (String, Option<i8>) {
    let mut fields: Vec<&str> = line.split_whitespace().collect();
    let n = fields.get(3).and_then(|day| day.strip_prefix("L-"));
    let Some(n) = n.and_then(|n| n.parse::<i8>().ok()).filter(|n| (1..=30).contains(n)) else {
        return (line, None);
    };
    let days = format!("{}-{}", (28 - n).max(1), 31 - n);
    fields[3] = &days;
    (fields.join(" "), Some(n))
}

/// The macros of Spring 5.3, spelt out.
fn macros(text: &str) -> String {
    match text {
        "@yearly" | "@annually" => "0 0 0 1 1 *",
        "@monthly" => "0 0 0 1 * *",
        "@weekly" => "0 0 0 * * 0",
        "@daily" | "@midnight" => "0 0 0 * * *",
        "@hourly" => "0 0 * * * *",
        line => line,
    }
    .to_owned()
}

impl fmt::Debug for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cron").field(&self.line).finish()
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}
