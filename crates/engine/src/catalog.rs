//! Deployed definitions, compiled. It follows the meta journal and is shared by all partitions;
//! it is no part of any state.

mod decisions;
mod files;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use decisions::{Decision, Requirements};

use crate::compile::{Order, Process};
use crate::event::Text;
use crate::key::Key;
use crate::meta;

/// One deployed version of a process.
#[derive(Debug)]
pub struct Definition {
    pub key: Key,
    pub process_id: Text,
    pub version: i32,
    pub version_tag: Option<Text>,
    pub tenant: Text,
    pub resource: Text,
    pub deployment: Key,
    pub digest: u64,
    /// Position in the meta journal.
    pub position: u64,
    /// What the file says; `None` when it no longer parses.
    pub model: Option<Arc<model::Definitions>>,
    /// Ready to run, or why not: a definition that no longer compiles is parked.
    pub process: Result<Arc<Process>, String>,
}

/// All definitions up to a position of the meta journal. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    rows: Arc<Rows>,
}

#[derive(Debug, Clone, Default)]
struct Rows {
    position: u64,
    definitions: BTreeMap<Key, Arc<Definition>>,
    /// Versions of each process, by tenant and id.
    versions: BTreeMap<(Text, Text), BTreeMap<i32, Key>>,
    deleted: BTreeMap<Key, u64>,
    decisions: decisions::Decisions,
    files: files::Files,
}

impl Catalog {
    pub fn new() -> Catalog {
        Catalog::default()
    }

    /// Follows one event of the meta journal, which stood at `position`.
    pub fn add(&mut self, event: &meta::Event, position: u64) {
        let rows = Arc::make_mut(&mut self.rows);
        rows.position = rows.position.max(position);
        match event {
            meta::Event::ProcessDeployed(deployed) => rows.deploy(deployed, position),
            meta::Event::ProcessDeleted { definition } => rows.delete(*definition, position),
            meta::Event::RequirementsDeployed(deployed) => rows.decisions.deploy(deployed),
            meta::Event::RequirementsDeleted { requirements } => {
                rows.deleted.insert(*requirements, position);
                rows.decisions.delete(*requirements);
            }
            meta::Event::FileDeployed(deployed) => rows.files.deploy(deployed),
            meta::Event::FileDeleted { file } => {
                rows.deleted.insert(*file, position);
                rows.files.delete(*file);
            }
            meta::Event::Deployed { .. }
            | meta::Event::EpochStarted { .. }
            | meta::Event::SlotsAssigned { .. } => {}
        }
    }

    /// Everything up to here is known.
    pub fn position(&self) -> u64 {
        self.rows.position
    }

    /// Deleted definitions stay: their instances drain.
    pub fn get(&self, key: Key) -> Option<&Arc<Definition>> {
        self.rows.definitions.get(&key)
    }

    pub fn is_deleted(&self, key: Key) -> bool {
        self.rows.deleted.contains_key(&key)
    }

    pub fn latest(&self, tenant: &Text, process_id: &Text) -> Option<&Arc<Definition>> {
        let versions = self.rows.versions.get(&(tenant.clone(), process_id.clone()))?;
        self.get(*versions.values().next_back()?)
    }

    pub fn version(&self, tenant: &Text, id: &Text, version: i32) -> Option<&Arc<Definition>> {
        let versions = self.rows.versions.get(&(tenant.clone(), id.clone()))?;
        self.get(*versions.get(&version)?)
    }

    /// The newest version with this tag.
    pub fn tagged(&self, tenant: &Text, id: &Text, tag: &str) -> Option<&Arc<Definition>> {
        let versions = self.rows.versions.get(&(tenant.clone(), id.clone()))?;
        let all = versions.values().rev().filter_map(|key| self.get(*key));
        all.into_iter().find(|d| d.version_tag.as_deref() == Some(tag))
    }

    /// What `id` meant when `definition` was deployed: the version of the same deployment, else
    /// the newest that was there.
    pub fn deployed_with(&self, definition: Key, id: &Text) -> Option<&Arc<Definition>> {
        let own = self.get(definition)?;
        let versions = self.rows.versions.get(&(own.tenant.clone(), id.clone()))?;
        let mut all = versions.values().rev().filter_map(|key| self.get(*key));
        all.find(|d| d.deployment == own.deployment || d.position <= own.position)
    }

    /// Every definition that is not deleted, by key.
    pub fn definitions(&self) -> impl Iterator<Item = &Arc<Definition>> {
        self.rows.definitions.values().filter(|d| !self.is_deleted(d.key))
    }

    /// Definitions that came or went after `position` and up to `upto`.
    pub fn changed(&self, position: u64, upto: u64) -> Vec<Arc<Definition>> {
        let within = |at: u64| at > position && at <= upto;
        let deleted = |d: &Definition| self.rows.deleted.get(&d.key).is_some_and(|at| within(*at));
        let all = self.rows.definitions.values();
        all.filter(|d| within(d.position) || deleted(d)).cloned().collect()
    }
}

impl Rows {
    fn deploy(&mut self, deployed: &meta::ProcessDeployed, position: u64) {
        let order = Order { elements: deployed.elements.clone(), flows: deployed.flows.clone() };
        let (model, process) = meta::compile(deployed, &order);
        let definition = Definition {
            key: deployed.key,
            process_id: deployed.process_id.clone(),
            version: deployed.version,
            version_tag: deployed.version_tag.clone(),
            tenant: deployed.tenant.clone(),
            resource: deployed.resource.clone(),
            deployment: deployed.deployment,
            digest: deployed.digest,
            position,
            model,
            process,
        };
        let id = (deployed.tenant.clone(), deployed.process_id.clone());
        self.versions.entry(id).or_default().insert(deployed.version, deployed.key);
        self.definitions.insert(deployed.key, Arc::new(definition));
    }

    fn delete(&mut self, key: Key, position: u64) {
        self.deleted.insert(key, position);
        if let Some(definition) = self.definitions.get(&key) {
            let id = (definition.tenant.clone(), definition.process_id.clone());
            if let Some(versions) = self.versions.get_mut(&id) {
                versions.remove(&definition.version);
            }
        }
    }
}
