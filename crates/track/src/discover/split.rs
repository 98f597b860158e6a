//! Splits a log along a cut. Where a trace does not obey the cut (possible with a noise threshold
//! only), as few events as possible are left out.

use super::cut::Cut;
use super::graph::{Graph, Part};
use super::sublog::Sublog;
use crate::log::Activity;

/// One sublog for each part of the cut.
pub(super) fn split(log: &Sublog, graph: &Graph, cut: &Cut) -> Vec<Sublog> {
    let (Cut::Choice(parts) | Cut::Sequence(parts) | Cut::Parallel(parts) | Cut::Loop(parts)) = cut;
    let part_of = Parts::new(graph, parts);
    let mut sublogs: Vec<Vec<(Vec<Activity>, u64)>> = vec![Vec::new(); parts.len()];
    for (trace, cases) in &log.traces {
        match cut {
            Cut::Choice(_) => {
                let mut counts = vec![0; parts.len()];
                trace.iter().for_each(|activity| counts[part_of.get(*activity)] += 1);
                let most = counts.iter().copied().max().unwrap_or(0);
                let at = counts.iter().position(|count| *count == most).unwrap_or(0);
                let kept = trace.iter().copied().filter(|a| part_of.get(*a) == at);
                sublogs[at].push((kept.collect(), *cases));
            }
            Cut::Sequence(_) => {
                let pieces = in_order(trace, &part_of, parts.len());
                for (sublog, piece) in sublogs.iter_mut().zip(pieces) {
                    sublog.push((piece, *cases));
                }
            }
            Cut::Parallel(_) => {
                for (at, sublog) in sublogs.iter_mut().enumerate() {
                    let kept = trace.iter().copied().filter(|a| part_of.get(*a) == at);
                    sublog.push((kept.collect(), *cases));
                }
            }
            Cut::Loop(_) => {
                for (at, piece) in rounds(trace, &part_of) {
                    sublogs[at].push((piece, *cases));
                }
            }
        }
    }
    sublogs.into_iter().map(Sublog::collect).collect()
}

struct Parts<'a> {
    graph: &'a Graph,
    of: Vec<usize>,
}

impl Parts<'_> {
    fn new<'a>(graph: &'a Graph, parts: &[Part]) -> Parts<'a> {
        let mut of = vec![0; graph.len()];
        for (number, part) in parts.iter().enumerate() {
            for node in part {
                of[*node] = number;
            }
        }
        Parts { graph, of }
    }

    fn get(&self, activity: Activity) -> usize {
        self.of[self.graph.node(activity)]
    }
}

/// Pieces of a trace for parts in sequence. `best[p]` is the most events that can be kept so far
/// with the trace now being in part p or before; the choice is traced back afterwards.
fn in_order(trace: &[Activity], part_of: &Parts<'_>, count: usize) -> Vec<Vec<Activity>> {
    let mut best = vec![0_u32; count];
    // `entered[i][p]`: with event i, part p was kept better by being in p already than in p - 1.
    let mut from: Vec<Vec<usize>> = Vec::with_capacity(trace.len());
    for activity in trace {
        let part = part_of.get(*activity);
        best[part] += 1;
        // Being in a later part is never worse than in an earlier one that kept more.
        let mut origin: Vec<usize> = (0..count).collect();
        for p in 1..count {
            if best[p - 1] > best[p] {
                best[p] = best[p - 1];
                origin[p] = origin[p - 1];
            }
        }
        from.push(origin);
    }
    let mut pieces = vec![Vec::new(); count];
    let mut at = count - 1;
    for (activity, origin) in trace.iter().zip(&from).rev() {
        at = origin[at];
        let part = part_of.get(*activity);
        if part == at {
            pieces[at].push(*activity);
        }
    }
    for piece in &mut pieces {
        piece.reverse();
    }
    pieces
}

/// Pieces of a trace for a loop: body, redo, body, …, body. A trace that starts or ends in a redo
/// part gets an empty body there.
fn rounds(trace: &[Activity], part_of: &Parts<'_>) -> Vec<(usize, Vec<Activity>)> {
    let mut pieces: Vec<(usize, Vec<Activity>)> = vec![(0, Vec::new())];
    for activity in trace {
        let part = part_of.get(*activity);
        let current = pieces.last().map_or(0, |(at, _)| *at);
        if part != current {
            if part != 0 && current != 0 {
                pieces.push((0, Vec::new()));
            }
            pieces.push((part, Vec::new()));
        }
        if let Some((_, piece)) = pieces.last_mut() {
            piece.push(*activity);
        }
    }
    if pieces.last().is_some_and(|(at, _)| *at != 0) {
        pieces.push((0, Vec::new()));
    }
    pieces
}
