//! JSON text to the packed form in one pass, without recursion.

use super::JsonError;
use crate::limits::{JSON_BYTES_MAX, NESTING_MAX, NUMBER_CHARS_MAX};
use crate::packed::token::Token;
use crate::packed::{write_head_at, write_str, write_token};
use std::collections::BTreeMap;
use std::ops::Range;

pub(crate) fn read_value(text: &str) -> Result<Vec<u8>, JsonError> {
    if text.len() > JSON_BYTES_MAX {
        let message = format!(
            "expected at most {JSON_BYTES_MAX} bytes of JSON, but there are {}",
            text.len()
        );
        return Err(JsonError { line: 1, column: 1, message });
    }
    let mut reader =
        Reader { text, at: 0, out: Vec::with_capacity(text.len() / 2 + 16), open: Vec::new() };
    reader.document()?;
    Ok(reader.out)
}

pub(super) fn error_at(text: &str, at: usize, message: String) -> JsonError {
    let before = &text[..at.min(text.len())];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() as u32 + 1;
    let column = before[line_start..].chars().count() as u32 + 1;
    JsonError { line, column, message }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    out: Vec<u8>,
    open: Vec<Open>,
}

/// A container that is being read.
struct Open {
    /// Where its head is in the output.
    head: usize,
    is_map: bool,
    count: usize,
    /// Where each entry starts in the output; objects only.
    entries: Vec<usize>,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<(), JsonError> {
        loop {
            self.value()?;
            loop {
                self.white_space();
                let Some(container) = self.open.last_mut() else {
                    return match self.at == self.text.len() {
                        true => Ok(()),
                        false => Err(self.unexpected("the end of the text")),
                    };
                };
                let (close, ends) =
                    if container.is_map { (b'}', "',' or '}'") } else { (b']', "',' or ']'") };
                match self.text.as_bytes().get(self.at) {
                    Some(b',') => {
                        self.at += 1;
                        if self.next_is_map() {
                            self.key()?;
                        }
                        break;
                    }
                    Some(byte) if *byte == close => {
                        self.at += 1;
                        self.close();
                    }
                    _ => return Err(self.unexpected(ends)),
                }
            }
        }
    }

    fn next_is_map(&self) -> bool {
        self.open.last().is_some_and(|container| container.is_map)
    }

    /// Reads scalars and opens containers until a value is complete or a container is empty.
    fn value(&mut self) -> Result<(), JsonError> {
        loop {
            self.white_space();
            if let Some(container) = self.open.last_mut() {
                container.count += 1;
            }
            let is_map = match self.text.as_bytes().get(self.at) {
                Some(b'{') => true,
                Some(b'[') => false,
                _ => return self.scalar(),
            };
            if self.open.len() >= NESTING_MAX {
                let message =
                    format!("expected at most {NESTING_MAX} levels of nesting, but there are more");
                return Err(error_at(self.text, self.at, message));
            }
            self.at += 1;
            let head = self.out.len();
            self.out.push(0);
            self.open.push(Open { head, is_map, count: 0, entries: Vec::new() });
            self.white_space();
            let close = if is_map { b'}' } else { b']' };
            if self.text.as_bytes().get(self.at) == Some(&close) {
                self.at += 1;
                self.close();
                return Ok(());
            }
            if is_map {
                self.key()?;
            }
        }
    }

    fn key(&mut self) -> Result<(), JsonError> {
        self.white_space();
        if self.text.as_bytes().get(self.at) != Some(&b'"') {
            return Err(self.unexpected("a key in double quotes"));
        }
        let start = self.out.len();
        if let Some(container) = self.open.last_mut() {
            container.entries.push(start);
        }
        self.string()?;
        self.white_space();
        if self.text.as_bytes().get(self.at) != Some(&b':') {
            return Err(self.unexpected("':'"));
        }
        self.at += 1;
        Ok(())
    }

    fn close(&mut self) {
        let Some(mut container) = self.open.pop() else { return };
        if container.is_map {
            drop_repeated_keys(&mut self.out, &mut container);
            write_head_at(&mut self.out, container.head, &Token::Map(container.count));
        } else {
            write_head_at(&mut self.out, container.head, &Token::Array(container.count));
        }
    }

    fn scalar(&mut self) -> Result<(), JsonError> {
        let rest = &self.text[self.at..];
        let words =
            [("null", Token::Nil), ("true", Token::Bool(true)), ("false", Token::Bool(false))];
        for (word, token) in words {
            if rest.starts_with(word) {
                self.at += word.len();
                write_token(&mut self.out, &token);
                return Ok(());
            }
        }
        match rest.as_bytes().first() {
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.unexpected("a JSON value")),
        }
    }

    fn number(&mut self) -> Result<(), JsonError> {
        let rest = &self.text[self.at..];
        let is_part =
            |byte: u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E');
        let end = rest.bytes().position(|byte| !is_part(byte)).unwrap_or(rest.len());
        let digits = &rest[..end];
        let whole = digits.strip_prefix('-').unwrap_or(digits);
        let padded =
            whole.len() > 1 && whole.starts_with('0') && whole.as_bytes()[1].is_ascii_digit();
        let starts_well = whole.as_bytes().first().is_some_and(u8::is_ascii_digit);
        if padded || !starts_well || crate::Number::parse(digits).is_none() {
            let shown: String = digits.chars().take(40).collect();
            let message = format!(
                "expected a decimal number in range, of at most {NUMBER_CHARS_MAX} characters, but \
                 found '{shown}'"
            );
            return Err(error_at(self.text, self.at, message));
        }
        self.at += end;
        crate::packed::write_number(&mut self.out, digits);
        Ok(())
    }

    fn string(&mut self) -> Result<(), JsonError> {
        let start = self.at + 1;
        let bytes = self.text.as_bytes();
        let plain = |byte: &u8| !matches!(byte, b'"' | b'\\' | 0x00..=0x1f);
        let length = bytes[start..].iter().take_while(|byte| plain(byte)).count();
        if bytes.get(start + length) == Some(&b'"') {
            write_str(&mut self.out, &self.text[start..start + length]);
            self.at = start + length + 1;
            return Ok(());
        }
        let mut string = String::new();
        self.at = start;
        loop {
            let length = bytes[self.at..].iter().take_while(|byte| plain(byte)).count();
            string.push_str(&self.text[self.at..self.at + length]);
            self.at += length;
            match bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => string.push(self.escape()?),
                Some(_) => return Err(self.unexpected("an escaped control character")),
                None => return Err(self.unexpected("'\"'")),
            }
        }
        self.at += 1;
        write_str(&mut self.out, &string);
        Ok(())
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let letter = match self.text.as_bytes().get(self.at + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return Err(self.unexpected("an escape such as \\n or \\u0041")),
        };
        self.at += 2;
        Ok(letter)
    }

    fn unicode_escape(&mut self) -> Result<char, JsonError> {
        let first = self.hex_unit(self.at);
        let pair = match first {
            Some(high @ 0xd800..=0xdbff) => match self.hex_unit(self.at + 6) {
                Some(low @ 0xdc00..=0xdfff) => {
                    Some((0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00), 12))
                }
                _ => None,
            },
            other => other.map(|unit| (unit, 6)),
        };
        match pair.and_then(|(unit, length)| char::from_u32(unit).map(|letter| (letter, length))) {
            Some((letter, length)) => {
                self.at += length;
                Ok(letter)
            }
            None => Err(self.unexpected("\\u with four hexadecimal digits of a character")),
        }
    }

    fn hex_unit(&self, at: usize) -> Option<u32> {
        let digits = self.text.get(at..at + 6)?.strip_prefix("\\u")?;
        let all_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        all_hex.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
    }

    fn white_space(&mut self) {
        while matches!(self.text.as_bytes().get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn unexpected(&self, expected: &str) -> JsonError {
        let found = match self.text[self.at..].chars().next() {
            Some(letter) => format!("found '{}'", letter.escape_debug()),
            None => "the text ends".to_owned(),
        };
        error_at(self.text, self.at, format!("expected {expected}, but {found}"))
    }
}

/// A key that occurs again keeps its first place and takes its last value, as in JavaScript.
fn drop_repeated_keys(out: &mut Vec<u8>, container: &mut Open) {
    let ends = container.entries.iter().skip(1).copied().chain([out.len()]);
    let entries: Vec<Range<usize>> =
        container.entries.iter().copied().zip(ends).map(|(start, end)| start..end).collect();
    let mut first_places: Vec<usize> = Vec::with_capacity(entries.len());
    let mut last: BTreeMap<&[u8], usize> = BTreeMap::new();
    for (number, entry) in entries.iter().enumerate() {
        let key = crate::packed::token::Cursor::new(&out[entry.clone()]).skip();
        if last.insert(key, number).is_none() {
            first_places.push(number);
        }
    }
    if last.len() == entries.len() {
        return;
    }
    let mut kept = Vec::new();
    for place in &first_places {
        let key = crate::packed::token::Cursor::new(&out[entries[*place].clone()]).skip();
        kept.extend_from_slice(&out[entries[last[key]].clone()]);
    }
    container.count = first_places.len();
    out.truncate(container.head + 1);
    out.extend_from_slice(&kept);
}
