//! What the partition loop runs. One loop serves several kinds of machine (`engine-rules.md` 9):
//! the engine, the meta journal of deployments, and tracking.
//!
//! A machine is its state and two verbs. [`Machine::decide`] turns a command into events, which it
//! has already folded into its state when it returns; [`Machine::fold`] folds an event that was
//! read back. Everything else here tells the loop what it cannot know of a state: what is due,
//! what work waits, which aggregate a command belongs to. All of that has a default for machines
//! without timers, deferred work or cold aggregates.
//!
//! ```text
//!   mailbox ─► decide ─► events ─► encode ─► group ─► journal ─► durable ─► answer, effects
//!                 ▲                                                │
//!   tick, work, prelude (asked of the machine each turn)        restart: decode ─► fold
//! ```
//!
//! What an implementation promises:
//!
//! 1. `decide` is a function of (state, command, time). It reads no clock and does no IO.
//! 2. When `decide` returns `Err(Need)` nothing of the command remains in the state.
//! 3. After a panic in `decide`, [`Machine::undo`] puts the state back to before the command.
//! 4. `fold` of the events of every step, in order, gives the state that `decide` left.
//! 5. Effects can be derived again from the state ([`Machine::standing`]), or are bound to a
//!    live connection.

use std::fmt::Debug;
use std::sync::Arc;

use engine::{Cause, Key};

use crate::Error;

/// A kind of state machine; see the module.
pub trait Machine: Sized + Send + 'static {
    /// What can be asked.
    type Command: Debug + Send + 'static;
    /// What happened.
    type Event: Debug + Send + Sync + 'static;
    /// What a command is answered; a rejection is an answer.
    type Answer: Send + 'static;
    /// What the world must do once the step is durable.
    type Effect: Send + 'static;

    /// Decides a command at `now` (ms since 1970), with its events already folded. `cause` says
    /// who asked, for machines that answer a request with an id only once.
    fn decide(
        &mut self,
        command: &Self::Command,
        cause: &Cause,
        now: i64,
    ) -> Result<Decision<Self>, Need>;

    /// Puts the state back to before the command that panicked. Returns the aggregate that was
    /// being worked on, where the machine can tell.
    fn undo(&mut self) -> Option<Key>;

    /// Folds a step that was read back. The aggregates that it changes are in memory, but for those
    /// in `skip`, whose events an operator chose to leave out.
    ///
    /// # Panics
    /// When an event does not fit the state: corruption, or a bug of ours. The loop catches it
    /// and names the position.
    fn fold(&mut self, step: &Step<Self::Event>, skip: &[Key]) -> Result<(), Error>;

    /// Appends the durable form of a step.
    fn encode(step: &Step<Self::Event>, out: &mut Vec<u8>);

    /// Reads the durable form of a step.
    fn decode(bytes: &[u8]) -> Result<Step<Self::Event>, String>;

    /// The command that begins an epoch; the first that a new writer decides.
    fn start(&self, epoch: u64) -> Option<Self::Command>;

    /// The aggregate that a command needs, so that commands of a cold one keep their order.
    fn subject(&self, _command: &Self::Command) -> Option<Key> {
        None
    }

    /// The stream that a command belongs to, whose commands keep their order also when one of
    /// them waits for a cold aggregate.
    fn stream(&self, _command: &Self::Command) -> Option<u64> {
        None
    }

    /// Decided before the commands of a turn, while there is one: news of the outside that the
    /// state must know first (deployments).
    fn prelude(&mut self) -> Option<Self::Command> {
        None
    }

    /// When the next timer is due, in ms.
    fn next_due(&self) -> Option<i64> {
        None
    }

    /// Fires what is due; `None` for machines without timers.
    fn tick(&self) -> Option<Self::Command> {
        None
    }

    /// Deferred work: the next one behind `after`, round and round.
    fn work(&self, _after: Option<Key>) -> Option<(Key, Self::Command)> {
        None
    }

    /// The command that sets an aggregate aside after a bug of ours struck in internal work.
    fn quarantine(&self, _aggregate: Key, _reason: &str) -> Option<Self::Command> {
        None
    }

    /// The command that passes over what another machine sent and this one cannot handle, so that
    /// what follows it is not held up.
    fn pass_over(&self, _command: &Self::Command) -> Option<Self::Command> {
        None
    }

    /// Time stands at, in ms, while an operator pinned it.
    fn pinned(&self) -> Option<i64> {
        None
    }

    /// The caller of a command waits for what its answer names to end.
    fn watch(&mut self, _answer: &Self::Answer) {}

    /// Something was decided since; the answer leaves now. Takes out what is no longer so.
    fn last_look(&self, _answer: &mut Self::Answer) -> Vec<Self::Effect> {
        Vec::new()
    }

    /// Effects that the state still asks for; after a restart, or when speculation was dropped.
    fn standing(&self) -> Vec<Self::Effect> {
        Vec::new()
    }

    /// The aggregates that these events change, each once: those that can be cold on their own.
    fn aggregates(_events: &[Self::Event]) -> Vec<Key> {
        Vec::new()
    }

    /// Where an aggregate is.
    fn place(&self, _aggregate: Key) -> Place {
        Place::Absent
    }

    /// The durable form of an aggregate that is in memory.
    fn blob(&self, _aggregate: Key) -> Option<Vec<u8>> {
        None
    }

    /// Takes an aggregate out of memory; `false` if it must stay.
    fn passivate(&mut self, _aggregate: Key) -> bool {
        false
    }

    /// Brings a cold aggregate back.
    fn restore(&mut self, _aggregate: Key, _blob: &[u8]) -> Result<(), Error> {
        Ok(())
    }

    /// A cold aggregate cannot be read: no work of ours asks for it any more.
    fn lose(&mut self, _aggregate: Key) {}

    /// The durable form of everything but its aggregates; `None` for a machine whose log is folded
    /// whole at each start.
    fn save(&self) -> Option<Vec<u8>> {
        None
    }

    /// Becomes what [`Machine::save`] saw, with every aggregate cold.
    ///
    /// # Errors
    /// When the bytes are none that this build reads.
    fn load(&mut self, _saved: &[u8]) -> Result<(), String> {
        Err("this machine has no checkpoints".to_owned())
    }
}

/// Where an aggregate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In memory.
    Hot,
    /// In the cold store.
    Cold,
    /// Nowhere: it has ended or never was.
    Absent,
}

/// What came of a command.
pub struct Decision<M: Machine> {
    /// For whoever asked.
    pub answer: M::Answer,
    /// Already folded; nothing of the step is journaled when it is empty.
    pub events: Vec<M::Event>,
    /// Released when the step is durable.
    pub effects: Vec<M::Effect>,
}

/// The decision needs aggregates that are not in memory; it was undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need(pub Vec<Key>);

/// One frame of the journal: the events of one command, when and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Step<E> {
    /// Milliseconds since 1970, never before the step that precedes it within a time base.
    pub time: i64,
    /// Who asked and why.
    pub cause: Cause,
    /// The build that decided.
    pub build: Arc<str>,
    /// In order, at least one.
    pub events: Vec<E>,
}
