//! How often which kind of element ended how: the proof that the models reach what they are for.

use std::collections::BTreeMap;

use engine::event::{ElementRef, InstanceEvent, PROCESS, Role};
use engine::{Event, Key};

use super::support::World;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    Completed,
    Interrupted,
    Incident,
    Cancelled,
    Compensated,
    TimedOut,
}

pub const OUTCOMES: [Outcome; 6] = [
    Outcome::Completed,
    Outcome::Interrupted,
    Outcome::Incident,
    Outcome::Cancelled,
    Outcome::Compensated,
    Outcome::TimedOut,
];

#[derive(Debug, Clone, Default)]
pub struct Histogram(BTreeMap<(String, Outcome), u64>);

impl Histogram {
    /// `ends`: the outcome of what is terminated from that event on.
    pub fn of(world: &World, ends: &[(usize, Outcome)]) -> Histogram {
        let mut histogram = Histogram::default();
        let mut definitions: BTreeMap<Key, Key> = BTreeMap::new();
        let mut elements: BTreeMap<Key, ElementRef> = BTreeMap::new();
        let mut noted: BTreeMap<Key, ElementRef> = BTreeMap::new();
        for (at, event) in world.events.iter().enumerate() {
            let Event::Instance { instance, event } = event else { continue };
            let found = |key: &Key| elements.get(key).copied();
            let (element, outcome) = match event {
                InstanceEvent::Created(created) => {
                    definitions.insert(*instance, created.definition);
                    elements.insert(*instance, ElementRef::new(PROCESS));
                    continue;
                }
                InstanceEvent::ElementActivating { key, element, .. } => {
                    elements.insert(*key, *element);
                    continue;
                }
                InstanceEvent::CompensationNoted { key, element, .. } => {
                    noted.insert(*key, ElementRef::new(*element));
                    continue;
                }
                InstanceEvent::CompensationBegun { key, .. } => {
                    (noted.get(key).copied(), Outcome::Compensated)
                }
                InstanceEvent::ElementPassed { element, .. } => {
                    (Some(*element), Outcome::Completed)
                }
                InstanceEvent::ElementCompleted { key } => (found(key), Outcome::Completed),
                InstanceEvent::ElementTerminated { key } => {
                    let last = ends.iter().rev().find(|(from, _)| *from <= at);
                    (found(key), last.map_or(Outcome::Interrupted, |(_, outcome)| *outcome))
                }
                InstanceEvent::IncidentCreated { element, .. } => {
                    (found(element), Outcome::Incident)
                }
                _ => continue,
            };
            let Some(element) = element.filter(|element| element.no != PROCESS) else { continue };
            let definition = world.catalog.get(definitions[instance]).expect("deployed");
            let process = definition.process.as_ref().expect("compiled");
            let compiled = process.element(element.no);
            let many = compiled.multi_instance.as_ref();
            let row = compiled.id.rsplit_once('_').expect("a kind and a number").0;
            let is_body =
                element.role == Role::Body || (outcome == Outcome::Compensated && many.is_some());
            match many.filter(|_| is_body) {
                Some(many) if many.sequential => histogram.add("loop-sequential", outcome),
                Some(_) => histogram.add("loop-parallel", outcome),
                None if element.role == Role::AdHocInner => {}
                None => histogram.add(row, outcome),
            }
        }
        histogram
    }

    fn add(&mut self, row: &str, outcome: Outcome) {
        *self.0.entry((row.to_owned(), outcome)).or_default() += 1;
    }

    pub fn merge(&mut self, other: Histogram) {
        for (cell, count) in other.0 {
            *self.0.entry(cell).or_default() += count;
        }
    }

    pub fn count(&self, row: &str, outcome: Outcome) -> u64 {
        self.0.get(&(row.to_owned(), outcome)).copied().unwrap_or_default()
    }

    /// Cells that should have something and are empty.
    pub fn empty(&self) -> Vec<String> {
        let mut found = Vec::new();
        for row in ROWS {
            for outcome in OUTCOMES {
                let expected = reason(row, outcome).is_none();
                match (self.count(row, outcome), expected) {
                    (0, true) => found.push(format!("no {row} was ever {outcome:?}")),
                    (1.., false) => {
                        found.push(format!("{row} was {outcome:?}, which is listed as impossible"));
                    }
                    _ => {}
                }
            }
        }
        found
    }

    /// A table with the reason where a cell must be empty.
    pub fn print(&self) {
        print!("{:24}", "");
        OUTCOMES.iter().for_each(|outcome| print!("{:>12}", format!("{outcome:?}")));
        println!();
        for row in ROWS {
            print!("{row:24}");
            for outcome in OUTCOMES {
                match self.count(row, outcome) {
                    0 if reason(row, outcome).is_some() => print!("{:>12}", "–"),
                    count => print!("{count:>12}"),
                }
            }
            println!();
        }
    }
}

/// Every kind of element that the engine runs.
pub const ROWS: &[&str] = &[
    "service",
    "send",
    "scripted",
    "rule",
    "form",
    "user",
    "receive",
    "script",
    "decision",
    "manual",
    "task",
    "call",
    "sub",
    "ad-hoc",
    "inner",
    "handler",
    "loop-parallel",
    "loop-sequential",
    "start-none",
    "start-message",
    "start-signal",
    "start-timer",
    "catch-timer",
    "catch-message",
    "catch-signal",
    "catch-condition",
    "link-throw",
    "link-catch",
    "throw-none",
    "throw-message",
    "throw-publish",
    "throw-signal",
    "throw-escalation",
    "throw-compensation",
    "end-none",
    "end-message",
    "end-publish",
    "end-signal",
    "end-error",
    "end-escalation",
    "end-terminate",
    "end-compensation",
    "exclusive",
    "merge",
    "inclusive",
    "inclusive-join",
    "parallel",
    "parallel-join",
    "race",
    "undo",
    "boundary-timer",
    "boundary-timer-beside",
    "boundary-cycle-beside",
    "boundary-message",
    "boundary-message-beside",
    "boundary-signal",
    "boundary-signal-beside",
    "boundary-condition",
    "boundary-condition-beside",
    "boundary-error",
    "boundary-escalation",
    "boundary-escalation-beside",
    "during-timer",
    "during-timer-beside",
    "during-cycle-beside",
    "during-message",
    "during-message-beside",
    "during-signal",
    "during-signal-beside",
    "during-condition",
    "during-condition-beside",
    "during-error",
    "during-escalation",
    "during-escalation-beside",
    "begin-timer",
    "begin-error",
];

/// Why an element of this kind cannot end so; `None` when it can.
pub fn reason(row: &str, outcome: Outcome) -> Option<&'static str> {
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| row.starts_with(prefix));
    let passes = begins(&[
        "start-",
        "link-",
        "boundary-",
        "begin-",
        "throw-none",
        "throw-publish",
        "throw-signal",
        "end-none",
        "end-publish",
        "end-signal",
        "end-terminate",
        "merge",
        "undo",
        "parallel",
        "inclusive-join",
    ]);
    let throws = ["throw-escalation", "end-escalation", "end-error"].contains(&row);
    let activity = [
        "service",
        "send",
        "scripted",
        "rule",
        "form",
        "user",
        "receive",
        "script",
        "decision",
        "manual",
        "task",
        "call",
        "sub",
        "ad-hoc",
        "loop-parallel",
        "loop-sequential",
    ];
    match outcome {
        Outcome::Completed if row == "end-error" => Some("what it throws ends its scope"),
        Outcome::Completed => None,
        Outcome::Compensated if activity.contains(&row) => None,
        Outcome::Compensated => Some("only activities are compensated"),
        _ if passes => Some("it passes in one step, and evaluates nothing that can fail"),
        Outcome::Interrupted if throws => None,
        _ if throws => Some("it throws in the step in which it begins, and all is caught"),
        Outcome::Incident if row == "race" || begins(&["during-"]) => {
            Some("the generator makes no event of a gateway or event sub-process that fails")
        }
        Outcome::Incident if begins(&["loop-"]) => Some("its collection is a list of numbers"),
        Outcome::Incident if row == "catch-condition" => {
            Some("what is not true is not yet true, and no incident")
        }
        Outcome::Incident if begins(&["end-comp", "throw-comp"]) => Some("it evaluates nothing"),
        Outcome::Incident | Outcome::Interrupted | Outcome::Cancelled | Outcome::TimedOut => None,
    }
}
