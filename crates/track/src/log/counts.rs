//! What a log holds, in figures.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Activity, Log};

/// How often one activity directly follows another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pair {
    pub from: String,
    pub to: String,
    pub count: u64,
}

/// Exact counts; every list by count, largest first, then by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub cases: u64,
    pub events: u64,
    pub variants: u64,
    pub activities: BTreeMap<String, u64>,
    pub directly_follows: Vec<Pair>,
    pub start_activities: BTreeMap<String, u64>,
    pub end_activities: BTreeMap<String, u64>,
}

impl Log {
    /// Counts everything once; variants are walked, not cases.
    pub fn counts(&self) -> Counts {
        let mut activities = BTreeMap::new();
        let mut starts = BTreeMap::new();
        let mut ends = BTreeMap::new();
        let mut pairs: BTreeMap<(Activity, Activity), u64> = BTreeMap::new();
        let mut events = 0;
        for variant in &self.variants {
            let trace = &variant.trace;
            events += variant.cases * trace.len() as u64;
            for activity in trace {
                *activities.entry(self.name(*activity).to_owned()).or_default() += variant.cases;
            }
            for pair in trace.windows(2) {
                *pairs.entry((pair[0], pair[1])).or_default() += variant.cases;
            }
            for (end, map) in [(trace.first(), &mut starts), (trace.last(), &mut ends)] {
                if let Some(activity) = end {
                    *map.entry(self.name(*activity).to_owned()).or_default() += variant.cases;
                }
            }
        }
        let named = |((from, to), count): ((Activity, Activity), u64)| Pair {
            from: self.name(from).to_owned(),
            to: self.name(to).to_owned(),
            count,
        };
        let mut directly_follows: Vec<Pair> = pairs.into_iter().map(named).collect();
        directly_follows.sort_by(|a, b| {
            b.count.cmp(&a.count).then_with(|| (&a.from, &a.to).cmp(&(&b.from, &b.to)))
        });
        Counts {
            cases: self.cases.len() as u64,
            events,
            variants: self.variants.len() as u64,
            activities,
            directly_follows,
            start_activities: starts,
            end_activities: ends,
        }
    }
}
