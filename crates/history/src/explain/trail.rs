//! What the events of an instance tell: which way it took and why, and how often its jobs failed.

use std::collections::{BTreeMap, BTreeSet};

use engine::Key;
use engine::event::{Event, InstanceEvent as E};
use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use super::{Choice, Refused, rows};
use crate::batch::Step;
use crate::error::Result;
use crate::limits::SCOPE_DEPTH_MAX;
use crate::names;

/// A flow that leaves an element with several.
pub(super) struct Branch {
    source: String,
    /// Whether the conditions behind the first that holds are not looked at.
    is_exclusive: bool,
    id: String,
    condition: Option<String>,
}

pub(super) async fn flows(
    connection: &mut SqliteConnection,
    instance: Key,
) -> Result<BTreeMap<u32, Branch>> {
    let exclusive = names::number(names::ELEMENT_TYPES, "EXCLUSIVE_GATEWAY");
    let text = "SELECT f.no, s.id, f.id, f.condition, s.type FROM process_instance i \
        JOIN flow f ON f.definition = i.definition \
        JOIN element s ON s.definition = f.definition AND s.no = f.source \
        WHERE i.key = ? AND (f.condition IS NOT NULL OR f.is_default = 1)";
    let mut flows = BTreeMap::new();
    for row in rows(connection, text, instance).await? {
        let (source, id, condition) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
        let no: i64 = row.try_get(0)?;
        let is_exclusive = row.try_get::<Option<i64>, _>(4)? == exclusive;
        let branch = Branch { source, is_exclusive, id, condition };
        flows.insert(u32::try_from(no).unwrap_or_default(), branch);
    }
    Ok(flows)
}

/// The choices that the events tell of, with the variables as they were.
pub(super) fn choices(steps: &[Step], flows: &BTreeMap<u32, Branch>) -> Vec<Choice> {
    let mut scopes = Scopes::default();
    let mut choices = Vec::new();
    for step in steps {
        let taken: BTreeSet<(Key, u32)> = own(step).filter_map(taken_by).collect();
        for event in own(step) {
            scopes.add(event);
            let Some((scope, flow)) = taken_by(event) else { continue };
            let Some(branch) = flows.get(&flow) else { continue };
            let others = flows.iter().filter(|(no, other)| {
                let is_asked = !branch.is_exclusive || branch.condition.is_none() || **no < flow;
                other.source == branch.source && is_asked && !taken.contains(&(scope, **no))
            });
            let refused = others.filter_map(|(_, other)| {
                let condition = other.condition.clone()?;
                let values = scopes.named(scope, &condition);
                Some(Refused { flow_id: other.id.clone(), condition, values })
            });
            choices.push(Choice {
                element_id: branch.source.clone(),
                flow_id: branch.id.clone(),
                condition: branch.condition.clone(),
                values: scopes.named(scope, branch.condition.as_deref().unwrap_or_default()),
                refused: refused.collect(),
                time: step.time,
            });
        }
    }
    choices
}

/// The events of a step that are of the instance itself.
fn own(step: &Step) -> impl Iterator<Item = &E> {
    step.events.iter().filter_map(|event| match event {
        Event::Instance { event, .. } => Some(event),
        Event::Partition(_) | Event::Definition { .. } | Event::Slot { .. } => None,
    })
}

/// The scope and the number of a flow that was taken.
fn taken_by(event: &E) -> Option<(Key, u32)> {
    match event {
        E::FlowTaken { scope, flow } => Some((*scope, *flow)),
        _ => None,
    }
}

/// The events of the instance itself, with their times (ms since 1970).
pub(super) fn events(steps: &[Step]) -> impl Iterator<Item = (i64, &E)> {
    steps.iter().flat_map(|step| own(step).map(|event| (step.time, event)))
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

    /// The variables that an expression names.
    fn named(&self, scope: Key, expression: &str) -> Vec<(String, String)> {
        let value = |name: &str| Some((name.to_owned(), self.get(scope, name)?));
        words(expression).into_iter().filter_map(value).collect()
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
