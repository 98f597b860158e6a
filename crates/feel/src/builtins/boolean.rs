//! Truth, presence, identity.

use super::argument::wrong;
use crate::error::EvalErrorKind;
use crate::vm::{Core, Outcome, Trouble, effort};
use value::Value;

pub(super) fn not(_core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    match &values[0] {
        Value::Bool(truth) => Ok(Value::Bool(!truth)),
        Value::Null => Ok(Value::Null),
        _ => Err(wrong("a boolean", values, 0)),
    }
}

pub(super) fn is_defined(_core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    Ok(Value::Bool(!values[0].is_null()))
}

pub(super) fn get_or_else(_core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let chosen = if values[0].is_null() { &values[1] } else { &values[0] };
    Ok(chosen.clone())
}

pub(super) fn assert(_core: &mut Core, values: &[Value], signature: u8) -> Outcome {
    if values[1] == Value::Bool(true) {
        return Ok(values[0].clone());
    }
    let cause = match signature {
        1 => values[2].as_str().map(str::to_owned),
        _ => None,
    };
    let cause = cause.unwrap_or_else(|| "The condition is not fulfilled".to_owned());
    Err(Trouble::Raise(EvalErrorKind::Assertion, cause))
}

/// A parameter that an agent fills in: what is asked for is its value.
pub(super) fn from_ai(_core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    Ok(values[0].clone())
}

/// The same element of the same type (DMN 1.5, 10.3.4.13): unlike `=`, instants in different
/// zones differ.
pub(super) fn is(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    core.spend(effort(&values[0], &values[1]))?;
    Ok(Value::Bool(values[0] == values[1]))
}
