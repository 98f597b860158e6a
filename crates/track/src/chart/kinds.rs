//! Which event type each element stands for, and which elements are no part of the flow.

use std::collections::{BTreeMap, BTreeSet};

use model::{Element, ElementIndex, Event, Kind, Process, Text};

use super::{Binding, plain};

pub(super) struct Kinds {
    pub kinds: Vec<super::Kind>,
    pub index: BTreeMap<String, u32>,
    pub of_element: Vec<Option<u32>>,
}

impl Kinds {
    pub(super) fn new(process: &Process, binding: &Binding) -> Result<Kinds, String> {
        let of_element = vec![None; process.elements.len()];
        let mut kinds = Kinds { kinds: Vec::new(), index: BTreeMap::new(), of_element };
        for (name, id) in &binding.fixed {
            let Some((at, _)) = process.element(id) else {
                return Err(format!("expected an element {id} for {name}, but the model has none"));
            };
            kinds.bind(name, at);
        }
        let known: Option<BTreeMap<String, &String>> =
            binding.known.as_ref().map(|known| known.iter().map(|n| (plain(n), n)).collect());
        for (at, element) in (0..).zip(&process.elements) {
            if kinds.of_element[at as usize].is_some() || silent_by_nature(&element.kind) {
                continue;
            }
            let names = names(element);
            let name = match &known {
                Some(known) => names.iter().find_map(|name| known.get(&plain(name)).copied()),
                None => names.first().filter(|_| expects_something(&element.kind)),
            };
            if let Some(name) = name {
                kinds.bind(name, at);
            }
        }
        Ok(kinds)
    }

    fn bind(&mut self, name: &str, element: ElementIndex) {
        let kind = match self.index.get(name).or_else(|| self.index.get(&plain(name))) {
            Some(kind) => *kind,
            None => {
                let kind = self.kinds.len() as u32;
                self.kinds.push(super::Kind { name: name.to_owned(), elements: Vec::new() });
                self.index.insert(name.to_owned(), kind);
                self.index.entry(plain(name)).or_insert(kind);
                kind
            }
        };
        self.kinds[kind as usize].elements.push(element);
        self.of_element[element as usize] = Some(kind);
    }
}

/// Every name that an event type may have to mean an element of this process, plain.
pub(super) fn names_of(process: &Process) -> BTreeSet<String> {
    let seen = process.elements.iter().filter(|element| !silent_by_nature(&element.kind));
    seen.flat_map(names).map(|name| plain(&name)).collect()
}

/// The first name of each element that expects a type, but for what is done about trouble.
pub(super) fn expected_of(process: &Process) -> Vec<String> {
    let aside = set_aside(process);
    let elements = (0..).zip(&process.elements);
    let expecting = elements
        .filter(|(at, e)| !aside.contains(at) && expects_something(&e.kind))
        .filter_map(|(_, element)| names(element).into_iter().next());
    let mut found: Vec<String> = expecting.collect();
    found.sort();
    found.dedup();
    found
}

/// Names that an event type may have to mean this element: message, then name, then id.
fn names(element: &Element) -> Vec<String> {
    let mut names: Vec<String> = message_of(element).map(str::to_owned).into_iter().collect();
    names.extend(element.name.iter().map(|name| name.to_string()));
    names.push(element.id.to_string());
    names.retain(|name| !name.is_empty());
    names
}

/// Name of the message or signal that an element refers to.
pub(crate) fn message_of(element: &Element) -> Option<&str> {
    match message(&element.kind) {
        Some(Text::Static(name)) => Some(&**name).filter(|name| !name.is_empty()),
        Some(_) | None => None,
    }
}

fn message(kind: &Kind) -> Option<&Text> {
    if let Kind::ReceiveTask(message) = kind {
        return Some(&message.name);
    }
    match event(kind)? {
        Event::Message(message) => Some(&message.name),
        Event::Signal { name } => Some(name),
        Event::None
        | Event::Timer(_)
        | Event::Error(_)
        | Event::Escalation(_)
        | Event::Compensation { .. }
        | Event::Conditional { .. }
        | Event::Link { .. }
        | Event::Terminate => None,
    }
}

fn event(kind: &Kind) -> Option<&Event> {
    match kind {
        Kind::Start { event, .. }
        | Kind::Boundary { event, .. }
        | Kind::IntermediateCatch(event)
        | Kind::IntermediateThrow(event)
        | Kind::End(event) => Some(event),
        Kind::JobTask { .. }
        | Kind::ScriptTask { .. }
        | Kind::DecisionTask { .. }
        | Kind::UserTask(_)
        | Kind::ManualTask
        | Kind::UndefinedTask
        | Kind::ReceiveTask(_)
        | Kind::CallActivity(_)
        | Kind::Exclusive { .. }
        | Kind::Inclusive { .. }
        | Kind::Parallel
        | Kind::EventBased
        | Kind::SubProcess
        | Kind::EventSubProcess
        | Kind::AdHoc(_) => None,
    }
}

/// Gateways and scopes are never seen themselves.
fn silent_by_nature(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Exclusive { .. }
            | Kind::Inclusive { .. }
            | Kind::Parallel
            | Kind::EventBased
            | Kind::SubProcess
            | Kind::EventSubProcess
            | Kind::AdHoc(_)
    )
}

/// Without knowledge of the types: plain start and end events are drawn for people.
fn expects_something(kind: &Kind) -> bool {
    event(kind).map_or_else(|| !silent_by_nature(kind), is_message)
}

pub(super) fn is_message(event: &Event) -> bool {
    matches!(event, Event::Message(_) | Event::Signal { .. })
}

/// Elements that only a timer, an error or a compensation leads to: what is done about trouble,
/// not a part of the flow that events make.
pub(super) fn set_aside(process: &Process) -> BTreeSet<ElementIndex> {
    let source = |flow: &u32| &process.elements[process.flows[*flow as usize].source as usize];
    let trouble = |element: &Element| match &element.kind {
        Kind::Boundary { event, .. } => !is_message(event),
        Kind::IntermediateCatch(Event::Timer(_)) => {
            element.incoming.iter().any(|flow| source(flow).kind == Kind::EventBased)
        }
        kind => *kind == Kind::EventSubProcess || element.for_compensation,
    };
    let mut normal: BTreeSet<ElementIndex> = BTreeSet::new();
    let sources = (0..).zip(&process.elements).filter(|(_, e)| e.incoming.is_empty());
    let mut open: Vec<ElementIndex> = sources.map(|(at, _)| at).collect();
    while let Some(at) = open.pop() {
        let element = &process.elements[at as usize];
        let inside = element
            .scope
            .is_some_and(|scope| process.elements[scope as usize].kind == Kind::EventSubProcess);
        if trouble(element) || inside || !normal.insert(at) {
            continue;
        }
        open.extend(element.outgoing.iter().map(|flow| process.flows[*flow as usize].target));
    }
    (0..process.elements.len() as u32).filter(|at| !normal.contains(at)).collect()
}
