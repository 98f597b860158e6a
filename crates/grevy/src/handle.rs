//! The handle to a running engine: cheap to clone, usable from any thread, the same for
//! embedding, for gateways and for the command line.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use engine::command::{
    CreateInstance, CreatedInstance, DEFAULT_TENANT, DefinitionRef, PublishMessage,
};
use engine::key::{partition_of, slot_of};
use engine::{Answer, Catalog, Cause, Command, Key, PartitionId, Reply, meta};
use journal::Folder;

use crate::activity::Activity;
use crate::checkpoint::Keeper;
use crate::limits::ADVANCE_ROUNDS_MAX;
use crate::machine::{Machine, Need};
use crate::machines::{Engine, Meta};
use crate::mailbox::{Class, Deliver, Envelope, Signal};
use crate::open::Builder;
use crate::partition::Remote;
use crate::pending::{Promise, promise};
use crate::shared::Shared;
use crate::starts::Starts;
use crate::{Clock, Error, Pending, Variables};

/// A running engine. Clones share it; the last one that is dropped closes it.
#[derive(Clone)]
pub struct Grevy {
    pub(crate) inner: Arc<Inner>,
    pub(crate) cause: Arc<Cause>,
    /// Where new instances go, and what belongs to no key; dealt in turn without it.
    pub(crate) chosen: Option<PartitionId>,
}

pub(crate) struct Inner {
    pub shared: Arc<Shared>,
    pub threads: Mutex<Vec<JoinHandle<()>>>,
    pub workers: Mutex<Vec<JoinHandle<()>>>,
    /// For dealing new instances to partitions in turn.
    pub turn: AtomicU64,
    pub folder: Option<Arc<Folder>>,
    pub starts: Option<Arc<Starts>>,
    pub keeper: Keeper,
}

impl Grevy {
    pub(crate) fn new(inner: Inner) -> Grevy {
        Grevy { inner: Arc::new(inner), cause: Arc::default(), chosen: None }
    }

    /// An engine in memory.
    pub fn memory() -> Result<Grevy, Error> {
        Grevy::builder().open()
    }

    /// An engine in a folder, which is created if it is not there.
    pub fn open(folder: impl Into<std::path::PathBuf>) -> Result<Grevy, Error> {
        Grevy::builder().folder(folder).open()
    }

    /// More choices.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The same engine; what is asked through this handle is journaled with this cause.
    pub fn caused_by(&self, cause: Cause) -> Grevy {
        Grevy { cause: Arc::new(cause), ..self.clone() }
    }

    /// The same engine; new instances that are asked for through this handle go to `partition`.
    pub fn on_partition(&self, partition: PartitionId) -> Grevy {
        Grevy { chosen: Some(partition), ..self.clone() }
    }

    /// Where the next new instance goes: the partitions take turns, and a request with an id goes
    /// where its retry will go too.
    pub fn partition_of_new(&self) -> PartitionId {
        let turn = match (self.chosen, &self.cause.request_id) {
            (Some(chosen), _) => return chosen,
            (None, Some(id)) => u64::from(slot_of("", id, "", "")),
            (None, None) => self.inner.turn.fetch_add(1, Ordering::Relaxed),
        };
        (turn % u64::from(self.partition_count().max(1))) as PartitionId + 1
    }

    /// Where a message goes.
    pub fn partition_of_message(&self, message: &PublishMessage) -> PartitionId {
        let (key, id) = (&message.correlation_key, &message.id);
        self.shared().routes.owner(slot_of(&message.tenant, key, id, &message.name))
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.inner.shared
    }

    /// What is deployed.
    pub fn catalog(&self) -> Catalog {
        self.shared().known.catalog()
    }

    /// Its clock.
    pub fn clock(&self) -> &Clock {
        &self.shared().clock
    }

    /// The folder it lives in; `None` in memory.
    pub fn folder(&self) -> Option<&std::path::Path> {
        self.inner.folder.as_ref().map(|folder| folder.path())
    }

    /// How many partitions it has.
    pub fn partition_count(&self) -> PartitionId {
        self.shared().partitions().len() as PartitionId
    }

    /// Deploys one resource. Waits until it is durable; what is asked afterwards finds it.
    pub fn deploy(&self, name: &str, bytes: impl AsRef<[u8]>) -> Pending<meta::Deployed> {
        let resource = meta::Resource { name: name.into(), bytes: bytes.as_ref().into() };
        self.deploy_all(vec![resource], DEFAULT_TENANT)
    }

    /// Deploys a model that was built in code, as `<process id>.bpmn`. The same model again is the
    /// same version.
    pub fn deploy_model(&self, model: model::Builder) -> Pending<meta::Deployed> {
        match model.build() {
            Ok(built) => {
                let id = built.processes.first().map_or("model", |process| &process.id);
                self.deploy(&format!("{id}.bpmn"), &built.source)
            }
            Err(problems) => {
                let reason = model::report("the model", &problems);
                Pending::ready(Err(Error::invalid(reason)))
            }
        }
    }

    /// Deploys resources together: all or none.
    pub fn deploy_all(
        &self,
        resources: Vec<meta::Resource>,
        tenant: &str,
    ) -> Pending<meta::Deployed> {
        let command = meta::Command::Deploy { resources, tenant: tenant.into() };
        self.meta(command, |reply| match reply {
            meta::Reply::Deployed(deployed) => Ok(*deployed),
            meta::Reply::Done => Err(unexpected()),
        })
    }

    /// Deletes a definition: no new instances, the running ones drain.
    pub fn delete_resource(&self, key: Key) -> Pending<()> {
        self.meta(meta::Command::DeleteResource { key }, |_| Ok(()))
    }

    fn meta<T: Send + 'static>(
        &self,
        command: meta::Command,
        then: impl FnOnce(meta::Reply) -> Result<T, Error> + Send + 'static,
    ) -> Pending<T> {
        let (promise, pending) = promise();
        let shared = Arc::clone(self.shared());
        let reply = move |answer: Result<<Meta as Machine>::Answer, Error>| {
            let known = answer.and_then(|answer| {
                let reply = answer?;
                shared.known.catch_up()?;
                Ok(reply)
            });
            // Idle partitions follow at once: timer starts begin.
            for remote in shared.partitions() {
                remote.mailbox.signal(Signal::Wake(shared.activity.begin()));
            }
            promise.resolve(known.and_then(then));
        };
        self.shared().meta.mailbox.post(Envelope {
            command,
            cause: Cause::clone(&self.cause),
            class: Class::Progress,
            watch: false,
            reply: Some(Box::new(reply)),
            token: self.shared().activity.begin(),
        });
        pending
    }

    /// Sends a command to the partition where it belongs.
    ///
    /// # Errors
    /// [`Error::Rejected`] when it was decided and refused, [`Error::Overloaded`] before.
    pub fn submit(&self, command: Command) -> Pending<Reply> {
        self.ask(command, false, Ok)
    }

    /// As [`Grevy::submit`], with a callback. It runs on the thread of the partition's loop: it
    /// must not block.
    pub fn submit_then(
        &self,
        command: Command,
        then: impl FnOnce(Result<Reply, Error>) + Send + 'static,
    ) {
        self.ask_then(command, false, then);
    }

    pub(crate) fn ask<T: Send + 'static>(
        &self,
        command: Command,
        watch: bool,
        then: impl FnOnce(Reply) -> Result<T, Error> + Send + 'static,
    ) -> Pending<T> {
        let (promise, pending) = promise();
        self.ask_then(command, watch, move |answer| promise.resolve(answer.and_then(then)));
        pending
    }

    /// `then` runs on the thread of the partition's loop: it must not block.
    pub(crate) fn ask_then(
        &self,
        command: Command,
        watch: bool,
        then: impl FnOnce(Result<Reply, Error>) + Send + 'static,
    ) {
        let mut command = command;
        if let Command::CreateInstance(create) = &mut command {
            create.unique |= self.shared().unique_business_ids;
        }
        let (partition, class) = self.route(&command);
        let Some(remote) = self.shared().remote(partition) else {
            return then(Err(Error::Rejected(engine::Rejection::not_found(format!(
                "expected a key that was given out, but no such key was: it names partition \
                 {partition}, and there are 1 to {}",
                self.partition_count()
            )))));
        };
        let reply = move |answer: Result<Answer, Error>| {
            then(answer.and_then(|answer| answer.map_err(Error::from)));
        };
        remote.mailbox.post(Envelope {
            command,
            cause: Cause::clone(&self.cause),
            class,
            watch,
            reply: Some(Box::new(reply)),
            token: self.shared().activity.begin(),
        });
    }

    fn route(&self, command: &Command) -> (PartitionId, Class) {
        let key = match command {
            Command::CreateInstance(create) if create.business_slot().is_some() => {
                let owner = |slot| self.shared().routes.owner(slot);
                let own = create.business_slot().map(owner);
                return (own.unwrap_or_else(|| self.partition_of_new()), Class::Intake);
            }
            Command::CreateInstance(_)
            | Command::EvaluateDecision(_)
            | Command::EvaluateConditionals(_) => {
                return (self.partition_of_new(), Class::Intake);
            }
            Command::PublishMessage(message) | Command::CorrelateMessage(message) => {
                return (self.partition_of_message(message), Class::Intake);
            }
            Command::BroadcastSignal { .. } => return (1, Class::Intake),
            Command::CompleteUserTask { task, .. }
            | Command::AssignUserTask { task, .. }
            | Command::UpdateUserTask { task, .. } => *task,
            Command::ModifyInstance(modify) => modify.instance,
            Command::MigrateInstance(migrate) => migrate.instance,
            Command::ActivateAdHoc(activate) => activate.ad_hoc,
            Command::CancelInstance { instance }
            | Command::SuspendInstance { instance }
            | Command::ResumeInstance { instance }
            | Command::Continue { instance }
            | Command::Quarantine { instance, .. }
            | Command::Repair { instance } => *instance,
            Command::CompleteJob { job, .. }
            | Command::CompleteJobWith { job, .. }
            | Command::FailJob { job, .. }
            | Command::ThrowError { job, .. }
            | Command::UpdateJob { job, .. }
            | Command::YieldJob { job, .. } => *job,
            Command::ResolveIncident { incident } => *incident,
            Command::SetVariables { scope, .. } => *scope,
            Command::OutboxAcknowledged { .. }
            | Command::Inbound { .. }
            | Command::PassOver { .. }
            | Command::StartEpoch { .. }
            | Command::LeaseJobs(_)
            | Command::Tick
            | Command::ApplyMeta { .. }
            | Command::PinClock { .. } => return (self.chosen.unwrap_or(1), Class::Progress),
        };
        (partition_of(key), Class::Progress)
    }

    /// Starts an instance of the latest version of a process.
    pub fn start(
        &self,
        process_id: &str,
        variables: impl Into<Variables>,
    ) -> Pending<CreatedInstance> {
        self.create(of_latest(process_id, variables.into()))
    }

    /// Creates an instance. The reply means that it is durable.
    pub fn create(&self, create: CreateInstance) -> Pending<CreatedInstance> {
        self.ask(Command::CreateInstance(create), false, created)
    }

    /// Moves a virtual clock by `by`, firing what falls due in its order, until nothing is under
    /// way any more.
    ///
    /// # Errors
    /// With a real clock; when the models never come to rest.
    pub fn advance(&self, by: Duration) -> Result<(), Error> {
        let shared = self.shared();
        if !shared.clock.is_virtual() {
            let reason = "expected a virtual clock, but this engine has the machine's";
            return Err(Error::invalid(reason));
        }
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        let until = shared.clock.now().saturating_add(by);
        for _ in 0..ADVANCE_ROUNDS_MAX {
            shared.activity.wait_for_rest();
            let dues =
                shared.partitions().iter().map(|p| p.status.next_due.load(Ordering::Acquire));
            let due = dues.min().unwrap_or(i64::MAX);
            let done = due > until;
            shared.clock.move_to(due.min(until));
            for remote in shared.partitions() {
                remote.mailbox.signal(Signal::Wake(shared.activity.begin()));
            }
            if done {
                shared.activity.wait_for_rest();
                return Ok(());
            }
        }
        Err(Error::invalid(format!(
            "expected the models to come to rest, but after {ADVANCE_ROUNDS_MAX} timers more \
             are due"
        )))
    }

    /// Waits until nothing is under way: no command, no job in a closure, no outcome that waits
    /// for the disk. For tests.
    pub fn settle(&self) {
        self.shared().activity.wait_for_rest();
    }

    /// Stops timers, deferred work and dispatch; commands go on.
    pub fn pause(&self) {
        self.set_paused(true);
    }

    /// Lets timers, deferred work and dispatch go on, now and at the next start.
    pub fn resume(&self) {
        self.lift();
        self.set_paused(false);
    }

    fn set_paused(&self, paused: bool) {
        for remote in self.shared().partitions() {
            let control = move |partition: &mut crate::partition::Partition<Engine>| {
                partition.pause(paused);
            };
            let token = self.shared().activity.begin();
            remote.mailbox.signal(Signal::Control(Box::new(control), token));
        }
        self.shared().dispatcher.pause(paused);
    }

    /// Ends the engine: what was taken in is handled and durable. Dropping the last handle does
    /// the same.
    pub fn close(self) {
        self.inner.close();
    }
}

impl Inner {
    fn close(&self) {
        self.shared.closing.store(true, Ordering::Release);
        self.shared.dispatcher.close();
        // A closure may wait for an outcome; then it must learn that none will come.
        self.shared.close_waiters();
        join(&self.workers);
        for remote in self.shared.partitions() {
            remote.mailbox.close();
        }
        self.shared.meta.mailbox.close();
        join(&self.threads);
        self.keeper.close();
        if let Some(starts) = &self.starts {
            starts.closed();
        }
        self.shared.close_waiters();
        self.shared.deadlines.close();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

/// Waits for threads; the last handle may be dropped on one of them, which then ends by itself.
fn join(threads: &Mutex<Vec<JoinHandle<()>>>) {
    let threads = std::mem::take(&mut *threads.lock().unwrap_or_else(PoisonError::into_inner));
    for thread in threads {
        if thread.thread().id() != std::thread::current().id() && thread.join().is_err() {
            tracing::error!("a thread of the engine had panicked");
        }
    }
}

pub(crate) fn of_latest(process_id: &str, variables: Variables) -> CreateInstance {
    CreateInstance {
        definition: DefinitionRef::Id { process_id: process_id.into(), version: None },
        tenant: DEFAULT_TENANT.into(),
        variables: variables.into_inner(),
        terminate_after: Vec::new(),
        start_before: Vec::new(),
        tags: Vec::new(),
        business_id: None,
        unique: false,
    }
}

pub(crate) fn created(reply: Reply) -> Result<CreatedInstance, Error> {
    match reply {
        Reply::Created(created) => Ok(created),
        Reply::Done
        | Reply::Published { .. }
        | Reply::Correlating { .. }
        | Reply::Correlated { .. }
        | Reply::Jobs(_)
        | Reply::VariablesSet { .. }
        | Reply::Listening { .. }
        | Reply::Evaluated(_)
        | Reply::Started(_) => Err(unexpected()),
    }
}

pub(crate) fn unexpected() -> Error {
    Error::Internal { reason: "an answer of another kind".to_owned() }
}

/// Asks a machine whose answers are results.
pub(crate) fn ask<M, T>(remote: &Remote<M>, activity: &Activity, command: M::Command) -> Pending<T>
where
    M: Machine<Answer = Result<T, engine::Rejection>>,
    T: Send + 'static,
{
    let (promise, pending) = promise();
    let reply = move |answer: Result<M::Answer, Error>| {
        promise.resolve(answer.and_then(|answer| answer.map_err(Error::from)));
    };
    remote.mailbox.post(Envelope {
        command,
        cause: Cause::default(),
        class: Class::Progress,
        watch: false,
        reply: Some(Box::new(reply)),
        token: activity.begin(),
    });
    pending
}

/// Reads a machine's state; the answer waits until what was read is durable.
pub(crate) fn look<M: Machine, T: Send + 'static>(
    remote: &Remote<M>,
    activity: &Activity,
    read: impl Fn(&mut M) -> Result<T, Need> + Send + 'static,
) -> Pending<T> {
    let (given, pending): (Promise<T>, _) = promise();
    let mailbox = Arc::clone(&remote.mailbox);
    let mut given = Some(given.or(move || mailbox.why()));
    let look = move |machine: &mut M| {
        let value = read(machine)?;
        let given = given.take();
        let deliver: Deliver = Box::new(move || {
            if let Some(given) = given {
                given.resolve(Ok(value));
            }
        });
        Ok(deliver)
    };
    remote.mailbox.look(Class::Progress, Box::new(look), activity.begin());
    pending
}
