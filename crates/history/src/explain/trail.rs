//! What the events of an instance tell: which way it took and why, and how often its jobs failed.

use std::collections::BTreeMap;

use engine::Key;
use engine::event::{Event, InstanceEvent as E};
use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use super::{Choice, rows};
use crate::batch::Step;
use crate::error::Result;
use crate::limits::SCOPE_DEPTH_MAX;

/// A flow that leaves an element with several.
pub(super) struct Branch {
    source: String,
    id: String,
    condition: Option<String>,
}

pub(super) async fn flows(
    connection: &mut SqliteConnection,
    instance: Key,
) -> Result<BTreeMap<u32, Branch>> {
    let text = "SELECT f.no, s.id, f.id, f.condition FROM process_instance i \
        JOIN flow f ON f.definition = i.definition \
        JOIN element s ON s.definition = f.definition AND s.no = f.source \
        WHERE i.key = ? AND (f.condition IS NOT NULL OR f.is_default = 1)";
    let mut flows = BTreeMap::new();
    for row in rows(connection, text, instance).await? {
        let (source, id, condition) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
        let no: i64 = row.try_get(0)?;
        flows.insert(u32::try_from(no).unwrap_or_default(), Branch { source, id, condition });
    }
    Ok(flows)
}

/// The choices that the events tell of, with the variables as they were.
pub(super) fn choices(steps: &[Step], flows: &BTreeMap<u32, Branch>) -> Vec<Choice> {
    let mut scopes = Scopes::default();
    let mut choices = Vec::new();
    for (time, event) in events(steps) {
        scopes.add(event);
        let E::FlowTaken { scope, flow } = event else { continue };
        let Some(branch) = flows.get(flow) else { continue };
        let named = branch.condition.as_deref().map(words).unwrap_or_default();
        let value = |name: &str| Some((name.to_owned(), scopes.get(*scope, name)?));
        choices.push(Choice {
            element_id: branch.source.clone(),
            flow_id: branch.id.clone(),
            condition: branch.condition.clone(),
            values: named.into_iter().filter_map(value).collect(),
            time,
        });
    }
    choices
}

/// The events of the instance itself, with their times (ms since 1970).
pub(super) fn events(steps: &[Step]) -> impl Iterator<Item = (i64, &E)> {
    steps
        .iter()
        .flat_map(|step| step.events.iter().map(move |event| (step.time, event)))
        .filter_map(|(time, event)| match event {
            Event::Instance { event, .. } => Some((time, event)),
            Event::Partition(_) | Event::Definition { .. } | Event::Slot { .. } => None,
        })
}

/// Variables by the scope that has them: instances of one element have their own of one name.
#[derive(Default)]
struct Scopes<'a> {
    parents: BTreeMap<Key, Key>,
    variables: BTreeMap<(Key, &'a str), &'a value::Packed>,
}

impl<'a> Scopes<'a> {
    fn add(&mut self, event: &'a E) {
        if let E::ElementActivating { key, scope, .. } | E::ElementPassed { key, scope, .. } = event
        {
            self.parents.insert(*key, *scope);
        }
        if let E::VariableSet { scope, name, value, .. } = event {
            self.variables.insert((*scope, name), value);
        }
    }

    /// What a name stands for in a scope: its own variable, or that of the nearest around it.
    fn get(&self, scope: Key, name: &str) -> Option<String> {
        let mut scope = scope;
        for _ in 0..SCOPE_DEPTH_MAX {
            if let Some(value) = self.variables.get(&(scope, name)) {
                return Some(value.to_json());
            }
            scope = *self.parents.get(&scope)?;
        }
        None
    }
}

/// Words of an expression that may be names.
fn words(expression: &str) -> Vec<&str> {
    let mut words: Vec<&str> = expression
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
        .collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// How often each job failed.
pub(super) fn tries(steps: &[Step]) -> BTreeMap<Key, usize> {
    let mut tries = BTreeMap::new();
    for (_, event) in events(steps) {
        if let E::JobFailed { key, .. } = event {
            *tries.entry(*key).or_default() += 1;
        }
    }
    tries
}
