//! Arguments of the type that a built-in needs, or the warning that they are not.

use crate::vm::Trouble;
use value::{Context, Number, Value};

fn wrong(expected: &str, value: &Value) -> Trouble {
    Trouble::argument(format!("expected {expected}, but found {}", value.type_name()))
}

pub(super) fn text(values: &[Value], at: usize) -> Result<&str, Trouble> {
    match &values[at] {
        Value::String(text) => Ok(text),
        other => Err(wrong("a string", other)),
    }
}

pub(super) fn number(values: &[Value], at: usize) -> Result<&Number, Trouble> {
    match &values[at] {
        Value::Number(number) => Ok(number),
        other => Err(wrong("a number", other)),
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
        other => Err(wrong("a context", other)),
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
        Value::Null => Err(wrong("a list", &Value::Null)),
        _ if core.is_standard() => Ok(&values[at..=at]),
        other => Err(wrong("a list", other)),
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
