//! The cheapest explanation of a whole trace, step by step, read back from the tables of costs.

use super::super::space::has;
use super::{Blocks, DELETED, INSERTED, Kind, Laid};
use crate::log::Activity;

/// A step of the model: an event of the trace, by its place there, or none.
pub(in crate::conform) type Step = (Activity, Option<usize>);

/// How a run of a sequence or loop came to a stretch that ends before an event.
#[derive(Clone, Copy)]
enum Came {
    /// The event before it is not explained.
    Deleted,
    /// By the shortest run of the child.
    Inserted,
    /// By a run of the child from its event of this number on.
    Ran(u32),
}

impl Laid<'_> {
    /// The run of the model whose cost is [`Laid::cost`], after [`Laid::fill`]. Events that it
    /// does not name are explained by nothing.
    pub(in crate::conform) fn explain(&self, trace: &[Activity]) -> Vec<Step> {
        let mut steps = Vec::new();
        self.explained(0, 0, self.own[0].events(), trace, &mut steps);
        steps
    }

    fn explained(&self, node: u32, from: u32, to: u32, trace: &[Activity], out: &mut Vec<Step>) {
        let block = &self.blocks.nodes[node as usize];
        if from == to || self.own[node as usize].marks.is_empty() {
            return shortest_run(self.blocks, node, out);
        }
        let seen = |number| {
            let at = self.place(node, number);
            (trace[at], Some(at))
        };
        match block.kind {
            Kind::Silent => {}
            Kind::Leaf => out.push(seen(from)),
            Kind::Any { .. } => out.extend((from..to).map(seen)),
            Kind::Choice => match self.chosen(node, from, to) {
                Some((child, a, b)) => self.explained(child, a, b, trace, out),
                None => shortest_run(self.blocks, node, out),
            },
            Kind::Parallel => {
                let runs = block.children.iter().map(|child| {
                    let (a, b) = self.stretch(*child, from, to);
                    let mut run = Vec::new();
                    self.explained(*child, a, b, trace, &mut run);
                    run
                });
                interleave(runs.collect(), out);
            }
            Kind::Sequence | Kind::Loop => {
                let parts = match block.kind {
                    Kind::Loop => self.rounds_back(node, from, to),
                    _ => self.children_back(node, from, to),
                };
                for (child, a, b) in parts.into_iter().rev() {
                    self.explained(child, a, b, trace, out);
                }
            }
        }
    }

    /// Where an event of a block lies in the trace.
    fn place(&self, node: u32, number: u32) -> usize {
        let (mut node, mut number) = (node, number);
        loop {
            number = self.own[node as usize].marks[number as usize];
            match self.blocks.nodes[node as usize].parent {
                super::NONE => return number as usize,
                parent => node = parent,
            }
        }
    }

    /// The child that explains a stretch of a choice; none when the shortest run of another does,
    /// with all events left over.
    fn chosen(&self, node: u32, from: u32, to: u32) -> Option<(u32, u32, u32)> {
        let least = self.full(node, from, to);
        let children = self.blocks.nodes[node as usize].children.iter();
        let mut stretches = children.map(|child| {
            let (a, b) = self.stretch(*child, from, to);
            (*child, a, b)
        });
        stretches.find(|(child, a, b)| {
            a < b && self.full(*child, *a, *b) + (to - from - (b - a)) * DELETED == least
        })
    }

    /// Runs of the children of a sequence, the last first.
    fn children_back(&self, node: u32, from: u32, to: u32) -> Vec<(u32, u32, u32)> {
        let children = &self.blocks.nodes[node as usize].children;
        let size = (to - from) as usize + 1;
        let mut before: Vec<u32> = (0..size as u32).map(|events| events * DELETED).collect();
        let mut history = Vec::with_capacity(children.len());
        for (number, child) in children.iter().enumerate() {
            let shortest = self.blocks.nodes[*child as usize].shortest * INSERTED;
            let mut after = Vec::with_capacity(size);
            let mut came = Vec::with_capacity(size);
            for to in from..=to {
                let at = (to - from) as usize;
                let mut best = (before[at] + shortest, Came::Inserted);
                if to > from {
                    best = least(best, (after[at - 1] + DELETED, Came::Deleted));
                    // What goes before the first child is deleted there as well.
                    best = least(best, self.ran(*child, (from, to), number == 0, &before));
                }
                after.push(best.0);
                came.push(best.1);
            }
            before = after;
            history.push(came);
        }
        let (mut parts, mut end) = (Vec::new(), to);
        for (child, came) in children.iter().zip(&history).rev() {
            while let Came::Deleted = came[(end - from) as usize] {
                end -= 1;
            }
            match came[(end - from) as usize] {
                Came::Ran(begin) => {
                    parts.push((*child, begin, self.stretch(*child, from, end).1));
                    end = self.own[*child as usize].marks[begin as usize];
                }
                Came::Inserted | Came::Deleted => parts.push((*child, 0, 0)),
            }
        }
        parts
    }

    /// Runs of body and redo part of a loop, the last first.
    fn rounds_back(&self, node: u32, from: u32, to: u32) -> Vec<(u32, u32, u32)> {
        let [body, redo] = self.blocks.nodes[node as usize].children[..] else { return Vec::new() };
        let shortest = |child: u32| self.blocks.nodes[child as usize].shortest * INSERTED;
        // In front of the body, and behind it.
        let (mut before, mut after): (Vec<u32>, Vec<u32>) = (Vec::new(), Vec::new());
        let mut came: Vec<[Came; 2]> = Vec::new();
        for to in from..=to {
            let at = (to - from) as usize;
            let mut front = (0, Came::Deleted);
            let mut behind = (shortest(body), Came::Inserted);
            if to > from {
                front = (before[at - 1] + DELETED, Came::Deleted);
                behind = (after[at - 1] + DELETED, Came::Deleted);
                behind = least(behind, self.ran(body, (from, to), false, &before));
                front = least(front, self.ran(redo, (from, to), false, &after));
                behind = least(behind, (front.0 + shortest(body), Came::Inserted));
                front = least(front, (behind.0 + shortest(redo), Came::Inserted));
            }
            before.push(front.0);
            after.push(behind.0);
            came.push([front.1, behind.1]);
        }
        let (mut parts, mut end, mut is_behind) = (Vec::new(), to, true);
        while end > from || is_behind {
            let child = if is_behind { body } else { redo };
            match came[(end - from) as usize][usize::from(is_behind)] {
                Came::Deleted => {
                    end -= 1;
                    continue;
                }
                Came::Inserted => parts.push((child, 0, 0)),
                Came::Ran(begin) => {
                    parts.push((child, begin, self.stretch(child, from, end).1));
                    end = self.own[child as usize].marks[begin as usize];
                }
            }
            is_behind = !is_behind;
        }
        parts
    }

    /// What it costs to end with a run of a child that has the event in front of `to`; `before`
    /// begins at `from`. With `whole` it begins with the first event of the child only.
    fn ran(&self, child: u32, (from, to): (u32, u32), whole: bool, before: &[u32]) -> (u32, Came) {
        let mut best = (u32::MAX, Came::Deleted);
        let (first, end) = self.stretch(child, from, to);
        if first == end || self.stretch(child, from, to - 1).1 == end {
            return best;
        }
        for begin in first..if whole { first + 1 } else { end } {
            let mark = self.own[child as usize].marks[begin as usize];
            let foreign = to - mark - (end - begin);
            let until = before[(mark - from) as usize] + foreign * DELETED;
            best = least(best, (until + self.full(child, begin, end), Came::Ran(begin)));
        }
        best
    }
}

fn least(known: (u32, Came), other: (u32, Came)) -> (u32, Came) {
    if other.0 < known.0 { other } else { known }
}

/// The shortest run of a block.
fn shortest_run(blocks: &Blocks, node: u32, out: &mut Vec<Step>) {
    let block = &blocks.nodes[node as usize];
    let run = |child: &u32, out: &mut Vec<Step>| shortest_run(blocks, *child, out);
    match block.kind {
        Kind::Silent | Kind::Any { least: false } => {}
        Kind::Leaf | Kind::Any { least: true } => {
            let activities = block.first.len() as Activity * 64;
            out.extend((0..activities).find(|at| has(&block.first, *at)).map(|at| (at, None)));
        }
        Kind::Sequence | Kind::Parallel => block.children.iter().for_each(|child| run(child, out)),
        Kind::Choice => {
            let shortest = |child: &&u32| blocks.nodes[**child as usize].shortest;
            block.children.iter().min_by_key(shortest).into_iter().for_each(|c| run(c, out));
        }
        Kind::Loop => block.children.first().into_iter().for_each(|child| run(child, out)),
    }
}

/// Runs beside each other in the order of their events; steps without one come before the next
/// event of their own run.
fn interleave(runs: Vec<Vec<Step>>, out: &mut Vec<Step>) {
    let mut runs: Vec<_> = runs.into_iter().map(|run| (0, run)).collect();
    let next = |(at, run): &(usize, Vec<Step>)| {
        let ahead = run[*at..].iter().enumerate();
        ahead.filter_map(|(behind, step)| Some((step.1?, behind))).next()
    };
    loop {
        let ahead = runs.iter().enumerate().filter_map(|(number, run)| Some((next(run)?, number)));
        let Some(((_, behind), number)) = ahead.min() else { break };
        let (at, run) = &mut runs[number];
        out.extend_from_slice(&run[*at..=*at + behind]);
        *at += behind + 1;
    }
    runs.iter().for_each(|(at, run)| out.extend_from_slice(&run[*at..]));
}
