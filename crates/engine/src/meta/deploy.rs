//! Deploying: all resources of a deployment or none, and one version for what belongs together.

use std::sync::Arc;

use super::files::{self, FileDeployed, FileKind, Named};
use super::{
    Deployed, DeployedProcess, Event, ProcessDeployed, Reply, RequirementsDeployed, Resource,
    State, check_size, decisions, imports::Library, read,
};
use crate::compile::Order;
use crate::event::Text;
use crate::key::Key;
use crate::rejection::Rejection;

/// A resource that was read, with what makes it known.
pub(super) struct Read<'a> {
    pub(super) resource: &'a Resource,
    pub(super) digest: u64,
    /// Of a DMN file: those that it imports, directly or through one another.
    pub(super) imports: Vec<Arc<[u8]>>,
    content: Content,
}

enum Content {
    Processes(model::Definitions),
    Decisions(dmn::Model),
    File(Named),
}

/// What the end of its name says that a resource is.
pub(super) fn is_process(name: &str) -> bool {
    name.ends_with(".bpmn") || name.ends_with(".xml")
}

impl State {
    pub(super) fn deploy(
        &self,
        resources: &[Resource],
        tenant: &Text,
    ) -> Result<(Reply, Vec<Event>), Rejection> {
        check_size(resources)?;
        let mut problems = String::new();
        let mut warnings = Vec::new();
        let mut found = Vec::new();
        let mut library = Library::new(self, tenant, resources);
        for resource in resources {
            let mut imports = Vec::new();
            let content = if resource.name.ends_with(".dmn") {
                library.read(resource).map(|(model, found)| {
                    let said = model.warnings().iter();
                    warnings.extend(said.map(|warning| format!("{}: {warning}", resource.name)));
                    imports = found;
                    Content::Decisions(model)
                })
            } else if is_process(&resource.name) {
                read(resource).map(|(definitions, said)| {
                    warnings.extend(said);
                    Content::Processes(definitions)
                })
            } else {
                files::read(resource).map(|named| {
                    warnings.extend(named.doubt(&resource.name));
                    Content::File(named)
                })
            };
            let digest = super::decisions::digest(&resource.bytes);
            match content {
                Ok(content) => found.push(Read { resource, digest, imports, content }),
                Err(problem) => problems.push_str(&problem),
            }
        }
        problems.push_str(&duplicates(&found));
        if !problems.is_empty() {
            let text = problems.trim_end();
            return Err(Rejection::invalid(format!(
                "Expected to deploy new resources, but encountered the following errors:\n{text}"
            )));
        }
        let mut deploying = Deploying {
            state: self,
            tenant,
            deployment: self.key(0),
            keys: 0,
            renew: !found.iter().all(|read| self.is_known(read, tenant)),
            events: Vec::new(),
            processes: Vec::new(),
            requirements: Vec::new(),
            files: Vec::new(),
        };
        found.iter().for_each(|read| deploying.add(read));
        let Deploying { deployment: key, mut events, processes, requirements, files, .. } =
            deploying;
        events.push(Event::Deployed { key, tenant: tenant.clone() });
        let tenant = tenant.clone();
        let deployed = Deployed { key, tenant, processes, requirements, files, warnings };
        Ok((Reply::Deployed(Box::new(deployed)), events))
    }

    /// Does the resource bring nothing new?
    fn is_known(&self, read: &Read<'_>, tenant: &Text) -> bool {
        match &read.content {
            Content::Processes(definitions) => {
                let mut own = definitions.processes.iter().filter(|process| process.executable);
                own.all(|process| {
                    self.latest(tenant, &process.id).is_some_and(|latest| {
                        latest.digest == read.digest && latest.resource == read.resource.name
                    })
                })
            }
            Content::Decisions(model) => self.known_requirements(tenant, model, read).is_some(),
            Content::File(named) => {
                self.known_file(tenant, named, read.resource, read.digest).is_some()
            }
        }
    }
}

/// Each id stands once in a deployment, else its version would be a matter of order.
fn duplicates(found: &[Read<'_>]) -> String {
    let mut processes = Vec::new();
    let mut decisions = Vec::new();
    let mut requirements = Vec::new();
    let (mut forms, mut others) = (Vec::new(), Vec::new());
    for read in found {
        match &read.content {
            Content::Processes(definitions) => {
                let own = definitions.processes.iter().filter(|process| process.executable);
                processes.extend(own.map(|process| &*process.id));
            }
            Content::Decisions(model) => {
                requirements.push(model.id());
                decisions.extend(model.decisions().map(|decision| decision.id));
            }
            Content::File(named) => match named.kind {
                FileKind::Form => forms.push(&*named.id),
                FileKind::Other => others.push(&*named.id),
            },
        }
    }
    let mut text = String::new();
    let kinds = [
        ("process", processes),
        ("decision", decisions),
        ("decision requirements", requirements),
        ("form", forms),
        ("resource", others),
    ];
    for (kind, mut ids) in kinds {
        ids.sort_unstable();
        if let Some(pair) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
            text.push_str(&format!(
                "Duplicated {kind} id in resources: expected each {kind} id once in a deployment, \
                 but '{}' stands in more than one {kind}\n",
                pair[0]
            ));
        }
    }
    text
}

struct Deploying<'a> {
    state: &'a State,
    tenant: &'a Text,
    deployment: Key,
    /// Keys given beside that of the deployment.
    keys: i64,
    /// Something changed, so everything gets a new version: what is bound to its deployment finds
    /// what was deployed with it.
    renew: bool,
    events: Vec<Event>,
    processes: Vec<DeployedProcess>,
    requirements: Vec<Arc<RequirementsDeployed>>,
    files: Vec<Arc<FileDeployed>>,
}

impl Deploying<'_> {
    fn new_key(&mut self) -> Key {
        self.keys += 1;
        self.state.key(self.keys)
    }

    fn add(&mut self, read: &Read<'_>) {
        match &read.content {
            Content::Processes(definitions) => {
                for process in definitions.processes.iter().filter(|p| p.executable) {
                    self.add_process(read, process);
                }
            }
            Content::Decisions(model) => self.add_decisions(read, model),
            Content::File(named) => self.add_file(read, named),
        }
    }

    fn add_file(&mut self, read: &Read<'_>, named: &Named) {
        let known = self.state.known_file(self.tenant, named, read.resource, read.digest);
        if let Some(known) = known.filter(|_| !self.renew) {
            self.files.push(known.clone());
            return;
        }
        let deployed = FileDeployed {
            key: self.new_key(),
            deployment: self.deployment,
            kind: named.kind,
            id: named.id.clone(),
            version: self.state.file_version(self.tenant, named) + 1,
            version_tag: named.version_tag.clone(),
            tenant: self.tenant.clone(),
            resource: read.resource.name.clone(),
            digest: read.digest,
            bytes: read.resource.bytes.clone(),
        };
        self.files.push(Arc::new(deployed.clone()));
        self.events.push(Event::FileDeployed(Box::new(deployed)));
    }

    fn add_process(&mut self, read: &Read<'_>, process: &model::Process) {
        let resource = read.resource;
        let known = self.state.latest(self.tenant, &process.id).filter(|_| !self.renew);
        let id = (self.tenant.clone(), process.id.clone());
        let (definition, version) = match known {
            Some(known) => (known.key, known.version),
            None => {
                let last = self.state.versions.get(&id).copied().unwrap_or(0);
                (self.new_key(), last + 1)
            }
        };
        self.processes.push(DeployedProcess {
            process_id: process.id.clone(),
            version,
            version_tag: process.version_tag.clone(),
            definition,
            resource: resource.name.clone(),
            tenant: self.tenant.clone(),
        });
        if known.is_none() {
            let order = Order::of(process);
            self.events.push(Event::ProcessDeployed(Box::new(ProcessDeployed {
                key: definition,
                deployment: self.deployment,
                process_id: process.id.clone(),
                version,
                version_tag: process.version_tag.clone(),
                tenant: self.tenant.clone(),
                resource: resource.name.clone(),
                digest: read.digest,
                bytes: resource.bytes.clone(),
                elements: order.elements,
                flows: order.flows,
            })));
        }
    }

    fn add_decisions(&mut self, read: &Read<'_>, model: &dmn::Model) {
        let name = &read.resource.name;
        let known = self.state.known_requirements(self.tenant, model, read);
        if let Some(known) = known.filter(|_| !self.renew) {
            self.requirements.push(known.clone());
            return;
        }
        let key = self.new_key();
        let decisions = model.decisions().map(|decision| decisions::DecisionDeployed {
            key: self.new_key(),
            id: decision.id.into(),
            name: decision.name.into(),
            version: self.state.decision_version(self.tenant, decision.id) + 1,
            version_tag: decision.version_tag.map(Text::from),
        });
        let decisions = decisions.collect();
        let deployed = RequirementsDeployed {
            key,
            deployment: self.deployment,
            id: model.id().into(),
            name: model.name().into(),
            version: self.state.requirements_version(self.tenant, model.id()) + 1,
            tenant: self.tenant.clone(),
            resource: name.clone(),
            digest: read.digest,
            bytes: read.resource.bytes.clone(),
            imports: read.imports.clone(),
            decisions,
        };
        self.requirements.push(Arc::new(deployed.clone()));
        self.events.push(Event::RequirementsDeployed(Box::new(deployed)));
    }
}
