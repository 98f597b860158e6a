//! FEEL in a mapping: an expression over the members of a record, with `headers` and `arrival`.

use std::sync::Arc;

use ::feel::{Env, Expression, Variables};
use ::value::{Context, Packed, Value};

use crate::source::Record;

/// A text that starts with `=`, compiled.
#[derive(Clone)]
pub struct Feel {
    /// Without the `=`.
    raw: String,
    compiled: Box<Expression>,
}

impl PartialEq for Feel {
    fn eq(&self, other: &Feel) -> bool {
        self.raw == other.raw
    }
}

impl std::fmt::Debug for Feel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

impl std::fmt::Display for Feel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "={}", self.raw)
    }
}

/// A record as an expression sees it; members are read when they are named.
struct Seen<'a>(&'a Record);

impl Variables for Seen<'_> {
    fn get(&self, name: &str) -> Option<Value> {
        let record = self.0;
        if let Some(member) = record.value.get(name) {
            return Packed::from_json(&member.to_string()).ok().map(|packed| packed.to_value());
        }
        match name {
            "headers" => {
                let mut headers = Context::new();
                for (name, value) in &record.headers {
                    headers.insert(name.to_ascii_lowercase(), Value::String(value.as_str().into()));
                }
                Some(Value::Context(Arc::new(headers)))
            }
            "arrival" => {
                let text = record.arrival_ms.to_string();
                Packed::from_json(&text).ok().map(|packed| packed.to_value())
            }
            _ => None,
        }
    }
}

impl Feel {
    /// `raw` is the text behind the `=`.
    pub(super) fn parse(raw: &str) -> Result<Feel, String> {
        let compiled = ::feel::compile(raw)
            .map_err(|error| format!("expected FEEL behind =, but {raw:?} is none: {error}"))?;
        Ok(Feel { raw: raw.to_owned(), compiled: Box::new(compiled) })
    }

    /// What the record gives, as JSON; nothing where FEEL has null.
    pub(super) fn value(&self, record: &Record) -> Option<serde_json::Value> {
        // The same record gives the same answer on every replay: time is that of its arrival.
        let env = Env::new(record.arrival_ms, record.position.offset);
        let found = self.compiled.evaluate(&Seen(record), &env).ok()?.value;
        match serde_json::from_str(&Packed::from_value(&found).to_json()) {
            Ok(serde_json::Value::Null) | Err(_) => None,
            Ok(value) => Some(value),
        }
    }
}
