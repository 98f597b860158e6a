//! Runs commands on a state, with everything checked after each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::command::{DEFAULT_TENANT, Reply};
use engine::event::Text;
use engine::state::{JobState, Lookup, Residence};
use engine::text::Narrator;
use engine::{Catalog, Cause, Command, Effect, Event, Key, Routes, State, Turn, meta};

use crate::commands::{milliseconds, variables};
use crate::limits::ROUNDS_MAX;
use crate::{model_text, scenario};

/// 2026-01-01T00:00:00Z, in ms.
const START_MS: i64 = 1_767_225_600_000;

/// A state under test.
pub struct Runner {
    models: PathBuf,
    /// Searched before `models`.
    pub(crate) beside: Option<PathBuf>,
    meta: meta::State,
    catalog: Catalog,
    position: u64,
    routes: Routes,
    state: State,
    /// Follows by folding what was encoded and decoded.
    shadow: State,
    watched: BTreeSet<Key>,
    narrator: Narrator,
    pub(crate) now: i64,
    cold: BTreeMap<Key, Vec<u8>>,
    random: Option<u64>,
    told: Vec<String>,
    log: Vec<Vec<u8>>,
}

/// What a command brought.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Each with its mark: `|` an event, `!` a refusal, `>` a row.
    pub lines: Vec<String>,
}

impl Runner {
    /// An empty partition; `forget` is the seed by which instances are forgotten.
    pub fn new(models: &Path, forget: Option<u64>) -> Runner {
        let mut runner = Runner {
            models: models.to_owned(),
            beside: None,
            meta: meta::State::new(),
            catalog: Catalog::new(),
            position: 0,
            routes: Routes::new(1),
            state: State::new(1),
            shadow: State::new(1),
            watched: BTreeSet::new(),
            narrator: Narrator::new(),
            now: START_MS,
            cold: BTreeMap::new(),
            random: forget.map(|seed| seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
            told: Vec::new(),
            log: Vec::new(),
        };
        let (begun, _) = runner.meta.decide(&meta::Command::StartEpoch { epoch: 1 });
        let started = runner.step(&Command::StartEpoch { epoch: 1 });
        assert!(begun.is_ok() && started.is_ok(), "an epoch can start: {begun:?}, {started:?}");
        runner
    }

    /// Runs one command until nothing is under way any more.
    ///
    /// # Errors
    /// A command that cannot be read, or a check that failed.
    pub fn run(&mut self, command: &scenario::Command) -> Result<Outcome, String> {
        self.told.clear();
        match command {
            scenario::Command::Process { id, block } => {
                let xml = model_text::build(id, block)?.xml();
                self.deploy(vec![(format!("{id}.bpmn"), xml.into_bytes())])?;
            }
            scenario::Command::Deploy { files } => {
                let read = |file: &String| {
                    let beside = self.beside.as_ref().map(|folder| folder.join(file));
                    let path = beside.filter(|path| path.is_file());
                    let bytes = std::fs::read(path.unwrap_or_else(|| self.models.join(file)));
                    bytes.map(|b| (file.clone(), b)).map_err(|e| format!("{file}: {e}"))
                };
                let files = files.iter().map(read).collect::<Result<_, _>>()?;
                self.deploy(files)?;
            }
            scenario::Command::Ask { verb, words, json } => {
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                self.ask(verb, &words, json.as_deref())?;
            }
        }
        Ok(Outcome { lines: std::mem::take(&mut self.told) })
    }

    /// Every step so far, as a journal keeps it.
    pub fn log(&self) -> &[Vec<u8>] {
        &self.log
    }

    fn deploy(&mut self, files: Vec<(String, Vec<u8>)>) -> Result<(), String> {
        let resources = files
            .into_iter()
            .map(|(name, bytes)| meta::Resource { name: name.into(), bytes: bytes.into() });
        let tenant = DEFAULT_TENANT.into();
        self.meta(&meta::Command::Deploy { resources: resources.collect(), tenant })
    }

    fn meta(&mut self, command: &meta::Command) -> Result<(), String> {
        let (answer, events) = self.meta.decide(command);
        match answer {
            Ok(meta::Reply::Deployed(deployed)) => {
                for process in &deployed.processes {
                    self.told.push(format!("> {} v{}", process.process_id, process.version));
                }
                for decision in deployed.requirements.iter().flat_map(|file| &file.decisions) {
                    self.told.push(format!("> {} v{}", decision.id, decision.version));
                }
                for file in &deployed.files {
                    self.told.push(format!("> {} v{} {}", file.id, file.version, file.key));
                }
            }
            Ok(meta::Reply::Done) => {}
            Err(rejection) => self.refused(&rejection.to_string()),
        }
        if !events.is_empty() {
            self.position += 1;
            for event in &events {
                self.catalog.add(event, self.position);
            }
            self.step(&Command::ApplyMeta { position: self.position })?;
        }
        self.settle()
    }

    fn ask(&mut self, verb: &str, words: &[&str], json: Option<&str>) -> Result<(), String> {
        match (verb, words) {
            ("advance", [duration]) => self.advance(milliseconds(duration)?),
            ("delete", [process]) => {
                let latest = self.catalog.latest(&DEFAULT_TENANT.into(), &Text::from(*process));
                let key = latest.map(|d| d.key).ok_or(format!("no process {process}"))?;
                self.meta(&meta::Command::DeleteResource { key })
            }
            ("delete-decisions", [id]) => {
                let latest = self.catalog.latest_decision(&DEFAULT_TENANT.into(), &(*id).into());
                let key = latest.map(|d| d.requirements.key).ok_or(format!("no decision {id}"))?;
                self.meta(&meta::Command::DeleteResource { key })
            }
            ("delete-file", [id]) => {
                let live = |file: &&Arc<meta::FileDeployed>| {
                    *file.id == **id && !self.meta.is_deleted(file.key)
                };
                let latest = self.meta.files().filter(live).last();
                let key = latest.map(|file| file.key).ok_or(format!("no file {id}"))?;
                self.meta(&meta::Command::DeleteResource { key })
            }
            ("variables", [scope]) => self.variables(scope),
            ("places", [instance]) => self.places(instance),
            ("restart", []) => {
                let epoch = self.state.epoch() + 1;
                self.step(&Command::StartEpoch { epoch })?;
                self.settle()
            }
            _ => {
                let command = self.command(verb, words, variables(json)?)?;
                self.step(&command)?;
                self.settle()
            }
        }
    }

    pub(crate) fn key(&self, name: &str) -> Result<Key, String> {
        if let Ok(key) = name.parse() {
            return Ok(key);
        }
        self.narrator.key(name).ok_or(format!("expected a name that was told before, not '{name}'"))
    }

    /// Key of a definition; `v7` is none that was deployed.
    pub(crate) fn definition(&self, process: &str, version: &str) -> Result<Key, String> {
        let version = version.strip_prefix('v').and_then(|n| n.parse().ok());
        let version = version.ok_or("expected a version like v2")?;
        let found = self.catalog.version(&DEFAULT_TENANT.into(), &process.into(), version);
        Ok(found.map_or(1, |found| found.key))
    }

    /// The token of a job's lease.
    pub(crate) fn token(&self, job: Key) -> Result<u64, String> {
        let instance = self.folded(self.shadow.owner(job).ok_or("no instance")?)?;
        match instance.jobs.get(&job).map(|job| &job.state) {
            Some(JobState::Activated { token, .. }) => Ok(*token),
            other => Err(format!("expected a leased job, but it is {other:?}")),
        }
    }

    /// `i1`, or `i1/element` for the element instance with that id.
    pub(crate) fn scope(&self, text: &str) -> Result<Key, String> {
        let Some((instance, element)) = text.split_once('/') else { return self.key(text) };
        let key = self.key(instance)?;
        let shadow = self.folded(key)?;
        let process = self.catalog.get(shadow.created.definition);
        let process = process.and_then(|d| d.process.as_ref().ok()).ok_or("no process")?;
        let found = shadow
            .elements
            .iter()
            .find(|(at, row)| **at != key && &*process.element(row.element.no).id == element);
        found.map(|(at, _)| *at).ok_or(format!("expected an instance of '{element}' in {instance}"))
    }

    /// An instance as the shadow has it, which forgets nothing.
    fn folded(&self, key: Key) -> Result<&engine::state::Instance, String> {
        match self.shadow.instance(key) {
            Lookup::Hot(instance) => Ok(instance),
            Lookup::Cold | Lookup::Absent => Err(format!("expected a running instance, not {key}")),
        }
    }

    fn variables(&mut self, scope: &str) -> Result<(), String> {
        let at = self.scope(scope)?;
        let instance = self.folded(self.shadow.owner(at).ok_or("no instance")?)?;
        let rows = instance.variables.get(&at).into_iter().flatten();
        let json = value::object_to_json(rows.map(|(name, row)| (&**name, &row.value)));
        self.told.push(format!("> {json}"));
        Ok(())
    }

    fn places(&mut self, instance: &str) -> Result<(), String> {
        let key = self.key(instance)?;
        let row = self.folded(key)?;
        let process = self.catalog.get(row.created.definition);
        let process = process.and_then(|d| d.process.as_ref().ok()).ok_or("no process")?;
        let places = row.elements.iter().filter(|(at, _)| **at != key);
        let places: Vec<&str> =
            places.map(|(_, row)| &*process.element(row.element.no).id).collect();
        self.told.push(format!("> {}", places.join(" ")));
        Ok(())
    }

    /// Moves the clock, firing what falls due in its order.
    fn advance(&mut self, by: i64) -> Result<(), String> {
        let until = self.now + by;
        for _ in 0..ROUNDS_MAX {
            let Some(due) = self.state.next_due().filter(|due| *due <= until) else {
                self.now = until;
                return self.settle();
            };
            self.now = self.now.max(due);
            self.step(&Command::Tick)?;
            self.settle()?;
        }
        Err(format!("expected timers to come to rest within {ROUNDS_MAX} rounds"))
    }

    /// Deferred work until there is none.
    fn settle(&mut self) -> Result<(), String> {
        for _ in 0..ROUNDS_MAX {
            let Some(instance) = self.state.pending().next() else { return Ok(()) };
            self.step(&Command::Continue { instance })?;
        }
        Err(format!("expected deferred work to end within {ROUNDS_MAX} rounds"))
    }

    /// Decides one command, loading what it needs, and checks everything.
    fn step(&mut self, command: &Command) -> Result<(), String> {
        let now = self.state.clock().unwrap_or(self.now);
        let decision = loop {
            let turn =
                Turn { now, catalog: &self.catalog, routes: &self.routes, watched: &self.watched };
            match self.state.decide(command, &turn) {
                Ok(decision) => break decision,
                Err(need) => need.0.into_iter().try_for_each(|key| self.load(key))?,
            }
        };
        let mut bytes = Vec::new();
        record::encode_step(&mut bytes, now, &Cause::default(), &decision.events);
        let step = record::decode_step(&bytes).map_err(|e| format!("decoding a step: {e}"))?;
        if step.events != decision.events {
            return Err(format!(
                "events changed on their way:\n{:?}\n{:?}",
                decision.events, step.events
            ));
        }
        for event in &step.events {
            self.shadow.apply(event);
        }
        if !step.events.is_empty() {
            self.log.push(bytes);
        }
        self.tell(&decision.events);
        self.answer(&decision.answer);
        self.effects(&decision.effects);
        self.verify()?;
        self.forget();
        Ok(())
    }

    fn tell(&mut self, events: &[Event]) {
        for event in events {
            if let Some(line) = self.narrator.tell(event, &self.catalog) {
                self.told.push(format!("| {}", line.trim_end()));
            }
        }
    }

    fn answer(&mut self, answer: &engine::Answer) {
        match answer {
            Ok(Reply::Jobs(leased)) => {
                for job in &leased.jobs {
                    let name = self.narrator.name(job.key);
                    let variables = job.variables.iter();
                    let json = value::object_to_json(variables.map(|(n, v)| (&**n, v)));
                    self.told.push(format!("> {name} {json}"));
                }
            }
            Ok(
                Reply::Done
                | Reply::Created(_)
                | Reply::Published { .. }
                | Reply::Correlating { .. }
                | Reply::Correlated { .. }
                | Reply::VariablesSet { .. }
                | Reply::Listening { .. }
                | Reply::Evaluated(_)
                | Reply::Started(_),
            ) => {}
            Err(rejection) => self.refused(&rejection.to_string()),
        }
    }

    fn effects(&mut self, effects: &[Effect]) {
        for effect in effects {
            if let Effect::Correlated { message, instance } = effect {
                let message = self.narrator.name(*message);
                let taken = instance.map_or("nobody".to_owned(), |key| self.narrator.name(key));
                self.told.push(format!("> {message} taken by {taken}"));
            }
            if let Effect::TaskSettled { task, outcome } = effect {
                match outcome {
                    Ok(()) => {
                        let task = self.narrator.name(*task);
                        self.told.push(format!("> {task} settled"));
                    }
                    Err(rejection) => self.refused(&rejection.to_string()),
                }
            }
        }
    }

    /// Keys in refusals become names, so that they can be read.
    fn refused(&mut self, reason: &str) {
        let mut text = String::new();
        let mut digits = String::new();
        for c in reason.chars().chain([' ']) {
            if c.is_ascii_digit() {
                digits.push(c);
                continue;
            }
            match digits.parse::<Key>().ok().filter(|_| digits.len() > 9) {
                Some(key) => text += &self.narrator.name(key),
                None => text += &digits,
            }
            digits.clear();
            text.push(c);
        }
        for line in text.trim_end().lines() {
            self.told.push(format!("! {line}"));
        }
    }

    fn verify(&mut self) -> Result<(), String> {
        let hot: Vec<Key> = self.state.instances().map(|(key, _)| key).collect();
        let same = match self.cold.is_empty() {
            true => self.state == self.shadow,
            // What is forgotten is compared when it comes back.
            false => true,
        };
        if !same {
            return Err(format!(
                "the fold of the events differs from the state:\n{:#?}\n{:#?}",
                self.shadow, self.state
            ));
        }
        for key in hot {
            if let Lookup::Hot(instance) = self.state.instance(key) {
                let blob = record::checkpoint::encode_instance(instance);
                let back = record::checkpoint::decode_instance(&blob);
                if back.as_ref() != Ok(instance) {
                    return Err(format!("instance {key} comes back as another: {back:?}"));
                }
            }
        }
        let violations = self.shadow.violations();
        match violations.is_empty() {
            true => Ok(()),
            false => Err(format!("the state is not sound: {}", violations.join("; "))),
        }
    }

    fn next(&mut self) -> Option<u64> {
        let random = self.random.as_mut()?;
        *random ^= *random << 13;
        *random ^= *random >> 7;
        *random ^= *random << 17;
        Some(*random)
    }

    fn forget(&mut self) {
        let hot = self.state.instances().filter(|(_, r)| matches!(r, Residence::Hot(_)));
        let keys: Vec<Key> = hot.map(|(key, _)| key).collect();
        for key in keys {
            if self.next().is_some_and(|random| random.is_multiple_of(2))
                && let Some(instance) = self.state.passivate(key)
            {
                self.cold.insert(key, record::checkpoint::encode_instance(&instance));
            }
        }
    }

    fn load(&mut self, key: Key) -> Result<(), String> {
        let blob = self.cold.remove(&key).ok_or(format!("{key} is cold and was never stored"))?;
        let instance = record::checkpoint::decode_instance(&blob);
        let instance = instance.map_err(|e| format!("instance {key}: {e}"))?;
        if self.folded(key)? != &instance {
            return Err(format!("instance {key} was forgotten as another"));
        }
        self.state.restore(Box::new(instance));
        Ok(())
    }
}
