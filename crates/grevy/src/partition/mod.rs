//! The loop of one partition, on its own thread: drain commands, decide each, append all their
//! events as one group, go on deciding while the group is synced, release what is durable.
//!
//! The state may be ahead of the disk; nothing leaves before the position that it depends on is
//! durable (`engine-rules.md` 3). Every outcome of a turn depends on the turn's group, or on the
//! last accepted one when the turn wrote nothing: a few microseconds too careful for the first
//! command of a turn, and never wrong.

mod cold;
mod fold;
mod recover;
mod release;
mod turn;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use engine::Key;
use journal::{GroupBuf, Journal, Lsn, Notice, Writer};

pub use cold::{Forgetful, Loaded};
pub use fold::Opened;
pub(crate) use fold::Tail;

use crate::Error;
use crate::activity::{Activity, Token};
use crate::checkpoint::Vault;
use crate::clock::{Clock, JumpGuard};
use crate::limits::{AHEAD_BYTES_MAX, AHEAD_GROUPS_MAX, TURN_COMMANDS_MAX};
use crate::machine::Machine;
use crate::mailbox::{Class, Input, Mailbox, Signal};
use crate::steps::Holds;
use cold::Recency;
use release::Outcome;

/// What a partition is made of.
pub struct Parts<M: Machine> {
    /// For messages and thread names.
    pub name: Arc<str>,
    /// Its log.
    pub journal: Arc<dyn Journal>,
    /// Makes an empty machine: the log is folded at the start and after a failure.
    pub empty: Arc<dyn Fn() -> M + Send + Sync>,
    /// Its checkpoints; `None`: the log is all there is, and everything stays in memory.
    pub vault: Option<Arc<Vault>>,
    /// Where effects go, in order, once they are durable.
    pub outlet: Box<dyn FnMut(M::Effect) + Send>,
    /// Told of the machine when the log was folded again after a failure: whoever waits for what
    /// will not come learns it.
    pub recovered: Box<dyn FnMut(&M) + Send>,
    /// Who still has to read its log.
    pub holds: Arc<Holds>,
    /// For tests: forgets aggregates at random.
    pub forget: Option<Arc<Forgetful>>,
    /// Time.
    pub clock: Clock,
    /// What is under way.
    pub activity: Activity,
    /// Told in every step.
    pub build: Arc<str>,
    /// Aggregates whose events an operator chose to leave out.
    pub skip: Vec<Key>,
    /// Start with timers paused.
    pub paused: bool,
}

/// What others may know of a partition without asking it.
#[derive(Debug, Default)]
pub struct Status {
    /// When the next timer is due, in ms; `i64::MAX` when none is. Right only at rest.
    pub next_due: AtomicI64,
    /// Accepted position.
    pub accepted: AtomicU64,
    /// Durable position of what was released.
    pub released: AtomicU64,
    /// 0 healthy, 1 timers paused, 2 disk full, 3 not available.
    pub health: AtomicU64,
    /// The present epoch.
    pub epoch: AtomicU64,
    /// Aggregates in memory that may leave it.
    pub hot: AtomicU64,
    /// Cold aggregates that were read, since the start.
    pub read: AtomicU64,
    /// Blobs that could not be read and were told again, since the start.
    pub mended: AtomicU64,
    /// Cold aggregates that could not be read, since the start.
    pub unreadable: AtomicU64,
    /// Checkpoints that failed since the last that did not.
    pub checkpoints_failed: AtomicU64,
    /// Position of the newest checkpoint.
    pub checkpoint: AtomicU64,
    /// Aggregates that are too large to leave memory.
    pub too_large: AtomicU64,
}

/// How a partition does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// Takes commands.
    Healthy = 0,
    /// Takes commands; timers and dispatch wait for `resume`.
    Paused = 1,
    /// Refuses new work until there is room on the disk.
    DiskFull = 2,
    /// Its journal failed; it folds the log again.
    Unavailable = 3,
}

impl Status {
    /// How the partition does.
    pub fn health(&self) -> Health {
        match self.health.load(Ordering::Acquire) {
            0 => Health::Healthy,
            1 => Health::Paused,
            2 => Health::DiskFull,
            _ => Health::Unavailable,
        }
    }
}

/// One partition and its loop.
pub struct Partition<M: Machine> {
    parts: Parts<M>,
    machine: M,
    writer: Box<dyn Writer>,
    mailbox: Arc<Mailbox<M>>,
    status: Arc<Status>,
    holds: Arc<Holds>,
    /// Time of the last step, in ms.
    time: i64,
    /// Position of the last appended group.
    accepted: Lsn,
    /// The steps of this turn.
    group: GroupBuf,
    /// The journal has no room for the group; it is appended again later.
    stalled: bool,
    full: bool,
    paused: bool,
    /// The log is being folded again; whatever happens meanwhile, nobody may take it for ready.
    down: bool,
    /// Aggregates of a step that may be larger than the journal takes.
    oversized: Vec<Key>,
    /// Nothing new is begun: what is due fires after the next start.
    closing: bool,
    jump: JumpGuard,
    /// Inputs of this turn that are not handled yet.
    todo: VecDeque<Input<M>>,
    /// What this turn decided.
    outcomes: Vec<Outcome<M>>,
    /// What waits for the disk, oldest first.
    awaiting: VecDeque<(Lsn, Vec<Outcome<M>>)>,
    /// What waits for a cold aggregate.
    waiting: BTreeMap<Key, VecDeque<Input<M>>>,
    /// What an operator left out at the start came up to here.
    skip_upto: Lsn,
    /// Streams of which a command waits for an aggregate, while [`Partition::waiting`] has it.
    held: BTreeMap<u64, Key>,
    /// Changed by steps that are not appended yet.
    unstamped: Vec<Key>,
    recency: Recency,
    /// A tick waits for a cold aggregate.
    tick_waits: bool,
    /// Where deferred work goes on.
    work_after: Option<Key>,
    /// Held while there is something to do.
    busy: Option<Token>,
    failed: Option<journal::Error>,
    /// Number of the present writer's claim, in this process.
    claim: u64,
}

/// A partition's mailbox and status, for everyone else.
pub struct Remote<M: Machine> {
    /// Where inputs go.
    pub mailbox: Arc<Mailbox<M>>,
    /// What can be seen from outside.
    pub status: Arc<Status>,
    /// Its log, for exporters and history.
    pub journal: Arc<dyn Journal>,
    /// Who still has to read it.
    pub holds: Arc<Holds>,
}

impl<M: Machine> Clone for Remote<M> {
    fn clone(&self) -> Remote<M> {
        Remote {
            mailbox: Arc::clone(&self.mailbox),
            status: Arc::clone(&self.status),
            journal: Arc::clone(&self.journal),
            holds: Arc::clone(&self.holds),
        }
    }
}

impl<M: Machine> Partition<M> {
    /// How others reach it.
    pub fn remote(&self) -> Remote<M> {
        Remote {
            mailbox: Arc::clone(&self.mailbox),
            status: Arc::clone(&self.status),
            journal: Arc::clone(&self.parts.journal),
            holds: Arc::clone(&self.holds),
        }
    }

    /// Events that an operator left out came up to here.
    pub(crate) fn skip_upto(&self) -> Lsn {
        self.skip_upto
    }

    /// The machine, for whoever starts or inspects the partition before it runs.
    pub fn machine(&mut self) -> &mut M {
        &mut self.machine
    }

    /// Runs until the mailbox is closed and everything in it is handled.
    pub fn run(mut self) {
        loop {
            let patience = self.patience();
            if patience != Some(Duration::ZERO) {
                self.rest();
            }
            let room = TURN_COMMANDS_MAX - self.todo.len().min(TURN_COMMANDS_MAX);
            let batch = self.mailbox.take(room, self.may_decide(), patience);
            self.busy.get_or_insert_with(|| self.parts.activity.begin());
            self.closing = batch.closed;
            let closed = batch.closed && batch.inputs.is_empty() && batch.signals.is_empty();
            for signal in batch.signals {
                self.handle(signal);
            }
            self.todo.extend(batch.inputs);
            self.turn();
            if closed && self.at_end() {
                break;
            }
        }
        self.close();
    }

    /// Nothing is left that closing must wait for.
    fn at_end(&self) -> bool {
        self.todo.is_empty() && self.waiting.is_empty() && !self.stalled || self.full
    }

    /// May commands be decided, or is the state too far ahead of the disk?
    fn may_decide(&self) -> bool {
        let backlog = self.writer.backlog();
        !self.stalled && backlog.groups < AHEAD_GROUPS_MAX && backlog.bytes < AHEAD_BYTES_MAX
    }

    /// How long the loop may sleep: not at all while there is work of our own, until the next
    /// timer, or until something comes.
    fn patience(&mut self) -> Option<Duration> {
        if !self.may_decide() {
            return None;
        }
        let pending = self.machine.work(self.work_after);
        let work = pending.is_some_and(|(key, _)| !self.waiting.contains_key(&key));
        if work && !self.paused && !self.closing || !self.todo.is_empty() {
            return Some(Duration::ZERO);
        }
        let due = self.next_due()?;
        let left = due.saturating_sub(self.now());
        if left <= 0 {
            return Some(Duration::ZERO);
        }
        // A virtual clock wakes the loop when it moves.
        let real = !self.parts.clock.is_virtual() && self.machine.pinned().is_none();
        real.then(|| self.parts.clock.wait_for(left))
    }

    fn next_due(&self) -> Option<i64> {
        let silent = self.paused || self.tick_waits || self.closing;
        self.machine.next_due().filter(|_| !silent)
    }

    /// Nothing to do for now.
    fn rest(&mut self) {
        let due = self.next_due().unwrap_or(i64::MAX);
        self.status.next_due.store(due, Ordering::Release);
        self.busy = None;
    }

    /// Time of the next step, in ms.
    fn now(&self) -> i64 {
        let now = self.machine.pinned().unwrap_or_else(|| self.parts.clock.now());
        now.max(self.time)
    }

    fn handle(&mut self, signal: Signal<M>) {
        match signal {
            Signal::Notice(claim, _) if claim != self.claim => {}
            Signal::Notice(_, Notice::Durable(_)) => self.release(),
            Signal::Notice(_, Notice::Full) => self.set_full(true),
            Signal::Notice(_, Notice::Room) => self.set_full(false),
            Signal::Notice(_, Notice::Failed(error)) => self.failed = Some(error),
            Signal::Loaded(claim, ..) if claim != self.claim => {}
            Signal::Loaded(_, key, blob, _token) => self.loaded(key, blob),
            Signal::Control(control, _token) => control(self),
            Signal::Wake(_token) => {}
        }
    }

    fn set_full(&mut self, full: bool) {
        if full != self.full {
            self.full = full;
            self.mailbox.refuse(full.then_some(Error::DiskFull));
            match full {
                true => tracing::error!(partition = %self.parts.name, "the disk is full"),
                false => tracing::info!(partition = %self.parts.name, "the disk has room again"),
            }
        }
        if full {
            self.turn_away();
        }
        self.report();
    }

    /// Answers the waiting commands of clients: the disk is full.
    fn turn_away(&mut self) {
        for input in std::mem::take(&mut self.todo) {
            match input {
                Input::Command(envelope) if envelope.class != Class::Internal => {
                    if let Some(reply) = envelope.reply {
                        reply(Err(Error::DiskFull));
                    }
                }
                other => self.todo.push_back(other),
            }
        }
    }

    /// Stops timers and deferred work, or lets them go on. Paused is said, never hidden.
    pub fn pause(&mut self, paused: bool) {
        self.paused = paused;
        if !paused {
            self.jump = JumpGuard::new();
        }
        self.report();
    }

    /// Are timers and deferred work paused?
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    fn report(&self) {
        let health = match (self.down, self.full, self.paused) {
            (true, _, _) => Health::Unavailable,
            (false, true, _) => Health::DiskFull,
            (false, false, true) => Health::Paused,
            (false, false, false) => Health::Healthy,
        };
        self.status.health.store(health as u64, Ordering::Release);
        self.status.epoch.store(self.writer.epoch(), Ordering::Release);
    }
}

/// What a panic said.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    let text = text.unwrap_or_else(|| "no text".to_owned());
    text.chars().take(crate::limits::REASON_CHARS_MAX).collect()
}
