//! The part of a log that is being mined: distinct traces with how often they occur.

use std::collections::{BTreeMap, HashMap};

use crate::log::{Activity, Log};

pub(super) type Trace = Box<[Activity]>;

/// Traces in a fixed order, so that mining is deterministic.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Sublog {
    pub traces: Vec<(Trace, u64)>,
}

impl Sublog {
    pub(super) fn of(log: &Log) -> Sublog {
        Sublog { traces: log.variants.iter().map(|v| (v.trace.clone(), v.cases)).collect() }
    }

    /// Merges equal traces.
    pub(super) fn collect(traces: impl IntoIterator<Item = (Vec<Activity>, u64)>) -> Sublog {
        let mut index: HashMap<Trace, usize> = HashMap::new();
        let mut merged: Vec<(Trace, u64)> = Vec::new();
        for (trace, count) in traces {
            let trace = trace.into_boxed_slice();
            match index.get(&trace) {
                Some(at) => merged[*at].1 += count,
                None => {
                    index.insert(trace.clone(), merged.len());
                    merged.push((trace, count));
                }
            }
        }
        Sublog { traces: merged }
    }

    pub(super) fn cases(&self) -> u64 {
        self.traces.iter().map(|(_, count)| count).sum()
    }

    pub(super) fn empty_cases(&self) -> u64 {
        self.traces.iter().filter(|(trace, _)| trace.is_empty()).map(|(_, count)| count).sum()
    }

    pub(super) fn without_empty(&self) -> Sublog {
        let traces = self.traces.iter().filter(|(trace, _)| !trace.is_empty());
        Sublog { traces: traces.cloned().collect() }
    }

    /// Activities and how many events each has, by activity.
    pub(super) fn activities(&self) -> BTreeMap<Activity, u64> {
        let mut found = BTreeMap::new();
        for (trace, count) in &self.traces {
            for activity in trace {
                *found.entry(*activity).or_default() += count;
            }
        }
        found
    }

    /// Only the events that `keep` names.
    pub(super) fn project(&self, keep: impl Fn(Activity) -> bool) -> Sublog {
        let traces = self.traces.iter();
        Sublog::collect(
            traces.map(|(t, count)| (t.iter().copied().filter(|a| keep(*a)).collect(), *count)),
        )
    }
}
