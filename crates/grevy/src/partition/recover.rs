//! Starting: newest checkpoint, then the tail of the log, then a new epoch. The same after a
//! failed append or sync, when everything that is not durable is dropped.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::command::Source;
use engine::{Cause, Key};
use journal::{Claim, GroupBuf, Lsn, Notify};

use super::cold::Recency;
use super::release::Outcome;
use super::{Opened, Partition, Parts, Status, Tail};
use crate::Error;
use crate::clock::JumpGuard;
use crate::machine::Machine;
use crate::mailbox::{Class, Envelope, Input, Mailbox, Signal};

/// Time between attempts to open a journal that failed.
const RETRY_FIRST: Duration = Duration::from_millis(20);
/// It doubles up to this.
const RETRY_LAST: Duration = Duration::from_secs(5);

impl<M: Machine> Partition<M> {
    /// Folds the log and begins an epoch. Nothing runs yet.
    pub fn open(parts: Parts<M>) -> Result<Partition<M>, Error> {
        let mailbox = Arc::new(Mailbox::default());
        let Standing { machine, claim, time, touched } = fold(&parts, &mailbox, 0, Lsn::MAX)?;
        let mut partition = Partition {
            machine,
            mailbox,
            status: Arc::new(Status::default()),
            holds: Arc::clone(&parts.holds),
            time,
            accepted: claim.tail,
            writer: claim.writer,
            group: GroupBuf::new(),
            stalled: false,
            full: false,
            paused: parts.paused,
            down: false,
            oversized: Vec::new(),
            closing: false,
            jump: JumpGuard::new(),
            todo: Default::default(),
            outcomes: Vec::new(),
            awaiting: Default::default(),
            waiting: Default::default(),
            skip_upto: claim.tail,
            held: Default::default(),
            unstamped: Vec::new(),
            recency: Recency::default(),
            tick_waits: false,
            work_after: None,
            busy: None,
            failed: None,
            claim: 0,
            parts,
        };
        partition.busy = Some(partition.parts.activity.begin());
        partition.remember(touched);
        partition.begin(claim.epoch)?;
        Ok(partition)
    }

    /// The first step of an epoch, and the effects that the state still asks for.
    fn begin(&mut self, epoch: u64) -> Result<(), Error> {
        if let Some(command) = self.machine.start(epoch) {
            let cause = Cause { source: Source::Operator, ..Cause::default() };
            let token = self.parts.activity.begin();
            let class = Class::Internal;
            self.decide(Envelope { command, cause, class, watch: false, reply: None, token });
        }
        self.set_aside_skipped();
        let effects = self.machine.standing();
        let token = self.parts.activity.begin();
        let (watch, own) = (false, true);
        self.outcomes.push(Outcome::Decided { answer: None, watch, own, effects, _token: token });
        if self.group.is_empty() {
            self.append();
            self.report();
            return Ok(());
        }
        let append = self.writer.append(&self.group)?;
        self.group.clear();
        self.accepted = append.lsn_last;
        self.stamp();
        self.awaiting.push_back((append.lsn_last, std::mem::take(&mut self.outcomes)));
        self.report();
        Ok(())
    }

    /// What is left of an aggregate whose events were left out is not what it was: nothing may go
    /// on from there but what an operator asks for.
    fn set_aside_skipped(&mut self) {
        for key in self.parts.skip.clone() {
            let reason = "its events were left out at a start (--quarantine)";
            if let Some(command) = self.machine.quarantine(key, reason) {
                self.internal(command, Source::Operator);
            }
        }
    }

    /// The writer is dead: drops what is not durable, folds the log, begins an epoch. Tries until
    /// it succeeds or the engine is closed.
    pub(super) fn recover(&mut self, error: journal::Error) {
        tracing::error!(partition = %self.parts.name, %error, "folding the log again");
        let unavailable = Error::Unavailable { reason: error.to_string() };
        self.mailbox.refuse(Some(unavailable.clone()));
        self.down = true;
        self.report();
        let mut pause = RETRY_FIRST;
        loop {
            self.claim += 1;
            match fold(&self.parts, &self.mailbox, self.claim, self.skip_upto) {
                Ok(standing) => {
                    self.take_over(standing, &unavailable);
                    return;
                }
                Err(error) => {
                    tracing::error!(partition = %self.parts.name, %error, "trying again");
                    self.drop_speculation(&unavailable);
                    if self.wait(pause, &unavailable) {
                        return;
                    }
                    pause = (pause * 2).min(RETRY_LAST);
                }
            }
        }
    }

    fn take_over(&mut self, standing: Standing<M>, unavailable: &Error) {
        let Standing { machine, claim, time, touched } = standing;
        self.machine = machine;
        self.down = false;
        self.time = time;
        self.writer = claim.writer;
        // What the dead writer made durable is history: its outcomes are true.
        self.release_upto(claim.tail);
        self.drop_speculation(unavailable);
        (self.parts.recovered)(&self.machine);
        self.accepted = claim.tail;
        self.remember(touched);
        self.mailbox.refuse(self.full.then_some(Error::DiskFull));
        if let Err(error) = self.begin(claim.epoch) {
            tracing::error!(partition = %self.parts.name, %error, "no epoch could be begun");
            if let Error::Journal(error) = error {
                self.failed = Some(error);
            }
        }
    }

    /// What the tail of the log changed is hot, and no older than the log.
    fn remember(&mut self, touched: BTreeSet<Key>) {
        self.recency = Recency::default();
        self.unstamped.clear();
        if self.parts.vault.is_some() {
            self.unstamped.extend(touched);
            self.stamp();
        }
    }

    /// Forgets what was decided and is not durable; its callers learn that nobody knows.
    fn drop_speculation(&mut self, unavailable: &Error) {
        self.group.clear();
        self.stalled = false;
        self.tick_waits = false;
        let awaiting = std::mem::take(&mut self.awaiting);
        let lost = awaiting.into_iter().flat_map(|(_, outcomes)| outcomes);
        for outcome in lost.chain(std::mem::take(&mut self.outcomes)) {
            if let Outcome::Decided { answer: Some((reply, _)), .. } = outcome {
                reply(Err(unavailable.clone()));
            }
        }
        self.held.clear();
        for input in std::mem::take(&mut self.waiting).into_values().flatten() {
            if let Input::Command(Envelope { reply: Some(reply), .. }) = input {
                reply(Err(unavailable.clone()));
            }
        }
    }

    /// Waits between attempts; has the engine been closed? Whoever asked before commands were
    /// refused is told now: nobody knows how long the journal will be gone.
    fn wait(&mut self, pause: Duration, unavailable: &Error) -> bool {
        let until = Instant::now() + pause;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let batch = self.mailbox.take(usize::MAX, true, Some(left));
            for input in self.todo.drain(..).chain(batch.inputs) {
                if let Input::Command(Envelope { reply: Some(reply), .. }) = input {
                    reply(Err(unavailable.clone()));
                }
            }
            for signal in batch.signals {
                if let Signal::Control(control, _token) = signal {
                    control(self);
                }
            }
            if batch.closed || left.is_zero() {
                return batch.closed;
            }
        }
    }

    /// Writes what is decided, marks the end of the log.
    pub(super) fn close(mut self) {
        self.append();
        match self.writer.flush() {
            Ok(durable) => self.release_upto(durable),
            Err(error) => {
                tracing::error!(partition = %self.parts.name, %error, "closing");
                self.drop_speculation(&Error::Unavailable { reason: error.to_string() });
            }
        }
        let name = self.parts.name.clone();
        if let Err(error) = self.writer.close() {
            tracing::error!(partition = %name, %error, "closing");
        }
    }
}

/// A machine that stands where the log ends, and the right to go on.
struct Standing<M> {
    machine: M,
    claim: Claim,
    /// Of the last step, in ms.
    time: i64,
    /// In memory, because the tail changed them.
    touched: BTreeSet<Key>,
}

/// Claims the log and folds it on the newest checkpoint.
fn fold<M: Machine>(
    parts: &Parts<M>,
    mailbox: &Arc<Mailbox<M>>,
    number: u64,
    skip_upto: Lsn,
) -> Result<Standing<M>, Error> {
    let claim = parts.journal.claim(notify(mailbox, number))?;
    if let Some(forget) = &parts.forget {
        forget.reset();
    }
    let mut touched = BTreeSet::new();
    let (journal, empty) = (&*parts.journal, &*parts.empty);
    let tail = Tail { name: &parts.name, journal, skip: &parts.skip, skip_upto };
    let opened = match &parts.vault {
        Some(vault) => {
            // Held until the fold has ended: no checkpoint is written meanwhile.
            let (mut opened, still) = vault.restore(journal, empty)?;
            let cold = |key| still.read(key, &tail, empty);
            tail.fold(&mut opened, claim.tail, &mut touched, &cold)?;
            opened
        }
        None => {
            let mut opened = Opened::new(empty());
            tail.fold(&mut opened, claim.tail, &mut touched, &|_| Ok(None))?;
            opened
        }
    };
    let Opened { machine, time, .. } = opened;
    Ok(Standing { machine, claim, time, touched })
}

fn notify<M: Machine>(mailbox: &Arc<Mailbox<M>>, number: u64) -> Notify {
    let mailbox = Arc::downgrade(mailbox);
    Arc::new(move |notice| {
        if let Some(mailbox) = mailbox.upgrade() {
            mailbox.signal(Signal::Notice(number, notice));
        }
    })
}
