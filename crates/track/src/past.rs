//! What happened, read back from the journal of tracking: the verdict of every record, the
//! messages of a trace, the log of a process. It goes back as far as the journal does; cases whose
//! beginning was trimmed are named by the state.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use grevy::Error;
use grevy::machine::Machine;
use journal::{Journal, Lsn};
use serde::Serialize;

use crate::durable::Tracker;
use crate::limits::ROWS_MAX;
use crate::log::{Full, LogBuilder};
use crate::machine::{CaseKey, Event, State, StepObserved, StillRejected, Verdict};
use crate::mapping::Observation;
use crate::source::Position;
use crate::traces::Traces;
use crate::tracking::Tracking;

/// One record and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judged {
    /// Position in the journal of tracking, and which of the events there it is.
    pub at: Lsn,
    pub index: u32,
    pub source: String,
    pub partition: u32,
    pub offset: u64,
    pub verdict: &'static str,
    /// Why it was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_ms: Option<i64>,
}

/// Which verdicts are wanted.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub verdict: Option<&'static str>,
    pub case: Option<String>,
    /// Part of the reason.
    pub reason: Option<String>,
    /// Only records of this source.
    pub source: Option<String>,
    /// Only what this process made of them.
    pub process: Option<String>,
}

/// What the numbers in events stand for.
#[derive(Default)]
struct Names {
    cases: BTreeMap<CaseKey, (Arc<str>, u32)>,
    kinds: BTreeMap<(u32, u32), Arc<str>>,
    processes: BTreeMap<u32, Arc<str>>,
    /// Cases that go on with another version later in the journal and began before it: their
    /// steps up to there are of a version that nobody knows any more.
    unknown: BTreeSet<CaseKey>,
}

impl Names {
    /// What a journal that begins in the middle does not say itself.
    fn before(tracking: &Tracking) -> Result<Names, Error> {
        let journal = tracking.journal();
        if journal.first_lsn() <= 1 {
            return Ok(Names::default());
        }
        let mut names = tracking.look(|state| {
            let mut names = Names::default();
            for (number, version) in (0..).zip(&state.versions) {
                names.processes.insert(number, version.publish.process.clone());
                let kinds = (0..).zip(&version.kinds);
                names.kinds.extend(kinds.map(|(kind, name)| ((number, kind), name.clone())));
            }
            let cases = state.cases();
            names.cases = cases.map(|(key, case)| (key, (case.id.clone(), case.version))).collect();
            names
        })?;
        let mut met = BTreeSet::new();
        scan(&**journal, |_, events| {
            for event in events {
                match event {
                    Event::CaseMet { case, .. } => drop(met.insert(*case)),
                    Event::CaseMigrated { case, .. } if !met.contains(case) => {
                        names.unknown.insert(*case);
                    }
                    _ => {}
                }
            }
            Ok(true)
        })?;
        Ok(names)
    }

    fn learn(&mut self, event: &Event) {
        match event {
            Event::Published { version, publish } => {
                self.processes.insert(*version, publish.process.clone());
            }
            Event::KindNamed { version, kind, name } => {
                self.kinds.insert((*version, *kind), name.clone());
            }
            Event::CaseMet { case, id, version } => {
                self.cases.insert(*case, (id.clone(), *version));
            }
            Event::CaseMigrated { case, version } => {
                self.unknown.remove(case);
                if let Some(known) = self.cases.get_mut(case) {
                    known.1 = *version;
                }
            }
            Event::DraftSaved(_)
            | Event::SourceAdvanced { .. }
            | Event::Judged { .. }
            | Event::CaseOpened { .. }
            | Event::StepObserved(_)
            | Event::StepTaken { .. }
            | Event::Deviated { .. }
            | Event::Withdrawn { .. }
            | Event::DeadlineArmed { .. }
            | Event::DeadlineDisarmed { .. }
            | Event::DeadlineFired { .. }
            | Event::StatusChanged { .. }
            | Event::Folded { .. }
            | Event::Settled { .. }
            | Event::CaseForgotten { .. }
            | Event::QuietRuled { .. }
            | Event::AlertRaised { .. }
            | Event::AlertDelivered { .. } => {}
        }
    }

    /// Process, case id and event type of a step.
    fn of(&self, step: &StepObserved) -> Option<(&Arc<str>, &Arc<str>, &Arc<str>)> {
        if self.unknown.contains(&step.case) {
            return None;
        }
        let (id, version) = self.cases.get(&step.case)?;
        Some((self.processes.get(version)?, id, self.kinds.get(&(*version, step.kind))?))
    }
}

/// Calls `each` with the events of every step, oldest first, until it says that it has enough.
fn scan(
    journal: &dyn Journal,
    mut each: impl FnMut(Lsn, &[Event]) -> Result<bool, Error>,
) -> Result<(), Error> {
    if journal.durable_lsn() == 0 {
        return Ok(());
    }
    let mut reader = journal.read(journal.first_lsn())?;
    while let Some(group) = reader.next_group()? {
        for frame in group.iter() {
            let failed =
                |reason| Error::Recovery { partition: "track".to_owned(), lsn: frame.lsn, reason };
            let step = Tracker::decode(frame.payload).map_err(failed)?;
            if !each(frame.lsn, &step.events)? {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The place of a verdict, behind which a page goes on: position in the journal, and which of the
/// events there. Written `12.3`; `12` alone is behind all of that position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place(pub Lsn, pub u32);

impl std::str::FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Place, String> {
        let wrong = || format!("expected a position such as 12.3, but got {text:?}");
        let number = |text: &str| text.parse::<Lsn>().map_err(|_| wrong());
        Ok(match text.split_once('.') {
            Some((at, index)) => Place(number(at)?, index.parse().map_err(|_| wrong())?),
            None => Place(number(text)?, u32::MAX),
        })
    }
}

/// Verdicts, and whether there are more behind them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    pub rows: Vec<Judged>,
    pub more: bool,
}

/// The verdicts behind `after`, at most `max` of them, oldest first. Of a record that was rejected
/// or expired and was observed again only the last verdict is listed.
///
/// # Errors
/// When the journal cannot be read.
pub fn verdicts(
    tracking: &Tracking,
    wanted: &Wanted,
    after: Place,
    max: usize,
) -> Result<Page, Error> {
    let (mut names, mut rows) = (Names::before(tracking)?, Vec::new());
    let max = max.min(ROWS_MAX);
    let still = tracking.look(State::still_rejected)?;
    scan(&**tracking.journal(), |at, events| {
        for (index, event) in (0..).zip(events) {
            names.learn(event);
            if Place(at, index) > after
                && let Some(judged) = judged(&names, at, event, &events[index as usize + 1..])
                && wanted.takes(&judged)
                && !outdated(event, &still)
            {
                rows.push(Judged { index, ..judged });
            }
        }
        Ok(rows.len() <= max)
    })?;
    let more = rows.len() > max;
    rows.truncate(max);
    Ok(Page { rows, more })
}

/// Whether the record of a bad verdict was observed again since.
fn outdated(event: &Event, still: &StillRejected) -> bool {
    let Event::Judged { source, position, verdict, attempt } = event else { return false };
    match verdict {
        Verdict::Rejected { .. } | Verdict::Expired => !still.has(source, *position, *attempt),
        Verdict::Started
        | Verdict::Moved
        | Verdict::Buffered { .. }
        | Verdict::Replaced
        | Verdict::Ignored
        | Verdict::SeenBefore => false,
    }
}

impl Wanted {
    fn takes(&self, judged: &Judged) -> bool {
        let is = |wanted: &Option<String>, have: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| have == Some(wanted))
        };
        let verdict = self.verdict.is_none_or(|wanted| wanted == judged.verdict);
        let reason = judged.reason.as_deref().unwrap_or_default();
        verdict
            && is(&self.case, judged.case.as_deref())
            && is(&self.source, Some(&judged.source))
            && is(&self.process, judged.source.rsplit_once('#').map(|(_, process)| process))
            && self.reason.as_deref().is_none_or(|part| reason.contains(part))
    }
}

/// The verdict that an event tells; that of a step needs what followed it.
fn judged(names: &Names, at: Lsn, event: &Event, then: &[Event]) -> Option<Judged> {
    let row = |source: &Arc<str>, position: Position, verdict: &Verdict| Judged {
        at,
        index: 0,
        source: source.to_string(),
        partition: position.partition,
        offset: position.offset,
        verdict: verdict.name(),
        reason: match verdict {
            Verdict::Rejected { reason } => Some(reason.clone()),
            _ => None,
        },
        until_ms: match verdict {
            Verdict::Buffered { until_ms } => Some(*until_ms),
            _ => None,
        },
        case: None,
        kind: None,
        time_ms: None,
    };
    match event {
        Event::Judged { source, position, verdict, .. } => Some(row(source, *position, verdict)),
        // Its verdict follows.
        Event::StepObserved(step) if step.own => None,
        Event::StepObserved(step) => {
            let own =
                |event: &&Event| matches!(event, Event::CaseOpened { case } if *case == step.case);
            let until = |event: &&Event| !matches!(event, Event::StepObserved(_));
            let opened = then.iter().take_while(until).any(|event| own(&event));
            let verdict = match (step.replaces, step.until_ms, opened) {
                (true, ..) => Verdict::Replaced,
                (false, Some(until_ms), _) => Verdict::Buffered { until_ms },
                (false, None, true) => Verdict::Started,
                (false, None, false) => Verdict::Moved,
            };
            let (_, case, kind) = names.of(step)?;
            Some(Judged {
                case: Some(case.to_string()),
                kind: Some(kind.to_string()),
                time_ms: Some(step.time_ms),
                ..row(&step.source, step.position, &verdict)
            })
        }
        _ => None,
    }
}

/// What the journal says of a case.
pub enum Told<'a> {
    /// A step, as the mapping read it.
    Step(Observation, &'a StepObserved),
    /// The event of this identity turned out to be of another case than this.
    Taken { case: &'a str, identity: u128 },
}

/// Every observed step of a process, and what was taken back.
///
/// # Errors
/// When the journal cannot be read, or `each` has no room.
pub fn steps(
    tracking: &Tracking,
    process: Option<&str>,
    mut each: impl FnMut(Told<'_>) -> Result<(), Full>,
) -> Result<(), Error> {
    let mut names = Names::before(tracking)?;
    let full = |full: Full| Error::Overloaded { what: full.0 };
    scan(&**tracking.journal(), |_, events| {
        for event in events {
            names.learn(event);
            if let Event::StepTaken { case, identity } = event
                && let Some((id, version)) = names.cases.get(case)
                && let Some(of) = names.processes.get(version)
                && process.is_none_or(|process| process == &**of)
            {
                let identity = u128::from(*identity);
                each(Told::Taken { case: id, identity }).map_err(full)?;
            }
            let Event::StepObserved(step) = event else { continue };
            let Some((of, case, kind)) = names.of(step) else { continue };
            if process.is_none_or(|process| process == &**of) {
                let text = |text: &Option<Arc<str>>| text.as_deref().map(str::to_owned);
                let observation = Observation {
                    case: case.to_string(),
                    kind: kind.to_string(),
                    time_ms: step.time_ms,
                    identity: (step.identity != 0).then_some(u128::from(step.identity)),
                    sender: text(&step.sender),
                    correlation: text(&step.correlation),
                    variables: None,
                    ttl_ms: None,
                };
                each(Told::Step(observation, step)).map_err(full)?;
            }
        }
        Ok(true)
    })
}

/// The log of a process, for figures and pictures.
///
/// # Errors
/// As [`steps`].
pub fn log(tracking: &Tracking, process: Option<&str>) -> Result<LogBuilder, Error> {
    let mut log = LogBuilder::default();
    steps(tracking, process, |told| match told {
        Told::Step(observation, step) if !step.own => log.observe(&observation),
        // Who took it over is told next, and takes its place in the log.
        Told::Step(..) | Told::Taken { .. } => Ok(()),
    })?;
    Ok(log)
}

/// The messages of one trace, or of all.
///
/// # Errors
/// As [`steps`].
pub fn traces(tracking: &Tracking, only: Option<&str>) -> Result<Traces, Error> {
    let mut traces = Traces::default();
    // Several processes may read one record of a source, and tell of the same message.
    let mut told: BTreeSet<(Arc<str>, Position, String)> = BTreeSet::new();
    let wanted = |case: &str| only.is_none_or(|only| only == case);
    steps(tracking, None, |step| {
        match step {
            Told::Taken { case, identity } if wanted(case) => traces.take(case, identity),
            Told::Step(mut observation, step) if wanted(&observation.case) => {
                let source = step.source.rsplit_once('#').map_or(&*step.source, |(name, _)| name);
                let place = (Arc::from(source), step.position, observation.case.clone());
                if told.insert(place) {
                    let read = |text: &Arc<str>| serde_json::from_str(text).ok();
                    observation.variables = step.variables.as_ref().and_then(read);
                    traces.add(&observation, step.position, step.arrival_ms);
                }
            }
            Told::Step(..) | Told::Taken { .. } => {}
        }
        Ok(())
    })?;
    Ok(traces)
}
