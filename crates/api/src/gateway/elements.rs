//! Signals, user tasks, modification.

use engine::Key;
use engine::command::{EvaluateConditionals, MigrateInstance, ModifyInstance, TaskChanges};
use engine::event::{NamedValue, Text};

use super::{Caller, Gateway};
use crate::access::Action;
use crate::failure::{Failure, Kind};
use crate::limits::AWAIT_DEFAULT;

impl Gateway {
    /// The answer waits until the signal is durable where it came in.
    pub async fn broadcast_signal(
        &self,
        caller: &Caller,
        name: &str,
        tenant: &str,
        variables: Vec<NamedValue>,
    ) -> Result<Key, Failure> {
        caller.principal.require(Action::Ingest)?;
        let engine = self.engine_for(caller).await?;
        // Signals come in at the first partition.
        let _permit = self.admit(&engine, false, 1)?;
        let done = engine.broadcast_signal_of(name, tenant, variables).await;
        done.map_err(|error| Failure::of("BROADCAST", error))
    }

    /// Definition and instance of each that began.
    pub async fn evaluate_conditionals(
        &self,
        caller: &Caller,
        asked: EvaluateConditionals,
    ) -> Result<Vec<(Key, Key)>, Failure> {
        caller.principal.require(Action::Work)?;
        let engine = self.engine_for(caller).await?;
        let (_permit, engine) = self.room_for_new(engine, caller)?;
        let done = engine.evaluate_conditionals(asked).await;
        done.map_err(|error| Failure::of("EVALUATE", error))
    }

    pub async fn modify(&self, caller: &Caller, modify: ModifyInstance) -> Result<(), Failure> {
        caller.principal.require(Action::Work)?;
        let done = self.engine_for(caller).await?.modify(modify).await;
        done.map_err(|error| Failure::of("MODIFY", error))
    }

    pub async fn migrate(&self, caller: &Caller, migrate: MigrateInstance) -> Result<(), Failure> {
        caller.principal.require(Action::Work)?;
        let done = self.engine_for(caller).await?.migrate(migrate).await;
        done.map_err(|error| Failure::of("MIGRATE", error))
    }

    pub async fn complete_user_task(
        &self,
        caller: &Caller,
        task: Key,
        variables: Vec<NamedValue>,
        action: &str,
    ) -> Result<(), Failure> {
        caller.principal.require(Action::Work)?;
        let done = self.engine_for(caller).await?.complete_user_task(task, variables, action);
        listened("COMPLETE", done).await
    }

    /// `None` takes the assignee away.
    pub async fn assign_user_task(
        &self,
        caller: &Caller,
        task: Key,
        assignee: Option<Text>,
        allow_override: bool,
        action: &str,
    ) -> Result<(), Failure> {
        caller.principal.require(Action::Work)?;
        let engine = self.engine_for(caller).await?;
        let done = engine.assign_user_task(task, assignee.as_deref(), allow_override, action);
        listened("ASSIGN", done).await
    }

    pub async fn update_user_task(
        &self,
        caller: &Caller,
        task: Key,
        changes: TaskChanges,
        action: &str,
    ) -> Result<(), Failure> {
        caller.principal.require(Action::Work)?;
        let done = self.engine_for(caller).await?.update_user_task(task, changes, action);
        listened("UPDATE", done).await
    }
}

/// An operation on a user task is answered when the listeners of the task have had their say.
pub(super) async fn listened<T>(intent: &str, done: grevy::Pending<T>) -> Result<T, Failure> {
    let late = |_| {
        Failure::new(
            Kind::DeadlineExceeded,
            "Expected the listeners of the user task to answer in time, but they are at work; the \
             operation is carried out when they are done",
        )
    };
    let settled = tokio::time::timeout(AWAIT_DEFAULT, done).await.map_err(late)?;
    settled.map_err(|error| Failure::of(intent, error))
}
