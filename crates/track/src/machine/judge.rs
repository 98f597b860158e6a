//! What the events of a case say now, against what is known of it.

use super::analyse::{Analysis, Finding, FindingKind, numbered};
use super::decide::Step;
use super::event::Event;
use super::explain::whole_late;
use super::identity::steps;
use super::lay::Laying;
use super::model::Compiled;
use super::state::{Case, CaseKey, CaseStatus, Due, WHOLE};
use crate::chart::Chart;
use crate::limits::CASE_FINDINGS_MAX;

impl Step<'_> {
    /// Compares what the case's events say now with what is known of it, and emits the difference.
    /// `anew`: its data opens other ways than before, so that no fold holds.
    pub(super) fn judge(
        &mut self,
        compiled: &Compiled,
        case: CaseKey,
        arrival_ms: i64,
        anew: bool,
    ) {
        let Some(known) = self.state.cases.get(&case).filter(|known| known.steps() > 0) else {
            return;
        };
        let seen = compiled.seen_with(known.variables.text().map(|text| &**text));
        let (chart, mut aligner) = (&seen.chart, seen.aligner());
        let mut laying = known.lay(chart, &mut aligner, anew);
        let mut found = found(chart, known, &laying);
        if known.findings.len() >= CASE_FINDINGS_MAX && found.len() < CASE_FINDINGS_MAX {
            // There is room again for what was left out before the place where it was laid from.
            laying = known.lay(chart, &mut aligner, true);
            found = self::found(chart, known, &laying);
        }
        drop(aligner);
        let Laying { from, folds, analysis, .. } = laying;
        let mut news = Vec::new();
        let end = folds.last().map_or(from, |fold| fold.steps);
        if end != known.folded || !folds.is_empty() {
            news.push(Event::Settled { case, from, folds: folds.into_boxed_slice() });
        }
        compare(case, known, found, &mut news);
        self.arm(chart, case, &analysis, arrival_ms, &mut news);
        news.extend(self.status(case, known, &analysis));
        news.into_iter().for_each(|event| self.emit(event));
    }

    fn status(&self, case: CaseKey, known: &Case, analysis: &Analysis) -> Option<Event> {
        let last_ms = steps(known).last().map_or(known.last_arrival_ms, |event| event.time_ms);
        // What has come to rest did so when its last token came there.
        let rest_ms = analysis.marking.iter().map(|(_, since)| *since).max().unwrap_or(last_ms);
        let (status, at_ms) = match (analysis.may_end, analysis.next.is_empty()) {
            (true, true) => (CaseStatus::Completed, rest_ms),
            (true, false) => (CaseStatus::Resting, rest_ms),
            // What came is older than what it is stuck after, or the same once more.
            (false, _)
                if known.status == CaseStatus::Stuck
                    && self.state.quiet_until(known) == Some(known.status_since_ms) =>
            {
                return None;
            }
            (false, _) if known.status == CaseStatus::Open => return None,
            (false, _) => (CaseStatus::Open, last_ms),
        };
        let same = (status, at_ms) == (known.status, known.status_since_ms);
        (!same).then_some(Event::StatusChanged { case, status, at_ms })
    }

    /// Deadlines run for what is waited for, and no longer.
    fn arm(
        &self,
        chart: &Chart,
        case: CaseKey,
        analysis: &Analysis,
        arrival_ms: i64,
        news: &mut Vec<Event>,
    ) {
        let known = &self.state.cases[&case];
        let whole = whole_due(chart, known).filter(|_| !analysis.ended());
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
}

/// When the deadline of the whole case passes.
fn whole_due(chart: &Chart, case: &Case) -> Option<i64> {
    let within = chart.case_deadline_ms?;
    // Where the first event is no longer known, what is known of the deadline stays.
    let known = || case.deadlines.iter().chain(&case.fired).find(|due| due.number == WHOLE);
    match case.unknown() {
        0 => case.first().map(|first| first.time_ms.saturating_add(within)),
        _ => known().map(|due| due.due_ms),
    }
}

/// Everything that is wrong with the case now.
fn found(chart: &Chart, known: &Case, laying: &Laying) -> Vec<Finding> {
    let Laying { from, findings, analysis, .. } = laying;
    let unknown = known.unknown();
    let whole_ms = whole_due(chart, known);
    let whole = |f: &&Finding| f.is_of_whole() && Some(f.at_ms) == whole_ms;
    let told_whole = unknown > 0 && known.findings.iter().any(|f| whole(&f));
    let first = known.step(from.saturating_sub(unknown) as usize);
    let settled = |f: &&Finding| {
        let before = *from > 0 && first.is_none_or(|first| f.at_ms < first.time_ms);
        before && !f.told(known) && (unknown > 0 || !whole(f))
    };
    let mut found: Vec<Finding> = known.findings.iter().filter(settled).cloned().collect();
    found.extend(findings.iter().cloned());
    found.extend(known.findings.iter().filter(|f| f.stands(known, analysis)).cloned());
    if let Some(due_ms) = whole_ms.filter(|_| !told_whole) {
        let passed =
            |f: &Due| (f.number, f.due_ms) == (WHOLE, due_ms) && !(f.history && analysis.ended());
        found.extend(whole_late(steps(known), due_ms, known.fired.iter().any(passed)));
    }
    numbered(found)
}

/// Events by which the findings that are known become those that were found.
fn compare(case: CaseKey, known: &Case, found: Vec<Finding>, news: &mut Vec<Event>) {
    let mut old: Vec<&Finding> = known.findings.iter().collect();
    let mut taken: Vec<&Finding> = Vec::new();
    let mut fresh = Vec::new();
    for finding in found {
        let alike = |f: &&Finding| {
            f.alike(&finding) && (f.at_ms, &f.expected) == (finding.at_ms, &finding.expected)
        };
        match old.iter().position(alike) {
            Some(at) => taken.push(old.remove(at)),
            None => fresh.push(finding),
        }
    }
    let untrue = old.into_iter().cloned();
    news.extend(untrue.map(|finding| Event::Withdrawn { case, finding }));
    let mut kept: Vec<Finding> = taken.into_iter().cloned().collect();
    for mut finding in fresh {
        finding.occurrence = finding.free_among(&kept);
        kept.push(finding.clone());
        news.push(Event::Deviated { case, finding });
    }
}

impl Finding {
    /// Of the same kind and type.
    pub(super) fn alike(&self, other: &Finding) -> bool {
        (self.kind, self.step) == (other.kind, other.step)
    }

    /// The one of this number.
    pub(super) fn same(&self, other: &Finding) -> bool {
        self.alike(other) && self.occurrence == other.occurrence
    }

    /// The first number that none of its kind has.
    pub(super) fn free_among(&self, known: &[Finding]) -> u32 {
        let has = |number: &u32| known.iter().any(|f| f.alike(self) && f.occurrence == *number);
        (0..).find(|number| !has(number)).unwrap_or_default()
    }

    /// The deadline of the whole case passed: nothing is said to be expected instead.
    fn is_of_whole(&self) -> bool {
        self.kind == FindingKind::TooLate && self.expected.is_empty()
    }

    /// It was told when a deadline passed unheard.
    fn told(&self, case: &Case) -> bool {
        let told = |due: &Due| due.number != WHOLE && due.due_ms == self.at_ms;
        self.kind == FindingKind::TooLate && !self.is_of_whole() && case.fired.iter().any(told)
    }

    /// A deadline that passed unheard stays a finding whatever comes later; one that had passed
    /// before anything was heard at all does until it is known that it was kept.
    fn stands(&self, case: &Case, analysis: &Analysis) -> bool {
        let waits = |due: &Due| analysis.waiting.contains(&(due.number, due.due_ms));
        let mut fired = case.fired.iter().filter(|due| due.due_ms == self.at_ms);
        self.told(case) && fired.any(|due| due.number != WHOLE && (!due.history || waits(due)))
    }
}
