//! Deployed decisions, compiled.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Catalog;
use crate::event::Text;
use crate::key::Key;
use crate::meta;

/// One deployed version of a DMN file.
#[derive(Debug)]
pub struct Requirements {
    pub key: Key,
    pub deployment: Key,
    pub id: Text,
    pub name: Text,
    pub version: i32,
    pub tenant: Text,
    pub resource: Text,
    /// Of its bytes, and of those of the files that it imports, in their order.
    digest: u64,
    imports: Vec<u64>,
    /// Ready to be evaluated, or why not: a file that no longer compiles is parked.
    pub model: Result<dmn::Model, String>,
}

/// One deployed version of a decision.
#[derive(Debug, Clone)]
pub struct Decision {
    pub key: Key,
    pub id: Text,
    pub name: Text,
    pub version: i32,
    pub version_tag: Option<Text>,
    pub requirements: Arc<Requirements>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Decisions {
    rows: BTreeMap<Key, Arc<Decision>>,
    /// Versions of each decision, by tenant and id.
    versions: BTreeMap<(Text, Text), BTreeMap<i32, Key>>,
}

impl Decisions {
    pub(super) fn deploy(&mut self, deployed: &meta::RequirementsDeployed) {
        let requirements = Arc::new(Requirements {
            key: deployed.key,
            deployment: deployed.deployment,
            id: deployed.id.clone(),
            name: deployed.name.clone(),
            version: deployed.version,
            tenant: deployed.tenant.clone(),
            resource: deployed.resource.clone(),
            digest: deployed.digest,
            imports: deployed.imports.iter().map(|bytes| meta::digest(bytes)).collect(),
            model: meta::compile_decisions(&deployed.bytes, &deployed.imports),
        });
        for own in &deployed.decisions {
            let id = (deployed.tenant.clone(), own.id.clone());
            self.versions.entry(id).or_default().insert(own.version, own.key);
            let decision = Decision {
                key: own.key,
                id: own.id.clone(),
                name: own.name.clone(),
                version: own.version,
                version_tag: own.version_tag.clone(),
                requirements: requirements.clone(),
            };
            self.rows.insert(own.key, Arc::new(decision));
        }
    }

    /// A deleted decision is not found any more; nothing runs in it that would have to drain.
    pub(super) fn delete(&mut self, requirements: Key) {
        let gone = |decision: &Arc<Decision>| decision.requirements.key == requirements;
        let keys: Vec<Key> = self.rows.values().filter(|d| gone(d)).map(|d| d.key).collect();
        for key in keys {
            let Some(decision) = self.rows.remove(&key) else { continue };
            let id = (decision.requirements.tenant.clone(), decision.id.clone());
            if let Some(versions) = self.versions.get_mut(&id) {
                versions.remove(&decision.version);
            }
        }
    }

    fn of<'a>(
        &'a self,
        tenant: &Text,
        id: &Text,
    ) -> impl Iterator<Item = &'a Arc<Decision>> + use<'a> {
        let versions = self.versions.get(&(tenant.clone(), id.clone()));
        let keys = versions.into_iter().flat_map(|versions| versions.values().rev());
        keys.filter_map(|key| self.rows.get(key))
    }
}

impl Catalog {
    /// Every decision that is not deleted, by key.
    pub fn decisions(&self) -> impl Iterator<Item = &Arc<Decision>> {
        self.rows.decisions.rows.values()
    }

    pub fn decision(&self, key: Key) -> Option<&Arc<Decision>> {
        self.rows.decisions.rows.get(&key)
    }

    pub fn latest_decision(&self, tenant: &Text, id: &Text) -> Option<&Arc<Decision>> {
        self.rows.decisions.of(tenant, id).next()
    }

    /// The newest version with this tag.
    pub fn tagged_decision(&self, tenant: &Text, id: &Text, tag: &str) -> Option<&Arc<Decision>> {
        self.rows.decisions.of(tenant, id).find(|d| d.version_tag.as_deref() == Some(tag))
    }

    /// A decision of the same file (0), or of one that it imports (from 1) as long as that is
    /// deployed.
    pub fn sibling(&self, decision: &Decision, file: usize, id: &str) -> Option<&Arc<Decision>> {
        let own = &decision.requirements;
        let mut all = self.rows.decisions.of(&own.tenant, &Text::from(id));
        match file.checked_sub(1) {
            None => all.find(|found| found.requirements.key == own.key),
            Some(import) => {
                let digest = *own.imports.get(import)?;
                all.find(|found| found.requirements.digest == digest)
            }
        }
    }

    /// The version that came with a deployment.
    pub fn deployed_decision(
        &self,
        tenant: &Text,
        id: &Text,
        deployment: Key,
    ) -> Option<&Arc<Decision>> {
        self.rows.decisions.of(tenant, id).find(|d| d.requirements.deployment == deployment)
    }
}
