//! DMN files among the deployments.

use std::sync::Arc;

use super::State;
use super::deploy::Read;
use crate::event::Text;
use crate::key::Key;

/// A DMN file: a graph of decisions.
#[derive(Debug, Clone, PartialEq)]
pub struct RequirementsDeployed {
    pub key: Key,
    pub deployment: Key,
    pub id: Text,
    pub name: Text,
    pub version: i32,
    pub tenant: Text,
    pub resource: Text,
    /// xxh3-64 of the bytes.
    pub digest: u64,
    pub bytes: Arc<[u8]>,
    /// The files that it imports, directly or through one another, as they were then: a model
    /// means the same for ever, whatever is deployed or deleted later.
    pub imports: Vec<Arc<[u8]>>,
    /// In the order of the file.
    pub decisions: Vec<DecisionDeployed>,
}

/// A decision of a DMN file. Its version counts how often a file with its id was deployed.
#[derive(Debug, Clone, PartialEq)]
pub struct DecisionDeployed {
    pub key: Key,
    pub id: Text,
    pub name: Text,
    pub version: i32,
    pub version_tag: Option<Text>,
}

/// What the bytes of a DMN file and of those that it imports mean to this build.
pub(crate) fn compile(bytes: &[u8], imports: &[Arc<[u8]>]) -> Result<dmn::Model, String> {
    let others = imports.iter().map(|own| text(own)).collect::<Result<Vec<_>, _>>()?;
    let model = dmn::Model::read_with(text(bytes)?, &others, dmn::Options::default());
    model.map_err(|error| error.to_string())
}

/// Tells files apart.
pub(crate) fn digest(bytes: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(bytes)
}

pub(super) fn text(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes)
        .map_err(|error| format!("expected a DMN file in UTF-8, but it is not: {error}"))
}

impl State {
    /// Every DMN file ever deployed, by key.
    pub fn requirements(&self) -> impl Iterator<Item = &Arc<RequirementsDeployed>> {
        self.requirements.values()
    }

    /// The latest version of each DMN file that is not deleted.
    pub(super) fn latest_requirements(
        &self,
        tenant: &Text,
    ) -> impl Iterator<Item = &Arc<RequirementsDeployed>> {
        let mut latest = std::collections::BTreeMap::new();
        for own in self.of_tenant(tenant).filter(|own| !self.deleted.contains(&own.key)) {
            latest.insert(&*own.id, own);
        }
        latest.into_values()
    }

    fn of_tenant(&self, tenant: &Text) -> impl Iterator<Item = &Arc<RequirementsDeployed>> {
        self.requirements.values().filter(move |deployed| deployed.tenant == *tenant)
    }

    /// Highest version ever given to a decision; never reused.
    pub(super) fn decision_version(&self, tenant: &Text, id: &str) -> i32 {
        let all = self.of_tenant(tenant).flat_map(|deployed| &deployed.decisions);
        all.filter(|decision| *decision.id == *id).map(|d| d.version).max().unwrap_or(0)
    }

    pub(super) fn requirements_version(&self, tenant: &Text, id: &str) -> i32 {
        let all = self.of_tenant(tenant).filter(|deployed| *deployed.id == *id);
        all.map(|deployed| deployed.version).max().unwrap_or(0)
    }

    /// The latest version of the file, if it is this very file, imports the very same files, and
    /// all its decisions are still the latest of their ids.
    pub(super) fn known_requirements(
        &self,
        tenant: &Text,
        model: &dmn::Model,
        read: &Read<'_>,
    ) -> Option<&Arc<RequirementsDeployed>> {
        let live = || self.of_tenant(tenant).filter(|own| !self.deleted.contains(&own.key));
        let latest = live().filter(|own| *own.id == *model.id()).max_by_key(|own| own.version)?;
        let newest = |id: &Text| {
            let all = live().flat_map(|own| &own.decisions).filter(|decision| decision.id == *id);
            all.map(|decision| decision.version).max()
        };
        let current = || latest.decisions.iter().all(|own| newest(&own.id) == Some(own.version));
        let same = latest.digest == read.digest
            && latest.resource == read.resource.name
            && latest.imports == read.imports;
        (same && current()).then_some(latest)
    }
}
