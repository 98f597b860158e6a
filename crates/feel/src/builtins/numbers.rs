//! Numbers.

use super::argument::{number, refuse, whole};
use crate::limits::{LOGARITHM_FUEL, ROOT_FUEL, SCALE_MAX, WIDE_FUEL};
use crate::vm::{Core, Outcome, Trouble};
use value::{DaysDuration, Number, Rounding, Value, YearsDuration};

pub(super) fn abs(_core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    match &values[0] {
        Value::DaysDuration(duration) => DaysDuration::from_nanos(duration.nanos().abs())
            .map(Value::DaysDuration)
            .ok_or_else(|| refuse("the result is out of range")),
        Value::YearsDuration(duration) => Ok(Value::YearsDuration(YearsDuration::from_months(
            duration.total_months().saturating_abs(),
        ))),
        _ => Ok(Value::Number(number(values, 0)?.abs())),
    }
}

fn rounded(core: &mut Core, values: &[Value], rounding: Rounding) -> Outcome {
    let number = number(values, 0)?;
    pay(core, &[number])?;
    let scale = if values.len() > 1 { whole(values, 1)? } else { 0 };
    if !(-SCALE_MAX..=SCALE_MAX + 65).contains(&scale) {
        let message = format!("expected a scale from -{SCALE_MAX} to 6176, but found {scale}");
        return Err(refuse(message));
    }
    let scale = i32::try_from(scale).unwrap_or(0);
    result(number.round(scale, rounding))
}

/// Rounding and division of numbers of many digits take some of the longest arithmetic.
fn pay(core: &mut Core, numbers: &[&Number]) -> Result<(), Trouble> {
    let is_wide = numbers.iter().any(|number| !number.is_small());
    core.spend(if is_wide { 5 * WIDE_FUEL } else { 0 })
}

fn result(number: Option<Number>) -> Outcome {
    number.map(Value::Number).ok_or_else(|| refuse("there is no such number"))
}

pub(super) fn decimal(core: &mut Core, values: &[Value], signature: u8) -> Outcome {
    if signature == 0 {
        return rounded(core, values, Rounding::HalfEven);
    }
    let mode = super::argument::text(values, 2)?;
    let rounding = match mode.to_uppercase().as_str() {
        "UP" => Rounding::Up,
        "DOWN" => Rounding::Down,
        "CEILING" => Rounding::Ceiling,
        "FLOOR" => Rounding::Floor,
        "HALF_UP" => Rounding::HalfUp,
        "HALF_DOWN" => Rounding::HalfDown,
        "HALF_EVEN" => Rounding::HalfEven,
        "UNNECESSARY" => {
            let exact = rounded(core, &values[..2], Rounding::Down)?;
            return match exact == values[0] {
                true => Ok(exact),
                false => Err(refuse("rounding is necessary")),
            };
        }
        _ => {
            let message = format!(
                "expected UP, DOWN, CEILING, FLOOR, HALF_UP, HALF_DOWN, HALF_EVEN or \
                 UNNECESSARY, but found '{mode}'"
            );
            return Err(refuse(message));
        }
    };
    rounded(core, &values[..2], rounding)
}

pub(super) fn floor(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    rounded(core, values, Rounding::Floor)
}

pub(super) fn ceiling(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    rounded(core, values, Rounding::Ceiling)
}

pub(super) fn round_up(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    rounded(core, values, Rounding::Up)
}

pub(super) fn round_down(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    rounded(core, values, Rounding::Down)
}

pub(super) fn round_half_up(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    rounded(core, values, Rounding::HalfUp)
}

pub(super) fn round_half_down(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    rounded(core, values, Rounding::HalfDown)
}

pub(super) fn modulo(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let (number, divisor) = (number(values, 0)?, number(values, 1)?);
    pay(core, &[number, divisor])?;
    result(number.modulo(divisor))
}

pub(super) fn sqrt(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    core.spend(ROOT_FUEL)?;
    result(number(values, 0)?.sqrt())
}

pub(super) fn log(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    core.spend(LOGARITHM_FUEL)?;
    result(number(values, 0)?.ln())
}

pub(super) fn exp(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    core.spend(LOGARITHM_FUEL)?;
    result(number(values, 0)?.exp())
}

fn is_odd(core: &mut Core, values: &[Value]) -> Result<Option<bool>, Trouble> {
    let number = number(values, 0)?;
    if !number.is_whole() {
        return Ok(None);
    }
    pay(core, &[number])?;
    let rest = number.modulo(&Number::from(2));
    Ok(rest.map(|rest| !rest.is_zero()))
}

pub(super) fn odd(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    Ok(Value::Bool(is_odd(core, values)? == Some(true)))
}

pub(super) fn even(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    Ok(Value::Bool(is_odd(core, values)? == Some(false)))
}

/// From 0 up to but without 1, with 53 random bits.
pub(super) fn random_number(core: &mut Core, _values: &[Value], _signature: u8) -> Outcome {
    let bits = core.random() >> 11;
    let fraction = bits as f64 / (1u64 << 53) as f64;
    result(Number::from_f64(fraction))
}
