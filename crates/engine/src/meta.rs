//! The meta machine: deployments, in a journal of their own. Partitions follow it and journal how
//! far they have come.

mod decisions;
mod deploy;
mod files;
mod image;
mod imports;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use decisions::{DecisionDeployed, RequirementsDeployed};
pub(crate) use decisions::{compile as compile_decisions, digest};
pub use files::{FileDeployed, FileKind, file_id};
pub use image::Image;

use crate::compile::{Expr, Order, Problem, Process, TimerExpr, Trigger};
use crate::event::Text;
use crate::key::{Key, META_COUNTER, PartitionId, key};
use crate::limits::{DEPLOYMENT_BYTES_MAX, DEPLOYMENT_RESOURCES_MAX};
use crate::rejection::Rejection;

/// What can be asked of the meta machine.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    StartEpoch {
        epoch: u64,
    },
    /// Atomic: all resources or none.
    Deploy {
        resources: Vec<Resource>,
        tenant: Text,
    },
    DeleteResource {
        key: Key,
    },
    /// The slot table of a fresh installation, or of one that grew.
    AssignSlots {
        partitions: PartitionId,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// May be a path; its suffix tells the type.
    pub name: Text,
    pub bytes: Arc<[u8]>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    EpochStarted {
        epoch: u64,
    },
    /// Closes a deployment; its definitions are the events before it.
    Deployed {
        key: Key,
        tenant: Text,
    },
    ProcessDeployed(Box<ProcessDeployed>),
    ProcessDeleted {
        definition: Key,
    },
    /// A DMN file with all its decisions, which come and go together.
    RequirementsDeployed(Box<RequirementsDeployed>),
    RequirementsDeleted {
        requirements: Key,
    },
    /// A form or another file.
    FileDeployed(Box<FileDeployed>),
    FileDeleted {
        file: Key,
    },
    /// Partitions 1 to `partitions` exist; slots are dealt out in turn to the first `dealt`.
    SlotsAssigned {
        partitions: PartitionId,
        dealt: PartitionId,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub struct ProcessDeployed {
    pub key: Key,
    pub deployment: Key,
    pub process_id: Text,
    pub version: i32,
    pub version_tag: Option<Text>,
    pub tenant: Text,
    pub resource: Text,
    /// xxh3-64 of the bytes.
    pub digest: u64,
    pub bytes: Arc<[u8]>,
    /// The order that element numbers refer to, for ever.
    pub elements: Vec<Text>,
    pub flows: Vec<Text>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    Done,
    Deployed(Box<Deployed>),
}

/// What a deployment brought; what it did not change keeps its key and version.
#[derive(Debug, Clone, PartialEq)]
pub struct Deployed {
    pub key: Key,
    pub tenant: Text,
    pub processes: Vec<DeployedProcess>,
    /// DMN files with their decisions.
    pub requirements: Vec<Arc<RequirementsDeployed>>,
    /// Forms and other files.
    pub files: Vec<Arc<FileDeployed>>,
    pub warnings: Vec<String>,
}

/// One process of a deployment.
#[derive(Debug, Clone, PartialEq)]
pub struct DeployedProcess {
    pub process_id: Text,
    pub version: i32,
    pub version_tag: Option<Text>,
    pub definition: Key,
    pub resource: Text,
    pub tenant: Text,
}

/// The fold of the meta journal.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct State {
    pub(crate) epoch: u64,
    pub(crate) next: i64,
    pub(crate) partitions: PartitionId,
    pub(crate) dealt: PartitionId,
    pub(crate) definitions: BTreeMap<Key, Arc<ProcessDeployed>>,
    pub(crate) deleted: std::collections::BTreeSet<Key>,
    /// Highest version ever given, per tenant and process id; never reused.
    pub(crate) versions: BTreeMap<(Text, Text), i32>,
    pub(crate) requirements: BTreeMap<Key, Arc<RequirementsDeployed>>,
    pub(crate) files: BTreeMap<Key, Arc<FileDeployed>>,
}

type Outcome = (Result<Reply, Rejection>, Vec<Event>);

impl State {
    pub fn new() -> State {
        State::default()
    }

    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// How many partitions exist, and to how many the slots were dealt; 0 before the first start.
    pub fn partitions(&self) -> (PartitionId, PartitionId) {
        (self.partitions, self.dealt)
    }

    /// Every definition ever deployed, by key.
    pub fn definitions(&self) -> impl Iterator<Item = &Arc<ProcessDeployed>> {
        self.definitions.values()
    }

    /// Events that tell what is deployed: those of the journal in short, for who follows it and
    /// begins with a checkpoint.
    pub fn told(&self) -> Vec<Event> {
        let deployed =
            |row: &Arc<ProcessDeployed>| Event::ProcessDeployed(Box::new((**row).clone()));
        let mut events = vec![Event::EpochStarted { epoch: self.epoch }];
        events.extend(self.definitions.values().map(deployed));
        let decisions = |row: &Arc<RequirementsDeployed>| {
            Event::RequirementsDeployed(Box::new((**row).clone()))
        };
        events.extend(self.requirements.values().map(decisions));
        let file = |row: &Arc<FileDeployed>| Event::FileDeployed(Box::new((**row).clone()));
        events.extend(self.files.values().map(file));
        events.extend(self.deleted.iter().filter_map(|key| self.deletion(*key)));
        events
    }

    pub fn is_deleted(&self, key: Key) -> bool {
        self.deleted.contains(&key)
    }

    /// Carries a command out; a rejected one leaves the state as it was.
    pub fn decide(&mut self, command: &Command) -> Outcome {
        let outcome = match command {
            Command::StartEpoch { epoch } => {
                Ok((Reply::Done, vec![Event::EpochStarted { epoch: *epoch }]))
            }
            Command::Deploy { resources, tenant } => self.deploy(resources, tenant),
            Command::DeleteResource { key } => self.delete(*key),
            Command::AssignSlots { partitions } => self.assign(*partitions),
        };
        match outcome {
            Ok((reply, events)) => {
                for event in &events {
                    self.apply(event);
                }
                (Ok(reply), events)
            }
            Err(rejection) => (Err(rejection), Vec::new()),
        }
    }

    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::EpochStarted { epoch } => {
                self.epoch = *epoch;
                if *epoch > 1 {
                    let stride = crate::key::EPOCH_STRIDE;
                    self.next = (self.next / stride + 1) * stride;
                }
            }
            Event::Deployed { key, .. } => self.used(*key),
            Event::ProcessDeployed(deployed) => {
                self.used(deployed.key);
                let id = (deployed.tenant.clone(), deployed.process_id.clone());
                self.versions.insert(id, deployed.version);
                self.definitions.insert(deployed.key, Arc::new((**deployed).clone()));
            }
            Event::RequirementsDeployed(deployed) => {
                self.used(deployed.key);
                deployed.decisions.iter().for_each(|decision| self.used(decision.key));
                self.requirements.insert(deployed.key, Arc::new((**deployed).clone()));
            }
            Event::FileDeployed(deployed) => {
                self.used(deployed.key);
                self.files.insert(deployed.key, Arc::new((**deployed).clone()));
            }
            Event::ProcessDeleted { definition: key }
            | Event::RequirementsDeleted { requirements: key }
            | Event::FileDeleted { file: key } => {
                self.deleted.insert(*key);
            }
            Event::SlotsAssigned { partitions, dealt } => {
                self.partitions = *partitions;
                self.dealt = *dealt;
            }
        }
    }

    fn used(&mut self, used: Key) {
        let counter = crate::key::counter_of(used) - META_COUNTER;
        self.next = self.next.max(counter + 1);
    }

    fn key(&self, offset: i64) -> Key {
        key(1, META_COUNTER + self.next.max(1) + offset)
    }

    fn assign(&self, partitions: PartitionId) -> Result<(Reply, Vec<Event>), Rejection> {
        if partitions < self.partitions {
            return Err(Rejection::invalid(format!(
                "expected at least {} partitions, because this folder has them and their \
                 instances, but {partitions} were asked for; drain the instances into a new \
                 folder to have fewer",
                self.partitions
            )));
        }
        let dealt = if self.dealt == 0 { partitions } else { self.dealt };
        let event = Event::SlotsAssigned { partitions, dealt };
        let events = if partitions == self.partitions { Vec::new() } else { vec![event] };
        Ok((Reply::Done, events))
    }

    fn delete(&self, key: Key) -> Result<(Reply, Vec<Event>), Rejection> {
        let event = self.deletion(key).filter(|_| !self.deleted.contains(&key));
        let event = event.ok_or_else(|| {
            Rejection::not_found(format!(
                "expected to delete resource with key '{key}', but no such resource was found"
            ))
        })?;
        Ok((Reply::Done, vec![event]))
    }

    /// What deletes the resource with that key, whatever it is.
    fn deletion(&self, key: Key) -> Option<Event> {
        if self.definitions.contains_key(&key) {
            Some(Event::ProcessDeleted { definition: key })
        } else if self.requirements.contains_key(&key) {
            Some(Event::RequirementsDeleted { requirements: key })
        } else {
            self.files.contains_key(&key).then_some(Event::FileDeleted { file: key })
        }
    }

    fn latest(&self, tenant: &Text, process_id: &Text) -> Option<&Arc<ProcessDeployed>> {
        let live = self.definitions.values().filter(|d| !self.deleted.contains(&d.key));
        live.filter(|d| &d.tenant == tenant && &d.process_id == process_id)
            .max_by_key(|d| d.version)
    }
}

fn check_size(resources: &[Resource]) -> Result<(), Rejection> {
    let bytes: usize = resources.iter().map(|r| r.bytes.len()).sum();
    if resources.is_empty() {
        return Err(Rejection::invalid("expected to deploy at least one resource, but none given"));
    }
    if resources.len() > DEPLOYMENT_RESOURCES_MAX {
        return Err(Rejection::invalid(format!(
            "expected at most {DEPLOYMENT_RESOURCES_MAX} resources, but {} were given",
            resources.len()
        )));
    }
    if bytes > DEPLOYMENT_BYTES_MAX {
        return Err(Rejection::invalid(format!(
            "expected resources of at most {DEPLOYMENT_BYTES_MAX} bytes together, but they have \
             {bytes}"
        )));
    }
    Ok(())
}

/// Parses and compiles one resource; all its problems as one text.
fn read(resource: &Resource) -> Result<(model::Definitions, Vec<String>), String> {
    let name = &resource.name;
    let (definitions, warnings) = model::parse(name, &resource.bytes)
        .map_err(|diagnostics| model::report(name, &diagnostics))?;
    let mut problems = String::new();
    for process in definitions.processes.iter().filter(|p| p.executable) {
        let compiled = Process::compile(process, &Order::of(process));
        let found = compiled.map_or_else(|found| found, |compiled| check_starts(&compiled));
        for problem in found {
            let (element, message) = (problem.element, problem.message);
            problems.push_str(&format!("- Element: {element}\n    - ERROR: {message}\n"));
        }
    }
    if problems.is_empty() {
        let warnings = warnings.iter().map(|w| format!("{name}: {w}")).collect();
        Ok((definitions, warnings))
    } else {
        Err(format!("'{name}':\n{problems}"))
    }
}

/// Start events are evaluated when the process becomes the latest, before there are variables.
fn check_starts(process: &Process) -> Vec<Problem> {
    let mut problems = Vec::new();
    for start in &process.starts {
        let checked = match &start.trigger {
            Trigger::Message { name, .. } => constant(name).and_then(|value| match value {
                value::Value::String(text) if !text.is_empty() => Ok(()),
                other => Err(format!(
                    "expected a message name that needs no variables, but '{}' gives {}",
                    name.source(),
                    crate::decide::describe(&other)
                )),
            }),
            Trigger::Timer(timer) => {
                let (TimerExpr::Date(e) | TimerExpr::Duration(e) | TimerExpr::Cycle(e)) = timer;
                let text = constant(e).map(|value| crate::decide::text_of(&value));
                // Whether a date or a count still comes due is not a question of the text.
                text.and_then(|text| match text {
                    Some(text) => crate::element::first_due(timer, &text, 0).map(drop),
                    None => Err(format!(
                        "expected a timer text that needs no variables, but '{}' gives none",
                        e.source()
                    )),
                })
            }
            Trigger::Signal { .. }
            | Trigger::Condition { .. }
            | Trigger::Compensation
            | Trigger::Error { .. }
            | Trigger::Escalation { .. } => Ok(()),
        };
        if let Err(message) = checked {
            problems.push(Problem { element: process.id_of(start.element).clone(), message });
        }
    }
    problems
}

/// The value of an expression that sees no variables; the clock stands at 1970.
fn constant(expr: &Expr) -> Result<value::Value, String> {
    match expr {
        Expr::Static(text) => Ok(value::Value::String(text.clone())),
        Expr::Feel(expression) => match expression.evaluate(&(), &feel::Env::new(0, 0)) {
            Ok(evaluation) => Ok(evaluation.value),
            Err(error) => Err(format!("failed to evaluate '{}': {error}", expression.source())),
        },
    }
}

/// What a stored definition means to this build; a failure parks it.
pub(crate) fn compile(
    deployed: &ProcessDeployed,
    order: &Order,
) -> (Option<Arc<model::Definitions>>, Result<Arc<Process>, String>) {
    let definitions = match model::parse(&deployed.resource, &deployed.bytes) {
        Ok((definitions, _)) => definitions,
        Err(diagnostics) => {
            return (None, Err(model::report(&deployed.resource, &diagnostics)));
        }
    };
    let found = definitions.processes.iter().find(|p| p.id == deployed.process_id);
    let compiled = match found {
        Some(process) => Process::compile(process, order).map(Arc::new).map_err(|problems| {
            problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
        }),
        None => Err(format!("expected process '{}' in its resource", deployed.process_id)),
    };
    (Some(Arc::new(definitions)), compiled)
}
