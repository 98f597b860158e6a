//! Types that several operations share.

use engine::Key;
use engine::event::NamedValue;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::failure::Failure;
use crate::input;

/// A key: text of digits on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, pattern = "^-?[0-9]+$", example = "2251799813685249")]
pub struct KeyText(pub Key);

impl Serialize for KeyText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for KeyText {
    /// Bare numbers are taken too: older clients send them.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<KeyText, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = serde_json::from_str::<String>(raw.get());
        let text = text.unwrap_or_else(|_| raw.get().to_owned());
        text.parse().map(KeyText).map_err(|_| {
            serde::de::Error::custom(format!("expected a key as text of digits, but got {raw}"))
        })
    }
}

/// A key in a path.
pub fn path_key(text: &str) -> Result<Key, Failure> {
    text.parse().map_err(|_| {
        Failure::invalid(format!("Expected a key of digits in the path, but got '{text}'"))
    })
}

/// The body of an action that needs none.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Action {
    /// Marks what follows from the call.
    pub operation_reference: Option<i64>,
}

/// Variables of a body.
pub fn variables(given: Option<&RawValue>) -> Result<Vec<NamedValue>, Failure> {
    match given.map(RawValue::get) {
        None | Some("null") => Ok(Vec::new()),
        Some(text) => input::variables("variables", text),
    }
}

/// A value of an answer.
pub fn json(value: &value::Packed) -> Box<RawValue> {
    RawValue::from_string(value.to_json()).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// Variables of an answer.
pub fn object(variables: &[NamedValue]) -> Box<RawValue> {
    let text = value::object_to_json(variables.iter().map(|(name, value)| (&**name, value)));
    RawValue::from_string(text).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_text_of_digits() {
        assert_eq!(serde_json::to_string(&KeyText(-5)).unwrap(), "\"-5\"");
        let read = |text: &str| serde_json::from_str::<KeyText>(text).map(|key| key.0);
        assert_eq!(read("\"2251799813685249\"").unwrap(), 2251799813685249);
        assert_eq!(read("7").unwrap(), 7);
        assert!(read("\"\"").is_err() && read("\"12a\"").is_err() && read("1.5").is_err());
    }
}
