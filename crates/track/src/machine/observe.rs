//! Records become steps of cases, each with a verdict.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::analyse::{Finding, analyse_case};
use super::command::{Observed, Verdict};
use super::decide::Step;
use super::event::{Event, StepObserved};
use super::model::Compiled;
use super::state::{Case, CaseKey, CaseStatus, Due, Seen, WHOLE, hash};
use crate::limits::{
    CASE_EVENTS_MAX, CASE_FINDINGS_MAX, CASE_VARIABLE_BYTES_MAX, COMPLETED_CASES_MAX, EARLY_TTL_MS,
    JUDGED_AGAIN_MAX, UNKNOWN_KINDS_MAX,
};
use crate::mapping::{Observation, Reading};

/// What stays the same for the records of one command.
struct Batch<'a> {
    version: u32,
    compiled: &'a Compiled,
    process: Arc<str>,
    source: &'a Arc<str>,
}

impl Step<'_> {
    pub(super) fn observe_all(
        &mut self,
        version: u32,
        source: &Arc<str>,
        records: &[Observed],
        again: bool,
    ) -> Result<Vec<Verdict>, String> {
        let compiled = self.state.versions[version as usize].compiled()?;
        let process = compiled.chart().process.clone();
        let batch = Batch { version, compiled: &compiled, process, source };
        let mut ahead = BTreeMap::new();
        let each = records.iter();
        let verdicts = each.map(|record| self.record(&batch, record, again, &mut ahead)).collect();
        // One event a command and partition is enough: the last position counts.
        for (partition, next) in ahead {
            self.emit(Event::SourceAdvanced { source: source.clone(), partition, next });
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
        if seen {
            let key = (batch.source.clone(), position.partition, position.offset);
            if !(again && self.state.rejected.contains(&key)) {
                return Verdict::SeenBefore;
            }
        }
        let verdict = match &record.reading {
            Reading::Ignored { .. } => Verdict::Ignored,
            Reading::Rejected { reason } => Verdict::Rejected { reason: reason.clone() },
            Reading::Event(event) => self.step(batch, record, event),
        };
        match &verdict {
            // Told by the events of the case.
            Verdict::Started | Verdict::Moved | Verdict::Replaced | Verdict::Buffered { .. } => {}
            Verdict::Ignored | Verdict::Rejected { .. } | Verdict::Expired => {
                let (source, verdict) = (batch.source.clone(), verdict.clone());
                self.emit(Event::Judged { source, position, verdict });
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

    /// They differ in nothing but the types that are known to come.
    fn same_model(&self, older: u32, newer: u32) -> bool {
        let publish = |version: u32| &self.state.versions[version as usize].publish;
        let (old, new) = (publish(older), publish(newer));
        old.known != new.known && old.bpmn == new.bpmn && old.types == new.types
    }

    fn migrate(&mut self, batch: &Batch<'_>, case: CaseKey) -> Result<(), String> {
        let known = &self.state.cases[&case];
        let steps = known.findings.iter().flat_map(|f| f.expected.iter().chain([&f.step]));
        let kinds = known.events.iter().map(|event| &event.kind).chain(steps);
        let name = |kind: &u32| self.state.kind_name(known.version, *kind).to_owned();
        let names: std::collections::BTreeSet<String> = kinds.map(name).collect();
        for name in names {
            self.kind(batch, &name)?;
        }
        self.emit(Event::CaseMigrated { case, version: batch.version });
        Ok(())
    }

    /// Cases that may end only because a type was not known are judged by the model that knows
    /// it: nobody may hear of them again otherwise.
    pub(super) fn judge_again(&mut self, process: &Arc<str>) -> Result<(), String> {
        let published = self.state.models.get(process).and_then(|model| model.published);
        let Some(version) = published else { return Ok(()) };
        let compiled = self.state.versions[version as usize].compiled()?;
        let none = Arc::default();
        let batch = Batch { version, compiled: &compiled, process: process.clone(), source: &none };
        let versions = 0..version;
        let same: Vec<bool> = versions.map(|older| self.same_process(older, version)).collect();
        let older = self.state.cases().filter(|(_, case)| {
            same.get(case.version as usize).is_some_and(|same| *same)
                && match case.status {
                    CaseStatus::Open
                    | CaseStatus::Stuck
                    | CaseStatus::Resting
                    | CaseStatus::Completed => true,
                    CaseStatus::Early | CaseStatus::Expired => false,
                }
        });
        // The youngest: the older a case, the less is it waited for.
        let mut older: Vec<CaseKey> = older.map(|(key, _)| key).collect();
        older.drain(..older.len().saturating_sub(JUDGED_AGAIN_MAX));
        for case in older {
            if self.migrate(&batch, case).is_ok() {
                self.judge(&compiled, case, self.state.cases[&case].last_arrival_ms);
            }
        }
        Ok(())
    }

    fn same_process(&self, older: u32, newer: u32) -> bool {
        let of = |version: u32| self.state.process_of(version);
        of(older) == of(newer) && self.same_model(older, newer)
    }

    fn step_of_older(
        &mut self,
        batch: &Batch<'_>,
        record: &Observed,
        event: &Observation,
        key: CaseKey,
    ) -> Verdict {
        let version = self.state.cases[&key].version;
        let compiled = match self.state.versions[version as usize].compiled() {
            Ok(compiled) => compiled,
            Err(reason) => return Verdict::Rejected { reason },
        };
        let process = batch.process.clone();
        let older = Batch { version, compiled: &compiled, process, source: batch.source };
        match self.kind(&older, &event.kind) {
            Ok(kind) => {
                let opens = compiled.opening.contains(&kind);
                self.place(&older, record, event, key, kind, opens)
            }
            Err(reason) => Verdict::Rejected { reason },
        }
    }

    fn place(
        &mut self,
        batch: &Batch<'_>,
        record: &Observed,
        event: &Observation,
        case: CaseKey,
        kind: u32,
        opens: bool,
    ) -> Verdict {
        let known = &self.state.cases[&case];
        let early = known.status == CaseStatus::Early;
        if known.status == CaseStatus::Expired && !opens {
            return Verdict::Expired;
        }
        let identity = event.identity.map_or(0, |hash| (hash as u64).max(1));
        let replaces = identity != 0 && known.events.iter().any(|e| e.identity == identity);
        let ttl = event.ttl_ms.unwrap_or(EARLY_TTL_MS);
        let same = |e: &Seen| (e.identity, e.time_ms, e.kind) == (identity, event.time_ms, kind);
        let until_ms = match replaces && known.events.iter().any(same) {
            true => known.until_ms,
            false => self.now.saturating_add(ttl),
        };
        let until_ms = (early && !opens).then_some(until_ms);
        let text = |text: &Option<String>| text.as_deref().map(Arc::from);
        self.emit(Event::StepObserved(StepObserved {
            case,
            kind,
            time_ms: event.time_ms,
            arrival_ms: record.arrival_ms,
            identity,
            source: batch.source.clone(),
            position: record.position,
            replaces,
            sender: text(&event.sender),
            correlation: text(&event.correlation),
            variables: event.variables.as_ref().map(|v| Arc::from(v.to_string().as_str())),
            kept: kept(batch.compiled.chart(), known, event),
            until_ms,
        }));
        if let Some(until_ms) = until_ms {
            return Verdict::Buffered { until_ms };
        }
        let opening =
            matches!(self.state.cases[&case].status, CaseStatus::Early | CaseStatus::Expired);
        if opening {
            self.emit(Event::CaseOpened { case });
        }
        self.judge(batch.compiled, case, record.arrival_ms);
        match (replaces, opening) {
            (true, _) => Verdict::Replaced,
            (false, true) => Verdict::Started,
            (false, false) => Verdict::Moved,
        }
    }

    /// The number of an event type; one that the model does not know is named first.
    fn kind(&mut self, batch: &Batch<'_>, name: &str) -> Result<u32, String> {
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

    /// Compares what the case's events say now with what is known of it, and emits the difference.
    fn judge(&mut self, compiled: &Compiled, key: CaseKey, arrival_ms: i64) {
        let known = &self.state.cases[&key];
        let seen = compiled.seen_with(known.variables.as_deref());
        let (chart, mut aligner) = (&seen.chart, seen.aligner());
        let analysis = analyse_case(chart, &mut aligner, known);
        let mut news = Vec::new();
        compare_findings(key, known, &analysis, &mut news);
        self.arm(chart, key, &analysis, arrival_ms, &mut news);
        let status = self.status(known, &analysis);
        if status != known.status {
            let at_ms = known.events.last().map_or(arrival_ms, |event| event.time_ms);
            news.push(Event::StatusChanged { case: key, status, at_ms });
        }
        let long = known.events.len() > CASE_EVENTS_MAX;
        news.into_iter().for_each(|event| self.emit(event));
        if long {
            self.fold_half(chart, &mut aligner, key);
        }
    }

    fn status(&self, known: &Case, analysis: &super::Analysis) -> CaseStatus {
        match (analysis.may_end, analysis.next.is_empty()) {
            (true, true) => CaseStatus::Completed,
            (true, false) => CaseStatus::Resting,
            // What came is older than what it is stuck after, or the same once more.
            (false, _)
                if known.status == CaseStatus::Stuck
                    && self.state.quiet_until(known) == Some(known.status_since_ms) =>
            {
                CaseStatus::Stuck
            }
            (false, _) => CaseStatus::Open,
        }
    }

    /// Deadlines run for what is waited for, and no longer.
    fn arm(
        &self,
        chart: &crate::chart::Chart,
        case: CaseKey,
        analysis: &super::Analysis,
        arrival_ms: i64,
        news: &mut Vec<Event>,
    ) {
        let known = &self.state.cases[&case];
        let whole = whole_case(chart, known, analysis);
        let waiting = analysis.waiting.iter().copied().chain(whole.map(|due_ms| (WHOLE, due_ms)));
        let waiting: Vec<(u32, i64)> = waiting.collect();
        for (deadline, due_ms) in waiting.iter().copied() {
            let same = |due: &Due| (due.number, due.due_ms) == (deadline, due_ms);
            let fired = known.fired.iter().any(|f| chart.is_fired(f, deadline, due_ms));
            if !fired && !known.deadlines.iter().any(same) {
                // What had passed when the news came is history, not an alarm.
                let history = due_ms <= arrival_ms && !self.state.alerts_on_backfill(known.version);
                news.push(Event::DeadlineArmed { case, deadline, due_ms, history });
            }
        }
        for Due { number: deadline, .. } in known.deadlines.iter().copied() {
            if !waiting.iter().any(|(number, _)| *number == deadline) {
                news.push(Event::DeadlineDisarmed { case, deadline });
            }
        }
    }

    /// Long cases: the older half becomes a marking.
    fn fold_half(
        &mut self,
        chart: &crate::chart::Chart,
        aligner: &mut crate::conform::Aligner,
        key: CaseKey,
    ) {
        let mut half = self.state.cases[&key].clone();
        half.events.truncate(CASE_EVENTS_MAX / 2);
        let steps = half.events.len() as u32;
        let marking = analyse_case(chart, aligner, &half).marking;
        let marking = marking.into_iter().map(|(place, _)| place).collect();
        self.emit(Event::Folded { case: key, steps, marking });
    }
}

/// When the deadline of the whole case passes, as long as the case has not ended.
fn whole_case(chart: &crate::chart::Chart, case: &Case, analysis: &super::Analysis) -> Option<i64> {
    let within = chart.case_deadline_ms?;
    if analysis.may_end && analysis.next.is_empty() {
        return None;
    }
    // The first event of a long case is folded: what is known of its deadline stays.
    let known = || case.deadlines.iter().chain(&case.fired).find(|due| due.number == WHOLE);
    match case.folded {
        0 => case.events.first().map(|first| first.time_ms.saturating_add(within)),
        _ => known().map(|due| due.due_ms),
    }
}

fn compare_findings(
    case: CaseKey,
    known: &Case,
    analysis: &super::Analysis,
    news: &mut Vec<Event>,
) {
    let found = &analysis.findings;
    for finding in &known.findings {
        let fired = finding.stands(known, analysis);
        if !fired && !finding.settled(known) && !found.iter().any(|f| f.same(finding)) {
            news.push(Event::Withdrawn { case, finding: finding.clone() });
        }
    }
    for finding in found.iter().take(CASE_FINDINGS_MAX) {
        if !known.findings.iter().any(|f| f.same(finding)) {
            news.push(Event::Deviated { case, finding: finding.clone() });
        }
    }
}

impl Finding {
    /// The same finding, whatever could have come instead.
    pub(super) fn same(&self, other: &Finding) -> bool {
        (self.kind, self.step, self.occurrence) == (other.kind, other.step, other.occurrence)
    }

    /// A deadline that passed unheard stays a finding whatever comes later; one that had passed
    /// before anything was heard at all does until it is known that it was kept.
    fn stands(&self, case: &Case, analysis: &super::Analysis) -> bool {
        let ended = analysis.may_end && analysis.next.is_empty();
        let waits = |due: &Due| match due.number {
            WHOLE => !ended,
            number => analysis.waiting.contains(&(number, due.due_ms)),
        };
        let fired = case.fired.iter().filter(|due| due.due_ms == self.at_ms);
        self.kind == super::FindingKind::TooLate
            && fired.into_iter().any(|due| !due.history || waits(due))
    }

    /// It is about events that are folded already and cannot be judged again.
    fn settled(&self, case: &Case) -> bool {
        case.folded > 0 && case.events.first().is_some_and(|event| self.at_ms < event.time_ms)
    }
}

/// The variables that a case keeps after this event, when it changes them. What happened later
/// wins, whenever it arrived.
fn kept(chart: &crate::chart::Chart, case: &Case, event: &Observation) -> Option<Arc<str>> {
    let reads = &chart.data.reads;
    let serde_json::Value::Object(members) = event.variables.as_ref()? else { return None };
    let mut news = members.iter().filter(|(name, _)| reads.contains(name.as_str())).peekable();
    news.peek()?;
    let known = case.variables.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let mut kept: serde_json::Map<String, serde_json::Value> = known.unwrap_or_default();
    let late = case.events.last().is_some_and(|last| event.time_ms < last.time_ms);
    for (name, value) in news {
        if !(late && kept.contains_key(name)) {
            kept.insert(name.clone(), value.clone());
        }
    }
    let text = serde_json::Value::Object(kept).to_string();
    (text.len() <= CASE_VARIABLE_BYTES_MAX).then(|| Arc::from(text))
}
