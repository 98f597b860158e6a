//! `+ - * / **` and negation, DMN 1.5, tables 53 to 57.

use super::core::{Core, Outcome, Trouble, shown};
use crate::error::WarningKind;
use crate::limits::{LOGARITHM_FUEL, STRING_BYTES_MAX, TRANSCENDENT_FUEL, WIDE_FUEL};
use std::sync::Arc;
use value::{
    Arithmetic, Date, DateTime, DaysDuration, Number, Rounding, Time, Value, YearsDuration, Zone,
};

pub(super) fn negate(value: Value) -> Outcome {
    match value {
        Value::Number(number) => Ok(Value::Number(number.neg())),
        Value::DaysDuration(duration) => days(-duration.nanos()).ok_or_else(out_of_range),
        Value::YearsDuration(duration) => years(duration.total_months().checked_neg()),
        other => Err(Trouble::Warn(
            WarningKind::InvalidType,
            format!("Expected number but found '{}'", shown(&other)),
        )),
    }
}

pub(super) fn binary(core: &mut Core, done: Arithmetic, left: Value, right: Value) -> Outcome {
    if let (Value::Number(left), Value::Number(right)) = (&left, &right) {
        return numbers(core, done, left, right);
    }
    let result = match done {
        Arithmetic::Add => return add(core, left, right),
        Arithmetic::Subtract => subtract(core, &left, &right),
        Arithmetic::Multiply => multiply(&left, &right),
        Arithmetic::Divide => divide(&left, &right),
    };
    result.ok_or_else(|| undefined(done, &left, &right))
}

pub(super) fn power(core: &mut Core, left: &Value, right: &Value) -> Outcome {
    let undefined = || {
        let message = format!("Can't raise '{}' to the power '{}'", shown(left), shown(right));
        Trouble::Warn(WarningKind::InvalidType, message)
    };
    let (Value::Number(base), Value::Number(exponent)) = (left, right) else {
        return Err(undefined());
    };
    core.spend(match exponent.to_i64() {
        Some(exponent) if exponent.unsigned_abs() <= 64 => 2 * WIDE_FUEL,
        Some(_) => TRANSCENDENT_FUEL,
        None => LOGARITHM_FUEL,
    })?;
    base.pow(exponent).map(Value::Number).ok_or_else(undefined)
}

fn numbers(core: &mut Core, done: Arithmetic, left: &Number, right: &Number) -> Outcome {
    if !left.is_small() || !right.is_small() {
        core.spend(WIDE_FUEL)?;
    }
    let result = match done {
        Arithmetic::Add => left.add(right),
        Arithmetic::Subtract => left.sub(right),
        Arithmetic::Multiply => left.mul(right),
        Arithmetic::Divide => left.div(right),
    };
    // Two small ones may make a wide one.
    if left.is_small() && right.is_small() && result.as_ref().is_some_and(|own| !own.is_small()) {
        core.spend(WIDE_FUEL)?;
    }
    result.map(Value::Number).ok_or_else(|| {
        let (left, right) = (Value::Number(left.clone()), Value::Number(right.clone()));
        undefined(done, &left, &right)
    })
}

fn undefined(done: Arithmetic, left: &Value, right: &Value) -> Trouble {
    let (left, right) = (shown(left), shown(right));
    let message = match done {
        Arithmetic::Add => format!("Can't add '{right}' to '{left}'"),
        Arithmetic::Subtract => format!("Can't subtract '{right}' from '{left}'"),
        Arithmetic::Multiply => format!("Can't multiply '{left}' by '{right}'"),
        Arithmetic::Divide => format!("Can't divide '{left}' by '{right}'"),
    };
    Trouble::Warn(WarningKind::InvalidType, message)
}

fn out_of_range() -> Trouble {
    Trouble::Warn(WarningKind::InvalidType, "The result is out of range".to_owned())
}

fn days(nanos: i128) -> Option<Value> {
    DaysDuration::from_nanos(nanos).map(Value::DaysDuration)
}

fn years(months: Option<i64>) -> Outcome {
    let duration = months.map(YearsDuration::from_months);
    duration.map(Value::YearsDuration).ok_or_else(out_of_range)
}

/// The texts as one; `None` unless all are texts.
pub(super) fn join(core: &mut Core, values: &[Value]) -> Result<Option<Value>, Trouble> {
    let mut bytes = 0;
    for value in values {
        let Value::String(text) = value else { return Ok(None) };
        bytes += text.len();
    }
    if bytes > STRING_BYTES_MAX {
        let message = format!("expected a string of at most {STRING_BYTES_MAX} bytes");
        return Err(Trouble::limit(message));
    }
    core.spend(bytes / 64)?;
    let mut joined = String::with_capacity(bytes);
    values.iter().filter_map(Value::as_str).for_each(|text| joined.push_str(text));
    Ok(Some(Value::String(Arc::from(joined))))
}

fn add(core: &mut Core, left: Value, right: Value) -> Outcome {
    let both = [left, right];
    if let Some(joined) = join(core, &both)? {
        return Ok(joined);
    }
    let [left, right] = &both;
    let sum = match (left, right) {
        (Value::DaysDuration(left), Value::DaysDuration(right)) => {
            days(left.nanos() + right.nanos())
        }
        (Value::YearsDuration(left), Value::YearsDuration(right)) => {
            return years(left.total_months().checked_add(right.total_months()));
        }
        (moment, Value::DaysDuration(duration)) | (Value::DaysDuration(duration), moment) => {
            shift(moment, duration.nanos())
        }
        (moment, Value::YearsDuration(duration)) | (Value::YearsDuration(duration), moment) => {
            shift_months(moment, duration.total_months())
        }
        _ => None,
    };
    sum.ok_or_else(|| undefined(Arithmetic::Add, left, right))
}

/// A date, time or date and time that many nanoseconds later.
fn shift(moment: &Value, nanos: i128) -> Option<Value> {
    match moment {
        Value::Date(date) => {
            let midnight = DateTime::new(*date, Time::from_nanos_of_day(0, Zone::Local));
            midnight.add_nanos(nanos).map(|moved| Value::Date(moved.date()))
        }
        Value::Time(time) => Some(Value::from(time.add_nanos(nanos))),
        Value::DateTime(date_time) => date_time.add_nanos(nanos).map(Value::from),
        _ => None,
    }
}

fn shift_months(moment: &Value, months: i64) -> Option<Value> {
    match moment {
        Value::Date(date) => date.add_months(months).map(Value::Date),
        Value::DateTime(date_time) => date_time.add_months(months).map(Value::from),
        _ => None,
    }
}

fn subtract(core: &Core, left: &Value, right: &Value) -> Option<Value> {
    match (left, right) {
        (Value::DaysDuration(left), Value::DaysDuration(right)) => {
            days(left.nanos() - right.nanos())
        }
        (Value::YearsDuration(left), Value::YearsDuration(right)) => {
            years(left.total_months().checked_sub(right.total_months())).ok()
        }
        (moment, Value::DaysDuration(duration)) => shift(moment, -duration.nanos()),
        (moment, Value::YearsDuration(duration)) => {
            shift_months(moment, duration.total_months().checked_neg()?)
        }
        (Value::Time(left), Value::Time(right)) => days(left.nanos_since(right)?),
        (Value::Date(left), Value::Date(right)) => {
            days(i128::from(left.epoch_days() - right.epoch_days()) * NANOS_PER_DAY)
        }
        (Value::DateTime(left), Value::DateTime(right)) => days(left.nanos_since(right)?),
        (Value::DateTime(left), Value::Date(right)) if core.is_standard() => {
            days(left.nanos_since(&midnight(*right))?)
        }
        (Value::Date(left), Value::DateTime(right)) if core.is_standard() => {
            days(midnight(*left).nanos_since(right)?)
        }
        _ => None,
    }
}

const NANOS_PER_DAY: i128 = 86_400_000_000_000;

/// A date against a date and time is midnight UTC (DMN 1.5, 10.3.2.3.4), which a local date and
/// time cannot be compared with.
fn midnight(date: Date) -> DateTime {
    DateTime::new(date, Time::from_nanos_of_day(0, Zone::UTC))
}

fn multiply(left: &Value, right: &Value) -> Option<Value> {
    match (left, right) {
        (Value::DaysDuration(duration), Value::Number(factor))
        | (Value::Number(factor), Value::DaysDuration(duration)) => {
            let nanos = Number::parse(&duration.nanos().to_string())?;
            days(whole(&nanos.mul(factor)?)?)
        }
        (Value::YearsDuration(duration), Value::Number(factor))
        | (Value::Number(factor), Value::YearsDuration(duration)) => {
            let months = Number::from(duration.total_months()).mul(factor)?;
            years(whole_i64(&months)).ok()
        }
        _ => None,
    }
}

fn divide(left: &Value, right: &Value) -> Option<Value> {
    match (left, right) {
        (Value::DaysDuration(left), Value::DaysDuration(right)) => {
            let left = Number::parse(&left.nanos().to_string())?;
            let right = Number::parse(&right.nanos().to_string())?;
            left.div(&right).map(Value::Number)
        }
        (Value::DaysDuration(duration), Value::Number(divisor)) => {
            let nanos = Number::parse(&duration.nanos().to_string())?;
            days(whole(&nanos.div(divisor)?)?)
        }
        (Value::YearsDuration(left), Value::YearsDuration(right)) => {
            let left = Number::from(left.total_months());
            left.div(&Number::from(right.total_months())).map(Value::Number)
        }
        (Value::YearsDuration(duration), Value::Number(divisor)) => {
            let months = Number::from(duration.total_months()).div(divisor)?;
            years(whole_i64(&months)).ok()
        }
        _ => None,
    }
}

fn whole(number: &Number) -> Option<i128> {
    number.round(0, Rounding::Down)?.to_string().parse().ok()
}

fn whole_i64(number: &Number) -> Option<i64> {
    number.round(0, Rounding::Down)?.to_i64()
}
