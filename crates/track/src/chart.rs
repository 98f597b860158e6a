//! A BPMN process as tracking sees it: which elements stand for event types, in which order they
//! may come, and by when.
//!
//! Every sequence flow is a place of a net; gateways and elements that no event type stands for
//! are silent. What the engine would do at an element is of no interest here, only that something
//! was seen of it.

mod build;
mod data;
mod deadline;
mod heat;
mod kinds;
mod ways;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::{Definitions, ElementIndex, FlowIndex, Process};

use crate::conform::Net;

pub use data::{Conditions, context, payload};
pub use deadline::{Action, Deadline};
pub use heat::{Heat, heat};
pub(crate) use kinds::message_of;
pub(crate) use ways::Ways;

/// The compiled tracking model. Event types are numbered; the labels of the net are these numbers.
#[derive(Debug, Clone)]
pub struct Chart {
    pub process: Arc<str>,
    pub name: Option<Arc<str>>,
    pub net: Net,
    /// What each transition of the net stands for.
    pub transitions: Vec<Meaning>,
    /// What each place stands for; start and end of the net stand for nothing.
    pub places: Vec<Option<FlowIndex>>,
    /// Event types of the model.
    pub kinds: Vec<Kind>,
    pub elements: Vec<Place>,
    pub deadlines: Vec<Deadline>,
    /// Deadline of a whole case, in ms, from its first event.
    pub case_deadline_ms: Option<i64>,
    /// What is read of a case's variables.
    pub data: Conditions,
    /// What the model has that tracking reads past.
    pub notes: Vec<String>,
    index: BTreeMap<String, u32>,
}

/// An event type that the model knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    pub name: String,
    /// The elements that it stands for; the first one names it in findings.
    pub elements: Vec<ElementIndex>,
}

/// What a transition stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    pub element: ElementIndex,
    /// The flow by which the element is entered here, where there is one.
    pub entered_by: Option<FlowIndex>,
}

/// An element, for findings and pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub id: Arc<str>,
    pub name: Option<Arc<str>>,
    /// Its event type, when events are expected of it.
    pub kind: Option<u32>,
}

/// How event types find their elements.
#[derive(Debug, Clone, Default)]
pub struct Binding {
    /// Element id by event type, as somebody decided it.
    pub fixed: BTreeMap<String, String>,
    /// Event types that are known to come. Elements that none of them stands for are silent;
    /// without any knowledge, tasks and message events expect a type of their own name.
    pub known: Option<BTreeSet<String>>,
}

impl Chart {
    /// Compiles a process.
    ///
    /// # Errors
    /// "expected …, but …" when the process has no start, no end, or nothing to follow.
    pub fn new(process: &Process, binding: &Binding) -> Result<Chart, String> {
        build::chart(process, binding)
    }

    /// The same model without some of its transitions: they stay, and can never be taken.
    pub fn without(&self, closed: &[u32]) -> Chart {
        let mut chart = self.clone();
        let never = chart.net.places;
        chart.net.places += 1;
        chart.places.push(None);
        for number in closed {
            if let Some(transition) = chart.net.transitions.get_mut(*number as usize) {
                transition.inputs.push(never);
            }
        }
        let (net, meanings) = (&chart.net, &chart.transitions);
        for deadline in &mut chart.deadlines {
            deadline.places = build::waiting(net, meanings, deadline.element, Some(never), false);
        }
        chart
    }

    /// The number of an event type.
    pub fn kind(&self, name: &str) -> Option<u32> {
        self.index.get(name).or_else(|| self.index.get(&plain(name))).copied()
    }

    /// Name of an event type as the model has it.
    pub fn kind_name(&self, kind: u32) -> &str {
        self.kinds.get(kind as usize).map_or("", |kind| kind.name.as_str())
    }

    /// Id of the element that names a type.
    pub fn element_of(&self, kind: u32) -> Option<&Place> {
        let element = *self.kinds.get(kind as usize)?.elements.first()?;
        self.elements.get(element as usize)
    }

    /// The element of a transition.
    pub fn element_at(&self, transition: u32) -> Option<&Place> {
        let meaning = self.transitions.get(transition as usize)?;
        self.elements.get(meaning.element as usize)
    }
}

/// Names that elements of a published model have and no known type stands for, plain. Where
/// somebody mapped types to elements there are none: they said what they want.
pub(crate) fn unheard(publish: &crate::machine::Publish) -> BTreeSet<String> {
    let read = model::read("model.bpmn", &publish.bpmn);
    let Ok((definitions, _)) = read else { return BTreeSet::new() };
    let process = definitions.processes.iter().find(|p| p.id == publish.process);
    let Some(process) = process else { return BTreeSet::new() };
    if !publish.types.is_empty() {
        return BTreeSet::new();
    }
    let known: BTreeSet<String> = publish.known.iter().map(|name| plain(name)).collect();
    kinds::names_of(process).into_iter().filter(|name| !known.contains(name)).collect()
}

/// Types that a model expects whether or not they were seen: tasks and message events.
///
/// # Errors
/// When the bytes are no BPMN model, or one without this process.
pub fn expected(bpmn: &[u8], process: &str) -> Result<Vec<String>, String> {
    let (definitions, _) = model::read("model.bpmn", bpmn).map_err(|problems| {
        let first = problems.first().map(ToString::to_string).unwrap_or_default();
        format!("expected a BPMN model, but {first}")
    })?;
    named(&definitions, process).map(kinds::expected_of)
}

/// The process that cases are kept under. Another one in its place would be tracked under one name
/// and read under the other.
///
/// # Errors
/// When the model has none of this id.
pub fn named<'a>(definitions: &'a Definitions, id: &str) -> Result<&'a Process, String> {
    let mut processes = definitions.processes.iter();
    processes.find(|process| &*process.id == id).ok_or_else(|| {
        let ids = definitions.processes.iter().map(|process| format!("{:?}", &*process.id));
        let there = ids.collect::<Vec<_>>().join(", ");
        let there =
            if there.is_empty() { "there is none".into() } else { format!("it has {there}") };
        format!("expected a process {id:?} in the model, under whose id it is tracked, but {there}")
    })
}

/// A name without what people and programs write differently: case, spaces, punctuation, and the
/// word "event" at its end.
pub(crate) fn plain(name: &str) -> String {
    let plain: String =
        name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    match plain.strip_suffix("event") {
        Some(rest) if !rest.is_empty() => rest.to_owned(),
        Some(_) | None => plain,
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::ORDER as ORDER_MODEL;
