//! What can be asked of the machine, and what it answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::event::Alert;
use crate::mapping::{Reading, duration_ms};
use crate::source::{Position, Proof};

/// What can be asked.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Keeps a model and its mapping without tracking by them yet.
    Draft(Publish),
    /// Tracks by this model from now on. Cases that are open stay with the version they have.
    Publish(Publish),
    /// Types that come although nobody said so; the published model has elements for them.
    Learn { process: Arc<str>, known: Vec<String> },
    /// Records of one source, in the order of their positions; `proof` is about what the partition
    /// of the last of them has up to there.
    Observe { process: Arc<str>, source: Arc<str>, records: Vec<Observed>, proof: Option<Proof> },
    /// Records that were rejected before, read again after a fix.
    ObserveAgain { process: Arc<str>, source: Arc<str>, records: Vec<Observed> },
    /// Time has passed.
    Tick,
    /// An effect arrived where it belongs.
    Delivered { alert: u64 },
}

/// A model for tracking.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Publish {
    pub process: Arc<str>,
    /// The BPMN file.
    pub bpmn: Arc<[u8]>,
    /// Element id by event type; empty maps by name.
    pub types: BTreeMap<String, String>,
    /// How records are read, as `mapping.yaml`; empty where the caller keeps it.
    pub mapping: Arc<str>,
    /// Event types that are known to come; empty when nothing is known.
    pub known: Vec<String>,
    /// A case that is quiet for so long, in ms, is stuck.
    pub stuck_after_ms: Option<i64>,
    /// Whether deadlines that had passed when their event arrived raise alerts too.
    pub alert_on_backfill: bool,
}

impl Publish {
    /// How long a case may be quiet, as a user says it: an ISO 8601 duration, or `never`.
    ///
    /// # Errors
    /// "expected …, but …" when it is neither, or no time at all.
    pub fn stuck_after(text: &str) -> Result<Option<i64>, String> {
        if text.trim() == "never" {
            return Ok(None);
        }
        match duration_ms(text).map_err(|reason| format!("{reason}; never is the word for none"))? {
            ..=0 => Err(format!("expected a time longer than none, but there is {text:?}")),
            after_ms => Ok(Some(after_ms)),
        }
    }
}

/// A record with what the mapping says.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    pub position: Position,
    pub arrival_ms: i64,
    pub reading: Reading,
    /// Tracking of this very process sent it: a part of its case's trace, and no step of it.
    pub own: bool,
}

/// What was made of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Opened a case.
    Started,
    Moved,
    /// Its case is not open yet.
    Buffered {
        until_ms: i64,
    },
    /// Its case did not open in time.
    Expired,
    /// The same event again: it took the place of the earlier record.
    Replaced,
    Ignored,
    Rejected {
        reason: String,
    },
    /// This position was observed before; nothing was done.
    SeenBefore,
}

/// What a command is answered.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Answer {
    #[default]
    Done,
    /// One for each record.
    Verdicts(Vec<Verdict>),
    /// The command cannot be carried out: "expected …, but …".
    Refused(String),
}

/// What the world must do once the events are durable.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Until [`Command::Delivered`] comes; the number makes repeated delivery harmless.
    Alert { number: u64, alert: Alert },
}
