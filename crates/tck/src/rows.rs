//! Rows of JSON with temporal values in them, and when two values count as the same.

use feel::Env;
use value::{Context, Number, Packed, Value};

/// Reads a file of one JSON object a line.
pub(crate) fn read(text: &str) -> Result<Vec<Context>, String> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines
        .map(|line| {
            let packed = Packed::from_json(line).map_err(|error| error.to_string())?;
            match packed.to_value() {
                Value::Context(row) => Ok((*row).clone()),
                other => Err(format!("expected an object, but found {}", other.type_name())),
            }
        })
        .collect()
}

/// The text of a field, empty if it is missing.
pub(crate) fn field<'r>(row: &'r Context, name: &str) -> &'r str {
    row.get(name).and_then(Value::as_str).unwrap_or("")
}

/// Temporal values stand as `{"@date": "…"}` and the like.
pub(crate) fn with_temporals(value: &Value) -> Value {
    match value {
        Value::List(list) => Value::list(list.iter().map(with_temporals).collect()),
        Value::Context(context) => {
            if let Some((key, Value::String(text))) = context.iter().next()
                && context.len() == 1
                && let Some(function) = key.strip_prefix('@')
            {
                return temporal(function, text);
            }
            let entries = context.iter().map(|(key, value)| (key.clone(), with_temporals(value)));
            Value::from(entries.collect::<Context>())
        }
        other => other.clone(),
    }
}

fn temporal(function: &str, text: &str) -> Value {
    let call = match function {
        "date" | "time" | "date and time" | "duration" => {
            format!("{function}({})", value::quote(text))
        }
        _ => format!("@{}", value::quote(text)),
    };
    let made = feel::compile(&call).map(|call| call.evaluate(&(), &Env::new(0, 0)));
    match made {
        Ok(Ok(evaluation)) => evaluation.value,
        Ok(Err(_)) | Err(_) => Value::Null,
    }
}

/// The same value, numbers up to the precision that other engines compute with.
pub(crate) fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => close(left, right),
        (Value::List(left), Value::List(right)) => {
            left.len() == right.len() && left.iter().zip(right.iter()).all(|(a, b)| same(a, b))
        }
        (Value::Context(left), Value::Context(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(key, value)| right.get(key).is_some_and(|other| same(value, other)))
        }
        _ => left == right || feel::equal(left, right) == Some(true),
    }
}

fn close(left: &Number, right: &Number) -> bool {
    let scale = right.abs().max(Number::ONE);
    let tolerance = Number::new(1, 8).mul(&scale);
    let difference = left.sub(right).map(|difference| difference.abs());
    left == right || difference.zip(tolerance).is_some_and(|(gap, allowed)| gap <= allowed)
}
