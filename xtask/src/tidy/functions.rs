//! Finds functions and test modules by matching braces in masked text.

use super::mask::{Language, is_word};
use std::ops::Range;

/// A function with a body, in lines that count from 1.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    pub name: String,
    pub first_line: usize,
    pub lines: usize,
}

pub fn functions(masked: &[u8], language: Language) -> Vec<Function> {
    match language {
        Language::Rust => rust(masked),
        Language::Script => script(masked),
    }
}

/// The byte ranges of `#[cfg(test)]` items: their length is nobody's business.
pub fn test_ranges(masked: &[u8]) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for start in find_all(masked, b"#[cfg(test)]") {
        if ranges.last().is_some_and(|last| last.contains(&start)) {
            continue;
        }
        let end = match body_start(masked, start + 1) {
            Some(open) => closing(masked, open),
            None => start,
        };
        ranges.push(start..end);
    }
    ranges
}

pub fn line_of(masked: &[u8], at: usize) -> usize {
    1 + masked[..at.min(masked.len())].iter().filter(|byte| **byte == b'\n').count()
}

fn rust(masked: &[u8]) -> Vec<Function> {
    let mut found = Vec::new();
    for at in find_all(masked, b"fn ") {
        if at > 0 && is_word(masked[at - 1]) {
            continue;
        }
        let name = word_at(masked, at + 3);
        // `fn(` in a type has no name, a declaration in a trait has no body.
        if name.is_empty() {
            continue;
        }
        if let Some(open) = body_start(masked, at) {
            found.push(function(masked, name, at, open));
        }
    }
    found
}

fn script(masked: &[u8]) -> Vec<Function> {
    let mut found = Vec::new();
    for open in (0..masked.len()).filter(|at| masked[*at] == b'{') {
        let before = masked[..open].trim_ascii_end();
        let head = if before.ends_with(b"=>") {
            Some(arrow_head(masked, before.len() - 2))
        } else {
            parameters_end(before).and_then(|close| call_head(masked, close))
        };
        if let Some((start, name)) = head {
            found.push(function(masked, name, start, open));
        }
    }
    found
}

fn function(masked: &[u8], name: String, start: usize, open: usize) -> Function {
    let first_line = line_of(masked, start);
    let last_line = line_of(masked, closing(masked, open).saturating_sub(1));
    Function { name, first_line, lines: last_line + 1 - first_line }
}

/// Where the parameters end if `before` (the text up to an opening brace) is the head of a
/// function: at `)`, or at `)` followed by a return type.
fn parameters_end(before: &[u8]) -> Option<usize> {
    let close = before.iter().rposition(|byte| *byte == b')')?;
    let between = before[close + 1..].trim_ascii();
    let typed = between.starts_with(b":") && !between.iter().any(|byte| b";{}=".contains(byte));
    (between.is_empty() || typed).then_some(close)
}

/// The word before the parameters, unless it is a keyword that opens a block.
fn call_head(masked: &[u8], close: usize) -> Option<(usize, String)> {
    let open = opening(masked, close)?;
    let mut end = masked[..open].trim_ascii_end().len();
    if masked[..end].ends_with(b">") {
        // Type parameters: `name<T>(`.
        end = masked[..end].iter().rposition(|byte| *byte == b'<')?;
    }
    let start = masked[..end].iter().rposition(|byte| !is_word(*byte)).map_or(0, |at| at + 1);
    let name = String::from_utf8_lossy(&masked[start..end]).into_owned();
    let block = ["if", "for", "while", "switch", "catch", "with", "await", ""];
    (!block.contains(&name.as_str())).then_some((start, name))
}

/// The start of an arrow function and the name it is bound to, if it is on the same line.
fn arrow_head(masked: &[u8], arrow: usize) -> (usize, String) {
    let head = masked[..arrow].trim_ascii_end();
    let start = match parameters_end(head) {
        Some(close) => opening(masked, close).unwrap_or(close),
        None => head.iter().rposition(|byte| !is_word(*byte)).map_or(0, |at| at + 1),
    };
    let line = masked[..start].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let text = String::from_utf8_lossy(&masked[line..start]).into_owned();
    let mut words = text.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    let name = words.rfind(|word| !word.is_empty() && *word != "async");
    (start, name.unwrap_or("an arrow function").to_owned())
}

/// The opening brace of the item that starts at `at`; `None` if a semicolon ends it before.
fn body_start(masked: &[u8], at: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (offset, byte) in masked[at..].iter().enumerate() {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            b'{' if depth == 0 => return Some(at + offset),
            b';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// One past the brace that closes the one at `open`.
fn closing(masked: &[u8], open: usize) -> usize {
    let mut depth = 0usize;
    for (offset, byte) in masked[open..].iter().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return open + offset + 1;
        }
    }
    masked.len()
}

/// The parenthesis that opens what the one at `close` closes.
fn opening(masked: &[u8], close: usize) -> Option<usize> {
    let mut depth = 0usize;
    for at in (0..=close).rev() {
        match masked[at] {
            b')' => depth += 1,
            b'(' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

fn word_at(masked: &[u8], at: usize) -> String {
    let word = masked[at..].iter().take_while(|byte| is_word(**byte)).copied().collect();
    String::from_utf8(word).unwrap_or_default()
}

/// Every offset of `needle`.
pub fn find_all(masked: &[u8], needle: &[u8]) -> Vec<usize> {
    let mut found = Vec::new();
    let Some(first) = needle.first() else { return found };
    let mut from = 0;
    while let Some(step) = masked[from..].iter().position(|byte| byte == first) {
        let at = from + step;
        if masked[at..].starts_with(needle) {
            found.push(at);
        }
        from = at + 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::mask::mask;
    use super::*;

    fn found(text: &str, language: Language) -> Vec<(String, usize, usize)> {
        let list = functions(&mask(text, language), language);
        list.into_iter().map(|f| (f.name, f.first_line, f.lines)).collect()
    }

    #[test]
    fn rust_functions_have_a_name_and_a_body() {
        let text = "trait T { fn a(&self) -> [u8; 2]; }\nfn b<'a>(\n  f: fn (u8) -> u8,\n) -> u8\n\
                    where u8: Copy {\n  let x = '{';\n  { 1 }\n}\n";
        assert_eq!(found(text, Language::Rust), [("b".to_owned(), 2, 7)]);
    }

    #[test]
    fn script_functions_are_told_from_blocks() {
        let text = "function one(a: X): Map<K, V> {\n if (a) {\n }\n}\nclass C {\n two() {\n }\n}\n\
                    const three = async (b) => {\n for (;;) {\n }\n};\nlist.map((x) => {\n});\n";
        let names: Vec<_> = found(text, Language::Script);
        let expected = [
            ("one".to_owned(), 1, 4),
            ("two".to_owned(), 6, 2),
            ("three".to_owned(), 9, 4),
            ("map".to_owned(), 13, 2),
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn test_modules_are_found_once() {
        let masked = mask("fn a() {}\n#[cfg(test)]\nmod tests {\n fn b() {}\n}\n", Language::Rust);
        let ranges = test_ranges(&masked);
        assert_eq!(ranges.len(), 1);
        assert_eq!(line_of(&masked, ranges[0].end), 5);
    }
}
