//! A day of the proleptic Gregorian calendar.

use super::read::Reader;
use crate::limits::YEAR_MAX;
use std::fmt;

/// A calendar day without a time and without a zone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: i32,
    month: u8,
    day: u8,
}

impl Date {
    /// The day, if it exists.
    pub fn new(year: i32, month: u8, day: u8) -> Option<Date> {
        let exists = (-YEAR_MAX..=YEAR_MAX).contains(&year)
            && (1..=12).contains(&month)
            && day >= 1
            && day <= days_in_month(year, month);
        exists.then_some(Date { year, month, day })
    }

    /// Reads `YYYY-MM-DD`; years have at least four digits and may be negative.
    pub fn parse(text: &str) -> Option<Date> {
        let mut reader = Reader::new(text);
        let date = Date::read(&mut reader)?;
        reader.is_at_end().then_some(date)
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Date> {
        let negative = reader.skip(b'-');
        let digits = reader.digits();
        let padded = digits.len() > 4 && digits.starts_with('0');
        if digits.len() < 4 || digits.len() > 9 || padded {
            return None;
        }
        let year: i32 = digits.parse().ok()?;
        let month = reader.skip(b'-').then(|| reader.two_digits()).flatten()?;
        let day = reader.skip(b'-').then(|| reader.two_digits()).flatten()?;
        Date::new(if negative { -year } else { year }, month, day)
    }

    /// The year, negative before year 0.
    pub fn year(self) -> i32 {
        self.year
    }

    /// The month, 1 to 12.
    pub fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, from 1.
    pub fn day(self) -> u8 {
        self.day
    }

    /// The day of the week, 1 is Monday.
    pub fn weekday(self) -> u8 {
        ((self.epoch_days() + 3).rem_euclid(7) + 1) as u8
    }

    /// The day of the year, from 1.
    pub fn day_of_year(self) -> u16 {
        let first = Date { year: self.year, month: 1, day: 1 };
        (self.epoch_days() - first.epoch_days() + 1) as u16
    }

    /// The week of the year by ISO 8601: the first week has the year's first Thursday.
    pub fn week_of_year(self) -> u8 {
        let thursday = self.epoch_days() + 4 - i64::from(self.weekday());
        let year = Date::from_epoch_days(thursday).map_or(self.year, |date| date.year);
        let first = Date { year, month: 1, day: 1 }.epoch_days();
        ((thursday - first) / 7 + 1) as u8
    }

    /// The number of days in this month.
    pub fn month_length(self) -> u8 {
        days_in_month(self.year, self.month)
    }

    /// Days since 1970-01-01.
    pub fn epoch_days(self) -> i64 {
        let year = i64::from(self.year) - i64::from(self.month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let month = (i64::from(self.month) + 9) % 12;
        let day_of_year = (153 * month + 2) / 5 + i64::from(self.day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }

    /// The day that is `days` after 1970-01-01, if it is in range.
    pub fn from_epoch_days(days: i64) -> Option<Date> {
        let days = days.checked_add(719_468)?;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_index = (5 * day_of_year + 2) / 153;
        let day = (day_of_year - (153 * month_index + 2) / 5 + 1) as u8;
        let month = if month_index < 10 { month_index + 3 } else { month_index - 9 } as u8;
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Date::new(i32::try_from(year).ok()?, month, day)
    }

    /// The same day `months` later; a day that the month lacks becomes its last day.
    pub fn add_months(self, months: i64) -> Option<Date> {
        let total = (i64::from(self.year) * 12 + i64::from(self.month) - 1).checked_add(months)?;
        let year = i32::try_from(total.div_euclid(12)).ok()?;
        let month = (total.rem_euclid(12) + 1) as u8;
        Date::new(year, month, self.day.min(days_in_month(year, month)))
    }

    /// The day `days` later.
    pub fn add_days(self, days: i64) -> Option<Date> {
        Date::from_epoch_days(self.epoch_days().checked_add(days)?)
    }
}

fn days_in_month(year: i32, month: u8) -> u8 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.year < 0 { "-" } else { "" };
        write!(f, "{sign}{:04}-{:02}-{:02}", self.year.unsigned_abs(), self.month, self.day)
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
