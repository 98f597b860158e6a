//! What waits to be written, in bytes and in time.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use engine::PartitionId;
use tokio::sync::{Notify, watch};

use crate::batch::Item;
use crate::error::{Error, Result};
use crate::limits::ITEM_STEPS_MAX;
use crate::retention::Retention;

/// Up to where the journal of each partition is in the tables.
pub type Positions = BTreeMap<PartitionId, u64>;

/// What happens when more waits than may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnCap {
    /// Nothing more is taken, and intake stops until there is room: nothing is missing later.
    #[default]
    StopIntake,
    /// What does not fit is left out, and the gap is listed.
    Gap,
}

/// What the runtime does about how far history lags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pressure {
    Open,
    /// New instances wait; completions never do.
    ThrottleStarts,
    StopIntake,
}

/// Steps that were left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    pub partition: PartitionId,
    pub first_lsn: u64,
    pub last_lsn: u64,
    /// Time of the last step that is missing, ms.
    pub time: i64,
}

/// Shared by exporters, the writer and readers.
#[derive(Debug)]
pub(crate) struct Queue {
    inner: Mutex<Inner>,
    /// There is something to do: an item, a reader that waits, the end.
    pub news: Notify,
    pub positions: watch::Sender<Positions>,
    bytes_max: usize,
    on_cap: OnCap,
    latest: AtomicI64,
}

#[derive(Debug, Default)]
struct Inner {
    items: VecDeque<(Instant, Item)>,
    bytes: usize,
    /// Since when the batch in work has waited.
    working: Option<Instant>,
    gaps: Vec<Gap>,
    readers: usize,
    sweeps: VecDeque<Sweep>,
    closed: bool,
    failure: Option<String>,
}

/// A wish to forget, and who waits for how many were forgotten.
#[derive(Debug)]
pub(crate) struct Sweep {
    pub retention: Retention,
    pub now: i64,
    pub done: std::sync::mpsc::Sender<Result<u64>>,
}

/// What the writer takes out in one go.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub items: Vec<Item>,
    pub gaps: Vec<Gap>,
    pub bytes: usize,
}

impl Queue {
    pub fn new(positions: Positions, bytes_max: usize, on_cap: OnCap) -> Queue {
        let (positions, _) = watch::channel(positions);
        Queue {
            inner: Mutex::default(),
            news: Notify::new(),
            positions,
            bytes_max,
            on_cap,
            latest: AtomicI64::new(0),
        }
    }

    /// A poisoned lock holds a sound queue: nothing in here panics half-way.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn push(&self, item: Item) -> Result<()> {
        let Some((first_lsn, last_lsn)) = item.span() else { return Ok(()) };
        if item.steps() > ITEM_STEPS_MAX {
            let got = item.steps();
            let text = format!("expected at most {ITEM_STEPS_MAX} steps at once, but got {got}");
            return Err(Error::store(text));
        }
        let mut inner = self.lock();
        if inner.closed {
            return Err(Error::closed());
        }
        let bytes = item.bytes();
        // A single item that is larger than the whole cap must still find its way.
        if inner.bytes > 0 && inner.bytes + bytes > self.bytes_max {
            match self.on_cap {
                OnCap::StopIntake => return Err(Error::full(inner.bytes)),
                OnCap::Gap => {
                    let (partition, time) = (item.partition(), item.time());
                    inner.gap(Gap { partition, first_lsn, last_lsn, time });
                }
            }
        } else {
            inner.bytes += bytes;
            inner.items.push_back((Instant::now(), item));
        }
        drop(inner);
        self.news.notify_one();
        Ok(())
    }

    pub fn missed(&self, gap: Gap) -> Result<()> {
        let mut inner = self.lock();
        if inner.closed {
            return Err(Error::closed());
        }
        inner.gap(gap);
        drop(inner);
        self.news.notify_one();
        Ok(())
    }

    /// Takes items up to about `events_max` events, at least one.
    pub fn take(&self, events_max: usize) -> Taken {
        let mut inner = self.lock();
        let mut taken = Taken { gaps: std::mem::take(&mut inner.gaps), ..Taken::default() };
        let mut events = 0;
        while events < events_max
            && let Some((since, item)) = inner.items.pop_front()
        {
            inner.working.get_or_insert(since);
            events += item.events();
            taken.bytes += item.bytes();
            taken.items.push(item);
        }
        taken
    }

    pub fn sweep(&self, sweep: Sweep) -> Result<()> {
        let mut inner = self.lock();
        if inner.closed {
            return Err(Error::closed());
        }
        inner.sweeps.push_back(sweep);
        drop(inner);
        self.news.notify_one();
        Ok(())
    }

    pub fn next_sweep(&self) -> Option<Sweep> {
        self.lock().sweeps.pop_front()
    }

    /// What was taken is durable.
    pub fn done(&self, bytes: usize, positions: Positions) {
        let mut inner = self.lock();
        inner.bytes = inner.bytes.saturating_sub(bytes);
        inner.working = None;
        inner.failure = None;
        drop(inner);
        self.positions.send_replace(positions);
    }

    /// Steps up to this time (ms) are in the tables.
    pub fn reached(&self, time: i64) {
        self.latest.fetch_max(time, Ordering::Relaxed);
    }

    pub fn latest(&self) -> i64 {
        self.latest.load(Ordering::Relaxed)
    }

    pub fn failed(&self, why: String) {
        self.lock().failure = Some(why);
    }

    pub fn failure(&self) -> Option<String> {
        self.lock().failure.clone()
    }

    /// A reader waits: the batch is closed at once.
    pub fn hurry(&self, readers: isize) {
        let mut inner = self.lock();
        inner.readers = inner.readers.saturating_add_signed(readers);
        drop(inner);
        self.news.notify_one();
    }

    /// Is there a reason to write before the batch is full?
    pub fn hurried(&self) -> bool {
        let inner = self.lock();
        inner.readers > 0 || inner.closed
    }

    pub fn is_empty(&self) -> bool {
        let inner = self.lock();
        inner.items.is_empty() && inner.gaps.is_empty() && inner.sweeps.is_empty()
    }

    pub fn events(&self) -> usize {
        self.lock().items.iter().map(|(_, item)| item.events()).sum()
    }

    pub fn close(&self) {
        self.lock().closed = true;
        self.news.notify_one();
    }

    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// How long the oldest step has waited.
    pub fn lag(&self) -> Duration {
        let inner = self.lock();
        let front = inner.items.front().map(|(since, _)| *since);
        inner.working.or(front).map_or(Duration::ZERO, |since| since.elapsed())
    }

    pub fn pressure(&self, lag_max: Duration) -> Pressure {
        let full = self.lock().bytes >= self.bytes_max;
        if full && self.on_cap == OnCap::StopIntake {
            return Pressure::StopIntake;
        }
        if self.lag() > lag_max { Pressure::ThrottleStarts } else { Pressure::Open }
    }
}

impl Inner {
    /// Gaps that touch are one.
    fn gap(&mut self, gap: Gap) {
        let last = self.gaps.iter_mut().rev().find(|known| known.partition == gap.partition);
        match last {
            Some(known) => (known.last_lsn, known.time) = (gap.last_lsn, gap.time),
            None => self.gaps.push(gap),
        }
    }
}
