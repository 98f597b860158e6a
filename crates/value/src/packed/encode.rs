//! Values to MessagePack.

use super::token::{DIGITS_EXTENSION, Token};
use crate::{Context, Value};

pub(super) fn write_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null | Value::Function(_) => write_token(out, &Token::Nil),
        Value::Bool(truth) => write_token(out, &Token::Bool(*truth)),
        Value::Number(number) => write_number(out, &number.to_string()),
        Value::String(text) => write_str(out, text),
        Value::List(list) => {
            write_token(out, &Token::Array(list.len()));
            list.iter().for_each(|item| write_value(out, item));
        }
        Value::Context(context) => write_context(out, context),
        Value::Date(date) => write_str(out, &date.to_string()),
        Value::Time(time) => write_str(out, &time.to_string()),
        Value::DateTime(date_time) => write_str(out, &date_time.to_string()),
        Value::DaysDuration(duration) => write_str(out, &duration.to_string()),
        Value::YearsDuration(duration) => write_str(out, &duration.to_string()),
        Value::Range(range) => write_str(out, &range.to_string()),
    }
}

pub(super) fn write_context(out: &mut Vec<u8>, context: &Context) {
    write_token(out, &Token::Map(context.len()));
    for (key, value) in context.iter() {
        write_str(out, key);
        write_value(out, value);
    }
}

/// Writes a number that is given as valid JSON text.
pub(crate) fn write_number(out: &mut Vec<u8>, text: &str) {
    let integer = text != "-0" && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit());
    if integer && let Ok(number) = text.parse::<i64>() {
        return write_token(out, &Token::Signed(number));
    }
    if integer && let Ok(number) = text.parse::<u64>() {
        return write_token(out, &Token::Unsigned(number));
    }
    write_token(out, &Token::Digits(text));
}

pub(crate) fn write_str(out: &mut Vec<u8>, text: &str) {
    write_token(out, &Token::Str(text));
}

pub(crate) fn write_token(out: &mut Vec<u8>, token: &Token<'_>) {
    match *token {
        Token::Nil => out.push(0xc0),
        Token::Bool(truth) => out.push(if truth { 0xc3 } else { 0xc2 }),
        Token::Signed(number) if number < 0 => write_negative(out, number),
        Token::Signed(number) => write_unsigned(out, number.unsigned_abs()),
        Token::Unsigned(number) => write_unsigned(out, number),
        Token::Digits(digits) => {
            let length = digits.len();
            match u8::try_from(length) {
                Ok(short) => out.extend_from_slice(&[0xc7, short, DIGITS_EXTENSION]),
                Err(_) => {
                    out.push(0xc8);
                    out.extend_from_slice(&(length as u16).to_be_bytes());
                    out.push(DIGITS_EXTENSION);
                }
            }
            out.extend_from_slice(digits.as_bytes());
        }
        Token::Str(text) => {
            let length = text.len();
            match length {
                0..=31 => out.push(0xa0 | length as u8),
                32..=255 => out.extend_from_slice(&[0xd9, length as u8]),
                256..=65_535 => write_head(out, 0xda, length, 2),
                _ => write_head(out, 0xdb, length, 4),
            }
            out.extend_from_slice(text.as_bytes());
        }
        Token::Array(count) => write_count(out, count, 0x90, 0xdc),
        Token::Map(count) => write_count(out, count, 0x80, 0xde),
    }
}

fn write_count(out: &mut Vec<u8>, count: usize, short: u8, long: u8) {
    match count {
        0..=15 => out.push(short | count as u8),
        16..=65_535 => write_head(out, long, count, 2),
        _ => write_head(out, long + 1, count, 4),
    }
}

/// Replaces the one-byte head at `at` by the head of a container with `count` members. The reader
/// of JSON learns the count only at the end; most containers are small and need no move.
pub(crate) fn write_head_at(out: &mut Vec<u8>, at: usize, head: &Token<'_>) {
    let mut bytes = Vec::with_capacity(5);
    write_token(&mut bytes, head);
    if let [only] = bytes[..] {
        out[at] = only;
    } else {
        out.splice(at..=at, bytes);
    }
}

fn write_head(out: &mut Vec<u8>, head: u8, number: usize, width: usize) {
    out.push(head);
    out.extend_from_slice(&(number as u64).to_be_bytes()[8 - width..]);
}

fn write_unsigned(out: &mut Vec<u8>, number: u64) {
    match number {
        0..=0x7f => out.push(number as u8),
        0x80..=0xff => out.extend_from_slice(&[0xcc, number as u8]),
        0x100..=0xffff => write_head(out, 0xcd, number as usize, 2),
        0x1_0000..=0xffff_ffff => write_head(out, 0xce, number as usize, 4),
        _ => {
            out.push(0xcf);
            out.extend_from_slice(&number.to_be_bytes());
        }
    }
}

fn write_negative(out: &mut Vec<u8>, number: i64) {
    let bytes = number.to_be_bytes();
    let (head, width) = match number {
        -32..=-1 => return out.push(number as u8),
        -0x80..=-33 => (0xd0, 1),
        -0x8000..=-0x81 => (0xd1, 2),
        -0x8000_0000..=-0x8001 => (0xd2, 4),
        _ => (0xd3, 8),
    };
    out.push(head);
    out.extend_from_slice(&bytes[8 - width..]);
}
