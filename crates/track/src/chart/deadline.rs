//! By when a step is expected: timers of the model, read as promises. A boundary timer of a task,
//! a timer beside other events behind an event-based gateway, or the property `deadline` of any
//! element says how long after the element is reached its event may take; the property `deadline`
//! of the process says how long a case may take.

use std::sync::Arc;

use model::{Element, ElementIndex, Event, Kind, Pair, Process, TaskKind, Text, Timer};

use super::Chart;
use crate::machine::Due;
use crate::mapping::duration_ms;

/// A promise about one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadline {
    /// The event type that is waited for.
    pub kind: u32,
    pub element: ElementIndex,
    /// After the element was reached, in ms.
    pub within_ms: i64,
    /// Places of the net from which silent steps lead to the element: it is waited for while a
    /// token is in one of them.
    pub places: Vec<u32>,
    /// Those of them from which a choice alone leads to it, no split.
    pub choice: Vec<u32>,
    /// What to do when it passes; nothing more than the finding where the model draws nothing.
    pub actions: Vec<Action>,
}

/// What the model draws behind a timer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// A record for people: any task that sends nothing.
    Alert { element: Arc<str>, name: Arc<str> },
    /// A message to the engine or out: a message throw or end event, or a send task.
    /// It carries what the input mappings say, name and FEEL.
    Send { element: Arc<str>, message: Arc<str>, payload: Vec<(Arc<str>, Arc<str>)> },
}

/// All deadlines of a process, and that of a case.
///
/// # Errors
/// When a duration is none; dates and cycles promise nothing about a case and are read past.
pub(super) fn deadlines(
    process: &Process,
    kinds: &[Option<u32>],
    waiting: impl Fn(ElementIndex, bool) -> Vec<u32>,
) -> Result<(Vec<Deadline>, Option<i64>), String> {
    let mut found = Vec::new();
    for (at, element) in (0..).zip(&process.elements) {
        let parsed = |raw| duration_ms(raw).map_err(|e| format!("{}: {e}", element.id));
        if let (Some(kind), Some(raw)) = (kinds[at as usize], property(&element.properties)) {
            let within_ms = parsed(raw)?;
            let (places, choice) = (waiting(at, false), waiting(at, true));
            let actions = Vec::new();
            found.push(Deadline { kind, element: at, within_ms, places, choice, actions });
        }
        let Some(raw) = timer(&element.kind) else { continue };
        let within_ms = parsed(raw)?;
        let actions = actions(process, element);
        for element in guarded(process, element) {
            if let Some(kind) = kinds[element as usize] {
                let (places, choice) = (waiting(element, false), waiting(element, true));
                let actions = actions.clone();
                found.push(Deadline { kind, element, within_ms, places, choice, actions });
            }
        }
    }
    let case = property(&process.properties)
        .map(|raw| duration_ms(raw).map_err(|e| format!("{}: {e}", process.id)))
        .transpose()?;
    Ok((found, case))
}

impl Chart {
    /// Whether two deadlines are one promise: about the ways out of one decision, of which a token
    /// at `place` takes one, within the same time and with the same to be done.
    pub(crate) fn rivals(&self, one: u32, other: u32, place: u32) -> bool {
        let at = |number: u32| self.deadlines.get(number as usize);
        let (Some(one), Some(other)) = (at(one), at(other)) else { return false };
        (one.within_ms, &one.actions) == (other.within_ms, &other.actions)
            && one.choice.contains(&place)
            && other.choice.contains(&place)
    }

    /// Whether it was this deadline that passed, or that of another way out of the same decision.
    pub(crate) fn is_fired(&self, fired: &Due, number: u32, due_ms: i64) -> bool {
        let choice = |number: u32| self.deadlines.get(number as usize).map(|d| d.choice.iter());
        fired.due_ms == due_ms
            && (fired.number == number
                || choice(number)
                    .into_iter()
                    .flatten()
                    .any(|place| self.rivals(fired.number, number, *place)))
    }
}

fn property(properties: &[Pair]) -> Option<&str> {
    properties.iter().find(|pair| &*pair.key == "deadline").map(|pair| &*pair.value)
}

/// The fixed duration of a timer event.
fn timer(kind: &Kind) -> Option<&str> {
    let (Kind::Boundary { event, .. } | Kind::IntermediateCatch(event)) = kind else { return None };
    let Event::Timer(Timer::Duration(text)) = event else { return None };
    match text {
        Text::Static(raw) => Some(raw),
        Text::Expression(raw) => {
            let inner = raw.trim().strip_prefix("duration(")?.strip_suffix(')')?;
            Some(inner.trim().trim_matches('"'))
        }
    }
}

/// The elements that a timer waits beside.
fn guarded(process: &Process, timer: &Element) -> Vec<ElementIndex> {
    if let Kind::Boundary { attached_to, .. } = timer.kind {
        return vec![attached_to];
    }
    let mut beside = Vec::new();
    for flow in &timer.incoming {
        let gateway = &process.elements[process.flows[*flow as usize].source as usize];
        if gateway.kind == Kind::EventBased {
            beside.extend(gateway.outgoing.iter().map(|f| process.flows[*f as usize].target));
        }
    }
    beside
}

/// What follows a timer, as far as there is one way.
fn actions(process: &Process, timer: &Element) -> Vec<Action> {
    let mut actions = Vec::new();
    let mut at = timer;
    for _ in 0..process.elements.len() {
        let [flow] = at.outgoing.as_slice() else { break };
        at = &process.elements[process.flows[*flow as usize].target as usize];
        let name = at.name.clone().unwrap_or_else(|| at.id.clone());
        let element = at.id.clone();
        match &at.kind {
            Kind::IntermediateThrow(Event::Message(sent)) | Kind::End(Event::Message(sent)) => {
                let message = match &sent.name {
                    Text::Static(message) if !message.is_empty() => message.clone(),
                    Text::Static(_) | Text::Expression(_) => name,
                };
                actions.push(Action::Send { element, message, payload: payload(at) });
            }
            Kind::JobTask { task: TaskKind::Send, .. } => {
                actions.push(Action::Send { element, message: name, payload: payload(at) });
            }
            Kind::JobTask { .. } | Kind::UndefinedTask | Kind::ManualTask | Kind::UserTask(_) => {
                actions.push(Action::Alert { element, name });
            }
            _ => {}
        }
    }
    actions
}

fn payload(element: &Element) -> Vec<(Arc<str>, Arc<str>)> {
    let mapping = |mapping: &model::Mapping| {
        let text = match &mapping.source {
            Text::Expression(text) => text.clone(),
            Text::Static(text) => Arc::from(value::quote(text)),
        };
        (Arc::from(mapping.target.join(".")), text)
    };
    element.inputs.iter().map(mapping).collect()
}
