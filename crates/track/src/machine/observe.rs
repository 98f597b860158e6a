//! Records become steps of cases, each with a verdict.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::command::{Observed, Verdict};
use super::decide::{Stale, Step};
use super::event::{Event, StepObserved};
use super::identity::steps;
use super::model::Compiled;
use super::said::said;
use super::state::{Case, CaseKey, CaseStatus, Fold, Seen, hash};
use crate::limits::{CASE_PAST_MAX, COMPLETED_CASES_MAX, EARLY_TTL_MS, UNKNOWN_KINDS_MAX};
use crate::mapping::{Observation, Reading};
use crate::source::Proof;

/// What stays the same for the records of one command.
pub(super) struct Batch<'a> {
    pub version: u32,
    pub compiled: &'a Compiled,
    pub process: Arc<str>,
    pub source: &'a Arc<str>,
}

/// How records are read.
pub(super) enum Reader {
    /// Forward; what is proven is about all of the source up to the last of them.
    On(Option<Proof>),
    /// Those that were rejected, after a fix.
    Again,
}

impl Step<'_> {
    pub(super) fn observe_all(
        &mut self,
        version: u32,
        source: &Arc<str>,
        records: &[Observed],
        reader: Reader,
    ) -> Result<Vec<Verdict>, String> {
        let compiled = self.state.versions[version as usize].compiled()?;
        let process = compiled.chart().process.clone();
        let batch = Batch { version, compiled: &compiled, process, source };
        let mut ahead = BTreeMap::new();
        let each = records.iter();
        let again = matches!(reader, Reader::Again);
        let verdicts = each.map(|record| self.record(&batch, record, again, &mut ahead)).collect();
        // What came together is judged together: a long case is laid over its model once.
        for (case, Stale { arrival_ms, anew }) in std::mem::take(&mut self.stale) {
            let Some(known) = self.state.cases.get(&case) else { continue };
            let compiled = self.state.versions[known.version as usize].compiled()?;
            self.judge(&compiled, case, arrival_ms, anew);
        }
        // One event a command and partition is enough: the last position counts.
        let last = records.last().map(|record| record.position.partition);
        for (partition, next) in ahead {
            let proof = match reader {
                Reader::On(proof) if last == Some(partition) => proof,
                Reader::On(_) | Reader::Again => None,
            };
            self.emit(Event::SourceAdvanced { source: source.clone(), partition, next, proof });
        }
        while self.state.completed.len() > COMPLETED_CASES_MAX {
            let Some((_, case)) = self.state.completed.first().copied() else { break };
            self.emit(Event::CaseForgotten { case });
        }
        Ok(verdicts)
    }

    /// `ahead` has the next position of each partition that this command has read on.
    fn record(
        &mut self,
        batch: &Batch<'_>,
        record: &Observed,
        again: bool,
        ahead: &mut BTreeMap<u32, u64>,
    ) -> Verdict {
        let position = record.position;
        let known = || self.state.next_position(batch.source, position.partition);
        let next = ahead.get(&position.partition).copied().unwrap_or_else(known);
        let seen = position.offset < next;
        let mut attempt = 0;
        if seen {
            let key = (batch.source.clone(), position.partition, position.offset);
            match self.state.rejected.get(&key).filter(|_| again) {
                Some(before) => attempt = before.saturating_add(1),
                None => return Verdict::SeenBefore,
            }
        }
        let verdict = match &record.reading {
            Reading::Ignored { .. } => Verdict::Ignored,
            Reading::Rejected { reason } => Verdict::Rejected { reason: reason.clone() },
            Reading::Event(event) if record.own => {
                self.own_words(batch, record, event);
                Verdict::Ignored
            }
            Reading::Event(event) => self.step(batch, record, event),
        };
        match &verdict {
            // Told by the events of the case.
            Verdict::Started | Verdict::Moved | Verdict::Replaced | Verdict::Buffered { .. } => {}
            Verdict::Ignored | Verdict::Rejected { .. } | Verdict::Expired => {
                let (source, verdict) = (batch.source.clone(), verdict.clone());
                self.emit(Event::Judged { source, position, verdict, attempt });
            }
            Verdict::SeenBefore => {}
        }
        if !seen {
            ahead.insert(position.partition, position.offset + 1);
        }
        verdict
    }

    fn step(&mut self, batch: &Batch<'_>, record: &Observed, event: &Observation) -> Verdict {
        let kind = match self.kind(batch, &event.kind) {
            Ok(kind) => kind,
            Err(reason) => return Verdict::Rejected { reason },
        };
        let known = self.state.by_id.get(&hash(&batch.process, &event.case)).copied();
        let opens = batch.compiled.opening.contains(&kind);
        let key = match known {
            Some(key) if self.state.cases[&key].version == batch.version => key,
            Some(key) if self.same_model(self.state.cases[&key].version, batch.version) => {
                if let Err(reason) = self.migrate(batch, key) {
                    return Verdict::Rejected { reason };
                }
                key
            }
            // Cases of an older version go on with it; their numbers for types are its own.
            Some(key) => return self.step_of_older(batch, record, event, key),
            None => {
                let case = self.state.next_case;
                let id = Arc::from(event.case.as_str());
                self.emit(Event::CaseMet { case, id, version: batch.version });
                case
            }
        };
        self.place(batch, record, event, key, kind, opens)
    }

    pub(super) fn place(
        &mut self,
        batch: &Batch<'_>,
        record: &Observed,
        event: &Observation,
        case: CaseKey,
        kind: u32,
        opens: bool,
    ) -> Verdict {
        let known = &self.state.cases[&case];
        if known.status == CaseStatus::Early && known.until_ms <= self.now {
            // Nobody was there when its time was over: what comes now comes behind that.
            self.expire(case);
        }
        let known = &self.state.cases[&case];
        let early = known.status == CaseStatus::Early && !opens;
        if known.status == CaseStatus::Expired && !opens {
            return Verdict::Expired;
        }
        let identity = event.identity.map_or(0, |hash| (hash as u64).max(1));
        let owner = self.state.owner(&batch.process, identity);
        let same = |e: &Seen| (e.identity, e.time_ms, e.kind) == (identity, event.time_ms, kind);
        let mine = owner == Some(case);
        let no_news = mine && steps(known).any(same);
        let room = if no_news { Ok(()) } else { has_room(known, event, early, mine, identity) };
        if let Err(reason) = room {
            return Verdict::Rejected { reason };
        }
        if let Some(other) = owner.filter(|owner| *owner != case)
            && let Err(reason) = self.take_away(other, identity, record.arrival_ms)
        {
            return Verdict::Rejected { reason };
        }
        let known = &self.state.cases[&case];
        let variables = known.variables.text().cloned();
        let ttl = event.ttl_ms.unwrap_or(EARLY_TTL_MS);
        let until_ms = if no_news { known.until_ms } else { self.now.saturating_add(ttl) };
        let until_ms = early.then_some(until_ms);
        let reads = &batch.compiled.chart().data.reads;
        let said = said(reads, event.variables.as_ref());
        let step = step(batch, record, event);
        let replaces = owner.is_some();
        let step = StepObserved { case, kind, identity, replaces, said, until_ms, ..step };
        self.emit(Event::StepObserved(step));
        if let Some(until_ms) = until_ms {
            return Verdict::Buffered { until_ms };
        }
        let known = &self.state.cases[&case];
        let opening = matches!(known.status, CaseStatus::Early | CaseStatus::Expired);
        if opening {
            self.emit(Event::CaseOpened { case });
        }
        self.is_stale(batch.compiled, case, record.arrival_ms, variables.as_deref());
        match (replaces, opening) {
            (true, _) => Verdict::Replaced,
            (false, true) => Verdict::Started,
            (false, false) => Verdict::Moved,
        }
    }

    /// A case is to be judged; `variables` are those that it had.
    fn is_stale(
        &mut self,
        compiled: &Compiled,
        case: CaseKey,
        arrival_ms: i64,
        variables: Option<&str>,
    ) {
        let now = self.state.cases[&case].variables.text().map(|text| &**text);
        let ways = |variables| Arc::as_ptr(&compiled.seen_with(variables));
        let other = now != variables && ways(now) != ways(variables);
        let stale = self.stale.entry(case).or_default();
        stale.arrival_ms = stale.arrival_ms.max(arrival_ms);
        stale.anew |= other;
    }

    /// The event of this identity is not of this case, as was believed.
    fn take_away(&mut self, case: CaseKey, identity: u64, arrival_ms: i64) -> Result<(), String> {
        let known = &self.state.cases[&case];
        if known.place_with(identity).is_some_and(|at| !is_in_reach(known, at)) {
            return Err(too_old(known));
        }
        let compiled = self.state.versions[known.version as usize].compiled()?;
        let variables = known.variables.text().cloned();
        self.emit(Event::StepTaken { case, identity });
        let known = &self.state.cases[&case];
        match known.status {
            _ if known.steps() == 0 => self.emit(Event::CaseForgotten { case }),
            CaseStatus::Early | CaseStatus::Expired => {}
            CaseStatus::Open | CaseStatus::Stuck | CaseStatus::Resting | CaseStatus::Completed => {
                self.is_stale(&compiled, case, arrival_ms, variables.as_deref());
            }
        }
        Ok(())
    }

    /// What tracking sent by itself is a part of the case's trace, and moves nothing.
    fn own_words(&mut self, batch: &Batch<'_>, record: &Observed, event: &Observation) {
        let known = self.state.by_id.get(&hash(&batch.process, &event.case)).copied();
        let Some(case) = known else { return };
        let version = self.state.cases[&case].version;
        let Ok(compiled) = self.state.versions[version as usize].compiled() else { return };
        let process = batch.process.clone();
        let batch = Batch { version, compiled: &compiled, process, source: batch.source };
        if let Ok(kind) = self.kind(&batch, &event.kind) {
            let identity = event.identity.map_or(0, |hash| (hash as u64).max(1));
            let step = step(&batch, record, event);
            let step = StepObserved { case, kind, identity, own: true, ..step };
            self.emit(Event::StepObserved(step));
        }
    }

    /// The number of an event type; one that the model does not know is named first.
    pub(super) fn kind(&mut self, batch: &Batch<'_>, name: &str) -> Result<u32, String> {
        if let Some(kind) = batch.compiled.chart().kind(name) {
            return Ok(kind);
        }
        let version = batch.version;
        let known = batch.compiled.chart().kinds.len();
        let kinds = &self.state.versions[version as usize].kinds;
        if let Some(at) = kinds[known..].iter().position(|kind| &**kind == name) {
            return Ok((known + at) as u32);
        }
        if kinds.len() >= known + UNKNOWN_KINDS_MAX {
            return Err(format!(
                "expected at most {UNKNOWN_KINDS_MAX} types that the model does not know, \
                 but {name:?} is one more"
            ));
        }
        let kind = kinds.len() as u32;
        self.emit(Event::KindNamed { version, kind, name: Arc::from(name) });
        Ok(kind)
    }
}

/// What a step has of its record; the rest is to be decided.
fn step(batch: &Batch<'_>, record: &Observed, event: &Observation) -> StepObserved {
    let text = |text: &Option<String>| text.as_deref().map(Arc::from);
    StepObserved {
        case: 0,
        kind: 0,
        time_ms: event.time_ms,
        arrival_ms: record.arrival_ms,
        identity: 0,
        source: batch.source.clone(),
        position: record.position,
        replaces: false,
        sender: text(&event.sender),
        correlation: text(&event.correlation),
        variables: event.variables.as_ref().map(|v| Arc::from(v.to_string().as_str())),
        kept: None,
        said: None,
        until_ms: None,
        own: false,
    }
}

/// Whether a case can take an event, which is `mine` when it has one of its identity already.
fn has_room(
    case: &Case,
    event: &Observation,
    early: bool,
    mine: bool,
    identity: u64,
) -> Result<(), String> {
    if early && case.events.len() >= CASE_PAST_MAX {
        return Err(format!(
            "expected at most {CASE_PAST_MAX} events before case {} opens, but there are more",
            case.id
        ));
    }
    let old = || if mine { case.place_with(identity) } else { None };
    let reached = |at: u32| is_in_reach(case, at);
    match case.knows_its_past()
        || reached(case.place_of(event.time_ms)) && old().is_none_or(reached)
    {
        true => Ok(()),
        false => Err(too_old(case)),
    }
}

/// Whether the case can be laid over its model anew when its step of this number changes.
fn is_in_reach(case: &Case, at: u32) -> bool {
    let unknown = case.unknown();
    let holds = |fold: &Fold| fold.steps >= unknown && fold.upto <= at;
    unknown == 0 || at > unknown && case.folds.iter().any(holds)
}

fn too_old(case: &Case) -> String {
    let (id, steps) = (&case.id, case.steps());
    format!(
        "expected an event of case {id} that is not older than what is known of it one by one, \
         but it has {steps} events and this one is"
    )
}
