//! Who did what, when, on which instance. Steps that clients or operators asked for leave a line,
//! but for the completing and failing of jobs: those are the work itself, not a hand on it.

use engine::command::Source;
use engine::event::{Event, InstanceEvent as E, Text};
use engine::{Cause, Key};

use super::rows::AuditRow;
use super::{At, Fold};
use crate::batch::Step;
use crate::names::{actor, entity, operation};

impl Fold<'_> {
    pub(super) fn audit(&mut self, at: At, step: &Step) {
        if !asked(&step.cause) {
            return;
        }
        let mut lines = step.events.iter().filter_map(|event| match event {
            Event::Instance { instance, event } => Some((*instance, event)),
            Event::Partition(_) | Event::Definition { .. } | Event::Slot { .. } => None,
        });
        let first = lines.find(|(_, event)| !matches!(event, E::KeysGranted { .. }));
        let Some((instance, line)) = first.and_then(|(i, event)| Some((i, line(i, event)?))) else {
            return;
        };
        let (actor, actor_type) = who(&step.cause);
        let definition = Some(self.definition(instance)).filter(|key| *key != 0);
        self.changes.audit.push(AuditRow {
            // One line a step.
            key: super::instance::ordinal_key(at, 0),
            time: at.time,
            instance: Some(instance),
            definition,
            actor,
            actor_type,
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
        E::Quarantined { reason, .. } => {
            let row = row(operation::SUSPEND, entity::PROCESS_INSTANCE, i)?;
            Some(AuditRow { description: Some(format!("quarantined: {reason}")), ..row })
        }
        E::Repaired => {
            let row = row(operation::RESUME, entity::PROCESS_INSTANCE, i)?;
            Some(AuditRow { description: Some("quarantine lifted".to_owned()), ..row })
        }
        _ => None,
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
