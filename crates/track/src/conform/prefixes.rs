//! The prefixes of a log, each once: how many cases go on from it, and with what.

use crate::log::{Activity, Log};

const NONE: u32 = u32::MAX;

/// A tree of prefixes; the root is the empty one.
pub(super) struct Prefixes {
    nodes: Vec<Prefix>,
}

struct Prefix {
    activity: Activity,
    child: u32,
    sibling: u32,
    /// Cases that have it.
    cases: u64,
}

impl Prefixes {
    pub(super) const ROOT: u32 = 0;

    pub(super) fn of(log: &Log) -> Prefixes {
        let mut order: Vec<usize> = (0..log.variants.len()).collect();
        order.sort_unstable_by(|a, b| log.variants[*a].trace.cmp(&log.variants[*b].trace));
        let root = Prefix { activity: 0, child: NONE, sibling: NONE, cases: 0 };
        let mut prefixes = Prefixes { nodes: vec![root] };
        for variant in order {
            let variant = &log.variants[variant];
            let mut at = Prefixes::ROOT;
            prefixes.nodes[0].cases += variant.cases;
            for activity in &variant.trace {
                at = prefixes.grow(at, *activity);
                prefixes.nodes[at as usize].cases += variant.cases;
            }
        }
        prefixes
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Variants come sorted: what goes on with this activity is the newest, or there is none.
    fn grow(&mut self, at: u32, activity: Activity) -> u32 {
        let newest = self.nodes[at as usize].child;
        if newest != NONE && self.nodes[newest as usize].activity == activity {
            return newest;
        }
        let number = self.nodes.len() as u32;
        self.nodes.push(Prefix { activity, child: NONE, sibling: newest, cases: 0 });
        self.nodes[at as usize].child = number;
        number
    }

    /// What comes next, by activity and number.
    fn next(&self, at: u32) -> impl Iterator<Item = (Activity, u32)> {
        let known = |number: u32| (number != NONE).then_some(number);
        let first = known(self.nodes[at as usize].child);
        let all = std::iter::successors(first, move |at| known(self.nodes[*at as usize].sibling));
        all.map(|number| (self.nodes[number as usize].activity, number))
    }

    /// The prefix that is longer by one event.
    pub(super) fn step(&self, at: u32, activity: Activity) -> Option<u32> {
        self.next(at).find(|(next, _)| *next == activity).map(|(_, number)| number)
    }

    /// Activities that come next.
    pub(super) fn seen(&self, at: u32) -> impl Iterator<Item = Activity> {
        self.next(at).map(|(activity, _)| activity)
    }

    pub(super) fn cases(&self, at: u32) -> u64 {
        self.nodes[at as usize].cases
    }

    /// Cases that do not end with it.
    pub(super) fn going_on(&self, at: u32) -> u64 {
        self.next(at).map(|(_, number)| self.nodes[number as usize].cases).sum()
    }
}
