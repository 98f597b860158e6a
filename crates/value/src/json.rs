//! JSON text, read straight into the packed form and written straight from it.

mod read;
mod write;

use crate::Packed;
use crate::packed::token::{Cursor, Token};
use std::fmt;
use std::sync::Arc;

pub(crate) use read::read_value;
pub(crate) use write::write_value;

/// Text that is not the JSON that was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    line: u32,
    column: u32,
    message: String,
}

impl JsonError {
    /// The line, from 1.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// The column in characters, from 1.
    pub fn column(&self) -> u32 {
        self.column
    }

    /// "expected …, but …", without the place.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (line {}, column {})", self.message, self.line, self.column)
    }
}

impl std::error::Error for JsonError {}

/// Reads a document of variables: a JSON object whose members are the variables, in order. Blank
/// text is a document without variables, since clients send none as an empty string.
pub fn object_from_json(text: &str) -> Result<Vec<(Arc<str>, Packed)>, JsonError> {
    if text.bytes().all(|byte| byte.is_ascii_whitespace()) {
        return Ok(Vec::new());
    }
    let bytes = read_value(text)?;
    let mut cursor = Cursor::new(&bytes);
    let kind = match cursor.next() {
        Token::Map(count) => {
            let mut entries = Vec::with_capacity(count);
            for _ in 0..count {
                if let Token::Str(name) = cursor.next() {
                    entries.push((Arc::from(name), Packed::trusted(cursor.skip())));
                }
            }
            return Ok(entries);
        }
        Token::Array(_) => "an array",
        Token::Str(_) => "a string",
        Token::Nil => "null",
        Token::Bool(_) => "a boolean",
        Token::Signed(_) | Token::Unsigned(_) | Token::Digits(_) => "a number",
    };
    let before = text.len() - text.trim_start().len();
    let message = format!("expected a JSON object with variables, but found {kind}");
    Err(read::error_at(text, before, message))
}

/// Writes a document of variables.
pub fn object_to_json<'a>(entries: impl Iterator<Item = (&'a str, &'a Packed)>) -> String {
    let mut text = String::from("{");
    for (at, (name, value)) in entries.enumerate() {
        if at > 0 {
            text.push(',');
        }
        write::write_text(&mut text, name);
        text.push(':');
        value.write_json(&mut text);
    }
    text.push('}');
    text
}

#[cfg(test)]
mod tests;
