//! The directly-follows graph of a sublog, on dense local node numbers.

use super::sublog::Sublog;
use crate::log::Activity;

/// Weights are numbers of cases' steps; 0 is no edge.
#[derive(Debug, Clone)]
pub(super) struct Graph {
    /// By local node, ascending.
    pub activities: Vec<Activity>,
    /// `edges[a][b]`: how often b directly follows a.
    pub edges: Vec<Vec<u64>>,
    pub starts: Vec<u64>,
    pub ends: Vec<u64>,
}

/// A set of local nodes.
pub(super) type Part = Vec<usize>;

impl Graph {
    pub(super) fn of(log: &Sublog) -> Graph {
        let activities: Vec<Activity> = log.activities().into_keys().collect();
        let count = activities.len();
        let mut graph = Graph {
            edges: vec![vec![0; count]; count],
            starts: vec![0; count],
            ends: vec![0; count],
            activities,
        };
        for (trace, cases) in &log.traces {
            let mut previous = None;
            for activity in trace {
                let node = graph.node(*activity);
                match previous {
                    None => graph.starts[node] += cases,
                    Some(previous) => graph.edges[previous as usize][node] += cases,
                }
                previous = Some(node as u32);
            }
            if let Some(last) = previous {
                graph.ends[last as usize] += cases;
            }
        }
        graph
    }

    pub(super) fn len(&self) -> usize {
        self.activities.len()
    }

    /// Local node of an activity of this sublog.
    pub(super) fn node(&self, activity: Activity) -> usize {
        match self.activities.binary_search(&activity) {
            Ok(node) | Err(node) => node,
        }
    }

    /// Without edges that are rare for their source: below `noise` times the weightiest way on
    /// from it, ending included (Leemans 2014, section 4). Rare ends go by the same measure, rare
    /// starts by the most frequent start.
    pub(super) fn filtered(&self, noise: f64) -> Graph {
        let mut graph = self.clone();
        for (node, edges) in graph.edges.iter_mut().enumerate() {
            let most = edges.iter().copied().chain([self.ends[node]]).max().unwrap_or(0);
            let least = most as f64 * noise;
            for weight in edges.iter_mut().filter(|weight| (**weight as f64) < least) {
                *weight = 0;
            }
        }
        for marks in [&mut graph.starts, &mut graph.ends] {
            let least = marks.iter().copied().max().unwrap_or(0) as f64 * noise;
            for weight in marks.iter_mut().filter(|weight| (**weight as f64) < least) {
                *weight = 0;
            }
        }
        graph
    }

    pub(super) fn has(&self, from: usize, to: usize) -> bool {
        self.edges[from][to] > 0
    }

    /// `reach[a][b]`: b can come after a, in any number of steps.
    pub(super) fn reach(&self) -> Vec<Vec<bool>> {
        let count = self.len();
        let successors: Vec<Vec<usize>> =
            (0..count).map(|a| (0..count).filter(|b| self.has(a, *b)).collect()).collect();
        (0..count)
            .map(|from| {
                let mut seen = vec![false; count];
                let mut open: Vec<usize> = successors[from].clone();
                while let Some(node) = open.pop() {
                    if !std::mem::replace(&mut seen[node], true) {
                        open.extend(&successors[node]);
                    }
                }
                seen
            })
            .collect()
    }
}

/// Connected components of nodes 0..count under a symmetric relation, by their first node.
pub(super) fn components(count: usize, joined: impl Fn(usize, usize) -> bool) -> Vec<Part> {
    let mut part = vec![usize::MAX; count];
    let mut parts: Vec<Part> = Vec::new();
    for first in 0..count {
        if part[first] != usize::MAX {
            continue;
        }
        let number = parts.len();
        let mut members = Vec::new();
        let mut open = vec![first];
        part[first] = number;
        while let Some(node) = open.pop() {
            members.push(node);
            for (other, part) in part.iter_mut().enumerate() {
                if *part == usize::MAX && joined(node, other) {
                    *part = number;
                    open.push(other);
                }
            }
        }
        members.sort_unstable();
        parts.push(members);
    }
    parts
}
