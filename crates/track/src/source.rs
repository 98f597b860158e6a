//! Where foreign events come from. A source yields items in the order of its positions; an item is
//! a record, or the reason why the bytes at a position are none. A bad record never stops a source:
//! only the medium itself (disk, socket) can fail.

mod at_path;
mod cloudevents;
mod csv;
mod digest;
mod file;
mod generation;
mod json_array;
mod json_lines;
mod lines;
mod xes;

use std::sync::Arc;

use serde_json::Value;

pub use cloudevents::{Body, parse as parse_cloudevents};
pub use csv::Csv;
pub use file::{Format, detect, open, reader};
pub use json_array::JsonArray;
pub use json_lines::JsonLines;
pub use xes::Xes;

/// Place of a record in its source. Positions of one partition grow strictly, which is what makes
/// "seen already" one comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position {
    pub partition: u32,
    /// Byte offset of a line or row, ordinal of an XES event, Kafka offset.
    pub offset: u64,
}

/// That what a source has before a place is what it was: the digest of its first bytes, unzipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proof {
    pub bytes: u64,
    pub digest: u64,
}

/// How far a partition of a source was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// The next position.
    pub next: Position,
    /// What was before it, where the source can tell.
    pub proof: Option<Proof>,
}

/// One event as it came.
#[derive(Debug, Clone)]
pub struct Record {
    pub position: Position,
    pub headers: Vec<(Arc<str>, String)>,
    pub value: Value,
    /// When it reached us, in milliseconds since 1970; the event's own time is the mapping's.
    pub arrival_ms: i64,
}

/// What stands at a position.
#[derive(Debug, Clone)]
pub enum Item {
    Record(Record),
    /// Not an event; the reason reads "expected …, but …".
    Bad {
        position: Position,
        arrival_ms: i64,
        reason: String,
    },
}

impl Item {
    pub fn position(&self) -> Position {
        match self {
            Item::Record(record) => record.position,
            Item::Bad { position, .. } => *position,
        }
    }
}

/// What a poll left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Call again at once.
    More,
    /// Nothing now; more may come (a followed file, a topic).
    Idle,
    /// Nothing will come any more.
    End,
}

/// Files, standard input, the bus; Kafka is one more implementation.
pub trait Source: Send {
    /// Name under which its positions are journaled; stable over restarts.
    fn name(&self) -> &str;

    /// Adds at most `max` items to `out`, each marked as having arrived at `arrival_ms`.
    ///
    /// # Errors
    /// When the medium fails; what was added before stays valid.
    fn poll(
        &mut self,
        arrival_ms: i64,
        max: usize,
        out: &mut Vec<Item>,
    ) -> std::io::Result<Progress>;

    /// Goes to the first item whose position is not below `position`; call before the first poll.
    ///
    /// # Errors
    /// When the medium fails or ends before that position.
    fn seek(&mut self, position: Position) -> std::io::Result<()>;

    /// Where to go on, of the positions that were journaled under its name, one of each partition:
    /// what it reads now may be another than it was.
    ///
    /// # Errors
    /// When the medium fails.
    fn place(&mut self, known: &[Reached]) -> std::io::Result<Position> {
        let positions = known.iter().map(|reached| reached.next);
        Ok(positions.into_iter().find(|at| at.partition == 0).unwrap_or_default())
    }

    /// What was read so far, for a later [`Source::place`] to know it by.
    fn proof(&self) -> Option<Proof> {
        None
    }

    /// Takes what waits for its end as it is: nothing follows any more.
    fn finish(&mut self, _arrival_ms: i64, _out: &mut Vec<Item>) {}
}
