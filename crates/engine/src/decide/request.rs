//! A request that comes again with the same id gets the answer of the first.

use super::{Done, Step, Stop};
use crate::command::{Command, CreatedInstance, Reply};
use crate::event::{Answered, Event, PartitionEvent, Text};
use crate::limits::REQUEST_ID_BYTES_MAX;
use crate::rejection::Rejection;
use crate::state::{Lookup, State};

impl State {
    /// The answer to an earlier request with this id. What the client sends with every try (tags,
    /// tenant) is taken from the command.
    pub(super) fn answered(&self, id: &str, command: &Command) -> Option<Reply> {
        let Some(answered) = self.requests.answered(id) else {
            return self.listening(id, command);
        };
        let tenant = || match command {
            Command::CreateInstance(create) => create.tenant.clone(),
            Command::PublishMessage(message) | Command::CorrelateMessage(message) => {
                message.tenant.clone()
            }
            _ => crate::command::DEFAULT_TENANT.into(),
        };
        Some(match answered {
            Answered::Done => Reply::Done,
            Answered::Created { instance, definition, process_id, version } => {
                let (tags, business_id) = match command {
                    Command::CreateInstance(create) => {
                        (create.tags.clone().into(), create.business_id.clone())
                    }
                    _ => ([].into(), None),
                };
                Reply::Created(CreatedInstance {
                    definition: *definition,
                    process_id: process_id.clone(),
                    version: *version,
                    instance: *instance,
                    tenant: tenant(),
                    tags,
                    business_id,
                })
            }
            Answered::Published { message } => {
                Reply::Published { message: *message, tenant: tenant() }
            }
            Answered::Correlating { message } => {
                Reply::Correlating { message: *message, tenant: tenant() }
            }
            Answered::Correlated { message, instance } => {
                Reply::Correlated { message: *message, instance: *instance, tenant: tenant() }
            }
            Answered::VariablesSet { key } => Reply::VariablesSet { key: *key },
        })
    }

    /// The same request is still with the listeners of a user task.
    fn listening(&self, id: &str, command: &Command) -> Option<Reply> {
        let key = match command {
            Command::CompleteUserTask { task, .. }
            | Command::AssignUserTask { task, .. }
            | Command::UpdateUserTask { task, .. } => *task,
            Command::SetVariables { scope, .. } => *scope,
            _ => return None,
        };
        let Lookup::Hot(instance) = self.instance(self.owner(key)?) else { return None };
        let task = instance.task_of(key).unwrap_or(key);
        let wish = instance.wish(task).filter(|wish| wish.request.as_deref() == Some(id))?;
        Some(Reply::Listening { task, scope: wish.sets.then_some(wish.task.element) })
    }
}

/// An id names a request to do one thing to one subject: with the same id, another command or
/// another subject is another request.
pub(super) fn scoped(id: &Text, command: &Command) -> Text {
    let (kind, subject) = match command {
        Command::CreateInstance(create) => {
            ("create", format!("{} {:?}", create.tenant, create.definition))
        }
        Command::PublishMessage(message) => {
            ("publish", format!("{} {}", message.tenant, message.name))
        }
        Command::CorrelateMessage(message) => {
            ("correlate", format!("{} {}", message.tenant, message.name))
        }
        Command::BroadcastSignal { tenant, name, .. } => ("signal", format!("{tenant} {name}")),
        Command::SuspendInstance { instance } => ("suspend", instance.to_string()),
        Command::ResumeInstance { instance } => ("resume", instance.to_string()),
        Command::CancelInstance { instance } => ("cancel", instance.to_string()),
        Command::ModifyInstance(modify) => ("modify", modify.instance.to_string()),
        Command::MigrateInstance(migrate) => ("migrate", migrate.instance.to_string()),
        Command::Repair { instance } => ("repair", instance.to_string()),
        Command::CompleteJob { job, .. } | Command::CompleteJobWith { job, .. } => {
            ("complete", job.to_string())
        }
        Command::FailJob { job, .. } => ("fail", job.to_string()),
        Command::ThrowError { job, .. } => ("throw", job.to_string()),
        Command::UpdateJob { job, .. } => ("update", job.to_string()),
        Command::YieldJob { job, .. } => ("yield", job.to_string()),
        Command::ResolveIncident { incident } => ("resolve", incident.to_string()),
        Command::SetVariables { scope, .. } => ("set", scope.to_string()),
        Command::CompleteUserTask { task, .. } => ("complete-task", task.to_string()),
        Command::AssignUserTask { task, .. } => ("assign-task", task.to_string()),
        Command::UpdateUserTask { task, .. } => ("update-task", task.to_string()),
        Command::ActivateAdHoc(activate) => ("activate", activate.ad_hoc.to_string()),
        Command::EvaluateDecision(_)
        | Command::EvaluateConditionals(_)
        | Command::StartEpoch { .. }
        | Command::LeaseJobs(_)
        | Command::Tick
        | Command::Continue { .. }
        | Command::ApplyMeta { .. }
        | Command::Inbound { .. }
        | Command::PassOver { .. }
        | Command::OutboxAcknowledged { .. }
        | Command::Quarantine { .. }
        | Command::PinClock { .. } => ("", String::new()),
    };
    format!("{kind} {subject} {id}").into()
}

/// Is it a request id at all?
pub(super) fn check_id(id: &str) -> Done {
    if id.is_empty() || id.len() > REQUEST_ID_BYTES_MAX {
        return Err(Stop::Reject(Rejection::invalid(format!(
            "expected a request id of 1 to {REQUEST_ID_BYTES_MAX} bytes, but it has {}",
            id.len()
        ))));
    }
    Ok(())
}

impl Step<'_> {
    /// Keeps the answer for the case that the request comes again. What changed nothing may be
    /// decided again, and leases expire by themselves.
    pub(super) fn remember(&mut self, id: &Text, reply: &Reply) -> Done {
        let answered = match reply {
            Reply::Done => Answered::Done,
            Reply::Created(created) => Answered::Created {
                instance: created.instance,
                definition: created.definition,
                process_id: created.process_id.clone(),
                version: created.version,
            },
            Reply::Published { message, .. } => Answered::Published { message: *message },
            Reply::Correlating { message, .. } => Answered::Correlating { message: *message },
            Reply::Correlated { message, instance, .. } => {
                Answered::Correlated { message: *message, instance: *instance }
            }
            Reply::VariablesSet { key } => Answered::VariablesSet { key: *key },
            // Of `Listening`, what is wanted of the user task remembers it.
            Reply::Jobs(_) | Reply::Evaluated(_) | Reply::Started(_) | Reply::Listening { .. } => {
                return Ok(());
            }
        };
        if !self.events.is_empty() {
            let at = self.turn.now;
            let event = PartitionEvent::RequestAnswered { id: id.clone(), at, answered };
            self.emit(Event::Partition(event));
        }
        Ok(())
    }
}
