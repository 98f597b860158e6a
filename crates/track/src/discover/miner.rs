//! The recursion: base cases, cuts, falls.

use std::cell::Cell;

use super::cut::{self, Cut};
use super::fall::{Fall, fall};
use super::graph::Graph;
use super::improve;
use super::split::split;
use super::sublog::Sublog;
use super::tree::Tree;
use crate::limits::{DISCOVER_ACTIVITIES_MAX, DISCOVER_DEPTH_MAX};
use crate::log::{Full, Log, Variant};

/// How to mine.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Options {
    /// 0 is exact: every trace of the log fits the tree. Above it (0.2 is usual), what is rarer
    /// than this share of its alternatives is left out.
    pub noise: f64,
}

/// The process tree of a log.
///
/// # Errors
/// When the log has more activities than can be mined.
pub fn discover(log: &Log, options: Options) -> Result<Tree, Full> {
    let have = log.activities.len();
    if have > DISCOVER_ACTIVITIES_MAX {
        return Err(Full(format!(
            "expected at most {DISCOVER_ACTIVITIES_MAX} event types, but the log has {have}: \
             leave out what is no step, under types: in mapping.yaml"
        )));
    }
    let noise = if options.noise > 0.0 { options.noise.min(1.0) } else { 0.0 };
    Ok(if noise > 0.0 { improve::tolerant(log, noise) } else { improve::exact(log) })
}

/// The recursion with its choices; whatever they are, an exact miner keeps every trace.
#[derive(Debug, Clone, Copy)]
pub(super) struct Miner<'s> {
    pub noise: f64,
    /// Join neighbours in sequence that depend on each other.
    pub dependent: bool,
    /// Where nothing else helps, set the most frequent activity aside first, not the rarest.
    pub frequent_first: bool,
    /// Steps that mining took so far, the same on every machine.
    pub spent: &'s Cell<u64>,
}

impl Miner<'_> {
    pub(super) fn tree(&self, variants: &[Variant]) -> Tree {
        self.mine(&Sublog::of(variants), 0).simplified()
    }

    pub(super) fn spend(&self, steps: usize) {
        self.spent.set(self.spent.get() + steps as u64);
    }

    fn mine(&self, log: &Sublog, depth: usize) -> Tree {
        let (empty, cases) = (log.empty_cases(), log.cases());
        if empty == cases {
            return Tree::Silent;
        }
        if empty > 0 {
            let rest = self.mine(&log.without_empty(), depth);
            let rare = (empty as f64) < self.noise * cases as f64;
            return if rare { rest } else { Tree::Choice(vec![rest, Tree::Silent]) };
        }
        let graph = Graph::of(log);
        self.spend(log.size() + graph.len() * graph.len());
        if let [activity] = graph.activities.as_slice() {
            return self.single(log, *activity);
        }
        if depth >= DISCOVER_DEPTH_MAX {
            return flower(graph.activities);
        }
        if let Some(found) = self.cut(&graph, log) {
            return self.apply(log, &graph, &found, depth);
        }
        match fall(log, &graph, *self) {
            Fall::Parallel(one, rest) => {
                Tree::Parallel(vec![self.mine(&one, depth + 1), self.mine(&rest, depth + 1)])
            }
            Fall::Repeat(rounds) => Tree::repeat(self.mine(&rounds, depth + 1), Tree::Silent),
            Fall::Flower(activities) => flower(activities),
        }
    }

    /// Only one activity is left: once, or more often in enough cases (Leemans 2014, section 4:
    /// how far the number of events a case is from a geometric distribution).
    fn single(&self, log: &Sublog, activity: u32) -> Tree {
        let events: u64 = log.traces.iter().map(|(trace, count)| trace.len() as u64 * count).sum();
        let cases = log.cases();
        let chance = cases as f64 / (cases + events) as f64;
        if events == cases || (0.5 - chance).abs() <= self.noise * 0.25 {
            return Tree::Activity(activity);
        }
        Tree::repeat(Tree::Activity(activity), Tree::Silent)
    }

    fn cut(&self, graph: &Graph, log: &Sublog) -> Option<Cut> {
        let dependent = self.dependent.then_some((log, self.noise));
        cut::find(graph, dependent).or_else(|| {
            let noise = Some(self.noise).filter(|noise| *noise > 0.0)?;
            cut::find(&graph.filtered(noise), dependent)
        })
    }

    fn apply(&self, log: &Sublog, graph: &Graph, cut: &Cut, depth: usize) -> Tree {
        let mined = split(log, graph, cut).into_iter().map(|part| self.mine(&part, depth + 1));
        match cut {
            Cut::Choice(_) => Tree::Choice(mined.collect()),
            Cut::Sequence(_) => Tree::Sequence(mined.collect()),
            Cut::Parallel(_) => Tree::Parallel(mined.collect()),
            Cut::Loop(_) => {
                let mut mined = mined;
                let body = mined.next().unwrap_or(Tree::Silent);
                Tree::repeat(body, Tree::Choice(mined.collect()))
            }
        }
    }
}

fn flower(activities: Vec<u32>) -> Tree {
    let any = Tree::Choice(activities.into_iter().map(Tree::Activity).collect());
    Tree::repeat(Tree::Silent, any)
}
