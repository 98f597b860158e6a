//! Optimal alignments: the cheapest way to explain a trace by a run of the net. A step that only
//! the log or only the model makes costs 1; silent steps are free. A* with an estimate from the
//! labels that can no longer come and those that must still come (both never too high).

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::blocks::{Blocks, Laid};
use super::net::Net;
use super::space::{Space, has};
use crate::discover::Tree;
use crate::limits::{ALIGNMENT_CACHE_MAX, ALIGNMENT_STATES_MAX, CUT_STATES_MAX, LOG_STATES_MAX};
use crate::log::Activity;

/// A step of an alignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// Log and model together.
    Both { activity: Activity, transition: u32 },
    /// The log does what the model does not allow here.
    LogOnly(Activity),
    /// The model needs what the log does not have.
    ModelOnly { activity: Activity, transition: u32 },
    /// A silent step of the model.
    Silent { transition: u32 },
}

/// How a trace fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alignment {
    pub cost: u32,
    pub moves: Box<[Move]>,
    /// False when the search was given up: the cost is then the one of going through the model
    /// and the trace separately.
    pub optimal: bool,
}

/// Aligns traces with one net; equal traces are aligned once.
pub struct Aligner {
    space: Space,
    /// The tree that the net was made of, when it is known and can be looked at block by block.
    blocks: Option<Blocks>,
    /// By the marking that a trace begins at, and the trace.
    cache: HashMap<(u32, Box<[Activity]>), Alignment>,
    /// Moves in the cache.
    kept: usize,
    states_max: usize,
    /// States that all searches together may visit before they are cut short.
    left: usize,
}

/// What one deviation costs in a search. Below it lies a preference: of equally cheap explanations
/// the one that follows the trace longest, so that a step in the wrong place is the one that came
/// after it was passed over.
const DEVIATION: u64 = 1 << 20;
/// Traces up to which the preferences of all events together stay below one deviation.
const PREFERENCE_EVENTS_MAX: usize = 1_000;

#[derive(Clone, Copy)]
struct Parent {
    cost: u64,
    from: At,
    step: Option<Move>,
}

/// A position in the trace and a marking.
type At = (u32, u32);
type Parents = HashMap<At, Parent>;

/// What a search is looking for.
#[derive(Clone, Copy, PartialEq)]
enum Goal {
    /// Trace and model both at their end.
    Whole,
    /// The trace at its end.
    Prefix,
}

impl Aligner {
    /// `activities` is the number of activities that traces may name.
    pub fn new(net: &Net, activities: usize) -> Aligner {
        let space = Space::new(net, activities, false);
        Aligner::over(space, usize::MAX)
    }

    /// For nets with many silent choices, which are taken as soon as they can be. Costs are the
    /// same; precision must not be measured with it.
    pub fn eager(net: &Net, activities: usize) -> Aligner {
        Aligner::over(Space::new(net, activities, true), usize::MAX)
    }

    /// The same for all traces of a log, whatever they are, in bounded time: what comes after too
    /// many states is searched for only shortly.
    pub fn for_log(net: &Net, activities: usize) -> Aligner {
        Aligner::over(Space::new(net, activities, true), LOG_STATES_MAX)
    }

    fn over(space: Space, left: usize) -> Aligner {
        let cache = HashMap::new();
        Aligner { space, blocks: None, cache, kept: 0, states_max: ALIGNMENT_STATES_MAX, left }
    }

    /// With the tree that the net was made of, whose blocks tell without a search what deviates;
    /// its activities are the labels of the net.
    pub fn with_tree(mut self, tree: &Tree, activities: usize) -> Aligner {
        self.blocks = Blocks::new(tree, activities);
        self
    }

    /// The cheapest alignment of a whole trace.
    pub fn align(&mut self, trace: &[Activity]) -> Alignment {
        self.align_at(Space::START, trace)
    }

    /// The same from another marking on: the net has one token in each of these places.
    pub fn align_from(&mut self, places: &[u32], trace: &[Activity]) -> Alignment {
        let start = self.space.at(places);
        self.align_at(start, trace)
    }

    fn align_at(&mut self, start: u32, trace: &[Activity]) -> Alignment {
        let key = (start, Box::from(trace));
        if let Some(known) = self.cache.get(&key) {
            return known.clone();
        }
        let known = (start == Space::START).then(|| self.by_blocks(trace)).flatten();
        let alignment = known.unwrap_or_else(|| self.searched(start, trace));
        if self.kept >= ALIGNMENT_CACHE_MAX {
            self.cache.clear();
            self.kept = 0;
        }
        self.kept += trace.len() + alignment.moves.len();
        self.cache.insert(key, alignment.clone());
        alignment
    }

    fn searched(&mut self, start: u32, trace: &[Activity]) -> Alignment {
        let found = self.search(start, trace, Goal::Whole);
        let visited = found.as_ref().map_or(self.states_max, |(_, parents, _)| parents.len());
        self.left = self.left.saturating_sub(visited);
        if self.left == 0 {
            self.states_max = CUT_STATES_MAX;
        }
        match found {
            Some((_, parents, at)) => walk_back(&parents, at),
            None => self.apart(start, trace),
        }
    }

    /// What deviates is told by the blocks; what is left is a run of the net, which is found
    /// without looking around.
    fn by_blocks(&mut self, trace: &[Activity]) -> Option<Alignment> {
        let blocks = self.blocks.as_ref()?;
        let mut laid = Laid::new(blocks);
        laid.work(trace)?;
        laid.fill();
        let (cost, steps) = (laid.cost(), laid.explain(trace));
        let word: Vec<Activity> = steps.iter().map(|(activity, _)| *activity).collect();
        let (_, parents, at) = self.search(Space::START, &word, Goal::Whole)?;
        let run = walk_back(&parents, at);
        if run.cost > 0 {
            return None;
        }
        let mut moves = Vec::with_capacity(run.moves.len() + trace.len());
        let mut steps = steps.into_iter();
        // An event that nothing explains stands directly behind the event before it.
        let mut next = 0;
        let alone = |next: &mut usize, until: usize, moves: &mut Vec<Move>| {
            moves.extend(trace[*next..until].iter().copied().map(Move::LogOnly));
            *next = until;
        };
        let explained: Vec<usize> = steps.as_slice().iter().filter_map(|step| step.1).collect();
        let mut explained = explained.into_iter();
        alone(&mut next, explained.next().unwrap_or(trace.len()), &mut moves);
        for step in run.moves {
            let Move::Both { activity, transition } = step else {
                moves.push(step);
                continue;
            };
            if steps.next()?.1.is_none() {
                moves.push(Move::ModelOnly { activity, transition });
                continue;
            }
            moves.push(step);
            next += 1;
            alone(&mut next, explained.next().unwrap_or(trace.len()), &mut moves);
        }
        Some(Alignment { cost, moves: moves.into_boxed_slice(), optimal: true })
    }

    /// Labels that the net can do next from a marking, and whether it can end there without any.
    pub fn next(&mut self, places: &[u32]) -> (Vec<Activity>, bool) {
        let marking = self.space.at(places);
        self.space.next_labels(marking)
    }

    /// Cost of the shortest run of the net, which is what an empty trace lacks.
    pub fn shortest(&mut self) -> u32 {
        self.align(&[]).cost
    }

    /// Labels that the net can do after a prefix. `None` when it cannot follow the prefix, or the
    /// search was given up.
    pub(super) fn after(&mut self, prefix: &[Activity]) -> Option<Vec<Activity>> {
        let (marking, parents, at) = self.search(Space::START, prefix, Goal::Prefix)?;
        (parents[&at].cost == 0).then(|| self.space.next_labels(marking).0)
    }

    fn apart(&mut self, start: u32, trace: &[Activity]) -> Alignment {
        let mut moves: Vec<Move> = trace.iter().copied().map(Move::LogOnly).collect();
        let run = match trace.is_empty() {
            true => Box::default(),
            false => self.align_at(start, &[]).moves,
        };
        moves.extend(run);
        let cost = moves.iter().filter(|m| costs(m)).count() as u32;
        Alignment { cost, moves: moves.into_boxed_slice(), optimal: false }
    }

    /// The marking at the goal, and how it was reached.
    fn search(
        &mut self,
        marking: u32,
        trace: &[Activity],
        goal: Goal,
    ) -> Option<(u32, Parents, At)> {
        let suffixes = suffixes(trace, self.space.may(Space::START).len());
        let mut parents = Parents::new();
        let mut open = BinaryHeap::new();
        let start = (0, marking);
        parents.insert(start, Parent { cost: 0, from: start, step: None });
        open.push(Reverse((self.ahead(trace, &suffixes, start, goal), Reverse(0_u32), start)));
        while let Some(Reverse((estimate, _, at))) = open.pop() {
            let (position, marking) = at;
            let cost = parents[&at].cost;
            if estimate > cost + self.ahead(trace, &suffixes, at, goal) {
                continue;
            }
            let consumed = position as usize == trace.len();
            if consumed && (goal == Goal::Prefix || self.space.is_end(marking)) {
                return Some((marking, parents, at));
            }
            if parents.len() > self.states_max || self.space.len() > ALIGNMENT_STATES_MAX {
                return None;
            }
            let next = trace.get(position as usize).copied();
            let mut reach = |to: At, cost: u64, step: Move, space: &Space| {
                let better = parents.get(&to).is_none_or(|known| cost < known.cost);
                if better {
                    parents.insert(to, Parent { cost, from: at, step: Some(step) });
                    let ahead = ahead(space, trace, &suffixes, to, goal);
                    open.push(Reverse((cost + ahead, Reverse(to.0), to)));
                }
            };
            for step in self.space.steps(marking) {
                let transition = step.transition;
                match step.label {
                    None => {
                        let silent = Move::Silent { transition };
                        reach((position, step.to), cost, silent, &self.space);
                    }
                    Some(activity) => {
                        if next == Some(activity) {
                            let both = Move::Both { activity, transition };
                            reach((position + 1, step.to), cost, both, &self.space);
                        }
                        let alone = Move::ModelOnly { activity, transition };
                        reach((position, step.to), cost + DEVIATION, alone, &self.space);
                    }
                }
            }
            if let Some(activity) = next {
                let rest = trace.len() - position as usize;
                let early = if trace.len() > PREFERENCE_EVENTS_MAX { 0 } else { rest as u64 };
                let alone = Move::LogOnly(activity);
                reach((position + 1, marking), cost + DEVIATION + early, alone, &self.space);
            }
        }
        None
    }

    fn ahead(
        &self,
        trace: &[Activity],
        suffixes: &[Box<[u64]>],
        at: (u32, u32),
        goal: Goal,
    ) -> u64 {
        ahead(&self.space, trace, suffixes, at, goal)
    }
}

/// What the rest costs at least: events whose label cannot come any more, and labels that must
/// come but are not in the rest of the trace.
fn ahead(
    space: &Space,
    trace: &[Activity],
    suffixes: &[Box<[u64]>],
    (position, marking): At,
    goal: Goal,
) -> u64 {
    let may = space.may(marking);
    let rest = &trace[position as usize..];
    let impossible = rest.iter().filter(|activity| !has(may, **activity)).count() as u64;
    if goal == Goal::Prefix {
        return impossible * DEVIATION;
    }
    let present = &suffixes[position as usize];
    let missing = space.must(marking).iter().zip(present.iter());
    let missing = missing.map(|(must, present)| u64::from((must & !present).count_ones()));
    (impossible + missing.sum::<u64>()) * DEVIATION
}

/// For each position the set of activities from there on.
fn suffixes(trace: &[Activity], words: usize) -> Vec<Box<[u64]>> {
    let mut set = vec![0_u64; words].into_boxed_slice();
    let mut sets = vec![set.clone()];
    for activity in trace.iter().rev() {
        set[*activity as usize / 64] |= 1 << (activity % 64);
        sets.push(set.clone());
    }
    sets.reverse();
    sets
}

fn costs(step: &Move) -> bool {
    match step {
        Move::LogOnly(_) | Move::ModelOnly { .. } => true,
        Move::Both { .. } | Move::Silent { .. } => false,
    }
}

fn walk_back(parents: &Parents, at: At) -> Alignment {
    let cost = (parents[&at].cost / DEVIATION) as u32;
    let mut moves = Vec::new();
    let mut at = at;
    while let Parent { step: Some(step), from, .. } = parents[&at] {
        moves.push(step);
        at = from;
    }
    moves.reverse();
    Alignment { cost, moves: moves.into_boxed_slice(), optimal: true }
}
