//! Who did what, when, on which instance. Steps that clients or operators asked for leave a line,
//! but for the completing and failing of jobs: those are the work itself, not a hand on it.

use engine::command::Source;
use engine::event::{
    Event, InstanceEvent as E, ListenerKind, PartitionEvent, SlotEvent as S, TaskChange, Text, Via,
};
use engine::{Cause, Key};

use super::rows::{AuditRow, Modified};
use super::{At, Fold};
use crate::batch::Step;
use crate::names::{actor, entity, operation};

impl Fold<'_> {
    pub(super) fn audit(&mut self, at: At, step: &Step) {
        if !asked(&step.cause) {
            return;
        }
        // What a migration closes stands before it.
        let line = step.events.iter().find_map(migrated);
        let line = line.or_else(|| step.events.iter().find_map(asked_for).flatten());
        let Some((instance, mut line)) = line else { return };
        if line.operation == operation::MODIFY {
            line.modified = Some(modified(step));
        }
        let (actor, actor_type) = who(&step.cause);
        let definition = instance.map(|of| self.definition(of)).filter(|key| *key != 0);
        self.changes.audit.push(AuditRow {
            // One line a step.
            key: super::instance::ordinal_key(at, 0),
            time: at.time,
            instance,
            definition,
            actor,
            actor_type,
            comment: step.cause.comment.clone(),
            lsn: at.lsn,
            ..line
        });
    }
}

/// Did somebody ask for it?
pub(crate) fn asked(cause: &Cause) -> bool {
    match cause.source {
        Source::Api | Source::Operator => true,
        Source::Timer
        | Source::Outbox
        | Source::Deferred
        | Source::Foreign
        | Source::Meta
        | Source::Dispatcher => false,
    }
}

pub(crate) fn who(cause: &Cause) -> (Option<Text>, i64) {
    match (&cause.principal, &cause.client) {
        (Some(principal), _) => (Some(principal.clone()), actor::CLIENT),
        (None, Some(client)) => (Some(client.clone()), actor::UNKNOWN),
        (None, None) => (None, actor::ANONYMOUS),
    }
}

/// The instance and the line, when this is the event that a step was asked for: the first that
/// says more than that there is room. `Some(None)`: it leaves no line.
fn asked_for(event: &Event) -> Option<Option<(Option<Key>, AuditRow)>> {
    match event {
        Event::Instance { event: E::KeysGranted { .. }, .. } => None,
        Event::Instance { instance, event } => {
            Some(line(*instance, event).map(|line| (Some(*instance), line)))
        }
        Event::Partition(PartitionEvent::DecisionEvaluated(all)) => {
            let row = AuditRow {
                operation: operation::EVALUATE,
                entity: entity::DECISION,
                entity_key: all.key,
                tenant: Some(all.tenant.clone()),
                description: Some(all.decision_id.to_string()),
                ..AuditRow::default()
            };
            Some(Some((None, row)))
        }
        Event::Partition(PartitionEvent::SignalBroadcast { signal, tenant, name, .. }) => {
            let row = AuditRow {
                operation: operation::CREATE,
                entity: entity::SIGNAL,
                entity_key: *signal,
                tenant: Some(tenant.clone()),
                description: Some(name.to_string()),
                ..AuditRow::default()
            };
            Some(Some((None, row)))
        }
        Event::Slot {
            event: S::Published { message, tenant, name, correlation_key, .. }, ..
        } => {
            let what = match correlation_key.is_empty() {
                true => name.to_string(),
                false => format!("{name}, key {correlation_key}"),
            };
            let row = AuditRow {
                operation: operation::CREATE,
                entity: entity::MESSAGE,
                entity_key: *message,
                tenant: Some(tenant.clone()),
                description: Some(what),
                ..AuditRow::default()
            };
            Some(Some((None, row)))
        }
        Event::Partition(_) | Event::Definition { .. } | Event::Slot { .. } => None,
    }
}

/// What a modification began and ended; nothing that it began came by a flow.
fn modified(step: &Step) -> Modified {
    let mut modified = Modified::default();
    for event in &step.events {
        let Event::Instance { instance, event } = event else { continue };
        match event {
            E::ElementActivating { element, via: Via::None, .. }
            | E::ElementPassed { element, via: Via::None, .. } => {
                modified.begun.push(i64::from(element.no));
            }
            E::ElementTerminated { key } if key != instance => modified.ended.push(*key),
            _ => {}
        }
    }
    modified
}

fn migrated(event: &Event) -> Option<(Option<Key>, AuditRow)> {
    let Event::Instance { instance, event: E::Migrated(to) } = event else { return None };
    let row = AuditRow {
        operation: operation::MIGRATE,
        entity: entity::PROCESS_INSTANCE,
        entity_key: *instance,
        description: Some(format!("to {} version {}", to.process_id, to.version)),
        ..AuditRow::default()
    };
    Some((Some(*instance), row))
}

/// What the first event of a step says that was asked for.
fn line(i: Key, event: &E) -> Option<AuditRow> {
    let row = |operation, entity, entity_key| {
        Some(AuditRow { operation, entity, entity_key, ..AuditRow::default() })
    };
    match event {
        E::Created(created) => {
            let row = row(operation::CREATE, entity::PROCESS_INSTANCE, i)?;
            let parent = created.parent_element;
            Some(AuditRow { tenant: Some(created.tenant.clone()), element: parent, ..row })
        }
        E::ElementTerminating { key } if *key == i => {
            row(operation::CANCEL, entity::PROCESS_INSTANCE, i)
        }
        E::Terminated => row(operation::CANCEL, entity::PROCESS_INSTANCE, i),
        E::IncidentResolved { key } => row(operation::RESOLVE, entity::INCIDENT, *key),
        E::VariableSet { key, scope, name, .. } => {
            let row = row(operation::UPDATE, entity::VARIABLE, *key)?;
            let element = Some(*scope).filter(|scope| *scope != i);
            Some(AuditRow { element, description: Some(name.to_string()), ..row })
        }
        E::JobRetriesUpdated { key, retries } => changed(*key, format!("retries = {retries}")),
        E::JobDeadlineUpdated { key, deadline } => changed(*key, format!("deadline = {deadline}")),
        E::JobPriorityUpdated { key, priority } => changed(*key, format!("priority = {priority}")),
        E::Modified => row(operation::MODIFY, entity::PROCESS_INSTANCE, i),
        E::UserTaskChanged { key, task, change, action } => {
            let operation = match (change, &task.assignee) {
                (TaskChange::Assigned, Some(_)) => operation::ASSIGN,
                (TaskChange::Assigned, None) => operation::UNASSIGN,
                (TaskChange::Updated | TaskChange::Created | TaskChange::Corrected, _) => {
                    operation::UPDATE
                }
            };
            let row = row(operation, entity::USER_TASK, *key)?;
            let to = task.assignee.as_ref().map(|name| format!("{action}: {name}"));
            Some(AuditRow { description: Some(to.unwrap_or_else(|| action.to_string())), ..row })
        }
        E::UserTaskAsked { key, wish } => {
            let operation = match (wish.phase, &wish.task.assignee) {
                (ListenerKind::Assigning, Some(_)) => operation::ASSIGN,
                (ListenerKind::Assigning, None) => operation::UNASSIGN,
                (ListenerKind::Completing, _) => operation::COMPLETE,
                _ => operation::UPDATE,
            };
            let row = row(operation, entity::USER_TASK, *key)?;
            Some(AuditRow { description: Some(wish.action.to_string()), ..row })
        }
        E::UserTaskCompleted { key, action } => {
            let row = row(operation::COMPLETE, entity::USER_TASK, *key)?;
            Some(AuditRow { description: Some(action.to_string()), ..row })
        }
        E::Suspended => row(operation::SUSPEND, entity::PROCESS_INSTANCE, i),
        E::Resumed => row(operation::RESUME, entity::PROCESS_INSTANCE, i),
        E::Quarantined { reason, .. } => {
            let row = row(operation::SUSPEND, entity::PROCESS_INSTANCE, i)?;
            Some(AuditRow { description: Some(format!("quarantined: {reason}")), ..row })
        }
        E::Repaired => {
            let row = row(operation::RESUME, entity::PROCESS_INSTANCE, i)?;
            Some(AuditRow { description: Some("quarantine lifted".to_owned()), ..row })
        }
        E::KeysGranted { .. }
        | E::ElementActivating { .. }
        | E::ElementActivated { .. }
        | E::ElementCompleting { .. }
        | E::ElementCompleted { .. }
        | E::ElementTerminating { .. }
        | E::ElementTerminated { .. }
        | E::ElementPassed { .. }
        | E::FlowTaken { .. }
        | E::TriggerStored { .. }
        | E::ScopeInterrupted { .. }
        | E::JobCreated { .. }
        | E::JobLeased { .. }
        | E::JobTimedOut { .. }
        | E::JobYielded { .. }
        | E::JobFailed { .. }
        | E::JobBackoffEnded { .. }
        | E::JobReactivated { .. }
        | E::JobCompleted { .. }
        | E::JobErrorThrown { .. }
        | E::JobWithheld { .. }
        | E::JobCanceled { .. }
        | E::TimerArmed { .. }
        | E::TimerFired { .. }
        | E::TimerCanceled { .. }
        | E::SubscriptionOpening { .. }
        | E::SubscriptionOpened { .. }
        | E::SubscriptionCorrelated { .. }
        | E::SubscriptionClosed { .. }
        | E::IncidentCreated { .. }
        | E::WorkDeferred { .. }
        | E::WorkResumed { .. }
        | E::LoopOpened { .. }
        | E::OutputCollected { .. }
        | E::LoopStopped { .. }
        | E::InstanceCalled { .. }
        | E::EscalationThrown { .. }
        | E::SignalAwaited { .. }
        | E::SignalReceived { .. }
        | E::SignalUnawaited { .. }
        | E::JobHeaders { .. }
        | E::UserTaskCreated { .. }
        | E::UserTaskCanceled { .. }
        | E::UserTaskCorrected { .. }
        | E::UserTaskDenied { .. }
        | E::CompensationNoted { .. }
        | E::CompensationTriggered { .. }
        | E::CompensationBegun { .. }
        | E::CompensationCompleted { .. }
        | E::ConditionAwaited { .. }
        | E::ConditionMet { .. }
        | E::ConditionUnawaited { .. }
        | E::DecisionEvaluated { .. }
        | E::Migrated(_)
        | E::Completed => None,
    }
}

fn changed(job: Key, what: String) -> Option<AuditRow> {
    Some(AuditRow {
        operation: operation::UPDATE,
        entity: entity::JOB,
        entity_key: job,
        job: Some(job),
        description: Some(what),
        ..AuditRow::default()
    })
}
