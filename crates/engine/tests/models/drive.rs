//! Runs a model in the engine and in the oracle at once, by the same random steps, and compares
//! what is open and what the variables are after each of them.

use std::collections::BTreeMap;

use engine::command::{DEFAULT_TENANT, PublishMessage};
use engine::event::{ElementNo, InstanceEvent, ListenerKind, NamedValue, Role};
use engine::state::{Instance, Lookup};
use engine::{Command, Event, Key, Reply};

use super::block::{self, Model, Start};
use super::histogram::{Histogram, Outcome};
use super::oracle::{Asks, Oracle, Step, Value, Variables, Wait, What};
use super::support::{Random, World};
use super::xml;

/// What is varied beside the model.
#[derive(Debug, Clone, Copy, Default)]
pub struct Variation {
    pub seed: u64,
    /// Instances leave memory at random.
    pub forgets: bool,
    /// Every command panics once first.
    pub faults: bool,
    /// Events after which the rest of a step is deferred.
    pub step_events: Option<usize>,
    /// The small tables are rebuilt from their image now and then.
    pub checkpoints: bool,
    pub cancels: bool,
    /// What ends things from outside, once something rare is under way.
    pub prefers: Prefers,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Prefers {
    #[default]
    Nothing,
    Timers,
    Events,
}

impl Variation {
    /// What the models of a run are varied by.
    pub fn of(seed: u64) -> Variation {
        Variation {
            seed,
            forgets: seed % 3 == 1,
            faults: seed % 16 == 5,
            step_events: (seed % 4 == 2).then(|| 6 + (seed % 37) as usize),
            checkpoints: seed % 5 == 3,
            cancels: seed % 4 == 3,
            prefers: match seed % 8 {
                0 | 6 => Prefers::Timers,
                2 => Prefers::Events,
                _ => Prefers::Nothing,
            },
        }
    }
}

pub fn run(variation: Variation) -> Histogram {
    let mut random = Random::new(variation.seed);
    let model = block::model(&mut random);
    let text = xml::write(&model);
    let mut driver = Driver::new(&model, &text, variation, random);
    driver.start();
    driver.drive();
    driver.check_end();
    Histogram::of(&driver.world, &driver.ends)
}

/// Where something that is open stands in the engine: its instance and its key.
type Place = (Key, Key);

struct Driver<'m> {
    model: &'m Model,
    text: &'m str,
    variation: Variation,
    world: World,
    oracle: Oracle<'m>,
    random: Random,
    /// From which event on what is terminated ended how.
    ends: Vec<(usize, Outcome)>,
    root: Key,
    epoch: u64,
}

impl<'m> Driver<'m> {
    fn new(model: &'m Model, text: &'m str, variation: Variation, random: Random) -> Driver<'m> {
        let mut world = World::new(variation.seed, variation.forgets);
        world.faults = variation.faults.then(|| Random::new(variation.seed ^ 5));
        if let Some(events) = variation.step_events {
            world.limit_steps(events);
        }
        world.deploy_with(text, &[("d.dmn", xml::DECISION)]);
        let oracle = Oracle::new(world.now);
        Driver {
            model,
            text,
            variation,
            world,
            oracle,
            random,
            ends: Vec::new(),
            root: 0,
            epoch: 1,
        }
    }

    fn below(&mut self, limit: u32) -> u32 {
        self.random.below(limit)
    }

    fn fail(&self, why: &str) -> ! {
        let Variation { seed, .. } = self.variation;
        let mut trace = engine::text::Narrator::new();
        let lines = self.world.events.iter().filter_map(|e| trace.tell(e, &self.world.catalog));
        let lines: Vec<String> = lines.collect();
        for line in &lines[lines.len().saturating_sub(60)..] {
            println!("  | {line}");
        }
        panic!("seed {seed}: {why}\n{:?}\n{}", self.variation, self.text);
    }

    fn begin(&mut self, outcome: Outcome) {
        self.ends.push((self.world.events.len(), outcome));
    }

    fn start(&mut self) {
        let mut given: Variables = BTreeMap::new();
        let mut json = String::from("{\"fixed\":1");
        for (n, at) in &self.model.given {
            json += &format!(",\"c{n}\":{at}");
            given.insert(format!("c{n}"), Value::Number(*at as i64));
        }
        json.push('}');
        let from = self.world.events.len();
        match self.model.start {
            Start::None => {
                self.world.create("p", &json);
            }
            Start::Message => {
                self.world.try_publish("start", "", "", 0, &json).expect("it starts");
            }
            Start::Signal => self.broadcast("start", &json),
            Start::Timer => self.world.advance(5_000),
        }
        let created = self.world.events[from..].iter().find_map(|event| match event {
            Event::Instance { instance, event: InstanceEvent::Created(row) }
                if row.parent_instance.is_none() =>
            {
                Some(*instance)
            }
            _ => None,
        });
        self.root = created.unwrap_or_else(|| self.fail("no instance began"));
        self.oracle.now = self.world.now;
        self.oracle.start(&self.model.body, given);
        if self.model.start == Start::Timer {
            // Its first job brings what the others were created with.
            let command =
                Command::SetVariables { scope: self.root, variables: object(&json), local: false };
            self.world.ask(&command).expect("variables are set");
        }
        self.compare();
    }

    fn drive(&mut self) {
        let last = if self.variation.cancels { self.below(24) } else { u32::MAX };
        for round in 0..4_000 {
            if self.oracle.is_over() {
                return;
            }
            let now = self.variation.cancels && self.oracle.is_rare() && self.below(2) == 0;
            if round >= last || now {
                self.begin(Outcome::Cancelled);
                self.world.ask(&Command::CancelInstance { instance: self.root }).expect("it ends");
                self.oracle.cancel();
                return;
            }
            if self.below(6) == 0 {
                self.noise();
            }
            if self.variation.checkpoints && self.below(4) == 0 {
                self.world.through_a_checkpoint();
            }
            let all: Vec<Step> = self.oracle.steps();
            let again =
                |step: &&Step| step.fired < 2 || (step.what == What::AdHoc && round % 8 == 0);
            let mut open: Vec<&Step> = all.iter().filter(again).collect();
            if open.is_empty() {
                open.extend(&all);
            }
            // From outside: only once something rare is under way, and then at once.
            let (first, rest): (Vec<&Step>, Vec<&Step>) =
                open.iter().partition(|step| self.prefers(step.what));
            let chosen = if self.oracle.is_rare() { first } else { rest };
            let prefers = self.variation.prefers != Prefers::Nothing && self.below(8) != 0;
            if prefers && !chosen.is_empty() {
                open = chosen;
            }
            if open.is_empty() {
                self.fail("nothing is left to do");
            }
            let step = open[self.below(open.len() as u32) as usize].clone();
            self.begin(Outcome::Interrupted);
            self.take(&step);
            self.compare();
        }
        self.fail("it does not end");
    }

    fn prefers(&self, what: What) -> bool {
        match self.variation.prefers {
            Prefers::Nothing => false,
            Prefers::Timers => what == What::Timer,
            Prefers::Events => matches!(what, What::Message | What::Signal | What::Condition),
        }
    }

    fn take(&mut self, step: &Step) {
        match step.what {
            What::Timer => {
                self.begin(Outcome::TimedOut);
                let to = step.due.max(self.world.now).div_euclid(1_000) * 1_000 + 1_000;
                let more = i64::from(self.below(3)) * 4_000;
                self.world.advance(to + more - self.world.now);
                self.oracle.advance(to + more);
            }
            What::Job => self.work(step),
            What::StartListener | What::EndListener => {
                let job = self.find(step).1;
                self.maybe_lease(job);
                if !self.world.complete(job) {
                    self.fail("the job of a listener was refused");
                }
                self.oracle.complete_listener(step);
            }
            What::User => {
                let task = self.find(step).1;
                let (variables, action) = (Vec::new(), "".into());
                let command = Command::CompleteUserTask { task, variables, action };
                self.world.ask(&command).expect("a task completes");
                self.oracle.complete_task(step);
            }
            What::Message => {
                let payload = i64::from(self.below(100));
                let json = format!("{{\"v{}\":{payload}}}", step.n);
                self.publish(step, 0, &json);
                self.oracle.deliver(step, Some(payload));
            }
            What::Signal => {
                let payload = i64::from(self.below(100));
                self.broadcast(&format!("S{}", step.n), &format!("{{\"v{}\":{payload}}}", step.n));
                self.oracle.broadcast(step.n, Some(payload));
            }
            What::Condition => {
                let scope = self.find(step).0;
                self.set(scope, &format!("ready{}", step.n));
                self.oracle.make_true(step);
            }
            What::Incident => {
                let (scope, incident) = self.find(step);
                self.set(scope, &format!("fix{}", step.n));
                self.oracle.mend(step);
                self.world.ask(&Command::ResolveIncident { incident }).expect("it resolves");
                self.oracle.resolve(step);
            }
            What::AdHoc => self.activate(step),
        }
    }

    /// A worker takes the job of `step`.
    fn work(&mut self, step: &Step) {
        let job = self.find(step).1;
        self.maybe_lease(job);
        match self.below(8) {
            0 => self.fail_and_mend(job),
            1 => {
                self.world.throw(job, "NOBODY");
                self.resolve_of(job);
            }
            2 => {
                let codes = self.oracle.catches(step.id);
                if !codes.is_empty() {
                    let code = codes[self.below(codes.len() as u32) as usize];
                    self.world.throw(job, &format!("X{code}"));
                    self.oracle.throw_error(step, code);
                }
            }
            _ => {
                let result = i64::from(self.below(100));
                let answer = self.below(2) == 0;
                let more = match self.oracle.asks(step.id, step.n) {
                    Asks::Nothing => format!(",\"again{}\":false", step.n),
                    Asks::Again(n) => format!(",\"again{n}\":{answer}"),
                    Asks::Enough(n) => format!(",\"d{n}\":{answer}"),
                };
                let answer = answer && more.ends_with("true");
                let json = format!("{{\"v{}\":{result}{more}}}", step.n);
                if !self.world.complete_with(job, &json) {
                    self.fail("a job was refused");
                }
                self.oracle.complete_job(step, result, answer);
            }
        }
    }

    /// The last retry fails; somebody gives it more and resolves the incident.
    fn fail_and_mend(&mut self, job: Key) {
        self.world.fail(job, 0);
        let (retries, timeout, priority) = (Some(2), None, None);
        self.world
            .ask(&Command::UpdateJob { job, retries, timeout, priority })
            .expect("it gets retries");
        self.resolve_of(job);
    }

    fn resolve_of(&mut self, job: Key) {
        let mut incidents = self.world.whole_instances().flat_map(|i| &i.incidents);
        let found = incidents.find(|(_, row)| row.job == Some(job)).map(|(key, _)| *key);
        let Some(incident) = found else { self.fail("a job has failed without an incident") };
        drop(incidents);
        self.world.ask(&Command::ResolveIncident { incident }).expect("it resolves");
    }

    fn activate(&mut self, step: &Step) {
        let found = self.world.whole_instances().find_map(|instance| {
            let mut rows = instance.elements.iter();
            rows.find(|(key, row)| {
                row.element.role.acts()
                    && instance.looped(**key).is_some()
                    && number(&self.id(instance, row.element.no)) == step.n
                    && self.places(instance, **key) == step.places
            })
            .map(|(key, _)| *key)
        });
        let Some(ad_hoc) = found else { self.fail("no ad-hoc sub-process is there") };
        let Some(job) = jobs_of(&self.model.body, step.n) else { return };
        let elements = vec![(format!("inner_{job}").into(), Vec::new())];
        let command = engine::command::ActivateAdHoc { ad_hoc, elements, cancel_remaining: false };
        self.world.ask(&Command::ActivateAdHoc(command)).expect("it begins");
        self.oracle.activate(step, job);
    }

    /// What must change nothing that the oracle sees.
    fn noise(&mut self) {
        match self.below(7) {
            0 => self.world.publish("nobody", "k", 0),
            1 => self.broadcast("nobody", "{}"),
            2 => {
                self.epoch += 1;
                self.world.ask(&Command::StartEpoch { epoch: self.epoch }).expect("an epoch");
            }
            3 => {
                let variables = object("{\"unrelated\":1}");
                let set = Command::SetVariables { scope: self.root, variables, local: true };
                self.world.ask(&set).expect("variables are set");
            }
            4 => {
                self.world.lease_any();
            }
            5 => {
                let job = self.root;
                let (variables, token) = (Vec::new(), None);
                let refused = self.world.ask(&Command::CompleteJob { job, variables, token });
                assert!(refused.is_err(), "an instance is no job");
            }
            _ => self.be_early(),
        }
    }

    /// A message comes before anyone waits for it.
    fn be_early(&mut self) {
        let waited = catches_of(&self.model.body);
        if waited.is_empty() {
            return;
        }
        let n = waited[self.below(waited.len() as u32) as usize];
        if self.oracle.publish_early(n, Vec::new()) {
            self.world.publish(&format!("M{n}"), "k", 1_000_000_000);
        }
    }

    fn publish(&mut self, step: &Step, time_to_live: i64, json: &str) {
        let key: String = step.places.iter().map(ToString::to_string).collect();
        let message = PublishMessage {
            name: format!("M{}", step.n).into(),
            correlation_key: format!("k{key}").into(),
            id: "".into(),
            time_to_live,
            tenant: DEFAULT_TENANT.into(),
            variables: object(json),
        };
        self.world.ask(&Command::PublishMessage(message)).expect("it is published");
    }

    fn broadcast(&mut self, name: &str, json: &str) {
        let (name, tenant, variables) = (name.into(), DEFAULT_TENANT.into(), object(json));
        let signal = Command::BroadcastSignal { name, tenant, variables };
        self.world.ask(&signal).expect("a signal");
    }

    fn set(&mut self, scope: Key, name: &str) {
        let variables = object(&format!("{{\"{name}\":true}}"));
        let set = Command::SetVariables { scope, variables, local: false };
        self.world.ask(&set).expect("variables are set");
    }

    fn maybe_lease(&mut self, job: Key) {
        if self.below(3) != 0 {
            return;
        }
        let mut jobs = self.world.whole_instances().flat_map(|i| &i.jobs);
        let job_type = jobs.find(|(key, _)| **key == job).map(|(_, row)| row.job_type.clone());
        drop(jobs);
        if let Some(job_type) = job_type {
            match self.world.lease(&job_type, 3) {
                Reply::Jobs(_) => {}
                other => self.fail(&format!("expected jobs, but {other:?}")),
            }
        }
    }

    // Comparing.

    fn find(&self, step: &Step) -> Place {
        let all = self.open();
        let found = all.get(&(step.what, step.n, step.places.clone()));
        match found.and_then(|places| places.first()) {
            Some(place) => *place,
            None => self.fail(&format!("{step:?} is not open in the engine")),
        }
    }

    fn compare(&self) {
        let engine = self.open();
        let oracle = self.oracle.waits();
        let counted: BTreeMap<&Wait, usize> =
            engine.iter().map(|(wait, places)| (wait, places.len())).collect();
        let expected: BTreeMap<&Wait, usize> =
            oracle.iter().map(|(w, count)| (w, *count)).collect();
        if counted != expected {
            self.fail(&format!("the engine has {counted:?}\nthe oracle has {expected:?}"));
        }
        let processes = self.oracle.variables();
        if self.world.whole_instances().count() != processes.len() {
            let count = self.world.whole_instances().count();
            self.fail(&format!("{count} instances, but expected {}", processes.len()));
        }
        for ((caller, places), expected) in processes {
            let found = self.world.whole_instances().find(|instance| {
                self.caller(instance) == caller && self.places(instance, instance.key) == places
            });
            let Some(instance) = found else {
                self.fail(&format!("{caller} at {places:?} has called nothing"));
            };
            let expected: BTreeMap<&str, String> = expected
                .iter()
                .filter(|(name, _)| compared(name))
                .map(|(name, value)| (&**name, json(value)))
                .collect();
            let own = instance.variables.get(&instance.key);
            let held: BTreeMap<&str, String> = own
                .into_iter()
                .flatten()
                .filter(|(name, _)| compared(name))
                .map(|(name, row)| (&**name, row.value.to_json()))
                .collect();
            if expected != held {
                self.fail(&format!("variables are {held:?}\nbut should be {expected:?}"));
            }
        }
    }

    fn check_end(&mut self) {
        self.world.settle();
        if self.world.state.instances().count() != 0 {
            self.fail("instances are left");
        }
        if self.world.state.queues().any(|(_, jobs)| jobs > 0) {
            self.fail("jobs are left");
        }
        let wakes = self.world.state.wakes();
        let left: Vec<_> =
            wakes.filter(|w| w.kind != engine::state::WakeKind::MessageExpiry).collect();
        if !left.is_empty() {
            self.fail(&format!("{left:?} are left"));
        }
    }

    /// Everything that is open in the engine.
    fn open(&self) -> BTreeMap<Wait, Vec<Place>> {
        let mut all: BTreeMap<Wait, Vec<Place>> = BTreeMap::new();
        for instance in self.world.whole_instances() {
            let mut add = |what: What, n: u32, at: Key, key: Key| {
                let wait = (what, n, self.places(instance, at));
                all.entry(wait).or_default().push((instance.key, key));
            };
            let target = |no: ElementNo| number(&self.id(instance, no));
            for (key, job) in &instance.jobs {
                let what = match job.listener_event {
                    ListenerKind::Start => What::StartListener,
                    ListenerKind::End => What::EndListener,
                    _ => What::Job,
                };
                let element = instance.element(job.element).expect("it has an element");
                add(what, target(element.element.no), job.element, *key);
            }
            for (key, row) in &instance.timers {
                add(What::Timer, target(row.target), row.host, *key);
            }
            for (key, row) in &instance.subscriptions {
                add(What::Message, target(row.target), row.host, *key);
            }
            for (key, row) in instance.signals() {
                add(What::Signal, target(row.target), row.host, key);
            }
            for (key, row) in &instance.incidents {
                let element = instance.element(row.element).expect("it has an element");
                add(What::Incident, target(element.element.no), row.element, *key);
            }
            for (key, row) in instance.rare.iter().flat_map(|rare| &rare.conditions) {
                add(What::Condition, target(row.target), row.host, *key);
            }
            for (key, task) in instance.rare.iter().flat_map(|rare| &rare.tasks) {
                let element = instance.element(task.element).expect("it has an element");
                add(What::User, target(element.element.no), task.element, *key);
            }
        }
        all
    }

    fn id(&self, instance: &Instance, no: ElementNo) -> String {
        let definition = self.world.catalog.get(instance.created.definition).expect("deployed");
        definition.process.as_ref().expect("compiled").id_of(no).to_string()
    }

    fn caller(&self, instance: &Instance) -> u32 {
        let (Some(parent), Some(element)) =
            (instance.created.parent_instance, instance.created.parent_element)
        else {
            return 0;
        };
        let Lookup::Hot(parent) = self.world.whole().instance(parent) else {
            self.fail("a called instance has outlived its caller")
        };
        number(&self.id(parent, parent.elements[&element].element.no))
    }

    /// Places in the multi-instances around an element, outermost first.
    fn places(&self, instance: &Instance, key: Key) -> Vec<u32> {
        let mut found = Vec::new();
        for scope in instance.scopes(key) {
            let inner = instance.element(scope).is_some_and(|r| r.element.role == Role::Inner);
            found.extend(instance.place(scope).filter(|_| inner));
        }
        found.reverse();
        let created = &instance.created;
        if let (Some(parent), Some(element)) = (created.parent_instance, created.parent_element)
            && let Lookup::Hot(parent) = self.world.whole().instance(parent)
        {
            let mut outer = self.places(parent, element);
            outer.extend(found);
            return outer;
        }
        found
    }
}

fn number(id: &str) -> u32 {
    id.rsplit_once('_').and_then(|(_, n)| n.parse().ok()).expect("a kind and a number")
}

/// Results of jobs, scripts, mappings and multi-instances.
fn compared(name: &str) -> bool {
    let kind = name.trim_end_matches(|c: char| c.is_ascii_digit());
    kind != name && ["v", "s", "o", "all"].contains(&kind)
}

fn json(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        Value::Truth(truth) => truth.to_string(),
        Value::List(list) => {
            let items: Vec<String> = list.iter().map(ToString::to_string).collect();
            format!("[{}]", items.join(","))
        }
    }
}

fn object(json: &str) -> Vec<NamedValue> {
    value::object_from_json(json).expect("an object")
}

/// A job of the ad-hoc sub-process with this number.
fn jobs_of(body: &block::Body, n: u32) -> Option<u32> {
    let mut found = None;
    walk(body, &mut |block| {
        if let block::Block::Activity(activity) = block
            && let block::Work::AdHoc(ad_hoc) = &activity.work
            && activity.n == n
        {
            found = ad_hoc.jobs.last().copied();
        }
    });
    found
}

/// Catch events for messages that are not in a multi-instance, and receive tasks.
fn catches_of(body: &block::Body) -> Vec<u32> {
    let mut found = Vec::new();
    walk(body, &mut |block| match block {
        block::Block::Catch(catch) if catch.on == block::On::Message && catch.items.is_empty() => {
            found.push(catch.n);
        }
        block::Block::Activity(activity) if activity.many.is_none() => {
            if let block::Work::Receive(catch) = &activity.work
                && catch.items.is_empty()
                && activity.boundaries.is_empty()
            {
                found.push(activity.n);
            }
        }
        _ => {}
    });
    found
}

fn walk(body: &block::Body, see: &mut impl FnMut(&block::Block)) {
    walk_block(&body.inner, see);
    body.events.iter().for_each(|side| walk_block(&side.then, see));
}

fn walk_block(block: &block::Block, see: &mut impl FnMut(&block::Block)) {
    use block::{Block, Work};
    see(block);
    match block {
        Block::Seq(blocks)
        | Block::Choice { blocks, .. }
        | Block::Inclusive { blocks, .. }
        | Block::Parallel { blocks, .. } => blocks.iter().for_each(|b| walk_block(b, see)),
        Block::Repeat { inner, .. } => walk_block(inner, see),
        Block::Race { branches, .. } => branches.iter().for_each(|(_, b)| walk_block(b, see)),
        Block::Activity(activity) => {
            activity.boundaries.iter().for_each(|side| walk_block(&side.then, see));
            if let Work::Sub(body) | Work::Call(body) = &activity.work {
                walk(body, see);
            }
        }
        Block::Catch(_) | Block::Link(_) | Block::Throw(_) => {}
    }
}
