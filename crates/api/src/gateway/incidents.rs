//! Open incidents, from the live state; history answers richer questions.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use engine::event::Text;
use engine::{IncidentKind, Key};

use super::{Caller, Gateway};
use crate::access::Action;
use crate::failure::Failure;
use crate::limits::INCIDENT_TIMES_MAX;

/// Which incidents are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IncidentFilter {
    pub instance: Option<Key>,
    pub incident: Option<Key>,
}

/// An open incident with its surroundings.
#[derive(Debug, Clone, PartialEq)]
pub struct IncidentRow {
    pub incident: Key,
    pub instance: Key,
    /// The instance itself when nobody called it.
    pub root_instance: Key,
    pub process_id: Text,
    pub definition: Key,
    pub tenant: Text,
    pub element_id: Text,
    pub element: Key,
    pub job: Option<Key>,
    pub kind: IncidentKind,
    pub message: Text,
    /// ms since 1970.
    pub created: i64,
}

/// When incidents were raised. The state does not keep it; those from before the server's start
/// show the start until history tells better.
#[derive(Debug, Clone, Default)]
pub struct IncidentTimes {
    rows: Arc<Mutex<BTreeMap<Key, i64>>>,
}

impl IncidentTimes {
    pub fn note(&self, incident: Key, at: i64) {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        if rows.len() >= INCIDENT_TIMES_MAX {
            rows.pop_first();
        }
        rows.insert(incident, at);
    }

    fn of(&self, incident: Key) -> Option<i64> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).get(&incident).copied()
    }
}

impl Gateway {
    /// Open incidents, oldest key first, at most 1,000.
    pub async fn incidents(
        &self,
        caller: &Caller,
        filter: IncidentFilter,
    ) -> Result<Vec<IncidentRow>, Failure> {
        caller.principal.require(Action::Read)?;
        let engine = self.engine_for(caller)?;
        let failed = |error| Failure::of("SEARCH", error);
        let instances: Vec<Key> = match (filter.instance, filter.incident) {
            (Some(instance), _) => vec![instance],
            (None, Some(incident)) => {
                engine.instance_of(incident).await.map_err(failed)?.into_iter().collect()
            }
            (None, None) => {
                let all = engine.incidents(0).await.map_err(failed)?;
                let mut instances: Vec<Key> = all.iter().map(|row| row.instance).collect();
                instances.dedup();
                instances
            }
        };
        let mut rows = Vec::new();
        for instance in instances {
            let found = match engine.instance(instance).await {
                Ok(found) => found,
                // A key that names no partition names no instance.
                Err(error) if error.is_rejection(engine::RejectionKind::NotFound) => None,
                Err(error) => return Err(failed(error)),
            };
            rows.extend(found.iter().flat_map(|instance| self.rows(instance)));
        }
        rows.retain(|row| filter.incident.is_none_or(|key| key == row.incident));
        rows.sort_by_key(|row| row.incident);
        Ok(rows)
    }

    fn rows(&self, instance: &grevy::Instance) -> Vec<IncidentRow> {
        let place = |key: Key| {
            let place = instance.places.iter().find(|place| place.key == key);
            place.map_or_else(|| instance.process_id.clone(), |place| place.element_id.clone())
        };
        let rows = instance.incidents.iter().map(|incident| IncidentRow {
            incident: incident.key,
            instance: instance.key,
            // Call activities, which give an instance another root, come later.
            root_instance: instance.key,
            process_id: instance.process_id.clone(),
            definition: instance.definition,
            tenant: instance.tenant.clone(),
            element_id: place(incident.element),
            element: incident.element,
            job: incident.job,
            kind: incident.kind,
            message: incident.message.clone(),
            created: self.shared.incidents.of(incident.key).unwrap_or(self.shared.started),
        });
        rows.collect()
    }
}
