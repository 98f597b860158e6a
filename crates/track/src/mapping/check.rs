//! What a mapping would do with a sample, record by record, before anything is tracked.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Identity, Mapping, Reading};
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

/// What a sample says against the id that the mapping names, with figures: an id that no event has
/// keeps no repetition out, and one that events share makes all but the last of them vanish.
pub fn doubts(mapping: &Mapping, sample: &[Item]) -> Vec<String> {
    let Identity::Field(field) = &mapping.id else { return Vec::new() };
    let mut seen: HashMap<u128, (String, String)> = HashMap::new();
    let (mut events, mut named, mut gone) = (0_u64, 0_u64, 0_u64);
    for item in sample {
        let Item::Record(record) = item else { continue };
        let Reading::Event(event) = mapping.read(record) else { continue };
        events += 1;
        let Some(identity) = event.identity else { continue };
        named += 1;
        let event = (event.case, event.kind);
        gone += u64::from(seen.insert(identity, event.clone()).is_some_and(|old| old != event));
    }
    let mut doubts = Vec::new();
    if events > 0 && named == 0 {
        doubts.push(format!(
            "id: expected one at {field}, but none of the first {events} events has it: an event \
             that comes again will count again"
        ));
    }
    if gone > 0 {
        doubts.push(format!(
            "id: expected {field} to tell events apart, but {gone} of the first {events} have the \
             id of an event of another case or type, and take its place"
        ));
    }
    doubts
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
