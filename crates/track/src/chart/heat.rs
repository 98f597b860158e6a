//! How often a log passed each element and flow of a model, and how long it waited there.

use std::collections::BTreeMap;

use model::Process;
use serde::Serialize;

use super::{Chart, Ways};
use crate::conform::{Aligner, Move};
use crate::discover::Tree;
use crate::log::{Activity, Case, Log};
use crate::machine::judge;
use crate::stats::Times;

/// Figures by element and flow id.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Heat {
    pub cases: u64,
    pub elements: BTreeMap<String, ElementHeat>,
    pub flows: BTreeMap<String, u64>,
}

/// What happened at one element.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ElementHeat {
    /// Times that it was passed, seen or silent.
    pub passed: u64,
    /// Times that its event was due and did not come.
    pub missed: u64,
    /// From when it was reached until its event.
    pub waited: Times,
}

/// Lays every case over the model by an optimal alignment of its variant; the aligner is one of
/// [`Chart::aligner`]. A case that may not end where it is counts up to there: what it still has
/// to do is not passed, and not missed.
pub fn heat(chart: &Chart, process: &Process, log: &Log, aligner: &mut Aligner) -> Heat {
    let numbers: Vec<Activity> = chart.numbers(log);
    let mut heat = Heat { cases: log.cases.len() as u64, ..Heat::default() };
    for element in &chart.elements {
        heat.elements.insert(element.id.to_string(), ElementHeat::default());
    }
    for flow in &process.flows {
        heat.flows.insert(flow.id.to_string(), 0);
    }
    let mut open: BTreeMap<(u32, Vec<u32>), bool> = BTreeMap::new();
    let mut ways = Ways::new(chart, log, aligner);
    for case in &log.cases {
        let (closed, chart, aligner) = ways.of(case);
        let trace: Vec<Activity> =
            case.events.iter().map(|event| numbers[event.activity as usize]).collect();
        let open = *open.entry((case.variant, closed)).or_insert_with(|| {
            let events = case.events.iter().map(|e| (e.time_ms, numbers[e.activity as usize]));
            !judge(chart, aligner, events, i64::MIN).may_end
        });
        let moves = aligner.align(&trace).moves;
        let mut moves = &moves[..];
        if open {
            let seen = |step: &Move| matches!(step, Move::Both { .. } | Move::LogOnly(_));
            let last = moves.iter().rposition(seen).map_or(0, |last| last + 1);
            moves = &moves[..last];
        }
        walk(chart, process, case, moves, open, &mut heat);
    }
    heat.elements.values_mut().for_each(|element| element.waited.sort());
    heat
}

impl Chart {
    /// Explains the cases of a log by this model, each variant once for all who ask.
    pub fn aligner(&self, log: &Log) -> Aligner {
        Aligner::for_log(&self.net, self.kinds.len() + log.activities.len())
    }

    /// The same; in polynomial time where the model was made of a tree of this log's activities.
    pub fn aligner_of(&self, log: &Log, tree: Option<&Tree>) -> Aligner {
        let labels = self.kinds.len() + log.activities.len();
        match tree {
            Some(tree) => self.aligner(log).with_tree(&tree.renamed(&self.numbers(log)), labels),
            None => self.aligner(log),
        }
    }

    /// The number of each activity of a log in the model; unknown ones lie behind the known.
    pub(crate) fn numbers(&self, log: &Log) -> Vec<Activity> {
        let unknown = |at: usize| (self.kinds.len() + at) as Activity;
        let names = log.activities.iter().enumerate();
        names.map(|(at, name)| self.kind(name).unwrap_or_else(|| unknown(at))).collect()
    }
}

fn walk(
    chart: &Chart,
    process: &Process,
    case: &Case,
    moves: &[Move],
    open: bool,
    heat: &mut Heat,
) {
    let begin = case.events.first().map_or(0, |event| event.time_ms);
    // When the token of each place came there.
    let mut since = vec![begin; chart.net.places as usize];
    let mut events = case.events.iter();
    for step in moves {
        let (transition, seen, missed) = match step {
            Move::LogOnly(_) => {
                events.next();
                continue;
            }
            Move::Both { transition, .. } => (*transition as usize, events.next(), false),
            Move::ModelOnly { transition, .. } => (*transition as usize, None, true),
            Move::Silent { transition } => (*transition as usize, None, false),
        };
        let (net, meaning) = (&chart.net.transitions[transition], &chart.transitions[transition]);
        let reached = net.inputs.iter().map(|place| since[*place as usize]).max().unwrap_or(begin);
        let left = seen.map_or(reached, |event| event.time_ms.max(reached));
        let id = &chart.elements[meaning.element as usize].id;
        if let Some(element) = heat.elements.get_mut(&**id) {
            element.passed += u64::from(!missed);
            element.missed += u64::from(missed);
            if seen.is_some() && net.inputs.first() != Some(&chart.net.start) {
                element.waited.push(left - reached);
            }
        }
        net.outputs.iter().for_each(|place| since[*place as usize] = left);
        // The flow behind the element at which a case is was not taken yet.
        for place in if open { &net.inputs } else { &net.outputs } {
            if let Some(flow) = chart.places[*place as usize]
                && let Some(count) = heat.flows.get_mut(&*process.flows[flow as usize].id)
            {
                *count += 1;
            }
        }
    }
}
