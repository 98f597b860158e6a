//! Contexts.

use super::argument::{context as entries_of, items, refuse};
use crate::vm::{Core, Outcome, Trouble, bounded};
use std::sync::Arc;
use value::{Context, Value};

/// An entry, or what a path of keys leads to. A missing one is `null` without a warning: asking
/// is what the function is for.
pub(super) fn get_value(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    match &values[1] {
        Value::String(key) => {
            let context = entries_of(values, 0)?;
            Ok(context.get(key).cloned().unwrap_or_default())
        }
        Value::List(keys) if !core.is_standard() || !keys.is_empty() => {
            let mut value = values[0].clone();
            for key in keys.iter() {
                let Value::String(key) = key else {
                    return Err(refuse("expected keys that are strings"));
                };
                let entry = value.as_context().and_then(|context| context.get(key)).cloned();
                value = entry.unwrap_or_default();
            }
            Ok(value)
        }
        other => Err(refuse(format!(
            "expected a key or a list of keys, but found {}",
            other.type_name()
        ))),
    }
}

fn entry(key: &Arc<str>, value: &Value) -> Value {
    let pair = [("key", Value::String(key.clone())), ("value", value.clone())];
    Value::from(pair.into_iter().collect::<Context>())
}

pub(super) fn get_entries(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let context = entries_of(values, 0)?;
    core.spend(context.len() * 4)?;
    bounded(Value::list(context.iter().map(|(key, value)| entry(key, value)).collect()))
}

pub(super) fn put(core: &mut Core, values: &[Value], signature: u8) -> Outcome {
    let context = entries_of(values, 0)?;
    let changed = match &values[1] {
        Value::String(key) => {
            put_at(core, context, std::slice::from_ref(&values[1]), key, &values[2])?
        }
        Value::List(_) if signature == 1 && core.is_standard() => None,
        Value::List(keys) if !keys.is_empty() => {
            let Value::String(first) = &keys[0] else {
                return Err(refuse("expected keys that are strings"));
            };
            if keys.iter().any(|key| key.as_str().is_none()) {
                return Err(refuse("expected keys that are strings"));
            }
            if keys.len() > value::limits::NESTING_MAX {
                return Err(refuse("expected fewer keys"));
            }
            put_at(core, context, keys, first, &values[2])?
        }
        _ => None,
    };
    match changed {
        Some(changed) => bounded(Value::from(changed)),
        None => Err(refuse("expected a key or a list of keys that leads through contexts")),
    }
}

/// The context with a value at the end of a path; missing contexts on the way are made.
fn put_at(
    core: &mut Core,
    context: &Context,
    path: &[Value],
    key: &Arc<str>,
    value: &Value,
) -> Result<Option<Context>, Trouble> {
    core.spend(context.len())?;
    let [_, rest @ ..] = path else { return Ok(None) };
    let mut changed = context.clone();
    let Some(Value::String(next)) = rest.first() else {
        changed.insert(key.clone(), value.clone());
        return Ok(Some(changed));
    };
    let empty = Context::new();
    let inner = match context.get(key) {
        Some(Value::Context(inner)) => inner,
        Some(Value::Null) | None => &empty,
        Some(_) => return Ok(None),
    };
    let inner = put_at(core, inner, rest, next, value)?;
    Ok(inner.map(|inner| {
        changed.insert(key.clone(), Value::from(inner));
        changed
    }))
}

pub(super) fn merge(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let mut merged = Context::new();
    let parts = items(values);
    for at in 0..parts.len() {
        // Places in a list are no places of arguments.
        let part = entries_of(parts, at).map_err(Trouble::settled)?;
        core.spend(part.len())?;
        for (key, value) in part.iter() {
            merged.insert(key.clone(), value.clone());
        }
    }
    bounded(Value::from(merged))
}

/// A context of entries with `key` and `value`.
pub(super) fn context(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let entries = super::argument::list(core, values, 0)
        .map(<[Value]>::to_vec)
        .or_else(|_| entries_of(values, 0).map(|_| values[..1].to_vec()))?;
    core.spend(entries.len())?;
    let mut made = Context::new();
    for entry in &entries {
        let Some(entry) = entry.as_context() else {
            return Err(refuse(format!("expected entries, but found {}", entry.type_name())));
        };
        let (Some(Value::String(key)), Some(value)) = (entry.get("key"), entry.get("value")) else {
            return Err(refuse("expected entries with a key and a value"));
        };
        if core.is_standard() && made.get(key).is_some() {
            return Err(refuse(format!("expected each key once, but '{key}' is repeated")));
        }
        made.insert(key.clone(), value.clone());
    }
    bounded(Value::from(made))
}
