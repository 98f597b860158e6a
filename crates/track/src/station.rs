//! The bus and the track machine together, as a server has them: every published process follows
//! the bus on a thread of its own.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use grevy::{Clock, Error};
use journal::Folder;
use serde_json::Value;

use crate::bus::Bus;
use crate::durable::kept::Keeping;
use crate::feed::Feed;
use crate::limits::MODELS_MAX;
use crate::machine::{Command, Model, Publish};
use crate::mapping::Mapping;
use crate::source::Progress;
use crate::tracking::{Outlet, Tracking};

/// A follower looks this often whether it is told to stop.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Bus and tracking; clones share them.
#[derive(Clone)]
pub struct Station(Arc<Inner>);

struct Inner {
    bus: Bus,
    tracking: Tracking,
    followers: Mutex<BTreeMap<Arc<str>, Follower>>,
}

/// The thread that carries the bus into one process.
struct Follower {
    orders: Sender<Order>,
    thread: JoinHandle<()>,
}

/// Carry everything that is on the bus now, rejected records again if `again`; then tell.
struct Order {
    again: bool,
    done: Sender<Result<(), Error>>,
}

impl Station {
    /// Opens both in a folder, or in memory, and follows the bus for every published process.
    ///
    /// # Errors
    /// A journal that cannot be read.
    pub fn open(
        folder: Option<&Arc<Folder>>,
        clock: Clock,
        outlet: Outlet,
        keeping: Keeping,
    ) -> Result<Station, Error> {
        let bus = Bus::open(folder)?;
        let tracking = Tracking::open_kept(folder, clock, outlet, keeping)?;
        let published = tracking.look(|state| {
            let published = state.models().filter_map(Model::published_as).cloned();
            published.collect::<Vec<Publish>>()
        })?;
        let station = Station(Arc::new(Inner { bus, tracking, followers: Mutex::default() }));
        for publish in published {
            station.follow(&publish)?;
        }
        Ok(station)
    }

    pub fn bus(&self) -> &Bus {
        &self.0.bus
    }

    pub fn tracking(&self) -> &Tracking {
        &self.0.tracking
    }

    /// Publishes a model with its mapping, and follows the bus by it from the first event that it
    /// has not seen.
    ///
    /// # Errors
    /// What the machine refuses; a mapping that is none.
    pub fn publish(&self, publish: Publish) -> Result<(), Error> {
        mapping(&publish)?;
        self.0.tracking.command(Command::Publish(publish.clone()))?;
        self.follow(&publish)
    }

    /// Puts events on the bus; durable when this returns.
    ///
    /// # Errors
    /// As [`Bus::publish`].
    pub fn take(&self, events: Vec<Result<Value, String>>) -> Result<(u64, u64), Error> {
        let now = self.0.tracking.clock().now();
        Ok(self.0.bus.publish(events, now)?)
    }

    /// Waits until everything that is on the bus now was observed by a process; with `again`, what
    /// was rejected or expired is observed again by the present mapping first.
    ///
    /// # Errors
    /// When nothing is published under this name.
    pub fn catch_up(&self, process: &str, again: bool) -> Result<(), Error> {
        let (done, told) = channel();
        let followers = self.followers();
        let asked = followers.get(process).map(|known| known.orders.send(Order { again, done }));
        drop(followers);
        if !matches!(asked, Some(Ok(()))) {
            let reason = format!("expected a published model for {process}, but there is none");
            return Err(Error::Invalid { reason });
        }
        told.recv().map_err(|_| Error::Closed)?
    }

    fn followers(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Follower>> {
        self.0.followers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn follow(&self, publish: &Publish) -> Result<(), Error> {
        let mapping = mapping(publish)?;
        let mut followers = self.followers();
        // The old thread ends first: two would observe the same positions.
        if let Some(old) = followers.remove(&publish.process) {
            old.end();
        }
        debug_assert!(followers.len() < MODELS_MAX, "the machine bounds the models");
        let reader = Box::new(self.0.bus.reader("bus"));
        let feed = Feed::resume(&self.0.tracking, &publish.process, mapping, reader)?;
        let (orders, taken) = channel();
        let (bus, tracking) = (self.0.bus.clone(), self.0.tracking.clone());
        let thread = std::thread::Builder::new()
            .name(format!("follow-{}", publish.process))
            .spawn(move || run(feed, &bus, &tracking, &taken))
            .map_err(|error| Error::Unavailable { reason: error.to_string() })?;
        followers.insert(publish.process.clone(), Follower { orders, thread });
        Ok(())
    }

    /// Ends the threads and both journals; what was answered is durable.
    pub fn close(&self) {
        let followers = std::mem::take(&mut *self.followers());
        followers.into_values().for_each(Follower::end);
        self.0.tracking.close();
        self.0.bus.close();
    }
}

impl Follower {
    fn end(self) {
        drop(self.orders);
        if self.thread.join().is_err() {
            tracing::error!("a thread that follows the bus panicked");
        }
    }
}

fn mapping(publish: &Publish) -> Result<Mapping, Error> {
    let invalid = |reason| Error::Invalid { reason: format!("mapping: {reason}") };
    Mapping::from_yaml(&publish.mapping).map_err(invalid)
}

fn run(mut feed: Feed, bus: &Bus, tracking: &Tracking, orders: &Receiver<Order>) {
    loop {
        if let Err(error) = carry(&mut feed, tracking) {
            tracing::error!(%error, "records of the bus wait");
        }
        let wanted = feed.next_offset();
        let patience = match bus.wait(wanted, LOOK_EVERY) {
            true => Duration::ZERO,
            false => Duration::from_millis(1),
        };
        let order = match orders.recv_timeout(patience) {
            Ok(order) => order,
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let done = match order.again {
            true => feed
                .again(tracking.clock().now())
                .and_then(|()| feed.go_on())
                .and_then(|()| carry(&mut feed, tracking)),
            false => carry(&mut feed, tracking),
        };
        // Whoever asked may have gone.
        let _ = order.done.send(done);
    }
}

/// Everything that is there now.
fn carry(feed: &mut Feed, tracking: &Tracking) -> Result<(), Error> {
    while feed.carry(tracking.clock().now())? == Progress::More {}
    Ok(())
}
