//! A request that comes again with the same id gets the answer of the first.

use super::{Done, Step, Stop};
use crate::command::{Answer, Command, CreatedInstance, Reply};
use crate::event::{Answered, Event, PartitionEvent, Text};
use crate::limits::REQUEST_ID_BYTES_MAX;
use crate::rejection::Rejection;
use crate::state::State;

impl State {
    /// The answer to an earlier request with this id. What the client sends with every try (tags,
    /// tenant) is taken from the command.
    pub(super) fn answered(&self, id: &str, command: &Command) -> Option<Answer> {
        let answered = self.requests.answered(id)?;
        if !fits(answered, command) {
            return Some(Err(Rejection::invalid(format!(
                "expected a request id of its own for each request, but '{id}' was that of another \
                 kind of request"
            ))));
        }
        let tenant = || match command {
            Command::CreateInstance(create) => create.tenant.clone(),
            Command::PublishMessage(message) | Command::CorrelateMessage(message) => {
                message.tenant.clone()
            }
            _ => crate::command::DEFAULT_TENANT.into(),
        };
        Some(Ok(match answered {
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
        }))
    }
}

/// Is it the answer of such a command? Another one must not pass for carried out.
fn fits(answered: &Answered, command: &Command) -> bool {
    let special = match answered {
        Answered::Done => None,
        Answered::Created { .. } => Some(matches!(command, Command::CreateInstance(_))),
        Answered::Published { .. } => Some(matches!(command, Command::PublishMessage(_))),
        Answered::Correlating { .. } | Answered::Correlated { .. } => {
            Some(matches!(command, Command::CorrelateMessage(_)))
        }
        Answered::VariablesSet { .. } => Some(matches!(command, Command::SetVariables { .. })),
    };
    special.unwrap_or(!matches!(
        command,
        Command::CreateInstance(_)
            | Command::PublishMessage(_)
            | Command::CorrelateMessage(_)
            | Command::SetVariables { .. }
    ))
}

impl Step<'_> {
    /// Keeps the answer for the case that the request comes again. What changed nothing may be
    /// decided again, and leases expire by themselves.
    pub(super) fn remember(&mut self, id: &Text, reply: &Reply) -> Done {
        if id.is_empty() || id.len() > REQUEST_ID_BYTES_MAX {
            return Err(Stop::Reject(Rejection::invalid(format!(
                "expected a request id of 1 to {REQUEST_ID_BYTES_MAX} bytes, but it has {}",
                id.len()
            ))));
        }
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
            Reply::Jobs(_) | Reply::Evaluated(_) => return Ok(()),
        };
        if !self.events.is_empty() {
            let at = self.turn.now;
            let event = PartitionEvent::RequestAnswered { id: id.clone(), at, answered };
            self.emit(Event::Partition(event));
        }
        Ok(())
    }
}
