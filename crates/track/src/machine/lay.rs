//! A case of any length over its model, window by window.
//!
//! What is found is a function of the steps in event-time order alone: whenever a window of
//! [`CASE_EVENTS_MAX`] steps and one more is full, its first half is settled by what the whole
//! window says of it, and becomes a marking, a [`Fold`]. A step that comes late, again or elsewhere
//! undoes the folds whose window it lies in, and the case is laid anew from the last that holds:
//! what a late step costs depends on how late it is, not on how long its case is.

use super::analyse::{Analysis, Finding};
use super::explain::Laid;
use super::state::{Case, Due, Fold, Seen};
use crate::chart::Chart;
use crate::conform::Aligner;
use crate::limits::CASE_EVENTS_MAX;

/// What came of laying.
pub(super) struct Laying {
    /// Where it began, in steps of the case.
    pub from: u32,
    /// New folds behind that.
    pub folds: Vec<Fold>,
    /// What is wrong behind that.
    pub findings: Vec<Finding>,
    /// The case as it stands at its end; its findings are those above.
    pub analysis: Analysis,
}

/// Lays the second part of the steps over the model; the first comes before the start.
pub(super) fn lay(
    chart: &Chart,
    aligner: &mut Aligner,
    start: &Fold,
    [earlier, rest]: [&[Seen]; 2],
    fired: &[Due],
) -> Laying {
    let (mut folds, mut findings, mut at) = (Vec::new(), Vec::new(), 0);
    let mut base = start.marking.clone();
    loop {
        let events = &rest[at..rest.len().min(at + CASE_EVENTS_MAX + 1)];
        let laid = Laid { base: &base, earlier: [earlier, &rest[..at]], events, fired };
        let mut told = laid.explain(chart, aligner);
        let found = std::mem::take(&mut told.findings);
        if events.len() <= CASE_EVENTS_MAX {
            findings.extend(found.into_iter().map(|(finding, _)| finding));
            let (from, analysis) = (start.steps, told.analysis(aligner));
            return Laying { from, folds, findings, analysis };
        }
        let steps = cut(events, &told.pairs);
        let settled = found.into_iter().filter(|(_, number)| *number < steps);
        findings.extend(settled.map(|(finding, _)| finding));
        let next = told.marking(steps);
        let place = start.steps + (at + steps) as u32;
        let upto = start.steps + (at + events.len()) as u32;
        folds.push(Fold { steps: place, upto, marking: next.clone() });
        (base, at) = (next, at + steps);
    }
}

/// Where about half a window ends: between two times where there is such a place, and not between
/// a step that is out of order and its place in the model, so that a finding is on one side.
fn cut(events: &[Seen], pairs: &[(usize, usize)]) -> usize {
    let half = CASE_EVENTS_MAX / 2;
    let between =
        || (half..events.len() - 1).filter(|at| events[at - 1].time_ms < events[*at].time_ms);
    let apart = |at: &usize| pairs.iter().any(|(one, other)| (one < at) != (other < at));
    between().find(|at| !apart(at)).or_else(|| between().next()).unwrap_or(half)
}

impl Case {
    /// Lays the case from its last fold that holds; `anew` from its beginning, where that is known.
    pub(super) fn lay(&self, chart: &Chart, aligner: &mut Aligner, anew: bool) -> Laying {
        let begin = Fold::default();
        let unknown = self.unknown();
        let holds = |fold: &&Fold| {
            fold.steps >= unknown && !(anew && unknown == 0) && !self.torn(fold.steps)
        };
        // Of a case that lost its folds with its beginning what is known is all there is.
        let lost = Fold { steps: unknown, ..Fold::default() };
        let known = || self.folds.iter().find(|fold| fold.steps >= unknown);
        let first = if unknown == 0 { &begin } else { known().unwrap_or(&lost) };
        let start = self.folds.iter().rev().find(holds).unwrap_or(first);
        if start.steps == self.folded {
            let all: [&[Seen]; 2] = [&self.past, &self.events];
            return lay(chart, aligner, start, all, &self.fired);
        }
        let all: Vec<Seen> = self.past.iter().chain(&self.events).copied().collect();
        let (earlier, rest) = all.split_at((start.steps - unknown) as usize);
        lay(chart, aligner, start, [earlier, rest], &self.fired)
    }

    /// Whether a fold lies within one moment, whose findings may be on both its sides.
    fn torn(&self, steps: u32) -> bool {
        let Some(at) = steps.checked_sub(self.unknown() + 1) else { return false };
        let time = |at: usize| self.step(at).map(|step| step.time_ms);
        time(at as usize + 1).is_some_and(|behind| time(at as usize) == Some(behind))
    }

    /// A known step by its number.
    pub(super) fn step(&self, at: usize) -> Option<&Seen> {
        self.past.get(at).or_else(|| self.events.get(at.checked_sub(self.past.len())?))
    }
}
