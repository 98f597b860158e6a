//! What can come next, where the cheapest explanation of the first events leaves the blocks.

use super::{Bits, DELETED, Kind, Laid, join};

impl Laid<'_> {
    /// Whether the model can do so many events of the trace that was laid, one by one.
    pub(in crate::conform) fn fits(&self, events: usize) -> bool {
        let known = self.known.get(events).copied().unwrap_or(0);
        known as usize == events && self.part(0, 0, known) == 0
    }

    /// Activities that can come behind so many events of the trace that was laid. Nothing that
    /// need not have happened has happened: silent steps wait for the event that needs them.
    pub(in crate::conform) fn ahead(&mut self, events: usize) -> Bits {
        let mut next = vec![0; self.blocks.words].into_boxed_slice();
        let known = self.known.get(events).copied().unwrap_or(0);
        self.next(0, 0, known, &mut next);
        next
    }

    /// Adds what can come behind a stretch of a block; tells whether the block can be left.
    fn next(&mut self, node: u32, from: u32, to: u32, next: &mut Bits) -> bool {
        let blocks = self.blocks;
        let block = &blocks.nodes[node as usize];
        if self.part(node, from, to) == (to - from) * DELETED {
            // It has not begun.
            join(next, &block.first);
            return block.shortest == 0;
        }
        match block.kind {
            Kind::Silent | Kind::Leaf => true,
            Kind::Any { .. } => {
                join(next, &block.first);
                true
            }
            Kind::Choice => match self.taken(node, from, to) {
                Some((child, a, b)) => self.next(child, a, b, next),
                None => true,
            },
            Kind::Parallel => block.children.iter().fold(true, |over, child| {
                let (a, b) = self.stretch(*child, from, to);
                self.next(*child, a, b, next) && over
            }),
            Kind::Sequence | Kind::Loop => {
                self.win(node, from);
                let won = self.own[node as usize].won[to as usize];
                let (_, end) = self.stretch(won.child, from, to);
                let over = self.next(won.child, won.from, end, next);
                over && self.behind(node, won.child, next)
            }
        }
    }

    /// Adds what can come when a child of a sequence or loop is over.
    fn behind(&self, node: u32, child: u32, next: &mut Bits) -> bool {
        let blocks = self.blocks;
        let block = &blocks.nodes[node as usize];
        let mut add = |child: u32| {
            join(next, &blocks.nodes[child as usize].first);
            blocks.nodes[child as usize].shortest == 0
        };
        match block.children[..] {
            [body, redo] if block.kind == Kind::Loop => {
                let [other, same] = if child == body { [redo, body] } else { [body, redo] };
                let through = add(other);
                if through {
                    add(same);
                }
                child == body || through
            }
            _ => block.children.iter().skip_while(|c| **c != child).skip(1).all(|c| add(*c)),
        }
    }

    /// The events of a child in a stretch of its parent.
    pub(super) fn stretch(&self, child: u32, from: u32, to: u32) -> (u32, u32) {
        match self.own[child as usize].count[..] {
            [] => (0, 0),
            ref count => (count[from as usize], count[to as usize]),
        }
    }

    /// The child that a choice fell on.
    fn taken(&self, node: u32, from: u32, to: u32) -> Option<(u32, u32, u32)> {
        let least = self.part(node, from, to);
        let children = self.blocks.nodes[node as usize].children.iter();
        let mut stretches = children.map(|child| {
            let (a, b) = self.stretch(*child, from, to);
            (*child, a, b)
        });
        stretches.find(|(child, a, b)| {
            a < b && self.part(*child, *a, *b) + (to - from - (b - a)) * DELETED == least
        })
    }
}
