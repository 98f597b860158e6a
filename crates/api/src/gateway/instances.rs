//! Instances, their variables and incidents, and messages.

use std::time::Duration;

use engine::command::{CreateInstance, CreatedInstance, DefinitionRef, PublishMessage};
use engine::event::{NamedValue, Text};
use engine::key::partition_of;
use engine::{Key, Rejection};

use super::{Caller, Gateway};
use crate::access::Action;
use crate::failure::{Failure, Kind};
use crate::limits::{AWAIT_DEFAULT, LONG_POLL_MAX};
use crate::pressure::Permit;

/// An instance that ran to its end while the caller waited.
#[derive(Debug, Clone, PartialEq)]
pub struct Awaited {
    pub created: CreatedInstance,
    /// Of its root scope when it ended, or those of them that were asked for.
    pub variables: Vec<NamedValue>,
}

impl Gateway {
    pub async fn create(
        &self,
        caller: &Caller,
        create: CreateInstance,
    ) -> Result<CreatedInstance, Failure> {
        caller.principal.require(Action::Work)?;
        check_definition("CREATE", &create.definition)?;
        let engine = self.engine_for(caller).await?;
        let (_permit, engine) = self.room_for_new(engine, caller)?;
        engine.create(create).await.map_err(|error| Failure::of("CREATE", error))
    }

    /// `timeout` in ms, 0 for the default. When it runs out the instance goes on, and the caller
    /// is told DEADLINE_EXCEEDED.
    pub async fn create_with_result(
        &self,
        caller: &Caller,
        create: CreateInstance,
        timeout: i64,
        fetch: &[Text],
    ) -> Result<Awaited, Failure> {
        const INTENT: &str = "CREATE_WITH_AWAITING_RESULT";
        caller.principal.require(Action::Work)?;
        check_definition(INTENT, &create.definition)?;
        let engine = self.engine_for(caller).await?;
        let _place = self.shared.awaited.take()?;
        // The time that the instance takes says nothing about what a partition stands.
        let (permit, engine) = self.room_for_new(engine, caller)?;
        drop(permit.unmeasured());
        let wait = wait(timeout);
        let done = tokio::select! {
            done = engine.create_with_result(create, wait) => done,
            () = self.stopped() => return Err(shutting_down()),
        };
        let (created, ended) = done.map_err(|error| match error {
            grevy::Error::Timeout => late(wait),
            other => Failure::of(INTENT, other),
        })?;
        if !ended.completed {
            let reason = format!(
                "Expected to await the result of process instance with key '{}', but it was \
                 terminated",
                created.instance
            );
            return Err(Failure::rejected(INTENT, &Rejection::state(reason)));
        }
        let wanted = |(name, _): &NamedValue| fetch.is_empty() || fetch.contains(name);
        let variables = ended.variables.into_iter().filter(wanted).collect();
        Ok(Awaited { created, variables })
    }

    /// A partition with room: the one whose turn it is, or else another. A request with an id
    /// goes where its retry will go, whatever the room elsewhere.
    pub(super) fn room_for_new(
        &self,
        engine: grevy::Grevy,
        caller: &Caller,
    ) -> Result<(Permit<'_>, grevy::Grevy), Failure> {
        self.follows(true)?;
        let first = engine.partition_of_new();
        let pressure = self.pressure(&engine);
        let admitted = pressure.admit(first).map(|permit| (permit, first));
        let (permit, partition) = match (admitted, &caller.request_id) {
            (Err(_), None) => pressure.admit_elsewhere(first)?,
            (known, _) => known?,
        };
        Ok((permit, engine.on_partition(partition)))
    }

    pub async fn cancel(&self, caller: &Caller, instance: Key) -> Result<(), Failure> {
        caller.principal.require(Action::Work)?;
        let done = self.engine_for(caller).await?.cancel(instance).await;
        done.map_err(|error| Failure::of("CANCEL", error))
    }

    pub async fn suspend_instance(&self, caller: &Caller, instance: Key) -> Result<(), Failure> {
        caller.principal.require(Action::Work)?;
        let done = self.engine_for(caller).await?.suspend(instance).await;
        done.map_err(|error| Failure::of("SUSPEND", error))
    }

    pub async fn resume_instance(&self, caller: &Caller, instance: Key) -> Result<(), Failure> {
        caller.principal.require(Action::Work)?;
        let done = self.engine_for(caller).await?.resume_instance(instance).await;
        done.map_err(|error| Failure::of("RESUME", error))
    }

    /// Lifts a quarantine.
    pub async fn repair(&self, caller: &Caller, instance: Key) -> Result<(), Failure> {
        caller.principal.require(Action::Operate)?;
        let done = self.engine_for(caller).await?.repair(instance).await;
        done.map_err(|error| Failure::of("REPAIR", error))
    }

    pub async fn set_variables(
        &self,
        caller: &Caller,
        scope: Key,
        variables: Vec<NamedValue>,
        local: bool,
    ) -> Result<Key, Failure> {
        caller.principal.require(Action::Work)?;
        let set = self.engine_for(caller).await?.set_variables(scope, variables, local);
        super::elements::listened("UPDATE", set).await
    }

    pub async fn resolve_incident(&self, caller: &Caller, incident: Key) -> Result<(), Failure> {
        caller.principal.require(Action::Work)?;
        let done = self.engine_for(caller).await?.resolve_incident(incident).await;
        done.map_err(|error| Failure::of("RESOLVE", error))
    }

    /// The answer waits until the message is durable, not until somebody took it.
    pub async fn publish(&self, caller: &Caller, message: PublishMessage) -> Result<Key, Failure> {
        caller.principal.require(Action::Ingest)?;
        let engine = self.engine_for(caller).await?;
        let _permit = self.admit(&engine, false, engine.partition_of_message(&message))?;
        engine.publish_message(message).await.map_err(|error| Failure::of("PUBLISH", error))
    }

    /// The answer waits until an instance has the message: message, instance, tenant; NOT_FOUND
    /// when nobody wants it.
    pub async fn correlate(
        &self,
        caller: &Caller,
        message: PublishMessage,
    ) -> Result<(Key, Key, String), Failure> {
        caller.principal.require(Action::Ingest)?;
        let engine = self.engine_for(caller).await?;
        let _permit = self.admit(&engine, false, engine.partition_of_message(&message))?;
        let done = tokio::time::timeout(AWAIT_DEFAULT, engine.correlate(message)).await;
        let late = |_| {
            Failure::new(
                Kind::DeadlineExceeded,
                "Expected the message to reach its instance in time, but it has not yet",
            )
        };
        let taken = done.map_err(late)?.map_err(|error| Failure::of("CORRELATE", error))?;
        Ok((taken.message, taken.instance, taken.tenant))
    }
}

fn late(wait: Duration) -> Failure {
    let ms = wait.as_millis();
    Failure::new(
        Kind::DeadlineExceeded,
        format!("Expected the process instance to complete within {ms} ms, but it goes on"),
    )
}

fn shutting_down() -> Failure {
    Failure::new(
        Kind::Unavailable,
        "Expected the process instance to complete, but the server is shutting down; it goes on \
         after the restart",
    )
}

fn check_definition(intent: &str, definition: &DefinitionRef) -> Result<(), Failure> {
    let given = match definition {
        DefinitionRef::Key(key) => *key > 0 && partition_of(*key) > 0,
        DefinitionRef::Id { process_id, .. } | DefinitionRef::Tag { process_id, .. } => {
            !process_id.trim().is_empty()
        }
    };
    match definition {
        DefinitionRef::Key(key) if !given => Err(Failure::rejected(
            intent,
            &Rejection::not_found(format!(
                "Expected to find process definition with key '{key}', but none found"
            )),
        )),
        DefinitionRef::Id { .. } | DefinitionRef::Tag { .. } if !given => Err(Failure::rejected(
            intent,
            &Rejection::invalid(
                "Expected either a bpmnProcessId or a processDefinitionKey, but none given",
            ),
        )),
        DefinitionRef::Key(_) | DefinitionRef::Id { .. } | DefinitionRef::Tag { .. } => Ok(()),
    }
}

/// `requestTimeout` of a call that waits.
pub(super) fn wait(timeout: i64) -> Duration {
    match u64::try_from(timeout) {
        Ok(0) | Err(_) => AWAIT_DEFAULT,
        Ok(given) => Duration::from_millis(given).min(LONG_POLL_MAX),
    }
}
