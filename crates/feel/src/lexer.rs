//! Text to tokens, one at a time.
//!
//! The parser asks for tokens lazily and may move the lexer: a DMN name such as `Monthly Salary`
//! or `a-b` is one name or several tokens depending on which names exist, which only the parser
//! knows.

use crate::error::Span;
use std::borrow::Cow;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A word; whether it is a keyword depends on where it stands.
    Name,
    /// A name in backticks.
    Quoted,
    Number,
    String,
    /// A string after `@`.
    At,
    /// One of the operators and brackets.
    Symbol(&'static str),
    End,
    /// Text that starts no token.
    Unknown,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) span: Span,
}

impl Token {
    pub(crate) fn is(self, symbol: &str) -> bool {
        matches!(self.kind, TokenKind::Symbol(own) if own == symbol)
    }

    pub(crate) fn start(self) -> usize {
        self.span.start as usize
    }

    pub(crate) fn end(self) -> usize {
        self.span.end as usize
    }
}

/// Longest first, so that `..` is not read as two points.
const SYMBOLS: [&str; 24] = [
    "**", "..", "<=", ">=", "!=", "->", "+", "-", "*", "/", "<", ">", "=", "(", ")", "[", "]", "{",
    "}", ",", ":", ".", "?", "@",
];

/// DMN 1.5, 10.3.1.2, rule 27 and following, without `?`, which is the input of a unary test.
pub(crate) fn is_name_start(letter: char) -> bool {
    letter.is_ascii_alphabetic()
        || matches!(letter, '_' | '$')
        || (!letter.is_ascii()
            && !is_space(letter)
            && (letter.is_alphabetic() || is_other_name_start(letter)))
}

fn is_other_name_start(letter: char) -> bool {
    matches!(u32::from(letter),
        0x200c..=0x200d | 0x2070..=0x218f | 0x2c00..=0x2fef | 0x3001..=0xd7ff
        | 0xf900..=0xfdcf | 0xfdf0..=0xfffd | 0x1_0000..=0xe_ffff)
}

pub(crate) fn is_name_part(letter: char) -> bool {
    is_name_start(letter)
        || letter.is_ascii_digit()
        || letter == '\u{b7}'
        || (!letter.is_ascii()
            && (letter.is_alphanumeric()
                || matches!(u32::from(letter), 0x300..=0x36f | 0x203f..=0x2040)))
}

/// White space by DMN 1.5, rule 61: what Unicode calls so and the byte order mark.
pub(crate) fn is_space(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '\u{180e}' | '\u{200b}' | '\u{feff}')
}

/// The position of the first character at or after `at` that is neither white space nor comment.
fn skip_space(text: &str, mut at: usize) -> usize {
    loop {
        let rest = &text[at..];
        let trimmed = rest.trim_start_matches(is_space);
        at += rest.len() - trimmed.len();
        if trimmed.starts_with("//") {
            at += trimmed.find(['\n', '\r']).unwrap_or(trimmed.len());
        } else if trimmed.starts_with("/*")
            && let Some(end) = trimmed.find("*/")
        {
            at += end + 2;
        } else {
            return at;
        }
    }
}

/// The token at or after the byte position `at`, which is a character boundary.
pub(crate) fn token_at(text: &str, at: usize) -> Token {
    let start = skip_space(text, at);
    let rest = &text[start..];
    let Some(first) = rest.chars().next() else {
        return Token { kind: TokenKind::End, span: Span::new(start, start) };
    };
    let (kind, length) = match first {
        '"' => quoted(rest, '"', TokenKind::String),
        '`' if rest.starts_with("``") => (TokenKind::Unknown, 2),
        '`' => quoted(rest, '`', TokenKind::Quoted),
        '@' if rest[1..].trim_start().starts_with('"') => {
            let gap = rest[1..].len() - rest[1..].trim_start().len() + 1;
            let (kind, length) = quoted(&rest[gap..], '"', TokenKind::At);
            (kind, gap + length)
        }
        '0'..='9' => (TokenKind::Number, number_length(rest)),
        '.' if rest[1..].starts_with(|next: char| next.is_ascii_digit()) => {
            (TokenKind::Number, number_length(rest))
        }
        _ if is_name_start(first) => (TokenKind::Name, name_length(rest)),
        _ => match SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            Some(symbol) => (TokenKind::Symbol(symbol), symbol.len()),
            None => (TokenKind::Unknown, first.len_utf8()),
        },
    };
    Token { kind, span: Span::new(start, start + length) }
}

pub(crate) fn name_length(text: &str) -> usize {
    text.find(|letter| !is_name_part(letter)).unwrap_or(text.len())
}

fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut length = digits(0);
    if bytes.get(length) == Some(&b'.') && bytes.get(length + 1).is_some_and(u8::is_ascii_digit) {
        length += 1 + digits(length + 1);
    }
    if matches!(bytes.get(length), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
        let exponent = bytes.get(length + 1 + sign..).map_or(0, |_| digits(length + 1 + sign));
        if exponent > 0 {
            length += 1 + sign + exponent;
        }
    }
    length
}

/// The length of quoted text with its quotes; an unfinished one is unknown.
fn quoted(text: &str, quote: char, kind: TokenKind) -> (TokenKind, usize) {
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        if letter == quote {
            return (kind, at + 1);
        }
        if letter == '\\' && quote == '"' {
            letters.next();
        }
    }
    (TokenKind::Unknown, text.len())
}

/// The meaning of a string literal's inner text. Escapes that are not of the language stay as
/// they are, so that `"\d+"` is a pattern.
pub(crate) fn unescape(inner: &str) -> Cow<'_, str> {
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let (letter, length) = escape(&rest[at..]);
        match letter {
            Some(letter) => text.push(letter),
            None => text.push_str(&rest[at..at + length]),
        }
        rest = &rest[at + length..];
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// The character that an escape at the start of `text` stands for, and its length.
fn escape(text: &str) -> (Option<char>, usize) {
    let letter = match text[1..].chars().next() {
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        Some('b') => '\u{8}',
        Some('f') => '\u{c}',
        Some(quote @ ('"' | '\'' | '\\')) => quote,
        Some('u') => return unicode_escape(text),
        Some('U') => match hex(text, 2, 6).and_then(char::from_u32) {
            Some(letter) => return (Some(letter), 8),
            None => return (None, 2),
        },
        Some(other) => return (None, 1 + other.len_utf8()),
        None => return (None, 1),
    };
    (Some(letter), 2)
}

fn unicode_escape(text: &str) -> (Option<char>, usize) {
    let first = hex(text, 2, 4);
    if let Some(high @ 0xd800..=0xdbff) = first
        && text.get(6..8) == Some("\\u")
        && let Some(low @ 0xdc00..=0xdfff) = hex(text, 8, 4)
    {
        return (char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00)), 12);
    }
    match first.and_then(char::from_u32) {
        Some(letter) => (Some(letter), 6),
        None => (None, 2),
    }
}

fn hex(text: &str, from: usize, count: usize) -> Option<u32> {
    let digits = text.get(from..from + count)?;
    let all_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    all_hex.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
}
