//! Alignments with a process tree in which no activity stands twice, as miners make them. Blocks
//! can then be looked at one by one: which events a block explains is told by their names, so that
//! the cheapest explanation of a whole follows from those of its parts over stretches of the trace,
//! by dynamic programming. It takes polynomial time, where a search through markings takes
//! exponential time as soon as branches are parallel.

mod ahead;
mod explain;
mod lay;

use super::space::{Bits, has, set};
use crate::discover::Tree;
use crate::log::Activity;

pub(super) use lay::Laid;

/// What an inserted step costs. A deleted event costs one more, which no sum of them makes up for:
/// of equally cheap explanations the one that follows the trace longest wins.
pub(super) const INSERTED: u32 = 1 << 16;
pub(super) const DELETED: u32 = INSERTED + 1;
const NONE: u32 = u32::MAX;

/// A tree as an array; parents come before their children.
pub(super) struct Blocks {
    nodes: Vec<Block>,
    /// Node that an event of an activity belongs to.
    leaf: Vec<u32>,
    words: usize,
}

struct Block {
    kind: Kind,
    children: Vec<u32>,
    parent: u32,
    /// Steps of its shortest run.
    shortest: u32,
    /// Activities that can come first.
    first: Bits,
    /// Only stretches that begin where the trace begins are asked for.
    anchored: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Silent,
    Leaf,
    /// Any of its activities, any number of times; or at least once.
    Any {
        least: bool,
    },
    Sequence,
    Choice,
    Parallel,
    Loop,
}

impl Blocks {
    /// `None` when an activity stands twice. `activities` is how many the log has.
    pub(super) fn new(tree: &Tree, activities: usize) -> Option<Blocks> {
        let words = activities.div_ceil(64).max(1);
        let mut blocks = Blocks { nodes: Vec::new(), leaf: vec![NONE; activities], words };
        blocks.add(tree, NONE, true)?;
        for node in (0..blocks.nodes.len()).rev() {
            blocks.sum_up(node);
        }
        Some(blocks)
    }

    /// Steps of the shortest run.
    pub(super) fn shortest(&self) -> u32 {
        self.nodes[0].shortest
    }

    fn add(&mut self, tree: &Tree, parent: u32, anchored: bool) -> Option<u32> {
        let id = self.nodes.len() as u32;
        let kind = kind(tree);
        let first = vec![0; self.words].into_boxed_slice();
        let children = Vec::new();
        self.nodes.push(Block { kind, children, parent, shortest: 0, first, anchored });
        match kind {
            Kind::Silent => {}
            Kind::Leaf | Kind::Any { .. } => {
                for activity in leaves(tree) {
                    let place = self.leaf.get_mut(activity as usize)?;
                    if std::mem::replace(place, id) != NONE {
                        return None;
                    }
                    set(&mut self.nodes[id as usize].first, activity);
                }
            }
            Kind::Sequence | Kind::Choice | Kind::Parallel | Kind::Loop => {
                for (at, child) in tree.children().into_iter().enumerate() {
                    let same = match kind {
                        Kind::Choice | Kind::Parallel => true,
                        Kind::Sequence => at == 0,
                        Kind::Loop | Kind::Silent | Kind::Leaf | Kind::Any { .. } => false,
                    };
                    let child = self.add(child, id, anchored && same)?;
                    self.nodes[id as usize].children.push(child);
                }
            }
        }
        Some(id)
    }

    /// Shortest run and first activities, from those of the children.
    fn sum_up(&mut self, node: usize) {
        let children = self.nodes[node].children.clone();
        let shortest = |at: &u32| self.nodes[*at as usize].shortest;
        let (sum, first) = match self.nodes[node].kind {
            Kind::Silent => (0, Vec::new()),
            Kind::Any { least } => return self.nodes[node].shortest = u32::from(least),
            Kind::Leaf => return self.nodes[node].shortest = 1,
            Kind::Parallel => (children.iter().map(shortest).sum(), children),
            Kind::Choice => (children.iter().map(shortest).min().unwrap_or(0), children),
            Kind::Sequence => {
                let open = children.iter().position(|child| shortest(child) > 0);
                let first = open.map_or(children.len(), |at| at + 1);
                (children.iter().map(shortest).sum(), children[..first].to_vec())
            }
            Kind::Loop => {
                let body = children.first().map_or(0, shortest);
                (body, if body == 0 { children } else { children[..1].to_vec() })
            }
        };
        let mut bits = vec![0; self.words].into_boxed_slice();
        first.iter().for_each(|child| join(&mut bits, &self.nodes[*child as usize].first));
        (self.nodes[node].shortest, self.nodes[node].first) = (sum, bits);
    }
}

fn kind(tree: &Tree) -> Kind {
    match tree {
        Tree::Silent => Kind::Silent,
        Tree::Activity(_) => Kind::Leaf,
        Tree::Sequence(_) => Kind::Sequence,
        Tree::Choice(_) => Kind::Choice,
        Tree::Parallel(_) => Kind::Parallel,
        Tree::Loop { body, redo } => match (&**body, &**redo) {
            (Tree::Silent, redo) if one_of(redo) => Kind::Any { least: false },
            (body, Tree::Silent) if one_of(body) => Kind::Any { least: true },
            (_, _) => Kind::Loop,
        },
    }
}

/// An activity, or a choice of activities.
fn one_of(tree: &Tree) -> bool {
    match tree {
        Tree::Activity(_) => true,
        Tree::Choice(children) => children.iter().all(|c| matches!(c, Tree::Activity(_))),
        Tree::Silent | Tree::Sequence(_) | Tree::Parallel(_) | Tree::Loop { .. } => false,
    }
}

fn leaves(tree: &Tree) -> Vec<Activity> {
    match tree {
        Tree::Activity(activity) => vec![*activity],
        other => other.children().into_iter().flat_map(leaves).collect(),
    }
}

fn join(bits: &mut [u64], more: &[u64]) {
    bits.iter_mut().zip(more).for_each(|(word, more)| *word |= more);
}

/// How many of these activities are in the set.
pub(super) fn count_in(bits: &[u64], activities: impl Iterator<Item = Activity>) -> u64 {
    activities.filter(|activity| has(bits, *activity)).count() as u64
}
