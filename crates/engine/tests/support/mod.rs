//! A partition without a runtime: commands in, events out, everything checked after each step.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::BTreeSet;

use engine::command::{
    CreateInstance, DEFAULT_TENANT, DefinitionRef, LeaseJobs, LeasedJob, PublishMessage,
};
use engine::{
    Answer, Catalog, Command, Effect, Event, Key, PartitionId, Reply, Routes, State, Turn, meta,
};

/// A small generator; seeds make runs repeatable.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0xd1b5_4a32_d192_ed03)
    }

    pub fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 16) % u64::from(limit)) as u32
    }
}

pub struct World {
    pub state: State,
    /// The fold of the same events, which must stay equal.
    replayed: State,
    pub catalog: Catalog,
    meta: meta::State,
    routes: Routes,
    position: u64,
    pub now: i64,
    pub steps: usize,
    pub effects: Vec<Effect>,
    pub events: Vec<Event>,
    forget: Option<Random>,
    /// Off: only the events are kept, for large instances.
    pub checks: bool,
    /// Most events of one step.
    pub largest: usize,
    /// Strikes every command once before it is decided.
    pub faults: Option<Random>,
    step_events: Option<usize>,
    #[allow(clippy::vec_box, reason = "the state gives and takes boxes")]
    cold: Vec<Box<engine::state::Instance>>,
}

impl World {
    pub fn new(seed: u64, forget: bool) -> World {
        World::at(1, Routes::new(1), seed, forget)
    }

    /// One of several partitions.
    pub fn at(partition: PartitionId, routes: Routes, seed: u64, forget: bool) -> World {
        let mut world = World {
            state: State::new(partition),
            replayed: State::new(partition),
            catalog: Catalog::new(),
            meta: meta::State::new(),
            routes,
            position: 0,
            now: 1_700_000_000_000,
            steps: 0,
            effects: Vec::new(),
            events: Vec::new(),
            checks: true,
            largest: 0,
            faults: None,
            step_events: None,
            forget: forget.then(|| Random::new(seed ^ 77)),
            cold: Vec::new(),
        };
        world.ask(&Command::StartEpoch { epoch: 1 }).expect("an epoch starts");
        world
    }

    /// Deploys the inside of a `definitions` element.
    pub fn deploy(&mut self, body: &str) {
        self.try_deploy(body).unwrap_or_else(|error| panic!("{error}\n{body}"));
    }

    /// As [`World::deploy`], with other resources beside it.
    pub fn deploy_with(&mut self, body: &str, others: &[(&str, &str)]) {
        let result = self.try_deploy_with(body, others);
        result.unwrap_or_else(|error| panic!("{error}\n{body}"));
    }

    pub fn try_deploy(&mut self, body: &str) -> Result<(), String> {
        self.try_deploy_with(body, &[])
    }

    fn try_deploy_with(&mut self, body: &str, others: &[(&str, &str)]) -> Result<(), String> {
        let xml = format!(
            "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" \
             xmlns:zeebe=\"http://camunda.org/schema/zeebe/1.0\">{body}</definitions>"
        );
        let all = [("p.bpmn", &*xml)].into_iter().chain(others.iter().copied());
        let resource = |(name, text): (&str, &str)| meta::Resource {
            name: name.into(),
            bytes: text.as_bytes().into(),
        };
        let resources = all.map(resource).collect();
        let deploy = meta::Command::Deploy { resources, tenant: DEFAULT_TENANT.into() };
        let (answer, events) = self.meta.decide(&deploy);
        answer.map_err(|rejection| rejection.reason)?;
        for event in events {
            self.position += 1;
            self.catalog.add(&event, self.position);
        }
        self.ask(&Command::ApplyMeta { position: self.position }).expect("meta applies");
        Ok(())
    }

    /// Decides, folds again, and checks.
    pub fn ask(&mut self, command: &Command) -> Answer {
        self.warm_all_if_checking();
        self.panic_once(command);
        let watched = BTreeSet::new();
        let decision = loop {
            let turn = Turn {
                now: self.now,
                catalog: &self.catalog,
                routes: &self.routes,
                watched: &watched,
            };
            match self.state.decide(command, &turn) {
                Ok(decision) => break decision,
                Err(need) => {
                    assert_eq!(self.without_cold(), None, "an aborted command left traces");
                    for key in need.0 {
                        self.warm(key);
                    }
                }
            }
        };
        self.steps += 1;
        self.largest = self.largest.max(decision.events.len());
        if !self.checks {
            self.follow(command);
            return decision.answer;
        }
        for event in &decision.events {
            self.replayed.apply(event);
        }
        let cold: Vec<_> = std::mem::take(&mut self.cold);
        let keys: Vec<Key> = cold.iter().map(|instance| instance.key).collect();
        for instance in cold {
            self.state.restore(instance);
        }
        assert_eq!(self.state, self.replayed, "replay differs after {command:?}");
        let violations = self.state.violations();
        assert!(violations.is_empty(), "after {command:?}: {violations:?}");
        for key in keys {
            self.cool(key);
        }
        self.forget_some();
        self.events.extend(decision.events);
        self.effects.extend(decision.effects);
        self.follow(command);
        decision.answer
    }

    /// Deferred work until there is none.
    fn follow(&mut self, command: &Command) {
        if matches!(command, Command::Continue { .. }) {
            return;
        }
        loop {
            let next = self.state.pending().next();
            let Some(instance) = next else { break };
            self.ask(&Command::Continue { instance }).expect("deferred work goes on");
        }
    }

    /// The same command, struck by a bug after some events: nothing of it may remain.
    fn panic_once(&mut self, command: &Command) {
        let Some(random) = &mut self.faults else { return };
        let at = random.below(12) as usize;
        let before = self.state.clone();
        self.state.inject_fault(at);
        let watched = BTreeSet::new();
        let turn =
            Turn { now: self.now, catalog: &self.catalog, routes: &self.routes, watched: &watched };
        let state = &mut self.state;
        let decided = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            state.decide(command, &turn).map(|decision| decision.events.len())
        }));
        match decided {
            Err(_) => {
                self.state.abort_panicked();
                assert_eq!(self.state, before, "{command:?} left traces after {at} events");
            }
            Ok(_) => self.state = before,
        }
    }

    fn warm_all_if_checking(&mut self) {
        assert!(self.forget.is_some() || self.cold.is_empty());
    }

    fn without_cold(&self) -> Option<String> {
        let mut whole = self.state.clone();
        for instance in &self.cold {
            whole.restore(instance.clone());
        }
        (whole != self.replayed).then(|| "the state changed".to_owned())
    }

    fn warm(&mut self, key: Key) {
        let at = self.cold.iter().position(|instance| instance.key == key);
        let instance = self.cold.swap_remove(at.expect("it was cooled"));
        self.state.restore(instance);
    }

    fn cool(&mut self, key: Key) {
        if let Some(instance) = self.state.passivate(key) {
            self.cold.push(instance);
        }
    }

    fn forget_some(&mut self) {
        let keys: Vec<Key> = self.state.instances().map(|(key, _)| key).collect();
        for key in keys {
            if let Some(random) = &mut self.forget
                && random.below(2) == 0
            {
                self.cool(key);
            }
        }
    }

    /// All instances in memory, for comparing at the end.
    pub fn settle(&mut self) {
        for instance in std::mem::take(&mut self.cold) {
            self.state.restore(instance);
        }
    }

    /// Everything, whatever was forgotten.
    pub fn whole(&self) -> &State {
        &self.replayed
    }

    pub fn whole_instances(&self) -> impl Iterator<Item = &engine::state::Instance> {
        self.replayed.instances().filter_map(|(_, residence)| match residence {
            engine::state::Residence::Hot(instance) => Some(&**instance),
            engine::state::Residence::Cold => None,
        })
    }

    /// Every step defers what is left after so many events.
    pub fn limit_steps(&mut self, events: usize) {
        self.step_events = Some(events);
        self.state.limit_steps(events);
        self.replayed.limit_steps(events);
    }

    /// The small tables come back from their image, the instances from their blobs.
    pub fn through_a_checkpoint(&mut self) {
        self.settle();
        self.state = rebuilt(&self.state);
        self.replayed = rebuilt(&self.replayed);
        if let Some(events) = self.step_events {
            self.limit_steps(events);
        }
        assert_eq!(self.state, self.replayed, "a checkpoint changes the state");
    }

    /// Instances in memory.
    pub fn hot(&self) -> impl Iterator<Item = &engine::state::Instance> {
        self.state.instances().filter_map(|(_, residence)| match residence {
            engine::state::Residence::Hot(instance) => Some(&**instance),
            engine::state::Residence::Cold => None,
        })
    }

    pub fn create(&mut self, process: &str, variables: &str) -> Key {
        match self.try_create(process, variables) {
            Ok(Reply::Created(created)) => created.instance,
            other => panic!("expected an instance, but {other:?}"),
        }
    }

    pub fn try_create(&mut self, process: &str, variables: &str) -> Answer {
        self.ask(&Command::CreateInstance(CreateInstance {
            definition: DefinitionRef::Id { process_id: process.into(), version: None },
            tenant: DEFAULT_TENANT.into(),
            variables: value::object_from_json(variables).expect("an object"),
            terminate_after: Vec::new(),
            start_before: Vec::new(),
            tags: Vec::new(),
            business_id: None,
            unique: false,
        }))
    }

    pub fn publish(&mut self, name: &str, key: &str, time_to_live: i64) {
        self.try_publish(name, key, "", time_to_live, "{}").expect("a message is published");
    }

    pub fn try_publish(
        &mut self,
        name: &str,
        key: &str,
        id: &str,
        time_to_live: i64,
        variables: &str,
    ) -> Answer {
        self.ask(&Command::PublishMessage(PublishMessage {
            name: name.into(),
            correlation_key: key.into(),
            id: id.into(),
            time_to_live,
            tenant: DEFAULT_TENANT.into(),
            variables: value::object_from_json(variables).expect("an object"),
        }))
    }

    /// Time passes, and what is due happens.
    pub fn advance(&mut self, ms: i64) {
        self.now += ms;
        while self.state.next_due().is_some_and(|due| due <= self.now) {
            self.ask(&Command::Tick).expect("a tick");
        }
    }

    pub fn lease(&mut self, job_type: &str, max_jobs: u32) -> Reply {
        self.ask(&Command::LeaseJobs(LeaseJobs {
            job_type: job_type.into(),
            worker: "w".into(),
            timeout: 30_000,
            max_jobs,
            fetch_variables: Vec::new(),
            tenants: vec![DEFAULT_TENANT.into()],
        }))
        .expect("a lease")
    }

    /// One job of the first type that has one.
    pub fn lease_any(&mut self) -> Option<LeasedJob> {
        let job_type = self.state.queues().next()?.0.job_type.clone();
        match self.lease(&job_type, 1) {
            Reply::Jobs(mut jobs) => jobs.jobs.pop(),
            other => panic!("expected jobs, but {other:?}"),
        }
    }

    pub fn complete(&mut self, job: Key) -> bool {
        self.complete_with(job, "{}")
    }

    pub fn complete_with(&mut self, job: Key, variables: &str) -> bool {
        let variables = value::object_from_json(variables).expect("an object");
        self.ask(&Command::CompleteJob { job, variables, token: None }).is_ok()
    }

    pub fn fail(&mut self, job: Key, retries: i32) {
        let command = Command::FailJob {
            job,
            retries,
            message: "no".into(),
            back_off: 0,
            variables: Vec::new(),
            token: None,
        };
        self.ask(&command).expect("a job fails");
    }

    pub fn throw(&mut self, job: Key, code: &str) {
        let command = Command::ThrowError {
            job,
            code: code.into(),
            message: "".into(),
            variables: Vec::new(),
            token: None,
        };
        self.ask(&command).expect("an error is thrown");
    }
}

fn rebuilt(state: &State) -> State {
    let mut rebuilt = State::from_image(state.image());
    for (_, residence) in state.instances() {
        if let engine::state::Residence::Hot(instance) = residence {
            rebuilt.restore(instance.clone());
        }
    }
    rebuilt
}
