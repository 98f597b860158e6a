//! Who gets which job (`engine-rules.md` 7). A job that can be leased is only announced; a
//! receiver with credit, a parked poll or a stream, is chosen here, in turn, and a `LeaseJobs`
//! command is sent for it. One announced job wakes one receiver.
//!
//! ```text
//!   JobAvailable ─► ready queue ─┐
//!                                ├─► LeaseJobs ─► jobs ─► last look ─► receiver
//!   poll, stream ─► ring ────────┘                          └─ gone: YieldJob
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use engine::command::{LeaseJobs, LeasedJob, LeasedJobs, Source};
use engine::event::Text;
use engine::{Answer, Cause, Command, PartitionId, Reply};

use crate::Error;
use crate::activity::Activity;
use crate::limits::{QUERY_ROWS_MAX, RECEIVERS_MAX};
use crate::machines::Engine;
use crate::mailbox::{Class, Envelope};
use crate::partition::Remote;

/// Receives the jobs of a poll.
pub type Polled = Box<dyn FnOnce(Result<Vec<LeasedJob>, Error>) + Send>;

/// Receives one job of a stream; `false`: nobody is there any more, give it back.
pub type Push = Arc<dyn Fn(LeasedJob) -> bool + Send + Sync>;

/// Names a poll or stream.
pub type ReceiverId = u64;

/// A poll that was answered at once.
const NOBODY: ReceiverId = 0;

fn full() -> Error {
    let what = format!("expected at most {RECEIVERS_MAX} polls and streams, but as many are open");
    tracing::warn!("{what}: a worker gets no jobs");
    Error::Overloaded { what }
}

enum Sink {
    Poll(Option<Polled>),
    Stream { credit: u32, push: Push },
}

struct Receiver {
    want: LeaseJobs,
    sink: Sink,
    leasing: bool,
    /// Its place in the ring of its type, while it can take jobs.
    place: Option<i64>,
    /// A poll whose time is over while a lease is under way for it.
    expired: bool,
    /// A poll that waits only for leases under way: they may leave jobs for it.
    impatient: bool,
}

/// Jobs of one type, tenant and partition.
#[derive(Clone, Copy, PartialEq)]
enum Ready {
    /// There are some.
    Jobs,
    /// A receiver is being served; `again`: more came meanwhile.
    Leasing { again: bool },
}

/// When a receiver that enters the ring is served.
#[derive(Clone, Copy)]
enum Turn {
    Next,
    Last,
}

#[derive(Default)]
struct Queue {
    ready: BTreeMap<(PartitionId, Text), Ready>,
    /// By place, the next one first: one of many thousands leaves it as fast as one of ten.
    ring: BTreeMap<i64, ReceiverId>,
    /// Partition that was served last.
    last: PartitionId,
    /// How many impatient polls there are.
    impatient: usize,
}

#[derive(Default)]
struct Board {
    queues: BTreeMap<Text, Queue>,
    receivers: BTreeMap<ReceiverId, Receiver>,
    next: ReceiverId,
    paused: bool,
}

struct Lease {
    receiver: ReceiverId,
    partition: PartitionId,
    tenants: Vec<Text>,
    want: LeaseJobs,
}

/// Matches jobs and receivers, over all partitions.
pub struct Dispatcher {
    board: Mutex<Board>,
    partitions: OnceLock<Vec<Remote<Engine>>>,
    activity: Activity,
}

impl Dispatcher {
    /// Knows no partition yet.
    pub fn new(activity: Activity, paused: bool) -> Arc<Dispatcher> {
        let board = Mutex::new(Board { paused, ..Board::default() });
        Arc::new(Dispatcher { board, partitions: OnceLock::new(), activity })
    }

    /// Tells it the partitions, in their order from 1.
    pub fn connect(&self, partitions: Vec<Remote<Engine>>) {
        drop(self.partitions.set(partitions));
    }

    fn lock(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A partition has a job of this type.
    pub fn available(self: &Arc<Self>, partition: PartitionId, tenant: Text, job_type: Text) {
        let mut board = self.lock();
        let queue = board.queues.entry(job_type.clone()).or_default();
        let ready = queue.ready.entry((partition, tenant)).or_insert(Ready::Jobs);
        if let Ready::Leasing { again } = ready {
            *again = true;
        }
        let leases = board.matches(&job_type);
        drop(board);
        self.send(leases);
    }

    /// Parks a poll until there are jobs or it is [withdrawn](Dispatcher::withdraw).
    /// An impatient one gets what is there now.
    pub fn poll(self: &Arc<Self>, want: LeaseJobs, impatient: bool, then: Polled) -> ReceiverId {
        match self.add(want, Sink::Poll(Some(then)), impatient) {
            Ok(id) => id,
            Err(Sink::Poll(then)) => {
                then.into_iter().for_each(|then| then(Err(full())));
                NOBODY
            }
            Err(Sink::Stream { .. }) => NOBODY,
        }
    }

    /// Opens a stream with `credit` jobs.
    ///
    /// # Errors
    /// More than [`RECEIVERS_MAX`] are open.
    pub fn stream(
        self: &Arc<Self>,
        want: LeaseJobs,
        credit: u32,
        push: Push,
    ) -> Result<ReceiverId, Error> {
        self.add(want, Sink::Stream { credit, push }, false).map_err(|_| full())
    }

    /// Gives the sink back when there is no room for it.
    fn add(
        self: &Arc<Self>,
        want: LeaseJobs,
        sink: Sink,
        impatient: bool,
    ) -> Result<ReceiverId, Sink> {
        let mut board = self.lock();
        if board.receivers.len() >= RECEIVERS_MAX {
            return Err(sink);
        }
        board.next += 1;
        let id = board.next;
        let job_type = want.job_type.clone();
        let (leasing, expired) = (false, false);
        let receiver = Receiver { want, sink, leasing, place: None, expired, impatient };
        board.receivers.insert(id, receiver);
        board.enter(id, &job_type, Turn::Last);
        if let Some(queue) = board.queues.get_mut(&job_type) {
            queue.impatient += usize::from(impatient);
        }
        let leases = board.matches(&job_type);
        let spent = board.spent(&job_type);
        drop(board);
        self.send(leases);
        spent.into_iter().for_each(|then| then(Ok(Vec::new())));
        Ok(id)
    }

    /// A stream can take more jobs.
    pub fn credit(self: &Arc<Self>, id: ReceiverId, more: u32) {
        let mut board = self.lock();
        let Some(receiver) = board.receivers.get_mut(&id) else { return };
        if let Sink::Stream { credit, .. } = &mut receiver.sink {
            *credit = credit.saturating_add(more);
        }
        let (job_type, leasing) = (receiver.want.job_type.clone(), receiver.leasing);
        if !leasing {
            board.enter(id, &job_type, Turn::Last);
        }
        let leases = board.matches(&job_type);
        drop(board);
        self.send(leases);
    }

    /// Takes a receiver away. A poll that still waits is answered with no jobs, unless jobs are
    /// on their way to it.
    pub fn withdraw(&self, id: ReceiverId) {
        let mut board = self.lock();
        let Some(receiver) = board.receivers.get_mut(&id) else { return };
        if receiver.leasing && matches!(receiver.sink, Sink::Poll(_)) {
            receiver.expired = true;
            return;
        }
        let receiver = board.remove(id);
        drop(board);
        if let Some(Receiver { sink: Sink::Poll(Some(then)), .. }) = receiver {
            then(Ok(Vec::new()));
        }
    }

    /// Types that have jobs and no receiver, busy or not.
    pub fn unattended(&self) -> Vec<Text> {
        let board = self.lock();
        let waiting = board.queues.iter().filter(|(_, queue)| !queue.ready.is_empty());
        let asked: BTreeSet<&Text> = board.receivers.values().map(|r| &r.want.job_type).collect();
        let rows = waiting.map(|(job_type, _)| job_type).filter(|of| !asked.contains(of));
        rows.take(QUERY_ROWS_MAX).cloned().collect()
    }

    /// Stops handing out jobs, or goes on.
    pub fn pause(self: &Arc<Self>, paused: bool) {
        let mut board = self.lock();
        board.paused = paused;
        let types: Vec<Text> = board.queues.keys().cloned().collect();
        let leases = types.iter().flat_map(|job_type| board.matches(job_type)).collect();
        drop(board);
        self.send(leases);
    }

    /// Drops every receiver: the engine closes.
    pub fn close(&self) {
        let receivers = std::mem::take(&mut self.lock().receivers);
        for receiver in receivers.into_values() {
            if let Sink::Poll(Some(then)) = receiver.sink {
                then(Err(Error::Closed));
            }
        }
    }

    fn send(self: &Arc<Self>, leases: Vec<Lease>) {
        for lease in leases {
            let Some(remote) = self.remote(lease.partition) else { continue };
            let command = Command::LeaseJobs(lease.want.clone());
            let this = Arc::clone(self);
            let reply = move |answer| this.leased(lease, answer);
            remote.mailbox.post(Envelope {
                command,
                cause: cause(),
                class: Class::Internal,
                watch: false,
                reply: Some(Box::new(reply)),
                token: self.activity.begin(),
            });
        }
    }

    fn remote(&self, partition: PartitionId) -> Option<&Remote<Engine>> {
        self.partitions.get()?.get(usize::from(partition).checked_sub(1)?)
    }

    /// A lease was answered; on the thread of the partition's loop.
    fn leased(self: &Arc<Self>, lease: Lease, answer: Result<Answer, Error>) {
        let jobs = match answer {
            Ok(Ok(Reply::Jobs(jobs))) => Ok(jobs),
            Ok(Err(rejection)) => Err(Error::Rejected(rejection)),
            // Its jobs wait still, and nothing announces them again.
            Err(Error::DiskFull) => Ok(LeasedJobs { jobs: Vec::new(), more: true }),
            // The partition starts again and announces its jobs anew.
            Ok(Ok(_)) | Err(_) => Ok(LeasedJobs::default()),
        };
        let mut board = self.lock();
        let more = jobs.as_ref().is_ok_and(|jobs| jobs.more);
        board.settle(&lease, more || jobs.is_err());
        let (deliver, mut back) = board.hand_over(lease.receiver, jobs);
        let leases = board.matches(&lease.want.job_type);
        let spent = board.spent(&lease.want.job_type);
        drop(board);
        spent.into_iter().for_each(|then| then(Ok(Vec::new())));
        match deliver {
            Some(Delivery::Poll(then, jobs)) => then(jobs),
            Some(Delivery::Stream(push, jobs)) => {
                let mut jobs = jobs.into_iter();
                if let Some(refused) = jobs.by_ref().find_map(|job| push_one(&push, job)) {
                    back.push(refused);
                    back.extend(jobs);
                    self.lock().remove(lease.receiver);
                }
            }
            None => {}
        }
        self.give_back(lease.partition, back);
        self.send(leases);
    }

    fn give_back(&self, partition: PartitionId, jobs: Vec<LeasedJob>) {
        let Some(remote) = self.remote(partition) else { return };
        for job in jobs {
            remote.mailbox.post(Envelope {
                command: Command::YieldJob { job: job.key, token: job.token },
                cause: cause(),
                class: Class::Internal,
                watch: false,
                reply: None,
                token: self.activity.begin(),
            });
        }
    }
}

/// The job itself when it was refused.
fn push_one(push: &Push, job: LeasedJob) -> Option<LeasedJob> {
    let kept = job.clone();
    (!push(job)).then_some(kept)
}

fn cause() -> Cause {
    Cause { source: Source::Dispatcher, ..Cause::default() }
}

enum Delivery {
    Poll(Polled, Result<Vec<LeasedJob>, Error>),
    Stream(Push, Vec<LeasedJob>),
}

impl Board {
    /// Gives a receiver a place in the ring, unless it has one.
    fn enter(&mut self, id: ReceiverId, job_type: &Text, turn: Turn) {
        let Some(receiver) = self.receivers.get_mut(&id) else { return };
        if receiver.place.is_none() {
            let queue = self.queues.entry(job_type.clone()).or_default();
            receiver.place = Some(queue.enter(id, turn));
        }
    }

    fn remove(&mut self, id: ReceiverId) -> Option<Receiver> {
        let receiver = self.receivers.remove(&id)?;
        if let Some(queue) = self.queues.get_mut(&receiver.want.job_type) {
            if let Some(place) = receiver.place {
                queue.ring.remove(&place);
            }
            queue.impatient = queue.impatient.saturating_sub(usize::from(receiver.impatient));
            if queue.ring.is_empty() && queue.ready.is_empty() {
                self.queues.remove(&receiver.want.job_type);
            }
        }
        Some(receiver)
    }

    /// Impatient polls for which nothing is left: no lease is under way that may leave them jobs.
    fn spent(&mut self, job_type: &Text) -> Vec<Polled> {
        let Some(queue) = self.queues.get(job_type) else { return Vec::new() };
        let leasing = || queue.ready.values().any(|ready| matches!(ready, Ready::Leasing { .. }));
        if queue.impatient == 0 || leasing() {
            return Vec::new();
        }
        let waits = |id: &&ReceiverId| self.receivers.get(id).is_some_and(|r| r.impatient);
        let spent: Vec<ReceiverId> = queue.ring.values().filter(waits).copied().collect();
        let then = |id| match self.remove(id)?.sink {
            Sink::Poll(then) => then,
            Sink::Stream { .. } => None,
        };
        spent.into_iter().filter_map(then).collect()
    }

    /// Pairs of a receiver and a partition that has jobs for it.
    fn matches(&mut self, job_type: &Text) -> Vec<Lease> {
        let mut leases = Vec::new();
        if self.paused {
            return leases;
        }
        let Some(queue) = self.queues.get_mut(job_type) else { return leases };
        for _ in 0..queue.ring.len() {
            if !queue.ready.values().any(|ready| *ready == Ready::Jobs) {
                break;
            }
            let Some((_, id)) = queue.ring.pop_first() else { break };
            let Some(receiver) = self.receivers.get_mut(&id) else { continue };
            receiver.place = None;
            let want = receiver.wants();
            match queue.choose(&want) {
                _ if want.max_jobs == 0 => {}
                Some((partition, tenants)) => {
                    receiver.leasing = true;
                    leases.push(Lease { receiver: id, partition, tenants, want });
                }
                None => receiver.place = Some(queue.enter(id, Turn::Last)),
            }
        }
        leases
    }

    /// The lease is over; are there jobs left?
    fn settle(&mut self, lease: &Lease, more: bool) {
        let Some(queue) = self.queues.get_mut(&lease.want.job_type) else { return };
        for tenant in &lease.tenants {
            let at = (lease.partition, tenant.clone());
            let again = matches!(queue.ready.get(&at), Some(Ready::Leasing { again: true }));
            match more || again {
                true => drop(queue.ready.insert(at, Ready::Jobs)),
                false => drop(queue.ready.remove(&at)),
            }
        }
    }

    /// Who gets the jobs, and what must be given back.
    fn hand_over(
        &mut self,
        id: ReceiverId,
        jobs: Result<LeasedJobs, Error>,
    ) -> (Option<Delivery>, Vec<LeasedJob>) {
        let Some(receiver) = self.receivers.get_mut(&id) else {
            return (None, jobs.map(|jobs| jobs.jobs).unwrap_or_default());
        };
        receiver.leasing = false;
        let expired = receiver.expired;
        let job_type = receiver.want.job_type.clone();
        let count = jobs.as_ref().map_or(0, |jobs| jobs.jobs.len() as u32);
        match &mut receiver.sink {
            Sink::Poll(then) if jobs.is_err() || count > 0 || expired => {
                let then = then.take();
                self.remove(id);
                let jobs = jobs.map(|jobs| jobs.jobs);
                (then.map(|then| Delivery::Poll(then, jobs)), Vec::new())
            }
            Sink::Poll(_) => {
                self.enter(id, &job_type, Turn::Next);
                (None, Vec::new())
            }
            Sink::Stream { credit, push } => {
                *credit = credit.saturating_sub(count);
                let (left, push) = (*credit, push.clone());
                if jobs.is_err() {
                    self.remove(id);
                    return (None, Vec::new());
                }
                if left > 0 {
                    self.enter(id, &job_type, Turn::Last);
                }
                let jobs = jobs.map(|jobs| jobs.jobs).unwrap_or_default();
                (Some(Delivery::Stream(push, jobs)), Vec::new())
            }
        }
    }
}

impl Receiver {
    fn wants(&self) -> LeaseJobs {
        let mut want = self.want.clone();
        if let Sink::Stream { credit, .. } = &self.sink {
            want.max_jobs = want.max_jobs.min(*credit);
        }
        want
    }
}

impl Queue {
    fn enter(&mut self, id: ReceiverId, turn: Turn) -> i64 {
        let place = match turn {
            Turn::Next => self.ring.first_key_value().map_or(0, |(first, _)| first - 1),
            Turn::Last => self.ring.last_key_value().map_or(0, |(last, _)| last + 1),
        };
        self.ring.insert(place, id);
        place
    }

    /// The next partition, round and round, that has jobs of a tenant of the receiver.
    fn choose(&mut self, want: &LeaseJobs) -> Option<(PartitionId, Vec<Text>)> {
        let fits = |((partition, tenant), ready): (&(PartitionId, Text), &Ready)| {
            let fits = *ready == Ready::Jobs && want.tenants.contains(tenant);
            fits.then_some(*partition)
        };
        let after = self.ready.iter().filter_map(fits).find(|p| *p > self.last);
        let partition = after.or_else(|| self.ready.iter().find_map(fits))?;
        self.last = partition;
        let mut tenants = Vec::new();
        for ((at, tenant), ready) in &mut self.ready {
            if *at == partition && *ready == Ready::Jobs && want.tenants.contains(tenant) {
                *ready = Ready::Leasing { again: false };
                tenants.push(tenant.clone());
            }
        }
        Some((partition, tenants))
    }
}
