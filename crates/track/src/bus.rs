//! The built-in bus: an ordered, durable log of events that any number of readers follow from any
//! position. It is for a team without a broker, and for tests; a position is an offset that grows
//! and never changes its record.
//!
//! ```text
//!   publish ─► journal ─► durable? ─► answer with the offset
//!                 └─► readers, each with an offset of its own
//! ```

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use journal::{FileConfig, FileJournal, Folder, GroupBuf, Journal, Lsn, MemoryJournal, Writer};
use prost::Message;
use serde_json::Value;

use crate::limits::{BUS_EVENTS_MAX, BUS_GROUP_BYTES_MAX, RECORD_BYTES_MAX};
use crate::source::{Item, Position, Progress, Record, Source};

/// Ends when nothing was made durable for so long: the disk does not answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Events between two looks at whether old ones can go.
const TRIM_EVERY: u64 = 100_000;

/// A log of events; clones share it.
#[derive(Clone)]
pub struct Bus {
    journal: Arc<dyn Journal>,
    /// `None` after a failure, until the next publication claims the log again.
    writer: Arc<Mutex<Option<Box<dyn Writer>>>>,
}

/// One event as the log keeps it.
#[derive(Clone, PartialEq, Message)]
struct Form {
    #[prost(sint64, tag = "1")]
    arrival_ms: i64,
    /// JSON text.
    #[prost(string, tag = "2")]
    event: String,
    /// Why the bytes that came are no event.
    #[prost(string, optional, tag = "3")]
    reason: Option<String>,
}

impl Bus {
    /// Opens the log in a folder, or in memory.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn open(folder: Option<&Arc<Folder>>) -> Result<Bus, journal::Error> {
        let journal: Arc<dyn Journal> = match folder {
            Some(folder) => Arc::new(FileJournal::open(folder, "bus", FileConfig::default())?),
            None => Arc::new(MemoryJournal::new()),
        };
        let writer = journal.claim(Arc::new(|_| ()))?.writer;
        Ok(Bus { journal, writer: Arc::new(Mutex::new(Some(writer))) })
    }

    /// Publishes events in this order, and waits until they are durable. Gives the offset of the
    /// first and that of the last.
    ///
    /// # Errors
    /// Too much waits, the disk is full or failed: then nobody knows whether they are there, and
    /// the same events may be published again.
    pub fn publish(
        &self,
        events: impl IntoIterator<Item = Result<Value, String>>,
        arrival_ms: i64,
    ) -> Result<(u64, u64), journal::Error> {
        let (mut first, mut last) = (0, 0);
        let mut group = GroupBuf::new();
        for event in events {
            group.push_with(|out| encode(event, arrival_ms, out));
            if group.bytes() > BUS_GROUP_BYTES_MAX {
                let (from, to) = self.append(&mut group)?;
                (first, last) = (if first == 0 { from } else { first }, to);
            }
        }
        if !group.is_empty() {
            let (from, to) = self.append(&mut group)?;
            (first, last) = (if first == 0 { from } else { first }, to);
        }
        while last > 0 && self.journal.durable_lsn() < last {
            let before = self.journal.durable_lsn();
            if self.journal.wait_durable(last - 1, PATIENCE) == before {
                *self.lock() = None;
                let what = format!("expected offset {last} on the disk, but it ends at {before}");
                return Err(journal::Error::Misuse { what });
            }
        }
        if last / TRIM_EVERY != first / TRIM_EVERY && last > BUS_EVENTS_MAX {
            self.journal.trim(last - BUS_EVENTS_MAX)?;
        }
        Ok((first, last))
    }

    fn append(&self, group: &mut GroupBuf) -> Result<(u64, u64), journal::Error> {
        let mut writer = self.lock();
        if writer.is_none() {
            *writer = Some(self.journal.claim(Arc::new(|_| ()))?.writer);
        }
        let Some(open) = writer.as_mut() else { return Ok((0, 0)) };
        let appended = open.append(group);
        if let Err(error) = &appended
            && !matches!(error, journal::Error::Backlog { .. } | journal::Error::TooLarge { .. })
            && !error.is_full()
        {
            *writer = None;
        }
        group.clear();
        appended.map(|append| (append.lsn_first, append.lsn_last))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Box<dyn Writer>>> {
        // A writer that a panic left is claimed again when it fails.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first offset that can still be read, and the one that the next event will have at least.
    pub fn bounds(&self) -> (u64, u64) {
        (self.journal.first_lsn(), self.journal.durable_lsn() + 1)
    }

    /// Waits until there is an event at `offset` or behind it, at most for `patience`.
    pub fn wait(&self, offset: u64, patience: Duration) -> bool {
        self.journal.wait_durable(offset.saturating_sub(1), patience) >= offset.max(1)
    }

    /// A reader from the first event on.
    pub fn reader(&self, name: impl Into<String>) -> BusReader {
        let (journal, name) = (Arc::clone(&self.journal), name.into());
        BusReader { journal, name, reader: None, ahead: Vec::new(), next: 1 }
    }

    /// Ends the log in an orderly way; what was published is durable anyway.
    pub fn close(&self) {
        if let Some(writer) = self.lock().take() {
            // Nothing is lost by a mark that is missing.
            let _ = writer.close();
        }
    }
}

fn encode(event: Result<Value, String>, arrival_ms: i64, out: &mut Vec<u8>) {
    let mut form = match event {
        Ok(event) => Form { arrival_ms, event: event.to_string(), reason: None },
        Err(reason) => Form { arrival_ms, event: String::new(), reason: Some(reason) },
    };
    if form.event.len() > RECORD_BYTES_MAX {
        let have = form.event.len();
        form.event.clear();
        form.reason = Some(format!("expected at most {RECORD_BYTES_MAX} bytes, but got {have}"));
    }
    // Writing to a vector fails for want of room only, and it grows.
    let written = form.encode(out);
    debug_assert!(written.is_ok());
}

/// Follows the bus.
pub struct BusReader {
    journal: Arc<dyn Journal>,
    name: String,
    reader: Option<Box<dyn journal::Reader>>,
    /// Read and not yet handed out, the next one last.
    ahead: Vec<Item>,
    /// The offset that is handed out next, at least.
    next: Lsn,
}

impl BusReader {
    fn fill(&mut self) -> Result<bool, journal::Error> {
        if self.next > self.journal.durable_lsn() {
            return Ok(false);
        }
        let reader = match &mut self.reader {
            Some(reader) => reader,
            none => none.insert(self.journal.read(self.next.max(self.journal.first_lsn()))?),
        };
        let Some(group) = reader.next_group()? else { return Ok(false) };
        let wanted = group.iter().filter(|frame| frame.lsn >= self.next);
        let mut items: Vec<Item> = wanted.map(|frame| item(frame.lsn, frame.payload)).collect();
        items.reverse();
        self.ahead = items;
        self.next = group.lsn_last() + 1;
        Ok(true)
    }
}

fn item(offset: u64, payload: &[u8]) -> Item {
    let position = Position { partition: 0, offset };
    let form = match Form::decode(payload) {
        Ok(form) => form,
        Err(error) => {
            let reason = format!("expected an event of this bus, but {error}");
            return Item::Bad { position, arrival_ms: 0, reason };
        }
    };
    let arrival_ms = form.arrival_ms;
    let reason = match form.reason {
        Some(reason) => reason,
        None => match serde_json::from_str(&form.event) {
            Ok(value) => {
                return Item::Record(Record { position, headers: Vec::new(), value, arrival_ms });
            }
            Err(error) => format!("expected JSON, but {error}"),
        },
    };
    Item::Bad { position, arrival_ms, reason }
}

impl Source for BusReader {
    fn name(&self) -> &str {
        &self.name
    }

    /// Items keep the time at which they reached the bus.
    fn poll(&mut self, _: i64, max: usize, out: &mut Vec<Item>) -> std::io::Result<Progress> {
        let limit = out.len() + max;
        while out.len() < limit {
            if self.ahead.is_empty() && !self.fill().map_err(std::io::Error::other)? {
                return Ok(Progress::Idle);
            }
            out.extend(self.ahead.pop());
        }
        Ok(Progress::More)
    }

    fn seek(&mut self, position: Position) -> std::io::Result<()> {
        (self.reader, self.ahead) = (None, Vec::new());
        self.next = position.offset.max(1);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offsets(reader: &mut BusReader, max: usize) -> Vec<u64> {
        let mut items = Vec::new();
        reader.poll(0, max, &mut items).unwrap();
        items.iter().map(|item| item.position().offset).collect()
    }

    fn events(from: u64, to: u64) -> impl Iterator<Item = Result<Value, String>> {
        (from..to).map(|n| Ok(serde_json::json!({ "n": n })))
    }

    #[test]
    fn readers_follow_from_any_offset_also_after_a_restart() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let bus = Bus::open(Some(&folder)).unwrap();
        assert_eq!(bus.publish(events(0, 3), 7).unwrap(), (1, 3));
        let bad = [Err("expected an event".to_owned())];
        assert_eq!(bus.publish(bad, 8).unwrap(), (4, 4));
        let mut reader = bus.reader("bus");
        assert_eq!(offsets(&mut reader, 2), [1, 2]);
        assert_eq!(offsets(&mut reader, 9), [3, 4]);
        assert_eq!(offsets(&mut reader, 9), [0; 0]);
        assert!(!bus.wait(5, Duration::ZERO) && bus.wait(4, Duration::ZERO));
        drop((bus, reader, folder));
        let folder = Folder::open(place.path()).unwrap();
        let bus = Bus::open(Some(&folder)).unwrap();
        assert_eq!(bus.publish(events(3, 4), 9).unwrap(), (5, 5));
        let mut reader = bus.reader("bus");
        reader.seek(Position { partition: 0, offset: 2 }).unwrap();
        let mut items = Vec::new();
        reader.poll(0, 9, &mut items).unwrap();
        let seen: Vec<_> = items
            .iter()
            .map(|item| match item {
                Item::Record(record) => format!("{} {}", record.arrival_ms, record.value),
                Item::Bad { reason, .. } => reason.clone(),
            })
            .collect();
        assert_eq!(seen, ["7 {\"n\":1}", "7 {\"n\":2}", "expected an event", "9 {\"n\":3}"]);
    }

    #[test]
    fn many_publish_at_once_and_every_offset_is_given_once() {
        let bus = Bus::open(None).unwrap();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let bus = &bus;
                scope.spawn(move || {
                    for n in 0..50 {
                        bus.publish(events(thread * 100 + n, thread * 100 + n + 2), 0).unwrap();
                    }
                });
            }
        });
        let mut reader = bus.reader("bus");
        assert_eq!(offsets(&mut reader, 1_000), (1..=400).collect::<Vec<u64>>());
    }
}
