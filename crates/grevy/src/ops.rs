//! What can be asked of running instances.

use std::sync::Arc;
use std::time::Duration;

use engine::command::{
    CreateInstance, CreatedInstance, DEFAULT_TENANT, EvaluateConditionals, PublishMessage,
};
use engine::state::Lookup;
use engine::{Command, Key, Rejection, Reply};

use crate::handle::{created, of_latest, unexpected};
use crate::machines::Engine;
use crate::mailbox::{Class, Deliver};
use crate::pending::promise;
use crate::shared::Shared;
use crate::{Ended, Error, Grevy, Pending, Variables};

/// An incident was raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Raised {
    /// Where.
    pub instance: Key,
    /// Which.
    pub incident: Key,
}

/// A message that was taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Correlation {
    /// The message.
    pub message: Key,
    /// The instance that took it.
    pub instance: Key,
    /// Whose it is.
    pub tenant: String,
}

impl Grevy {
    /// Runs an instance of the latest version of a process to its end.
    pub fn run(&self, process_id: &str, variables: impl Into<Variables>) -> Pending<Ended> {
        let (promise, pending) = promise();
        self.create_then(of_latest(process_id, variables.into()), move |ended| {
            promise.resolve(ended.map(|(_, ended)| ended));
        });
        pending
    }

    /// Creates an instance and waits for its end, at most `timeout`; the instance goes on then.
    pub fn create_with_result(
        &self,
        create: CreateInstance,
        timeout: Duration,
    ) -> Pending<(CreatedInstance, Ended)> {
        let (promise, pending) = promise();
        let promise = Arc::new(std::sync::Mutex::new(Some(promise)));
        let late = Arc::clone(&promise);
        let take = |promise: &std::sync::Mutex<Option<_>>| {
            promise.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take()
        };
        let deadline = self.shared().deadlines.after(timeout, move || {
            if let Some(promise) = take(&late) {
                crate::pending::Promise::resolve(promise, Err(Error::Timeout));
            }
        });
        let shared = Arc::downgrade(self.shared());
        self.create_then(create, move |ended| {
            if let (Some(shared), Some(deadline)) = (shared.upgrade(), deadline) {
                shared.deadlines.cancel(deadline);
            }
            if let Some(promise) = take(&promise) {
                promise.resolve(ended);
            }
        });
        pending
    }

    fn create_then(
        &self,
        create: CreateInstance,
        then: impl FnOnce(Result<(CreatedInstance, Ended), Error>) + Send + 'static,
    ) {
        let shared = Arc::downgrade(self.shared());
        let again = self.cause.request_id.is_some();
        self.ask_then(Command::CreateInstance(create), true, move |reply| {
            let made = match reply.and_then(created) {
                Ok(made) => made,
                Err(error) => return then(Err(error)),
            };
            let Some(shared) = shared.upgrade() else { return then(Err(Error::Closed)) };
            let instance = made.instance;
            let ended = move |ended: Result<Ended, Error>| then(ended.map(|e| (made, e)));
            // Effects of the same step come after its answer, so none is missed.
            shared.results.add(instance, Box::new(ended));
            if again {
                tell_if_gone(&shared, instance);
            }
        });
    }

    /// Waits for an instance to end.
    ///
    /// # Errors
    /// NOT_FOUND if it is not running.
    pub fn await_result(&self, instance: Key) -> Pending<Ended> {
        let (given, pending) = promise();
        let partition = engine::key::partition_of(instance);
        let shared = Arc::downgrade(self.shared());
        let asked = self.shared().remote(partition).map(|remote| Arc::clone(&remote.mailbox));
        let mut given = Some(match asked {
            Some(mailbox) => given.or(move || mailbox.why()),
            None => given,
        });
        let look = move |machine: &mut Engine| {
            let given = given.take();
            let running = !matches!(machine.state.instance(instance), Lookup::Absent);
            if let (true, Some(shared)) = (running, shared.upgrade()) {
                machine.watch_instance(instance);
                if let Some(given) = given {
                    shared.results.add(instance, Box::new(move |ended| given.resolve(ended)));
                }
                return Ok(Box::new(|| ()) as Deliver);
            }
            let deliver: Deliver = Box::new(move || {
                if let Some(given) = given {
                    given.resolve(Err(no_instance(instance)));
                }
            });
            Ok(deliver)
        };
        match self.shared().remote(partition) {
            Some(remote) => {
                let token = self.shared().activity.begin();
                remote.mailbox.look(Class::Progress, Box::new(look), token);
                pending
            }
            None => Pending::ready(Err(no_instance(instance))),
        }
    }

    /// Cancels an instance.
    pub fn cancel(&self, instance: Key) -> Pending<()> {
        self.done(Command::CancelInstance { instance })
    }

    /// Starts an instance for each conditional start event whose condition holds with these
    /// variables: definition and instance of each.
    pub fn evaluate_conditionals(&self, asked: EvaluateConditionals) -> Pending<Vec<(Key, Key)>> {
        self.ask(Command::EvaluateConditionals(asked), false, |reply| match reply {
            Reply::Started(started) => Ok(started),
            other => not_expected(&other),
        })
    }

    /// Holds a root instance with all that it called: nothing of it is due or handed out.
    pub fn suspend(&self, instance: Key) -> Pending<()> {
        self.done(Command::SuspendInstance { instance })
    }

    /// Lets a suspended instance go on: what is buffered reaches it, what is due happens.
    pub fn resume_instance(&self, instance: Key) -> Pending<()> {
        self.done(Command::ResumeInstance { instance })
    }

    /// Publishes a message; the reply means that it is durable, not that somebody took it.
    pub fn publish_message(&self, message: PublishMessage) -> Pending<Key> {
        self.ask(Command::PublishMessage(message), false, |reply| match reply {
            Reply::Published { message, .. } => Ok(message),
            other => not_expected(&other),
        })
    }

    /// Publishes a message that waits `time_to_live` for somebody to take it.
    pub fn publish(
        &self,
        name: &str,
        correlation_key: &str,
        time_to_live: Duration,
        variables: impl Into<Variables>,
    ) -> Pending<Key> {
        self.publish_message(message(name, correlation_key, time_to_live, variables.into()))
    }

    /// Hands a message to one waiting instance, or to a start event; answered once the instance
    /// has it.
    ///
    /// # Errors
    /// NOT_FOUND when nobody waits for it.
    pub fn correlate(&self, message: PublishMessage) -> Pending<Correlation> {
        let (promise, pending) = promise();
        let shared = Arc::downgrade(self.shared());
        let (name, key) = (message.name.clone(), message.correlation_key.clone());
        self.ask_then(Command::CorrelateMessage(message), false, move |reply| match reply {
            Ok(Reply::Correlated { message, instance, tenant }) => {
                let tenant = tenant.to_string();
                promise.resolve(Ok(Correlation { message, instance, tenant }));
            }
            Ok(Reply::Correlating { message, tenant }) => {
                let Some(shared) = shared.upgrade() else { return };
                let then = move |taken: Result<Option<Key>, Error>| {
                    promise.resolve(taken.and_then(|instance| match instance {
                        Some(instance) => {
                            Ok(Correlation { message, instance, tenant: tenant.to_string() })
                        }
                        None => Err(nobody(&name, &key)),
                    }));
                };
                shared.correlations.add(message, Box::new(then));
            }
            Ok(other) => promise.resolve(not_expected(&other)),
            Err(error) => promise.resolve(Err(error)),
        });
        pending
    }

    /// Resolves an incident: what failed is tried again.
    pub fn resolve_incident(&self, incident: Key) -> Pending<()> {
        self.done(Command::ResolveIncident { incident })
    }

    /// Sets variables at an element instance (or instance): only there when `local`, else where
    /// they are known, nearest first.
    pub fn set_variables(
        &self,
        scope: Key,
        variables: impl Into<Variables>,
        local: bool,
    ) -> Pending<Key> {
        let variables = variables.into().into_inner();
        let command = Command::SetVariables { scope, variables, local };
        self.ask_task(command, |reply| match reply {
            Reply::VariablesSet { key } => Ok(key),
            other => not_expected(&other),
        })
    }

    /// Lets time stand still on every partition, or go on with `None`: an answer for each.
    pub fn pin_clock(&self, at: Option<i64>) -> Vec<Pending<()>> {
        let pin = |partition| self.on_partition(partition).done(Command::PinClock { at });
        (1..=self.partition_count()).map(pin).collect()
    }

    /// Lifts a quarantine.
    pub fn repair(&self, instance: Key) -> Pending<()> {
        self.done(Command::Repair { instance })
    }

    /// Calls `alert` for each incident, on the thread of a partition: it must not block.
    pub fn on_incident(&self, alert: impl Fn(Raised) + Send + Sync + 'static) {
        let mut alerts =
            self.shared().alerts.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        alerts.push(Box::new(alert));
    }

    pub(crate) fn done(&self, command: Command) -> Pending<()> {
        self.ask(command, false, |_| Ok(()))
    }
}

fn message(name: &str, key: &str, time_to_live: Duration, variables: Variables) -> PublishMessage {
    PublishMessage {
        name: name.into(),
        correlation_key: key.into(),
        id: "".into(),
        time_to_live: i64::try_from(time_to_live.as_millis()).unwrap_or(i64::MAX),
        tenant: DEFAULT_TENANT.into(),
        variables: variables.into_inner(),
    }
}

fn not_expected<T>(_reply: &Reply) -> Result<T, Error> {
    Err(unexpected())
}

/// A request that came again may name an instance that has ended: whoever waits for its result is
/// told that there will be none. What ended in this very step has been told before.
fn tell_if_gone(shared: &Arc<Shared>, instance: Key) {
    let Some(remote) = shared.remote(engine::key::partition_of(instance)) else { return };
    let weak = Arc::downgrade(shared);
    let look = move |machine: &mut Engine| {
        let gone = matches!(machine.state.instance(instance), Lookup::Absent);
        let shared = weak.upgrade().filter(|_| gone);
        let deliver: Deliver = Box::new(move || {
            if let Some(shared) = shared {
                shared.results.tell(instance, &Err(no_instance(instance)));
            }
        });
        Ok(deliver)
    };
    let token = shared.activity.begin();
    remote.mailbox.look(Class::Internal, Box::new(look), token);
}

pub(crate) fn no_instance(instance: Key) -> Error {
    Error::Rejected(Rejection::not_found(format!(
        "expected a running process instance with key '{instance}', but none was found"
    )))
}

fn nobody(name: &str, key: &str) -> Error {
    Error::Rejected(Rejection::not_found(format!(
        "expected a subscription for message '{name}' with correlation key '{key}', but nobody \
         waits for it"
    )))
}
