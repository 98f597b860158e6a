//! The state: models, sources, cases. Its one mutator is [`State::apply`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::analyse::Finding;
use super::command::Verdict;
use super::event::{Alert, Event, Quiet};
use super::model::{Model, Version};
use super::said::Variables;
use crate::limits::ALERTS_KEPT_MAX;
use crate::source::{Position, Proof, Reached};

/// Number of a case; never used twice.
pub type CaseKey = u64;

/// Everything that the machine knows.
///
/// Ordered maps throughout: none of them ever stops the loop to grow.
#[derive(Debug, Default)]
pub struct State {
    /// By process id.
    pub(crate) models: BTreeMap<Arc<str>, Model>,
    /// By version number.
    pub(crate) versions: Vec<Version>,
    /// Next position that was not observed yet, with what was before it, by source and partition.
    pub(crate) sources: BTreeMap<(Arc<str>, u32), (u64, Option<Proof>)>,
    pub(crate) cases: BTreeMap<CaseKey, Case>,
    /// By hash of process and case id.
    pub(super) by_id: BTreeMap<u128, CaseKey>,
    pub(crate) next_case: CaseKey,
    /// When something is due: (ms, case, what).
    pub(super) timers: BTreeSet<(i64, CaseKey, u32)>,
    /// Completed cases in the order of their completion.
    pub(super) completed: BTreeSet<(i64, CaseKey)>,
    /// By number; delivered ones stay as records, the oldest forgotten first.
    pub(crate) alerts: BTreeMap<u64, Raised>,
    pub(super) undelivered: BTreeSet<u64>,
    pub(crate) next_alert: u64,
    /// Rejected records that may come again, with how often they had come before the last time.
    pub(crate) rejected: BTreeMap<(Arc<str>, u32, u64), u32>,
    /// Some of them were too many: those below the first are unknown.
    pub(crate) rejected_forgotten: bool,
    /// Which case has the event of an identity, by hash of process and identity.
    pub(super) identities: BTreeMap<u64, CaseKey>,
    /// Folded events that cases still know.
    pub(super) past_events: usize,
    pub(super) undo: Vec<Undo>,
    /// Cases whose state before the command is in `undo`.
    pub(super) touched: BTreeSet<CaseKey>,
    /// While an event is folded that was read back: such a one is never undone.
    pub(super) folding: bool,
}

/// How to put back what one event changed.
#[derive(Debug)]
pub(super) enum Undo {
    Case(CaseKey, Option<Box<Case>>),
    Source((Arc<str>, u32), Option<(u64, Option<Proof>)>),
    Identity(u64, Option<CaseKey>),
    Alert(u64, Option<Raised>),
    Rejected((Arc<str>, u32, u64), Option<u32>),
    Model(Arc<str>, Option<Model>),
    Version,
    Kind(u32),
    Quiet(Arc<str>, Option<Quiet>),
}

/// Which records are rejected or expired at one moment.
#[derive(Debug, Clone, Default)]
pub struct StillRejected {
    rejected: BTreeMap<(Arc<str>, u32, u64), u32>,
    /// Below this nobody knows any more.
    forgotten: Option<(Arc<str>, u32, u64)>,
}

impl StillRejected {
    /// Whether the verdict of this attempt is the last, and bad.
    pub fn has(&self, source: &Arc<str>, at: Position, attempt: u32) -> bool {
        let key = (source.clone(), at.partition, at.offset);
        match self.rejected.get(&key) {
            Some(last) => *last == attempt,
            None => self.forgotten.as_ref().is_some_and(|first| key < *first),
        }
    }
}

/// An alert as a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raised {
    pub alert: Alert,
    /// It arrived where it belongs; a mere record has nowhere to go.
    pub delivered: bool,
}

/// One case: about 250 bytes and 24 for each event that is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    pub id: Arc<str>,
    pub version: u32,
    pub status: CaseStatus,
    /// When the status began.
    pub status_since_ms: i64,
    /// In event-time order.
    pub events: Vec<Seen>,
    /// Steps before these.
    pub folded: u32,
    /// Those of them that are still known, in event-time order; fewer when there are too many.
    pub past: Vec<Seen>,
    /// Places behind which the case can be laid over its model without what came before, in order.
    /// While its events are as they were judged, the last is behind `folded` steps.
    pub folds: Vec<Fold>,
    pub findings: Vec<Finding>,
    /// Deadlines that run, at most one of each number.
    pub deadlines: Vec<Due>,
    /// Deadlines that passed.
    pub fired: Vec<Due>,
    /// When an early case expires.
    pub until_ms: i64,
    /// Arrival of the event that is the last in event time.
    pub last_arrival_ms: i64,
    /// What the model reads.
    pub variables: Variables,
}

/// A place in a case: what came before it is a marking.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fold {
    /// Steps before it.
    pub steps: u32,
    /// It holds as long as nothing changes among the first so many steps.
    pub upto: u32,
    /// Where the tokens are, and since when; empty is the start.
    pub marking: Box<[(u32, i64)]>,
}

/// A deadline of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Number in the chart, or that of the whole case.
    pub number: u32,
    pub due_ms: i64,
    /// It had passed when the news came that armed it.
    pub history: bool,
}

/// How far a case is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseStatus {
    /// Has early events only.
    Early,
    Open,
    /// Quiet for too long.
    Stuck,
    /// May end here, or go on.
    Resting,
    Completed,
    /// Never opened in time.
    Expired,
}

/// An event that a case keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    pub time_ms: i64,
    pub identity: u64,
    pub kind: u32,
    /// Order of arrival within the case.
    pub order: u32,
}

impl State {
    pub fn case(&self, key: CaseKey) -> Option<&Case> {
        self.cases.get(&key)
    }

    /// The case of a process by its id.
    pub fn find(&self, process: &str, id: &str) -> Option<(CaseKey, &Case)> {
        let key = *self.by_id.get(&hash(process, id))?;
        Some((key, self.cases.get(&key)?))
    }

    /// All cases, oldest first.
    pub fn cases(&self) -> impl Iterator<Item = (CaseKey, &Case)> {
        self.cases.iter().map(|(key, case)| (*key, case))
    }

    pub fn model(&self, process: &str) -> Option<&Model> {
        self.models.get(process)
    }

    pub fn models(&self) -> impl Iterator<Item = &Model> {
        self.models.values()
    }

    /// Name of an event type of a case.
    pub fn kind_name(&self, version: u32, kind: u32) -> &str {
        let kinds = self.versions.get(version as usize).map(|version| &version.kinds);
        kinds.and_then(|kinds| kinds.get(kind as usize)).map_or("", |name| name)
    }

    /// The process that a version belongs to.
    pub fn process_of(&self, version: u32) -> &str {
        self.versions.get(version as usize).map_or("", |version| &version.publish.process)
    }

    /// The position from which a source must be read on.
    pub fn next_position(&self, source: &str, partition: u32) -> u64 {
        self.sources.get(&(Arc::from(source), partition)).map_or(0, |(next, _)| *next)
    }

    /// The positions from which a source must be read on, one of each partition.
    pub fn positions(&self, source: &str) -> Vec<Reached> {
        let of = self.sources.range((Arc::from(source), 0)..);
        let of = of.take_while(|((name, _), _)| &**name == source);
        let reached = |((_, partition), (offset, proof)): (&(_, u32), &(u64, Option<Proof>))| {
            let next = Position { partition: *partition, offset: *offset };
            Reached { next, proof: *proof }
        };
        of.map(reached).collect()
    }

    /// Alerts that were raised and not delivered yet.
    pub fn pending_alerts(&self) -> impl Iterator<Item = (u64, &Alert)> {
        self.undelivered
            .iter()
            .filter_map(|number| Some((*number, &self.alerts.get(number)?.alert)))
    }

    /// Alerts that were raised, delivered or not, oldest first.
    pub fn alerts(&self) -> impl Iterator<Item = (u64, &Raised)> {
        self.alerts.iter().map(|(number, raised)| (*number, raised))
    }

    /// Rejected and expired records that can be observed again, by source.
    pub fn rejected(&self, source: &str) -> Vec<(u32, u64)> {
        let first = (Arc::from(source), 0, 0);
        let of = self.rejected.range(first..).take_while(|((name, ..), _)| &**name == source);
        of.map(|((_, partition, offset), _)| (*partition, *offset)).collect()
    }

    /// Tells of a record that was rejected or expired whether it still is.
    pub fn still_rejected(&self) -> StillRejected {
        let first = || self.rejected.first_key_value().map(|(key, _)| key.clone());
        let forgotten = self.rejected_forgotten.then(first).flatten();
        StillRejected { rejected: self.rejected.clone(), forgotten }
    }

    /// Sources that were read, with the next position of each partition.
    pub fn sources(&self) -> impl Iterator<Item = (&str, u32, u64)> {
        self.sources.iter().map(|((name, partition), (next, _))| (&**name, *partition, *next))
    }

    /// Puts an alert into both tables, or takes it out of both; gives what was there.
    pub(crate) fn put_alert(&mut self, number: u64, raised: Option<Raised>) -> Option<Raised> {
        match raised.as_ref().is_some_and(|raised| !raised.delivered) {
            true => self.undelivered.insert(number),
            false => self.undelivered.remove(&number),
        };
        match raised {
            Some(raised) => self.alerts.insert(number, raised),
            None => self.alerts.remove(&number),
        }
    }

    /// The alert that gives way when there are too many: the oldest that was delivered.
    pub(super) fn spare_alert(&self) -> Option<u64> {
        let many = self.alerts.len() > ALERTS_KEPT_MAX;
        let mut spare = self.alerts.iter().filter(|(_, raised)| raised.delivered);
        if many { spare.next().map(|(number, _)| *number) } else { None }
    }

    /// When the next timer is due.
    pub fn next_due(&self) -> Option<i64> {
        self.timers.first().map(|(due, ..)| *due)
    }

    /// Puts back everything since the last [`State::settle`]: a command that failed midway.
    pub(super) fn roll_back(&mut self) {
        self.touched.clear();
        while let Some(undo) = self.undo.pop() {
            match undo {
                Undo::Case(key, old) => self.put_case(key, old.map(|case| *case)),
                Undo::Source(key, Some(next)) => drop(self.sources.insert(key, next)),
                Undo::Source(key, None) => drop(self.sources.remove(&key)),
                Undo::Identity(key, Some(case)) => drop(self.identities.insert(key, case)),
                Undo::Identity(key, None) => drop(self.identities.remove(&key)),
                Undo::Alert(number, old) => drop(self.put_alert(number, old)),
                Undo::Rejected(key, Some(attempt)) => drop(self.rejected.insert(key, attempt)),
                Undo::Rejected(key, None) => drop(self.rejected.remove(&key)),
                Undo::Model(id, Some(model)) => drop(self.models.insert(id, model)),
                Undo::Model(id, None) => drop(self.models.remove(&id)),
                Undo::Quiet(process, old) => drop(self.set_quiet(&process, old)),
                Undo::Version => drop(self.versions.pop()),
                Undo::Kind(version) => {
                    if let Some(version) = self.versions.get_mut(version as usize) {
                        version.kinds.pop();
                    }
                }
            }
        }
    }

    /// The command is done; nothing of it is put back any more.
    pub(super) fn settle(&mut self) {
        self.undo.clear();
        self.touched.clear();
        self.folding = false;
    }

    /// Puts a case into all tables, or takes it out of all.
    pub(crate) fn put_case(&mut self, key: CaseKey, case: Option<Case>) {
        if let Some(old) = self.cases.remove(&key) {
            for (due, what) in self.timers_of(&old) {
                self.timers.remove(&(due, key, what));
            }
            self.set_ended(key, ended(&old), None);
            self.past_events -= old.past.len();
            let id = hash(self.process_of(old.version), &old.id);
            if self.by_id.get(&id) == Some(&key) {
                self.by_id.remove(&id);
            }
        }
        let Some(case) = case else { return };
        for (due, what) in self.timers_of(&case) {
            self.timers.insert((due, key, what));
        }
        self.set_ended(key, None, ended(&case));
        let id = hash(self.process_of(case.version), &case.id);
        self.by_id.insert(id, key);
        self.past_events += case.past.len();
        self.cases.insert(key, case);
    }
}

impl State {
    /// Moves a case in the order of completion.
    pub(super) fn set_ended(&mut self, key: CaseKey, from: Option<i64>, to: Option<i64>) {
        if let Some(at) = from {
            self.completed.remove(&(at, key));
        }
        if let Some(at) = to {
            self.completed.insert((at, key));
        }
    }

    /// What is due when.
    pub(super) fn timers_of(&self, case: &Case) -> Vec<(i64, u32)> {
        let mut timers: Vec<(i64, u32)> =
            case.deadlines.iter().map(|due| (due.due_ms, due.number)).collect();
        match case.status {
            CaseStatus::Early => timers.push((case.until_ms, EXPIRY)),
            CaseStatus::Open => {
                timers.extend(self.quiet_until(case).map(|until| (until, QUIET)));
            }
            // The rule that it is stuck by was changed.
            CaseStatus::Stuck if self.quiet_until(case) != Some(case.status_since_ms) => {
                timers.push((case.status_since_ms, QUIET));
            }
            CaseStatus::Stuck
            | CaseStatus::Resting
            | CaseStatus::Completed
            | CaseStatus::Expired => {}
        }
        timers
    }

    /// From when on a case without further events is stuck: quiet is told by event time, so that
    /// it is the same whenever it is read.
    pub(super) fn quiet_until(&self, case: &Case) -> Option<i64> {
        let version = self.versions.get(case.version as usize)?;
        let ruled = self.models.get(&version.publish.process).and_then(|model| model.quiet);
        let after_ms = ruled.map_or(version.publish.stuck_after_ms, |quiet| quiet.after_ms);
        let last = case.events.last().map_or(case.last_arrival_ms, |event| event.time_ms);
        Some(last.saturating_add(after_ms?))
    }

    /// Whether what had passed before it was heard of is told too: as it was published last.
    pub(super) fn alerts_on_backfill(&self, version: u32) -> bool {
        let model = self.models.get(self.process_of(version));
        model.and_then(|model| model.published_as()).is_some_and(|now| now.alert_on_backfill)
    }

    /// Changes when cases of a process are stuck; gives the rule that it had.
    pub(super) fn set_quiet(&mut self, process: &str, quiet: Option<Quiet>) -> Option<Quiet> {
        let mut timers = std::mem::take(&mut self.timers);
        let waits = |case: &Case| matches!(case.status, CaseStatus::Open | CaseStatus::Stuck);
        let of =
            |state: &State, case: &Case| waits(case) && state.process_of(case.version) == process;
        for (key, case) in self.cases.iter().filter(|(_, case)| of(self, case)) {
            for (due, what) in self.timers_of(case) {
                timers.remove(&(due, *key, what));
            }
        }
        let model = self.models.get_mut(process);
        let old = model.and_then(|model| std::mem::replace(&mut model.quiet, quiet));
        for (key, case) in self.cases.iter().filter(|(_, case)| of(self, case)) {
            timers.extend(self.timers_of(case).into_iter().map(|(due, what)| (due, *key, what)));
        }
        self.timers = timers;
        old
    }
}

/// The timer of an early case that expires, and of a quiet one that is stuck.
pub(super) const EXPIRY: u32 = u32::MAX;
pub(super) const QUIET: u32 = u32::MAX - 1;
/// The deadline of the whole case.
pub(super) const WHOLE: u32 = u32::MAX - 2;

impl Case {
    /// Events in all, the folded ones included.
    pub fn steps(&self) -> u64 {
        u64::from(self.folded) + self.events.len() as u64
    }

    /// Whether every folded step is still known.
    pub(super) fn knows_its_past(&self) -> bool {
        self.unknown() == 0
    }

    /// How many of its first steps are no longer known one by one.
    pub(super) fn unknown(&self) -> u32 {
        self.folded.saturating_sub(self.past.len() as u32)
    }

    /// The number that a step of this time gets, behind those of the same time.
    pub(super) fn place_of(&self, time_ms: i64) -> u32 {
        let before = |steps: &[Seen]| steps.partition_point(|event| event.time_ms <= time_ms);
        match self.past.last() {
            Some(last) if time_ms < last.time_ms => self.unknown() + before(&self.past) as u32,
            Some(_) | None => self.folded + before(&self.events) as u32,
        }
    }

    /// The number of the known step of this identity.
    pub(super) fn place_with(&self, identity: u64) -> Option<u32> {
        let at = super::identity::steps(self).position(|event| event.identity == identity)?;
        Some(self.unknown() + at as u32)
    }

    /// Its earliest step, when that is known.
    pub fn first(&self) -> Option<&Seen> {
        self.past.first().filter(|_| self.knows_its_past()).or(self.events.first())
    }
}

impl Default for Case {
    /// A case that nothing was seen of yet.
    fn default() -> Case {
        Case {
            id: Arc::default(),
            version: 0,
            status: CaseStatus::Early,
            status_since_ms: 0,
            events: Vec::new(),
            folded: 0,
            past: Vec::new(),
            folds: Vec::new(),
            findings: Vec::new(),
            deadlines: Vec::new(),
            fired: Vec::new(),
            until_ms: i64::MAX,
            last_arrival_ms: 0,
            variables: Variables::default(),
        }
    }
}

/// When a case came to its end.
pub(super) fn ended(case: &Case) -> Option<i64> {
    let ended = matches!(case.status, CaseStatus::Completed | CaseStatus::Expired);
    ended.then_some(case.status_since_ms)
}

/// What a case is found by.
pub(super) fn hash(process: &str, id: &str) -> u128 {
    xxhash_rust::xxh3::xxh3_128(format!("{process}\u{0}{id}").as_bytes())
}

/// Whether a record may come again.
pub(super) fn is_rejected(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Rejected { .. } | Verdict::Expired)
}

impl State {
    /// Folds an event that was read back.
    pub fn fold(&mut self, event: &Event) {
        self.folding = true;
        self.apply(event);
        self.settle();
    }
}
