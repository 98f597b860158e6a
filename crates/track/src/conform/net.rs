//! Workflow nets of process trees. They are safe and sound by construction; silent transitions
//! that a reduction can drop without changing the language are dropped.

use crate::discover::Tree;
use crate::log::Activity;

/// A Petri net with one token at the start and one at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Net {
    pub places: u32,
    pub transitions: Vec<Transition>,
    pub start: u32,
    pub end: u32,
}

/// A step of the net; without a label it is silent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    pub label: Option<Activity>,
    pub inputs: Vec<u32>,
    pub outputs: Vec<u32>,
}

impl Net {
    /// The net of a tree; labels are the tree's activities.
    pub fn of(tree: &Tree) -> Net {
        let mut net = Net { places: 2, transitions: Vec::new(), start: 0, end: 1 };
        let ends = Ends { source: 0, target: 1, source_shared: true, target_shared: true };
        net.add(tree, ends);
        net.reduce();
        net
    }

    pub fn silent(&self) -> usize {
        self.transitions.iter().filter(|t| t.label.is_none()).count()
    }

    fn place(&mut self) -> u32 {
        self.places += 1;
        self.places - 1
    }

    fn transition(&mut self, label: Option<Activity>, inputs: Vec<u32>, outputs: Vec<u32>) {
        self.transitions.push(Transition { label, inputs, outputs });
    }

    fn add(&mut self, tree: &Tree, ends: Ends) {
        let Ends { source, target, .. } = ends;
        match tree {
            Tree::Silent => self.transition(None, vec![source], vec![target]),
            Tree::Activity(activity) => {
                self.transition(Some(*activity), vec![source], vec![target]);
            }
            Tree::Sequence(children) => self.sequence(children, ends),
            Tree::Choice(children) => {
                for child in children {
                    self.add(child, Ends { source_shared: true, target_shared: true, ..ends });
                }
            }
            Tree::Parallel(children) => {
                let (mut split, mut join) = (Vec::new(), Vec::new());
                for child in children {
                    let (source, target) = (self.place(), self.place());
                    let own = Ends { source, target, source_shared: false, target_shared: false };
                    self.add(child, own);
                    split.push(source);
                    join.push(target);
                }
                self.transition(None, vec![source], split);
                self.transition(None, join, vec![target]);
            }
            Tree::Loop { body, redo } => self.repeat(body, redo, ends),
        }
    }

    fn sequence(&mut self, children: &[Tree], ends: Ends) {
        let mut source = ends.source;
        for (at, child) in children.iter().enumerate() {
            let last = at + 1 == children.len();
            let target = if last { ends.target } else { self.place() };
            let looped = |other: Option<&Tree>| matches!(other, Some(Tree::Loop { .. }));
            self.add(
                child,
                Ends {
                    source,
                    target,
                    // Two loops that touch would each repeat the other.
                    source_shared: match at {
                        0 => ends.source_shared,
                        _ => looped(children.get(at - 1)),
                    },
                    target_shared: match last {
                        true => ends.target_shared,
                        false => looped(children.get(at + 1)),
                    },
                },
            );
            source = target;
        }
    }

    /// A loop comes back to its source and leaves from its target, so that nobody else may use
    /// them.
    fn repeat(&mut self, body: &Tree, redo: &Tree, ends: Ends) {
        let mut inner = ends;
        if ends.source_shared {
            inner.source = self.place();
            self.transition(None, vec![ends.source], vec![inner.source]);
        }
        if *body == Tree::Silent {
            // One place: everything happens around it.
            let around = Ends { target: inner.source, ..inner };
            let around = Ends { source_shared: true, target_shared: true, ..around };
            self.add(redo, around);
            self.transition(None, vec![inner.source], vec![ends.target]);
            return;
        }
        if ends.target_shared {
            inner.target = self.place();
            self.transition(None, vec![inner.target], vec![ends.target]);
        }
        let own = Ends { source_shared: true, target_shared: true, ..inner };
        self.add(body, own);
        self.add(redo, Ends { source: inner.target, target: inner.source, ..own });
    }

    /// Murata's series fusions, for silent transitions only.
    fn reduce(&mut self) {
        while self.fuse_places() || self.fuse_transitions() {}
        self.renumber();
    }

    /// `p → silent → q` is one place when nothing else leaves p, or nothing else enters q.
    fn fuse_places(&mut self) -> bool {
        let (enters, leaves) = (self.arcs(|t| &t.outputs), self.arcs(|t| &t.inputs));
        let found = self.transitions.iter().position(|t| {
            let ([from], [to]) = (t.inputs.as_slice(), t.outputs.as_slice()) else { return false };
            let (entering, leaving) = (enters[*to as usize].count, leaves[*from as usize].count);
            let from_free = leaving == 1 && *from != self.start;
            let to_free = entering == 1 && *to != self.end;
            t.label.is_none() && from != to && (from_free || to_free)
                // The net's own ends stay without arcs behind and before them.
                && (*from != self.start || entering == 1)
                && (*to != self.end || leaving == 1)
        });
        let Some(at) = found else { return false };
        let gone = self.transitions.swap_remove(at);
        let (from, to) = (gone.inputs[0], gone.outputs[0]);
        let (kept, lost) = if from == self.start { (from, to) } else { (to, from) };
        for transition in &mut self.transitions {
            for place in transition.inputs.iter_mut().chain(&mut transition.outputs) {
                if *place == lost {
                    *place = kept;
                }
            }
        }
        true
    }

    /// By place: arcs on one side, and the last transition that has one.
    fn arcs(&self, side: impl Fn(&Transition) -> &Vec<u32>) -> Vec<Arcs> {
        let mut arcs = vec![Arcs::default(); self.places as usize];
        for (at, transition) in self.transitions.iter().enumerate() {
            for place in side(transition) {
                let arcs = &mut arcs[*place as usize];
                (arcs.count, arcs.last) = (arcs.count + 1, at);
            }
        }
        arcs
    }

    /// `t → p → silent u`, where p is all that connects them, is one transition; likewise with a
    /// silent t.
    fn fuse_transitions(&mut self) -> bool {
        let (enters, leaves) = (self.arcs(|t| &t.outputs), self.arcs(|t| &t.inputs));
        for place in 0..self.places {
            if place == self.start || place == self.end {
                continue;
            }
            let (before, after) = (enters[place as usize], leaves[place as usize]);
            let (first, second) = (before.last, after.last);
            if before.count != 1 || after.count != 1 || first == second {
                continue;
            }
            let (t, u) = (&self.transitions[first], &self.transitions[second]);
            let behind = u.label.is_none() && u.inputs.len() == 1;
            let ahead = t.label.is_none() && t.outputs.len() == 1;
            if !behind && !ahead {
                continue;
            }
            let mut inputs = t.inputs.clone();
            inputs.extend(u.inputs.iter().filter(|p| **p != place));
            let mut outputs: Vec<u32> = t.outputs.iter().copied().filter(|p| *p != place).collect();
            outputs.extend(&u.outputs);
            let label = t.label.or(u.label);
            self.transitions[first] = Transition { label, inputs, outputs };
            self.transitions.swap_remove(second);
            return true;
        }
        false
    }

    /// Places without arcs are gone after a reduction.
    fn renumber(&mut self) {
        let mut number = vec![u32::MAX; self.places as usize];
        let mut next = 0;
        let mut take = |place: u32| {
            let slot = &mut number[place as usize];
            if *slot == u32::MAX {
                *slot = next;
                next += 1;
            }
            *slot
        };
        self.start = take(self.start);
        self.end = take(self.end);
        for transition in &mut self.transitions {
            for place in transition.inputs.iter_mut().chain(&mut transition.outputs) {
                *place = take(*place);
            }
        }
        self.places = next;
    }
}

/// Arcs at one side of a place.
#[derive(Clone, Copy, Default)]
struct Arcs {
    count: u32,
    last: usize,
}

/// Between which places a subtree lies, and whether others use them too.
#[derive(Clone, Copy)]
struct Ends {
    source: u32,
    target: u32,
    source_shared: bool,
    target_shared: bool,
}
