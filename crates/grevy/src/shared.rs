//! What the partitions of one engine share: the dispatcher, who waits for what, and the links
//! between partitions.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use engine::event::Item;
use engine::{Cause, Command, Effect, Key, PartitionId, Routes, command::Source};

use crate::activity::Activity;
use crate::clock::Clock;
use crate::deadlines::Deadlines;
use crate::dispatch::Dispatcher;
use crate::machines::{Engine, Known, Meta};
use crate::mailbox::{Class, Deliver, Envelope};
use crate::partition::Remote;
use crate::results::{Ended, Waiters};
use crate::{Error, Raised};

/// Told of raised incidents.
pub(crate) type Alert = Box<dyn Fn(Raised) + Send + Sync>;

pub(crate) struct Shared {
    pub clock: Clock,
    pub activity: Activity,
    pub dispatcher: Arc<Dispatcher>,
    pub results: Waiters<Ended>,
    /// Callers that wait for a message to be taken: the instance, or nobody.
    pub correlations: Waiters<Option<Key>>,
    pub deadlines: Deadlines,
    pub known: Arc<Known>,
    pub routes: Arc<Routes>,
    pub partitions: OnceLock<Vec<Remote<Engine>>>,
    pub meta: Remote<Meta>,
    pub alerts: Mutex<Vec<Alert>>,
    /// Closures begin no further job.
    pub closing: AtomicBool,
    /// Items are delivered twice, for tests.
    echo: bool,
    /// Pairs (sender, receiver) whose acknowledgement is under way.
    acknowledging: Mutex<BTreeSet<(PartitionId, PartitionId)>>,
    /// Pairs whose items are being sent again.
    resending: Mutex<BTreeSet<(PartitionId, PartitionId)>>,
}

/// What it is made of.
pub(crate) struct Made {
    pub clock: Clock,
    pub activity: Activity,
    pub dispatcher: Arc<Dispatcher>,
    pub known: Arc<Known>,
    pub routes: Arc<Routes>,
    pub meta: Remote<Meta>,
    pub echo: bool,
}

impl Shared {
    pub fn new(made: Made) -> Arc<Shared> {
        let Made { clock, activity, dispatcher, known, routes, meta, echo } = made;
        Arc::new(Shared {
            clock,
            activity,
            dispatcher,
            results: Waiters::default(),
            correlations: Waiters::default(),
            deadlines: Deadlines::start(),
            known,
            routes,
            partitions: OnceLock::new(),
            meta,
            alerts: Mutex::default(),
            closing: AtomicBool::new(false),
            echo,
            acknowledging: Mutex::default(),
            resending: Mutex::default(),
        })
    }

    /// The partitions, from 1.
    pub fn partitions(&self) -> &[Remote<Engine>] {
        self.partitions.get().map_or(&[], Vec::as_slice)
    }

    /// # Errors
    /// NOT_FOUND: a key that names no partition of ours names nothing.
    pub fn remote(&self, partition: PartitionId) -> Option<&Remote<Engine>> {
        self.partitions().get(usize::from(partition).checked_sub(1)?)
    }

    /// Puts a command of our own into a partition.
    pub fn internal(
        &self,
        partition: PartitionId,
        command: Command,
        source: Source,
        reply: Option<crate::mailbox::Reply<Engine>>,
    ) {
        let Some(remote) = self.remote(partition) else { return };
        remote.mailbox.post(Envelope {
            command,
            cause: Cause { source, ..Cause::default() },
            class: Class::Internal,
            watch: false,
            reply,
            token: self.activity.begin(),
        });
    }

    /// Lets an effect of a durable step into the world; on the thread of the partition's loop.
    pub fn effect(self: &Arc<Self>, from: PartitionId, effect: Effect) {
        match effect {
            Effect::JobAvailable { tenant, job_type } => {
                self.dispatcher.available(from, tenant, job_type);
            }
            Effect::Send { to, sequence, item } => {
                if self.echo {
                    self.deliver(from, to, sequence, item.clone());
                }
                self.deliver(from, to, sequence, item);
            }
            // The loop asks the state for work of its own accord.
            Effect::WorkPending { .. } => {}
            Effect::Ended { instance, completed, variables } => {
                self.results.tell(instance, &Ok(Ended { instance, completed, variables }));
            }
            Effect::Correlated { message, instance } => {
                self.correlations.tell(message, &Ok(instance));
            }
            Effect::IncidentRaised { instance, incident } => {
                let alerts = self.alerts.lock().unwrap_or_else(PoisonError::into_inner);
                let raised = Raised { instance, incident };
                alerts.iter().for_each(|alert| alert(raised));
            }
        }
    }

    fn deliver(self: &Arc<Self>, from: PartitionId, to: PartitionId, sequence: u64, item: Item) {
        let this = Arc::clone(self);
        let reply = move |answer: Result<_, Error>| match answer {
            Ok(_) => this.acknowledge(from, to),
            // The receiver dropped it with its speculation, or is closing.
            Err(_) => this.resend(from, to),
        };
        let command = Command::Inbound { from, sequence, item };
        self.internal(to, command, Source::Outbox, Some(Box::new(reply)));
    }

    /// Tells the sender what the receiver has, once that is durable; one look for many items.
    fn acknowledge(self: &Arc<Self>, from: PartitionId, to: PartitionId) {
        let first = lock(&self.acknowledging).insert((from, to));
        let Some(remote) = self.remote(to).filter(|_| first) else { return };
        let this = Arc::clone(self);
        let look = move |machine: &mut Engine| {
            let upto = machine.state.last_in(from);
            lock(&this.acknowledging).remove(&(from, to));
            let this = Arc::clone(&this);
            let deliver: Deliver = Box::new(move || {
                let command = Command::OutboxAcknowledged { to, upto };
                this.internal(from, command, Source::Outbox, None);
            });
            Ok(deliver)
        };
        remote.mailbox.look(Class::Internal, Box::new(look), self.activity.begin());
    }

    /// Sends everything again that is durable and not acknowledged, in order.
    fn resend(self: &Arc<Self>, from: PartitionId, to: PartitionId) {
        let first = lock(&self.resending).insert((from, to));
        let Some(remote) = self.remote(from).filter(|_| first) else { return };
        let this = Arc::clone(self);
        let flag = Arc::new(Resending(Arc::clone(self), (from, to)));
        let look = move |machine: &mut Engine| {
            let outbox = machine.state.outbox().get(&to);
            let items: Vec<(u64, Item)> = outbox.map_or_else(Vec::new, |outbox| {
                outbox.items.iter().map(|(n, item)| (*n, item.clone())).collect()
            });
            let (this, flag) = (Arc::clone(&this), Arc::clone(&flag));
            let deliver: Deliver = Box::new(move || {
                drop(flag);
                for (sequence, item) in items {
                    this.deliver(from, to, sequence, item);
                }
            });
            Ok(deliver)
        };
        remote.mailbox.look(Class::Internal, Box::new(look), self.activity.begin());
    }
}

/// A pair whose items are being sent again, until the last copy of this is dropped.
struct Resending(Arc<Shared>, (PartitionId, PartitionId));

impl Drop for Resending {
    fn drop(&mut self) {
        lock(&self.0.resending).remove(&self.1);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
