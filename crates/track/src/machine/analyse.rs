//! What the events of a case say about it, by the cheapest explanation that the model gives.

use super::explain::whole_late;
use super::lay::lay;
use super::state::{Fold, Seen};
use crate::chart::Chart;
use crate::conform::Aligner;
use crate::limits::CASE_FINDINGS_MAX;

/// What is wrong with a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub kind: FindingKind,
    /// The event type that it is about.
    pub step: u32,
    /// How many findings of the same kind and type the case had before.
    pub occurrence: u32,
    /// What could have come instead, at most three types.
    pub expected: Box<[u32]>,
    /// Event time of what came wrong; of a skipped step, of the event that passed over it.
    pub at_ms: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingKind {
    /// A later step came without this one.
    Skipped,
    /// It came again where the model has it once.
    Repeated,
    /// It came, but not in its place.
    WrongOrder,
    /// It has no place in this case, or in the model.
    Unexpected,
    /// It came after its deadline, or the deadline passed without it.
    TooLate,
}

impl FindingKind {
    pub const ALL: [FindingKind; 5] = [
        FindingKind::Skipped,
        FindingKind::Repeated,
        FindingKind::WrongOrder,
        FindingKind::Unexpected,
        FindingKind::TooLate,
    ];

    pub fn name(self) -> &'static str {
        match self {
            FindingKind::Skipped => "skipped",
            FindingKind::Repeated => "repeated",
            FindingKind::WrongOrder => "wrong order",
            FindingKind::Unexpected => "unexpected",
            FindingKind::TooLate => "too late",
        }
    }
}

/// A case as the model sees it. Types are numbers of the chart.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Analysis {
    pub findings: Vec<Finding>,
    /// Where its tokens are, each with the time at which it came there.
    pub marking: Vec<(u32, i64)>,
    /// Types that can come next.
    pub next: Vec<u32>,
    /// It can end here without a further event.
    pub may_end: bool,
    /// Elements whose events were waited for too long: deadline number and when it was due.
    pub overdue: Vec<(u32, i64)>,
    /// Deadlines of what is waited for now: number and due time.
    pub waiting: Vec<(u32, i64)>,
}

/// What is wrong; which one of its kind is told by what else is known of the case.
pub(super) fn finding(kind: FindingKind, step: u32, expected: &[u32], at_ms: i64) -> Finding {
    let expected = expected.iter().copied().take(3).collect();
    Finding { kind, step, occurrence: 0, expected, at_ms }
}

impl Analysis {
    /// It has come to its end.
    pub(super) fn ended(&self) -> bool {
        self.may_end && self.next.is_empty()
    }
}

/// Judges events outside the machine: times and types, in event-time order, as they stand at
/// `now_ms`.
pub(crate) fn judge(
    chart: &Chart,
    aligner: &mut Aligner,
    events: impl Iterator<Item = (i64, u32)>,
    now_ms: i64,
) -> Analysis {
    let seen = |(order, (time_ms, kind))| Seen { time_ms, kind, identity: 0, order };
    let events: Vec<Seen> = (0..).zip(events).map(seen).collect();
    let laying = lay(chart, aligner, &Fold::default(), [&[], &events], &[]);
    let (mut found, analysis) = (laying.findings, laying.analysis);
    for (number, due_ms) in analysis.waiting.iter().filter(|(_, due_ms)| *due_ms <= now_ms) {
        let kind = chart.deadlines[*number as usize].kind;
        found.push(finding(FindingKind::TooLate, kind, &[kind], *due_ms));
    }
    if let (Some(within), Some(first)) = (chart.case_deadline_ms, events.first()) {
        let due_ms = first.time_ms.saturating_add(within);
        found.extend(whole_late(events.iter(), due_ms, due_ms <= now_ms && !analysis.ended()));
    }
    Analysis { findings: numbered(found), ..analysis }
}

/// In the order of their times, those of one kind and step counted; further ones are left out.
pub(super) fn numbered(mut found: Vec<Finding>) -> Vec<Finding> {
    found.sort_by_key(|f| (f.at_ms, f.kind, f.step));
    found.truncate(CASE_FINDINGS_MAX);
    for at in 0..found.len() {
        let before = found[..at].iter().filter(|f| f.alike(&found[at]));
        found[at].occurrence = before.count() as u32;
    }
    found
}
