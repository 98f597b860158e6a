//! The track machine: foreign events laid over published models, one case at a time.
//!
//! It is a function of (state, command, time), like the engine, and runs in the same loop
//! (`engine-rules.md` 9). It rejects nothing: every record gets a verdict. It creates no jobs and
//! arms no timers but deadlines. What it finds is a function of a case's events in event-time
//! order: a late event takes its place, the case is judged again, and findings that no longer hold
//! are withdrawn. An event with a known identity replaces the earlier one.
//!
//! ```text
//!   records ─► decide ─┬─► verdict for each record
//!                      ├─► events: case opened, step observed, deviated, deadline fired …
//!                      └─► effects: alerts and messages, until they are acknowledged
//! ```

mod analyse;
mod apply;
mod command;
mod decide;
mod event;
mod explain;
mod identity;
mod judge;
mod lay;
mod migrate;
mod model;
mod observe;
mod said;
mod state;
mod timers;

pub(crate) use analyse::judge;
pub use analyse::{Analysis, Finding, FindingKind};
pub use command::{Answer, Command, Effect, Observed, Publish, Verdict};
pub use event::{Alert, Event, Quiet, SOURCE, StepObserved};
pub(crate) use model::Version;
pub use model::{Model, Status};
pub(crate) use said::said;
pub use said::{Said, Variables};
pub use state::{Case, CaseKey, CaseStatus, Due, Fold, Raised, Seen, State, StillRejected};

/// What came of a command: its events are already folded into the state.
#[derive(Debug, Default, PartialEq)]
pub struct Decision {
    pub answer: Answer,
    pub events: Vec<Event>,
    pub effects: Vec<Effect>,
}

#[cfg(test)]
mod tests;
