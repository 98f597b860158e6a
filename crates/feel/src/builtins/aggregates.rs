//! Functions that make one value of many.

use super::argument::{items, refuse};
use crate::limits::{ROOT_FUEL, WIDE_FUEL};
use crate::vm::{Core, Outcome, Trouble, contains, effort, order};
use std::cmp::Ordering;
use value::{Number, Value};

/// The items; `null` instead of a list has none and no result either.
fn checked<'v>(core: &mut Core, values: &'v [Value]) -> Result<&'v [Value], Trouble> {
    let all = items(values);
    core.spend(all.len())?;
    match values {
        [Value::Null] => Err(refuse("expected a list, but found null")),
        _ => Ok(all),
    }
}

fn numbers<'v>(core: &mut Core, values: &'v [Value]) -> Result<Vec<&'v Number>, Trouble> {
    let all = checked(core, values)?;
    let wrong =
        |value: &Value| refuse(format!("expected numbers, but found {}", value.type_name()));
    let numbers = all.iter().map(|value| value.as_number().ok_or_else(|| wrong(value)));
    numbers.collect()
}

fn result(number: Option<Number>) -> Outcome {
    number.map(Value::Number).ok_or_else(|| refuse("the result is out of range"))
}

pub(super) fn count(core: &mut Core, values: &[Value], signature: u8) -> Outcome {
    match values {
        [Value::List(list)] => Ok(Value::from(list.len())),
        _ if signature == 1 || (core.is_standard() && !values[0].is_null()) => {
            Ok(Value::from(values.len()))
        }
        [other, ..] => Err(refuse(format!("expected a list, but found {}", other.type_name()))),
        [] => Ok(Value::from(0)),
    }
}

fn extreme(core: &mut Core, values: &[Value], wanted: Ordering) -> Outcome {
    let all = checked(core, values)?;
    let mut best: Option<&Value> = None;
    for value in all {
        let against = best.unwrap_or(value);
        core.spend(effort(value, against))?;
        let better = order(value, against).map(|found| best.is_none() || found == wanted);
        match better {
            Some(true) => best = Some(value),
            Some(false) => {}
            None => {
                let message = format!(
                    "expected values of one type with an order, but found {}",
                    value.type_name()
                );
                return Err(refuse(message));
            }
        }
    }
    Ok(best.cloned().unwrap_or_default())
}

pub(super) fn min(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    extreme(core, values, Ordering::Less)
}

pub(super) fn max(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    extreme(core, values, Ordering::Greater)
}

/// Pays for each addition that is wide.
fn total(core: &mut Core, numbers: &[&Number]) -> Result<Option<Number>, Trouble> {
    let mut sum = Number::ZERO;
    for number in numbers {
        if !sum.is_small() || !number.is_small() {
            core.spend(WIDE_FUEL)?;
        }
        let Some(next) = sum.add(number) else { return Ok(None) };
        sum = next;
    }
    Ok(Some(sum))
}

/// The sum of numbers, or of durations.
pub(super) fn sum(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let numbers = numbers(core, values)?;
    if numbers.is_empty() {
        return Ok(Value::Null);
    }
    let sum = total(core, &numbers)?;
    result(sum)
}

pub(super) fn product(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let numbers = numbers(core, values)?;
    if numbers.is_empty() {
        return Ok(Value::Null);
    }
    // Products of small numbers are wide soon.
    core.spend(numbers.len() * WIDE_FUEL)?;
    result(numbers.iter().try_fold(Number::ONE, |product, number| product.mul(number)))
}

fn average(core: &mut Core, numbers: &[&Number]) -> Result<Option<Number>, Trouble> {
    core.spend(WIDE_FUEL)?;
    let sum = total(core, numbers)?;
    Ok(sum.and_then(|sum| sum.div(&Number::from(numbers.len()))))
}

pub(super) fn mean(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let numbers = numbers(core, values)?;
    if numbers.is_empty() {
        return Ok(Value::Null);
    }
    let mean = average(core, &numbers)?;
    result(mean)
}

pub(super) fn median(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let mut numbers = numbers(core, values)?;
    if numbers.is_empty() {
        return Ok(Value::Null);
    }
    numbers.sort();
    let middle = numbers.len() / 2;
    match numbers.len() % 2 {
        1 => Ok(Value::Number(numbers[middle].clone())),
        _ => {
            let mean = average(core, &numbers[middle - 1..=middle])?;
            result(mean)
        }
    }
}

/// The standard deviation of a sample; one number has none.
pub(super) fn stddev(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let numbers = numbers(core, values)?;
    if numbers.len() < 2 {
        return match numbers.is_empty() {
            true => Ok(Value::Null),
            false => Err(refuse("expected at least two numbers")),
        };
    }
    core.spend(3 * numbers.len() * WIDE_FUEL + ROOT_FUEL)?;
    let mean = average(core, &numbers)?;
    let deviation = || {
        let mean = mean?;
        let squares = numbers.iter().try_fold(Number::ZERO, |sum, number| {
            let difference = number.sub(&mean)?;
            sum.add(&difference.mul(&difference)?)
        })?;
        squares.div(&Number::from(numbers.len() - 1))?.sqrt()
    };
    result(deviation())
}

/// The most frequent numbers, in order.
pub(super) fn mode(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let mut numbers = numbers(core, values)?;
    numbers.sort();
    let mut best = 0;
    let mut modes: Vec<Value> = Vec::new();
    for run in numbers.chunk_by(|left, right| left == right) {
        if run.len() > best {
            best = run.len();
            modes.clear();
        }
        if run.len() == best {
            modes.push(Value::Number(run[0].clone()));
        }
    }
    Ok(Value::list(modes))
}

/// Three-valued: one value that decides wins, else anything that is no boolean makes it `null`.
fn combined(core: &mut Core, values: &[Value], deciding: bool) -> Outcome {
    let all = checked(core, values)?;
    if contains(core, all, &Value::Bool(deciding))? {
        return Ok(Value::Bool(deciding));
    }
    match all.iter().find(|value| value.as_bool().is_none()) {
        None => Ok(Value::Bool(!deciding)),
        Some(Value::Null) => Ok(Value::Null),
        Some(other) => Err(refuse(format!("expected booleans, but found {}", other.type_name()))),
    }
}

pub(super) fn all(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    combined(core, values, false)
}

pub(super) fn any(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    combined(core, values, true)
}
