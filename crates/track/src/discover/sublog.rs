//! The part of a log that is being mined: distinct traces with how often they occur.

use std::collections::HashMap;

use crate::log::{Activity, Variant};

pub(super) type Trace = Box<[Activity]>;

/// Traces in a fixed order, so that mining is deterministic.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Sublog {
    pub traces: Vec<(Trace, u64)>,
}

impl Sublog {
    pub(super) fn of(variants: &[Variant]) -> Sublog {
        Sublog { traces: variants.iter().map(|v| (v.trace.clone(), v.cases)).collect() }
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
    pub(super) fn activities(&self) -> Vec<(Activity, u64)> {
        let mut events: Vec<u64> = Vec::new();
        for (trace, count) in &self.traces {
            for activity in trace {
                let at = *activity as usize;
                if events.len() <= at {
                    events.resize(at + 1, 0);
                }
                events[at] += count;
            }
        }
        let all = (0..).zip(events);
        all.filter(|(_, events)| *events > 0).collect()
    }

    /// Events of its traces, each counted once.
    pub(super) fn size(&self) -> usize {
        self.traces.iter().map(|(trace, _)| trace.len()).sum()
    }

    /// Only the events that `keep` names.
    pub(super) fn project(&self, keep: impl Fn(Activity) -> bool) -> Sublog {
        let traces = self.traces.iter();
        Sublog::collect(
            traces.map(|(t, count)| (t.iter().copied().filter(|a| keep(*a)).collect(), *count)),
        )
    }
}
