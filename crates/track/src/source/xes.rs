//! Events of an XES log (IEEE 1849), read as a stream. The members of a record are the attributes
//! of its event, and those of its trace with `case:` before their key.

use std::io::{BufRead, Read, Result};

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use serde_json::{Map, Number, Value};

use super::digest::take;
use super::lines::ends_before;
use super::{Item, Position, Progress, Record, Source};
use crate::limits::{RECORD_BYTES_MAX, RECORD_DEPTH_MAX, RECORD_FIELDS_MAX};

/// An XES log; positions count its events.
pub struct Xes<R> {
    name: String,
    reader: Reader<Bounded<R>>,
    buffer: Vec<u8>,
    scan: Scan,
    ended: bool,
}

/// What was read of the log so far.
#[derive(Default)]
struct Scan {
    depth: usize,
    traces: u64,
    events: u64,
    trace: Map<String, Value>,
    event: Map<String, Value>,
    /// Depth at which the open trace and event began, 0 when there is none.
    trace_depth: usize,
    event_depth: usize,
    bytes: usize,
}

impl<R: BufRead> Xes<R> {
    pub fn new(name: impl Into<String>, reader: R) -> Xes<R> {
        Xes {
            name: name.into(),
            reader: Reader::from_reader(Bounded { inner: reader, since: 0 }),
            buffer: Vec::new(),
            scan: Scan::default(),
            ended: false,
        }
    }

    /// The next event; `None` at the end of the log or where it is no XML any more.
    fn event(&mut self, arrival_ms: i64) -> Option<Item> {
        while !self.ended {
            self.buffer.clear();
            self.reader.get_mut().since = 0;
            let step = match self.reader.read_event_into(&mut self.buffer) {
                Ok(Event::Start(tag)) => self.scan.open(&tag, false),
                Ok(Event::Empty(tag)) => self.scan.open(&tag, true),
                Ok(Event::End(_)) => Ok(self.scan.close()),
                Ok(Event::Eof) if self.scan.depth > 0 => {
                    Err("expected the log to be closed, but the file ends".to_owned())
                }
                Ok(Event::Eof) => {
                    self.ended = true;
                    Ok(None)
                }
                Ok(_) => Ok(None),
                Err(e) => Err(format!("expected XES, but {e}")),
            };
            let position = Position { partition: 0, offset: self.scan.events };
            match step {
                Ok(None) => {}
                Ok(Some(value)) => {
                    self.scan.events += 1;
                    let headers = Vec::new();
                    return Some(Item::Record(Record { position, headers, value, arrival_ms }));
                }
                // Where XML breaks off nothing says where the next event begins.
                Err(reason) => {
                    self.ended = true;
                    let at = self.reader.buffer_position();
                    let reason = format!("{reason} (byte {at})");
                    return Some(Item::Bad { position, arrival_ms, reason });
                }
            }
        }
        None
    }
}

/// Refuses a tag or text that is longer than a record may be, which the XML reader would collect.
struct Bounded<R> {
    inner: R,
    /// Bytes taken since the last token.
    since: usize,
}

impl<R: BufRead> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> Result<&[u8]> {
        if self.since > 2 * RECORD_BYTES_MAX {
            let text = format!("expected tags of at most {RECORD_BYTES_MAX} bytes");
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, text));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.since += amount;
        self.inner.consume(amount);
    }
}

impl<R: BufRead> Read for Bounded<R> {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        take(self, out)
    }
}

type Step = std::result::Result<Option<Value>, String>;

impl Scan {
    fn open(&mut self, tag: &BytesStart<'_>, empty: bool) -> Step {
        if self.depth == RECORD_DEPTH_MAX {
            // The reader keeps the names of all that is open.
            return Err(format!("expected XES nested at most {RECORD_DEPTH_MAX} levels deep"));
        }
        self.depth += 1;
        match tag.local_name().as_ref() {
            "trace" if self.trace_depth == 0 => {
                self.trace_depth = self.depth;
                self.traces += 1;
                self.trace.clear();
                self.bytes = 0;
                let name = format!("trace {}", self.traces);
                self.trace.insert("case:concept:name".into(), name.into());
            }
            "event" if self.event_depth == 0 => {
                self.event_depth = self.depth;
                self.event.clear();
                self.bytes = 0;
            }
            _ => self.attribute(tag)?,
        }
        Ok(if empty { self.close() } else { None })
    }

    fn close(&mut self) -> Option<Value> {
        let depth = self.depth;
        self.depth = depth.saturating_sub(1);
        if depth == self.trace_depth {
            self.trace_depth = 0;
        }
        if depth != self.event_depth || depth == 0 {
            return None;
        }
        self.event_depth = 0;
        let mut value = std::mem::take(&mut self.event);
        value.extend(self.trace.iter().map(|(k, v)| (k.clone(), v.clone())));
        Some(Value::Object(value))
    }

    /// Attributes directly below an event or trace; those nested deeper say something about the
    /// attribute, not about the event.
    fn attribute(&mut self, tag: &BytesStart<'_>) -> std::result::Result<(), String> {
        let of_event = self.event_depth > 0 && self.depth == self.event_depth + 1;
        let of_trace =
            self.event_depth == 0 && self.trace_depth > 0 && self.depth == self.trace_depth + 1;
        if !of_event && !of_trace {
            return Ok(());
        }
        let Some(key) = text(tag, "key")? else { return Ok(()) };
        let Some(raw) = text(tag, "value")? else { return Ok(()) };
        let value = typed(tag.local_name().as_ref(), raw);
        let (target, key) = match of_event {
            true => (&mut self.event, key),
            false => (&mut self.trace, format!("case:{key}")),
        };
        self.bytes += key.len() + value.as_str().map_or(8, str::len);
        if target.len() >= RECORD_FIELDS_MAX || self.bytes > RECORD_BYTES_MAX {
            return Err(format!(
                "expected at most {RECORD_FIELDS_MAX} attributes and {RECORD_BYTES_MAX} bytes \
                 an event, but there are more"
            ));
        }
        target.insert(key, value);
        Ok(())
    }
}

fn text(tag: &BytesStart<'_>, name: &str) -> std::result::Result<Option<String>, String> {
    let wrong = |e: &dyn std::fmt::Display| format!("expected attribute {name}, but {e}");
    match tag.try_get_attribute(name) {
        Ok(None) => Ok(None),
        Ok(Some(attribute)) => match attribute.normalized_value(XmlVersion::Explicit1_0) {
            Ok(value) => Ok(Some(value.into_owned())),
            Err(e) => Err(wrong(&e)),
        },
        Err(e) => Err(wrong(&e)),
    }
}

/// Numbers and booleans where the log says so and they are; everything else is text.
fn typed(kind: &str, raw: String) -> Value {
    match kind {
        "int" | "float" => match serde_json::from_str::<Number>(&raw) {
            Ok(number) => Value::Number(number),
            Err(_) => Value::String(raw),
        },
        "boolean" if raw == "true" || raw == "false" => Value::Bool(raw == "true"),
        _ => Value::String(raw),
    }
}

impl<R: BufRead + Send> Source for Xes<R> {
    fn name(&self) -> &str {
        &self.name
    }

    fn poll(&mut self, arrival_ms: i64, max: usize, out: &mut Vec<Item>) -> Result<Progress> {
        for _ in 0..max {
            match self.event(arrival_ms) {
                Some(item) => out.push(item),
                None => return Ok(Progress::End),
            }
        }
        Ok(Progress::More)
    }

    fn seek(&mut self, position: Position) -> Result<()> {
        while self.scan.events < position.offset {
            if self.event(0).is_none() {
                return Err(ends_before(position.offset));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Item> {
        let mut out = Vec::new();
        let progress = Xes::new("t", text.as_bytes()).poll(0, 1_000, &mut out).unwrap();
        assert_eq!(progress, Progress::End);
        out
    }

    #[test]
    fn attributes_of_event_and_trace_meet_and_nested_ones_stay_out() {
        let items = read(
            r#"<?xml version="1.0"?><log><global scope="event"><string key="x" value="y"/></global>
            <string key="concept:name" value="of the log"/>
            <trace><string key="concept:name" value="A &amp; B">
            <string key="deep" value="1"/></string>
            <event><string key="concept:name" value="go"/><int key="n" value="5"/>
            <boolean key="b" value="true"/></event></trace>
            <trace><event><string key="concept:name" value="alone"/></event></trace></log>"#,
        );
        let text: Vec<_> = items
            .iter()
            .map(|item| match item {
                Item::Record(r) => format!("{} {}", r.position.offset, r.value),
                Item::Bad { reason, .. } => reason.clone(),
            })
            .collect();
        assert_eq!(
            text,
            [
                r#"0 {"concept:name":"go","n":5,"b":true,"case:concept:name":"A & B"}"#,
                r#"1 {"concept:name":"alone","case:concept:name":"trace 2"}"#
            ]
        );
    }

    #[test]
    fn xml_that_breaks_off_ends_the_source_with_a_reason() {
        let items = read("<log><trace><event><string key='a' value='1'/></event><event>");
        assert_eq!(items.len(), 2);
        assert!(matches!(&items[1], Item::Bad { reason, .. } if reason.contains("file ends")));
    }

    #[test]
    fn a_tag_without_end_is_refused_in_bounded_memory() {
        let text = format!("<log><trace a=\"{}", "x".repeat(8 * RECORD_BYTES_MAX));
        let mut source = Xes::new("t", std::io::BufReader::new(text.as_bytes()));
        let mut out = Vec::new();
        source.poll(0, 10, &mut out).unwrap();
        assert!(matches!(&out[0], Item::Bad { .. }));
        assert!(source.buffer.capacity() <= 8 * RECORD_BYTES_MAX);
    }

    #[test]
    fn endless_nesting_is_refused_where_it_is_too_deep() {
        let text = format!("<log>{}", "<a>".repeat(100_000));
        let mut xes = Xes::new("nested", text.as_bytes());
        let mut items = Vec::new();
        while xes.poll(0, 100, &mut items).expect("a text") == Progress::More {}
        let [Item::Bad { reason, .. }] = &items[..] else { panic!("one refusal: {items:?}") };
        assert!(reason.contains("at most 128 levels"), "{reason}");
        assert!(reason.contains("(byte "), "{reason}");
    }
}
