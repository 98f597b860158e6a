//! What happened. Events carry outcomes: nothing is evaluated when they are folded.

use std::sync::Arc;

use super::analyse::Finding;
use super::command::{Publish, Verdict};
use super::state::{CaseKey, CaseStatus, Fold};
use crate::source::{Position, Proof};

/// One thing that happened to one aggregate: a case, a model or a source.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    DraftSaved(Publish),
    /// `version` counts all published models; cases refer to it.
    Published {
        version: u32,
        publish: Publish,
    },
    /// The number that stands for an event type in this version's cases.
    KindNamed {
        version: u32,
        kind: u32,
        name: Arc<str>,
    },
    /// Everything below `next` was observed.
    SourceAdvanced {
        source: Arc<str>,
        partition: u32,
        next: u64,
        /// What was before it.
        proof: Option<Proof>,
    },
    /// The verdict of a record that no other event tells.
    Judged {
        source: Arc<str>,
        position: Position,
        verdict: Verdict,
        /// How often the record was observed before.
        attempt: u32,
    },
    /// The first event of a case came; it may be an early one (see [`Event::CaseOpened`]).
    CaseMet {
        case: CaseKey,
        id: Arc<str>,
        version: u32,
    },
    /// The case goes on with a version of the same model that knows more types; what it has of
    /// them is renumbered by name.
    CaseMigrated {
        case: CaseKey,
        version: u32,
    },
    /// An event that can open the case came.
    CaseOpened {
        case: CaseKey,
    },
    StepObserved(StepObserved),
    /// The event of this identity turned out to be of another case.
    StepTaken {
        case: CaseKey,
        identity: u64,
    },
    Deviated {
        case: CaseKey,
        finding: Finding,
    },
    /// A late or replacing event made a finding untrue.
    Withdrawn {
        case: CaseKey,
        finding: Finding,
    },
    /// The deadline of this number now passes at `due_ms`.
    DeadlineArmed {
        case: CaseKey,
        deadline: u32,
        due_ms: i64,
        /// It had passed when the news came that arms it: a finding, no alarm.
        history: bool,
    },
    DeadlineDisarmed {
        case: CaseKey,
        deadline: u32,
    },
    /// Not in time. Fires once, whatever happens to the case later.
    DeadlineFired {
        case: CaseKey,
        deadline: u32,
        due_ms: i64,
    },
    StatusChanged {
        case: CaseKey,
        status: CaseStatus,
        at_ms: i64,
    },
    /// The first `steps` events are no longer kept one by one. Written no more.
    Folded {
        case: CaseKey,
        steps: u32,
        marking: Box<[u32]>,
    },
    /// No fold behind `from` steps holds, but these; what comes before the last is folded.
    Settled {
        case: CaseKey,
        from: u32,
        folds: Box<[Fold]>,
    },
    CaseForgotten {
        case: CaseKey,
    },
    /// From now on cases of the process are stuck by this rule, those that are there too.
    QuietRuled {
        process: Arc<str>,
        rule: Quiet,
    },
    AlertRaised {
        number: u64,
        alert: Alert,
    },
    AlertDelivered {
        number: u64,
    },
}

/// When quiet cases of a process are stuck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quiet {
    /// So long after the last event, in ms; never when absent.
    pub after_ms: Option<i64>,
    /// When this rule was made: what was quiet for too long by then is stuck, and no alarm.
    pub since_ms: i64,
}

/// One event of a case.
#[derive(Debug, Clone, PartialEq)]
pub struct StepObserved {
    pub case: CaseKey,
    pub kind: u32,
    /// When it happened, and when it reached us.
    pub time_ms: i64,
    pub arrival_ms: i64,
    /// Hash of what makes two records the same event; 0 when nothing does.
    pub identity: u64,
    pub source: Arc<str>,
    pub position: Position,
    /// It takes the place of the event with the same identity.
    pub replaces: bool,
    pub sender: Option<Arc<str>>,
    pub correlation: Option<Arc<str>>,
    /// JSON text, for history.
    pub variables: Option<Arc<str>>,
    /// What the case has of them from now on, as JSON text. Written no more.
    pub kept: Option<Arc<str>>,
    /// Those of them that the model reads, as JSON text: the case keeps what is said last by event
    /// time.
    pub said: Option<Arc<str>>,
    /// Of an early event: when it expires.
    pub until_ms: Option<i64>,
    /// Tracking itself said it: it is in the trace, and moves nothing.
    pub own: bool,
}

/// Somebody must hear of this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    pub process: Arc<str>,
    /// Id of the case, e.g. the trace id.
    pub case: Arc<str>,
    /// Name of the alert task or message, `stuck`, or `late`.
    pub name: Arc<str>,
    /// The element whose event is late, or after which the case is stuck.
    pub element: Arc<str>,
    /// When the deadline passed, and when that was seen.
    pub due_ms: i64,
    pub raised_ms: i64,
    /// A message to the engine or out, not only a record.
    pub send: bool,
    /// What the model says that the message carries, as JSON text; from the case's variables.
    pub payload: Option<Arc<str>>,
}

/// What the CloudEvents source of the commands begins with; the process follows.
pub const SOURCE: &str = "grevy:";

impl Alert {
    /// The CloudEvents source of what tracking of a process sends.
    pub fn source(process: &str) -> String {
        format!("{SOURCE}{process}")
    }

    /// What the alert of this number is called wherever it goes. The number alone counts those of
    /// one folder; with what it is about, no other folder's alert has the same.
    pub fn id(&self, number: u64) -> String {
        let Alert { process, case, name, element, due_ms, raised_ms, .. } = self;
        let text = format!("{case}\0{name}\0{element}\0{due_ms}\0{raised_ms}");
        let hash = xxhash_rust::xxh3::xxh3_64(text.as_bytes());
        format!("{process}-alert-{number}-{hash:016x}")
    }
}
