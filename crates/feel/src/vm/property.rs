//! Properties: entries of contexts, parts of temporal values, projections of lists.

use super::core::{Core, Outcome, Trouble, shown};
use crate::error::WarningKind;
use value::{DaysDuration, Number, Time, Value};

pub(crate) fn property(core: &mut Core, value: &Value, name: &str) -> Outcome {
    match value {
        Value::Context(context) => context.get(name).cloned().ok_or_else(|| {
            let keys: Vec<String> =
                context.iter().take(20).map(|(key, _)| format!("'{key:.100}'")).collect();
            let known = match keys.is_empty() {
                true => "The context is empty".to_owned(),
                false => format!("Available keys: {}", keys.join(", ")),
            };
            Trouble::Warn(
                WarningKind::NoContextEntryFound,
                format!("No context entry found with key '{name}'. {known}"),
            )
        }),
        Value::List(list) => {
            core.spend(list.len())?;
            let mut items = Vec::with_capacity(list.len());
            for item in list.iter() {
                match property(core, item, name) {
                    Ok(found) => items.push(found),
                    Err(Trouble::Warn(kind, message)) => {
                        core.warn_here(kind, message);
                        items.push(Value::Null);
                    }
                    Err(raise) => return Err(raise),
                }
            }
            super::core::bounded(Value::list(items))
        }
        Value::Null => Err(Trouble::Warn(
            WarningKind::NoContextEntryFound,
            format!("No context entry found with key '{name}'. The context is null"),
        )),
        _ => part(value, name).ok_or_else(|| {
            Trouble::Warn(
                WarningKind::NoPropertyFound,
                format!(
                    "No property found with name '{name}' of value '{}'. Available properties: {}",
                    shown(value),
                    names(value).join(", ")
                ),
            )
        }),
    }
}

fn names(value: &Value) -> &'static [&'static str] {
    match value {
        Value::Date(_) => &["year", "month", "day", "weekday"],
        Value::Time(_) => &["hour", "minute", "second", "time offset", "timezone"],
        Value::DateTime(_) => &[
            "year",
            "month",
            "day",
            "weekday",
            "hour",
            "minute",
            "second",
            "time offset",
            "timezone",
        ],
        Value::DaysDuration(_) => &["days", "hours", "minutes", "seconds"],
        Value::YearsDuration(_) => &["years", "months"],
        Value::Range(_) => &["start", "end", "start included", "end included"],
        _ => &[],
    }
}

fn part(value: &Value, name: &str) -> Option<Value> {
    match value {
        Value::Date(date) => date_part(*date, name),
        Value::Time(time) => time_part(time, time.offset_seconds(), name),
        Value::DateTime(date_time) => date_part(date_time.date(), name)
            .or_else(|| time_part(date_time.time(), date_time.offset_seconds(), name)),
        Value::DaysDuration(duration) => Some(Value::from(match name {
            "days" => duration.days(),
            "hours" => duration.hours(),
            "minutes" => duration.minutes(),
            "seconds" => duration.seconds(),
            _ => return None,
        })),
        Value::YearsDuration(duration) => Some(Value::from(match name {
            "years" => duration.years(),
            "months" => duration.months(),
            _ => return None,
        })),
        Value::Range(range) => Some(match name {
            "start" => range.start.clone().unwrap_or_default(),
            "end" => range.end.clone().unwrap_or_default(),
            "start included" => Value::Bool(range.start_included),
            "end included" => Value::Bool(range.end_included),
            _ => return None,
        }),
        _ => None,
    }
}

fn date_part(date: value::Date, name: &str) -> Option<Value> {
    Some(Value::from(match name {
        "year" => i64::from(date.year()),
        "month" => i64::from(date.month()),
        "day" => i64::from(date.day()),
        "weekday" => i64::from(date.weekday()),
        _ => return None,
    }))
}

fn time_part(time: &Time, offset_seconds: Option<i32>, name: &str) -> Option<Value> {
    Some(match name {
        "hour" => Value::from(i64::from(time.hour())),
        "minute" => Value::from(i64::from(time.minute())),
        "second" => {
            let whole = Number::from(i64::from(time.second()));
            let fraction = Number::new(i64::from(time.nanosecond()), 9);
            Value::Number(whole.add(&fraction)?)
        }
        "time offset" | "offset" => offset_seconds.map_or(Value::Null, |seconds| {
            Value::DaysDuration(DaysDuration::from_seconds(i64::from(seconds)))
        }),
        "timezone" => match time.zone().name() {
            Some(name) => Value::from(name),
            None if *time.zone() == value::Zone::UTC => Value::from("Z"),
            None => Value::Null,
        },
        _ => return None,
    })
}
