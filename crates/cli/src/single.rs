//! One instance in memory, without threads, files or waiting: what `grevy run` runs on.

use std::collections::{BTreeMap, BTreeSet};

use crate::commands::run::Walk;
use engine::command::{
    CreateInstance, DEFAULT_TENANT, DefinitionRef, LeaseJobs, LeasedJob, PublishMessage,
};
use engine::compile::{Kind, Process, Trigger};
use engine::event::{NamedValue, PROCESS};
use engine::state::{Instance, Lookup, Phase};
use engine::text::Narrator;
use engine::{Catalog, Command, Effect, Key, Reply, Routes, State, Turn, meta};

/// A partition of its own, with time that is as late as it must be.
pub struct Single {
    state: State,
    meta: meta::State,
    catalog: Catalog,
    routes: Routes,
    position: u64,
    now: i64,
    narrator: Narrator,
    watched: BTreeSet<Key>,
    first: Option<String>,
    instance: Key,
    ended: Option<String>,
    attempts: BTreeMap<Key, i32>,
    walk: Walk,
}

/// Why the instance does not go on by itself.
pub enum Stopped {
    Job(Box<LeasedJob>),
    Message {
        name: String,
        key: String,
    },
    Incidents(Vec<String>),
    /// Nothing that can come here: what it waits for, in words.
    Stuck(Vec<String>),
    Ended {
        variables: String,
    },
}

impl Single {
    pub fn new() -> Single {
        Single {
            state: State::new(1),
            meta: meta::State::new(),
            catalog: Catalog::new(),
            routes: Routes::new(1),
            position: 0,
            now: jiff::Timestamp::now().as_millisecond(),
            narrator: Narrator::new(),
            watched: BTreeSet::new(),
            first: None,
            instance: 0,
            ended: None,
            attempts: BTreeMap::new(),
            walk: Walk::default(),
        }
    }

    /// Deploys files together, by name and content.
    pub fn deploy(&mut self, files: Vec<(String, Vec<u8>)>) -> Result<(), String> {
        let resource = |(name, bytes): (String, Vec<u8>)| meta::Resource {
            name: name.into(),
            bytes: bytes.into(),
        };
        let resources = files.into_iter().map(resource).collect();
        let deploy = meta::Command::Deploy { resources, tenant: DEFAULT_TENANT.into() };
        let (answer, events) = self.meta.decide(&deploy);
        match answer.map_err(|rejection| rejection.reason)? {
            meta::Reply::Deployed(deployed) => {
                for warning in &deployed.warnings {
                    println!("warning: {warning}");
                }
                let first =
                    deployed.processes.first().map(|process| process.process_id.to_string());
                self.first = self.first.take().or(first);
            }
            meta::Reply::Done => {}
        }
        for event in events {
            self.position += 1;
            self.catalog.add(&event, self.position);
        }
        self.ask(&Command::ApplyMeta { position: self.position }, false).map(drop)
    }

    pub fn start(&mut self, process: Option<&str>, variables: &str) -> Result<(), String> {
        let first = process.map(str::to_owned).or_else(|| self.first.clone());
        let process_id = first.ok_or("expected an executable process, but the files have none")?;
        let create = CreateInstance {
            definition: DefinitionRef::Id { process_id: process_id.as_str().into(), version: None },
            tenant: DEFAULT_TENANT.into(),
            variables: parse(variables)?,
            terminate_after: Vec::new(),
            start_before: Vec::new(),
            tags: Vec::new(),
            business_id: None,
            unique: false,
        };
        match self.ask(&Command::CreateInstance(create), true)? {
            Reply::Created(created) => self.instance = created.instance,
            other => return Err(format!("expected a new instance, but got {other:?}")),
        }
        self.watched.insert(self.instance);
        Ok(())
    }

    /// Goes on until the world has to do something.
    ///
    /// A message that is `offered` comes before a timer that would give up on it.
    pub fn go_on(&mut self, offered: impl Fn(&str) -> bool) -> Result<Stopped, String> {
        loop {
            if let Some(variables) = self.ended.take() {
                return Ok(Stopped::Ended { variables });
            }
            let pending = self.state.pending().next();
            let queue = self.state.queues().next().map(|(queue, _)| queue.job_type.clone());
            if let Some(instance) = pending {
                self.ask(&Command::Continue { instance }, true)?;
            } else if let Some(job_type) = queue {
                if let Some(job) = self.lease(&job_type)? {
                    return Ok(Stopped::Job(Box::new(job)));
                }
            } else if let Some(incidents) = self.incidents() {
                return Ok(Stopped::Incidents(incidents));
            } else if let Some((name, key)) = self.waits_for(&offered) {
                return Ok(Stopped::Message { name, key });
            } else if let Some(due) = self.state.next_due().filter(|_| self.has_timer()) {
                self.now = self.now.max(due);
                self.ask(&Command::Tick, true)?;
            } else if let Some((name, key)) = self.waits_for(|_| true) {
                return Ok(Stopped::Message { name, key });
            } else {
                return Ok(Stopped::Stuck(self.stuck()));
            }
        }
    }

    /// What happened so far, as a page.
    pub fn page(&self, outcome: &str) -> Option<report::Page> {
        self.walk.page(&self.catalog, self.instance, outcome)
    }

    /// The instance and those that it called.
    fn instances(&self) -> impl Iterator<Item = &Instance> {
        let hot = self.state.instances().filter_map(|(key, _)| match self.state.instance(key) {
            Lookup::Hot(instance) => Some(instance),
            Lookup::Cold | Lookup::Absent => None,
        });
        hot.filter(|instance| instance.created.root_instance == self.instance)
    }

    fn has_timer(&self) -> bool {
        self.instances().any(|instance| !instance.timers.is_empty())
    }

    /// What the deployed files say.
    pub fn models(&self) -> impl Iterator<Item = &model::Definitions> {
        self.catalog.definitions().filter_map(|definition| definition.model.as_deref())
    }

    /// Joins that miss a branch first: nothing is left that could bring it.
    fn stuck(&self) -> Vec<String> {
        let mut joins = Vec::new();
        let mut others = Vec::new();
        for instance in self.instances() {
            let definition = self.catalog.get(instance.created.definition);
            let Some(process) = definition.and_then(|it| it.process.as_deref().ok()) else {
                continue;
            };
            joins.extend(stuck_joins(instance, process));
            for element in instance.elements.values() {
                if element.element.no == PROCESS || element.phase != Phase::Activated {
                    continue;
                }
                let element = process.element(element.element.no);
                let id = &element.id;
                match &element.kind {
                    Kind::UserTask(_) => others.push(format!(
                        "At '{id}' it waits for somebody to complete the user task, which `grevy \
                         run` cannot do."
                    )),
                    Kind::Catch(catch) | Kind::Receive(catch) => {
                        let what = match &catch.trigger {
                            Trigger::Signal { name } => format!("the signal '{}'", name.source()),
                            Trigger::Condition { condition, .. } => {
                                format!("the condition '{}' to hold", condition.source())
                            }
                            _ => "an event".to_owned(),
                        };
                        others.push(format!("At '{id}' it waits for {what}, which cannot come."));
                    }
                    Kind::EventBased(_) => {
                        others.push(format!("At '{id}' it waits for an event, which cannot come."))
                    }
                    _ => {}
                }
            }
        }
        joins.extend(others);
        if joins.is_empty() {
            joins.push("It waits, but for nothing that can come.".to_owned());
        }
        joins
    }

    fn lease(&mut self, job_type: &str) -> Result<Option<LeasedJob>, String> {
        let lease = LeaseJobs {
            job_type: job_type.into(),
            worker: "grevy run".into(),
            timeout: 365 * 24 * 3_600_000,
            max_jobs: 1,
            fetch_variables: Vec::new(),
            tenants: vec![DEFAULT_TENANT.into()],
        };
        match self.ask(&Command::LeaseJobs(lease), false)? {
            Reply::Jobs(mut jobs) => Ok(jobs.jobs.pop()),
            other => Err(format!("expected jobs, but got {other:?}")),
        }
    }

    pub fn complete(&mut self, job: &LeasedJob, variables: Vec<NamedValue>) -> Result<(), String> {
        self.ask(&Command::CompleteJob { job: job.key, variables, token: None }, true).map(drop)
    }

    pub fn fail(&mut self, job: &LeasedJob, message: &str) -> Result<(), String> {
        let attempts = self.attempts.entry(job.key).or_insert(job.retries);
        *attempts -= 1;
        let fail = Command::FailJob {
            job: job.key,
            retries: *attempts,
            message: message.into(),
            back_off: 0,
            variables: Vec::new(),
            token: None,
        };
        println!("  job '{}' failed: {message}", job.job_type);
        self.ask(&fail, true).map(drop)
    }

    pub fn throw(
        &mut self,
        job: &LeasedJob,
        code: &str,
        message: &str,
        variables: Vec<NamedValue>,
    ) -> Result<(), String> {
        let (code, message) = (code.into(), message.into());
        let throw = Command::ThrowError { job: job.key, code, message, variables, token: None };
        self.ask(&throw, true).map(drop)
    }

    pub fn publish(
        &mut self,
        name: &str,
        key: &str,
        variables: Vec<NamedValue>,
    ) -> Result<(), String> {
        let message = PublishMessage {
            name: name.into(),
            correlation_key: key.into(),
            id: "".into(),
            time_to_live: 0,
            tenant: DEFAULT_TENANT.into(),
            variables,
        };
        self.ask(&Command::PublishMessage(message), true).map(drop)
    }

    fn incidents(&self) -> Option<Vec<String>> {
        let all = self.instances().flat_map(|instance| instance.incidents.values());
        let all: Vec<String> = all.map(|row| format!("{}: {}", row.kind, row.message)).collect();
        (!all.is_empty()).then_some(all)
    }

    fn waits_for(&self, wanted: impl Fn(&str) -> bool) -> Option<(String, String)> {
        let mut rows = self.instances().flat_map(|instance| instance.subscriptions.values());
        let row = rows.find(|row| wanted(&row.name))?;
        Some((row.name.to_string(), row.correlation_key.to_string()))
    }

    fn ask(&mut self, command: &Command, tell: bool) -> Result<Reply, String> {
        let turn = Turn {
            now: self.now,
            catalog: &self.catalog,
            routes: &self.routes,
            watched: &self.watched,
        };
        let decision = self
            .state
            .decide(command, &turn)
            .map_err(|need| format!("expected everything in memory, but {:?} is not", need.0))?;
        for event in &decision.events {
            let line = self.narrator.tell(event, &self.catalog).filter(|_| tell);
            if let Some(line) = &line {
                println!("  {line}");
            }
            self.walk.see(self.now, event, line.as_deref());
        }
        let mine = self.instance;
        for effect in decision.effects {
            if let Effect::Ended { instance, variables, .. } = effect
                && (instance == mine || mine == 0)
            {
                let all = variables.iter().map(|(name, value)| (&**name, value));
                self.ended = Some(value::object_to_json(all));
            }
        }
        decision.answer.map_err(|rejection| rejection.reason)
    }
}

/// Gateways that some branches have reached and others have not, as `grevy explain` tells them.
fn stuck_joins(instance: &Instance, process: &Process) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut told = Vec::new();
    for (scope, flow) in instance.tokens.keys() {
        let gateway = process.flow(*flow).target;
        let join = process.element(gateway);
        if join.incoming.len() < 2 || !seen.insert((*scope, gateway)) {
            continue;
        }
        let missing =
            join.incoming.iter().filter(|it| !instance.tokens.contains_key(&(*scope, **it)));
        let missing = missing.map(|flow| {
            let flow = process.flow(*flow);
            let source = process.element(flow.source);
            format!("'{}' from '{}'", flow.id, source.name.as_ref().unwrap_or(&source.id))
        });
        let missing: Vec<String> = missing.collect();
        told.push(format!(
            "At '{}' it waits for the other branches: {} did not arrive, and nothing is left that \
             could.",
            join.id,
            missing.join(" and ")
        ));
    }
    told
}

fn parse(json: &str) -> Result<Vec<NamedValue>, String> {
    value::object_from_json(json).map_err(|error| error.to_string())
}
