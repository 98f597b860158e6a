//! Cuts of a directly-follows graph: partitions of its activities whose parts relate in one way
//! everywhere (Leemans 2017, section 4.1).

use super::graph::{Graph, Part, components};
use super::sublog::Sublog;

/// Share of the noise threshold below which a pattern of two parts counts as never seen; smaller
/// than one because a pattern is rarer than an activity.
const RARE_PATTERN: f64 = 0.25;

/// A partition and how its parts relate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cut {
    Choice(Vec<Part>),
    /// In their order.
    Sequence(Vec<Part>),
    Parallel(Vec<Part>),
    /// The body first, then the redo parts.
    Loop(Vec<Part>),
}

/// The first cut that holds. With `dependent`, which is the log that the graph came from, parts in
/// sequence that depend on each other are one part, patterns below that share being chance.
pub(super) fn find(graph: &Graph, dependent: Option<(&Sublog, f64)>) -> Option<Cut> {
    if graph.len() < 2 {
        return None;
    }
    if let Some(parts) = choice(graph) {
        return Some(Cut::Choice(parts));
    }
    if let Some(parts) = sequence(graph, dependent) {
        return Some(Cut::Sequence(parts));
    }
    if let Some(parts) = parallel(graph) {
        return Some(Cut::Parallel(parts));
    }
    repeat(graph).map(Cut::Loop)
}

/// No way from one part to another.
fn choice(graph: &Graph) -> Option<Vec<Part>> {
    let parts = components(graph.len(), |a, b| graph.has(a, b) || graph.has(b, a));
    (parts.len() > 1).then_some(parts)
}

/// Every node of a later part comes after every node of an earlier one, never before.
fn sequence(graph: &Graph, depending: Option<(&Sublog, f64)>) -> Option<Vec<Part>> {
    let reach = graph.reach();
    let mut parts = components(graph.len(), |a, b| reach[a][b] == reach[b][a]);
    // Parts are homogeneous towards each other only after those that are not are merged.
    while let Some((a, b)) = mixed_pair(&parts, &reach) {
        let absorbed = parts.remove(b);
        parts[a].extend(absorbed);
    }
    if parts.len() < 2 {
        return None;
    }
    let before = |part: &Part| parts.iter().filter(|other| reach[other[0]][part[0]]).count();
    let mut order: Vec<(usize, usize)> = parts
        .iter()
        .enumerate()
        .map(|(at, part)| (before(part) - usize::from(reach[part[0]][part[0]]), at))
        .collect();
    order.sort_unstable();
    let ordered: Vec<Part> = order.into_iter().map(|(_, at)| parts[at].clone()).collect();
    let Some((log, noise)) = depending else { return Some(ordered) };
    let joined = dependent(graph, log, &ordered, noise);
    Some(if joined.len() > 1 { joined } else { ordered })
}

fn mixed_pair(parts: &[Part], reach: &[Vec<bool>]) -> Option<(usize, usize)> {
    for a in 0..parts.len() {
        for b in a + 1..parts.len() {
            let forward = reach[parts[a][0]][parts[b][0]];
            let uniform = parts[a].iter().all(|x| {
                parts[b].iter().all(|y| reach[*x][*y] == forward && reach[*y][*x] != forward)
            });
            if !uniform {
                return Some((a, b));
            }
        }
    }
    None
}

/// Joins neighbours that may both be passed over but not independently of each other: mined
/// apart, each would become optional by itself, which allows what never happened.
fn dependent(graph: &Graph, log: &Sublog, parts: &[Part], noise: f64) -> Vec<Part> {
    let mut part_of = vec![0; graph.len()];
    for (number, part) in parts.iter().enumerate() {
        for node in part {
            part_of[*node] = number;
        }
    }
    // For each pair of neighbours: cases with neither, the second only, the first only, both.
    let mut patterns = vec![[0_u64; 4]; parts.len() - 1];
    let mut seen = vec![false; parts.len()];
    for (trace, cases) in &log.traces {
        seen.fill(false);
        for activity in trace {
            seen[part_of[graph.node(*activity)]] = true;
        }
        for (at, pattern) in patterns.iter_mut().enumerate() {
            pattern[2 * usize::from(seen[at]) + usize::from(seen[at + 1])] += cases;
        }
    }
    let total = log.cases() as f64;
    let rare = |count: u64| count == 0 || (count as f64) < total * noise * RARE_PATTERN;
    let mut joined: Vec<Part> = vec![parts[0].clone()];
    for (pattern, part) in patterns.iter().zip(&parts[1..]) {
        let [neither, others @ ..] = *pattern;
        // Independent neighbours show all four patterns.
        if !rare(neither) && others.into_iter().any(rare) {
            joined.last_mut().expect("starts with one part").extend(part);
        } else {
            joined.push(part.clone());
        }
    }
    joined
}

/// Every node follows every node of another part directly, and each part can start and end.
fn parallel(graph: &Graph) -> Option<Vec<Part>> {
    let parts = components(graph.len(), |a, b| !graph.has(a, b) || !graph.has(b, a));
    let whole = |part: &Part| {
        part.iter().any(|node| graph.starts[*node] > 0)
            && part.iter().any(|node| graph.ends[*node] > 0)
    };
    // Those that can do both stay; the others join the first of them that they complete.
    let (mut kept, rest): (Vec<Part>, Vec<Part>) = parts.into_iter().partition(whole);
    let mut left: Part = rest.into_iter().flatten().collect();
    left.sort_unstable();
    if !left.is_empty() {
        if whole(&left) {
            kept.push(left);
        } else {
            // The smallest takes them in: the other parts stay small for their own cuts.
            let smallest = kept.iter_mut().min_by_key(|part| part.len())?;
            smallest.extend(left);
        }
    }
    (kept.len() > 1).then_some(kept)
}

/// The body has all starts and ends; from a redo part the way leads back to every start, and to
/// it from every end.
fn repeat(graph: &Graph) -> Option<Vec<Part>> {
    let edge = |node: usize| graph.starts[node] > 0 || graph.ends[node] > 0;
    let inner: Vec<usize> = (0..graph.len()).filter(|node| !edge(*node)).collect();
    let parts = components(inner.len(), |a, b| {
        graph.has(inner[a], inner[b]) || graph.has(inner[b], inner[a])
    });
    let mut body: Part = (0..graph.len()).filter(|node| edge(*node)).collect();
    let mut redo = Vec::new();
    let (starts, ends): (Vec<_>, Vec<_>) = (
        body.iter().copied().filter(|n| graph.starts[*n] > 0).collect(),
        body.iter().copied().filter(|n| graph.ends[*n] > 0).collect(),
    );
    for part in parts {
        let part: Part = part.into_iter().map(|at| inner[at]).collect();
        match is_redo(graph, &part, &starts, &ends) {
            true => redo.push(part),
            false => body.extend(part),
        }
    }
    if redo.is_empty() {
        return None;
    }
    body.sort_unstable();
    let mut parts = vec![body];
    parts.extend(redo);
    Some(parts)
}

fn is_redo(graph: &Graph, part: &Part, starts: &[usize], ends: &[usize]) -> bool {
    let all = |nodes: &[usize], has: &dyn Fn(usize) -> bool| {
        let count = nodes.iter().filter(|node| has(**node)).count();
        count == 0 || count == nodes.len()
    };
    part.iter().all(|node| {
        let from_start = starts.iter().any(|s| graph.ends[*s] == 0 && graph.has(*s, *node));
        let to_end = ends.iter().any(|e| graph.starts[*e] == 0 && graph.has(*node, *e));
        !from_start
            && !to_end
            && all(ends, &|end| graph.has(end, *node))
            && all(starts, &|start| graph.has(*node, start))
    })
}
