//! Appending, and letting out what is durable.

use std::sync::atomic::Ordering;

use journal::Lsn;

use super::Partition;
use crate::Error;
use crate::activity::Token;
use crate::machine::Machine;
use crate::mailbox::{Deliver, Reply};

/// What leaves once its position is durable.
pub(super) enum Outcome<M: Machine> {
    /// Of a command; with `watch` its caller waits for what the answer names to end, with `own` it
    /// is a command of ours.
    Decided {
        answer: Option<(Reply<M>, M::Answer)>,
        watch: bool,
        own: bool,
        effects: Vec<M::Effect>,
        _token: Token,
    },
    /// Of a look at the state.
    Look { deliver: Deliver, _token: Token },
}

impl<M: Machine> Partition<M> {
    /// Appends the group of this turn. What the turn decided then waits for it.
    pub(super) fn append(&mut self) {
        if self.group.is_empty() {
            if !self.outcomes.is_empty() {
                let outcomes = std::mem::take(&mut self.outcomes);
                self.awaiting.push_back((self.accepted, outcomes));
            }
            return;
        }
        match self.writer.append(&self.group) {
            Ok(append) => {
                self.stalled = false;
                self.group.clear();
                self.oversized.clear();
                self.accepted = append.lsn_last;
                self.status.accepted.store(self.accepted, Ordering::Release);
                self.stamp();
                let outcomes = std::mem::take(&mut self.outcomes);
                self.awaiting.push_back((append.lsn_last, outcomes));
            }
            Err(error) if error.is_full() => {
                self.stalled = true;
                self.fail_waiting();
                self.set_full(true);
            }
            Err(journal::Error::Backlog { .. }) => self.stalled = true,
            Err(error @ journal::Error::TooLarge { .. }) => self.too_large(error),
            Err(error) => self.recover(error),
        }
    }

    /// The journal will never take this group. It is dropped with everything else that is not
    /// durable, and what made it so large is set aside, or the same work would make it again.
    fn too_large(&mut self, error: journal::Error) {
        let culprits = std::mem::take(&mut self.oversized);
        let reason = error.to_string();
        self.recover(error);
        for key in culprits {
            self.quarantine(Some(key), &reason);
        }
    }

    /// The disk is full: whoever waits is told now. The steps are appended when there is room, so
    /// the outcome is not known to them, as with any answer that is lost on its way. Commands of
    /// our own wait: a lease that is told to nobody would keep its jobs until its time is up.
    fn fail_waiting(&mut self) {
        for outcome in &mut self.outcomes {
            if let Outcome::Decided { answer, own: false, .. } = outcome
                && let Some((reply, _)) = answer.take()
            {
                reply(Err(Error::DiskFull));
            }
        }
    }

    /// Lets out everything that is durable.
    pub(super) fn release(&mut self) {
        let durable = self.writer.durable_lsn();
        self.release_upto(durable);
    }

    pub(super) fn release_upto(&mut self, durable: Lsn) {
        while self.awaiting.front().is_some_and(|(lsn, _)| *lsn <= durable) {
            let Some((lsn, outcomes)) = self.awaiting.pop_front() else { break };
            for outcome in outcomes {
                self.let_out(outcome);
            }
            self.status.released.store(lsn, Ordering::Release);
        }
    }

    fn let_out(&mut self, outcome: Outcome<M>) {
        match outcome {
            Outcome::Decided { answer, watch, effects, _token, .. } => {
                let mut late = Vec::new();
                if let Some((reply, mut answer)) = answer {
                    // The machine may be another than the one that decided it.
                    if watch {
                        self.machine.watch(&answer);
                    }
                    late = self.machine.last_look(&mut answer);
                    reply(Ok(answer));
                }
                for effect in effects.into_iter().chain(late) {
                    (self.parts.outlet)(effect);
                }
            }
            Outcome::Look { deliver, _token } => deliver(),
        }
    }
}
