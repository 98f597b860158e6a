//! The thread that looks after checkpoints, one machine after another.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use engine::Key;
use journal::Lsn;

use super::{Checkpoints, Vault};
use crate::Error;
use crate::activity::Activity;
use crate::machine::Machine;
use crate::mailbox::Signal;
use crate::partition::{Health, Partition, Remote};

/// After a checkpoint that failed.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// Steps that are folded in a second, until it was measured.
const STEPS_A_SECOND: u64 = 50_000;

/// Folding so much at a start is what a checkpoint saves, in seconds.
const REPLAY_SECONDS: u64 = 2;

/// Fewer steps are not worth a checkpoint of their own, however slowly they fold.
const STEPS_MIN: u64 = 1_000;

/// A machine whose checkpoints are looked after.
pub struct Ward<M: Machine> {
    /// Where they lie.
    pub vault: Arc<Vault>,
    /// Whose they are.
    pub remote: Remote<M>,
    /// Makes an empty machine.
    pub empty: Arc<dyn Fn() -> M + Send + Sync>,
    /// Aggregates whose events an operator chose to leave out.
    pub skip: Vec<Key>,
    /// Up to where they are left out.
    pub skip_upto: Lsn,
    /// When they are written.
    pub policy: Checkpoints,
    /// What is under way.
    pub activity: Activity,
}

/// What the keeper asks of a ward; one for each kind of machine.
pub trait Kept: Send {
    /// Steps after the newest checkpoint.
    fn behind(&self) -> u64;
    /// When checkpoints are due.
    fn policy(&self) -> Checkpoints;
    /// How its loop does.
    fn health(&self) -> Health;
    /// Steps that were folded, `None` if there was nothing to do.
    fn write(&self) -> Result<Option<u64>, Error>;
    /// Lets the loop forget what is idle.
    fn cool(&self);
}

impl<M: Machine> Ward<M> {
    /// Where the vault stands, for whoever watches.
    pub fn tell(&self) {
        let status = &self.remote.status;
        status.checkpoint.store(self.vault.published(), Ordering::Release);
        status.mended.store(self.vault.mended(), Ordering::Release);
        status.too_large.store(self.vault.large() as u64, Ordering::Release);
    }
}

impl<M: Machine> Kept for Ward<M> {
    fn behind(&self) -> u64 {
        self.remote.journal.durable_lsn().saturating_sub(self.vault.published())
    }

    fn policy(&self) -> Checkpoints {
        self.policy
    }

    fn health(&self) -> Health {
        self.remote.status.health()
    }

    fn write(&self) -> Result<Option<u64>, Error> {
        let journal = &*self.remote.journal;
        let skip = (&*self.skip, self.skip_upto);
        let written = self.vault.write(journal, skip, &*self.empty, &self.remote.holds);
        let status = &self.remote.status;
        match &written {
            Ok(_) => status.checkpoints_failed.store(0, Ordering::Release),
            Err(_) => drop(status.checkpoints_failed.fetch_add(1, Ordering::Release)),
        }
        self.tell();
        Ok(written?.map(|written| written.steps))
    }

    fn cool(&self) {
        self.tell();
        if self.remote.status.hot.load(Ordering::Acquire) == 0 {
            return;
        }
        let after = self.policy.cold_after;
        let control = move |partition: &mut Partition<M>| partition.cool(after);
        let signal = Signal::Control(Box::new(control), self.activity.begin());
        self.remote.mailbox.signal(signal);
    }
}

/// Writes checkpoints until it is closed, and then the last ones.
pub struct Keeper {
    gate: Arc<(Mutex<bool>, Condvar)>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Place {
    ward: Box<dyn Kept>,
    /// Of the last checkpoint.
    last: Instant,
    /// Not before.
    again: Instant,
    /// Steps that were folded in a second.
    rate: u64,
}

impl Keeper {
    /// Looks after these until it is closed.
    ///
    /// # Errors
    /// When the system has no thread for it.
    pub fn start(wards: Vec<Box<dyn Kept>>) -> Result<Keeper, Error> {
        let gate = Arc::new((Mutex::new(false), Condvar::new()));
        let closing = Arc::clone(&gate);
        let now = Instant::now();
        let often =
            wards.iter().map(|ward| ward.policy().look_every).min().unwrap_or(Duration::MAX);
        let places = wards.into_iter().map(|ward| Place {
            ward,
            last: now,
            again: now,
            rate: STEPS_A_SECOND,
        });
        let mut places: Vec<Place> = places.collect();
        let thread = std::thread::Builder::new().name("grevy-keeper".to_owned());
        let thread = thread.spawn(move || {
            while !wait(&closing, often) {
                places.iter_mut().for_each(Place::look);
            }
            places.iter_mut().for_each(Place::last);
        });
        let thread = thread.map_err(|error| {
            Error::invalid(format!("expected to start a thread, but the system refused: {error}"))
        })?;
        Ok(Keeper { gate, thread: Mutex::new(Some(thread)) })
    }

    /// The last checkpoints; call it when the loops have ended.
    pub fn close(&self) {
        *self.gate.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.gate.1.notify_all();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread of the checkpoints had panicked");
        }
    }
}

/// Until the next look; is it closed?
fn wait((closed, moved): &(Mutex<bool>, Condvar), often: Duration) -> bool {
    let guard = closed.lock().unwrap_or_else(PoisonError::into_inner);
    let waited = moved.wait_timeout_while(guard, often, |closed| !*closed);
    *waited.unwrap_or_else(PoisonError::into_inner).0
}

impl Place {
    fn look(&mut self) {
        if self.is_due() {
            self.write();
        }
        self.ward.cool();
    }

    fn is_due(&self) -> bool {
        let behind = self.ward.behind();
        if behind == 0 || Instant::now() < self.again {
            return false;
        }
        let policy = self.ward.policy();
        let measured = (self.rate * REPLAY_SECONDS).max(STEPS_MIN);
        match self.ward.health() {
            Health::Unavailable => false,
            // What the log no longer needs gives room.
            Health::DiskFull => true,
            Health::Healthy | Health::Paused => {
                behind >= policy.steps.unwrap_or(measured) || self.last.elapsed() >= policy.every
            }
        }
    }

    fn last(&mut self) {
        if self.ward.behind() > 0 && self.ward.health() != Health::Unavailable {
            self.write();
        }
    }

    fn write(&mut self) {
        let start = Instant::now();
        match self.ward.write() {
            Ok(steps) => {
                self.last = Instant::now();
                if let Some(steps) = steps.filter(|steps| *steps >= STEPS_MIN) {
                    let micros = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
                    self.rate = steps.saturating_mul(1_000_000) / micros.max(1);
                }
            }
            Err(error) => {
                tracing::error!(%error, "a checkpoint failed; the log is kept for it");
                self.again = Instant::now() + RETRY_AFTER;
            }
        }
    }
}
