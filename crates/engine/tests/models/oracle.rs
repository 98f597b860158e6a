//! What a model does, told without the engine: a walk over its blocks that knows at every moment
//! which jobs, timers, messages and incidents must be open, and what the variables are.

use std::collections::{BTreeMap, BTreeSet};

use super::block::{Activity, AdHoc, Block, Body, Catch, Ending, Many, On, Side, Throw, Work};
use super::xml::duration;

/// Something that is open: what, the number of its element, and its place in each multi-instance
/// around it.
pub type Wait = (What, u32, Vec<u32>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    Job,
    StartListener,
    EndListener,
    User,
    Timer,
    Message,
    Signal,
    Condition,
    Incident,
    /// An ad-hoc sub-process that takes more.
    AdHoc,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Number(i64),
    Truth(bool),
    List(Vec<i64>),
}

pub type Variables = BTreeMap<String, Value>;
type Id = u32;

#[derive(Debug, Clone)]
struct Open {
    what: What,
    n: u32,
    due: i64,
    /// Further repetitions of a timer.
    left: u32,
    /// How often something not interrupting was triggered.
    fired: u32,
}

struct Node<'m> {
    parent: Id,
    places: Vec<u32>,
    open: Vec<Open>,
    is: Is<'m>,
}

enum Is<'m> {
    /// A process, a sub-process or an event sub-process under way.
    Scope(Scope<'m>),
    /// What is between start and end of a scope; `true`: at its end event.
    Main(&'m Body, bool),
    /// The branch that terminates its scope.
    Terminator,
    Seq(&'m [Block], usize),
    Branches(usize),
    Repeat {
        inner: &'m Block,
        n: u32,
        rounds: u32,
    },
    Race(&'m [(Catch, Block)]),
    /// A gateway whose condition fails.
    Stuck(&'m Block),
    Catch(&'m Catch),
    /// One job, and nothing else: a throw event, a handler.
    Job,
    /// A compensation throw event with its handlers.
    Compensating,
    Activity(Running<'m>),
    Run(Run<'m>),
}

struct Scope<'m> {
    body: Option<&'m Body>,
    /// Of a process.
    variables: Option<Variables>,
    is_event: bool,
    interrupted: bool,
    notes: Vec<Note>,
}

struct Running<'m> {
    activity: &'m Activity,
    started: u32,
    completed: u32,
    stopped: bool,
    collected: BTreeMap<u32, i64>,
    notes: Vec<Note>,
}

/// One instance of an activity.
struct Run<'m> {
    activity: &'m Activity,
    place: u32,
    phase: Phase,
    result: i64,
    stopped: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Phase {
    Mapping,
    Before,
    Working,
    After,
}

/// A completed activity that can be compensated.
#[derive(Clone)]
struct Note {
    n: u32,
    handler: Option<u32>,
    inner: Vec<Note>,
}

enum Cast {
    Signal(u32),
    Message(u32, Vec<u32>),
}

pub struct Oracle<'m> {
    nodes: BTreeMap<Id, Node<'m>>,
    next: Id,
    pub now: i64,
    casts: Vec<Cast>,
    /// Messages that were published before anyone waited for them.
    early: BTreeSet<(u32, Vec<u32>)>,
}

/// What can be done next: a node and what is open there.
#[derive(Debug, Clone)]
pub struct Step {
    pub id: Id,
    pub what: What,
    pub n: u32,
    pub places: Vec<u32>,
    pub due: i64,
    /// It was triggered before and is still open.
    pub fired: u32,
}

/// What a job gives back beside its result.
#[derive(Debug, Clone, Copy)]
pub enum Asks {
    Nothing,
    /// Whether to go round again, of the loop with this number.
    Again(u32),
    /// Whether that is enough, of the ad-hoc sub-process with this number.
    Enough(u32),
}

impl<'m> Oracle<'m> {
    pub fn new(now: i64) -> Oracle<'m> {
        Oracle { nodes: BTreeMap::new(), next: 1, now, casts: Vec::new(), early: BTreeSet::new() }
    }

    pub fn start(&mut self, body: &'m Body, variables: Variables) {
        self.scope(0, Vec::new(), Some(body), Some(variables), false);
        self.settle();
    }

    pub fn is_over(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Does something compensate, or has an event sub-process begun? A good moment to interrupt.
    pub fn is_rare(&self) -> bool {
        self.nodes.values().any(|node| match &node.is {
            Is::Compensating => true,
            Is::Scope(scope) => scope.is_event,
            _ => false,
        })
    }

    pub fn cancel(&mut self) {
        self.nodes.clear();
    }

    /// Everything that is open, with how many of it there are.
    pub fn waits(&self) -> BTreeMap<Wait, usize> {
        let mut all = BTreeMap::new();
        for step in self.steps() {
            if step.what != What::AdHoc {
                *all.entry((step.what, step.n, step.places)).or_default() += 1;
            }
        }
        all
    }

    pub fn steps(&self) -> Vec<Step> {
        let mut all = Vec::new();
        for (id, node) in &self.nodes {
            for open in &node.open {
                all.push(Step {
                    id: *id,
                    what: open.what,
                    n: open.n,
                    places: node.places.clone(),
                    due: open.due,
                    fired: open.fired,
                });
            }
        }
        all
    }

    /// The variables of every process under way, by its places and the activity that called it.
    pub fn variables(&self) -> Vec<((u32, Vec<u32>), &Variables)> {
        let mut all = Vec::new();
        for node in self.nodes.values() {
            if let Is::Scope(Scope { variables: Some(variables), .. }) = &node.is {
                let caller = match self.nodes.get(&node.parent).map(|parent| &parent.is) {
                    Some(Is::Run(run)) => run.activity.n,
                    _ => 0,
                };
                all.push(((caller, node.places.clone()), variables));
            }
        }
        all
    }

    /// Codes that an error thrown at `id` is caught by.
    pub fn catches(&self, id: Id) -> Vec<u32> {
        let mut found = Vec::new();
        let mut at = id;
        while let Some(node) = self.nodes.get(&at) {
            match &node.is {
                Is::Activity(running) => {
                    let sides = running.activity.boundaries.iter();
                    found.extend(sides.filter(|s| s.catch.on == On::Error).map(|s| s.catch.n));
                }
                Is::Scope(scope) if scope.interrupted => return found,
                Is::Scope(scope) => {
                    let sides = scope.body.into_iter().flat_map(|body| &body.events);
                    found.extend(sides.filter(|s| s.catch.on == On::Error).map(|s| s.catch.n));
                }
                _ => {}
            }
            at = node.parent;
        }
        found
    }

    /// Is the job at `id` that of the element itself, which may throw errors?
    pub fn asks(&self, id: Id, n: u32) -> Asks {
        let node = &self.nodes[&id];
        match &node.is {
            Is::Repeat { n, rounds, .. } if *rounds < 2 => Asks::Again(*n),
            Is::Job => match self.nodes.get(&node.parent).map(|parent| &parent.is) {
                Some(Is::Run(run)) => match &run.activity.work {
                    Work::AdHoc(ad_hoc) if ad_hoc.conditional && ad_hoc.jobs.contains(&n) => {
                        Asks::Enough(run.activity.n)
                    }
                    _ => Asks::Nothing,
                },
                _ => Asks::Nothing,
            },
            _ => Asks::Nothing,
        }
    }

    /// The catch events and receive tasks of the model that a message may be early for.
    pub fn publish_early(&mut self, n: u32, places: Vec<u32>) -> bool {
        let open = self.waits().contains_key(&(What::Message, n, places.clone()));
        !open && self.early.insert((n, places))
    }

    /// The process that `id` is in.
    fn process_mut(&mut self, id: Id) -> &mut Variables {
        let mut at = id;
        loop {
            let node = &self.nodes[&at];
            if matches!(&node.is, Is::Scope(Scope { variables: Some(_), .. })) {
                break;
            }
            at = node.parent;
        }
        match &mut self.nodes.get_mut(&at).expect("found above").is {
            Is::Scope(Scope { variables: Some(variables), .. }) => variables,
            _ => unreachable!("found above"),
        }
    }

    fn set(&mut self, id: Id, name: String, value: Value) {
        self.process_mut(id).insert(name, value);
    }

    fn holds(&mut self, id: Id, name: &str) -> bool {
        self.process_mut(id).get(name) == Some(&Value::Truth(true))
    }

    // What happens.

    /// A worker has done its job.
    pub fn complete_job(&mut self, step: &Step, result: i64, answer: bool) {
        let (id, n) = (step.id, step.n);
        self.close(id, What::Job, n);
        let value = Value::Number(result);
        match &mut self.node(id).is {
            Is::Repeat { .. } => {
                self.set(id, format!("v{n}"), value);
                self.set(id, format!("again{n}"), Value::Truth(answer));
                if answer {
                    let Is::Repeat { inner, rounds, .. } = &mut self.node(id).is else { return };
                    *rounds += 1;
                    let inner = *inner;
                    self.begin(inner, id);
                } else {
                    self.done(id);
                }
            }
            Is::Terminator => {
                self.set(id, format!("v{n}"), value);
                let scope = self.node(id).parent;
                self.kill_inside(scope);
                self.check_scope(scope);
            }
            Is::Run(run) => {
                run.result = result;
                let activity = run.activity;
                let collects = activity.many.as_ref().is_some_and(|many| many.collects);
                if activity.mapped {
                    self.set(id, format!("o{n}"), Value::Number(result + 1));
                } else if !collects {
                    self.set(id, format!("v{n}"), value);
                }
                self.finish_run(id);
            }
            Is::Main(..) => {
                self.set(id, format!("v{n}"), value);
                self.done(id);
            }
            _ => {
                self.set(id, format!("v{n}"), value);
                if let Asks::Enough(ad_hoc) = self.asks(id, n) {
                    self.set(id, format!("d{ad_hoc}"), Value::Truth(answer));
                }
                self.done(id);
            }
        }
        self.settle();
    }

    pub fn complete_listener(&mut self, step: &Step) {
        self.close(step.id, step.what, step.n);
        match step.what {
            What::StartListener => self.run_on(step.id, Phase::Working),
            _ => self.complete_run(step.id),
        }
        self.settle();
    }

    pub fn complete_task(&mut self, step: &Step) {
        self.close(step.id, What::User, step.n);
        self.finish_run(step.id);
        self.settle();
    }

    /// The worker of the job at `id` throws the error that the event `code` catches.
    pub fn throw_error(&mut self, step: &Step, code: u32) {
        self.throw(step.id, code);
        self.settle();
    }

    /// A message or signal arrives, a condition holds, a fault is mended.
    pub fn deliver(&mut self, step: &Step, payload: Option<i64>) {
        self.trigger(step.id, step.what, step.n, payload);
        self.settle();
    }

    pub fn broadcast(&mut self, n: u32, payload: Option<i64>) {
        self.reach(n, payload);
        self.settle();
    }

    /// A condition holds from now on, in the process of `step`.
    pub fn make_true(&mut self, step: &Step) {
        // The same value again is no event.
        if self.holds(step.id, &format!("ready{}", step.n)) {
            return;
        }
        self.set(step.id, format!("ready{}", step.n), Value::Truth(true));
        let process = self.process_of(step.id);
        let all = self.steps().into_iter().filter(|s| (s.what, s.n) == (step.what, step.n));
        let all: Vec<Step> = all.filter(|s| self.process_of(s.id) == process).collect();
        for one in all {
            self.trigger(one.id, one.what, one.n, None);
        }
        self.settle();
    }

    /// The variable that a faulty element needs is there, in the process of `step`.
    pub fn mend(&mut self, step: &Step) {
        self.set(step.id, format!("fix{}", step.n), Value::Truth(true));
        self.settle();
    }

    pub fn resolve(&mut self, step: &Step) {
        let (id, n) = (step.id, step.n);
        self.close(id, What::Incident, n);
        let places = self.node(id).places.clone();
        match &self.node(id).is {
            Is::Run(run) => {
                let phase = run.phase;
                self.run_on(id, phase);
            }
            Is::Catch(catch) => {
                let catch = *catch;
                self.wait(id, catch);
            }
            Is::Stuck(block) => {
                let (block, parent) = (*block, self.node(id).parent);
                self.nodes.remove(&id);
                self.split(block, parent, places);
            }
            _ => unreachable!("nothing else has incidents"),
        }
        self.settle();
    }

    pub fn activate(&mut self, step: &Step, job: u32) {
        self.leaf(step.id, Is::Job, What::Job, job);
        let open = self.node(step.id).open.iter_mut().find(|o| o.what == What::AdHoc);
        if let Some(open) = open {
            open.fired += 1;
        }
    }

    /// Time passes up to `now`, and what is due happens in order.
    pub fn advance(&mut self, now: i64) {
        self.now = now;
        loop {
            let steps = self.steps().into_iter();
            let due = steps.filter(|s| s.what == What::Timer && s.due <= now);
            let Some(step) = due.min_by_key(|step| (step.due, step.id)) else { break };
            self.trigger(step.id, What::Timer, step.n, None);
            self.settle();
        }
    }

    // How it goes on.

    fn node(&mut self, id: Id) -> &mut Node<'m> {
        self.nodes.get_mut(&id).expect("the node is there")
    }

    fn add(&mut self, parent: Id, places: Vec<u32>, is: Is<'m>) -> Id {
        let id = self.next;
        self.next += 1;
        self.nodes.insert(id, Node { parent, places, open: Vec::new(), is });
        id
    }

    fn places(&self, id: Id) -> Vec<u32> {
        self.nodes.get(&id).map(|node| node.places.clone()).unwrap_or_default()
    }

    fn leaf(&mut self, parent: Id, is: Is<'m>, what: What, n: u32) -> Id {
        let places = self.places(parent);
        let id = self.add(parent, places, is);
        self.open(id, what, n, 0, 0);
        id
    }

    fn open(&mut self, id: Id, what: What, n: u32, due: i64, left: u32) {
        self.node(id).open.push(Open { what, n, due, left, fired: 0 });
    }

    fn close(&mut self, id: Id, what: What, n: u32) {
        self.node(id).open.retain(|open| (open.what, open.n) != (what, n));
    }

    fn process_of(&self, id: Id) -> Id {
        let mut at = id;
        loop {
            let node = &self.nodes[&at];
            match &node.is {
                Is::Scope(Scope { variables: Some(_), .. }) => return at,
                _ => at = node.parent,
            }
        }
    }

    fn scope_of(&self, id: Id) -> Id {
        let mut at = id;
        while !matches!(self.nodes[&at].is, Is::Scope(_)) {
            at = self.nodes[&at].parent;
        }
        at
    }

    fn inside(&self, id: Id) -> Vec<Id> {
        self.nodes.iter().filter(|(_, node)| node.parent == id).map(|(id, _)| *id).collect()
    }

    fn kill_inside(&mut self, id: Id) {
        for child in self.inside(id) {
            self.kill(child);
        }
    }

    fn kill(&mut self, id: Id) {
        self.kill_inside(id);
        self.nodes.remove(&id);
    }

    /// Signals and messages that were thrown reach who waits once all else has come to rest.
    fn settle(&mut self) {
        while !self.casts.is_empty() {
            match self.casts.remove(0) {
                Cast::Signal(n) => self.reach(n, None),
                Cast::Message(n, places) => {
                    let mut steps = self.steps().into_iter();
                    let found =
                        steps.find(|s| (s.what, s.n, &s.places) == (What::Message, n, &places));
                    if let Some(step) = found {
                        self.trigger(step.id, What::Message, n, None);
                    }
                }
            }
        }
    }

    fn reach(&mut self, n: u32, payload: Option<i64>) {
        let all = self.steps().into_iter().filter(|s| (s.what, s.n) == (What::Signal, n));
        for step in all.collect::<Vec<_>>() {
            self.trigger(step.id, What::Signal, n, payload);
        }
    }

    /// What was waited for at `id` happens.
    fn trigger(&mut self, id: Id, what: What, n: u32, payload: Option<i64>) {
        let Some(node) = self.nodes.get(&id) else { return };
        if !node.open.iter().any(|open| (open.what, open.n) == (what, n)) {
            return;
        }
        let is_event = matches!(node.is, Is::Scope(_));
        if let Some(value) = payload.filter(|_| !is_event) {
            self.set(id, format!("v{n}"), Value::Number(value));
        }
        match &self.node(id).is {
            Is::Catch(_) => {
                self.done(id);
            }
            Is::Run(_) => {
                self.close(id, what, n);
                self.finish_run(id);
            }
            Is::Race(branches) => {
                let (branches, parent) = (*branches, self.node(id).parent);
                let found = branches.iter().find(|(catch, _)| catch.n == n);
                self.nodes.remove(&id);
                self.begin(&found.expect("it waits for it").1, parent);
            }
            Is::Activity(running) => {
                let sides = &running.activity.boundaries;
                let side = sides.iter().find(|side| side.catch.n == n).expect("it is attached");
                self.side(id, side);
            }
            Is::Scope(scope) => {
                let sides = &scope.body.expect("only bodies have them").events;
                let side = sides.iter().find(|side| side.catch.n == n).expect("it is inside");
                self.side(id, side);
            }
            _ => unreachable!("nothing else waits for events"),
        }
    }

    /// An event at the edge of an activity, or one that begins an event sub-process.
    fn side(&mut self, host: Id, side: &'m Side) {
        let n = side.catch.n;
        if let Some(at) = self.node(host).open.iter().position(|open| open.n == n) {
            let open = &mut self.node(host).open[at];
            open.fired += 1;
            open.due += duration(n);
            if open.what == What::Timer && (open.left == 0 || side.interrupting) {
                self.node(host).open.remove(at);
            } else {
                open.left = open.left.saturating_sub(1);
            }
        }
        let is_scope = matches!(self.node(host).is, Is::Scope(_));
        if is_scope {
            if side.interrupting {
                self.kill_inside(host);
                self.node(host).open.clear();
                if let Is::Scope(scope) = &mut self.node(host).is {
                    scope.interrupted = true;
                }
            }
            let places = self.places(host);
            let event = self.scope(host, places, None, None, true);
            self.begin(&side.then, event);
        } else if side.interrupting {
            let parent = self.node(host).parent;
            self.kill(host);
            self.begin(&side.then, parent);
        } else {
            let scope = self.scope_of(host);
            self.begin(&side.then, scope);
        }
    }

    /// `true` when what throws goes on.
    fn throw(&mut self, from: Id, code: u32) -> bool {
        let mut at = from;
        loop {
            let Some(node) = self.nodes.get(&at) else { return true };
            let sides: &'m [Side] = match &node.is {
                Is::Activity(running) => &running.activity.boundaries,
                Is::Scope(scope) if scope.interrupted => return true,
                Is::Scope(scope) => scope.body.map(|body| &body.events[..]).unwrap_or_default(),
                _ => &[],
            };
            if let Some(side) = sides.iter().find(|side| side.catch.n == code) {
                self.side(at, side);
                return !side.interrupting;
            }
            at = node.parent;
        }
    }

    fn scope(
        &mut self,
        parent: Id,
        places: Vec<u32>,
        body: Option<&'m Body>,
        variables: Option<Variables>,
        is_event: bool,
    ) -> Id {
        let scope = Scope { body, variables, is_event, interrupted: false, notes: Vec::new() };
        let id = self.add(parent, places.clone(), Is::Scope(scope));
        let Some(body) = body else { return id };
        for side in &body.events {
            self.open_side(id, side);
        }
        let main = self.add(id, places.clone(), Is::Main(body, false));
        if body.ending == Ending::Terminate {
            let terminator = self.add(id, places, Is::Terminator);
            self.open(terminator, What::Job, body.n, 0, 0);
        }
        self.begin(&body.inner, main);
        id
    }

    fn open_side(&mut self, id: Id, side: &Side) {
        let n = side.catch.n;
        match side.catch.on {
            On::Timer => self.open(id, What::Timer, n, self.now + duration(n), 0),
            On::Cycle => self.open(id, What::Timer, n, self.now + duration(n), 1),
            On::Message => self.open(id, What::Message, n, 0, 0),
            On::Signal => self.open(id, What::Signal, n, 0, 0),
            On::Condition => self.open(id, What::Condition, n, 0, 0),
            On::Error | On::Escalation => {}
        }
    }

    fn begin(&mut self, block: &'m Block, parent: Id) {
        let places = self.places(parent);
        match block {
            Block::Seq(blocks) => {
                let id = self.add(parent, places, Is::Seq(blocks, 0));
                self.begin(&blocks[0], id);
            }
            Block::Choice { n, faulty, .. } | Block::Inclusive { n, faulty, .. } => {
                if *faulty && !self.holds(parent, &format!("fix{n}")) {
                    self.leaf(parent, Is::Stuck(block), What::Incident, *n);
                } else {
                    self.split(block, parent, places);
                }
            }
            Block::Parallel { .. } => self.split(block, parent, places),
            Block::Repeat { n, inner } => {
                let id = self.add(parent, places, Is::Repeat { inner, n: *n, rounds: 0 });
                self.begin(inner, id);
            }
            Block::Race { branches, .. } => {
                let id = self.add(parent, places, Is::Race(branches));
                for (catch, _) in branches {
                    self.await_event(id, catch);
                }
            }
            Block::Catch(catch) => {
                let id = self.add(parent, places, Is::Catch(catch));
                self.wait(id, catch);
            }
            Block::Link(_) => self.child_done(parent),
            Block::Throw(throw) => self.throw_event(throw, parent),
            Block::Activity(activity) => self.begin_activity(activity, parent),
        }
    }

    fn split(&mut self, block: &'m Block, parent: Id, places: Vec<u32>) {
        let taken: Vec<&'m Block> = match block {
            Block::Choice { blocks, taken, .. } => vec![&blocks[*taken]],
            Block::Inclusive { blocks, taken: 0, .. } => vec![&blocks[blocks.len() - 1]],
            Block::Inclusive { blocks, taken, .. } => blocks[..*taken].iter().collect(),
            Block::Parallel { blocks, .. } => blocks.iter().collect(),
            _ => unreachable!("nothing else splits"),
        };
        let id = self.add(parent, places, Is::Branches(taken.len()));
        for block in taken {
            self.begin(block, id);
        }
    }

    /// A catch event begins to wait.
    fn wait(&mut self, id: Id, catch: &'m Catch) {
        let n = catch.n;
        if catch.faulty && catch.on != On::Condition && !self.holds(id, &format!("fix{n}")) {
            self.open(id, What::Incident, n, 0, 0);
            return;
        }
        self.await_event(id, catch);
        let places = self.places(id);
        let here = match catch.on {
            On::Condition => self.holds(id, &format!("ready{n}")),
            On::Message => self.early.remove(&(n, places)),
            _ => false,
        };
        if here {
            self.done(id);
        }
    }

    fn await_event(&mut self, id: Id, catch: &Catch) {
        let n = catch.n;
        match catch.on {
            On::Timer | On::Cycle => self.open(id, What::Timer, n, self.now + duration(n), 0),
            On::Message => self.open(id, What::Message, n, 0, 0),
            On::Signal => self.open(id, What::Signal, n, 0, 0),
            On::Condition => self.open(id, What::Condition, n, 0, 0),
            On::Error | On::Escalation => unreachable!("nobody waits for these"),
        }
    }

    fn throw_event(&mut self, throw: &'m Throw, parent: Id) {
        match throw {
            Throw::None(_) => self.child_done(parent),
            Throw::Job(n) => {
                self.leaf(parent, Is::Job, What::Job, *n);
            }
            Throw::Publish(_, to, items) => {
                let places = self.places(parent)[..items.len()].to_vec();
                self.casts.push(Cast::Message(*to, places));
                self.child_done(parent);
            }
            Throw::Signal(_, to) => {
                self.casts.push(Cast::Signal(*to));
                self.child_done(parent);
            }
            Throw::Escalate(_, to) => {
                if *to == 0 || self.throw(parent, *to) {
                    self.child_done(parent);
                }
            }
            Throw::Compensate(_, only) => self.compensate(parent, *only),
        }
    }

    /// One of what is inside `id` has come to its end.
    fn done(&mut self, id: Id) {
        let parent = self.node(id).parent;
        self.nodes.remove(&id);
        self.child_done(parent);
    }

    fn child_done(&mut self, id: Id) {
        let Some(node) = self.nodes.get_mut(&id) else { return };
        match &mut node.is {
            Is::Seq(blocks, at) => {
                *at += 1;
                let blocks = *blocks;
                match blocks.get(*at) {
                    Some(block) => self.begin(block, id),
                    None => self.done(id),
                }
            }
            Is::Branches(left) => {
                *left -= 1;
                if *left == 0 {
                    self.done(id);
                }
            }
            Is::Repeat { n, .. } => {
                let n = *n;
                self.open(id, What::Job, n, 0, 0);
            }
            Is::Main(_, true) => self.done(id),
            Is::Main(body, at_end) => {
                *at_end = true;
                let body = *body;
                self.end(id, body);
            }
            Is::Scope(_) => self.check_scope(id),
            Is::Compensating => {
                if self.inside(id).is_empty() {
                    self.done(id);
                }
            }
            Is::Run(run) => match &run.activity.work {
                Work::AdHoc(ad_hoc) => self.check_ad_hoc(id, ad_hoc),
                _ => self.finish_run(id),
            },
            Is::Activity(_)
            | Is::Race(_)
            | Is::Stuck(_)
            | Is::Catch(_)
            | Is::Job
            | Is::Terminator => unreachable!("nothing is inside these"),
        }
    }

    /// The end event of a scope.
    fn end(&mut self, id: Id, body: &'m Body) {
        match body.ending {
            Ending::None | Ending::Terminate => self.done(id),
            Ending::Error(code) => {
                self.throw(id, code);
            }
            Ending::Escalate(code) => {
                if code == 0 || self.throw(id, code) {
                    self.done(id);
                }
            }
            Ending::Signal => {
                self.casts.push(Cast::Signal(0));
                self.done(id);
            }
            Ending::Publish => {
                self.casts.push(Cast::Message(0, Vec::new()));
                self.done(id);
            }
            Ending::Job => self.open(id, What::Job, body.n, 0, 0),
            Ending::Compensate => self.compensate(id, None),
        }
    }

    fn check_scope(&mut self, id: Id) {
        if !self.inside(id).is_empty() {
            return;
        }
        let Some(Node { parent, is: Is::Scope(scope), .. }) = self.nodes.remove(&id) else {
            unreachable!("only scopes are checked")
        };
        if scope.is_event {
            return self.check_scope(parent);
        }
        if parent == 0 {
            return;
        }
        if let Some(variables) = scope.variables {
            self.process_mut(parent).extend(variables);
        } else if !scope.notes.is_empty() {
            let activity = self.node(parent).parent;
            let Is::Run(run) = &self.node(parent).is else { unreachable!("a run holds it") };
            let (n, many) = (run.activity.n, run.activity.many.is_some());
            let Is::Activity(running) = &mut self.node(activity).is else {
                unreachable!("an activity holds its runs")
            };
            match many {
                true => running.notes.push(Note { n, handler: None, inner: scope.notes }),
                false => running.notes = scope.notes,
            }
        }
        self.child_done(parent);
    }

    // Activities.

    fn begin_activity(&mut self, activity: &'m Activity, parent: Id) {
        let places = self.places(parent);
        let running = Running {
            activity,
            started: 0,
            completed: 0,
            stopped: false,
            collected: BTreeMap::new(),
            notes: Vec::new(),
        };
        let id = self.add(parent, places, Is::Activity(running));
        let Some(many) = &activity.many else { return self.run(id, activity) };
        for side in &activity.boundaries {
            self.open_side(id, side);
        }
        let at_once = if many.sequential { many.count.min(1) } else { many.count };
        for _ in 0..at_once {
            self.run(id, activity);
        }
        if many.count == 0 {
            self.finish_activity(id);
        }
    }

    /// The next instance of an activity begins.
    fn run(&mut self, id: Id, activity: &'m Activity) {
        let mut places = self.places(id);
        let Is::Activity(running) = &mut self.node(id).is else { unreachable!("it runs") };
        let place = running.started;
        running.started += 1;
        if activity.many.is_some() {
            places.push(place);
        }
        let run = Run { activity, place, phase: Phase::Mapping, result: 0, stopped: false };
        let id = self.add(id, places, Is::Run(run));
        self.run_on(id, Phase::Mapping);
    }

    fn run_on(&mut self, id: Id, phase: Phase) {
        let Is::Run(run) = &mut self.node(id).is else { unreachable!("a run goes on") };
        run.phase = phase;
        let activity = run.activity;
        let n = activity.n;
        let faulty = activity.faulty && !self.holds(id, &format!("fix{n}"));
        let receives = matches!(activity.work, Work::Receive(_));
        match phase {
            Phase::Mapping if faulty && !receives => self.open(id, What::Incident, n, 0, 0),
            Phase::Mapping => self.run_on(id, Phase::Before),
            Phase::Before if activity.listens_before => {
                self.open(id, What::StartListener, n, 0, 0);
            }
            Phase::Before => self.run_on(id, Phase::Working),
            Phase::Working if faulty && receives => self.open(id, What::Incident, n, 0, 0),
            Phase::Working => {
                if activity.many.is_none() {
                    let host = self.node(id).parent;
                    for side in &activity.boundaries {
                        self.open_side(host, side);
                    }
                }
                self.work(id, activity);
            }
            Phase::After if activity.listens_after => self.open(id, What::EndListener, n, 0, 0),
            Phase::After => self.complete_run(id),
        }
    }

    fn work(&mut self, id: Id, activity: &'m Activity) {
        let n = activity.n;
        let places = self.places(id);
        match &activity.work {
            Work::Job(_) => self.open(id, What::Job, n, 0, 0),
            Work::User => self.open(id, What::User, n, 0, 0),
            Work::Receive(_) => {
                self.open(id, What::Message, n, 0, 0);
                if self.early.remove(&(n, places)) {
                    self.close(id, What::Message, n);
                    self.finish_run(id);
                }
            }
            Work::Script => {
                self.set(id, format!("s{n}"), Value::Number(i64::from(n) + 1));
                self.finish_run(id);
            }
            Work::Decision => {
                self.set(id, format!("s{n}"), Value::Number(42));
                self.finish_run(id);
            }
            Work::Manual | Work::Undefined => self.finish_run(id),
            Work::Sub(body) => {
                self.scope(id, places, Some(body), None, false);
            }
            Work::Call(body) => {
                let variables = self.process_mut(id).clone();
                self.scope(id, places, Some(body), Some(variables), false);
            }
            Work::AdHoc(ad_hoc) => {
                self.open(id, What::AdHoc, n, 0, 0);
                for job in &ad_hoc.jobs[..ad_hoc.active] {
                    self.leaf(id, Is::Job, What::Job, *job);
                }
            }
        }
    }

    /// One element of an ad-hoc sub-process has ended.
    fn check_ad_hoc(&mut self, id: Id, ad_hoc: &AdHoc) {
        let Is::Run(run) = &self.node(id).is else { unreachable!("a run holds it") };
        let (n, stopped) = (run.activity.n, run.stopped);
        let enough = ad_hoc.conditional && self.holds(id, &format!("d{n}"));
        if enough && !stopped {
            if let Is::Run(run) = &mut self.node(id).is {
                run.stopped = true;
            }
            self.close(id, What::AdHoc, n);
            if ad_hoc.cancels {
                self.kill_inside(id);
            }
        }
        if self.inside(id).is_empty() && (stopped || enough || !ad_hoc.conditional) {
            self.close(id, What::AdHoc, n);
            self.finish_run(id);
        }
    }

    fn finish_run(&mut self, id: Id) {
        self.run_on(id, Phase::After);
    }

    fn complete_run(&mut self, id: Id) {
        let Some(Node { parent, is: Is::Run(run), .. }) = self.nodes.remove(&id) else {
            unreachable!("a run completes")
        };
        let Is::Activity(running) = &mut self.node(parent).is else { unreachable!("it runs") };
        running.completed += 1;
        let result = match run.activity.work {
            Work::Job(_) => run.result,
            _ => i64::from(run.place),
        };
        running.collected.insert(run.place, result);
        let (started, completed) = (running.started, running.completed);
        let Some(many) = &run.activity.many else { return self.finish_activity(parent) };
        if many.enough.is_some_and(|enough| completed >= enough) {
            running.stopped = true;
            self.kill_inside(parent);
        }
        let stopped = matches!(&self.node(parent).is, Is::Activity(r) if r.stopped);
        let idle = self.inside(parent).is_empty();
        if idle && (stopped || started == many.count) {
            self.finish_activity(parent);
        } else if many.sequential && idle {
            self.run(parent, run.activity);
        }
    }

    fn finish_activity(&mut self, id: Id) {
        let Some(Node { parent, is: Is::Activity(running), .. }) = self.nodes.remove(&id) else {
            unreachable!("an activity completes")
        };
        let activity = running.activity;
        if let Some(Many { collects: true, .. }) = &activity.many {
            let list = running.collected.into_values().collect();
            self.set(parent, format!("all{}", activity.n), Value::List(list));
        }
        if activity.handler.is_some() || !running.notes.is_empty() {
            let scope = self.scope_of(parent);
            if let Is::Scope(scope) = &mut self.node(scope).is {
                let (n, handler, inner) = (activity.n, activity.handler, running.notes);
                scope.notes.push(Note { n, handler, inner });
            }
        }
        self.child_done(parent);
    }

    // Compensation.

    fn compensate(&mut self, parent: Id, only: Option<u32>) {
        let places = self.places(parent);
        let id = self.add(parent, places, Is::Compensating);
        let scope = self.scope_of(parent);
        let mut scopes = vec![scope];
        if matches!(&self.node(scope).is, Is::Scope(scope) if scope.is_event) {
            scopes.push(self.node(scope).parent);
        }
        let mut handlers = Vec::new();
        for scope in scopes {
            let Is::Scope(scope) = &mut self.node(scope).is else { continue };
            let (taken, left) = std::mem::take(&mut scope.notes)
                .into_iter()
                .partition(|note| only.is_none_or(|only| note.n == only));
            scope.notes = left;
            gather(taken, &mut handlers);
        }
        for handler in &handlers {
            self.leaf(id, Is::Job, What::Job, *handler);
        }
        if handlers.is_empty() {
            self.done(id);
        }
    }
}

fn gather(notes: Vec<Note>, handlers: &mut Vec<u32>) {
    for note in notes {
        gather(note.inner, handlers);
        handlers.extend(note.handler);
    }
}
