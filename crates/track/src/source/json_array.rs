//! One JSON array of records, as a CloudEvents batch saved to a file or an export has it. Elements
//! are cut out byte by byte, so that the file is never held as a whole.

use std::io::{BufRead, Result};

use super::lines::{ends_before, too_long};
use super::{Item, Position, Progress, Source, json_lines};
use crate::limits::RECORD_BYTES_MAX;

/// Elements of a top-level array.
pub struct JsonArray<R> {
    name: String,
    reader: R,
    offset: u64,
    from: u64,
    state: Scan,
}

#[derive(Clone, Copy, PartialEq)]
enum Scan {
    /// The opening bracket was not seen yet.
    Before,
    Inside,
    Done,
}

/// One element, as far as it was read.
#[derive(Default)]
struct Element {
    text: Vec<u8>,
    start: u64,
    length: u64,
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Element {
    /// Takes one byte; true when the element ends before it (at a comma or the closing bracket).
    fn ends_at(&mut self, byte: u8) -> bool {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return false;
        }
        match byte {
            b',' | b']' if self.depth == 0 => return true,
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        false
    }

    fn push(&mut self, byte: u8, offset: u64) {
        if self.length == 0 {
            if byte.is_ascii_whitespace() {
                return;
            }
            self.start = offset;
        }
        self.length += 1;
        if self.length <= RECORD_BYTES_MAX as u64 {
            self.text.push(byte);
        }
    }

    fn item(&self, arrival_ms: i64) -> Item {
        let position = Position { partition: 0, offset: self.start };
        if self.length > RECORD_BYTES_MAX as u64 {
            return Item::Bad { position, arrival_ms, reason: too_long(self.length) };
        }
        json_lines::parse(&self.text, position, arrival_ms)
    }
}

impl<R: BufRead> JsonArray<R> {
    pub fn new(name: impl Into<String>, reader: R) -> JsonArray<R> {
        JsonArray { name: name.into(), reader, offset: 0, from: 0, state: Scan::Before }
    }

    fn byte(&mut self) -> Result<Option<u8>> {
        let byte = self.reader.fill_buf()?.first().copied();
        if byte.is_some() {
            self.reader.consume(1);
            self.offset += 1;
        }
        Ok(byte)
    }

    fn element(&mut self, arrival_ms: i64) -> Result<Option<Item>> {
        while self.state == Scan::Before {
            match self.byte()? {
                None => self.state = Scan::Done,
                Some(b'[') => self.state = Scan::Inside,
                Some(_) => {}
            }
        }
        let mut element = Element::default();
        while self.state == Scan::Inside {
            let at = self.offset;
            let Some(byte) = self.byte()? else {
                self.state = Scan::Done;
                break;
            };
            if element.ends_at(byte) {
                if byte == b']' {
                    self.state = Scan::Done;
                }
                break;
            }
            element.push(byte, at);
        }
        Ok((element.length > 0).then(|| element.item(arrival_ms)))
    }
}

impl<R: BufRead + Send> Source for JsonArray<R> {
    fn name(&self) -> &str {
        &self.name
    }

    fn poll(&mut self, arrival_ms: i64, max: usize, out: &mut Vec<Item>) -> Result<Progress> {
        let limit = out.len() + max;
        while out.len() < limit {
            if self.state == Scan::Done {
                return Ok(Progress::End);
            }
            if let Some(item) = self.element(arrival_ms)?
                && item.position().offset >= self.from
            {
                out.push(item);
            }
        }
        Ok(Progress::More)
    }

    /// Elements before the position are cut out and thrown away: only the scan knows whether a
    /// byte lies within a string.
    fn seek(&mut self, position: Position) -> Result<()> {
        if self.offset > position.offset {
            return Err(ends_before(position.offset));
        }
        self.from = position.offset;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_cut_where_json_ends_them() {
        let text = r#" [ {"a":"],{\""}, 5 , {"b":[1,{"c":2}]} ] "#;
        let mut out = Vec::new();
        let progress = JsonArray::new("t", text.as_bytes()).poll(0, 10, &mut out).unwrap();
        assert_eq!((out.len(), progress), (3, Progress::End));
        assert!(matches!(&out[0], Item::Record(r) if r.value["a"] == "],{\""));
        assert!(matches!(&out[1], Item::Bad { .. }));
        assert!(matches!(&out[2], Item::Record(r) if r.value["b"][1]["c"] == 2));
        let at = out[2].position();
        let mut again = JsonArray::new("t", text.as_bytes());
        again.seek(at).unwrap();
        let mut out = Vec::new();
        again.poll(0, 10, &mut out).unwrap();
        assert_eq!(out.len(), 1);
        assert_eq!(out[0].position(), at);
    }

    #[test]
    fn an_array_that_breaks_off_ends_with_a_bad_item() {
        let mut out = Vec::new();
        JsonArray::new("t", &b"[{\"a\":1},{\"b\":"[..]).poll(0, 10, &mut out).unwrap();
        assert!(matches!(&out[1], Item::Bad { .. }));
    }
}
