//! Token replay over silent and duplicate transitions: what each variant needs that is not there.
//! Silent transitions fire when they lead to the next label; of several transitions with one label
//! the one that is enabled first fires. Cheaper than an alignment, and not always optimal.

use serde::Serialize;

use super::net::Net;
use super::space::{Space, Step};
use crate::log::Log;

/// Sums over the cases of a log.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Replay {
    pub cases: u64,
    /// Cases that replayed to the end without a deviation.
    pub fitting: u64,
    /// Events that the net could not follow.
    pub unexpected: u64,
    pub events: u64,
    /// Cases that ended before the net could.
    pub unfinished: u64,
}

/// Replays every variant once.
pub fn replay(log: &Log, net: &Net) -> Replay {
    let mut space = Space::new(net, log.activities.len(), false);
    let mut sums = Replay::default();
    for variant in &log.variants {
        let mut marking = Space::START;
        let mut unexpected = 0;
        for activity in &variant.trace {
            match reach(&mut space, marking, |space, at| {
                let steps = space.steps(at);
                steps.iter().find(|s| s.label == Some(*activity)).map(|step: &Step| step.to)
            }) {
                Some(next) => marking = next,
                None => unexpected += 1,
            }
        }
        let ended = reach(&mut space, marking, |space, at| space.is_end(at).then_some(at));
        sums.cases += variant.cases;
        sums.events += variant.cases * variant.trace.len() as u64;
        sums.unexpected += variant.cases * unexpected;
        sums.unfinished += if ended.is_none() { variant.cases } else { 0 };
        sums.fitting += if ended.is_some() && unexpected == 0 { variant.cases } else { 0 };
    }
    sums
}

/// The first answer in the markings that silent steps reach, nearest first.
fn reach(
    space: &mut Space,
    from: u32,
    answer: impl Fn(&mut Space, u32) -> Option<u32>,
) -> Option<u32> {
    let mut seen = vec![from];
    let mut at = 0;
    while at < seen.len() {
        let marking = seen[at];
        if let Some(found) = answer(space, marking) {
            return Some(found);
        }
        for step in space.steps(marking) {
            if step.label.is_none() && !seen.contains(&step.to) {
                seen.push(step.to);
            }
        }
        at += 1;
    }
    None
}
