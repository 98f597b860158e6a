//! Commands to events. One file per family; what they share is [`step::Step`].

mod ad_hoc;
mod cancel;
mod conditional;
mod create;
mod decision;
mod evaluate;
mod incident;
mod job;
mod lease;
mod message;
mod meta;
mod migrate;
mod modify;
mod operator;
mod request;
mod signal;
mod slot;
mod step;
mod suspend;
mod timer;
mod user_task;
mod variables;

use std::collections::BTreeSet;

pub(crate) use create::Birth;
pub(crate) use evaluate::{Scoped, describe, text_of};
pub(crate) use step::{Change, Done, Step, Stop, cut};
pub(crate) use user_task::correct;

use crate::catalog::Catalog;
use crate::command::{Answer, Command, Reply};
use crate::effect::Effect;
use crate::event::{Event, Text};
use crate::key::{Key, PartitionId, SLOT_COUNT, Slot};
use crate::rejection::Rejection;
use crate::state::{Lookup, State};

/// What a decision may know beside the state.
#[derive(Debug, Clone, Copy)]
pub struct Turn<'a> {
    /// Milliseconds since the epoch; never less than in an earlier turn of the same time base.
    pub now: i64,
    pub catalog: &'a Catalog,
    pub routes: &'a Routes,
    /// Instances whose result somebody waits for.
    pub watched: &'a BTreeSet<Key>,
}

/// Which partition owns a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routes {
    owners: Vec<PartitionId>,
    partitions: PartitionId,
}

/// What came of a command that could be decided.
#[derive(Debug)]
pub struct Decision {
    pub answer: Answer,
    /// Already folded into the state; empty when the command was rejected.
    pub events: Vec<Event>,
    pub effects: Vec<Effect>,
}

/// Cold instances that the decision met: load them and ask again. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need(pub Vec<Key>);

impl Routes {
    /// Slots dealt in turn to partitions 1 to `dealt`; partitions above it own none.
    ///
    /// # Panics
    /// When `dealt` is 0.
    pub fn new(dealt: PartitionId) -> Routes {
        assert!(dealt > 0, "slots need an owner");
        let owners = (0..SLOT_COUNT).map(|slot| slot % dealt + 1).collect();
        Routes { owners, partitions: dealt }
    }

    /// As [`Routes::new`], with partitions that own no slot.
    ///
    /// # Panics
    /// When `dealt` is 0.
    pub fn among(dealt: PartitionId, partitions: PartitionId) -> Routes {
        Routes { partitions: partitions.max(dealt), ..Routes::new(dealt) }
    }

    /// Every partition.
    pub fn partitions(&self) -> impl Iterator<Item = PartitionId> {
        1..=self.partitions
    }

    pub fn owner(&self, slot: Slot) -> PartitionId {
        self.owners[usize::from(slot % SLOT_COUNT)]
    }
}

impl State {
    /// Decides a command and folds its events; a rejection leaves the state as it was.
    ///
    /// # Errors
    /// [`Need`] when it met a cold instance; the state is as it was then, too.
    pub fn decide(&mut self, command: &Command, turn: &Turn<'_>) -> Result<Decision, Need> {
        self.decide_once(command, turn, None)
    }

    /// As [`State::decide`]; a command that comes again with the same request id gets the answer
    /// of the first and changes nothing.
    ///
    /// # Errors
    /// As [`State::decide`].
    pub fn decide_once(
        &mut self,
        command: &Command,
        turn: &Turn<'_>,
        request: Option<&Text>,
    ) -> Result<Decision, Need> {
        let checked = request.map_or(Ok(()), |id| request::check_id(id));
        let request = request.map(|id| request::scoped(id, command));
        if let Some(reply) = request.as_ref().and_then(|id| self.answered(id, command)) {
            return Ok(Decision { answer: Ok(reply), events: Vec::new(), effects: Vec::new() });
        }
        let mut step = Step::new(self, turn);
        step.request = request.clone();
        let outcome = checked.and_then(|()| step.command(command)).and_then(|reply| {
            step.run()?;
            let reply = step.settle(reply)?;
            if let Some(id) = &request {
                step.remember(id, &reply)?;
            }
            Ok(reply)
        });
        let Step { events, effects, .. } = step;
        match outcome {
            Ok(reply) => {
                self.keep();
                Ok(Decision { answer: Ok(reply), events, effects })
            }
            Err(Stop::Reject(rejection)) => {
                self.abort();
                let at = self.at.take();
                if let (Command::Tick | Command::Continue { .. }, Some(i)) = (command, at)
                    && matches!(self.instance(i), Lookup::Hot(_))
                {
                    return Ok(self.set_aside(i, rejection, turn));
                }
                if let Command::Inbound { from, sequence, item } = command {
                    return Ok(self.pass_over(*from, *sequence, item, turn));
                }
                Ok(Decision { answer: Err(rejection), events: Vec::new(), effects: Vec::new() })
            }
            Err(Stop::Need(keys)) => {
                self.abort();
                self.at = None;
                Err(Need(keys))
            }
        }
    }

    /// Undoes what a decision that panicked had done; call it after the unwinding was caught.
    /// Returns the instance that it was at.
    pub fn abort_panicked(&mut self) -> Option<Key> {
        self.abort();
        self.at.take()
    }

    /// Work of our own that cannot be done would be tried again at once, for ever: its instance
    /// stands still, visibly, and everything else goes on.
    fn set_aside(&mut self, i: Key, rejection: Rejection, turn: &Turn<'_>) -> Decision {
        let mut step = Step::new(self, turn);
        step.set_aside(i, rejection);
        let Step { events, effects, .. } = step;
        self.keep();
        Decision { answer: Ok(Reply::Done), events, effects }
    }

    /// An item that cannot be handled still counts as received; its sender is told.
    fn pass_over(
        &mut self,
        from: PartitionId,
        sequence: u64,
        item: &crate::event::Item,
        turn: &Turn<'_>,
    ) -> Decision {
        let mut step = Step::new(self, turn);
        step.refuse_item(from, sequence, item);
        let Step { events, effects, .. } = step;
        self.keep();
        Decision { answer: Ok(Reply::Done), events, effects }
    }
}

impl Step<'_> {
    fn command(&mut self, command: &Command) -> Done<Reply> {
        match command {
            Command::CreateInstance(create) => self.create_instance(create),
            Command::CancelInstance { instance } => self.cancel_instance(*instance),
            Command::PublishMessage(message) => self.publish(message),
            Command::CorrelateMessage(message) => self.correlate(message),
            Command::CompleteJob { job, variables, token } => {
                self.complete_job(*job, variables, *token)
            }
            Command::CompleteJobWith { job, variables, result, token } => {
                self.complete_job_with(*job, variables, result, *token)
            }
            Command::FailJob { .. } => self.fail_job(command),
            Command::ThrowError { .. } => self.throw_error(command),
            Command::UpdateJob { job, retries, timeout, priority } => {
                self.update_job(*job, *retries, *timeout, *priority)
            }
            Command::ResolveIncident { incident } => self.resolve_incident(*incident),
            Command::SetVariables { scope, variables, local } => {
                self.set_variables(*scope, variables, *local)
            }
            Command::BroadcastSignal { name, tenant, variables } => {
                self.broadcast_signal(name, tenant, variables)
            }
            Command::CompleteUserTask { task, variables, action } => {
                self.complete_user_task(*task, variables, action)
            }
            Command::AssignUserTask { task, assignee, allow_override, action } => {
                self.assign_user_task(*task, assignee.as_ref(), *allow_override, action)
            }
            Command::UpdateUserTask { task, changes, action } => {
                self.update_user_task(*task, changes, action)
            }
            Command::ActivateAdHoc(activate) => self.activate_ad_hoc(activate),
            Command::SuspendInstance { instance } => self.suspend(*instance),
            Command::ResumeInstance { instance } => self.resume(*instance),
            Command::ModifyInstance(modify) => self.modify_instance(modify),
            Command::MigrateInstance(migrate) => self.migrate_instance(migrate),
            Command::StartEpoch { epoch } => self.start_epoch(*epoch),
            Command::LeaseJobs(lease) => self.lease_jobs(lease),
            Command::YieldJob { job, token } => self.yield_job(*job, *token),
            Command::Tick => self.tick(),
            Command::Continue { instance } => self.resume_work(*instance),
            Command::ApplyMeta { position } => self.apply_meta(*position),
            Command::Inbound { from, sequence, item } => self.inbound(*from, *sequence, item),
            Command::PassOver { from, sequence, item } => {
                self.refuse_item(*from, *sequence, item);
                Ok(Reply::Done)
            }
            Command::OutboxAcknowledged { to, upto } => self.acknowledged(*to, *upto),
            Command::Quarantine { instance, reason, build } => {
                self.quarantine(*instance, reason, build)
            }
            Command::Repair { instance } => self.repair(*instance),
            Command::PinClock { at } => self.pin_clock(*at),
            Command::EvaluateDecision(asked) => self.evaluate_decision(asked),
            Command::EvaluateConditionals(asked) => self.evaluate_conditionals(asked),
        }
    }
}
