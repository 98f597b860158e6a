//! A whole source, read by a mapping into a log: for counting, mining and drawing what is there.
//! Nothing is kept beyond the log; what was wrong is counted by its reason.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::limits::REASONS_MAX;
use crate::log::{Full, LogBuilder};
use crate::mapping::{Mapping, Reading};
use crate::source::{Item, Progress, Source};

/// What became of the records of a source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    pub records: u64,
    pub events: u64,
    pub ignored: u64,
    pub rejected: u64,
    /// How often each kind of reason was given, with the first of it.
    pub reasons: BTreeMap<String, Reason>,
}

/// Why records were rejected.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Reason {
    pub records: u64,
    pub first_offset: u64,
    /// The reason of the first.
    pub example: String,
}

/// Why reading stopped.
#[derive(Debug)]
pub enum Stopped {
    Source(std::io::Error),
    Full(Full),
}

impl std::fmt::Display for Stopped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Stopped::Source(error) => write!(f, "{error}"),
            Stopped::Full(full) => write!(f, "{full}"),
        }
    }
}

impl std::error::Error for Stopped {}

const BATCH: usize = 4_096;

/// Up to `count` records from the front of a source, bad ones included.
///
/// # Errors
/// When the source fails.
pub fn sample(source: &mut dyn Source, now_ms: i64, count: usize) -> std::io::Result<Vec<Item>> {
    let mut items = Vec::new();
    while items.len() < count {
        let room = count - items.len();
        if source.poll(now_ms, room, &mut items)? != Progress::More {
            break;
        }
    }
    Ok(items)
}

/// Reads `sampled` and then the rest of a source into a log; `each` sees every record's reading.
///
/// # Errors
/// When the source fails, or the log is full.
pub fn read(
    source: &mut dyn Source,
    sampled: Vec<Item>,
    mapping: &Mapping,
    now_ms: i64,
    mut log: LogBuilder,
    mut each: impl FnMut(&Item, &Reading),
) -> Result<(LogBuilder, Tally), Stopped> {
    let mut tally = Tally::default();
    let mut items = sampled;
    loop {
        for item in items.drain(..) {
            let reading = match &item {
                Item::Record(record) => mapping.read(record),
                Item::Bad { reason, .. } => Reading::Rejected { reason: reason.clone() },
            };
            tally.count(&item, &reading);
            each(&item, &reading);
            if let Reading::Event(event) = &reading {
                log.observe(event).map_err(Stopped::Full)?;
            }
        }
        let progress = source.poll(now_ms, BATCH, &mut items).map_err(Stopped::Source)?;
        if progress != Progress::More && items.is_empty() {
            return Ok((log, tally));
        }
    }
}

impl Tally {
    fn count(&mut self, item: &Item, reading: &Reading) {
        self.records += 1;
        match reading {
            Reading::Event(_) => self.events += 1,
            Reading::Ignored { .. } => self.ignored += 1,
            Reading::Rejected { reason } => {
                self.rejected += 1;
                let like = like(reason);
                if self.reasons.len() < REASONS_MAX || self.reasons.contains_key(&like) {
                    let known = self.reasons.entry(like).or_insert_with(|| Reason {
                        records: 0,
                        example: reason.clone(),
                        first_offset: item.position().offset,
                    });
                    known.records += 1;
                }
            }
        }
    }
}

/// A reason without what differs from record to record: numbers and quoted text.
fn like(reason: &str) -> String {
    let mut plain = String::with_capacity(reason.len());
    let (mut quoted, mut number) = (false, false);
    for c in reason.chars() {
        if c == '"' {
            quoted = !quoted;
        } else if quoted {
            continue;
        }
        match c.is_ascii_digit() {
            true if number => {}
            true => plain.push('0'),
            false => plain.push(c),
        }
        number = c.is_ascii_digit();
    }
    plain
}
