//! Where in a record something stands.

use std::fmt::{Display, Formatter};

use serde_json::Value;
use serde_json_path::JsonPath;

use super::feel::Feel;
use crate::limits::ALTERNATIVES_MAX;
use crate::source::Record;

/// Alternatives; the first that gives something counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Field(Vec<Expr>);

/// One place, or something computed from places.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// A JSONPath that names one place: `$.a['b'][0]`.
    Place(Vec<Step>),
    /// Any other JSONPath (RFC 9535); several nodes are a list.
    Path { raw: String, path: Box<JsonPath> },
    /// `header:NAME`, in any case.
    Header(String),
    /// `=upper case(data.kind)`
    Feel(Feel),
    /// `{$.a} and {$.b}`: gives nothing unless every place has a scalar.
    Template(Vec<Part>),
}

/// A step of a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Member(String),
    Index(usize),
}

/// A piece of a template.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    Text(String),
    Place(Expr),
}

impl Field {
    pub fn new(expr: Expr) -> Field {
        Field(vec![expr])
    }

    /// # Errors
    /// When one of the texts is no expression, or there are none or too many.
    pub fn parse<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Field, String> {
        let exprs: Result<Vec<_>, _> = texts.into_iter().map(Expr::parse).collect();
        let exprs = exprs?;
        match exprs.len() {
            1..=ALTERNATIVES_MAX => Ok(Field(exprs)),
            have => {
                Err(format!("expected 1 to {ALTERNATIVES_MAX} alternatives, but there are {have}"))
            }
        }
    }

    pub fn alternatives(&self) -> &[Expr] {
        &self.0
    }

    /// The first alternative that is there and not null.
    pub fn value(&self, record: &Record) -> Option<Value> {
        self.0.iter().find_map(|expr| expr.value(record))
    }

    /// The first alternative that is a scalar, as text.
    pub fn text(&self, record: &Record) -> Option<String> {
        self.0.iter().find_map(|expr| expr.text(record))
    }
}

impl Expr {
    /// # Errors
    /// "expected …, but …", with what can be written.
    pub fn parse(raw: &str) -> Result<Expr, String> {
        let raw = raw.trim();
        if let Some(name) = raw.strip_prefix("header:") {
            return Ok(Expr::Header(name.trim().to_owned()));
        }
        if let Some(feel) = raw.strip_prefix('=') {
            return Feel::parse(feel).map(Expr::Feel);
        }
        if raw.contains("{$") {
            return template(raw);
        }
        if !raw.starts_with('$') {
            return Err(format!(
                "expected a JSONPath ($.a.b), FEEL (=a.b), header:NAME or a template \
                 ({{$.a}} {{$.b}}), but there is {raw:?}"
            ));
        }
        if let Some(steps) = place(raw) {
            return Ok(Expr::Place(steps));
        }
        let path = JsonPath::parse(raw);
        path.map(|path| Expr::Path { raw: raw.to_owned(), path: Box::new(path) })
            .map_err(|e| format!("expected a JSONPath, but {raw:?} is none: {e}"))
    }

    fn value(&self, record: &Record) -> Option<Value> {
        match self {
            Expr::Place(steps) => find(&record.value, steps).filter(|v| !v.is_null()).cloned(),
            Expr::Path { path, .. } => {
                let found = path.query(&record.value).all();
                match found.as_slice() {
                    [] => None,
                    [one] => Some((*one).clone()).filter(|v| !v.is_null()),
                    many => Some(Value::Array(many.iter().map(|v| (*v).clone()).collect())),
                }
            }
            Expr::Feel(feel) => feel.value(record),
            Expr::Header(_) | Expr::Template(_) => self.text(record).map(Value::String),
        }
    }

    fn text(&self, record: &Record) -> Option<String> {
        match self {
            Expr::Place(steps) => find(&record.value, steps).and_then(text),
            Expr::Path { path, .. } => path.query(&record.value).all().into_iter().find_map(text),
            Expr::Feel(feel) => feel.value(record).as_ref().and_then(text),
            Expr::Header(name) => {
                let found = record.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
                found.map(|(_, value)| value.clone())
            }
            Expr::Template(parts) => parts
                .iter()
                .map(|part| match part {
                    Part::Text(text) => Some(text.clone()),
                    Part::Place(expr) => expr.text(record),
                })
                .collect(),
        }
    }
}

fn find<'v>(value: &'v Value, steps: &[Step]) -> Option<&'v Value> {
    steps.iter().try_fold(value, |value, step| match step {
        Step::Member(name) => value.get(name),
        Step::Index(at) => value.get(at),
    })
}

/// A scalar as the text that a case id or type has.
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn template(raw: &str) -> Result<Expr, String> {
    let mut parts = Vec::new();
    let mut rest = raw;
    while let Some(at) = rest.find("{$") {
        if at > 0 {
            parts.push(Part::Text(rest[..at].to_owned()));
        }
        let inner = &rest[at + 1..];
        let Some(end) = inner.find('}') else {
            return Err(format!("expected a closing brace, but there is none in {raw:?}"));
        };
        parts.push(Part::Place(Expr::parse(&inner[..end])?));
        rest = &inner[end + 1..];
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest.to_owned()));
    }
    Ok(Expr::Template(parts))
}

/// The steps of a path that names exactly one place; `None` for any other JSONPath.
fn place(raw: &str) -> Option<Vec<Step>> {
    let mut rest = raw.strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(tail) = rest.strip_prefix('.') {
            let end = tail.find(['.', '[']).unwrap_or(tail.len());
            let name = &tail[..end];
            if name.is_empty() || !name.chars().all(is_name) {
                return None;
            }
            steps.push(Step::Member(name.to_owned()));
            rest = &tail[end..];
            continue;
        }
        let tail = rest.strip_prefix('[')?;
        if let Some(quote @ ('\'' | '"')) = tail.chars().next() {
            let (name, after) = tail[1..].split_once(quote)?;
            if name.contains('\\') {
                return None;
            }
            steps.push(Step::Member(name.to_owned()));
            rest = after.strip_prefix(']')?;
        } else {
            let (index, after) = tail.split_once(']')?;
            steps.push(Step::Index(index.parse().ok()?));
            rest = after;
        }
    }
    Some(steps)
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-')
}

impl Display for Field {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        for (i, expr) in self.0.iter().enumerate() {
            write!(f, "{}{expr}", if i > 0 { " or " } else { "" })?;
        }
        Ok(())
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Expr::Place(steps) => {
                f.write_str("$")?;
                for step in steps {
                    match step {
                        Step::Index(at) => write!(f, "[{at}]")?,
                        Step::Member(name) if name.chars().all(is_name) && !name.is_empty() => {
                            write!(f, ".{name}")?;
                        }
                        Step::Member(name) if name.contains('\'') => write!(f, "[\"{name}\"]")?,
                        Step::Member(name) => write!(f, "['{name}']")?,
                    }
                }
                Ok(())
            }
            Expr::Path { raw, .. } => f.write_str(raw),
            Expr::Feel(feel) => write!(f, "{feel}"),
            Expr::Header(name) => write!(f, "header:{name}"),
            Expr::Template(parts) => parts.iter().try_for_each(|part| match part {
                Part::Text(text) => f.write_str(text),
                Part::Place(expr) => write!(f, "{{{expr}}}"),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record {
            position: Default::default(),
            headers: vec![("Type".into(), "Paid".into())],
            value: serde_json::json!({"a": {"b c": [1, {"d": "x"}]}, "n": null, "t": true}),
            arrival_ms: 0,
        }
    }

    fn reads(raw: &str) -> Option<String> {
        let expr = Expr::parse(raw).unwrap();
        assert_eq!(Expr::parse(&expr.to_string()).unwrap(), expr, "round trip of {raw}");
        Field::new(expr).text(&record())
    }

    #[test]
    fn expressions_read_what_they_name() {
        assert_eq!(reads("$.a['b c'][0]").as_deref(), Some("1"));
        assert_eq!(reads("$.a[\"b c\"][1].d").as_deref(), Some("x"));
        assert_eq!(reads("$..d").as_deref(), Some("x"));
        assert_eq!(reads("$.a['b c'][?@.d == 'x'].d").as_deref(), Some("x"));
        assert_eq!(reads("header:type").as_deref(), Some("Paid"));
        assert_eq!(reads("is {$.t}, {$..d}!").as_deref(), Some("is true, x!"));
        assert_eq!(reads("=string length(\"abc\") + 1").as_deref(), Some("4"));
        assert_eq!(reads("=if t then upper case(headers.type) else null").as_deref(), Some("PAID"));
        assert_eq!(reads("=n"), None);
        assert_eq!(reads("{$.t} {$.none}"), None);
        assert_eq!(reads("$.n"), None);
        assert_eq!(reads("$.a"), None);
    }

    #[test]
    fn alternatives_are_tried_in_order() {
        let field = Field::parse(["$.none", "$.n", "$.t"]).unwrap();
        assert_eq!(field.text(&record()).as_deref(), Some("true"));
        assert_eq!(field.to_string(), "$.none or $.n or $.t");
        assert!(Field::parse([]).is_err());
    }

    #[test]
    fn what_is_no_expression_says_what_can_be_written() {
        assert!(Expr::parse("orderId").unwrap_err().contains("expected a JSONPath ($.a.b)"));
        assert!(Expr::parse("$.a[").unwrap_err().contains("\"$.a[\" is none"));
        assert!(Expr::parse("=1 +").unwrap_err().starts_with("expected FEEL behind ="));
        assert!(Expr::parse("{$.a").unwrap_err().contains("closing brace"));
    }
}
