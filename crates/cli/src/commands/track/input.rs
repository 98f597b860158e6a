//! Opens the events that a command names, and the mapping for them.

use std::path::Path;

use track::ingest::{self, Tally};
use track::limits::SAMPLE_RECORDS_MAX;
use track::log::{Log, LogBuilder};
use track::mapping::{Guess, Mapping, Reading, doubts, guess};
use track::source::{Item, Source};

use super::From;
use crate::Failure;
use crate::progress::Progress;

/// A source with its first records and its mapping.
pub(super) struct Input {
    source: Box<dyn Source>,
    sampled: Vec<Item>,
    pub mapping: Mapping,
    pub now_ms: i64,
    /// JSON was asked for: nothing is told on the way.
    quiet: bool,
}

impl From {
    /// Opens the events; what is guessed is told on standard error, so that output stays clean.
    pub(super) fn input(&self, quiet: bool) -> Result<Input, Failure> {
        let now_ms = jiff::Timestamp::now().as_millisecond();
        let name = self.file()?.display();
        let mut source = self.open(false)?;
        let sampled = ingest::sample(source.as_mut(), now_ms, SAMPLE_RECORDS_MAX)
            .map_err(|e| Failure(format!("{name}: {e}")))?;
        let mapping = self.mapping(&sampled)?;
        for doubt in doubts(&mapping, &sampled) {
            eprintln!("warning: {doubt}");
        }
        Ok(Input { source, sampled, mapping, now_ms, quiet })
    }

    fn mapping(&self, sampled: &[Item]) -> Result<Mapping, Failure> {
        if !self.guess && self.mapping.exists() {
            return load(&self.mapping);
        }
        let name = self.file()?.display();
        let found = guess(sampled).map_err(|reason| Failure(format!("{name}: {reason}")))?;
        tell(&found);
        if !self.guess {
            let text = found.mapping.to_yaml(&found.evidence);
            std::fs::write(&self.mapping, text)
                .map_err(|e| Failure(format!("{}: {e}", self.mapping.display())))?;
            eprintln!("wrote {}: change there what is wrong", self.mapping.display());
        }
        Ok(found.mapping)
    }
}

impl Input {
    /// The first records as a log, for what must be known before the rest is read.
    pub(super) fn sample_log(&self) -> Result<Log, Failure> {
        let mut log = LogBuilder::default();
        for item in &self.sampled {
            if let Item::Record(record) = item
                && let Reading::Event(event) = self.mapping.read(record)
            {
                log.observe(&event)?;
            }
        }
        Ok(log.finish())
    }

    /// All events as a log.
    pub(super) fn log(self) -> Result<(Log, Tally), Failure> {
        self.log_into(LogBuilder::default())
    }

    /// All events in a log that was begun.
    pub(super) fn log_into(self, log: LogBuilder) -> Result<(Log, Tally), Failure> {
        self.each(log, |_, _| {})
    }

    /// All events as a log; `each` sees every record.
    pub(super) fn each(
        mut self,
        log: LogBuilder,
        mut each: impl FnMut(&Item, &Reading),
    ) -> Result<(Log, Tally), Failure> {
        let reading = Progress::counting("records read", self.quiet);
        let each = |item: &Item, read: &Reading| {
            reading.add(1);
            each(item, read);
        };
        let (source, sampled) = (self.source.as_mut(), self.sampled);
        let (log, tally) = ingest::read(source, sampled, &self.mapping, self.now_ms, log, each)?;
        drop(reading);
        for found in tally.reasons.values() {
            let (records, at, reason) = (found.records, found.first_offset, &found.example);
            eprintln!("rejected {records} records, the first at position {at}: {reason}");
        }
        Ok((log.finish(), tally))
    }
}

pub(super) fn load(path: &Path) -> Result<Mapping, Failure> {
    let named = |e: &dyn std::fmt::Display| Failure(format!("{}: {e}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|e| named(&e))?;
    Mapping::from_yaml(&text).map_err(|e| named(&e))
}

/// Each guess with what speaks for it.
fn tell(found: &Guess) {
    eprintln!("{} {} look like {}:", found.records, plural(found.records), found.layout);
    for line in found.mapping.to_yaml(&[]).lines() {
        let Some((field, value)) =
            line.split_once(": ").filter(|(f, _)| !f.starts_with(['#', ' ']))
        else {
            continue;
        };
        let why: Vec<_> = found.evidence.iter().filter(|e| e.field == field).collect();
        let why = why.first().map_or("", |e| e.text.as_str());
        if field != "version" {
            eprintln!("  {field:<12} {value:<34} {why}");
        }
    }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "record" } else { "records" }
}
