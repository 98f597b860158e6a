//! Every reachable state of small models: whatever can happen next happens, in every order; jobs
//! complete, fail and throw, timers fire, messages and signals come, somebody cancels. After every
//! single event the invariants hold, and whatever is alive can go on.

use std::collections::{BTreeMap, BTreeSet};

use engine::command::{DEFAULT_TENANT, PublishMessage};
use engine::state::{Instance, JobState, Residence};
use engine::{Command, Key, Routes, State, Turn};

use super::block::{
    Activity, AdHoc, Block, Body, Catch, Ending, Many, Model, On, Side, Start, Throw, Work,
};
use super::support::World;
use super::xml;

/// More would be a model that is not small.
const STATES_MAX: usize = 20_000;
/// What may run again and again is not triggered when so many elements are alive.
const ELEMENTS_MAX: usize = 4;

/// What was seen of one model.
#[derive(Debug, Default)]
pub struct Explored {
    pub states: usize,
    pub steps: usize,
    /// States in which nothing is alive.
    pub ends: usize,
}

struct Explorer {
    world: World,
    routes: Routes,
    seen: BTreeSet<String>,
    open: Vec<(State, i64)>,
    explored: Explored,
    name: &'static str,
}

pub fn explore(name: &'static str, model: &Model) -> Explored {
    let mut world = World::new(1, false);
    world.deploy_with(&xml::write(model), &[("d.dmn", xml::DECISION)]);
    let given: Vec<String> = model.given.iter().map(|(n, at)| format!(",\"c{n}\":{at}")).collect();
    world.create("p", &format!("{{\"x\":1{}}}", given.concat()));
    let first = (world.state.clone(), world.now);
    let mut explorer = Explorer {
        world,
        routes: Routes::new(1),
        seen: BTreeSet::new(),
        open: Vec::new(),
        explored: Explored::default(),
        name,
    };
    explorer.visit(first.0, first.1);
    while let Some((state, now)) = explorer.open.pop() {
        explorer.expand(&state, now);
    }
    explorer.explored
}

impl Explorer {
    fn visit(&mut self, state: State, now: i64) {
        if !self.seen.insert(signature(&state, now)) {
            return;
        }
        assert!(self.seen.len() <= STATES_MAX, "{}: it is not small", self.name);
        self.explored.states += 1;
        if state.instances().count() == 0 {
            self.explored.ends += 1;
            assert_eq!(state.queues().count(), 0, "{}: jobs outlive their instance", self.name);
        }
        for instance in instances(&state) {
            let definition = self.world.catalog.get(instance.created.definition);
            let process = definition.and_then(|d| d.process.as_ref().ok()).expect("compiled");
            let stuck = instance.stuck(process);
            assert!(stuck.is_empty(), "{}: {stuck:?}", self.name);
        }
        self.open.push((state, now));
    }

    fn expand(&mut self, state: &State, now: i64) {
        let mut all = moves(state);
        if let Some(due) = state.next_due() {
            all.push((due.max(now), Command::Tick));
        }
        let alive = state.instances().count() > 0;
        assert!(!alive || !all.is_empty(), "{}: nothing can happen any more", self.name);
        for (at, command) in all {
            let at = at.max(now);
            if let Some(next) = self.step(state.clone(), at, &command) {
                self.explored.steps += 1;
                self.visit(next, at);
            }
        }
    }

    /// Decides, folds event by event beside it, and looks at each state on the way.
    fn step(&self, mut state: State, now: i64, command: &Command) -> Option<State> {
        let mut folded = state.clone();
        let watched = BTreeSet::new();
        let turn =
            Turn { now, catalog: &self.world.catalog, routes: &self.routes, watched: &watched };
        let decision = state.decide(command, &turn).expect("nothing is cold");
        decision.answer.ok()?;
        for event in &decision.events {
            folded.apply(event);
            // The incident of a job follows its failure.
            let mut violations = folded.violations();
            violations.retain(|text| !text.contains("nothing will ever wake job"));
            assert!(violations.is_empty(), "{}: after {event:?}: {violations:?}", self.name);
        }
        assert_eq!(state, folded, "{}: replay differs after {command:?}", self.name);
        assert_eq!(state.violations(), Vec::<String>::new(), "{}: {command:?}", self.name);
        let pending = state.pending().next();
        match pending {
            Some(instance) => self.step(state, now, &Command::Continue { instance }),
            None => Some(state),
        }
    }
}

fn instances(state: &State) -> impl Iterator<Item = &Instance> {
    state.instances().filter_map(|(_, residence)| match residence {
        Residence::Hot(instance) => Some(&**instance),
        Residence::Cold => None,
    })
}

/// Everything that somebody could do now; times are filled in by the caller.
fn moves(state: &State) -> Vec<(i64, Command)> {
    let mut all = Vec::new();
    let mut add = |command| all.push((0, command));
    for instance in instances(state) {
        let crowded = instance.elements.len() >= ELEMENTS_MAX;
        for (key, job) in &instance.jobs {
            let job_key = *key;
            match &job.state {
                JobState::Activatable { .. } | JobState::Activated { .. } => {
                    job_moves(job_key, &mut add);
                }
                JobState::Failed { available_at: None } if job.retries == 0 => {
                    let (retries, timeout, priority) = (Some(1), None, None);
                    add(Command::UpdateJob { job: job_key, retries, timeout, priority });
                }
                JobState::Failed { .. } | JobState::ErrorThrown => {}
            }
        }
        for incident in instance.incidents.keys() {
            add(Command::ResolveIncident { incident: *incident });
        }
        for row in instance.subscriptions.values().filter(|row| row.interrupting || !crowded) {
            add(Command::PublishMessage(PublishMessage {
                name: row.name.clone(),
                correlation_key: row.correlation_key.clone(),
                id: "".into(),
                time_to_live: 0,
                tenant: DEFAULT_TENANT.into(),
                variables: Vec::new(),
            }));
        }
        let names: BTreeSet<_> = instance.signals().map(|(_, row)| row.name.clone()).collect();
        for name in names.into_iter().filter(|_| !crowded) {
            let (tenant, variables) = (DEFAULT_TENANT.into(), Vec::new());
            add(Command::BroadcastSignal { name, tenant, variables });
        }
        for task in instance.rare.iter().flat_map(|rare| rare.tasks.keys()) {
            let (task, variables, action) = (*task, Vec::new(), "".into());
            add(Command::CompleteUserTask { task, variables, action });
        }
        if instance.rare.as_ref().is_some_and(|rare| !rare.conditions.is_empty()) {
            let text = "{\"ready1\":true,\"ready2\":true,\"fix1\":true}";
            let variables = value::object_from_json(text).expect("an object");
            add(Command::SetVariables { scope: instance.key, variables, local: false });
        }
        if instance.created.parent_instance.is_none() {
            add(Command::CancelInstance { instance: instance.key });
        }
    }
    all
}

fn job_moves(job: Key, add: &mut impl FnMut(Command)) {
    let (variables, token) = (Vec::new(), None);
    add(Command::CompleteJob { job, variables: variables.clone(), token });
    for code in ["X1", "NOBODY"] {
        let (code, message) = (code.into(), "".into());
        add(Command::ThrowError { job, code, message, variables: variables.clone(), token });
    }
    let (message, back_off) = ("no".into(), 0);
    add(Command::FailJob { job, retries: 0, message, back_off, variables, token });
}

/// The state as text: keys by the order in which they appear, times from now on.
fn signature(state: &State, now: i64) -> String {
    let mut text = String::new();
    for instance in instances(state) {
        text += &format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}|",
            instance.elements,
            instance.tokens,
            instance.variables,
            instance.jobs,
            instance.timers,
            instance.subscriptions,
            instance.incidents,
            instance.rare,
            instance.created.parent_element,
        );
    }
    let mut named: BTreeMap<i64, usize> = BTreeMap::new();
    let mut result = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let end = rest[at..].find(|c: char| !c.is_ascii_digit()).map_or(rest.len(), |e| at + e);
        let before = &rest[..at];
        result += before;
        match rest[at..end].parse::<i64>() {
            _ if before.ends_with("sequence: ") => {}
            Ok(key) if key >= 1 << 51 => {
                let next = named.len();
                result += &format!("k{}", named.entry(key).or_insert(next));
            }
            Ok(time) if time >= 1_600_000_000_000 => result += &format!("t{}", time - now),
            _ => result += &rest[at..end],
        }
        rest = &rest[end..];
    }
    result + rest
}

// Small models.

fn job(n: u32) -> Block {
    activity(n, Work::Job("service"), Vec::new())
}

fn activity(n: u32, work: Work, boundaries: Vec<Side>) -> Block {
    Block::Activity(Box::new(plain(n, work, boundaries)))
}

fn plain(n: u32, work: Work, boundaries: Vec<Side>) -> Activity {
    Activity {
        n,
        work,
        many: None,
        boundaries,
        listens_before: false,
        listens_after: false,
        faulty: false,
        mapped: false,
        handler: None,
    }
}

fn undone(n: u32, handler: u32) -> Block {
    let work = Work::Job("service");
    Block::Activity(Box::new(Activity { handler: Some(handler), ..plain(n, work, Vec::new()) }))
}

fn catch(n: u32, on: On) -> Catch {
    Catch { n, on, items: Vec::new(), faulty: false }
}

fn side(n: u32, on: On, interrupting: bool, then: Block) -> Side {
    Side { catch: catch(n, on), interrupting, then }
}

fn body(n: u32, inner: Block, events: Vec<Side>, ending: Ending) -> Body {
    Body { n, inner, events, ending }
}

fn sub(n: u32, inner: Block, events: Vec<Side>, boundaries: Vec<Side>, ending: Ending) -> Block {
    activity(n, Work::Sub(body(n + 100, inner, events, ending)), boundaries)
}

fn model(inner: Block) -> Model {
    Model { start: Start::None, body: body(900, inner, Vec::new(), Ending::None), given: vec![] }
}

/// Names and models; event 1 is what workers throw, and what conditions are about.
pub fn small() -> Vec<(&'static str, Model)> {
    let both = || Block::Parallel { n: 50, blocks: vec![job(10), job(11)] };
    let many = |sequential, enough| Activity {
        many: Some(Many { count: 3, sequential, collects: false, enough }),
        ..plain(10, Work::Job("service"), vec![side(1, On::Error, true, job(12))])
    };
    vec![
        ("parallel tasks", model(both())),
        (
            "boundary events of a task",
            model(activity(
                10,
                Work::User,
                vec![
                    side(2, On::Timer, true, job(11)),
                    side(3, On::Message, false, job(12)),
                    side(4, On::Signal, true, job(13)),
                ],
            )),
        ),
        (
            "errors of a sub-process",
            model(sub(20, both(), vec![], vec![side(1, On::Error, true, job(12))], Ending::None)),
        ),
        (
            "event sub-processes",
            model(sub(
                20,
                job(10),
                vec![side(2, On::Message, true, job(11)), side(3, On::Timer, false, job(12))],
                vec![side(4, On::Signal, true, job(13))],
                Ending::None,
            )),
        ),
        (
            "an event-based gateway beside a task",
            model(Block::Parallel {
                n: 50,
                blocks: vec![
                    Block::Race {
                        n: 51,
                        branches: vec![
                            (catch(2, On::Timer), job(10)),
                            (catch(3, On::Message), job(11)),
                            (catch(4, On::Signal), Block::Throw(Throw::None(52))),
                        ],
                    },
                    job(12),
                ],
            }),
        ),
        ("parallel multi-instance", model(Block::Activity(Box::new(many(false, Some(2)))))),
        ("sequential multi-instance", model(Block::Activity(Box::new(many(true, None))))),
        (
            "compensation",
            model(sub(
                20,
                Block::Parallel { n: 50, blocks: vec![undone(10, 30), undone(11, 31)] },
                vec![side(1, On::Error, true, Block::Throw(Throw::Compensate(60, None)))],
                vec![],
                Ending::Error(1),
            )),
        ),
        (
            "a called process that escalates and fails",
            model(activity(
                20,
                Work::Call(body(120, job(10), vec![], Ending::Escalate(2))),
                vec![side(1, On::Error, true, job(11)), side(2, On::Escalation, false, job(12))],
            )),
        ),
        (
            "an ad-hoc sub-process",
            model(activity(
                20,
                Work::AdHoc(AdHoc {
                    jobs: vec![10, 11],
                    active: 2,
                    conditional: false,
                    cancels: true,
                }),
                vec![side(2, On::Timer, true, job(12))],
            )),
        ),
        (
            "inclusive branches, a terminate end event and a condition",
            Model {
                given: vec![(50, 2)],
                ..model(sub(
                    20,
                    Block::Inclusive {
                        n: 50,
                        blocks: vec![job(10), Block::Catch(catch(2, On::Condition)), job(12)],
                        taken: 2,
                        faulty: false,
                    },
                    vec![],
                    vec![],
                    Ending::Terminate,
                ))
            },
        ),
        (
            "listeners and a condition",
            model(Block::Activity(Box::new(Activity {
                listens_before: true,
                listens_after: true,
                ..plain(10, Work::User, vec![])
            }))),
        ),
    ]
}
