//! Dates, times and durations, DMN 1.5, 10.3.2.3.5–10.
//!
//! Own calendar arithmetic, because the standard's years run to 999,999,999; the offset of a named
//! zone comes from the bundled zone data.

mod date;
mod date_time;
mod duration;
mod read;
mod time;
mod zone;

pub use date::Date;
pub use date_time::DateTime;
pub use duration::{DaysDuration, YearsDuration};
pub use time::Time;
pub use zone::Zone;

pub(crate) const NANOS_PER_SECOND: u64 = 1_000_000_000;
pub(crate) const SECONDS_PER_DAY: i64 = 86_400;

#[cfg(test)]
mod tests;
