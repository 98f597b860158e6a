//! What the events of a case say now, against what is known of it.

use super::analyse::{Finding, Laid, analyse_case};
use super::decide::Step;
use super::event::Event;
use super::model::Compiled;
use super::state::{Case, CaseKey, CaseStatus, Due, Seen, WHOLE};
use crate::chart::Chart;
use crate::conform::Aligner;
use crate::limits::{CASE_EVENTS_MAX, CASE_FINDINGS_MAX};

impl Step<'_> {
    /// Compares what the case's events say now with what is known of it, and emits the difference.
    pub(super) fn judge(&mut self, compiled: &Compiled, key: CaseKey, arrival_ms: i64) {
        let known = &self.state.cases[&key];
        if known.events.is_empty() {
            return;
        }
        let seen = compiled.seen_with(known.variables.as_deref());
        let (chart, mut aligner) = (&seen.chart, seen.aligner());
        let mut analysis = analyse_case(chart, &mut aligner, known);
        let settled: Vec<&Finding> = known.findings.iter().filter(|f| f.settled(known)).collect();
        // They are counted on behind those of the folded steps.
        for found in &mut analysis.findings {
            found.occurrence += settled.iter().filter(|f| f.alike(found)).count() as u32;
        }
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
        chart: &Chart,
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
    fn fold_half(&mut self, chart: &Chart, aligner: &mut Aligner, key: CaseKey) {
        let known = &self.state.cases[&key];
        let steps = cut(&known.events, 0);
        let (base, events) = (&known.base, &known.events[..steps]);
        let laid = Laid { base, earlier: &known.past, events, fired: &known.fired };
        let marking = laid.analyse(chart, aligner).places();
        self.emit(Event::Folded { case: key, steps: steps as u32, marking });
    }

    /// Lays the folded steps of a case and its next `steps` over the model again, from its
    /// beginning: one of them is new, or is no longer there.
    pub(super) fn refold(&mut self, compiled: &Compiled, key: CaseKey, steps: usize) {
        let known = &self.state.cases[&key];
        if !known.knows_its_past() || known.past.len() + steps == 0 {
            return;
        }
        let seen = compiled.seen_with(known.variables.as_deref());
        let (chart, mut aligner) = (&seen.chart, seen.aligner());
        let all: Vec<Seen> = known.past.iter().chain(&known.events).copied().collect();
        let end = known.past.len() + steps;
        let (mut base, mut found, mut from): (Box<[u32]>, Vec<Finding>, usize) = Default::default();
        while from < end {
            let to = cut(&all, from).min(end);
            let (earlier, fired) = (&all[..from], &known.fired);
            let upto = all.len().min(from + CASE_EVENTS_MAX.max(to - from));
            let laid = |upto: usize| Laid { base: &base, earlier, events: &all[from..upto], fired };
            let judged = laid(upto).analyse(chart, &mut aligner).findings;
            let (first, next) = (all[from].time_ms, all.get(to).map_or(i64::MAX, |e| e.time_ms));
            // Where one moment is on both sides, what is found there is found twice.
            let torn = to > 0 && all[to - 1].time_ms == next;
            let here = |f: &Finding| {
                (from == 0 || f.at_ms >= first) && (f.at_ms < next || torn && f.at_ms == next)
            };
            for mut finding in judged.into_iter().filter(here) {
                if found.iter().any(|f| f.alike(&finding) && f.at_ms == finding.at_ms) {
                    continue;
                }
                finding.occurrence = found.iter().filter(|f| f.alike(&finding)).count() as u32;
                found.push(finding);
            }
            base = laid(to).analyse(chart, &mut aligner).places();
            from = to;
        }
        let told = |f: &&Finding| known.fired.iter().any(|due| due.due_ms == f.at_ms);
        let settled = known.findings.iter().filter(|f| f.settled(known) && !told(f));
        let untrue = settled.filter(|old| !found.iter().any(|f| f.same(old))).cloned();
        let untrue: Vec<Finding> = untrue.collect();
        found.retain(|f| !known.findings.iter().any(|old| old.same(f)));
        drop(aligner);
        self.emit(Event::Folded { case: key, steps: steps as u32, marking: base });
        untrue.into_iter().for_each(|finding| self.emit(Event::Withdrawn { case: key, finding }));
        found.truncate(CASE_FINDINGS_MAX);
        found.into_iter().for_each(|finding| self.emit(Event::Deviated { case: key, finding }));
    }
}

/// Where about half a window of steps behind `from` ends: between two times where there is such a
/// place, so that a finding is on one side.
fn cut(events: &[Seen], from: usize) -> usize {
    let half = from + CASE_EVENTS_MAX / 2;
    let window = half + 1..events.len().min(from + CASE_EVENTS_MAX);
    let mut between = (half..window.end).filter(|at| events[at - 1].time_ms < events[*at].time_ms);
    between.next().unwrap_or_else(|| half.min(events.len()))
}

/// When the deadline of the whole case passes, as long as the case has not ended.
fn whole_case(chart: &Chart, case: &Case, analysis: &super::Analysis) -> Option<i64> {
    let within = chart.case_deadline_ms?;
    if analysis.may_end && analysis.next.is_empty() {
        return None;
    }
    // The first event of a long case is folded: what is known of its deadline stays.
    let known = || case.deadlines.iter().chain(&case.fired).find(|due| due.number == WHOLE);
    match case.folded {
        0 => case.first().map(|first| first.time_ms.saturating_add(within)),
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
        if !fired && !finding.past(known) && !found.iter().any(|f| f.same(finding)) {
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
    /// Of the same kind and type.
    fn alike(&self, other: &Finding) -> bool {
        (self.kind, self.step) == (other.kind, other.step)
    }

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

    /// It is about events that are folded already.
    fn settled(&self, case: &Case) -> bool {
        case.folded > 0 && case.events.first().is_some_and(|event| self.at_ms < event.time_ms)
    }

    /// It may be about events that are folded already: those of one moment can be on both sides.
    fn past(&self, case: &Case) -> bool {
        self.settled(case) || case.past.last().is_some_and(|event| self.at_ms <= event.time_ms)
    }
}
