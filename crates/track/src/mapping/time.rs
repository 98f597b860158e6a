//! Times and durations as other systems write them.

use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::text;

/// How times are written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum TimeFormat {
    /// RFC 3339 and its relatives, ISO dates, and counts since 1970 whose unit their size tells.
    /// Without a zone a time is UTC.
    #[default]
    Standard,
    /// `strftime` specifiers; without a zone UTC.
    Pattern(String),
}

/// Formats that a guess tries, in this order, where the standard ones fail.
pub(super) const PATTERNS: [&str; 19] = [
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%d-%m-%Y:%H.%M",
    "%d-%m-%Y %H:%M:%S",
    "%d-%m-%Y %H:%M",
    "%Y/%m/%d %H:%M:%S%.f",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%a, %d %b %Y %H:%M:%S %z",
    "%d/%b/%Y:%H:%M:%S %z",
    "%d/%m/%Y %I:%M:%S %p",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %I:%M %p",
    "%d-%b-%Y %H:%M:%S",
    "%d %b %Y %H:%M:%S",
    "%b %d, %Y %I:%M:%S %p",
    "%a %b %d %H:%M:%S %Y",
];

/// Milliseconds since 1970.
///
/// # Errors
/// "expected a time, but …".
pub fn parse_time(value: &Value, format: &TimeFormat) -> Result<i64, String> {
    let found = match (value, format) {
        (Value::Number(number), TimeFormat::Standard) => {
            return compact(&number.to_string())
                .or_else(|| number.as_f64().and_then(epoch))
                .ok_or_else(|| format!("expected a time, but {number} counts no known unit"));
        }
        (value, TimeFormat::Standard) => text(value).and_then(|text| standard(&text)),
        (value, TimeFormat::Pattern(pattern)) => text(value).and_then(|t| by(pattern, &t)),
    };
    found.ok_or_else(|| match format {
        TimeFormat::Standard => format!("expected a time, but there is {value}"),
        TimeFormat::Pattern(p) => format!("expected a time as {p:?}, but there is {value}"),
    })
}

/// A count since 1970: seconds up to the year 5138, then milli-, micro- and nanoseconds.
fn epoch(count: f64) -> Option<i64> {
    let ms = match count.abs() {
        size if size < 1e11 => count * 1e3,
        size if size < 1e14 => count,
        size if size < 1e17 => count / 1e3,
        size if size < 1e20 => count / 1e6,
        _ => return None,
    };
    Some(ms.round() as i64)
}

fn standard(raw: &str) -> Option<i64> {
    let raw = raw.trim();
    if let Ok(at) = raw.parse::<Timestamp>() {
        return Some(at.as_millisecond());
    }
    let utc = |at: DateTime| Some(at.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond());
    if let Ok(at) = raw.parse::<DateTime>() {
        return utc(at);
    }
    if let Ok(date) = raw.parse::<Date>() {
        return utc(date.to_datetime(jiff::civil::Time::midnight()));
    }
    if raw.len() >= 9 && raw.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return compact(raw).or_else(|| raw.parse().ok().and_then(epoch));
    }
    // `2026-03-01 09:00:00 UTC`, as databases print it.
    let civil = ["UTC", "GMT"].iter().find_map(|zone| raw.strip_suffix(zone))?;
    civil.trim_end().parse().ok().and_then(utc)
}

/// `20260301090000`: as a count of milliseconds it would lie in the year 2612.
fn compact(raw: &str) -> Option<i64> {
    let dated = raw.len() == 14 && (raw.starts_with("19") || raw.starts_with("20"));
    let digits = dated && raw.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| by("%Y%m%d%H%M%S", raw)).flatten()
}

fn by(pattern: &str, raw: &str) -> Option<i64> {
    let parsed = strtime::parse(pattern, raw.trim()).ok()?;
    if let Ok(at) = parsed.to_timestamp() {
        return Some(at.as_millisecond());
    }
    let at = parsed
        .to_datetime()
        .or_else(|_| parsed.to_date().map(|date| date.to_datetime(jiff::civil::Time::midnight())));
    Some(at.ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

/// Milliseconds of an ISO 8601 duration without months and years, whose length varies.
///
/// # Errors
/// "expected …, but …"; `PT7D` is told how days are written.
pub fn duration_ms(raw: &str) -> Result<i64, String> {
    let raw = raw.trim();
    let wrong =
        |hint: &str| Err(format!("expected a duration such as PT12H or P7D, but {raw:?}{hint}"));
    let Ok(span) = raw.parse::<jiff::Span>() else {
        return match raw.split_once('T') {
            Some((_, time)) if time.contains(['D', 'W']) => {
                wrong(" has days or weeks behind the T: write P7D")
            }
            _ => wrong(" is none"),
        };
    };
    if span.get_years() != 0 || span.get_months() != 0 {
        return wrong(" has months or years, whose length varies");
    }
    let days = i64::from(span.get_days()) + 7 * i64::from(span.get_weeks());
    let clock = span.days(0).weeks(0);
    match SignedDuration::try_from(clock) {
        Ok(time) => Ok((i128::from(days) * 86_400_000 + time.as_millis()) as i64),
        Err(_) => wrong(" is too long"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_in_the_forms_that_systems_write() {
        let day = 1_293_715_920_000;
        for value in [
            json!("2010-12-30T14:32:00.000+01:00"),
            json!("2010-12-30 14:32:00+01:00"),
            json!("2010-12-30T13:32:00Z"),
            json!("2010-12-30 13:32"),
            json!("2010-12-30T14:32:00+0100"),
            json!(1_293_715_920),
            json!(1_293_715_920_000_i64),
            json!(1_293_715_920_000_000_i64),
            json!("1293715920000"),
            json!("2010-12-30 13:32:00,000"),
            json!("2010-12-30 13:32:00 UTC"),
            json!("20101230133200"),
            json!(20_101_230_133_200_i64),
            json!("20101230T133200Z"),
        ] {
            assert_eq!(parse_time(&value, &TimeFormat::Standard), Ok(day), "{value}");
        }
        for (pattern, raw) in [
            ("%m/%d/%Y %I:%M:%S %p", "12/30/2010 1:32:00 PM"),
            ("%d-%b-%Y %H:%M:%S", "30-Dec-2010 13:32:00"),
            ("%b %d, %Y %I:%M:%S %p", "Dec 30, 2010 01:32:00 PM"),
            ("%a %b %d %H:%M:%S %Y", "Thu Dec 30 13:32:00 2010"),
        ] {
            assert!(PATTERNS.contains(&pattern));
            let format = TimeFormat::Pattern(pattern.into());
            assert_eq!(parse_time(&json!(raw), &format), Ok(day), "{pattern}");
        }
        assert_eq!(parse_time(&json!("1970-01-02"), &TimeFormat::Standard), Ok(86_400_000));
        let pattern = TimeFormat::Pattern("%d/%m/%Y %H:%M".into());
        assert_eq!(parse_time(&json!("30/12/2010 13:32"), &pattern), Ok(day));
        let pattern = TimeFormat::Pattern("%a, %d %b %Y %H:%M:%S %z".into());
        assert_eq!(parse_time(&json!("Thu, 30 Dec 2010 14:32:00 +0100"), &pattern), Ok(day));
    }

    #[test]
    fn what_is_no_time_says_so() {
        for value in [json!("soon"), json!(true), json!({}), json!("12"), json!(1e30)] {
            let error = parse_time(&value, &TimeFormat::Standard).unwrap_err();
            assert!(error.starts_with("expected a time, but"), "{error}");
        }
    }

    #[test]
    fn durations_say_how_days_are_written() {
        assert_eq!(duration_ms("PT1H30M"), Ok(5_400_000));
        assert_eq!(duration_ms("P1W1DT1S"), Ok(8 * 86_400_000 + 1_000));
        assert!(duration_ms("PT7D").unwrap_err().contains("write P7D"));
        assert!(duration_ms("P1M").unwrap_err().contains("varies"));
        assert!(duration_ms("soon").unwrap_err().contains("\"soon\" is none"));
    }
}
