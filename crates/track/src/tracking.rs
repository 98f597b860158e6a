//! The track machine running: in memory or in a folder, with the loop, the journal and the clock
//! of the engine.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use engine::Cause;
use engine::command::Source as Asker;
use grevy::machine::Need;
use grevy::mailbox::{Class, Deliver, Envelope, Signal};
use grevy::partition::{Partition, Parts, Remote};
use grevy::{Activity, Clock, Error, Holds, Keeper, Vault, Ward};
use journal::{FileConfig, FileJournal, Folder, Journal, MemoryJournal};

use crate::durable::Tracker;
use crate::durable::kept::{Aged, Keeping};
use crate::machine::{Answer, Command, Effect, State};

/// Where effects go once they are durable, on the thread of the loop: it must not block.
pub type Outlet = Box<dyn FnMut(Effect) + Send>;

/// What a command will be answered.
pub type Asked = Receiver<Result<Answer, Error>>;

/// Tracking, running; clones share it.
#[derive(Clone)]
pub struct Tracking {
    remote: Remote<Tracker>,
    activity: Activity,
    clock: Clock,
    /// Who still reads what lies in the past.
    holds: Arc<AtomicUsize>,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
    keeper: Arc<Option<Keeper>>,
}

/// Keeps timers from firing while a source is read that lies behind: what makes a case late may
/// be in the next record.
pub struct Hold(Tracking);

impl Drop for Hold {
    fn drop(&mut self) {
        if self.0.holds.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.pause(false);
        }
    }
}

impl Tracking {
    /// Opens the journal `track` in a folder, or one in memory, folds it, and starts. Nothing
    /// falls due before the first [`Hold`] is dropped.
    ///
    /// # Errors
    /// A journal that cannot be read or folded.
    pub fn open(
        folder: Option<&Arc<Folder>>,
        clock: Clock,
        outlet: Outlet,
    ) -> Result<Tracking, Error> {
        Tracking::open_kept(folder, clock, outlet, Keeping::default())
    }

    /// The same, saying when checkpoints are written and for how long the past can be read.
    ///
    /// # Errors
    /// A journal or a checkpoint that cannot be read or folded.
    pub fn open_kept(
        folder: Option<&Arc<Folder>>,
        clock: Clock,
        outlet: Outlet,
        keeping: Keeping,
    ) -> Result<Tracking, Error> {
        let journal: Arc<dyn Journal> = match folder {
            Some(folder) => Arc::new(FileJournal::open(folder, "track", FileConfig::default())?),
            None => Arc::new(MemoryJournal::new()),
        };
        let activity = Activity::default();
        let vault = folder.map(|folder| Vault::open(folder, "track")).transpose()?;
        let holds = folder.map(|folder| Holds::open(folder, "track")).transpose()?;
        let partition = Partition::open(Parts {
            name: Arc::from("track"),
            journal,
            empty: Arc::new(Tracker::default),
            vault: vault.clone(),
            holds: Arc::new(holds.unwrap_or_default()),
            outlet,
            recovered: Box::new(|_| ()),
            forget: None,
            clock: clock.clone(),
            activity: activity.clone(),
            build: Arc::from(env!("CARGO_PKG_VERSION")),
            skip: Vec::new(),
            paused: true,
        })?;
        let remote = partition.remote();
        let ward = vault.map(|vault| Ward {
            vault,
            remote: remote.clone(),
            empty: Arc::new(Tracker::default),
            skip: Vec::new(),
            skip_upto: 0,
            policy: keeping.checkpoints,
            activity: activity.clone(),
        });
        let aged = |ward| Keeper::start(vec![Box::new(Aged::new(ward, clock.clone(), keeping))]);
        let keeper = Arc::new(ward.map(aged).transpose()?);
        let thread = std::thread::Builder::new()
            .name("grevy-track".to_owned())
            .spawn(move || partition.run())
            .map_err(|error| Error::Unavailable { reason: error.to_string() })?;
        let thread = Arc::new(Mutex::new(Some(thread)));
        Ok(Tracking { remote, activity, clock, holds: Arc::default(), thread, keeper })
    }

    /// Nothing falls due until this, and all others, are dropped.
    pub fn hold(&self) -> Hold {
        if self.holds.fetch_add(1, Ordering::AcqRel) == 0 {
            self.pause(true);
        }
        Hold(self.clone())
    }

    fn pause(&self, paused: bool) {
        let control = move |partition: &mut Partition<Tracker>| partition.pause(paused);
        let token = self.activity.begin();
        self.remote.mailbox.signal(Signal::Control(Box::new(control), token));
    }

    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Its journal, to read back what happened.
    pub fn journal(&self) -> &Arc<dyn Journal> {
        &self.remote.journal
    }

    /// Asks; the answer comes when it is durable. Records wait in line behind what an operator
    /// asks.
    pub fn ask(&self, command: Command, principal: Option<Arc<str>>) -> Asked {
        let (class, source) = match &command {
            Command::Observe { .. } => (Class::Intake, Asker::Foreign),
            Command::ObserveAgain { .. }
            | Command::Draft(_)
            | Command::Publish(_)
            | Command::Learn { .. } => (Class::Progress, Asker::Operator),
            Command::Tick => (Class::Internal, Asker::Timer),
            Command::Delivered { .. } => (Class::Internal, Asker::Outbox),
        };
        let (told, asked) = channel();
        self.remote.mailbox.post(Envelope {
            command,
            cause: Cause { source, principal, ..Cause::default() },
            class,
            watch: false,
            // Nobody waits any more if it cannot be told.
            reply: Some(Box::new(move |answer| drop(told.send(answer)))),
            token: self.activity.begin(),
        });
        asked
    }

    /// Asks and waits. What the machine refuses is an error here.
    ///
    /// # Errors
    /// What the machine refuses; a journal that failed; a full disk.
    pub fn command(&self, command: Command) -> Result<Answer, Error> {
        match self.ask(command, None).recv() {
            Ok(Ok(Answer::Refused(reason))) => Err(Error::Invalid { reason }),
            Ok(answer) => answer,
            Err(_) => Err(Error::Closed),
        }
    }

    /// Reads the state, on the thread of the loop: keep it short. What it finds is durable.
    ///
    /// # Errors
    /// When tracking was closed.
    pub fn look<T: Send + 'static>(
        &self,
        read: impl FnOnce(&State) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let (told, asked) = channel();
        let mut once = Some((read, told));
        let look = move |tracker: &mut Tracker| -> Result<Deliver, Need> {
            let Some((read, told)) = once.take() else { return Ok(Box::new(|| ())) };
            let found = read(&tracker.state);
            // Nobody waits any more if it cannot be told.
            Ok(Box::new(move || drop(told.send(found))))
        };
        self.remote.mailbox.look(Class::Internal, Box::new(look), self.activity.begin());
        asked.recv().map_err(|_| Error::Closed)
    }

    /// Tells that an alert arrived where it belongs.
    pub fn delivered(&self, alert: u64) {
        drop(self.ask(Command::Delivered { alert }, None));
    }

    /// Moves a virtual clock to `until` (ms since 1970), firing what falls due in its order; with
    /// any other clock, waits until what was asked is done.
    pub fn advance_to(&self, until: i64) {
        self.activity.wait_for_rest();
        while self.clock.is_virtual() {
            let due = self.look(|state| state.next_due()).ok().flatten().unwrap_or(i64::MAX);
            self.clock.move_to(due.min(until));
            self.remote.mailbox.signal(Signal::Wake(self.activity.begin()));
            self.activity.wait_for_rest();
            if due > until {
                break;
            }
        }
    }

    /// Ends: what was taken in is handled and durable.
    pub fn close(&self) {
        self.remote.mailbox.close();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the thread of tracking panicked");
        }
        if let Some(keeper) = &*self.keeper {
            keeper.close();
        }
    }
}
