//! What one instance did, as a page: its path over the model, step by step, and its variables.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::compile::Process;
use engine::event::{ElementNo, FlowNo, InstanceEvent, Role};
use engine::{Catalog, Event, Key};
use report::html::{Cell, Column, Page, Table, Tile};
use report::{FlowMark, Mark, Overlay, State};

/// Lines of the path that a page lists.
const LINES_MAX: usize = 10_000;

/// Collected while the instance runs.
#[derive(Default)]
pub struct Walk {
    lines: Vec<(i64, String)>,
    /// Events that are not listed any more.
    more: u64,
    /// Definition of each instance.
    definitions: BTreeMap<Key, Key>,
    /// What each element instance is one of.
    of: BTreeMap<Key, (Key, ElementNo)>,
    elements: BTreeMap<(Key, ElementNo), Passed>,
    flows: BTreeMap<(Key, FlowNo), u64>,
    /// Where incidents are, by their keys.
    incidents: BTreeMap<Key, (Key, ElementNo)>,
    /// The last value of each variable of the instance itself.
    variables: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Default)]
struct Passed {
    entered: u64,
    completed: u64,
    terminated: u64,
}

impl Walk {
    /// Takes an event, and how it was told.
    pub fn see(&mut self, now: i64, event: &Event, line: Option<&str>) {
        if let Some(line) = line {
            match self.lines.len() < LINES_MAX {
                true => self.lines.push((now, line.to_owned())),
                false => self.more += 1,
            }
        }
        let Event::Instance { instance, event } = event else { return };
        if let InstanceEvent::Created(created) = event {
            self.definitions.insert(*instance, created.definition);
        }
        let Some(definition) = self.definitions.get(instance).copied() else { return };
        match event {
            InstanceEvent::ElementActivating { key, element, .. } if element.role != Role::Body => {
                self.of.insert(*key, (definition, element.no));
            }
            InstanceEvent::ElementPassed { element, .. } => {
                let passed = self.elements.entry((definition, element.no)).or_default();
                (passed.entered, passed.completed) = (passed.entered + 1, passed.completed + 1);
            }
            InstanceEvent::ElementActivated { key } => self.at(*key, |p| p.entered += 1),
            InstanceEvent::ElementCompleted { key } => self.at(*key, |p| p.completed += 1),
            InstanceEvent::ElementTerminated { key } => self.at(*key, |p| p.terminated += 1),
            InstanceEvent::FlowTaken { flow, .. } => {
                *self.flows.entry((definition, *flow)).or_default() += 1;
            }
            InstanceEvent::IncidentCreated { key, element, .. } => {
                if let Some(at) = self.of.get(element) {
                    self.incidents.insert(*key, *at);
                }
            }
            InstanceEvent::IncidentResolved { key } => drop(self.incidents.remove(key)),
            InstanceEvent::VariableSet { scope, name, value, .. } if scope == instance => {
                self.variables.insert(name.to_string(), value.to_json());
            }
            _ => {}
        }
    }

    fn at(&mut self, key: Key, change: impl FnOnce(&mut Passed)) {
        if let Some(at) = self.of.get(&key) {
            change(self.elements.entry(*at).or_default());
        }
    }

    /// The page of an instance; `outcome` is how it ended, or why it waits.
    pub fn page(&self, catalog: &Catalog, instance: Key, outcome: &str) -> Option<Page> {
        let key = *self.definitions.get(&instance)?;
        let definition = catalog.get(key)?;
        let process = definition.process.as_deref().ok()?;
        let model = definition.model.as_deref()?;
        let own = |(of, _): &&(Key, ElementNo)| *of == key;
        let reached = self.elements.keys().filter(own).count();
        let (first, last) = (self.lines.first(), self.lines.last());
        let took = last.map_or(0, |last| last.0) - first.map_or(0, |first| first.0);
        let name =
            model.processes.iter().find(|p| *p.id == *process.id).and_then(|p| p.name.clone());
        Some(Page {
            title: name.unwrap_or_else(|| Arc::clone(&process.id)).to_string(),
            subtitle: format!("One instance of {}, run by grevy run", process.id),
            tiles: vec![
                tile("Outcome", outcome, ""),
                tile("Elements", &reached.to_string(), "were reached"),
                tile("Time", &span(took), "passed; none was waited"),
            ],
            svg: report::svg(model, &self.overlay(key, process)),
            legend: "The path is coloured: at each element how often it was passed, at each flow \
                     how often it was taken."
                .to_owned(),
            tables: vec![self.path(), self.values()],
            footer: String::new(),
        })
    }

    fn overlay(&self, key: Key, process: &Process) -> Overlay {
        let mut overlay = Overlay { fade_unmarked: true, ..Overlay::default() };
        for ((_, no), passed) in self.elements.iter().filter(|((of, _), _)| *of == key) {
            let here = |at: &&(Key, ElementNo)| **at == (key, *no);
            let incidents = self.incidents.values().filter(here).count() as u64;
            let tokens = passed.entered.saturating_sub(passed.completed + passed.terminated);
            let state = match passed {
                _ if incidents > 0 => State::Failed,
                _ if tokens > 0 => State::Active,
                Passed { completed: 0, .. } => State::Terminated,
                Passed { .. } => State::Completed,
            };
            let count = (passed.completed > 0).then_some(passed.completed);
            let mark = Mark { tokens, count, incidents, state: Some(state), ..Mark::default() };
            overlay.elements.insert(process.element(*no).id.as_ref().into(), mark);
        }
        for ((_, no), taken) in self.flows.iter().filter(|((of, _), _)| *of == key) {
            let mark = FlowMark { taken: Some(*taken), share: None };
            overlay.flows.insert(process.flow(*no).id.as_ref().into(), mark);
        }
        overlay
    }

    fn path(&self) -> Table {
        let rows = (1..).zip(&self.lines).map(|(number, (time, line)): (u64, _)| {
            let (what, rest) = line.split_once(' ').unwrap_or((line, ""));
            let time = jiff::Timestamp::from_millisecond(*time);
            let time = time.map_or_else(|_| String::new(), |time| time.to_string());
            vec![
                Cell::Number(number.to_string()),
                Cell::Text(time),
                Cell::Text(what.to_owned()),
                Cell::Text(rest.to_owned()),
            ]
        });
        let note = match self.more {
            0 => "In the order in which it happened.".to_owned(),
            more => format!("In the order in which it happened. {more} more are not listed."),
        };
        Table {
            title: "Path".to_owned(),
            note,
            columns: vec![
                Column::number("#"),
                Column::text("Time"),
                Column::text("What"),
                Column::text("Where"),
            ],
            rows: rows.collect(),
            empty: "Nothing happened.".to_owned(),
        }
    }

    fn values(&self) -> Table {
        let rows = self.variables.iter();
        Table {
            title: "Variables".to_owned(),
            note: "Of the process, as they were last.".to_owned(),
            columns: vec![Column::text("Name"), Column::text("Value")],
            rows: rows.map(|(n, v)| vec![Cell::Text(n.clone()), Cell::Text(v.clone())]).collect(),
            empty: "None was set.".to_owned(),
        }
    }
}

fn tile(label: &str, value: &str, note: &str) -> Tile {
    let (label, value, note) = (label.to_owned(), value.to_owned(), note.to_owned());
    Tile { label, value, note, ..Tile::default() }
}

/// Milliseconds as people say them.
fn span(ms: i64) -> String {
    match ms {
        i64::MIN..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{:.1} s", ms as f64 / 1_000.0),
        60_000..3_600_000 => format!("{:.1} min", ms as f64 / 60_000.0),
        3_600_000..86_400_000 => format!("{:.1} h", ms as f64 / 3_600_000.0),
        _ => format!("{:.1} d", ms as f64 / 86_400_000.0),
    }
}
