//! Carries records from a source to the track machine: each exactly once, because the position of
//! the source is journaled with what the record did. Several commands are under way at once, so
//! that reading, deciding and the disk work beside each other.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use grevy::Error;

use crate::chart::{plain, unheard};
use crate::limits::{BATCH_RECORDS_MAX, FEED_COMMANDS_MAX};
use crate::machine::{Alert, Answer, Command, Observed, Verdict};
use crate::mapping::{Mapping, Reading};
use crate::source::{Item, Position, Progress, Source};
use crate::tracking::{Asked, Hold, Tracking};

/// How many records had which verdict.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Verdicts {
    pub records: u64,
    pub by_name: BTreeMap<&'static str, u64>,
}

/// A source on its way into one process.
pub struct Feed {
    tracking: Tracking,
    process: Arc<str>,
    /// Name under which positions are journaled.
    name: Arc<str>,
    mapping: Mapping,
    source: Box<dyn Source>,
    /// Behind the last record that was read.
    next: Position,
    /// The CloudEvents source of what tracking of the process sends.
    own: String,
    /// Names of elements that no known type stands for, plain.
    unheard: BTreeSet<String>,
    under_way: VecDeque<Asked>,
    /// While the source has more.
    behind: Option<Hold>,
    pub verdicts: Verdicts,
}

impl Verdict {
    pub fn name(&self) -> &'static str {
        match self {
            Verdict::Started => "started",
            Verdict::Moved => "moved",
            Verdict::Buffered { .. } => "buffered",
            Verdict::Expired => "expired",
            Verdict::Replaced => "replaced",
            Verdict::Ignored => "ignored",
            Verdict::Rejected { .. } => "rejected",
            Verdict::SeenBefore => "seen before",
        }
    }

    /// The name of a verdict that a list can be asked for.
    ///
    /// # Errors
    /// "expected …, but …" when there is none of this name.
    pub fn named(name: &str) -> Result<&'static str, String> {
        const NAMES: [&str; 7] =
            ["started", "moved", "buffered", "expired", "replaced", "ignored", "rejected"];
        let found = NAMES.into_iter().find(|known| *known == name);
        found.ok_or_else(|| {
            format!("expected a verdict, one of {}, but got {name:?}", NAMES.join(", "))
        })
    }
}

impl Feed {
    /// Goes on behind the last journaled position of the source.
    ///
    /// # Errors
    /// When the source ends before that position, or tracking was closed.
    pub fn resume(
        tracking: &Tracking,
        process: &str,
        mapping: Mapping,
        source: Box<dyn Source>,
    ) -> Result<Feed, Error> {
        let mut feed = Feed::open(tracking, process, mapping, source)?;
        if feed.next.offset > 0 {
            feed.go_on()?;
        }
        Ok(feed)
    }

    /// Leaves the source where it is: for [`Feed::again`].
    ///
    /// # Errors
    /// When tracking was closed.
    pub fn open(
        tracking: &Tracking,
        process: &str,
        mapping: Mapping,
        mut source: Box<dyn Source>,
    ) -> Result<Feed, Error> {
        // Two processes may follow one source, each at its own pace.
        let name: Arc<str> = Arc::from(format!("{}#{process}", source.name()));
        let wanted = name.clone();
        let id = process.to_owned();
        let (known, unheard) = tracking.look(move |state| {
            let model = state.model(&id).and_then(|model| model.published_as());
            (state.positions(&wanted), model.map(unheard).unwrap_or_default())
        })?;
        let failed = |error: std::io::Error| Error::Unavailable { reason: error.to_string() };
        let next = source.place(&known).map_err(failed)?;
        Ok(Feed {
            tracking: tracking.clone(),
            process: Arc::from(process),
            name,
            mapping,
            source,
            next,
            unheard,
            own: Alert::source(process),
            under_way: VecDeque::new(),
            behind: Some(tracking.hold()),
            verdicts: Verdicts::default(),
        })
    }

    /// Carries what the source has now. `End` and `Idle` are told when all of it is durable.
    ///
    /// # Errors
    /// When the source or the journal fails: everything that was not durable is read again by
    /// [`Feed::resume`].
    pub fn carry(&mut self, now_ms: i64) -> Result<Progress, Error> {
        let mut items = Vec::with_capacity(BATCH_RECORDS_MAX);
        let failed = |error: std::io::Error| Error::Unavailable { reason: error.to_string() };
        let polled = self.source.poll(now_ms, BATCH_RECORDS_MAX, &mut items);
        if let Some(last) = items.last() {
            let Position { partition, offset } = last.position();
            let before = if partition == self.next.partition { self.next.offset } else { 0 };
            self.next = Position { partition, offset: before.max(offset + 1) };
            let records: Vec<Observed> = items.iter().map(|item| self.read(item)).collect();
            self.learn(&records)?;
            let (process, source) = (self.process.clone(), self.name.clone());
            let proof = self.source.proof();
            self.send(Command::Observe { process, source, records, proof })?;
        }
        let progress = polled.map_err(failed)?;
        if progress == Progress::More {
            self.behind.get_or_insert_with(|| self.tracking.hold());
        } else {
            self.settle(0)?;
            self.behind = None;
        }
        Ok(progress)
    }

    /// Types that elements of the model are named like are steps of it from now on, although
    /// nobody had said that they come.
    fn learn(&mut self, records: &[Observed]) -> Result<(), Error> {
        let mut known = Vec::new();
        for record in records {
            if let Reading::Event(event) = &record.reading
                && !record.own
                && !self.unheard.is_empty()
                && self.unheard.remove(&plain(&event.kind))
            {
                known.push(event.kind.clone());
            }
        }
        if known.is_empty() {
            return Ok(());
        }
        let process = self.process.clone();
        self.tracking.command(Command::Learn { process, known }).map(drop)
    }

    /// Lets the source go on behind the last record that was carried.
    ///
    /// # Errors
    /// When the source cannot go there.
    pub fn go_on(&mut self) -> Result<(), Error> {
        let seek = self.source.seek(self.next);
        seek.map_err(|error| Error::Unavailable { reason: error.to_string() })
    }

    /// Reads the records that were rejected or expired again, by the mapping as it is now. The
    /// source must not have been read behind them, unless it can go back.
    ///
    /// # Errors
    /// As [`Feed::carry`].
    pub fn again(&mut self, now_ms: i64) -> Result<(), Error> {
        let name = self.name.clone();
        let wanted: BTreeSet<u64> = self
            .tracking
            .look(move |state| state.rejected(&name))?
            .into_iter()
            // What lay there before is no longer to be had.
            .filter(|(partition, _)| *partition == self.next.partition)
            .map(|(_, offset)| offset)
            .collect();
        let Some(first) = wanted.first().copied() else { return Ok(()) };
        let failed = |error: std::io::Error| Error::Unavailable { reason: error.to_string() };
        self.source.seek(Position { offset: first, ..self.next }).map_err(failed)?;
        let mut items = Vec::new();
        loop {
            let progress =
                self.source.poll(now_ms, BATCH_RECORDS_MAX, &mut items).map_err(failed)?;
            let last = items.last().map_or(0, |item| item.position().offset);
            items.retain(|item| wanted.contains(&item.position().offset));
            if !items.is_empty() {
                let records = items.iter().map(|item| self.read(item)).collect();
                let (process, source) = (self.process.clone(), self.name.clone());
                self.send(Command::ObserveAgain { process, source, records })?;
                items.clear();
            }
            if progress != Progress::More || wanted.last().is_some_and(|end| last >= *end) {
                return self.settle(0);
            }
        }
    }

    /// The offset behind the last record that was read.
    pub fn next_offset(&self) -> u64 {
        self.next.offset
    }

    fn read(&self, item: &Item) -> Observed {
        let (reading, arrival_ms) = match item {
            Item::Record(record) => (self.mapping.read(record), record.arrival_ms),
            Item::Bad { reason, arrival_ms, .. } => {
                (Reading::Rejected { reason: reason.clone() }, *arrival_ms)
            }
        };
        let own = matches!(item, Item::Record(record) if record.value["source"] == *self.own);
        Observed { position: item.position(), arrival_ms, reading, own }
    }

    fn send(&mut self, command: Command) -> Result<(), Error> {
        self.settle(FEED_COMMANDS_MAX - 1)?;
        self.under_way.push_back(self.tracking.ask(command, None));
        Ok(())
    }

    /// Waits until at most `left` commands are under way.
    fn settle(&mut self, left: usize) -> Result<(), Error> {
        while self.under_way.len() > left {
            let Some(asked) = self.under_way.pop_front() else { break };
            match asked.recv().map_err(|_| Error::Closed)?? {
                Answer::Verdicts(verdicts) => {
                    self.verdicts.records += verdicts.len() as u64;
                    for verdict in &verdicts {
                        *self.verdicts.by_name.entry(verdict.name()).or_default() += 1;
                    }
                }
                Answer::Refused(reason) => return Err(Error::Invalid { reason }),
                Answer::Done => {}
            }
        }
        Ok(())
    }
}
