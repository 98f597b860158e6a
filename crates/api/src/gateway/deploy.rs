//! Deploying and deleting.

use std::sync::Arc;

use engine::event::Text;
use engine::meta::Resource;
use engine::{Key, Rejection};
use grevy::Deployment;

use super::{Caller, Gateway};
use crate::access::Action;
use crate::failure::Failure;

impl Gateway {
    /// All resources or none. The answer waits until the deployment is durable; every partition
    /// knows it before it handles a command that came later.
    pub async fn deploy(
        &self,
        caller: &Caller,
        resources: Vec<(String, Vec<u8>)>,
        tenant: Text,
    ) -> Result<Deployment, Failure> {
        caller.principal.require(Action::Deploy)?;
        let resources: Vec<Resource> = resources
            .into_iter()
            .map(|(name, bytes)| Resource { name: name.into(), bytes: bytes.into() })
            .collect();
        self.owns(caller, &resources)?;
        if resources.iter().any(|resource| resource.name.trim().is_empty()) {
            return Err(Failure::rejected(
                "CREATE",
                &Rejection::invalid("Expected each resource to have a name, but one is blank"),
            ));
        }
        let deployed = self.engine_for(caller).await?.deploy_all(resources, &tenant).await;
        let deployed = deployed.map_err(|error| Failure::of("CREATE", error))?;
        for warning in &deployed.warnings {
            tracing::warn!(deployment = deployed.key, "{warning}");
        }
        Ok(deployed)
    }

    /// Instances of a deleted definition go on; new ones cannot be made.
    pub async fn delete_resource(&self, caller: &Caller, key: Key) -> Result<(), Failure> {
        caller.principal.require(Action::Deploy)?;
        if caller.principal.process_prefix.is_some() {
            let catalog = self.engine_for(caller).await?.catalog();
            if let Some(definition) = catalog.get(key) {
                caller.principal.require_process(&definition.process_id)?;
            }
            for decision in catalog.decisions().filter(|d| d.requirements.key == key) {
                caller.principal.require_process(&decision.id)?;
            }
            if let Some(file) = catalog.file(key) {
                caller.principal.require_process(&file.id)?;
            }
        }
        let done = self.engine_for(caller).await?.delete_resource(key).await;
        done.map_err(|error| Failure::of("DELETE", error))
    }

    /// A token with a process prefix deploys nothing else. What cannot be read is left to the
    /// deployment to refuse, which reads it again: only callers with a prefix pay for that.
    fn owns(&self, caller: &Caller, resources: &[Resource]) -> Result<(), Failure> {
        if caller.principal.process_prefix.is_none() {
            return Ok(());
        }
        for resource in resources {
            let bytes: &Arc<[u8]> = &resource.bytes;
            if resource.name.ends_with(".dmn") {
                let text = std::str::from_utf8(bytes).unwrap_or_default();
                if let Ok(file) = dmn::Model::read(text) {
                    caller.principal.require_process(file.id())?;
                    file.decisions().try_for_each(|d| caller.principal.require_process(d.id))?;
                }
                continue;
            }
            if let Some(id) = engine::meta::file_id(resource) {
                caller.principal.require_process(&id)?;
                continue;
            }
            if let Ok((definitions, _)) = model::parse(&resource.name, bytes) {
                for process in definitions.processes.iter().filter(|process| process.executable) {
                    caller.principal.require_process(&process.id)?;
                }
            }
        }
        Ok(())
    }
}
