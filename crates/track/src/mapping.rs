//! What a foreign record means: which case, which step, when. A mapping is data (`mapping.yaml`)
//! and reads a record without side effects; the same mapping gives the same answer on every replay.

mod check;
mod expr;
mod feel;
mod guess;
mod time;
mod yaml;

use std::collections::BTreeMap;

use serde_json::Value;

pub use check::{Checked, Summary, check, doubts};
pub use expr::{Expr, Field, text};
pub use feel::Feel;
pub use guess::{Evidence, Guess, guess};
pub use time::{TimeFormat, duration_ms, parse_time};

use crate::limits::TEXT_BYTES_MAX;
use crate::source::Record;

/// How records are read.
#[derive(Debug, Clone, PartialEq)]
pub struct Mapping {
    /// Id of the process that the cases belong to.
    pub process: Option<String>,
    pub kind: Field,
    pub case: Field,
    /// Without one, an event happened when it arrived.
    pub time: Option<Field>,
    pub time_format: TimeFormat,
    pub id: Identity,
    /// Who sent it; with CloudEvents a part of the event's identity.
    pub sender: Option<Field>,
    pub correlation: Option<Field>,
    pub variables: Option<Field>,
    pub ttl: Option<Ttl>,
    /// Step by event type; `None` means that events of this type are ignored.
    pub types: BTreeMap<String, Option<String>>,
    /// Whether types that `types` does not name are ignored (else they are steps as they are).
    pub only_named_types: bool,
}

/// What makes two records the same event.
#[derive(Debug, Clone, PartialEq)]
pub enum Identity {
    /// Only their position.
    Position,
    /// Equal text in this field, and from the same sender.
    Field(Field),
    /// Equal content: for logs without event ids.
    Content,
}

/// How long an early event waits for its case.
#[derive(Debug, Clone, PartialEq)]
pub enum Ttl {
    Fixed(i64),
    Field(Field),
}

/// A record, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    pub case: String,
    /// Name of the step.
    pub kind: String,
    /// Milliseconds since 1970 at which it happened.
    pub time_ms: i64,
    /// Hash of sender and id, or of the content; equal means that one replaces the other.
    pub identity: Option<u128>,
    pub sender: Option<String>,
    pub correlation: Option<String>,
    pub variables: Option<Value>,
    pub ttl_ms: Option<i64>,
}

/// What a mapping says about a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    Event(Observation),
    /// Its type is one that the mapping leaves out.
    Ignored {
        kind: String,
    },
    /// "expected …, but …".
    Rejected {
        reason: String,
    },
}

impl Mapping {
    /// A mapping that reads type and case by these fields and nothing else.
    pub fn new(kind: Field, case: Field) -> Mapping {
        Mapping {
            process: None,
            kind,
            case,
            time: None,
            time_format: TimeFormat::Standard,
            id: Identity::Position,
            sender: None,
            correlation: None,
            variables: None,
            ttl: None,
            types: BTreeMap::new(),
            only_named_types: false,
        }
    }

    /// What `record` means.
    pub fn read(&self, record: &Record) -> Reading {
        match self.observation(record) {
            Ok(reading) => reading,
            Err(reason) => Reading::Rejected { reason },
        }
    }

    fn observation(&self, record: &Record) -> Result<Reading, String> {
        let kind = required(&self.kind, record, "type")?;
        let step = match self.types.get(&kind) {
            Some(Some(step)) => step.clone(),
            None if !self.only_named_types => kind,
            Some(None) | None => return Ok(Reading::Ignored { kind }),
        };
        let case = required(&self.case, record, "case")?;
        let sender = optional(self.sender.as_ref(), record, "sender")?;
        Ok(Reading::Event(Observation {
            case,
            kind: step,
            time_ms: self.time_ms(record)?,
            identity: self.identity(record, sender.as_deref())?,
            sender,
            correlation: optional(self.correlation.as_ref(), record, "correlation")?,
            variables: self.variables.as_ref().and_then(|field| field.value(record)),
            ttl_ms: self.ttl_ms(record)?,
        }))
    }

    fn time_ms(&self, record: &Record) -> Result<i64, String> {
        let Some(field) = &self.time else { return Ok(record.arrival_ms) };
        match field.value(record) {
            Some(value) => parse_time(&value, &self.time_format),
            None => Err(format!("expected a time at {field}, but there is none")),
        }
    }

    fn identity(&self, record: &Record, sender: Option<&str>) -> Result<Option<u128>, String> {
        match &self.id {
            Identity::Position => Ok(None),
            Identity::Content => {
                let text = record.value.to_string();
                Ok(Some(xxhash_rust::xxh3::xxh3_128(text.as_bytes())))
            }
            Identity::Field(field) => {
                let Some(id) = optional(Some(field), record, "id")? else { return Ok(None) };
                let text = format!("{}\u{0}{id}", sender.unwrap_or_default());
                Ok(Some(xxhash_rust::xxh3::xxh3_128(text.as_bytes())))
            }
        }
    }

    fn ttl_ms(&self, record: &Record) -> Result<Option<i64>, String> {
        match &self.ttl {
            None => Ok(None),
            Some(Ttl::Fixed(ms)) => Ok(Some(*ms)),
            Some(Ttl::Field(field)) => match field.value(record) {
                None => Ok(None),
                Some(Value::Number(n)) => match n.as_f64() {
                    Some(ms) if ms >= 0.0 => Ok(Some(ms as i64)),
                    _ => Err(format!("expected a TTL in milliseconds, but {field} is {n}")),
                },
                Some(value) => match duration_ms(&text(&value).unwrap_or_default())? {
                    ..0 => {
                        Err(format!("expected a TTL of no time or more, but {field} is {value}"))
                    }
                    ms => Ok(Some(ms)),
                },
            },
        }
    }
}

fn required(field: &Field, record: &Record, what: &str) -> Result<String, String> {
    optional(Some(field), record, what)?.ok_or_else(|| {
        let is = match field.value(record) {
            Some(Value::Object(_)) => "it is an object: name the member that has it",
            Some(Value::Array(_)) => "it is a list: name the element that has it",
            Some(Value::String(_)) => "it is empty",
            Some(_) | None => "there is none",
        };
        format!("expected a {what} at {field}, but {is}")
    })
}

fn optional(field: Option<&Field>, record: &Record, what: &str) -> Result<Option<String>, String> {
    let Some(text) = field.and_then(|field| field.text(record)) else { return Ok(None) };
    match text.len() {
        0 => Ok(None),
        length if length > TEXT_BYTES_MAX => {
            Err(format!("expected a {what} of at most {TEXT_BYTES_MAX} bytes, but it has {length}"))
        }
        _ => Ok(Some(text)),
    }
}
