//! The MessagePack heads that a packed value uses, and a cursor over them.

use super::{PackedError, write_token};
use crate::limits::NESTING_MAX;

/// The extension type of a number that is not an integer of 64 bits; its bytes are its digits.
pub(super) const DIGITS_EXTENSION: u8 = 1;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Token<'a> {
    Nil,
    Bool(bool),
    Signed(i64),
    /// Above `i64::MAX`.
    Unsigned(u64),
    Digits(&'a str),
    Str(&'a str),
    Array(usize),
    Map(usize),
}

/// Reads tokens. On bytes that were validated, `try_next` never fails.
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Cursor<'a> {
        Cursor { bytes, at: 0 }
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    /// The next token of validated bytes; `Nil` past their end.
    pub(crate) fn next(&mut self) -> Token<'a> {
        debug_assert!(!self.is_at_end());
        self.try_next().unwrap_or(Token::Nil)
    }

    /// Steps over one whole value and returns its bytes.
    pub(crate) fn skip(&mut self) -> &'a [u8] {
        let start = self.at;
        let mut open = 1usize;
        while open > 0 && !self.is_at_end() {
            open -= 1;
            match self.next() {
                Token::Array(count) => open += count,
                Token::Map(count) => open += 2 * count,
                Token::Nil
                | Token::Bool(_)
                | Token::Signed(_)
                | Token::Unsigned(_)
                | Token::Digits(_)
                | Token::Str(_) => {}
            }
        }
        &self.bytes[start..self.at]
    }

    fn try_next(&mut self) -> Result<Token<'a>, PackedError> {
        let head = self.take(1)?[0];
        let token = match head {
            0xc0 => Token::Nil,
            0xc2 => Token::Bool(false),
            0xc3 => Token::Bool(true),
            0x00..=0x7f => Token::Signed(i64::from(head)),
            0xe0..=0xff => Token::Signed(i64::from(head as i8)),
            0xcc => Token::Signed(self.unsigned(1)? as i64),
            0xcd => Token::Signed(self.unsigned(2)? as i64),
            0xce => Token::Signed(self.unsigned(4)? as i64),
            0xcf => {
                let number = self.unsigned(8)?;
                i64::try_from(number).map_or(Token::Unsigned(number), Token::Signed)
            }
            0xd0 => Token::Signed(i64::from(self.unsigned(1)? as i8)),
            0xd1 => Token::Signed(i64::from(self.unsigned(2)? as i16)),
            0xd2 => Token::Signed(i64::from(self.unsigned(4)? as i32)),
            0xd3 => Token::Signed(self.unsigned(8)? as i64),
            0xa0..=0xbf => self.text(usize::from(head & 0x1f)).map(Token::Str)?,
            0xd9 => self.sized_text(1)?,
            0xda => self.sized_text(2)?,
            0xdb => self.sized_text(4)?,
            0x90..=0x9f => Token::Array(usize::from(head & 0x0f)),
            0xdc => Token::Array(self.unsigned(2)? as usize),
            0xdd => Token::Array(self.unsigned(4)? as usize),
            0x80..=0x8f => Token::Map(usize::from(head & 0x0f)),
            0xde => Token::Map(self.unsigned(2)? as usize),
            0xdf => Token::Map(self.unsigned(4)? as usize),
            0xc7 => self.digits(1)?,
            0xc8 => self.digits(2)?,
            _ => return Err(self.error("expected a JSON value, but found another type")),
        };
        Ok(token)
    }

    fn sized_text(&mut self, width: usize) -> Result<Token<'a>, PackedError> {
        let length = self.unsigned(width)? as usize;
        self.text(length).map(Token::Str)
    }

    fn digits(&mut self, width: usize) -> Result<Token<'a>, PackedError> {
        let length = self.unsigned(width)? as usize;
        if self.take(1)?[0] != DIGITS_EXTENSION {
            return Err(self.error("expected the digits of a number, but found another extension"));
        }
        let digits = self.text(length)?;
        match crate::Number::parse(digits) {
            Some(_) => Ok(Token::Digits(digits)),
            None => Err(self.error("expected the digits of a number, but found other text")),
        }
    }

    fn text(&mut self, length: usize) -> Result<&'a str, PackedError> {
        let bytes = self.take(length)?;
        std::str::from_utf8(bytes).map_err(|_| self.error("expected UTF-8, but found other bytes"))
    }

    fn unsigned(&mut self, width: usize) -> Result<u64, PackedError> {
        Ok(self.take(width)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], PackedError> {
        let end = self.at.checked_add(count).filter(|end| *end <= self.bytes.len());
        let Some(end) = end else {
            return Err(self.error("expected more bytes, but the value ends"));
        };
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn error(&self, message: &'static str) -> PackedError {
        PackedError { offset_bytes: self.at, message }
    }
}

/// Whether this is a number as JSON writes it.
fn is_number(digits: &str) -> bool {
    let text = digits.strip_prefix('-').unwrap_or(digits);
    let whole = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (whole, rest) = text.split_at(whole);
    if whole.is_empty() || (whole.len() > 1 && whole.starts_with('0')) {
        return false;
    }
    let (fraction, exponent) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
    let are_digits =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let fraction = fraction.strip_prefix('.').map_or(fraction.is_empty(), are_digits);
    fraction && are_digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))
}

/// Checks that the bytes are exactly one value in canonical form.
pub(super) fn validate(bytes: &[u8]) -> Result<(), PackedError> {
    let mut cursor = Cursor::new(bytes);
    let mut canonical = Vec::new();
    // Per open container: what is left in it, keys counted, and whether it is an object.
    let mut open: Vec<(usize, bool)> = Vec::new();
    loop {
        let start = cursor.at;
        let wants_key = open.last().is_some_and(|(left, is_map)| *is_map && left % 2 == 0);
        let token = cursor.try_next()?;
        if wants_key && !matches!(token, Token::Str(_)) {
            return Err(cursor.error("expected a key, but found another value"));
        }
        if let Token::Digits(digits) = token
            && !is_number(digits)
        {
            return Err(cursor.error("expected a number as JSON writes it, but found another"));
        }
        canonical.clear();
        write_token(&mut canonical, &token);
        if canonical != bytes[start..cursor.at] {
            return Err(cursor.error("expected the shortest form, but found a longer one"));
        }
        match token {
            Token::Array(count) => open.push((count, false)),
            Token::Map(count) => open.push((count.saturating_mul(2), true)),
            _ => {}
        }
        if matches!(token, Token::Array(_) | Token::Map(_)) {
            if open.len() > NESTING_MAX {
                return Err(cursor.error("expected less nesting, but found more than 200 levels"));
            }
        } else if let Some((left, _)) = open.last_mut() {
            *left -= 1;
        }
        while let Some((0, _)) = open.last() {
            open.pop();
            if let Some((left, _)) = open.last_mut() {
                *left -= 1;
            }
        }
        if open.is_empty() {
            break;
        }
    }
    match cursor.is_at_end() {
        true => Ok(()),
        false => Err(cursor.error("expected the end, but found more bytes")),
    }
}
