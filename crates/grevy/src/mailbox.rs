//! What reaches a partition: commands of clients in two classes, commands of our own, looks at
//! the state, and notices of the journal. Bounded where clients can fill it, and it says so at
//! once instead of letting them wait.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use engine::{Cause, Key};
use journal::Notice;

use crate::Error;
use crate::activity::Token;
use crate::limits::MAILBOX_COMMANDS_MAX;
use crate::machine::{Machine, Need};
use crate::partition::Partition;

/// Called once with the answer, on the thread of the loop: it must not block.
pub type Reply<M> = Box<dyn FnOnce(Result<<M as Machine>::Answer, Error>) + Send>;

/// Hands over what a look found, once that is durable.
pub type Deliver = Box<dyn FnOnce() + Send>;

/// Reads the state on the thread of the loop. It may be called again after what it needs was
/// loaded, and must be short: rows that it returns are bounded.
pub type Look<M> = Box<dyn FnMut(&mut M) -> Result<Deliver, Need> + Send>;

/// Changes the loop itself, on its thread.
pub type Control<M> = Box<dyn FnOnce(&mut Partition<M>) + Send>;

/// Which queue a command waits in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Ends work under way: completing, failing, cancelling, resolving.
    Progress,
    /// Brings new work: creating, publishing. Turned away first.
    Intake,
    /// Our own: timers, leases, the outbox. Never refused, because each kind is bounded at its
    /// source.
    Internal,
}

/// A command with everything that must come back.
pub struct Envelope<M: Machine> {
    /// The command.
    pub command: M::Command,
    /// Who asked and why.
    pub cause: Cause,
    /// Which queue it waited in; says also whose bug a panic is.
    pub class: Class,
    /// See [`Machine::watch`].
    pub watch: bool,
    /// For whoever waits.
    pub reply: Option<Reply<M>>,
    /// Under way until released.
    pub token: Token,
}

/// What the loop handles.
pub enum Input<M: Machine> {
    /// Decide it.
    Command(Envelope<M>),
    /// Read the state.
    Look(Look<M>, Token),
}

/// What the loop is told beside commands.
pub enum Signal<M: Machine> {
    /// Of the journal's writer, with the number of its claim: a dead writer has no say.
    Notice(u64, Notice),
    /// A cold aggregate was read, for the claim of that number; `None`: it is not in the store.
    Loaded(u64, Key, Result<Option<Vec<u8>>, Error>, Token),
    /// Change the loop itself: pause, resume, checkpoint.
    Control(Control<M>, Token),
    /// Look at the clock again.
    Wake(Token),
}

/// Everything that waits, taken out at once.
pub struct Batch<M: Machine> {
    /// In the order in which they are handled.
    pub inputs: VecDeque<Input<M>>,
    /// In the order in which they came.
    pub signals: VecDeque<Signal<M>>,
    /// No more will come.
    pub closed: bool,
}

struct Waiting<M: Machine> {
    internal: VecDeque<Input<M>>,
    progress: VecDeque<Input<M>>,
    intake: VecDeque<Input<M>>,
    signals: VecDeque<Signal<M>>,
    refusing: Option<Error>,
    closed: bool,
}

/// The mailbox of one partition.
pub struct Mailbox<M: Machine> {
    waiting: Mutex<Waiting<M>>,
    arrived: Condvar,
}

impl<M: Machine> Default for Mailbox<M> {
    fn default() -> Mailbox<M> {
        let waiting = Waiting {
            internal: VecDeque::new(),
            progress: VecDeque::new(),
            intake: VecDeque::new(),
            signals: VecDeque::new(),
            refusing: None,
            closed: false,
        };
        Mailbox { waiting: Mutex::new(waiting), arrived: Condvar::new() }
    }
}

impl<M: Machine> Mailbox<M> {
    fn lock(&self) -> MutexGuard<'_, Waiting<M>> {
        // What it guards is changed in single steps, so a panic elsewhere leaves it whole.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a command in. The one that cannot be taken is answered at once.
    pub fn post(&self, envelope: Envelope<M>) {
        let mut waiting = self.lock();
        if let Err(error) = waiting.admit(envelope.class) {
            drop(waiting);
            if let Some(reply) = envelope.reply {
                reply(Err(error));
            }
            return;
        }
        let queue = match envelope.class {
            Class::Progress => &mut waiting.progress,
            Class::Intake => &mut waiting.intake,
            Class::Internal => &mut waiting.internal,
        };
        queue.push_back(Input::Command(envelope));
        drop(waiting);
        self.arrived.notify_one();
    }

    /// Asks for a look at the state: of a client behind what ends work and before what brings it.
    /// Whoever waits learns of a closed or full mailbox by the look being dropped.
    pub fn look(&self, class: Class, look: Look<M>, token: Token) {
        let mut waiting = self.lock();
        if waiting.closed || waiting.admit(class).is_err() {
            // Dropping it may ask for the reason.
            drop(waiting);
            drop(look);
            return;
        }
        let queue = match class {
            Class::Internal => &mut waiting.internal,
            Class::Progress | Class::Intake => &mut waiting.progress,
        };
        queue.push_back(Input::Look(look, token));
        drop(waiting);
        self.arrived.notify_one();
    }

    /// Why a look was dropped.
    pub(crate) fn why(&self) -> Error {
        let unavailable = || Error::Unavailable { reason: "it folds its log again".to_owned() };
        self.lock().admit(Class::Progress).err().unwrap_or_else(unavailable)
    }

    /// Tells the loop something. Dropped when it is closed.
    pub fn signal(&self, signal: Signal<M>) {
        let mut waiting = self.lock();
        // What waits for a blob must still be handled, and learns of it here.
        let needed = matches!(signal, Signal::Notice(..) | Signal::Loaded(..));
        if !waiting.closed || needed {
            waiting.signals.push_back(signal);
            drop(waiting);
            self.arrived.notify_one();
        }
    }

    /// Refuses commands of clients with this error from now on; `None` takes them again.
    pub(crate) fn refuse(&self, error: Option<Error>) {
        self.lock().refusing = error;
    }

    /// No more is taken; what waits is still handled.
    pub fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_all();
    }

    /// Commands that wait.
    pub fn len(&self) -> usize {
        let waiting = self.lock();
        waiting.internal.len() + waiting.progress.len() + waiting.intake.len()
    }

    /// Does nothing wait?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes signals, and inputs when `intake`, at most `max` of them; what ends work comes
    /// before what brings it. Waits until there is something, at most for `wait` (`None`: without
    /// end).
    pub(crate) fn take(&self, max: usize, intake: bool, wait: Option<Duration>) -> Batch<M> {
        let mut waiting = self.lock();
        while waiting.nothing(intake) && !waiting.closed {
            let Some(wait) = wait else {
                waiting = self.arrived.wait(waiting).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let timed = self.arrived.wait_timeout(waiting, wait);
            let (guard, timeout) = timed.unwrap_or_else(PoisonError::into_inner);
            waiting = guard;
            if timeout.timed_out() {
                break;
            }
        }
        let signals = std::mem::take(&mut waiting.signals);
        let inputs = if intake { waiting.take(max) } else { VecDeque::new() };
        Batch { inputs, signals, closed: waiting.closed }
    }
}

impl<M: Machine> Waiting<M> {
    fn admit(&self, class: Class) -> Result<(), Error> {
        if self.closed {
            return Err(Error::Closed);
        }
        let (waiting, max) = match class {
            Class::Internal => return Ok(()),
            Class::Progress => (self.progress.len(), 2 * MAILBOX_COMMANDS_MAX),
            Class::Intake => (self.progress.len() + self.intake.len(), MAILBOX_COMMANDS_MAX),
        };
        if let Some(error) = &self.refusing {
            return Err(error.clone());
        }
        if waiting >= max {
            let what = format!("expected at most {max} waiting commands, but as many wait");
            return Err(Error::Overloaded { what });
        }
        Ok(())
    }

    fn nothing(&self, intake: bool) -> bool {
        let inputs = self.internal.len() + self.progress.len() + self.intake.len();
        self.signals.is_empty() && (!intake || inputs == 0)
    }

    fn take(&mut self, max: usize) -> VecDeque<Input<M>> {
        let mut taken = VecDeque::new();
        for queue in [&mut self.internal, &mut self.progress, &mut self.intake] {
            let count = queue.len().min(max - taken.len());
            taken.extend(queue.drain(..count));
        }
        taken
    }
}
