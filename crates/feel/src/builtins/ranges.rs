//! How points and ranges lie to each other, DMN 1.5, 10.3.4.11 (Allen's relations).
//!
//! A missing end is before, or after, everything.

use super::argument::{refuse, text};
use crate::lexer::TokenKind;
use crate::vm::{Core, Outcome, Trouble, order};
use std::cmp::Ordering;
use std::sync::Arc;
use value::{Range, Value};

/// An argument: a range, or a point.
enum Side<'v> {
    Point(&'v Value),
    Range(&'v Range),
}

fn side(value: &Value) -> Result<Side<'_>, Trouble> {
    match value {
        Value::Range(range) => Ok(Side::Range(range)),
        Value::Null => Err(refuse("expected a value or a range, but found null")),
        point => Ok(Side::Point(point)),
    }
}

/// Camunda has no relations of strings.
fn sides<'v>(core: &Core, values: &'v [Value]) -> Result<(Side<'v>, Side<'v>), Trouble> {
    if !core.is_standard() && values.iter().any(|value| value.as_str().is_some()) {
        return Err(refuse("expected values or ranges of values, but found a string"));
    }
    Ok((side(&values[0])?, side(&values[1])?))
}

fn compared(left: &Value, right: &Value) -> Result<Ordering, Trouble> {
    order(left, right).ok_or_else(|| {
        refuse(format!(
            "expected values of one type with an order, but found {} and {}",
            left.type_name(),
            right.type_name()
        ))
    })
}

/// An end that is null bounds as little as one that is missing.
fn bound(end: &Option<Value>) -> Option<&Value> {
    end.as_ref().filter(|end| !end.is_null())
}

/// Compares two lower ends; a missing one is first of all.
fn starts_compared(left: &Range, right: &Range) -> Result<Ordering, Trouble> {
    let by_value = match (bound(&left.start), bound(&right.start)) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (Some(left), Some(right)) => compared(left, right)?,
    };
    Ok(by_value.then(right.start_included.cmp(&left.start_included)))
}

/// Compares two upper ends; a missing one is last of all.
fn ends_compared(left: &Range, right: &Range) -> Result<Ordering, Trouble> {
    let by_value = match (bound(&left.end), bound(&right.end)) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(left), Some(right)) => compared(left, right)?,
    };
    Ok(by_value.then(left.end_included.cmp(&right.end_included)))
}

/// Whether all of `left` lies before all of `right`.
fn lies_before(left: &Range, right: &Range) -> Result<bool, Trouble> {
    match (bound(&left.end), bound(&right.start)) {
        (Some(end), Some(start)) => Ok(match compared(end, start)? {
            Ordering::Less => true,
            Ordering::Equal => !(left.end_included && right.start_included),
            Ordering::Greater => false,
        }),
        _ => Ok(false),
    }
}

fn point(value: &Value) -> Range {
    Range {
        start: Some(value.clone()),
        start_included: true,
        end: Some(value.clone()),
        end_included: true,
    }
}

fn as_range(side: &Side<'_>) -> Range {
    match side {
        Side::Point(value) => point(value),
        Side::Range(range) => (*range).clone(),
    }
}

/// Both sides as ranges; a point as one that holds only it.
fn both(core: &Core, values: &[Value]) -> Result<(Range, Range), Trouble> {
    let (left, right) = sides(core, values)?;
    Ok((as_range(&left), as_range(&right)))
}

fn two_ranges<'v>(core: &Core, values: &'v [Value]) -> Result<(&'v Range, &'v Range), Trouble> {
    match sides(core, values)? {
        (Side::Range(left), Side::Range(right)) => Ok((left, right)),
        _ => Err(refuse("expected two ranges")),
    }
}

fn verdict(truth: bool) -> Outcome {
    Ok(Value::Bool(truth))
}

pub(super) fn before(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let (left, right) = both(core, values)?;
    verdict(lies_before(&left, &right)?)
}

pub(super) fn after(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let (left, right) = both(core, values)?;
    verdict(lies_before(&right, &left)?)
}

fn touch(left: &Range, right: &Range) -> Result<bool, Trouble> {
    match (bound(&left.end), bound(&right.start)) {
        (Some(end), Some(start)) => {
            Ok(left.end_included && right.start_included && compared(end, start)?.is_eq())
        }
        _ => Ok(false),
    }
}

pub(super) fn meets(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let (left, right) = two_ranges(core, values)?;
    verdict(touch(left, right)?)
}

pub(super) fn met_by(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let (left, right) = two_ranges(core, values)?;
    verdict(touch(right, left)?)
}

fn overlap(left: &Range, right: &Range) -> Result<bool, Trouble> {
    Ok(!lies_before(left, right)? && !lies_before(right, left)?)
}

pub(super) fn overlaps(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let (left, right) = two_ranges(core, values)?;
    verdict(overlap(left, right)?)
}

/// Starts first, ends first, and the two share something.
fn overlaps_first(left: &Range, right: &Range) -> Result<bool, Trouble> {
    Ok(overlap(left, right)?
        && starts_compared(left, right)?.is_lt()
        && ends_compared(left, right)?.is_le())
}

pub(super) fn overlaps_before(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let (left, right) = two_ranges(core, values)?;
    verdict(overlaps_first(left, right)?)
}

pub(super) fn overlaps_after(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let (left, right) = two_ranges(core, values)?;
    verdict(overlaps_first(right, left)?)
}

fn finish(left: &Side<'_>, right: &Range) -> Result<bool, Trouble> {
    match left {
        Side::Point(point) => match bound(&right.end) {
            Some(end) => Ok(right.end_included && compared(point, end)?.is_eq()),
            None => Ok(false),
        },
        Side::Range(left) => {
            Ok(ends_compared(left, right)?.is_eq() && starts_compared(left, right)?.is_ge())
        }
    }
}

fn start(left: &Side<'_>, right: &Range) -> Result<bool, Trouble> {
    match left {
        Side::Point(point) => match bound(&right.start) {
            Some(start) => Ok(right.start_included && compared(point, start)?.is_eq()),
            None => Ok(false),
        },
        Side::Range(left) => {
            Ok(starts_compared(left, right)?.is_eq() && ends_compared(left, right)?.is_le())
        }
    }
}

fn cover(left: &Range, right: &Side<'_>) -> Result<bool, Trouble> {
    let inner = as_range(right);
    Ok(starts_compared(left, &inner)?.is_le() && ends_compared(left, &inner)?.is_ge())
}

fn range_of<'v>(side: &Side<'v>) -> Result<&'v Range, Trouble> {
    match side {
        Side::Range(range) => Ok(range),
        Side::Point(_) => Err(refuse("expected a range, but found a value")),
    }
}

pub(super) fn finishes(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let (left, right) = sides(core, values)?;
    verdict(finish(&left, range_of(&right)?)?)
}

pub(super) fn finished_by(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let (left, right) = sides(core, values)?;
    verdict(finish(&right, range_of(&left)?)?)
}

pub(super) fn starts(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let (left, right) = sides(core, values)?;
    verdict(start(&left, range_of(&right)?)?)
}

pub(super) fn started_by(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let (left, right) = sides(core, values)?;
    verdict(start(&right, range_of(&left)?)?)
}

pub(super) fn includes(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let (left, right) = sides(core, values)?;
    verdict(cover(range_of(&left)?, &right)?)
}

pub(super) fn during(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let (left, right) = sides(core, values)?;
    verdict(cover(range_of(&right)?, &left)?)
}

pub(super) fn coincides(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    match sides(core, values)? {
        (Side::Point(left), Side::Point(right)) => verdict(compared(left, right)?.is_eq()),
        (Side::Range(left), Side::Range(right)) => {
            verdict(starts_compared(left, right)?.is_eq() && ends_compared(left, right)?.is_eq())
        }
        _ => Err(refuse("expected two values or two ranges")),
    }
}

/// A range from its text, of which the ends are literals.
pub(super) fn range(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let text = text(values, 0)?.trim();
    let invalid = || refuse(format!("expected the text of a range, but found '{text}'"));
    let open = text.chars().next().ok_or_else(invalid)?;
    let close = text.chars().next_back().ok_or_else(invalid)?;
    let start_included = match open {
        '[' => true,
        '(' | ']' => false,
        _ => return Err(invalid()),
    };
    let end_included = match close {
        ']' => true,
        ')' | '[' => false,
        _ => return Err(invalid()),
    };
    let inner = text.get(1..text.len().saturating_sub(1)).ok_or_else(invalid)?;
    let (low, high) = split_ends(inner).ok_or_else(invalid)?;
    let end = |text: &str| -> Result<Option<Value>, Trouble> {
        match text.trim() {
            "" => Ok(None),
            text => literal(text, core.dialect).map(Some).ok_or_else(invalid),
        }
    };
    let (start, end) = (end(low)?, end(high)?);
    let in_order = match (&start, &end) {
        (Some(start), Some(end)) => compared(start, end)?.is_le(),
        (None, None) => false,
        (Some(value), None) | (None, Some(value)) => compared(value, value).is_ok(),
    };
    let closed_nowhere = (start.is_none() && start_included) || (end.is_none() && end_included);
    match in_order && !closed_nowhere {
        true => Ok(Value::from(Range { start, start_included, end, end_included })),
        false => Err(invalid()),
    }
}

/// The two ends around the `..` that stands in no string.
fn split_ends(text: &str) -> Option<(&str, &str)> {
    let mut at = 0;
    while at < text.len() {
        let token = crate::lexer::token_at(text, at);
        if token.is("..") {
            return Some((&text[..token.start()], &text[token.end()..]));
        }
        if token.kind == TokenKind::End {
            return None;
        }
        at = token.end();
    }
    None
}

fn literal(text: &str, dialect: crate::Dialect) -> Option<Value> {
    let scope = Arc::new(crate::Scope::new(dialect));
    let ast = crate::parser::parse_expression(text, &scope).ok()?;
    let is_literal = ast.nodes.iter().all(|node| match &node.kind {
        crate::ast::Kind::Literal(_) | crate::ast::Kind::Number(_) => true,
        crate::ast::Kind::Negate(_) => true,
        crate::ast::Kind::Name(name) => {
            matches!(&**name, "date" | "time" | "date and time" | "duration")
        }
        crate::ast::Kind::Call(..) => true,
        _ => false,
    });
    if !is_literal {
        return None;
    }
    let expression = crate::compile_in(text, &scope).ok()?;
    let env = crate::Env::new(0, 0);
    expression.evaluate(&(), &env).ok().map(|evaluation| evaluation.value)
}
