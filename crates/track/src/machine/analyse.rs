//! What the events of a case say about it, by the cheapest explanation that the model gives.

use super::state::{Case, Due, Seen};
use crate::chart::Chart;
use crate::conform::{Aligner, Move};

/// What is wrong with a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub kind: FindingKind,
    /// The event type that it is about.
    pub step: u32,
    /// How many findings of the same kind and type the case had before.
    pub occurrence: u32,
    /// What could have come instead, at most three types.
    pub expected: Box<[u32]>,
    /// Event time of what came wrong; of a skipped step, of the event that passed over it.
    pub at_ms: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingKind {
    /// A later step came without this one.
    Skipped,
    /// It came again where the model has it once.
    Repeated,
    /// It came, but not in its place.
    WrongOrder,
    /// It has no place in this case, or in the model.
    Unexpected,
    /// It came after its deadline, or the deadline passed without it.
    TooLate,
}

impl FindingKind {
    pub const ALL: [FindingKind; 5] = [
        FindingKind::Skipped,
        FindingKind::Repeated,
        FindingKind::WrongOrder,
        FindingKind::Unexpected,
        FindingKind::TooLate,
    ];

    pub fn name(self) -> &'static str {
        match self {
            FindingKind::Skipped => "skipped",
            FindingKind::Repeated => "repeated",
            FindingKind::WrongOrder => "wrong order",
            FindingKind::Unexpected => "unexpected",
            FindingKind::TooLate => "too late",
        }
    }
}

/// A case as the model sees it. Types are numbers of the chart.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Analysis {
    pub findings: Vec<Finding>,
    /// Where its tokens are, each with the time at which it came there.
    pub marking: Vec<(u32, i64)>,
    /// Types that can come next.
    pub next: Vec<u32>,
    /// It can end here without a further event.
    pub may_end: bool,
    /// Elements whose events were waited for too long: deadline number and when it was due.
    pub overdue: Vec<(u32, i64)>,
    /// Deadlines of what is waited for now: number and due time.
    pub waiting: Vec<(u32, i64)>,
}

/// One step of the run, with the steps that it needs.
struct Ran {
    transition: usize,
    /// Positions of the steps whose tokens it took.
    needs: Vec<usize>,
    seen: Option<Seen>,
    reached_ms: i64,
    left_ms: i64,
    /// An observed step depends on it, or it is one.
    happened: bool,
}

pub(super) fn analyse_case(chart: &Chart, aligner: &mut Aligner, case: &Case) -> Analysis {
    let Case { base, past, events, fired, .. } = case;
    Laid { base, earlier: past, events, fired }.analyse(chart, aligner)
}

/// Steps that are laid over the model.
#[derive(Clone, Copy)]
pub(super) struct Laid<'a> {
    /// The marking before them; empty is the start.
    pub base: &'a [u32],
    /// Steps that the marking stands for, as far as they are known.
    pub earlier: &'a [Seen],
    pub events: &'a [Seen],
    /// Deadlines that passed already.
    pub fired: &'a [Due],
}

impl Laid<'_> {
    pub fn analyse(self, chart: &Chart, aligner: &mut Aligner) -> Analysis {
        let Laid { base, earlier, events, fired } = self;
        let whole = base.is_empty();
        let base: Vec<u32> = match base.is_empty() {
            true => vec![chart.net.start],
            false => base.to_vec(),
        };
        let trace: Vec<u32> = events.iter().map(|event| event.kind).collect();
        let moves = aligner.align_from(&base, &trace).moves;
        let (mut steps, alone) = run(chart, events, &base, &moves);
        mark_happened(&mut steps);
        let marking = marking(chart, events, &base, &steps);
        let places: Vec<u32> = marking.iter().map(|(place, _)| *place).collect();
        let (next, may_end) = aligner.next(&places);
        let mut analysis = Analysis { marking, next, may_end, ..Analysis::default() };
        let run = Run { base: &base, earlier, steps: &steps, alone: &alone };
        run.findings(chart, aligner, &mut analysis.findings);
        lateness(chart, &steps, fired, &mut analysis);
        if whole {
            whole_late(chart, events, &mut analysis);
        }
        analysis
    }
}

/// How the model explains steps.
struct Run<'a> {
    base: &'a [u32],
    earlier: &'a [Seen],
    steps: &'a [Ran],
    alone: &'a [Alone],
}

/// An event that the model does not explain, and after how many steps of the run it came.
struct Alone {
    event: Seen,
    after: usize,
}

fn run(chart: &Chart, events: &[Seen], base: &[u32], moves: &[Move]) -> (Vec<Ran>, Vec<Alone>) {
    let begin = events.first().map_or(0, |event| event.time_ms);
    let mut producer: Vec<Option<usize>> = vec![None; chart.net.places as usize];
    let mut since = vec![begin; chart.net.places as usize];
    debug_assert!(base.iter().all(|place| *place < chart.net.places));
    let mut events = events.iter().copied();
    let (mut steps, mut alone): (Vec<Ran>, Vec<Alone>) = (Vec::new(), Vec::new());
    for step in moves {
        let (transition, seen) = match step {
            Move::LogOnly(_) => {
                let after = steps.len();
                alone.extend(events.next().map(|event| Alone { event, after }));
                continue;
            }
            Move::Both { transition, .. } => (*transition as usize, events.next()),
            Move::ModelOnly { transition, .. } | Move::Silent { transition } => {
                (*transition as usize, None)
            }
        };
        let net = &chart.net.transitions[transition];
        let needs = net.inputs.iter().filter_map(|place| producer[*place as usize]).collect();
        let reached_ms = net.inputs.iter().map(|p| since[*p as usize]).max().unwrap_or(begin);
        let left_ms = seen.map_or(reached_ms, |event| event.time_ms.max(reached_ms));
        for place in &net.outputs {
            producer[*place as usize] = Some(steps.len());
            since[*place as usize] = left_ms;
        }
        let happened = seen.is_some();
        steps.push(Ran { transition, needs, seen, reached_ms, left_ms, happened });
    }
    (steps, alone)
}

/// What an observed step depends on has happened too; the rest of the run is only how the case
/// could go on.
fn mark_happened(steps: &mut [Ran]) {
    for at in (0..steps.len()).rev() {
        if steps[at].happened {
            for need in steps[at].needs.clone() {
                steps[need].happened = true;
            }
        }
    }
}

fn marking(chart: &Chart, events: &[Seen], base: &[u32], steps: &[Ran]) -> Vec<(u32, i64)> {
    let begin = events.first().map_or(0, |event| event.time_ms);
    let mut tokens: Vec<Option<i64>> = vec![None; chart.net.places as usize];
    base.iter().for_each(|place| tokens[*place as usize] = Some(begin));
    for step in steps.iter().filter(|step| step.happened) {
        let net = &chart.net.transitions[step.transition];
        net.inputs.iter().for_each(|place| tokens[*place as usize] = None);
        net.outputs.iter().for_each(|place| tokens[*place as usize] = Some(step.left_ms));
    }
    (0..).zip(tokens).filter_map(|(place, since)| Some((place, since?))).collect()
}

impl Run<'_> {
    fn findings(&self, chart: &Chart, aligner: &mut Aligner, found: &mut Vec<Finding>) {
        // Labels that the run has without an event; one that came elsewhere is taken off again.
        let label = |step: &Ran| chart.net.transitions[step.transition].label;
        let missing = |step: &&Ran| step.seen.is_none() && label(step).is_some();
        let mut skipped: Vec<&Ran> = self.steps.iter().filter(missing).collect();
        let mut add = |kind, step, expected: Vec<u32>, at_ms| {
            let occurrence =
                found.iter().filter(|f: &&Finding| (f.kind, f.step) == (kind, step)).count() as u32;
            let expected = expected.into_iter().take(3).collect();
            found.push(Finding { kind, step, occurrence, expected, at_ms });
        };
        for Alone { event, after } in self.alone {
            let instead = expected(chart, aligner, self.base, &self.steps[..*after]);
            let elsewhere = skipped.iter().position(|step| label(step) == Some(event.kind));
            let seen = |s: &Ran| s.seen.is_some() && label(s) == Some(event.kind);
            let before = self.steps.iter().any(seen)
                || label_of(chart, event.kind) && self.earlier.iter().any(|e| e.kind == event.kind);
            let kind = match elsewhere {
                Some(at) => {
                    skipped.remove(at);
                    FindingKind::WrongOrder
                }
                None if before => FindingKind::Repeated,
                None => FindingKind::Unexpected,
            };
            add(kind, event.kind, instead, event.time_ms);
        }
        for step in skipped.into_iter().filter(|step| step.happened) {
            let Some(label) = label(step) else { continue };
            add(FindingKind::Skipped, label, vec![label], step.left_ms);
        }
    }
}

/// Whether the model has a step of this type.
fn label_of(chart: &Chart, kind: u32) -> bool {
    (kind as usize) < chart.kinds.len()
}

/// What the model could have done after these steps.
fn expected(chart: &Chart, aligner: &mut Aligner, base: &[u32], steps: &[Ran]) -> Vec<u32> {
    let mut tokens = base.to_vec();
    for step in steps.iter().filter(|step| step.happened) {
        let net = &chart.net.transitions[step.transition];
        tokens.retain(|place| !net.inputs.contains(place));
        tokens.extend(&net.outputs);
    }
    aligner.next(&tokens).0
}

/// Steps after their deadline, and the deadlines of what is waited for.
fn lateness(chart: &Chart, steps: &[Ran], fired: &[Due], analysis: &mut Analysis) {
    for (number, deadline) in (0_u32..).zip(&chart.deadlines) {
        for step in steps
            .iter()
            .filter(|step| chart.transitions[step.transition].element == deadline.element)
        {
            let Some(event) = step.seen else { continue };
            let due_ms = step.reached_ms + deadline.within_ms;
            if event.time_ms > due_ms {
                analysis.overdue.push((number, due_ms));
                // It was told already as that of another way out of the same decision.
                let told = |f: &Due| f.number != number && chart.is_fired(f, number, due_ms);
                if fired.iter().any(told) {
                    continue;
                }
                analysis.too_late(deadline.kind, event.time_ms);
            }
        }
        let tokens = analysis.marking.iter();
        let token = tokens.filter(|(place, _)| deadline.places.contains(place));
        let Some((place, since)) = token.max_by_key(|(_, at)| *at).copied() else { continue };
        let due_ms = since.saturating_add(deadline.within_ms);
        // One decision is waited for, whichever way it goes.
        let same =
            |(other, due): &(u32, i64)| *due == due_ms && chart.rivals(*other, number, place);
        if !analysis.waiting.iter().any(same) {
            analysis.waiting.push((number, due_ms));
        }
    }
}

/// A case with an event behind the deadline of the whole.
fn whole_late(chart: &Chart, events: &[Seen], analysis: &mut Analysis) {
    let (Some(within), Some(first)) = (chart.case_deadline_ms, events.first()) else { return };
    let due_ms = first.time_ms.saturating_add(within);
    let behind = events.partition_point(|event| event.time_ms <= due_ms);
    if behind < events.len() {
        analysis.too_late(events[behind.max(1) - 1].kind, due_ms);
    }
}

impl Analysis {
    /// Where its tokens are.
    pub(super) fn places(&self) -> Box<[u32]> {
        self.marking.iter().map(|(place, _)| *place).collect()
    }

    fn too_late(&mut self, step: u32, at_ms: i64) {
        let kind = FindingKind::TooLate;
        let same = |f: &&Finding| (f.kind, f.step) == (kind, step);
        let occurrence = self.findings.iter().filter(same).count() as u32;
        self.findings.push(Finding { kind, step, occurrence, expected: Box::default(), at_ms });
    }

    /// What is still waited for at `now_ms` although its time is over.
    fn overdue_at(&mut self, chart: &Chart, events: &[Seen], now_ms: i64) {
        for (number, due_ms) in self.waiting.clone() {
            if due_ms <= now_ms {
                self.too_late(chart.deadlines[number as usize].kind, due_ms);
            }
        }
        let (Some(within), Some((first, last))) =
            (chart.case_deadline_ms, events.first().zip(events.last()))
        else {
            return;
        };
        let due_ms = first.time_ms.saturating_add(within);
        let ended = self.may_end && self.next.is_empty();
        if !ended && last.time_ms <= due_ms && due_ms <= now_ms {
            self.too_late(last.kind, due_ms);
        }
    }
}

/// Judges events outside the machine: times and types, in event-time order, as they stand at
/// `now_ms`.
pub(crate) fn judge(
    chart: &Chart,
    aligner: &mut Aligner,
    events: impl Iterator<Item = (i64, u32)>,
    now_ms: i64,
) -> Analysis {
    let seen = |(order, (time_ms, kind))| Seen { time_ms, kind, identity: 0, order };
    let events: Vec<Seen> = (0..).zip(events).map(seen).collect();
    let laid = Laid { base: &[], earlier: &[], events: &events, fired: &[] };
    let mut analysis = laid.analyse(chart, aligner);
    analysis.overdue_at(chart, &events, now_ms);
    analysis
}
