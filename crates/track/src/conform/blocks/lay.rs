//! A trace laid over blocks: what each stretch of its events costs in each block.

use super::{Blocks, DELETED, INSERTED, Kind, NONE};
use crate::limits::{ALIGNMENT_CELLS_MAX, ALIGNMENT_EVENTS_MAX, ALIGNMENT_WORK_MAX};
use crate::log::Activity;

/// One trace at a time; the room is used again for the next one.
pub(in crate::conform) struct Laid<'b> {
    pub(super) blocks: &'b Blocks,
    pub(super) own: Vec<Own>,
    /// Blocks that events of this trace belong to, children first.
    touched: Vec<u32>,
    /// Events of the trace before each position that belong to any block.
    pub(super) known: Vec<u32>,
    row: Row,
}

/// Events of one block. A stretch is named by the numbers of its first event and of the one behind.
#[derive(Default)]
pub(super) struct Own {
    /// Number of each event among those of the parent.
    pub marks: Vec<u32>,
    /// Events before each number of the parent's.
    pub count: Vec<u32>,
    /// Cost of a whole run over a stretch, and of a run that need not be over. By end, then begin.
    full: Vec<u32>,
    part: Vec<u32>,
    /// Begins that are in the tables: all, or only 0.
    width: usize,
    /// Where the last step of each part began: for stretches that begin at `won_for`.
    pub won: Vec<Won>,
    pub won_for: u32,
}

/// The child in which a part ends, and the number of its first event there.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Won {
    pub child: u32,
    pub from: u32,
}

/// Costs along one row of a table.
#[derive(Default)]
struct Row {
    before: Vec<u32>,
    after: Vec<u32>,
    part: Vec<u32>,
    won: Vec<Won>,
}

impl Own {
    pub(super) fn events(&self) -> u32 {
        self.marks.len() as u32
    }
}

impl<'b> Laid<'b> {
    pub(in crate::conform) fn new(blocks: &'b Blocks) -> Laid<'b> {
        let mut own = Vec::new();
        own.resize_with(blocks.nodes.len(), Own::default);
        let (touched, known) = (Vec::new(), Vec::new());
        Laid { blocks, own, touched, known, row: Row::default() }
    }

    /// Steps that it takes to lay this trace, more or less; `None` when that is too many.
    pub(in crate::conform) fn work(&mut self, trace: &[Activity]) -> Option<u64> {
        self.mark(trace);
        let longest = trace.len() + self.blocks.shortest() as usize;
        let (mut cells, mut work) = (0_usize, trace.len() as u64);
        for node in &self.touched {
            let block = &self.blocks.nodes[*node as usize];
            if let Kind::Silent | Kind::Leaf | Kind::Any { .. } = block.kind {
                continue;
            }
            let size = self.own[*node as usize].events() as usize + 1;
            let width = if block.anchored { 1 } else { size };
            let events = |child: &u32| self.own[*child as usize].events() as usize;
            let present = block.children.iter().map(events).filter(|events| *events > 0);
            let row: usize = present.map(|events| size + events * events).sum();
            cells += size * width;
            work += row as u64 * width as u64;
        }
        let fits = longest <= ALIGNMENT_EVENTS_MAX && cells <= ALIGNMENT_CELLS_MAX;
        (fits && work <= ALIGNMENT_WORK_MAX).then_some(work)
    }

    /// Lays a trace whose [`Laid::work`] was asked for last.
    pub(in crate::conform) fn fill(&mut self) {
        for at in 0..self.touched.len() {
            let node = self.touched[at];
            let block = &self.blocks.nodes[node as usize];
            match block.kind {
                Kind::Silent | Kind::Leaf | Kind::Any { .. } => {}
                Kind::Choice | Kind::Parallel => self.fill_beside(node),
                Kind::Sequence | Kind::Loop => self.fill_in_order(node),
            }
        }
    }

    /// Steps that the whole trace has too many or too few, at least.
    pub(in crate::conform) fn cost(&self) -> u32 {
        let strange = self.known.len() as u32 - 1 - self.own[0].events();
        self.full(0, 0, self.own[0].events()) / INSERTED + strange
    }

    /// Which block each event belongs to, and its number there.
    fn mark(&mut self, trace: &[Activity]) {
        for node in std::mem::take(&mut self.touched) {
            let own = &mut self.own[node as usize];
            own.marks.clear();
            own.count.clear();
        }
        self.known.clear();
        self.known.push(0);
        for activity in trace {
            let mut node = self.blocks.leaf.get(*activity as usize).copied().unwrap_or(NONE);
            while node != NONE {
                let parent = self.blocks.nodes[node as usize].parent;
                let at = match parent {
                    NONE => self.known.len() as u32 - 1,
                    parent => self.own[parent as usize].events(),
                };
                let own = &mut self.own[node as usize];
                if own.marks.is_empty() {
                    own.won_for = NONE;
                    self.touched.push(node);
                }
                own.marks.push(at);
                node = parent;
            }
            self.known.push(self.own[0].events());
        }
        self.touched.sort_unstable_by(|a, b| b.cmp(a));
        for node in &self.touched {
            let parent = self.blocks.nodes[*node as usize].parent;
            if parent == NONE {
                continue;
            }
            let events = self.own[parent as usize].events();
            let own = &mut self.own[*node as usize];
            let mut marks = own.marks.iter().peekable();
            let mut before = 0;
            for at in 0..=events {
                own.count.push(before);
                before += u32::from(marks.next_if(|mark| **mark == at).is_some());
            }
        }
    }

    /// Cost of a whole run of a block over the events `from..to` of it.
    pub(super) fn full(&self, node: u32, from: u32, to: u32) -> u32 {
        let (block, own) = (&self.blocks.nodes[node as usize], &self.own[node as usize]);
        let events = to - from;
        if own.marks.is_empty() {
            return block.shortest * INSERTED;
        }
        match block.kind {
            Kind::Leaf if events > 0 => (events - 1) * DELETED,
            Kind::Any { .. } if events > 0 => 0,
            Kind::Silent | Kind::Leaf | Kind::Any { .. } => block.shortest * INSERTED,
            Kind::Sequence | Kind::Choice | Kind::Parallel | Kind::Loop => {
                own.full[to as usize * own.width + from as usize]
            }
        }
    }

    /// The same of a run that may stop anywhere.
    pub(super) fn part(&self, node: u32, from: u32, to: u32) -> u32 {
        let (block, own) = (&self.blocks.nodes[node as usize], &self.own[node as usize]);
        if from == to {
            return 0;
        }
        match block.kind {
            Kind::Leaf => (to - from - 1) * DELETED,
            Kind::Silent | Kind::Any { .. } => 0,
            Kind::Sequence | Kind::Choice | Kind::Parallel | Kind::Loop => {
                own.part[to as usize * own.width + from as usize]
            }
        }
    }

    /// Makes room for the tables of a block; answers the number of its events and the begins.
    fn room(&mut self, node: u32) -> (u32, u32) {
        let anchored = self.blocks.nodes[node as usize].anchored;
        let own = &mut self.own[node as usize];
        let events = own.events();
        own.width = if anchored { 1 } else { events as usize + 1 };
        let cells = (events as usize + 1) * own.width;
        for table in [&mut own.full, &mut own.part] {
            table.clear();
            table.resize(cells, 0);
        }
        (events, own.width as u32)
    }

    fn put(&mut self, node: u32, (from, to): (u32, u32), full: u32, part: u32) {
        let own = &mut self.own[node as usize];
        let at = to as usize * own.width + from as usize;
        (own.full[at], own.part[at]) = (full, part);
    }

    fn fill_beside(&mut self, node: u32) {
        let block = &self.blocks.nodes[node as usize];
        let choice = block.kind == Kind::Choice;
        let (present, absent): (Vec<u32>, Vec<u32>) =
            block.children.iter().partition(|child| self.own[**child as usize].events() > 0);
        let shortest = absent.iter().map(|child| self.blocks.nodes[*child as usize].shortest);
        // What the others cost: of a choice the cheapest of them, else all of them.
        let others = match choice {
            true => shortest.min().map_or(u32::MAX, |steps| steps * INSERTED),
            false => shortest.sum::<u32>() * INSERTED,
        };
        let (events, begins) = self.room(node);
        for to in 0..=events {
            for from in 0..begins.min(to + 1) {
                let nothing = (to - from) * DELETED;
                let (mut full, mut part) = match choice {
                    true => (others.saturating_add(nothing), nothing),
                    false => (others, 0),
                };
                for child in &present {
                    let count = &self.own[*child as usize].count;
                    let (a, b) = (count[from as usize], count[to as usize]);
                    let (whole, open) = (self.full(*child, a, b), self.part(*child, a, b));
                    let foreign = (to - from - (b - a)) * DELETED;
                    (full, part) = match choice {
                        true => (full.min(whole + foreign), part.min(open + foreign)),
                        false => (full + whole, part + open),
                    };
                }
                self.put(node, (from, to), full, part);
            }
        }
    }

    fn fill_in_order(&mut self, node: u32) {
        let (events, begins) = self.room(node);
        let mut row = std::mem::take(&mut self.row);
        for from in 0..begins.min(events + 1) {
            self.row(node, from, &mut row);
            for to in from..=events {
                let at = to as usize;
                self.put(node, (from, to), row.before[at], row.part[at]);
            }
        }
        self.row = row;
    }

    /// Works out where the parts that begin at `from` were won.
    pub(super) fn win(&mut self, node: u32, from: u32) {
        if self.own[node as usize].won_for == from {
            return;
        }
        let mut row = std::mem::take(&mut self.row);
        self.row(node, from, &mut row);
        let own = &mut self.own[node as usize];
        std::mem::swap(&mut own.won, &mut row.won);
        own.won_for = from;
        self.row = row;
    }

    /// Costs of a sequence or a loop over all stretches that begin at `from`: whole runs in
    /// `before`, others in `part`.
    fn row(&self, node: u32, from: u32, row: &mut Row) {
        let size = self.own[node as usize].events() as usize + 1;
        let deleted = (0..size as u32).map(|to| to.saturating_sub(from) * DELETED);
        row.before.clear();
        row.before.extend(deleted);
        row.part.clone_from(&row.before);
        row.won.clear();
        row.won.resize(size, Won::default());
        if self.blocks.nodes[node as usize].kind == Kind::Loop {
            self.rounds(node, from, row);
        } else {
            self.one_by_one(node, from, row);
        }
    }

    fn one_by_one(&self, node: u32, from: u32, row: &mut Row) {
        for (number, child) in self.blocks.nodes[node as usize].children.iter().enumerate() {
            let (own, shortest) = (&self.own[*child as usize], self.shortest(*child));
            if own.marks.is_empty() || own.count[from as usize] == own.events() {
                row.before.iter_mut().for_each(|cost| *cost += shortest);
                continue;
            }
            row.after.clear();
            row.after.resize(row.before.len(), 0);
            // What goes before the first child is deleted there as well.
            let first = (number == 0).then_some(own.count[from as usize]);
            let mut open = row.before[from as usize];
            for to in from..row.before.len() as u32 {
                let at = to as usize;
                let mut whole = row.before[at] + shortest;
                open = row.before[at].min(open.saturating_add(DELETED));
                if to > from {
                    whole = whole.min(row.after[at - 1] + DELETED);
                    if let Some(best) = self.ending(*child, from, to, first, &row.before) {
                        whole = whole.min(best.whole);
                        open = open.min(best.open);
                        keep(row, at, best.open, *child, best.from);
                    }
                }
                row.after[at] = whole;
                // Behind the last event of the child others follow, which are deleted.
                if open < row.part[at] {
                    let won = row.won[at - 1];
                    keep(row, at, open, won.child, won.from);
                }
            }
            std::mem::swap(&mut row.before, &mut row.after);
        }
    }

    fn rounds(&self, node: u32, from: u32, row: &mut Row) {
        let [body, redo] = self.blocks.nodes[node as usize].children[..] else { return };
        let (least, again) = (self.shortest(body), self.shortest(redo));
        // `before` is in front of the body, `after` behind it.
        row.after.clone_from(&row.before);
        for to in from..row.before.len() as u32 {
            let at = to as usize;
            if to > from {
                row.before[at] = row.before[at - 1] + DELETED;
                row.after[at] = row.after[at - 1] + DELETED;
                row.part[at] = row.part[at - 1] + DELETED;
                row.won[at] = row.won[at - 1];
                if let Some(best) = self.ending(body, from, to, None, &row.before) {
                    row.after[at] = row.after[at].min(best.whole);
                    keep(row, at, best.open, body, best.from);
                }
                if let Some(best) = self.ending(redo, from, to, None, &row.after) {
                    row.before[at] = row.before[at].min(best.whole);
                    keep(row, at, best.open, redo, best.from);
                }
            } else {
                row.after[at] = row.before[at] + least;
            }
            row.before[at] = row.before[at].min(row.after[at] + again);
            row.after[at] = row.after[at].min(row.before[at] + least);
            row.before[at] = row.before[at].min(row.after[at] + again);
        }
        std::mem::swap(&mut row.before, &mut row.after);
    }

    fn shortest(&self, node: u32) -> u32 {
        self.blocks.nodes[node as usize].shortest * INSERTED
    }

    /// The cheapest run of a child that has the event in front of `to`, when that is one of its
    /// own; `before` is what it costs to come to where the run begins.
    fn ending(
        &self,
        child: u32,
        from: u32,
        to: u32,
        only: Option<u32>,
        before: &[u32],
    ) -> Option<Ending> {
        let own = &self.own[child as usize];
        if own.marks.is_empty() || own.count[to as usize] == own.count[to as usize - 1] {
            return None;
        }
        let end = own.count[to as usize];
        let begins = only.map_or(own.count[from as usize]..end, |only| only..only + 1);
        let mut best = Ending { whole: u32::MAX, open: u32::MAX, from: 0 };
        for begin in begins {
            let mark = own.marks[begin as usize];
            let foreign = to - mark - (end - begin);
            let until = before[mark as usize] + foreign * DELETED;
            let open = until + self.part(child, begin, end);
            if open < best.open {
                (best.open, best.from) = (open, begin);
            }
            best.whole = best.whole.min(until + self.full(child, begin, end));
        }
        Some(best)
    }
}

struct Ending {
    whole: u32,
    open: u32,
    from: u32,
}

fn keep(row: &mut Row, at: usize, cost: u32, child: u32, from: u32) {
    if cost < row.part[at] {
        row.part[at] = cost;
        row.won[at] = Won { child, from };
    }
}
