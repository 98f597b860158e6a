//! Text. Positions count characters from 1, or from the end if negative.

use super::argument::{refuse, text, whole};
use crate::limits::{STRING_BYTES_MAX, VALUE_WEIGHT_MAX};
use crate::vm::{Core, Outcome, Trouble, bounded};
use std::fmt::Write;
use value::Value;

fn string(text: impl Into<String>) -> Outcome {
    bounded(Value::from(text.into()))
}

pub(super) fn substring(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let text = text(values, 0)?;
    let start = whole(values, 1)?;
    let count = text.chars().count();
    let skipped = match start {
        1.. => usize::try_from(start - 1).unwrap_or(usize::MAX),
        0 => return Err(refuse("expected a start position that is not 0")),
        _ => match count.checked_sub(usize::try_from(start.unsigned_abs()).unwrap_or(usize::MAX)) {
            Some(skipped) => skipped,
            None if core.is_standard() => return Err(refuse("the start is before the text")),
            None => 0,
        },
    };
    if core.is_standard() && skipped >= count {
        return Err(refuse("the start is behind the text"));
    }
    let rest = text.chars().skip(skipped);
    if values.len() < 3 || values[2].is_null() {
        return string(rest.collect::<String>());
    }
    let length = whole(values, 2)?;
    if length < 0 || (length == 0 && core.is_standard()) {
        return Err(refuse("expected a length above 0"));
    }
    string(rest.take(usize::try_from(length).unwrap_or(usize::MAX)).collect::<String>())
}

pub(super) fn string_length(_core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let text = text(values, 0)?;
    Ok(Value::from(text.chars().count()))
}

pub(super) fn upper_case(_core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let text = text(values, 0)?;
    string(text.to_uppercase())
}

pub(super) fn lower_case(_core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let text = text(values, 0)?;
    string(text.to_lowercase())
}

pub(super) fn substring_before(_core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let (text, wanted) = (text(values, 0)?, text(values, 1)?);
    string(text.find(wanted).map_or("", |at| &text[..at]))
}

pub(super) fn substring_after(_core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let (text, wanted) = (text(values, 0)?, text(values, 1)?);
    string(text.find(wanted).map_or("", |at| &text[at + wanted.len()..]))
}

pub(super) fn contains(_core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    Ok(Value::Bool(text(values, 0)?.contains(text(values, 1)?)))
}

pub(super) fn starts_with(_core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    Ok(Value::Bool(text(values, 0)?.starts_with(text(values, 1)?)))
}

pub(super) fn ends_with(_core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    Ok(Value::Bool(text(values, 0)?.ends_with(text(values, 1)?)))
}

pub(super) fn is_blank(_core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    Ok(Value::Bool(text(values, 0)?.trim().is_empty()))
}

pub(super) fn trim(_core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    string(text(values, 0)?.trim())
}

/// A pattern with flags of XPath. `x` is applied here: it drops white space outside of classes,
/// where the engine would drop it in classes, too.
fn with_flags(core: &Core, pattern: &str, flags: Option<&Value>) -> Result<String, Trouble> {
    let flags = match flags {
        None | Some(Value::Null) => "",
        Some(Value::String(flags)) => flags,
        Some(other) => {
            return Err(refuse(format!("expected a string, but found {}", other.type_name())));
        }
    };
    if let Some(unknown) = flags.chars().find(|flag| !"smixu".contains(*flag)) {
        let message = format!("expected flags among 's', 'm', 'i', 'x', but found '{unknown}'");
        return Err(refuse(message));
    }
    let pattern = translated(core, pattern, flags.contains('x'));
    let flags: String = flags.chars().filter(|flag| !matches!(flag, 'x' | 'u')).collect();
    Ok(if flags.is_empty() { pattern } else { format!("(?{flags}){pattern}") })
}

/// Unicode blocks that models name; the engine knows scripts and categories only.
const BLOCKS: [(&str, &str); 6] = [
    ("IsBasicLatin", "\\x{0}-\\x{7F}"),
    ("IsLatin-1Supplement", "\\x{80}-\\x{FF}"),
    ("IsLatinExtended-A", "\\x{100}-\\x{17F}"),
    ("IsLatinExtended-B", "\\x{180}-\\x{24F}"),
    ("IsGreek", "\\x{370}-\\x{3FF}"),
    ("IsCyrillic", "\\x{400}-\\x{4FF}"),
];

/// A pattern of XPath or Java in the syntax of the engine: `[A-Z-[OI]]` subtracts by `--`, and
/// blocks are ranges.
fn translated(core: &Core, pattern: &str, drop_space: bool) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut depth = 0usize;
    let mut letters = pattern.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            space if drop_space && depth == 0 && space.is_ascii_whitespace() => {}
            '\\' => {
                while drop_space
                    && depth == 0
                    && letters.peek().is_some_and(char::is_ascii_whitespace)
                {
                    letters.next();
                }
                match letters.next() {
                    Some(property @ ('p' | 'P'))
                        if letters.peek() == Some(&'{')
                            && letters.clone().any(|own| own == '}') =>
                    {
                        let name: String = letters.by_ref().take_while(|own| *own != '}').collect();
                        let is_kept = |own: &char| !drop_space || !own.is_whitespace();
                        let name: String = name[1..].chars().filter(is_kept).collect();
                        out.push_str(&property_class(property, &name, depth > 0));
                    }
                    Some(escaped) => out.extend(['\\', escaped]),
                    None => out.push('\\'),
                }
            }
            '-' if depth > 0 && letters.peek() == Some(&'[') => out.push_str("--"),
            // Twice they are operators of the engine, but not of XPath; in Java one of them is.
            twice @ '&' if core.is_standard() && depth > 0 && letters.peek() == Some(&twice) => {
                letters.next();
                out.push_str("&\\&");
            }
            twice @ ('-' | '~') if depth > 0 && letters.peek() == Some(&twice) => {
                letters.next();
                out.extend([twice, '\\', twice]);
            }
            '[' => {
                depth += 1;
                out.push('[');
            }
            ']' => {
                depth = depth.saturating_sub(1);
                out.push(']');
            }
            other => out.push(other),
        }
    }
    out
}

fn property_class(property: char, name: &str, in_class: bool) -> String {
    match BLOCKS.iter().find(|(block, _)| *block == name) {
        Some((_, range)) if in_class && property == 'p' => (*range).to_owned(),
        Some((_, range)) if property == 'p' => format!("[{range}]"),
        Some((_, range)) => format!("[^{range}]"),
        None => format!("\\{property}{{{}}}", name.strip_prefix("Is").unwrap_or(name)),
    }
}

pub(super) fn matches(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let (text, pattern) = (text(values, 0)?, text(values, 1)?);
    let pattern = with_flags(core, pattern, values.get(2))?;
    let mut pattern = core.pattern(&pattern)?;
    let found = pattern.is_match(core, text)?;
    core.keep(pattern);
    Ok(Value::Bool(found))
}

pub(super) fn replace(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let (text, pattern) = (text(values, 0)?, text(values, 1)?);
    let replacement = super::argument::text(values, 2)?;
    let pattern = with_flags(core, pattern, values.get(3))?;
    let mut pattern = core.pattern(&pattern)?;
    let parts = replacement_parts(replacement, pattern.group_count());
    let mut out = String::with_capacity(text.len());
    let mut last = 0;
    pattern.each(core, text, |core, captures| {
        let Some(whole) = captures.get_match() else { return Ok(()) };
        let before = out.len();
        out.push_str(&text[last..whole.start()]);
        for part in &parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Group(group) => {
                    out.push_str(captures.get_group(*group).map_or("", |span| &text[span]));
                }
            }
            // Each part may be as long as the text: none is added to what is too long already.
            fits(&out)?;
        }
        last = whole.end();
        core.spend((parts.len() + out.len() - before) / 64)
    })?;
    core.keep(pattern);
    out.push_str(&text[last..]);
    string(out)
}

/// What a text has grown to, before it grows on.
fn fits(text: &str) -> Result<(), Trouble> {
    match text.len() > STRING_BYTES_MAX {
        true => {
            Err(Trouble::limit(format!("expected a string of at most {STRING_BYTES_MAX} bytes")))
        }
        false => Ok(()),
    }
}

enum Part {
    Text(String),
    Group(usize),
}

/// `$1` is a group as long as there are so many, `\$` and `\\` are the characters themselves.
fn replacement_parts(replacement: &str, groups: usize) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut letters = replacement.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if letters.peek().is_some_and(|next| matches!(next, '$' | '\\')) => {
                plain.extend(letters.next());
            }
            '$' if letters.peek().is_some_and(char::is_ascii_digit) => {
                let mut group = 0;
                while let Some(digit) = letters.peek().and_then(|next| next.to_digit(10)) {
                    let longer = group * 10 + digit as usize;
                    if group > 0 && longer >= groups {
                        break;
                    }
                    group = longer;
                    letters.next();
                }
                parts.push(Part::Text(std::mem::take(&mut plain)));
                parts.push(Part::Group(group));
            }
            _ => plain.push(letter),
        }
    }
    parts.push(Part::Text(plain));
    parts
}

pub(super) fn split(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let (text, delimiter) = (text(values, 0)?, text(values, 1)?);
    let mut pattern = core.pattern(&translated(core, delimiter, false))?;
    let mut parts = value::List::default();
    let mut last = 0;
    let is_standard = core.is_standard();
    pattern.each(core, text, |core, captures| {
        let Some(found) = captures.get_match() else { return Ok(()) };
        // As in Java, nothing stands before a match without width at the beginning.
        if found.end() > 0 || is_standard {
            push_part(core, &mut parts, &text[last..found.start()])?;
        }
        last = found.end();
        Ok(())
    })?;
    core.keep(pattern);
    push_part(core, &mut parts, &text[last..])?;
    Ok(Value::List(parts.into()))
}

fn push_part(core: &mut Core, parts: &mut value::List, part: &str) -> Result<(), Trouble> {
    core.spend(1 + part.len() / 64)?;
    parts.push(Value::from(part));
    match parts.weight() > VALUE_WEIGHT_MAX {
        true => {
            Err(Trouble::limit(format!("expected a value of at most {VALUE_WEIGHT_MAX} parts")))
        }
        false => Ok(()),
    }
}

pub(super) fn extract(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let (text, pattern) = (text(values, 0)?, text(values, 1)?);
    let mut pattern = core.pattern(&translated(core, pattern, false))?;
    let mut parts = value::List::default();
    pattern.each(core, text, |core, captures| {
        let Some(found) = captures.get_match() else { return Ok(()) };
        push_part(core, &mut parts, &text[found.range()])
    })?;
    core.keep(pattern);
    Ok(Value::List(parts.into()))
}

pub(super) fn string_join(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let list = super::argument::list(core, values, 0)?;
    let optional = |at: usize| match values.get(at) {
        None | Some(Value::Null) => Ok(""),
        Some(_) => text(values, at),
    };
    let (delimiter, prefix, suffix) = (optional(1)?, optional(2)?, optional(3)?);
    let mut joined = String::from(prefix);
    let mut first = true;
    for item in list {
        let text = match item {
            Value::String(text) => text,
            Value::Null => continue,
            other => {
                let message = format!("expected strings, but found {}", other.type_name());
                return Err(refuse(message));
            }
        };
        if !first {
            joined.push_str(delimiter);
        }
        first = false;
        joined.push_str(text);
        core.spend(1 + text.len() / 64)?;
        fits(&joined)?;
    }
    joined.push_str(suffix);
    string(joined)
}

/// A random UUID (version 4) out of the injected seed.
pub(super) fn uuid(core: &mut Core, _values: &[Value], _signature: u8) -> Outcome {
    let bits = u128::from(core.random()) << 64 | u128::from(core.random());
    let versioned = bits & !(0xf << 76) | 0x4 << 76;
    let marked = versioned & !(0x3 << 62) | 0x2 << 62;
    let hex = format!("{marked:032x}");
    let groups = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    string(groups.join("-"))
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(super) fn to_base64(_core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let text = text(values, 0)?;
    let mut encoded = String::with_capacity(text.len() * 4 / 3 + 4);
    for chunk in text.as_bytes().chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let sextet = (bits >> (18 - 6 * at) & 0x3f) as usize;
            let letter = if at <= chunk.len() { char::from(ALPHABET[sextet]) } else { '=' };
            let _ = encoded.write_char(letter);
        }
    }
    string(encoded)
}

/// What a letter of [`ALPHABET`] stands for.
fn sextet(letter: u8) -> Option<u8> {
    match letter {
        b'A'..=b'Z' => Some(letter - b'A'),
        b'a'..=b'z' => Some(letter - b'a' + 26),
        b'0'..=b'9' => Some(letter - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

pub(super) fn from_base64(_core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let text = text(values, 0)?;
    let invalid = || refuse("expected text in Base64");
    let body = text.trim_end_matches('=');
    let mut bytes = Vec::with_capacity(body.len() * 3 / 4);
    let (mut bits, mut count) = (0u32, 0);
    for byte in body.bytes() {
        let sextet = sextet(byte).ok_or_else(invalid)?;
        bits = bits << 6 | u32::from(sextet);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    if body.len() % 4 == 1 || text.len() - body.len() > 2 {
        return Err(invalid());
    }
    string(String::from_utf8(bytes).map_err(|_| refuse("expected Base64 of UTF-8 text"))?)
}
