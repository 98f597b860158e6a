//! The packed form to JSON text.

use crate::packed::token::{Cursor, Token};
use std::fmt::Write;

pub(crate) fn write_value(bytes: &[u8], text: &mut String) {
    let mut cursor = Cursor::new(bytes);
    // Per open container: tokens left in it, keys counted, and whether it is an object.
    let mut open: Vec<(usize, bool)> = Vec::new();
    while !cursor.is_at_end() {
        let follows_key = open.last().is_some_and(|(left, is_map)| *is_map && left % 2 == 1);
        let at_start = matches!(text.as_bytes().last(), None | Some(b'[' | b'{'));
        if follows_key {
            text.push(':');
        } else if !open.is_empty() && !at_start {
            text.push(',');
        }
        match cursor.next() {
            Token::Nil => text.push_str("null"),
            Token::Bool(truth) => text.push_str(if truth { "true" } else { "false" }),
            Token::Signed(number) => drop(write!(text, "{number}")),
            Token::Unsigned(number) => drop(write!(text, "{number}")),
            Token::Digits(digits) => text.push_str(digits),
            Token::Str(string) => write_text(text, string),
            Token::Array(count) => {
                text.push('[');
                open.push((count, false));
                close_finished(&mut open, text);
                continue;
            }
            Token::Map(count) => {
                text.push('{');
                open.push((2 * count, true));
                close_finished(&mut open, text);
                continue;
            }
        }
        if let Some((left, _)) = open.last_mut() {
            *left -= 1;
        }
        close_finished(&mut open, text);
    }
}

fn close_finished(open: &mut Vec<(usize, bool)>, text: &mut String) {
    while let Some((0, is_map)) = open.last() {
        text.push(if *is_map { '}' } else { ']' });
        open.pop();
        if let Some((left, _)) = open.last_mut() {
            *left -= 1;
        }
    }
}

pub(super) fn write_text(text: &mut String, string: &str) {
    text.push('"');
    let mut plain_from = 0;
    for (at, byte) in string.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x08 => "\\b",
            0x0c => "\\f",
            0x00..=0x1f => "",
            _ => continue,
        };
        text.push_str(&string[plain_from..at]);
        match escape {
            "" => drop(write!(text, "\\u{byte:04x}")),
            _ => text.push_str(escape),
        }
        plain_from = at + 1;
    }
    text.push_str(&string[plain_from..]);
    text.push('"');
}
