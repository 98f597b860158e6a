//! User tasks of the engine's own, signals, modification.

use std::sync::Arc;

use engine::command::{
    ActivateAdHoc, DEFAULT_TENANT, MigrateInstance, ModifyInstance, TaskChanges,
};
use engine::{Command, Key, Reply};

use crate::handle::unexpected;
use crate::pending::promise;
use crate::{Error, Grevy, Pending, Variables};

impl Grevy {
    /// A signal for everybody who waits for it now; answered when it is durable where it came in.
    pub fn broadcast_signal(&self, name: &str, variables: impl Into<Variables>) -> Pending<Key> {
        self.broadcast_signal_of(name, DEFAULT_TENANT, variables)
    }

    /// As [`Grevy::broadcast_signal`], for one tenant.
    pub fn broadcast_signal_of(
        &self,
        name: &str,
        tenant: &str,
        variables: impl Into<Variables>,
    ) -> Pending<Key> {
        let variables = variables.into().into_inner();
        let command =
            Command::BroadcastSignal { name: name.into(), tenant: tenant.into(), variables };
        self.ask(command, false, |reply| match reply {
            Reply::Published { message, .. } => Ok(message),
            _ => Err(unexpected()),
        })
    }

    /// Moves tokens of a running instance: all of it or nothing.
    pub fn modify(&self, modify: ModifyInstance) -> Pending<()> {
        self.done(Command::ModifyInstance(modify))
    }

    /// Lets a running instance go on in another definition; what is active is mapped by id.
    ///
    /// # Errors
    /// INVALID_STATE with everything that speaks against it; nothing is changed then.
    pub fn migrate(&self, migrate: MigrateInstance) -> Pending<()> {
        self.done(Command::MigrateInstance(migrate))
    }

    /// Begins elements of an ad-hoc sub-process.
    pub fn activate_ad_hoc(&self, activate: ActivateAdHoc) -> Pending<()> {
        self.done(Command::ActivateAdHoc(activate))
    }

    /// Completes a user task; `action` says what the caller calls that, empty is "complete". As
    /// with assignment and update, the answer waits for the task's listeners.
    ///
    /// # Errors
    /// INVALID_STATE when a listener denies it, with its reason, or while others are at work.
    pub fn complete_user_task(
        &self,
        task: Key,
        variables: impl Into<Variables>,
        action: &str,
    ) -> Pending<()> {
        let variables = variables.into().into_inner();
        self.listened(Command::CompleteUserTask { task, variables, action: action.into() })
    }

    /// Assigns a user task, or takes its assignee away.
    pub fn assign_user_task(
        &self,
        task: Key,
        assignee: Option<&str>,
        allow_override: bool,
        action: &str,
    ) -> Pending<()> {
        let (assignee, action) = (assignee.map(Into::into), action.into());
        self.listened(Command::AssignUserTask { task, assignee, allow_override, action })
    }

    /// Changes candidates, dates or priority of a user task.
    pub fn update_user_task(&self, task: Key, changes: TaskChanges, action: &str) -> Pending<()> {
        self.listened(Command::UpdateUserTask { task, changes, action: action.into() })
    }

    fn listened(&self, command: Command) -> Pending<()> {
        self.ask_task(command, |reply| match reply {
            Reply::Done => Ok(()),
            _ => Err(unexpected()),
        })
    }

    /// Asks for an operation on a user task; the answer waits for its listeners.
    pub(crate) fn ask_task<T: Send + 'static>(
        &self,
        command: Command,
        then: impl FnOnce(Reply) -> Result<T, Error> + Send + 'static,
    ) -> Pending<T> {
        let (promise, pending) = promise();
        let shared = Arc::downgrade(self.shared());
        self.ask_then(command, false, move |reply| match reply {
            Ok(Reply::Listening { task, scope }) => {
                let Some(shared) = shared.upgrade() else { return };
                let reply = scope.map_or(Reply::Done, |key| Reply::VariablesSet { key });
                let settled = move |outcome: Result<(), Error>| {
                    promise.resolve(outcome.and_then(|()| then(reply)));
                };
                shared.tasks.add(task, Box::new(settled));
            }
            reply => promise.resolve(reply.and_then(then)),
        });
        pending
    }
}
