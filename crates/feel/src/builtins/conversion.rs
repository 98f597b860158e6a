//! Numbers, strings and JSON.

use super::argument::{refuse, text};
use crate::vm::{Core, Outcome, bounded};
use std::fmt::Write;
use value::{Number, Packed, Value};

/// A number from text, without grouping and with a decimal point of choice.
pub(super) fn number(core: &mut Core, values: &[Value], signature: u8) -> Outcome {
    if let (Value::Number(_), 0, false) = (&values[0], signature, core.is_standard()) {
        return Ok(values[0].clone());
    }
    let source = text(values, 0)?;
    let separator = |at: usize| match values.get(at) {
        None | Some(Value::Null) => Ok(None),
        Some(_) => text(values, at).map(Some),
    };
    let (grouping, decimal) = (separator(1)?, separator(2)?);
    let known = grouping.is_none_or(|mark| matches!(mark, " " | "." | ","))
        && decimal.is_none_or(|mark| matches!(mark, "." | ","));
    if !known || (grouping.is_some() && grouping == decimal) {
        return Err(refuse("expected ' ', ',' or '.' to group and another of ',' or '.' as point"));
    }
    let plain = match grouping {
        Some(mark) => source.replace(mark, ""),
        None => source.to_owned(),
    };
    let plain = match decimal {
        Some(mark) => plain.replace(mark, "."),
        None => plain,
    };
    let parsed = Number::parse(plain.strip_prefix('+').unwrap_or(&plain));
    parsed
        .map(Value::Number)
        .ok_or_else(|| refuse(format!("expected a number, but found '{source}'")))
}

pub(super) fn string(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    match &values[0] {
        Value::Null => Ok(Value::Null),
        Value::String(_) => Ok(values[0].clone()),
        other => {
            core.spend(other.weight() as usize)?;
            let mut text = String::new();
            write_text(&mut text, other, core.is_standard(), true);
            bounded(Value::from(text))
        }
    }
}

/// A value as `string` shows it. Camunda writes `{a:1}` where the standard's examples have
/// `{a: 1}`, and no months as `P0Y`. Bounded by the nesting of values.
fn write_text(text: &mut String, value: &Value, standard: bool, outermost: bool) {
    match value {
        Value::Date(date) => {
            let _ = write!(text, "{date}");
        }
        Value::Time(time) => {
            let _ = write!(text, "{time}");
        }
        Value::DateTime(date_time) => {
            let _ = write!(text, "{date_time}");
        }
        Value::DaysDuration(duration) if standard && duration.nanos() == 0 => text.push_str("PT0S"),
        Value::DaysDuration(duration) => {
            let _ = write!(text, "{duration}");
        }
        Value::YearsDuration(duration) if duration.total_months() == 0 => {
            text.push_str(if standard { "P0M" } else { "P0Y" });
        }
        Value::YearsDuration(duration) => {
            let _ = write!(text, "{duration}");
        }
        Value::String(inner) if outermost => text.push_str(inner),
        Value::List(list) => {
            text.push('[');
            for (at, item) in list.iter().enumerate() {
                text.push_str(if at > 0 { ", " } else { "" });
                write_text(text, item, standard, false);
            }
            text.push(']');
        }
        Value::Context(context) => {
            text.push('{');
            for (at, (key, value)) in context.iter().enumerate() {
                text.push_str(if at > 0 { ", " } else { "" });
                // A key that would be read as structure stands in quotes.
                match key.contains(['{', '}', ':', ',', '"']) {
                    true => text.push_str(&value::quote(key)),
                    false => text.push_str(key),
                }
                text.push_str(if standard { ": " } else { ":" });
                write_text(text, value, standard, false);
            }
            text.push('}');
        }
        Value::Range(range) => {
            text.push(if range.start_included { '[' } else { '(' });
            for (at, end) in [&range.start, &range.end].into_iter().enumerate() {
                text.push_str(if at > 0 { ".." } else { "" });
                write_text(text, end.as_ref().unwrap_or(&Value::Null), standard, false);
            }
            text.push(if range.end_included { ']' } else { ')' });
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Function(_) => {
            let _ = write!(text, "{value}");
        }
    }
}

pub(super) fn to_json(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    core.spend(values[0].weight() as usize)?;
    if matches!(values[0], Value::Function(_) | Value::Range(_)) {
        let mut text = String::new();
        write_text(&mut text, &values[0], core.is_standard(), false);
        let quoted = Packed::from_value(&Value::from(text));
        return bounded(Value::from(quoted.to_json()));
    }
    bounded(Value::from(Packed::from_value(&values[0]).to_json()))
}

pub(super) fn from_json(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let text = text(values, 0)?;
    core.spend(text.len() / 2)?;
    match Packed::from_json(text) {
        Ok(packed) => bounded(packed.to_value()),
        Err(error) => Err(refuse(error.to_string())),
    }
}
