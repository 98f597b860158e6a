//! One JSON value a line.

use std::io::{BufRead, Result};

use super::lines::{Line, Lines, ends_before, too_long};
use super::{Item, Position, Progress, Record, Source};

/// JSON lines from a file, standard input or a followed file.
pub struct JsonLines<R> {
    name: String,
    lines: Lines<R>,
    follow: bool,
}

impl<R: BufRead> JsonLines<R> {
    /// With `follow` the end of the input is a pause, and a line without an end waits for it.
    pub fn new(name: impl Into<String>, reader: R, follow: bool) -> JsonLines<R> {
        JsonLines { name: name.into(), lines: Lines::new(reader), follow }
    }

    fn read(&self, line: Line, arrival_ms: i64) -> Option<Item> {
        match line {
            Line::Text { offset } => self.item(offset, arrival_ms),
            Line::TooLong { offset, bytes } => {
                let position = Position { partition: 0, offset };
                Some(Item::Bad { position, arrival_ms, reason: too_long(bytes) })
            }
            Line::End { .. } => None,
        }
    }

    fn item(&self, offset: u64, arrival_ms: i64) -> Option<Item> {
        let text = self.lines.text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&self.lines.text);
        if text.iter().all(u8::is_ascii_whitespace) {
            return None;
        }
        Some(parse(text, Position { partition: 0, offset }, arrival_ms))
    }
}

/// A JSON object is a record; anything else says why it is none.
pub(super) fn parse(text: &[u8], position: Position, arrival_ms: i64) -> Item {
    let bad = |reason| Item::Bad { position, arrival_ms, reason };
    match serde_json::from_slice::<serde_json::Value>(text) {
        Ok(value) if value.is_object() => {
            Item::Record(Record { position, headers: Vec::new(), value, arrival_ms })
        }
        Ok(other) => bad(format!("expected a JSON object, but there is {}", kind(&other))),
        Err(e) => bad(format!("expected a JSON object, but {e}")),
    }
}

fn kind(value: &serde_json::Value) -> &'static str {
    match value {
        serde_json::Value::Null => "null",
        serde_json::Value::Bool(_) => "a boolean",
        serde_json::Value::Number(_) => "a number",
        serde_json::Value::String(_) => "a string",
        serde_json::Value::Array(_) => "an array",
        serde_json::Value::Object(_) => "an object",
    }
}

impl<R: BufRead + Send> Source for JsonLines<R> {
    fn name(&self) -> &str {
        &self.name
    }

    fn poll(&mut self, arrival_ms: i64, max: usize, out: &mut Vec<Item>) -> Result<Progress> {
        let mut room = max;
        while room > 0 {
            let line = match self.lines.next()? {
                Line::End { .. } if self.follow => return Ok(Progress::Idle),
                Line::End { partial: false } => return Ok(Progress::End),
                Line::End { partial: true } => self.lines.finish(),
                line => line,
            };
            if let Some(item) = self.read(line, arrival_ms) {
                out.push(item);
                room -= 1;
            }
        }
        Ok(Progress::More)
    }

    fn seek(&mut self, position: Position) -> Result<()> {
        match self.lines.skip_to(position.offset)? {
            true => Ok(()),
            false => Err(ends_before(position.offset)),
        }
    }

    fn finish(&mut self, arrival_ms: i64, out: &mut Vec<Item>) {
        if self.lines.waits() {
            let line = self.lines.finish();
            out.extend(self.read(line, arrival_ms));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(text: &str, follow: bool) -> (Vec<Item>, Progress) {
        let mut source = JsonLines::new("t", text.as_bytes(), follow);
        let mut out = Vec::new();
        let progress = source.poll(7, 100, &mut out).unwrap();
        (out, progress)
    }

    #[test]
    fn a_bad_line_is_an_item_and_the_next_line_is_read() {
        let (out, progress) = items("\u{feff}{\"a\":1}\r\n\nnonsense\n[1]\n{\"b\":2}", false);
        assert_eq!(progress, Progress::End);
        let seen: Vec<_> = out
            .iter()
            .map(|i| match i {
                Item::Record(r) => format!("{} {}", r.position.offset, r.value),
                Item::Bad { position, reason, .. } => format!("{} {reason}", position.offset),
            })
            .collect();
        assert_eq!(seen[0], "0 {\"a\":1}");
        assert!(seen[1].starts_with("13 expected a JSON object, but expected"), "{}", seen[1]);
        assert_eq!(seen[2], "22 expected a JSON object, but there is an array");
        assert_eq!(seen[3], "26 {\"b\":2}");
    }

    #[test]
    fn a_followed_file_waits_for_the_end_of_its_last_line() {
        let (out, progress) = items("{\"a\":1}\n{\"b\"", true);
        assert_eq!((out.len(), progress), (1, Progress::Idle));
    }

    #[test]
    fn a_line_beyond_the_limit_is_passed_over_in_bounded_memory() {
        let long =
            format!("{{\"a\":\"{}\"}}\n{{\"b\":2}}\n", "x".repeat(crate::limits::RECORD_BYTES_MAX));
        let mut source = JsonLines::new("t", long.as_bytes(), false);
        let mut out = Vec::new();
        source.poll(0, 100, &mut out).unwrap();
        assert!(
            matches!(&out[0], Item::Bad { reason, .. } if reason.starts_with("expected at most"))
        );
        assert!(matches!(&out[1], Item::Record(_)));
        assert!(source.lines.text.capacity() <= 2 * crate::limits::RECORD_BYTES_MAX);
    }

    #[test]
    fn seek_goes_on_where_a_position_says() {
        let text = "{\"a\":1}\n{\"b\":2}\n";
        let mut source = JsonLines::new("t", text.as_bytes(), false);
        source.seek(Position { partition: 0, offset: 8 }).unwrap();
        let mut out = Vec::new();
        source.poll(0, 100, &mut out).unwrap();
        assert_eq!(out.len(), 1);
        assert_eq!(out[0].position().offset, 8);
        for (from, found) in [(1, vec![8]), (9, Vec::new()), (0, vec![0, 8])] {
            let mut source = JsonLines::new("t", text.as_bytes(), false);
            source.seek(Position { partition: 0, offset: from }).unwrap();
            let mut out = Vec::new();
            source.poll(0, 100, &mut out).unwrap();
            let offsets: Vec<u64> = out.iter().map(|item| item.position().offset).collect();
            assert_eq!(offsets, found, "from {from}");
        }
        let mut source = JsonLines::new("t", text.as_bytes(), false);
        assert!(source.seek(Position { partition: 0, offset: 80 }).is_err());
    }
}
