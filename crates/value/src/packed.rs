//! One JSON value as MessagePack bytes.
//!
//! The encoding is canonical, so equal bytes mean the same JSON text up to white space: the
//! shortest form of every head, integers of 64 bits as integers, every other number as an
//! extension of type 1 that carries its digits. Binary floats are never written; they would lose
//! `1.10` and every integer above 2^53.

mod decode;
mod encode;
pub(crate) mod token;

use crate::json::{self, JsonError};
use crate::{Context, Value};
use std::fmt;
use std::sync::Arc;
use token::{Cursor, Token};

pub(crate) use encode::{write_head_at, write_number, write_str, write_token};

/// One JSON value, stored compactly. Cloning is cheap.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Packed(Arc<[u8]>);

/// Bytes that are not a packed value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedError {
    /// Where reading stopped.
    pub offset_bytes: usize,
    /// What was expected there.
    pub message: &'static str,
}

impl fmt::Display for PackedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.message, self.offset_bytes)
    }
}

impl std::error::Error for PackedError {}

impl Packed {
    /// The JSON value `null`.
    pub fn null() -> Packed {
        Packed(Arc::from([0xc0u8].as_slice()))
    }

    /// Reads one JSON value; white space around it is allowed.
    pub fn from_json(text: &str) -> Result<Packed, JsonError> {
        json::read_value(text).map(|bytes| Packed(Arc::from(bytes)))
    }

    /// Packs a value. Temporal values and ranges become strings, functions `null`: JSON has no
    /// form for them.
    pub fn from_value(value: &Value) -> Packed {
        let mut bytes = Vec::with_capacity(32);
        encode::write_value(&mut bytes, value);
        Packed(Arc::from(bytes))
    }

    /// Takes bytes that [`Packed::as_bytes`] gave. Checks that they are one complete value in
    /// canonical form, not nested too deep; keys of one object are trusted to differ.
    pub fn from_bytes(bytes: &[u8]) -> Result<Packed, PackedError> {
        token::validate(bytes)?;
        Ok(Packed(Arc::from(bytes)))
    }

    /// Wraps bytes that this crate has just written.
    pub(crate) fn trusted(bytes: &[u8]) -> Packed {
        debug_assert!(token::validate(bytes).is_ok());
        Packed(Arc::from(bytes))
    }

    /// The stored form.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The number of stored bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Never: even `null` takes a byte.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Whether this is the JSON value `null`.
    pub fn is_null(&self) -> bool {
        *self.0 == [0xc0]
    }

    /// Decodes everything.
    pub fn to_value(&self) -> Value {
        decode::value(&mut Cursor::new(&self.0))
    }

    /// Decodes only what the path leads to; the empty path is the whole value. `None` if there is
    /// nothing. A step over a list takes that property of each item, as FEEL does, and gives a
    /// list.
    pub fn get(&self, path: &[&str]) -> Option<Value> {
        decode::at_path(&mut Cursor::new(&self.0), path)
    }

    /// The items, if this is a JSON array; each shares nothing with the whole.
    pub fn items(&self) -> Option<Vec<Packed>> {
        let mut cursor = Cursor::new(&self.0);
        let Token::Array(count) = cursor.next() else { return None };
        let slices = (0..count).map(|_| Packed::trusted(cursor.skip()));
        Some(slices.collect())
    }

    /// The entries in order, if this is a JSON object.
    pub fn entries(&self) -> Option<Vec<(Arc<str>, Packed)>> {
        let mut cursor = Cursor::new(&self.0);
        let Token::Map(count) = cursor.next() else { return None };
        let mut entries = Vec::with_capacity(count.min(self.0.len()));
        for _ in 0..count {
            let Token::Str(key) = cursor.next() else { return None };
            entries.push((Arc::from(key), Packed::trusted(cursor.skip())));
        }
        Some(entries)
    }

    /// The JSON array of those values, without decoding them.
    pub fn from_items<'a>(items: impl ExactSizeIterator<Item = &'a Packed>) -> Packed {
        let mut bytes = Vec::new();
        write_token(&mut bytes, &Token::Array(items.len()));
        for item in items {
            bytes.extend_from_slice(&item.0);
        }
        Packed(Arc::from(bytes))
    }

    /// JSON text without white space.
    pub fn to_json(&self) -> String {
        let mut text = String::with_capacity(self.0.len() * 2);
        self.write_json(&mut text);
        text
    }

    /// Appends JSON text without white space.
    pub fn write_json(&self, text: &mut String) {
        json::write_value(&self.0, text);
    }
}

impl fmt::Debug for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_json())
    }
}

impl fmt::Display for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_json())
    }
}

impl Default for Packed {
    fn default() -> Packed {
        Packed::null()
    }
}

impl From<&Context> for Packed {
    fn from(context: &Context) -> Packed {
        let mut bytes = Vec::with_capacity(64);
        encode::write_context(&mut bytes, context);
        Packed(Arc::from(bytes))
    }
}

#[cfg(test)]
mod tests;
