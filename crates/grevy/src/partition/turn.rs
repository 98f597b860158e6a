//! Deciding: the inputs of a turn, with our own work between them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use engine::{Cause, Key, command::Source};

use super::release::Outcome;
use super::{Partition, panic_text};
use crate::Error;
use crate::activity::Token;
use crate::limits::{STEP_BYTES_MAX, TURN_BYTES_MAX};
use crate::machine::{Decision, Machine, Step};
use crate::mailbox::{Class, Deliver, Envelope, Input, Look};

/// Units of deferred work of a turn in which nobody asks for anything.
const IDLE_WORK_MAX: usize = 256;

impl<M: Machine> Partition<M> {
    /// One turn: everything in `todo`, what is due, and some deferred work.
    pub(super) fn turn(&mut self) {
        if let Some(error) = self.failed.take() {
            self.recover(error);
        }
        if self.stalled {
            self.append();
        }
        if self.may_decide() {
            self.tick();
            self.cut();
            let mut work = self.todo.len().max(IDLE_WORK_MAX);
            while self.may_decide() {
                let input = self.todo.pop_front();
                if let Some(input) = input {
                    self.prelude();
                    self.input(input);
                    self.cut();
                    work -= usize::from(work > 0 && self.may_decide() && self.work());
                } else if work > 0 && self.work() {
                    work -= 1;
                } else {
                    break;
                }
                self.cut();
            }
            self.prelude();
        }
        self.append();
        self.release();
    }

    /// Ends the group before the next step could make it larger than the journal takes.
    fn cut(&mut self) {
        if self.group.bytes() > TURN_BYTES_MAX {
            self.append();
        }
    }

    /// News that must be known before the commands that follow.
    fn prelude(&mut self) {
        while let Some(command) = self.machine.prelude() {
            if !self.internal(command, Source::Meta) {
                break;
            }
        }
    }

    fn tick(&mut self) {
        let now = self.now();
        if self.next_due().is_none_or(|due| due > now) {
            return;
        }
        if !self.parts.clock.is_virtual()
            && self.machine.pinned().is_none()
            && let Some(ahead_ms) = self.jump.jumped()
        {
            tracing::error!(
                partition = %self.parts.name,
                ahead_ms,
                "the wall clock jumped ahead of the time since boot: timers are paused until resume"
            );
            self.pause(true);
            return;
        }
        if let Some(command) = self.machine.tick() {
            self.tick_waits = !self.internal(command, Source::Timer);
        }
    }

    /// One unit of deferred work; was there one?
    fn work(&mut self) -> bool {
        if self.paused || self.closing {
            return false;
        }
        let Some((key, command)) = self.machine.work(self.work_after) else { return false };
        self.work_after = Some(key);
        if self.waiting.contains_key(&key) {
            return false;
        }
        self.internal(command, Source::Deferred);
        true
    }

    /// Decides a command of our own. Returns whether it was decided now.
    pub(super) fn internal(&mut self, command: M::Command, source: Source) -> bool {
        let envelope = Envelope {
            command,
            cause: Cause { source, ..Cause::default() },
            class: Class::Internal,
            watch: false,
            reply: None,
            token: self.parts.activity.begin(),
        };
        self.decide(envelope)
    }

    fn input(&mut self, input: Input<M>) {
        match input {
            Input::Command(envelope) => {
                let stream = self.machine.stream(&envelope.command);
                let held = stream.and_then(|stream| self.held.get(&stream).copied());
                let behind = held.or_else(|| self.machine.subject(&envelope.command));
                match behind.filter(|key| self.waiting.contains_key(key)) {
                    Some(key) => self.park(key, Input::Command(envelope)),
                    None => drop(self.decide(envelope)),
                }
            }
            Input::Look(look, token) => self.look(look, token),
        }
    }

    fn look(&mut self, mut look: Look<M>, token: Token) {
        match catch_unwind(AssertUnwindSafe(|| look(&mut self.machine))) {
            Ok(Ok(deliver)) => self.outcomes.push(Outcome::Look { deliver, _token: token }),
            Ok(Err(need)) => self.load(need, Input::Look(look, token)),
            // Dropping the look tells the caller; the state was only read.
            Err(panic) => {
                tracing::error!(partition = %self.parts.name, panic = panic_text(&*panic));
            }
        }
    }

    /// Decides a command. Returns whether it was decided; if not it waits for cold aggregates.
    pub(super) fn decide(&mut self, envelope: Envelope<M>) -> bool {
        let now = self.now();
        let machine = &mut self.machine;
        match catch_unwind(AssertUnwindSafe(|| {
            machine.decide(&envelope.command, &envelope.cause, now)
        })) {
            Ok(Ok(decision)) => {
                self.accept(decision, envelope, now);
                true
            }
            Ok(Err(need)) => {
                let stream = self.machine.stream(&envelope.command);
                if let (Some(stream), Some(key)) = (stream, need.0.first()) {
                    self.held.insert(stream, *key);
                }
                self.load(need, Input::Command(envelope));
                false
            }
            Err(panic) => {
                self.struck(envelope, panic_text(&*panic));
                true
            }
        }
    }

    fn accept(&mut self, decision: Decision<M>, envelope: Envelope<M>, now: i64) {
        let Decision { answer, events, effects } = decision;
        if !events.is_empty() {
            self.time = now;
            let build = self.parts.build.clone();
            let step = Step { time: now, cause: envelope.cause, build, events };
            let before = self.group.bytes();
            self.group.push_with(|out| M::encode(&step, out));
            if self.group.bytes() - before > STEP_BYTES_MAX {
                self.oversized = M::aggregates(&step.events);
            }
            if self.parts.vault.is_some() || self.parts.forget.is_some() {
                self.changed(M::aggregates(&step.events));
            }
        }
        if envelope.watch {
            self.machine.watch(&answer);
        }
        let (watch, own) = (envelope.watch, envelope.class == Class::Internal);
        let answer = envelope.reply.map(|reply| (reply, answer));
        let _token = envelope.token;
        self.outcomes.push(Outcome::Decided { answer, watch, own, effects, _token });
    }

    /// A bug of ours in this command. It is undone; what a client asked is answered once, internal
    /// work would strike again and sets its aggregate aside.
    fn struck(&mut self, envelope: Envelope<M>, reason: String) {
        let name = &self.parts.name;
        tracing::error!(partition = %name, command = ?envelope.command, panic = reason, "undone");
        let subject = self.machine.subject(&envelope.command);
        let machine = &mut self.machine;
        let Ok(at) = catch_unwind(AssertUnwindSafe(|| machine.undo())) else {
            self.failed = Some(journal::Error::Misuse {
                what: format!("undoing a panic failed; it said: {reason}"),
            });
            return;
        };
        if let Some(over) = self.machine.pass_over(&envelope.command) {
            let aside = at.or(subject).and_then(|key| self.machine.quarantine(key, &reason));
            if let Some(aside) = aside {
                self.surely(aside, Source::Operator);
            }
            self.pass_over(over, &reason);
        } else if envelope.class == Class::Internal {
            self.quarantine(at.or(subject), &reason);
        }
        if let Some(reply) = envelope.reply {
            let deliver: Deliver = Box::new(move || reply(Err(Error::Internal { reason })));
            self.outcomes.push(Outcome::Look { deliver, _token: envelope.token });
        }
    }

    /// What follows it must not wait for ever for what cannot be handled.
    pub(super) fn pass_over(&mut self, command: M::Command, reason: &str) {
        tracing::error!(partition = %self.parts.name, ?command, reason, "passed over");
        self.surely(command, Source::Outbox);
    }

    /// What must not strike; if it does, timers stop, because work would come round for ever.
    fn surely(&mut self, command: M::Command, source: Source) {
        let now = self.now();
        let cause = Cause { source, ..Cause::default() };
        let machine = &mut self.machine;
        match catch_unwind(AssertUnwindSafe(|| machine.decide(&command, &cause, now))) {
            Ok(Ok(decision)) => {
                let token = self.parts.activity.begin();
                let class = Class::Internal;
                let envelope = Envelope { command, cause, class, watch: false, reply: None, token };
                self.accept(decision, envelope, now);
            }
            Ok(Err(_)) | Err(_) => {
                self.machine.undo();
                self.pause(true);
            }
        }
    }

    pub(super) fn quarantine(&mut self, aggregate: Option<Key>, reason: &str) {
        let command = aggregate.and_then(|key| self.machine.quarantine(key, reason));
        let Some(command) = command else {
            // Nothing to set aside: the same work would strike at once, so timers stop instead.
            tracing::error!(partition = %self.parts.name, "timers are paused until resume");
            self.pause(true);
            return;
        };
        self.surely(command, Source::Operator);
    }
}
