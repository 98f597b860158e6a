//! Steps laid over the model: the cheapest run that explains them, what is wrong by it, and where
//! it leaves the tokens.

use super::analyse::{Analysis, Finding, FindingKind, finding};
use super::state::{Due, Seen};
use crate::chart::Chart;
use crate::conform::{Aligner, Move};

/// A token whose time nobody knows any more came with the first event behind it.
pub(super) const UNKNOWN_MS: i64 = i64::MIN;

/// Steps that are laid over the model.
#[derive(Clone, Copy)]
pub(super) struct Laid<'a> {
    /// Where the tokens were before them, and since when; empty is the start.
    pub base: &'a [(u32, i64)],
    /// Steps that the marking stands for, as far as they are known.
    pub earlier: [&'a [Seen]; 2],
    pub events: &'a [Seen],
    /// Deadlines that passed already.
    pub fired: &'a [Due],
}

/// How the model explains them.
pub(super) struct Explained<'a> {
    chart: &'a Chart,
    laid: Laid<'a>,
    base: Vec<(u32, i64)>,
    steps: Vec<Ran>,
    alone: Vec<Alone>,
    /// What is wrong, and the number of the event that shows it.
    pub findings: Vec<(Finding, usize)>,
    /// Numbers of the events that are out of order, each with that which passed over their place.
    pub pairs: Vec<(usize, usize)>,
    /// Elements whose events came too late: deadline number and when it was due.
    overdue: Vec<(u32, i64)>,
}

/// One step of the run, with the steps that it needs.
struct Ran {
    transition: usize,
    /// Positions of the steps whose tokens it took.
    needs: Vec<usize>,
    /// The event, and its number.
    seen: Option<(usize, Seen)>,
    reached_ms: i64,
    left_ms: i64,
    /// The first event that depends on it, or is it: number and time. The rest of the run is only
    /// how the case could go on.
    passed: Option<(usize, i64)>,
}

/// An event that the model does not explain, and after how many steps of the run it came.
struct Alone {
    number: usize,
    event: Seen,
    after: usize,
}

impl<'a> Laid<'a> {
    pub fn explain(self, chart: &'a Chart, aligner: &mut Aligner) -> Explained<'a> {
        let Laid { base, events, .. } = self;
        let begin = events.first().map_or(0, |event| event.time_ms);
        let since = |(place, at): &(u32, i64)| match *at {
            UNKNOWN_MS => (*place, begin),
            at => (*place, at),
        };
        let base: Vec<(u32, i64)> = match base.is_empty() {
            true => vec![(chart.net.start, begin)],
            false => base.iter().map(since).collect(),
        };
        let places: Vec<u32> = base.iter().map(|(place, _)| *place).collect();
        let trace: Vec<u32> = events.iter().map(|event| event.kind).collect();
        let moves = aligner.align_from(&places, &trace).moves;
        let (mut steps, alone) = run(chart, events, &base, &moves);
        mark_passed(&mut steps);
        let (findings, pairs, overdue) = Default::default();
        let laid = self;
        let mut told = Explained { chart, laid, base, steps, alone, findings, pairs, overdue };
        told.compare(aligner);
        told.lateness();
        told
    }
}

fn run(
    chart: &Chart,
    events: &[Seen],
    base: &[(u32, i64)],
    moves: &[Move],
) -> (Vec<Ran>, Vec<Alone>) {
    let mut producer: Vec<Option<usize>> = vec![None; chart.net.places as usize];
    let mut since = vec![UNKNOWN_MS; chart.net.places as usize];
    debug_assert!(base.iter().all(|(place, _)| *place < chart.net.places));
    base.iter().for_each(|(place, at)| since[*place as usize] = *at);
    let mut events = events.iter().copied().enumerate();
    let (mut steps, mut alone): (Vec<Ran>, Vec<Alone>) = (Vec::new(), Vec::new());
    for step in moves {
        let (transition, seen) = match step {
            Move::LogOnly(_) => {
                let after = steps.len();
                alone.extend(events.next().map(|(number, event)| Alone { number, event, after }));
                continue;
            }
            Move::Both { transition, .. } => (*transition as usize, events.next()),
            Move::ModelOnly { transition, .. } | Move::Silent { transition } => {
                (*transition as usize, None)
            }
        };
        let net = &chart.net.transitions[transition];
        let needs = net.inputs.iter().filter_map(|place| producer[*place as usize]).collect();
        let reached = net.inputs.iter().map(|place| since[*place as usize]).max();
        let reached_ms = reached.unwrap_or(UNKNOWN_MS);
        let left_ms = seen.map_or(reached_ms, |(_, event)| event.time_ms.max(reached_ms));
        for place in &net.outputs {
            producer[*place as usize] = Some(steps.len());
            since[*place as usize] = left_ms;
        }
        let passed = seen.map(|(number, event)| (number, event.time_ms));
        steps.push(Ran { transition, needs, seen, reached_ms, left_ms, passed });
    }
    (steps, alone)
}

/// What an observed step depends on has happened too.
fn mark_passed(steps: &mut [Ran]) {
    for at in (0..steps.len()).rev() {
        let Some(by) = steps[at].passed else { continue };
        for need in steps[at].needs.clone() {
            let known = steps[need].passed;
            steps[need].passed = Some(known.map_or(by, |known| known.min(by)));
        }
    }
}

impl Explained<'_> {
    fn label(&self, step: &Ran) -> Option<u32> {
        self.chart.net.transitions[step.transition].label
    }

    /// Where the tokens are once the first `events` events have happened.
    pub fn marking(&self, events: usize) -> Box<[(u32, i64)]> {
        let mut tokens: Vec<Option<i64>> = vec![None; self.chart.net.places as usize];
        self.base.iter().for_each(|(place, at)| tokens[*place as usize] = Some(*at));
        let happened = |step: &&Ran| step.passed.is_some_and(|(number, _)| number < events);
        for step in self.steps.iter().filter(happened) {
            let net = &self.chart.net.transitions[step.transition];
            net.inputs.iter().for_each(|place| tokens[*place as usize] = None);
            net.outputs.iter().for_each(|place| tokens[*place as usize] = Some(step.left_ms));
        }
        (0..).zip(tokens).filter_map(|(place, since)| Some((place, since?))).collect()
    }

    fn compare(&mut self, aligner: &mut Aligner) {
        // Labels that the run has without an event; one that came elsewhere is taken off again.
        let missing = |step: &&Ran| step.seen.is_none() && self.label(step).is_some();
        let mut skipped: Vec<&Ran> = self.steps.iter().filter(missing).collect();
        let (mut found, mut pairs) = (Vec::new(), Vec::new());
        for Alone { number, event, after } in &self.alone {
            let expected = self.expected(aligner, &self.steps[..*after], *number);
            let elsewhere = skipped.iter().position(|step| self.label(step) == Some(event.kind));
            let kind = match elsewhere {
                Some(at) => {
                    let passed = skipped.remove(at).passed;
                    pairs.extend(passed.map(|(by, _)| (*number, by)));
                    FindingKind::WrongOrder
                }
                None if self.had(event.kind) => FindingKind::Repeated,
                None => FindingKind::Unexpected,
            };
            found.push((finding(kind, event.kind, &expected, event.time_ms), *number));
        }
        for step in skipped {
            let (Some((by, at_ms)), Some(label)) = (step.passed, self.label(step)) else {
                continue;
            };
            found.push((finding(FindingKind::Skipped, label, &[label], at_ms), by));
        }
        (self.findings, self.pairs) = (found, pairs);
    }

    /// Whether the case has a step of this type that the model explains, or had any before.
    fn had(&self, kind: u32) -> bool {
        let seen = |step: &Ran| step.seen.is_some() && self.label(step) == Some(kind);
        let earlier = || self.laid.earlier.into_iter().flatten().any(|e| e.kind == kind);
        let modelled = (kind as usize) < self.chart.kinds.len();
        self.steps.iter().any(seen) || modelled && earlier()
    }

    /// What the model could have done after these steps, as far as they had happened before the
    /// event of this number.
    fn expected(&self, aligner: &mut Aligner, steps: &[Ran], number: usize) -> Vec<u32> {
        let mut tokens: Vec<u32> = self.base.iter().map(|(place, _)| *place).collect();
        let happened = |step: &&Ran| step.passed.is_some_and(|(by, _)| by < number);
        for step in steps.iter().filter(happened) {
            let net = &self.chart.net.transitions[step.transition];
            tokens.retain(|place| !net.inputs.contains(place));
            tokens.extend(&net.outputs);
        }
        aligner.next(&tokens).0
    }

    /// Steps after their deadline.
    fn lateness(&mut self) {
        let Explained { chart, laid, steps, .. } = &*self;
        let (mut late, mut overdue) = (Vec::new(), Vec::new());
        for (number, deadline) in (0_u32..).zip(&chart.deadlines) {
            let of = |step: &&Ran| chart.transitions[step.transition].element == deadline.element;
            for step in steps.iter().filter(of) {
                let Some((at, event)) = step.seen else { continue };
                let due_ms = step.reached_ms.saturating_add(deadline.within_ms);
                if event.time_ms <= due_ms {
                    continue;
                }
                overdue.push((number, due_ms));
                // An alarm told it already, maybe as that of another way out of the decision.
                let told = |f: &Due| !f.history && chart.is_fired(f, number, due_ms);
                if !laid.fired.iter().any(told) {
                    let kind = deadline.kind;
                    late.push((finding(FindingKind::TooLate, kind, &[kind], event.time_ms), at));
                }
            }
        }
        self.findings.extend(late);
        self.overdue = overdue;
    }

    /// The case as it stands behind all events; its findings are told apart.
    pub fn analysis(self, aligner: &mut Aligner) -> Analysis {
        let marking = self.marking(usize::MAX).into_vec();
        let places: Vec<u32> = marking.iter().map(|(place, _)| *place).collect();
        let (next, may_end) = aligner.next(&places);
        let waiting = waiting(self.chart, &marking);
        let overdue = self.overdue;
        Analysis { findings: Vec::new(), marking, next, may_end, overdue, waiting }
    }
}

/// The deadlines of what is waited for.
fn waiting(chart: &Chart, marking: &[(u32, i64)]) -> Vec<(u32, i64)> {
    let mut waiting: Vec<(u32, i64)> = Vec::new();
    for (number, deadline) in (0_u32..).zip(&chart.deadlines) {
        let token = marking.iter().filter(|(place, _)| deadline.places.contains(place));
        let Some((place, since)) = token.max_by_key(|(_, at)| *at).copied() else { continue };
        let due_ms = since.saturating_add(deadline.within_ms);
        // One decision is waited for, whichever way it goes.
        let same =
            |(other, due): &(u32, i64)| *due == due_ms && chart.rivals(*other, number, place);
        if !waiting.iter().any(same) {
            waiting.push((number, due_ms));
        }
    }
    waiting
}

/// That the whole took too long: a step came behind its deadline, or `passed` says that none came.
pub(super) fn whole_late<'s>(
    steps: impl Iterator<Item = &'s Seen>,
    due_ms: i64,
    passed: bool,
) -> Option<Finding> {
    let mut steps = steps.peekable();
    let mut last = steps.peek()?.kind;
    let mut behind = false;
    for step in steps {
        if step.time_ms > due_ms {
            behind = true;
            break;
        }
        last = step.kind;
    }
    (behind || passed).then(|| finding(FindingKind::TooLate, last, &[], due_ms))
}
