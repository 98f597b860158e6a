//! `mapping.yaml`: read with places in the errors, written with the evidence beside each line.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Deserialize;

use super::{Evidence, Field, Identity, Mapping, TimeFormat, Ttl, duration_ms};
use crate::limits::{MAPPING_BYTES_MAX, TYPES_MAX};

/// The file as it is written; every text is an expression.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default = "first_version")]
    version: u32,
    process: Option<String>,
    r#type: Texts,
    case: Texts,
    time: Option<Texts>,
    time_format: Option<String>,
    id: Option<Texts>,
    sender: Option<Texts>,
    correlation: Option<Texts>,
    variables: Option<Texts>,
    ttl: Option<Texts>,
    #[serde(default)]
    types: BTreeMap<String, Option<String>>,
    #[serde(default)]
    only_named_types: bool,
}

/// One expression or a list of alternatives.
#[derive(Deserialize)]
#[serde(untagged)]
enum Texts {
    One(String),
    Many(Vec<String>),
}

fn first_version() -> u32 {
    1
}

impl Texts {
    fn field(&self, what: &str) -> Result<Field, String> {
        let parsed = match self {
            Texts::One(text) => Field::parse([text.as_str()]),
            Texts::Many(texts) => Field::parse(texts.iter().map(String::as_str)),
        };
        parsed.map_err(|e| format!("{what}: {e}"))
    }

    /// The only text, when it is not an expression.
    fn word(&self) -> Option<&str> {
        match self {
            Texts::One(text)
                if !text.contains('$')
                    && !text.starts_with("header:")
                    && !text.starts_with('=') =>
            {
                Some(text)
            }
            Texts::One(_) | Texts::Many(_) => None,
        }
    }
}

fn field(texts: Option<&Texts>, what: &str) -> Result<Option<Field>, String> {
    texts.map(|texts| texts.field(what)).transpose()
}

impl Mapping {
    /// Reads `mapping.yaml`.
    ///
    /// # Errors
    /// "expected …, but …" with the line, or the name of the field.
    pub fn from_yaml(text: &str) -> Result<Mapping, String> {
        if text.len() > MAPPING_BYTES_MAX {
            let have = text.len();
            return Err(format!(
                "expected at most {MAPPING_BYTES_MAX} bytes, but there are {have}"
            ));
        }
        let document: Document = serde_saphyr::from_str(text).map_err(|e| e.to_string())?;
        if document.version != 1 {
            return Err(format!("version: expected 1, but there is {}", document.version));
        }
        if document.types.len() > TYPES_MAX {
            return Err(format!("types: expected at most {TYPES_MAX}, but there are more"));
        }
        let id = match &document.id {
            None => Identity::Position,
            Some(texts) => match texts.word() {
                Some("content") => Identity::Content,
                Some("position") => Identity::Position,
                Some(_) | None => Identity::Field(texts.field("id")?),
            },
        };
        let ttl = match &document.ttl {
            None => None,
            Some(texts) => Some(match texts.word() {
                Some(word) => match duration_ms(word).map_err(|e| format!("ttl: {e}"))? {
                    ..0 => {
                        return Err(format!("ttl: expected no time or more, but there is {word}"));
                    }
                    ms => Ttl::Fixed(ms),
                },
                None => Ttl::Field(texts.field("ttl")?),
            }),
        };
        Ok(Mapping {
            process: document.process,
            kind: document.r#type.field("type")?,
            case: document.case.field("case")?,
            time: field(document.time.as_ref(), "time")?,
            time_format: document.time_format.map_or(TimeFormat::Standard, TimeFormat::Pattern),
            id,
            sender: field(document.sender.as_ref(), "sender")?,
            correlation: field(document.correlation.as_ref(), "correlation")?,
            variables: field(document.variables.as_ref(), "variables")?,
            ttl,
            types: document.types,
            only_named_types: document.only_named_types,
        })
    }

    /// Writes `mapping.yaml`, each line below what speaks for it.
    pub fn to_yaml(&self, evidence: &[Evidence]) -> String {
        let mut out = String::from(
            "# How Grevy reads these events. Paths are JSONPath; =a.b is FEEL; header:NAME reads\n\
             # a header; {$.a} {$.b} joins; a list gives alternatives. Change what is wrong.\n\
             version: 1\n",
        );
        if let Some(process) = &self.process {
            let _ = writeln!(out, "process: {}", quoted(process));
        }
        let mut line = |name: &str, value: Option<String>| {
            let Some(value) = value else { return };
            for found in evidence.iter().filter(|e| e.field == name) {
                let _ = writeln!(out, "# {}", found.text.replace('\n', " "));
            }
            let _ = writeln!(out, "{name}: {value}");
        };
        let list = |field: &Field| match field.alternatives() {
            [one] => quoted(&one.to_string()),
            many => {
                let texts: Vec<_> = many.iter().map(|e| quoted(&e.to_string())).collect();
                format!("[{}]", texts.join(", "))
            }
        };
        line("type", Some(list(&self.kind)));
        line("case", Some(list(&self.case)));
        line("time", self.time.as_ref().map(list));
        line(
            "time_format",
            match &self.time_format {
                TimeFormat::Standard => None,
                TimeFormat::Pattern(pattern) => Some(quoted(pattern)),
            },
        );
        line(
            "id",
            match &self.id {
                Identity::Position => None,
                Identity::Content => Some("content".to_owned()),
                Identity::Field(field) => Some(list(field)),
            },
        );
        line("sender", self.sender.as_ref().map(list));
        line("correlation", self.correlation.as_ref().map(list));
        line("variables", self.variables.as_ref().map(list));
        line(
            "ttl",
            self.ttl.as_ref().map(|ttl| match ttl {
                Ttl::Fixed(ms) => format!("PT{}.{:03}S", ms / 1_000, ms % 1_000),
                Ttl::Field(field) => list(field),
            }),
        );
        if self.only_named_types {
            out.push_str("only_named_types: true\n");
        }
        if !self.types.is_empty() {
            out.push_str("# Step by event type; an empty one is ignored.\ntypes:\n");
            for (kind, step) in &self.types {
                let step = step.as_ref().map_or("null".to_owned(), |step| quoted(step));
                let _ = writeln!(out, "  {}: {step}", quoted(kind));
            }
        }
        out
    }
}

/// A YAML double-quoted scalar: every JSON string is one.
fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let text = "type: '{$.a} {$.b}'\ncase: [$.id, header:key]\ntime: $.t\ntime_format: '%d'\n\
                    id: content\nttl: PT1H\ntypes: {A: B, 'C: \"x\"': null}\nprocess: 'null'\n";
        let mapping = Mapping::from_yaml(text).unwrap();
        assert_eq!(mapping.ttl, Some(Ttl::Fixed(3_600_000)));
        let evidence = [Evidence { field: "case", text: "many\nreasons".into() }];
        let written = mapping.to_yaml(&evidence);
        assert!(written.contains("# many reasons\ncase: [\"$.id\", \"header:key\"]"), "{written}");
        assert_eq!(Mapping::from_yaml(&written).unwrap(), mapping, "{written}");
    }

    #[test]
    fn feel_stands_wherever_a_path_may() {
        let text = "type: '=upper case(kind)'\ncase: '=order.id'\ntime: '=at'\nid: '=n'\n\
                    ttl: '=if urgent then \"PT1M\" else \"PT1H\"'\nvariables: '={total: a + b}'\n";
        let mapping = Mapping::from_yaml(text).unwrap();
        assert_eq!(Mapping::from_yaml(&mapping.to_yaml(&[])).unwrap(), mapping);
        let value = serde_json::json!({
            "kind": "paid", "order": {"id": 7}, "at": "2026-03-01T09:00:00Z", "n": 3,
            "urgent": true, "a": 1, "b": 2.5,
        });
        let record = crate::source::Record {
            position: Default::default(),
            headers: Vec::new(),
            value,
            arrival_ms: 0,
        };
        let crate::mapping::Reading::Event(event) = mapping.read(&record) else { panic!("event") };
        assert_eq!((event.kind.as_str(), event.case.as_str()), ("PAID", "7"));
        assert_eq!((event.time_ms, event.ttl_ms), (1_772_355_600_000, Some(60_000)));
        assert_eq!(event.variables, Some(serde_json::json!({"total": 3.5})));
    }

    #[test]
    fn errors_name_the_field() {
        let error = |text| Mapping::from_yaml(text).unwrap_err();
        assert!(error("type: $.a").contains("case"), "{}", error("type: $.a"));
        assert!(error("type: a\ncase: $.b").starts_with("type: expected a JSONPath"));
        assert!(error("type: $.a\ncase: $.b\nttl: PT7D").starts_with("ttl: expected a duration"));
        assert!(error("type: $.a\ncase: $.b\ntyp: 1").contains("typ"));
        assert!(error("version: 2\ntype: $.a\ncase: $.b").starts_with("version: expected 1"));
    }
}
