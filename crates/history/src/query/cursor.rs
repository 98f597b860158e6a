//! Cursors: the sort values of a row and its key, so that a page begins exactly behind it whatever
//! came or went meanwhile.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::filter::Value;
use crate::error::{Error, Result};
use crate::limits::{CURSOR_CHARS_MAX, CURSOR_TEXT_BYTES_MAX};

const VERSION: u8 = 1;

/// Writes a cursor; `order` is the fingerprint of the sort that it belongs to.
pub(crate) fn encode(order: u32, values: &[Value]) -> String {
    let mut bytes = vec![VERSION];
    bytes.extend_from_slice(&order.to_le_bytes());
    for value in values {
        match value {
            Value::Null => bytes.push(0),
            Value::Int(number) => {
                bytes.push(1);
                bytes.extend_from_slice(&number.to_le_bytes());
            }
            Value::Real(number) => {
                bytes.push(2);
                bytes.extend_from_slice(&number.to_le_bytes());
            }
            Value::Text(text) => {
                let short = head(text);
                bytes.push(if short.len() == text.len() { 3 } else { 4 });
                bytes.extend_from_slice(&(short.len() as u32).to_le_bytes());
                bytes.extend_from_slice(short.as_bytes());
                if short.len() < text.len() {
                    bytes.extend_from_slice(&hash(text).to_le_bytes());
                }
            }
        }
    }
    STANDARD.encode(bytes)
}

/// Where a page ended, as its cursor has it.
#[derive(Debug, PartialEq)]
pub(crate) struct Place {
    pub values: Vec<Value>,
    /// Texts that the cursor has only the beginning of, by their column, with the hash of the
    /// whole: the row itself has the rest.
    pub cut: Vec<(usize, u64)>,
}

pub(crate) fn hash(text: &str) -> u64 {
    xxhash_rust::xxh3::xxh3_64(text.as_bytes())
}

/// A cursor holds the beginning of a long text: values have no limit that a cursor could keep.
fn head(text: &str) -> &str {
    let mut end = text.len().min(CURSOR_TEXT_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Reads a cursor of a sort with `count` values.
pub(crate) fn decode(text: &str, order: u32, count: usize) -> Result<Place> {
    if text.len() > CURSOR_CHARS_MAX {
        return Err(broken("it is too long"));
    }
    let bytes = STANDARD.decode(text).map_err(|_| broken("it is not base64"))?;
    let mut rest = &bytes[..];
    if take::<1>(&mut rest)? != [VERSION] {
        return Err(broken("it was made by another version"));
    }
    if u32::from_le_bytes(take(&mut rest)?) != order {
        return Err(broken("it belongs to another sort"));
    }
    let (mut values, mut cut) = (Vec::with_capacity(count), Vec::new());
    while !rest.is_empty() {
        let is_cut = rest.first() == Some(&4);
        values.push(value(&mut rest)?);
        if is_cut {
            cut.push((values.len() - 1, u64::from_le_bytes(take(&mut rest)?)));
        }
    }
    if values.len() != count {
        return Err(broken("it belongs to another sort"));
    }
    Ok(Place { values, cut })
}

fn value(rest: &mut &[u8]) -> Result<Value> {
    Ok(match take::<1>(rest)? {
        [0] => Value::Null,
        [1] => Value::Int(i64::from_le_bytes(take(rest)?)),
        [2] => Value::Real(f64::from_le_bytes(take(rest)?)),
        [3 | 4] => {
            let length = u32::from_le_bytes(take(rest)?) as usize;
            let bytes = rest.get(..length).ok_or_else(|| broken("it is cut off"))?;
            let text = std::str::from_utf8(bytes).map_err(|_| broken("it holds no text"))?;
            *rest = &rest[length..];
            Value::Text(text.to_owned())
        }
        _ => return Err(broken("it holds a value of no known kind")),
    })
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N]> {
    let (chunk, left) = rest.split_first_chunk::<N>().ok_or_else(|| broken("it is cut off"))?;
    *rest = left;
    Ok(*chunk)
}

fn broken(why: &str) -> Error {
    Error::query(format!("expected a cursor as an earlier page gave it, but {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_no_other_text_does_harm() {
        let values = vec![Value::Null, Value::Int(-7), Value::Real(1.5), Value::Text("ä|".into())];
        let text = encode(9, &values);
        assert_eq!(decode(&text, 9, 4).ok(), Some(Place { values, cut: Vec::new() }));
        assert!(decode(&text, 8, 4).is_err());
        assert!(decode(&text, 9, 3).is_err());
        for broken in ["", "a", "AQ==", "!!!!", "AQkAAAADBQAAAA==", "AQkAAAAJ"] {
            let error = decode(broken, 9, 1).expect_err(broken);
            assert!(error.is_query(), "{broken}");
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let text = "ä".repeat(2_000);
        let place = Place {
            values: vec![Value::Text("ä".repeat(CURSOR_TEXT_BYTES_MAX / 2)), Value::Int(7)],
            cut: vec![(0, hash(&text))],
        };
        let read = decode(&encode(1, &[Value::Text(text), Value::Int(7)]), 1, 2);
        assert_eq!(read.ok(), Some(place));
    }
}
