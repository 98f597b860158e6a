//! Equality, order, ranges and three-valued logic, DMN 1.5, tables 44 to 52.

use super::core::{Core, Outcome, Trouble, shown};
use crate::ast::Comparison;
use crate::error::WarningKind;
use std::cmp::Ordering;
use std::sync::Arc;
use value::{Context, Range, Value};

/// FEEL's `=`: `None` where values of these types cannot be compared. `null` equals only itself.
pub fn equal(left: &Value, right: &Value) -> Option<bool> {
    same(left, right, &|left, right| order(left, right).map(Ordering::is_eq))
}

/// The same with a rule of its own for temporal values, wherever they are inside.
fn same(
    left: &Value,
    right: &Value,
    rule: &impl Fn(&Value, &Value) -> Option<bool>,
) -> Option<bool> {
    match (left, right) {
        (Value::Null, _) | (_, Value::Null) => Some(left.is_null() && right.is_null()),
        (Value::Number(left), Value::Number(right)) => Some(left == right),
        (Value::String(left), Value::String(right)) => Some(left == right),
        (Value::Bool(left), Value::Bool(right)) => Some(left == right),
        (Value::List(left), Value::List(right)) => Some(
            left.len() == right.len()
                && left.iter().zip(right.iter()).all(|(a, b)| same(a, b, rule) == Some(true)),
        ),
        (Value::Context(left), Value::Context(right)) => Some(
            left.len() == right.len()
                && left.iter().all(|(key, value)| {
                    right.get(key).is_some_and(|other| same(value, other, rule) == Some(true))
                }),
        ),
        (Value::Range(left), Value::Range(right)) => Some(left == right),
        (Value::Function(_), Value::Function(_)) => Some(left == right),
        _ => rule(left, right),
    }
}

/// An order of all values, in which those and only those that are equal have one place. What it
/// is besides means nothing.
pub(crate) fn rank(left: &Value, right: &Value) -> Ordering {
    let class = |value: &Value| match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Date(_) => 4,
        Value::Time(time) => 5 + u8::from(time.offset_seconds().is_some()),
        Value::DateTime(moment) => 7 + u8::from(moment.offset_seconds().is_some()),
        Value::DaysDuration(_) => 9,
        Value::YearsDuration(_) => 10,
        Value::Range(_) => 11,
        Value::List(_) => 12,
        Value::Context(_) => 13,
        Value::Function(_) => 14,
    };
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::List(left), Value::List(right)) => {
            let pairs = left.iter().zip(right.iter());
            let found = pairs.map(|(left, right)| rank(left, right)).find(|found| found.is_ne());
            found.unwrap_or_else(|| left.len().cmp(&right.len()))
        }
        (Value::Context(left), Value::Context(right)) => {
            let (left, right) = (sorted(left), sorted(right));
            let pairs = left.iter().zip(&right);
            let mut found = pairs.map(|((left, a), (right, b))| left.cmp(right).then(rank(a, b)));
            let found = found.find(|found| found.is_ne());
            found.unwrap_or_else(|| left.len().cmp(&right.len()))
        }
        (Value::Range(left), Value::Range(right)) => {
            let end = |left: &Option<Value>, right: &Option<Value>| match (left, right) {
                (Some(left), Some(right)) => rank(left, right),
                _ => left.is_some().cmp(&right.is_some()),
            };
            let included = |range: &Range| (range.start_included, range.end_included);
            end(&left.start, &right.start)
                .then_with(|| end(&left.end, &right.end))
                .then_with(|| included(left).cmp(&included(right)))
        }
        (Value::Function(left), Value::Function(right)) => {
            Arc::as_ptr(left).cast::<()>().cmp(&Arc::as_ptr(right).cast::<()>())
        }
        _ => class(left)
            .cmp(&class(right))
            .then_with(|| order(left, right).unwrap_or(Ordering::Equal)),
    }
}

fn sorted(context: &Context) -> Vec<(&Arc<str>, &Value)> {
    let mut entries: Vec<_> = context.iter().collect();
    entries.sort_unstable_by_key(|(name, _)| *name);
    entries
}

/// Which value comes first: `None` where values of these types have no order.
pub fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => Some(left.cmp(right)),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Date(left), Value::Date(right)) => Some(left.cmp(right)),
        (Value::Time(left), Value::Time(right)) => left.compare(right),
        (Value::DateTime(left), Value::DateTime(right)) => left.compare(right),
        (Value::DaysDuration(left), Value::DaysDuration(right)) => Some(left.cmp(right)),
        (Value::YearsDuration(left), Value::YearsDuration(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

fn not_comparable(left: &Value, right: &Value) -> Trouble {
    let message = format!("Can't compare '{}' with '{}'", shown(left), shown(right));
    Trouble::Warn(WarningKind::NotComparable, message)
}

/// `=` in the dialect. In Camunda a time or date and time with a zone equals only one with the
/// same zone, as in Java; in the standard the instant counts.
pub(crate) fn equal_in(core: &Core, left: &Value, right: &Value) -> Option<bool> {
    match core.is_standard() {
        true => same(left, right, &|left, right| {
            let by_order = || order(left, right).map(Ordering::is_eq);
            equal_in_seconds(left, right).or_else(by_order)
        }),
        false => same(left, right, &|left, right| {
            let verdict = order(left, right)?.is_eq();
            let strict = matches!(left, Value::Time(_) | Value::DateTime(_));
            Some(verdict && (!strict || same_zone(left, right)))
        }),
    }
}

/// Times compare by their parts in the standard (table 45), of which the second is a whole number.
fn equal_in_seconds(left: &Value, right: &Value) -> Option<bool> {
    let apart = match (left, right) {
        (Value::Time(left), Value::Time(right)) => left.nanos_since(right)?,
        (Value::DateTime(left), Value::DateTime(right)) => left.nanos_since(right)?,
        _ => return None,
    };
    Some(apart == fraction(left) - fraction(right))
}

/// Nanoseconds beyond the whole second; zones are whole seconds apart.
fn fraction(value: &Value) -> i128 {
    match value {
        Value::Time(time) => i128::from(time.nanosecond()),
        Value::DateTime(date_time) => i128::from(date_time.time().nanosecond()),
        _ => 0,
    }
}

fn same_zone(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Time(left), Value::Time(right)) => left.offset_seconds() == right.offset_seconds(),
        _ => left == right,
    }
}

/// Whether a comparison is true of values in that order.
pub(super) fn holds(comparison: Comparison, found: Ordering) -> bool {
    match comparison {
        Comparison::Equal => found.is_eq(),
        Comparison::NotEqual => found.is_ne(),
        Comparison::Less => found.is_lt(),
        Comparison::LessOrEqual => found.is_le(),
        Comparison::Greater => found.is_gt(),
        Comparison::GreaterOrEqual => found.is_ge(),
    }
}

/// Parts of values that one unit of fuel compares.
const PARTS_A_UNIT: u32 = 4;

/// What comparing two values costs beside the operation itself: they differ somewhere in the
/// smaller one, or at its end.
pub(crate) fn effort(left: &Value, right: &Value) -> usize {
    (left.weight().min(right.weight()) / PARTS_A_UNIT) as usize
}

pub(super) fn compare(
    core: &mut Core,
    comparison: Comparison,
    left: &Value,
    right: &Value,
) -> Outcome {
    if let (Value::Number(left), Value::Number(right)) = (left, right) {
        return Ok(Value::Bool(holds(comparison, left.cmp(right))));
    }
    core.spend(effort(left, right))?;
    let verdict = match comparison {
        Comparison::Equal => equal_in(core, left, right),
        Comparison::NotEqual => equal_in(core, left, right).map(|same| !same),
        Comparison::Less => order(left, right).map(Ordering::is_lt),
        Comparison::LessOrEqual => order(left, right).map(Ordering::is_le),
        Comparison::Greater => order(left, right).map(Ordering::is_gt),
        Comparison::GreaterOrEqual => order(left, right).map(Ordering::is_ge),
    };
    verdict.map(Value::Bool).ok_or_else(|| not_comparable(left, right))
}

/// Whether the value is in the range.
pub(crate) fn in_range(value: &Value, range: &Range) -> Outcome {
    let verdict = is_in(value, range);
    verdict.map(Value::Bool).ok_or_else(|| {
        let ends = [&range.start, &range.end].map(|end| end.as_ref().map_or(String::new(), shown));
        let [start, end] = ends;
        let message = format!("Can't compare '{}' with '{start}' and '{end}'", shown(value));
        Trouble::Warn(WarningKind::NotComparable, message)
    })
}

/// Whether the value is in the range; `None` if it cannot be compared with an end.
pub fn is_in(value: &Value, range: &Range) -> Option<bool> {
    let above = match &range.start {
        Some(start) => {
            let found = order(value, start)?;
            found.is_gt() || (range.start_included && found.is_eq())
        }
        None => true,
    };
    let below = match &range.end {
        Some(end) => {
            let found = order(value, end)?;
            found.is_lt() || (range.end_included && found.is_eq())
        }
        None => true,
    };
    Some(above && below)
}

/// A range value. Its ends must be of one type that has an order.
pub(super) fn range(
    core: &Core,
    low: Value,
    start_included: bool,
    high: Value,
    end_included: bool,
) -> Outcome {
    let unbounded = core.is_standard() && (low.is_null() != high.is_null());
    let ordered = order(&low, &high);
    let descends = core.is_standard() && ordered == Some(Ordering::Greater);
    let strings = matches!(low, Value::String(_)) && !core.is_standard();
    if (ordered.is_none() && !unbounded) || descends || strings {
        let wanted = if strings { "no strings" } else { "values in order" };
        let message =
            format!("expected a range of {wanted}, but found '{}..{}'", shown(&low), shown(&high));
        return Err(Trouble::Warn(WarningKind::InvalidType, message));
    }
    // `(null..5)` has an end that is null, `(< 5)` has none: the standard tells them apart.
    Ok(Value::from(Range { start: Some(low), start_included, end: Some(high), end_included }))
}

/// A range with one end.
pub(super) fn half_range(comparison: Comparison, end: Value) -> Outcome {
    let comparable = order(&end, &end).is_some();
    let (start, end, included) = match comparison {
        _ if !comparable && comparison != Comparison::Equal => {
            let message = format!("expected a value with an order, but found '{}'", shown(&end));
            return Err(Trouble::Warn(WarningKind::InvalidType, message));
        }
        Comparison::Less => (None, Some(end), false),
        Comparison::LessOrEqual => (None, Some(end), true),
        Comparison::Greater => (Some(end), None, false),
        Comparison::GreaterOrEqual => (Some(end), None, true),
        Comparison::Equal => (Some(end.clone()), Some(end), true),
        Comparison::NotEqual => {
            let message = "expected '<', '<=', '>', '>=' or '=', but found '!='".to_owned();
            return Err(Trouble::Warn(WarningKind::InvalidType, message));
        }
    };
    let start_included = included && start.is_some();
    let end_included = included && end.is_some();
    Ok(Value::from(Range { start, start_included, end, end_included }))
}

/// Three-valued `and` (`or` if not): what is no boolean counts as unknown.
pub(super) fn combine(is_and: bool, left: &Value, right: &Value) -> Outcome {
    let deciding = !is_and;
    if left.as_bool() == Some(deciding) || right.as_bool() == Some(deciding) {
        return Ok(Value::Bool(deciding));
    }
    match (left, right) {
        (Value::Bool(_), Value::Bool(_)) => Ok(Value::Bool(is_and)),
        (Value::Null | Value::Bool(_), Value::Null | Value::Bool(_)) => Ok(Value::Null),
        (Value::Null | Value::Bool(_), other) | (other, _) => Err(Trouble::Warn(
            WarningKind::InvalidType,
            format!("Expected boolean but found '{}'", shown(other)),
        )),
    }
}

pub(super) fn not(value: &Value) -> Outcome {
    match value {
        Value::Bool(truth) => Ok(Value::Bool(!truth)),
        Value::Null => Ok(Value::Null),
        other => Err(Trouble::Warn(
            WarningKind::InvalidType,
            format!("Expected boolean but found '{}'", shown(other)),
        )),
    }
}

/// Whether a list has an element equal to the value.
pub(crate) fn contains(core: &mut Core, list: &[Value], value: &Value) -> Result<bool, Trouble> {
    core.spend(list.len() / PARTS_A_UNIT as usize)?;
    for item in list {
        core.spend(effort(item, value))?;
        if equal_in(core, item, value) == Some(true) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the input is meant by the value of a test (DMN 1.5, 7.3.8): it is the value, or in the
/// range or list that the value is. A test that is true by itself accepts every input.
pub(super) fn test_value(core: &mut Core, input: &Value, value: &Value) -> Outcome {
    core.spend(effort(input, value))?;
    match value {
        Value::Bool(_) if core.is_standard() && input.as_bool().is_some() => {
            return Ok(Value::Bool(input == value));
        }
        Value::Bool(true) => return Ok(Value::Bool(true)),
        Value::Range(range) if !matches!(input, Value::Range(_)) => return in_range(input, range),
        Value::List(list) if contains(core, list, input)? => return Ok(Value::Bool(true)),
        Value::List(list) if core.is_standard() => {
            let covers = |item: &Value| match item {
                Value::Range(range) => is_in(input, range) == Some(true),
                _ => false,
            };
            let same = equal_in(core, input, value) == Some(true);
            return Ok(Value::Bool(same || list.iter().any(covers)));
        }
        _ => {}
    }
    match equal_in(core, input, value) {
        Some(true) => Ok(Value::Bool(true)),
        _ if matches!(value, Value::Bool(false) | Value::List(_)) => Ok(Value::Bool(false)),
        Some(false) => Ok(Value::Bool(false)),
        None => Err(not_comparable(input, value)),
    }
}
