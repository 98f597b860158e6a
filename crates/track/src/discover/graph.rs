//! The directly-follows graph of a sublog, on dense local node numbers.

use super::sublog::Sublog;
use crate::log::Activity;

/// Weights are numbers of cases' steps; 0 is no edge.
#[derive(Debug, Clone)]
pub(super) struct Graph {
    /// By local node, ascending.
    pub activities: Vec<Activity>,
    /// `edges[a][b]`: how often b directly follows a.
    edges: Vec<Vec<u64>>,
    pub starts: Vec<u64>,
    pub ends: Vec<u64>,
    /// Local node by activity.
    nodes: Vec<u32>,
}

/// A set of local nodes.
pub(super) type Part = Vec<usize>;

/// Two neighbours of a run of equal events; beyond the ends of a trace there is none.
pub(super) struct Bridge {
    before: Option<usize>,
    after: Option<usize>,
    cases: u64,
}

impl Graph {
    pub(super) fn of(log: &Sublog) -> Graph {
        let activities = log.activities().into_iter().map(|(activity, _)| activity).collect();
        let mut graph = Graph::empty(activities);
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

    fn empty(activities: Vec<Activity>) -> Graph {
        let count = activities.len();
        let mut nodes = vec![0; activities.last().map_or(0, |last| *last as usize + 1)];
        for (node, activity) in (0..).zip(&activities) {
            nodes[*activity as usize] = node;
        }
        Graph {
            edges: vec![vec![0; count]; count],
            starts: vec![0; count],
            ends: vec![0; count],
            activities,
            nodes,
        }
    }

    /// For each node, who becomes neighbours when its events are left out.
    pub(super) fn bridges(&self, log: &Sublog) -> Vec<Vec<Bridge>> {
        let mut bridges = Vec::new();
        bridges.resize_with(self.len(), Vec::new);
        for (trace, cases) in &log.traces {
            let mut before = None;
            let mut runs = trace.chunk_by(|a, b| a == b).peekable();
            while let Some(run) = runs.next() {
                let node = self.node(run[0]);
                let after = runs.peek().map(|next| self.node(next[0]));
                bridges[node].push(Bridge { before, after, cases: *cases });
                before = Some(node);
            }
        }
        bridges
    }

    /// The graph of the log without the events of a node.
    pub(super) fn without(&self, node: usize, bridges: &[Bridge]) -> Graph {
        let others = |at: &usize| *at != node;
        let kept: Vec<usize> = (0..self.len()).filter(others).collect();
        let mut graph = Graph::empty(kept.iter().map(|at| self.activities[*at]).collect());
        for (a, from) in kept.iter().enumerate() {
            for (b, to) in kept.iter().enumerate() {
                graph.edges[a][b] = self.edges[*from][*to];
            }
            (graph.starts[a], graph.ends[a]) = (self.starts[*from], self.ends[*from]);
        }
        let local = |at: usize| if at > node { at - 1 } else { at };
        for Bridge { before, after, cases } in bridges {
            match (before.map(local), after.map(local)) {
                (Some(before), Some(after)) => graph.edges[before][after] += cases,
                (None, Some(after)) => graph.starts[after] += cases,
                (Some(before), None) => graph.ends[before] += cases,
                (None, None) => {}
            }
        }
        graph
    }

    pub(super) fn len(&self) -> usize {
        self.activities.len()
    }

    /// Local node of an activity of this sublog.
    pub(super) fn node(&self, activity: Activity) -> usize {
        self.nodes[activity as usize] as usize
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
