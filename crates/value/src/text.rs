//! Values as FEEL text.

use crate::{Range, Value};
use std::fmt::{self, Write};

/// The text as a FEEL string literal, with the escapes that every FEEL reader knows.
pub fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    // Writing to a `String` cannot fail.
    let _ = write_quoted(&mut quoted, text);
    quoted
}

fn write_quoted(out: &mut impl Write, text: &str) -> fmt::Result {
    out.write_char('"')?;
    for letter in text.chars() {
        match letter {
            '"' => out.write_str("\\\"")?,
            '\\' => out.write_str("\\\\")?,
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            _ => out.write_char(letter)?,
        }
    }
    out.write_char('"')
}

/// Whether a context key can be written without quotes.
fn is_plain_key(key: &str) -> bool {
    let mut letters = key.chars();
    letters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_alphanumeric() || letter == '_')
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("null"),
            Value::Bool(truth) => write!(f, "{truth}"),
            Value::Number(number) => write!(f, "{number}"),
            Value::String(text) => write_quoted(f, text),
            Value::List(list) => {
                f.write_char('[')?;
                for (at, item) in list.iter().enumerate() {
                    let comma = if at == 0 { "" } else { ", " };
                    write!(f, "{comma}{item}")?;
                }
                f.write_char(']')
            }
            Value::Context(context) => {
                f.write_char('{')?;
                for (at, (key, value)) in context.iter().enumerate() {
                    f.write_str(if at == 0 { "" } else { ", " })?;
                    match is_plain_key(key) {
                        true => f.write_str(key)?,
                        false => write_quoted(f, key)?,
                    }
                    write!(f, ": {value}")?;
                }
                f.write_char('}')
            }
            Value::Date(date) => write!(f, "@\"{date}\""),
            Value::Time(time) => write!(f, "@\"{time}\""),
            Value::DateTime(date_time) => write!(f, "@\"{date_time}\""),
            Value::DaysDuration(duration) => write!(f, "@\"{duration}\""),
            Value::YearsDuration(duration) => write!(f, "@\"{duration}\""),
            Value::Range(range) => write!(f, "{range}"),
            Value::Function(function) => {
                write!(f, "function({})", function.parameters().join(", "))
            }
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.start, &self.end) {
            (None, Some(end)) => {
                write!(f, "({} {end})", if self.end_included { "<=" } else { "<" })
            }
            (Some(start), None) => {
                write!(f, "({} {start})", if self.start_included { ">=" } else { ">" })
            }
            (start, end) => {
                f.write_char(if self.start_included { '[' } else { '(' })?;
                write!(f, "{}..", start.as_ref().unwrap_or(&Value::Null))?;
                write!(f, "{}", end.as_ref().unwrap_or(&Value::Null))?;
                f.write_char(if self.end_included { ']' } else { ')' })
            }
        }
    }
}

impl fmt::Debug for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
