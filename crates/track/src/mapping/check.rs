//! What a mapping would do with a sample, record by record, before anything is tracked.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Mapping, Reading};
use crate::source::{Item, Position};

/// One line of the answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    pub position: Position,
    pub reading: Reading,
    /// The sample has this event already, at this position; the later record replaces it.
    pub replaces: Option<Position>,
}

/// The sample as a whole.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Summary {
    pub records: u64,
    pub events: u64,
    pub ignored: u64,
    pub replaced: u64,
    pub cases: u64,
    pub steps: BTreeMap<String, u64>,
    /// How often each reason was given.
    pub rejected: BTreeMap<String, u64>,
}

/// Reads every item of a sample.
pub fn check(mapping: &Mapping, sample: &[Item]) -> (Vec<Checked>, Summary) {
    let mut summary = Summary::default();
    let mut seen: HashMap<u128, Position> = HashMap::new();
    let mut cases = BTreeSet::new();
    let mut checked = Vec::with_capacity(sample.len());
    for item in sample {
        let position = item.position();
        let reading = match item {
            Item::Record(record) => mapping.read(record),
            Item::Bad { reason, .. } => Reading::Rejected { reason: reason.clone() },
        };
        let mut replaces = None;
        summary.records += 1;
        match &reading {
            Reading::Event(event) => {
                replaces = event.identity.and_then(|id| seen.insert(id, position));
                summary.replaced += u64::from(replaces.is_some());
                summary.events += u64::from(replaces.is_none());
                cases.insert(event.case.clone());
                if replaces.is_none() {
                    *summary.steps.entry(event.kind.clone()).or_default() += 1;
                }
            }
            Reading::Ignored { .. } => summary.ignored += 1,
            Reading::Rejected { reason } => {
                *summary.rejected.entry(reason.clone()).or_default() += 1;
            }
        }
        checked.push(Checked { position, reading, replaces });
    }
    summary.cases = cases.len() as u64;
    (checked, summary)
}
