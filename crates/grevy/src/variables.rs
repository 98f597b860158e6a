//! Variables as callers give and get them.

use engine::event::NamedValue;
use value::{Packed, Value};

use crate::Error;

/// Names and values, in order. Made from pairs, from JSON, or from nothing.
///
/// ```
/// # use grevy::Variables;
/// let one: Variables = [("city", "New York")].into();
/// let two = Variables::from_json(r#"{"city": "New York", "people": 8}"#)?;
/// assert_eq!(one.text("city"), two.text("city"));
/// # Ok::<(), grevy::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Variables(Vec<NamedValue>);

impl Variables {
    /// None.
    pub fn new() -> Variables {
        Variables::default()
    }

    /// Reads a JSON object; numbers keep their digits.
    pub fn from_json(text: &str) -> Result<Variables, Error> {
        let object = value::object_from_json(text);
        object.map(Variables).map_err(|error| Error::invalid(format!("variables: {error}")))
    }

    /// As a JSON object.
    pub fn to_json(&self) -> String {
        value::object_to_json(self.0.iter().map(|(name, value)| (&**name, value)))
    }

    /// The value of a variable; the last one of that name.
    pub fn get(&self, name: &str) -> Option<Value> {
        let found = self.0.iter().rev().find(|(own, _)| &**own == name);
        found.map(|(_, value)| value.to_value())
    }

    /// A text variable; empty if it is missing or no text.
    pub fn text(&self, name: &str) -> String {
        self.get(name).and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// Sets a variable.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.retain(|(own, _)| &**own != name);
        self.0.push((name.into(), Packed::from_value(&value.into())));
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names and packed values, in order.
    pub fn iter(&self) -> impl Iterator<Item = &NamedValue> {
        self.0.iter()
    }

    /// As the engine takes them.
    pub fn into_inner(self) -> Vec<NamedValue> {
        self.0
    }
}

impl From<()> for Variables {
    fn from((): ()) -> Variables {
        Variables::new()
    }
}

impl From<Vec<NamedValue>> for Variables {
    fn from(values: Vec<NamedValue>) -> Variables {
        Variables(values)
    }
}

impl<N: AsRef<str>, V: Into<Value>, const COUNT: usize> From<[(N, V); COUNT]> for Variables {
    fn from(pairs: [(N, V); COUNT]) -> Variables {
        pairs.into_iter().collect()
    }
}

impl<N: AsRef<str>, V: Into<Value>> FromIterator<(N, V)> for Variables {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Variables {
        let mut variables = Variables::new();
        for (name, value) in pairs {
            variables.set(name.as_ref(), value);
        }
        variables
    }
}
