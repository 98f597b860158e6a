//! Filters of a search over rows that are at hand.

use engine::Key;
use serde_json::{Map, Value};

use crate::failure::Failure;

const FIELDS: &[&str] = &[
    "processDefinitionId",
    "errorType",
    "errorMessage",
    "elementId",
    "creationTime",
    "state",
    "tenantId",
    "incidentKey",
    "processDefinitionKey",
    "processInstanceKey",
    "elementInstanceKey",
    "jobKey",
];
/// Whose values are words that may come in any case.
const WORDS: &[&str] = &["state", "errorType"];

/// A filter that was checked.
pub struct Filter(Vec<(&'static str, Test)>);

enum Test {
    Is(String),
    All(Vec<Operator>),
}

enum Operator {
    Equal(String, bool),
    In(Vec<String>, bool),
    Exists(bool),
    Like(String),
}

/// The known spelling of a field.
pub fn field(name: &str) -> Result<&'static str, Failure> {
    FIELDS.iter().find(|known| **known == name).copied().ok_or_else(|| {
        let known = FIELDS.join(", ");
        Failure::invalid(format!("Expected one of the fields {known}, but got '{name}'"))
    })
}

impl Filter {
    pub fn new(given: Map<String, Value>) -> Result<Filter, Failure> {
        let tests = given.into_iter().filter(|(_, value)| !value.is_null());
        let tests = tests.map(|(name, value)| {
            let name = field(&name)?;
            Ok((name, test(name, value)?))
        });
        tests.collect::<Result<_, _>>().map(Filter)
    }

    /// The key that a field must equal, if it is pinned to one.
    pub fn key(&self, name: &str) -> Option<Key> {
        let pinned = |test: &Test| match test {
            Test::Is(text) => text.parse().ok(),
            Test::All(operators) => operators.iter().find_map(|operator| match operator {
                Operator::Equal(text, true) => text.parse().ok(),
                Operator::Equal(..)
                | Operator::In(..)
                | Operator::Exists(_)
                | Operator::Like(_) => None,
            }),
        };
        self.0.iter().filter(|(field, _)| *field == name).find_map(|(_, test)| pinned(test))
    }

    pub fn takes(&self, row: &Value) -> bool {
        self.0.iter().all(|(name, test)| {
            let value = row[*name].as_str();
            match test {
                Test::Is(text) => value == Some(text.as_str()),
                Test::All(operators) => operators.iter().all(|operator| operator.takes(value)),
            }
        })
    }
}

impl Operator {
    fn takes(&self, value: Option<&str>) -> bool {
        match self {
            Operator::Equal(text, positive) => (value == Some(text.as_str())) == *positive,
            Operator::In(texts, positive) => {
                value.is_some_and(|value| texts.iter().any(|text| text == value)) == *positive
            }
            Operator::Exists(wanted) => value.is_some() == *wanted,
            Operator::Like(pattern) => value.is_some_and(|value| like(pattern, value)),
        }
    }
}

fn test(name: &str, value: Value) -> Result<Test, Failure> {
    let Value::Object(operators) = value else { return Ok(Test::Is(text(name, &value)?)) };
    let operators = operators.into_iter().map(|(operator, value)| {
        let list = |value: &Value| match value {
            Value::Array(items) => items.iter().map(|item| text(name, item)).collect(),
            other => Err(unfit(name, other)),
        };
        Ok(match operator.as_str() {
            "$eq" => Operator::Equal(text(name, &value)?, true),
            "$neq" => Operator::Equal(text(name, &value)?, false),
            "$in" => Operator::In(list(&value)?, true),
            "$notIn" => Operator::In(list(&value)?, false),
            "$exists" => Operator::Exists(value.as_bool().ok_or_else(|| unfit(name, &value))?),
            "$like" => Operator::Like(text(name, &value)?),
            other => {
                return Err(Failure::invalid(format!(
                    "Expected $eq, $neq, $in, $notIn, $exists or $like for {name}, but got \
                     '{other}'"
                )));
            }
        })
    });
    operators.collect::<Result<_, _>>().map(Test::All)
}

fn text(name: &str, value: &Value) -> Result<String, Failure> {
    match value {
        Value::String(text) if WORDS.contains(&name) => Ok(text.to_ascii_uppercase()),
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            Err(unfit(name, value))
        }
    }
}

fn unfit(name: &str, value: &Value) -> Failure {
    Failure::invalid(format!("Expected a value that fits {name}, but got {value}"))
}

/// `*` any text, `?` one character; linear in both by remembering the last `*` only.
fn like(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            Some(_) | None => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn takes(filter: Value, row: Value) -> bool {
        let Value::Object(filter) = filter else { panic!("an object") };
        Filter::new(filter).unwrap_or_else(|failure| panic!("{failure}")).takes(&row)
    }

    #[test]
    fn rows_are_taken_by_all_operators() {
        let row = json!({"state": "ACTIVE", "elementId": "pay", "jobKey": null});
        assert!(takes(json!({"state": "active", "elementId": {"$like": "p*y"}}), row.clone()));
        assert!(takes(json!({"elementId": {"$in": ["x", "pay"], "$neq": "x"}}), row.clone()));
        assert!(takes(json!({"jobKey": {"$exists": false}}), row.clone()));
        assert!(!takes(json!({"state": {"$notIn": ["Active"]}}), row.clone()));
        assert!(!takes(json!({"elementId": {"$like": "?a"}}), row));
    }

    #[test]
    fn what_is_unknown_is_refused_and_keys_are_found() {
        let refused = |filter: Value| {
            let Value::Object(filter) = filter else { panic!("an object") };
            Filter::new(filter).err().map(|failure| failure.text)
        };
        assert!(refused(json!({"stat": "ACTIVE"})).is_some_and(|text| text.contains("'stat'")));
        assert!(refused(json!({"state": {"$gt": 1}})).is_some_and(|text| text.contains("$gt")));
        assert!(refused(json!({"state": []})).is_some());
        let Value::Object(pinned) = json!({"processInstanceKey": {"$eq": "7"}}) else { return };
        let filter = Filter::new(pinned).unwrap_or_else(|failure| panic!("{failure}"));
        assert_eq!(filter.key("processInstanceKey"), Some(7));
    }
}
