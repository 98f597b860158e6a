//! Arguments of the type that a built-in needs, or the warning that they are not.

use crate::vm::Trouble;
use value::{Context, Number, Value};

/// The argument at a place is none of the type that the function needs there.
pub(super) fn wrong(expected: &str, values: &[Value], at: usize) -> Trouble {
    let message = format!("expected {expected}, but found {}", values[at].type_name());
    Trouble::Argument { at, message }
}

pub(super) fn text(values: &[Value], at: usize) -> Result<&str, Trouble> {
    match &values[at] {
        Value::String(text) => Ok(text),
        _ => Err(wrong("a string", values, at)),
    }
}

pub(super) fn number(values: &[Value], at: usize) -> Result<&Number, Trouble> {
    match &values[at] {
        Value::Number(number) => Ok(number),
        _ => Err(wrong("a number", values, at)),
    }
}

pub(super) fn whole(values: &[Value], at: usize) -> Result<i64, Trouble> {
    let number = number(values, at)?;
    let truncated = number.round(0, value::Rounding::Down).and_then(|number| number.to_i64());
    truncated
        .ok_or_else(|| Trouble::argument(format!("expected a whole number, but found {number}")))
}

pub(super) fn context(values: &[Value], at: usize) -> Result<&Context, Trouble> {
    match &values[at] {
        Value::Context(context) => Ok(context),
        _ => Err(wrong("a context", values, at)),
    }
}

/// A list; in the standard a single value counts as a list of itself.
pub(super) fn list<'v>(
    core: &crate::vm::Core,
    values: &'v [Value],
    at: usize,
) -> Result<&'v [Value], Trouble> {
    match &values[at] {
        Value::List(list) => Ok(list),
        Value::Null => Err(wrong("a list", values, at)),
        _ if core.is_standard() => Ok(&values[at..=at]),
        _ => Err(wrong("a list", values, at)),
    }
}

/// The items of a function that takes one list or several values.
pub(super) fn items(values: &[Value]) -> &[Value] {
    match values {
        [Value::List(list)] => list,
        several => several,
    }
}

pub(super) fn refuse(message: impl Into<String>) -> Trouble {
    Trouble::argument(message.into())
}
