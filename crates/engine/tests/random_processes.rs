//! Generated block-structured processes, driven by random commands, against an oracle: the blocks
//! themselves say which tasks must run. After every step the state is sound, replaying the events
//! gives the same state, and forgetting instances changes nothing.

mod support;

use std::collections::BTreeMap;
use std::fmt::Write;

use engine::event::InstanceEvent;
use engine::state::Lookup;
use engine::{Command, Event, Key, Reply, State};
use support::{Random, World};

/// A piece of a process that is entered once and left once.
enum Block {
    Task(u32),
    Script(u32),
    Wait(u32),
    Message(u32),
    Sequence(Vec<Block>),
    Choice(u32, Vec<Block>),
    Parallel(Vec<Block>),
    Sub(u32, Box<Block>),
    /// A task whose error leads around what follows it.
    Guarded(u32, Box<Block>),
    /// Every chosen branch, at least the last.
    Inclusive(u32, Vec<Block>),
    /// A multi-instance sub-process: number, items, sequential.
    Each(u32, u32, bool, Box<Block>),
    /// Another process.
    Call(u32, Box<Block>),
    Signal(u32),
    User(u32),
    /// Waits until a variable is set.
    Condition(u32),
    /// A task with a listener before it: two jobs.
    Listened(u32, u32),
    /// A sub-process with a task that is compensated: two jobs.
    Compensated(u32, u32),
    /// A sub-process that escalates to a task beside it.
    Escalated(u32, Box<Block>),
}

struct Maker<'a> {
    random: &'a mut Random,
    next: u32,
    xml: String,
    /// Processes that are called.
    called: String,
    flows: u32,
}

impl Maker<'_> {
    fn number(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    fn block(&mut self, depth: u32) -> Block {
        let kind = if depth == 0 { self.random.below(9) } else { self.random.below(18) };
        let n = self.number();
        let m = self.number();
        match kind {
            4 => Block::Signal(n),
            5 => Block::User(n),
            6 => Block::Condition(n),
            7 => Block::Listened(n, m),
            8 => Block::Compensated(n, m),
            9 => Block::Inclusive(n, self.blocks(depth, 3)),
            10 => {
                let (count, sequential) = (self.random.below(4), self.random.below(2) == 0);
                Block::Each(n, count, sequential, Box::new(self.block(depth - 1)))
            }
            11 => Block::Call(n, Box::new(self.block(depth - 1))),
            12 => Block::Escalated(n, Box::new(self.block(depth - 1))),
            0 => Block::Task(n),
            1 => Block::Script(n),
            2 => Block::Wait(n),
            3 => Block::Message(n),
            13 | 14 => Block::Sequence(self.blocks(depth, 3)),
            15 => Block::Choice(n, self.blocks(depth, 3)),
            16 => Block::Parallel(self.blocks(depth, 3)),
            _ if self.random.below(2) == 0 => Block::Sub(n, Box::new(self.block(depth - 1))),
            _ => Block::Guarded(n, Box::new(self.block(depth - 1))),
        }
    }

    fn blocks(&mut self, depth: u32, most: u32) -> Vec<Block> {
        let count = 2 + self.random.below(most - 1);
        (0..count).map(|_| self.block(depth - 1)).collect()
    }

    fn flow(&mut self, from: &str, to: &str, condition: Option<String>) -> String {
        self.flows += 1;
        let id = format!("f{}", self.flows);
        let inner = condition
            .map(|c| format!("<conditionExpression>={c}</conditionExpression>"))
            .unwrap_or_default();
        let _ = write!(
            self.xml,
            "<sequenceFlow id=\"{id}\" sourceRef=\"{from}\" targetRef=\"{to}\">{inner}\
             </sequenceFlow>"
        );
        id
    }

    /// Writes a block and returns its first and last element.
    fn write(&mut self, block: &Block) -> (String, String) {
        match block {
            Block::Task(n) => self.node(
                *n,
                "serviceTask",
                &format!("<zeebe:taskDefinition type=\"job{n}\"/>"),
                "",
            ),
            Block::Script(n) => self.node(
                *n,
                "scriptTask",
                &format!("<zeebe:script expression=\"={n} + 1\" resultVariable=\"s{n}\"/>"),
                "",
            ),
            Block::Wait(n) => self.node(
                *n,
                "intermediateCatchEvent",
                "",
                "<timerEventDefinition><timeDuration>PT10S</timeDuration></timerEventDefinition>",
            ),
            Block::Message(n) => self.node(
                *n,
                "intermediateCatchEvent",
                "",
                &format!("<messageEventDefinition messageRef=\"m{n}\"/>"),
            ),
            Block::Sequence(blocks) => {
                let ends: Vec<_> = blocks.iter().map(|b| self.write(b)).collect();
                for pair in ends.windows(2) {
                    self.flow(&pair[0].1, &pair[1].0, None);
                }
                (ends[0].0.clone(), ends[ends.len() - 1].1.clone())
            }
            Block::Choice(n, blocks) => {
                let (split, join) = (format!("x{n}"), format!("y{n}"));
                let mut default = String::new();
                let ends: Vec<_> = blocks.iter().map(|b| self.write(b)).collect();
                for (at, (first, last)) in ends.iter().enumerate() {
                    let is_last = at + 1 == ends.len();
                    let condition = (!is_last).then(|| format!("c{n} = {at}"));
                    let id = self.flow(&split, first, condition);
                    if is_last {
                        default = id;
                    }
                    self.flow(last, &join, None);
                }
                let _ = write!(
                    self.xml,
                    "<exclusiveGateway id=\"{split}\" default=\"{default}\"/>\
                     <exclusiveGateway id=\"{join}\"/>"
                );
                (split, join)
            }
            Block::Signal(n) => self.node(
                *n,
                "intermediateCatchEvent",
                "",
                "<signalEventDefinition signalRef=\"signal\"/>",
            ),
            Block::User(n) => self.node(*n, "userTask", "<zeebe:userTask/>", ""),
            Block::Condition(n) => self.node(
                *n,
                "intermediateCatchEvent",
                "",
                "<conditionalEventDefinition><condition>=ready = true</condition>\
                 </conditionalEventDefinition>",
            ),
            Block::Listened(n, before) => self.node(
                *n,
                "serviceTask",
                &format!(
                    "<zeebe:taskDefinition type=\"job{n}\"/><zeebe:executionListeners>\
                     <zeebe:executionListener eventType=\"start\" type=\"job{before}\"/>\
                     </zeebe:executionListeners>"
                ),
                "",
            ),
            Block::Compensated(n, undo) => {
                let id = format!("u{n}");
                let _ = write!(
                    self.xml,
                    "<subProcess id=\"{id}\"><startEvent id=\"us{n}\"/><serviceTask id=\"t{n}\">\
                     <extensionElements><zeebe:taskDefinition type=\"job{n}\"/>\
                     </extensionElements></serviceTask><boundaryEvent id=\"b{n}\" \
                     attachedToRef=\"t{n}\"><compensateEventDefinition/></boundaryEvent>\
                     <serviceTask id=\"h{n}\" isForCompensation=\"true\"><extensionElements>\
                     <zeebe:taskDefinition type=\"job{undo}\"/></extensionElements>\
                     </serviceTask><association id=\"a{n}\" sourceRef=\"b{n}\" \
                     targetRef=\"h{n}\"/><endEvent id=\"ue{n}\"><compensateEventDefinition/>\
                     </endEvent>"
                );
                self.flow(&format!("us{n}"), &format!("t{n}"), None);
                self.flow(&format!("t{n}"), &format!("ue{n}"), None);
                self.xml += "</subProcess>";
                (id.clone(), id)
            }
            Block::Escalated(n, inner) => {
                let id = format!("u{n}");
                let _ = write!(self.xml, "<subProcess id=\"{id}\"><startEvent id=\"us{n}\"/>");
                let (first, last) = self.write(inner);
                self.flow(&format!("us{n}"), &first, None);
                self.flow(&last, &format!("ue{n}"), None);
                let _ = write!(
                    self.xml,
                    "<endEvent id=\"ue{n}\"><escalationEventDefinition escalationRef=\"esc\"/>\
                     </endEvent></subProcess><boundaryEvent id=\"b{n}\" \
                     attachedToRef=\"{id}\" cancelActivity=\"false\"><escalationEventDefinition \
                     escalationRef=\"esc\"/></boundaryEvent><serviceTask id=\"t{n}\">\
                     <extensionElements><zeebe:taskDefinition type=\"job{n}\"/>\
                     </extensionElements></serviceTask><endEvent id=\"be{n}\"/>"
                );
                self.flow(&format!("b{n}"), &format!("t{n}"), None);
                self.flow(&format!("t{n}"), &format!("be{n}"), None);
                (id.clone(), id)
            }
            Block::Each(n, count, sequential, inner) => {
                let id = format!("u{n}");
                let _ = write!(
                    self.xml,
                    "<subProcess id=\"{id}\"><multiInstanceLoopCharacteristics \
                     isSequential=\"{sequential}\"><extensionElements>\
                     <zeebe:loopCharacteristics inputCollection=\"={items}\" \
                     inputElement=\"item\" outputCollection=\"all{n}\" outputElement=\"=item\"/>\
                     </extensionElements></multiInstanceLoopCharacteristics>\
                     <startEvent id=\"us{n}\"/>",
                    items = format_args!("{:?}", (0..*count).collect::<Vec<u32>>())
                );
                let (first, last) = self.write(inner);
                self.flow(&format!("us{n}"), &first, None);
                self.flow(&last, &format!("ue{n}"), None);
                let _ = write!(self.xml, "<endEvent id=\"ue{n}\"/></subProcess>");
                (id.clone(), id)
            }
            Block::Call(n, inner) => {
                let outer = std::mem::take(&mut self.xml);
                let (first, last) = self.write(inner);
                self.flow(&format!("cs{n}"), &first, None);
                self.flow(&last, &format!("ce{n}"), None);
                let inside = std::mem::replace(&mut self.xml, outer);
                let _ = write!(
                    self.called,
                    "<process id=\"called{n}\" isExecutable=\"true\"><startEvent id=\"cs{n}\"/>\
                     {inside}<endEvent id=\"ce{n}\"/></process>"
                );
                let called = format!("<zeebe:calledElement processId=\"called{n}\"/>");
                self.node(*n, "callActivity", &called, "")
            }
            Block::Inclusive(n, blocks) => {
                let (split, join) = (format!("i{n}"), format!("j{n}"));
                let mut default = String::new();
                let ends: Vec<_> = blocks.iter().map(|b| self.write(b)).collect();
                for (at, (first, last)) in ends.iter().enumerate() {
                    let is_last = at + 1 == ends.len();
                    let condition = (!is_last).then(|| format!("c{n} &gt; {at}"));
                    let id = self.flow(&split, first, condition);
                    if is_last {
                        default = id;
                    }
                    self.flow(last, &join, None);
                }
                let _ = write!(
                    self.xml,
                    "<inclusiveGateway id=\"{split}\" default=\"{default}\"/>\
                     <inclusiveGateway id=\"{join}\"/>"
                );
                (split, join)
            }
            Block::Parallel(blocks) => {
                let n = self.number();
                let (split, join) = (format!("p{n}"), format!("q{n}"));
                for block in blocks {
                    let (first, last) = self.write(block);
                    self.flow(&split, &first, None);
                    self.flow(&last, &join, None);
                }
                let _ = write!(
                    self.xml,
                    "<parallelGateway id=\"{split}\"/><parallelGateway id=\"{join}\"/>"
                );
                (split, join)
            }
            Block::Sub(n, inner) => {
                let id = format!("u{n}");
                let _ = write!(self.xml, "<subProcess id=\"{id}\"><startEvent id=\"us{n}\"/>");
                let (first, last) = self.write(inner);
                self.flow(&format!("us{n}"), &first, None);
                self.flow(&last, &format!("ue{n}"), None);
                let _ = write!(self.xml, "<endEvent id=\"ue{n}\"/></subProcess>");
                (id.clone(), id)
            }
            Block::Guarded(n, inner) => {
                let (id, join) = (format!("t{n}"), format!("y{n}"));
                let _ = write!(
                    self.xml,
                    "<serviceTask id=\"{id}\"><extensionElements><zeebe:taskDefinition \
                     type=\"job{n}\"/></extensionElements></serviceTask><boundaryEvent \
                     id=\"b{n}\" attachedToRef=\"{id}\"><errorEventDefinition \
                     errorRef=\"oops\"/></boundaryEvent><exclusiveGateway id=\"{join}\"/>"
                );
                let (first, last) = self.write(inner);
                self.flow(&id, &first, None);
                self.flow(&last, &join, None);
                self.flow(&format!("b{n}"), &join, None);
                (id, join)
            }
        }
    }

    fn node(&mut self, n: u32, tag: &str, extension: &str, body: &str) -> (String, String) {
        let id = format!("t{n}");
        let extension = match extension {
            "" => String::new(),
            e => format!("<extensionElements>{e}</extensionElements>"),
        };
        let _ = write!(self.xml, "<{tag} id=\"{id}\">{extension}{body}</{tag}>");
        (id.clone(), id)
    }
}

/// Jobs that must be completed, once each; choices and errors are already decided.
fn expected(
    block: &Block,
    chosen: &BTreeMap<u32, usize>,
    failing: &BTreeMap<u32, bool>,
    jobs: &mut Vec<u32>,
) {
    let mut all = |blocks: &[Block]| {
        for block in blocks {
            expected(block, chosen, failing, jobs);
        }
    };
    match block {
        Block::Task(n) => jobs.push(*n),
        Block::Script(_)
        | Block::Wait(_)
        | Block::Message(_)
        | Block::Signal(_)
        | Block::User(_)
        | Block::Condition(_) => {}
        Block::Listened(n, other) | Block::Compensated(n, other) => jobs.extend([*n, *other]),
        Block::Call(_, inner) => expected(inner, chosen, failing, jobs),
        Block::Escalated(n, inner) => {
            expected(inner, chosen, failing, jobs);
            jobs.push(*n);
        }
        Block::Each(_, count, _, inner) => {
            for _ in 0..*count {
                expected(inner, chosen, failing, jobs);
            }
        }
        // The branches below the choice, or the last one.
        Block::Inclusive(n, blocks) => match chosen[n] {
            0 => expected(&blocks[blocks.len() - 1], chosen, failing, jobs),
            taken => all(&blocks[..taken.min(blocks.len() - 1)]),
        },
        Block::Sequence(blocks) | Block::Parallel(blocks) => all(blocks),
        Block::Choice(n, blocks) => expected(&blocks[chosen[n]], chosen, failing, jobs),
        Block::Sub(_, inner) => expected(inner, chosen, failing, jobs),
        Block::Guarded(n, inner) => {
            if !failing[n] {
                jobs.push(*n);
                expected(inner, chosen, failing, jobs);
            }
        }
    }
}

fn decisions(
    block: &Block,
    random: &mut Random,
    chosen: &mut BTreeMap<u32, usize>,
    failing: &mut BTreeMap<u32, bool>,
    messages: &mut Vec<u32>,
) {
    match block {
        Block::Task(_)
        | Block::Script(_)
        | Block::Wait(_)
        | Block::Signal(_)
        | Block::User(_)
        | Block::Condition(_)
        | Block::Listened(..)
        | Block::Compensated(..) => {}
        Block::Message(n) => messages.push(*n),
        Block::Sequence(blocks) | Block::Parallel(blocks) => {
            for block in blocks {
                decisions(block, random, chosen, failing, messages);
            }
        }
        Block::Choice(n, blocks) | Block::Inclusive(n, blocks) => {
            chosen.insert(*n, random.below(blocks.len() as u32) as usize);
            for block in blocks {
                decisions(block, random, chosen, failing, messages);
            }
        }
        Block::Sub(_, inner)
        | Block::Each(.., inner)
        | Block::Call(_, inner)
        | Block::Escalated(_, inner) => decisions(inner, random, chosen, failing, messages),
        Block::Guarded(n, inner) => {
            failing.insert(*n, random.below(4) == 0);
            decisions(inner, random, chosen, failing, messages);
        }
    }
}

/// How often which kind of element ended how: the rows of the histogram.
type Histogram = BTreeMap<(String, &'static str), u32>;

fn run(seed: u64, forget: bool, faults: bool) -> (State, usize) {
    let (world, _) = run_with(seed, forget, faults, false);
    (world.state, world.steps)
}

/// `cancel`: at some time in the middle.
fn run_with(seed: u64, forget: bool, faults: bool, cancel: bool) -> (World, Histogram) {
    let mut random = Random::new(seed);
    let mut maker =
        Maker { random: &mut random, next: 0, xml: String::new(), called: String::new(), flows: 0 };
    let block = maker.block(3);
    let (first, last) = maker.write(&block);
    maker.flow("start", &first, None);
    maker.flow(&last, "end", None);
    let body = std::mem::take(&mut maker.xml);
    let called = std::mem::take(&mut maker.called);
    let (mut chosen, mut failing, mut messages) = Default::default();
    decisions(&block, &mut random, &mut chosen, &mut failing, &mut messages);
    let mut head = String::from(
        "<error id=\"oops\" name=\"oops\" errorCode=\"OOPS\"/><signal id=\"signal\" name=\"S\"/>\
         <escalation id=\"esc\" name=\"esc\" escalationCode=\"ESC\"/>",
    );
    for n in &messages {
        let _ = write!(
            head,
            "<message id=\"m{n}\" name=\"M{n}\"><extensionElements><zeebe:subscription \
             correlationKey=\"=key\"/></extensionElements></message>"
        );
    }
    let xml = format!(
        "{head}<process id=\"p\" isExecutable=\"true\"><startEvent id=\"start\"/>{body}\
         <endEvent id=\"end\"/></process>{called}"
    );
    let mut world = World::new(seed, forget);
    world.faults = faults.then(|| Random::new(seed ^ 5));
    world.deploy(&xml);
    let mut variables = String::from("{\"key\":\"k1\"");
    for (n, at) in &chosen {
        let _ = write!(variables, ",\"c{n}\":{at}");
    }
    variables.push('}');
    let instance = world.create("p", &variables);
    let mut done: Vec<u32> = Vec::new();
    let last_round = if cancel { random.below(20) } else { u32::MAX };
    for round in 0..10_000 {
        if round >= last_round {
            world.ask(&Command::CancelInstance { instance }).ok();
        }
        if matches!(world.state.instance(instance), Lookup::Absent) {
            break;
        }
        match random.below(7) {
            3 => {
                let (name, tenant) = ("S".into(), engine::command::DEFAULT_TENANT.into());
                let signal = Command::BroadcastSignal { name, tenant, variables: Vec::new() };
                world.ask(&signal).expect("a signal");
            }
            4 => complete_a_task(&mut world, &mut random),
            5 => make_ready(&mut world, &mut random),
            0 => world.advance(random.below(15_000) as i64),
            1 if !messages.is_empty() => {
                let n = messages[random.below(messages.len() as u32) as usize];
                world.publish(&format!("M{n}"), "k1", 60_000);
            }
            _ => {
                let Some(job) = world.lease_any() else { continue };
                let n: u32 = job.job_type[3..].parse().expect("a number");
                match random.below(6) {
                    0 => world.fail(job.key, job.retries.max(2)),
                    1 => world.advance(40_000),
                    _ if failing.get(&n) == Some(&true) => world.throw(job.key, "OOPS"),
                    _ => {
                        if world.complete(job.key) {
                            done.push(n);
                        }
                    }
                }
            }
        }
    }
    let histogram = histogram(&world);
    if cancel {
        world.settle();
        assert_eq!(world.state.instances().count(), 0, "seed {seed} left instances");
        assert_eq!(world.state.queues().count(), 0, "seed {seed} left jobs");
        return (world, histogram);
    }
    let left = format!("seed {seed} left {:?}", world.state.instance(instance));
    assert!(matches!(world.state.instance(instance), Lookup::Absent), "{left}");
    let mut wanted = Vec::new();
    expected(&block, &chosen, &failing, &mut wanted);
    wanted.sort_unstable();
    done.sort_unstable();
    assert_eq!(done, wanted, "seed {seed}");
    (world, histogram)
}

/// Completes one of the user tasks that are open, if there is one.
fn complete_a_task(world: &mut World, random: &mut Random) {
    world.settle();
    let tasks: Vec<Key> = world
        .hot()
        .flat_map(|instance| instance.rare.as_ref())
        .flat_map(|rare| rare.tasks.keys().copied())
        .collect();
    if let Some(task) = pick(&tasks, random) {
        let complete = Command::CompleteUserTask { task, variables: Vec::new(), action: "".into() };
        world.ask(&complete).expect("a task completes");
    }
}

/// Sets the variable that conditions wait for, in one instance.
fn make_ready(world: &mut World, random: &mut Random) {
    world.settle();
    let instances: Vec<Key> = world.hot().map(|instance| instance.key).collect();
    if let Some(scope) = pick(&instances, random) {
        let variables = value::object_from_json("{\"ready\":true}").expect("an object");
        let set = Command::SetVariables { scope, variables, local: false };
        world.ask(&set).expect("variables are set");
    }
}

fn pick(keys: &[Key], random: &mut Random) -> Option<Key> {
    (!keys.is_empty()).then(|| keys[random.below(keys.len() as u32) as usize])
}

fn histogram(world: &World) -> Histogram {
    let mut rows = Histogram::new();
    let mut definitions: BTreeMap<Key, Key> = BTreeMap::new();
    let mut elements: BTreeMap<Key, u32> = BTreeMap::new();
    for event in &world.events {
        let Event::Instance { instance, event } = event else { continue };
        let (no, outcome) = match event {
            InstanceEvent::Created(created) => {
                definitions.insert(*instance, created.definition);
                continue;
            }
            InstanceEvent::ElementActivating { key, element, .. } => {
                elements.insert(*key, element.no);
                continue;
            }
            InstanceEvent::ElementPassed { element, .. } => (Some(element.no), "completed"),
            InstanceEvent::ElementCompleted { key } => (elements.get(key).copied(), "completed"),
            InstanceEvent::ElementTerminated { key } => (elements.get(key).copied(), "terminated"),
            _ => continue,
        };
        let definition = world.catalog.get(definitions[instance]).expect("deployed");
        let process = definition.process.as_ref().expect("compiled");
        if let Some(no) = no {
            let kind = format!("{:?}", process.element(no).kind);
            let kind = kind.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            *rows.entry((kind.to_owned(), outcome)).or_default() += 1;
        }
    }
    rows
}

#[test]
fn every_element_ends_in_every_way() {
    let mut all = Histogram::new();
    for seed in 0..400 {
        for (cell, count) in run_with(seed, seed % 3 == 0, false, seed % 2 == 0).1 {
            *all.entry(cell).or_default() += count;
        }
    }
    for ((kind, outcome), count) in &all {
        println!("{kind:12} {outcome:10} {count}");
    }
    let waits = ["Job", "Catch", "UserTask", "Call", "SubProcess"];
    let all_kinds = [
        "Start",
        "Boundary",
        "End",
        "Pass",
        "Script",
        "Exclusive",
        "Inclusive",
        "Parallel",
        "Escalate",
        "Compensate",
    ];
    // No block of the generator has a manual task.
    let never = [("Pass", "completed")];
    for kind in waits.iter().chain(&all_kinds) {
        for outcome in ["completed", "terminated"] {
            let listed = never.contains(&(*kind, outcome));
            let may = outcome == "completed" || waits.contains(kind);
            let seen = all.contains_key(&((*kind).to_owned(), outcome));
            assert!(seen || !may || listed, "no {kind} ever {outcome}");
        }
    }
}

#[test]
fn generated_processes_run_as_their_blocks_say() {
    for seed in 0..300 {
        run(seed, false, false);
    }
}

#[test]
fn a_command_that_panics_leaves_nothing() {
    let loud = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if info.payload_as_str() != Some("an injected fault") {
            loud(info);
        }
    }));
    for seed in 0..100 {
        run(seed, false, true);
    }
}

#[test]
fn forgetting_instances_changes_nothing() {
    for seed in 0..150 {
        let (plain, steps) = run(seed, false, false);
        let (forgetful, again) = run(seed, true, false);
        assert_eq!(steps, again, "seed {seed}");
        assert_eq!(plain, forgetful, "seed {seed}");
    }
}

#[test]
fn a_job_can_be_completed_once() {
    let mut world = World::new(1, false);
    world.deploy(
        "<process id=\"p\" isExecutable=\"true\"><startEvent id=\"s\"/><serviceTask id=\"t\">\
         <extensionElements><zeebe:taskDefinition type=\"job1\"/></extensionElements>\
         </serviceTask><endEvent id=\"e\"/><sequenceFlow id=\"a\" sourceRef=\"s\" \
         targetRef=\"t\"/><sequenceFlow id=\"b\" sourceRef=\"t\" targetRef=\"e\"/></process>",
    );
    world.create("p", "{}");
    let job = world.lease_any().expect("a job");
    assert!(world.complete(job.key));
    let again = Command::CompleteJob { job: job.key, variables: Vec::new(), token: None };
    let refused = world.ask(&again).expect_err("it is gone");
    assert!(refused.reason.contains("no such job was found"), "{refused}");
    let lease = world.lease("job1", 10);
    assert!(matches!(lease, Reply::Jobs(jobs) if jobs.jobs.is_empty()));
}
