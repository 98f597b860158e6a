//! What the partitions of one engine share: the dispatcher, who waits for what, and the links
//! between partitions.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use engine::state::Lookup;
use engine::{Cause, Command, Effect, Key, PartitionId, Routes, command::Source};

use crate::activity::Activity;
use crate::clock::Clock;
use crate::deadlines::Deadlines;
use crate::dispatch::Dispatcher;
use crate::links::Links;
use crate::machines::{Engine, Known, Meta};
use crate::mailbox::{Class, Envelope};
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
    /// Callers that wait for the listeners of a user task.
    pub tasks: Waiters<()>,
    pub deadlines: Deadlines,
    pub known: Arc<Known>,
    pub routes: Arc<Routes>,
    pub partitions: OnceLock<Vec<Remote<Engine>>>,
    pub meta: Remote<Meta>,
    pub alerts: Mutex<Vec<Alert>>,
    /// Closures begin no further job.
    pub closing: AtomicBool,
    /// Items are delivered twice, for tests.
    pub echo: bool,
    /// Business ids are unique among the active instances of a process.
    pub unique_business_ids: bool,
    pub links: Links,
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
    pub unique_business_ids: bool,
}

impl Shared {
    pub fn new(made: Made) -> Arc<Shared> {
        let Made { clock, activity, dispatcher, known, routes, meta, echo, unique_business_ids } =
            made;
        Arc::new(Shared {
            clock,
            activity,
            dispatcher,
            results: Waiters::default(),
            correlations: Waiters::default(),
            tasks: Waiters::default(),
            deadlines: Deadlines::start(),
            known,
            routes,
            partitions: OnceLock::new(),
            meta,
            alerts: Mutex::default(),
            closing: AtomicBool::new(false),
            echo,
            unique_business_ids,
            links: Links::default(),
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
                self.send(from, to, sequence, item);
            }
            // The loop asks the state for work of its own accord.
            Effect::WorkPending { .. } => {}
            Effect::Ended { instance, completed, variables } => {
                self.results.tell(instance, &Ok(Ended { instance, completed, variables }));
            }
            Effect::Correlated { message, instance } => {
                self.correlations.tell(message, &Ok(instance));
            }
            Effect::TaskSettled { task, outcome } => {
                self.tasks.tell(task, &outcome.map_err(Error::from));
            }
            Effect::IncidentRaised { instance, incident } => {
                let alerts = self.alerts.lock().unwrap_or_else(PoisonError::into_inner);
                let raised = Raised { instance, incident };
                alerts.iter().for_each(|alert| alert(raised));
            }
        }
    }

    /// Whoever waits learns that nothing will come.
    pub fn close_waiters(&self) {
        self.results.close();
        self.correlations.close();
        self.tasks.close();
    }

    /// A partition has folded its log again. What ended or was taken before that, and was told to
    /// nobody, is told to nobody any more: whoever waits for it learns so at once.
    pub fn recovered(&self, partition: PartitionId, engine: &Engine) {
        let ours = |key: &Key| engine::key::partition_of(*key) == partition;
        let reason =
            "its outcome was lost with a failed write of the journal: ask again".to_owned();
        let lost = Error::Unavailable { reason };
        for key in self.results.keys().into_iter().filter(ours) {
            if matches!(engine.state.instance(key), Lookup::Absent) {
                self.results.tell(key, &Err(lost.clone()));
            }
        }
        for key in self.correlations.keys().into_iter().filter(ours) {
            if engine.state.messages().message(key).is_none() {
                self.correlations.tell(key, &Err(lost.clone()));
            }
        }
        for key in self.tasks.keys().into_iter().filter(ours) {
            if !engine.listening(key) {
                self.tasks.tell(key, &Err(lost.clone()));
            }
        }
    }
}
