//! Events that stand beside each other: the same message, code or signal twice; links; timers.

use std::collections::BTreeMap;

use crate::codes;
use crate::definitions::{Code, Element, ElementIndex, Event, Kind, Text, Timer};

use super::{Check, event_of};

pub(super) fn check(check: &mut Check<'_>) {
    for (_, element) in check.elements() {
        timer(check, element);
        let mut beside: Vec<&Element> =
            element.boundaries.iter().map(|b| check.element(*b)).collect();
        if let Kind::ReceiveTask(_) = element.kind {
            beside.insert(0, element);
        }
        twice(check, &beside);
        if element.kind == Kind::EventBased {
            let targets: Vec<_> = check.targets(element).collect();
            twice(check, &targets);
        }
    }
    let scopes: Vec<Option<ElementIndex>> = std::iter::once(None)
        .chain(check.elements().filter(|(_, e)| !e.children.is_empty()).map(|(i, _)| Some(i)))
        .collect();
    for scope in scopes {
        let starts: Vec<_> = event_starts(check, scope);
        twice(check, &starts);
        links(check, scope);
    }
    let starts: Vec<_> = check
        .elements()
        .filter(|(_, e)| e.scope.is_none() && matches!(e.kind, Kind::Start { .. }))
        .map(|(_, e)| e)
        .collect();
    twice(check, &starts);
}

/// Start events of the event sub-processes directly in `scope`.
fn event_starts<'a>(check: &Check<'a>, scope: Option<ElementIndex>) -> Vec<&'a Element> {
    let process = check.process;
    process
        .children(scope)
        .filter(|(_, e)| e.kind == Kind::EventSubProcess)
        .flat_map(|(index, _)| process.children(Some(index)))
        .map(|(_, e)| e)
        .filter(|e| matches!(e.kind, Kind::Start { .. }))
        .collect()
}

/// What an event catches, as far as it is known before it runs.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Caught<'a> {
    Message(&'a str),
    Signal(&'a str),
    Error(Option<&'a str>),
    Escalation(Option<&'a str>),
}

impl std::fmt::Display for Caught<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Caught::Message(name) => write!(f, "the message {name:?}"),
            Caught::Signal(name) => write!(f, "the signal {name:?}"),
            Caught::Error(Some(code)) => write!(f, "the error {code:?}"),
            Caught::Error(None) => f.write_str("all errors"),
            Caught::Escalation(Some(code)) => write!(f, "the escalation {code:?}"),
            Caught::Escalation(None) => f.write_str("all escalations"),
        }
    }
}

fn caught(element: &Element) -> Option<Caught<'_>> {
    if let Kind::ReceiveTask(message) = &element.kind {
        return fixed(&message.name).map(Caught::Message);
    }
    match event_of(element)? {
        Event::Message(message) => fixed(&message.name).map(Caught::Message),
        Event::Signal { name } => fixed(name).map(Caught::Signal),
        Event::Error(code) => Some(Caught::Error(code_of(code))),
        Event::Escalation(code) => Some(Caught::Escalation(code_of(code))),
        Event::None
        | Event::Timer(_)
        | Event::Compensation { .. }
        | Event::Conditional { .. }
        | Event::Link { .. }
        | Event::Terminate => None,
    }
}

fn fixed(text: &Text) -> Option<&str> {
    match text {
        Text::Static(name) if !name.is_empty() => Some(name),
        Text::Static(_) | Text::Expression(_) => None,
    }
}

fn code_of(code: &Code) -> Option<&str> {
    code.code.as_ref().and_then(fixed)
}

fn twice(check: &mut Check<'_>, beside: &[&Element]) {
    let mut seen: BTreeMap<Caught<'_>, &Element> = BTreeMap::new();
    for element in beside {
        let Some(what) = caught(element) else { continue };
        let code = match what {
            Caught::Message(_) => codes::MESSAGE_NAME_TWICE,
            Caught::Signal(_) | Caught::Error(_) | Caught::Escalation(_) => codes::CATCH_TWICE,
        };
        if let Some(first) = seen.get(&what) {
            let message =
                format!("expected one event for {what}, but {} waits for it too", first.id);
            check.error(code, element, message);
        } else {
            seen.insert(what, element);
        }
    }
}

fn timer(check: &mut Check<'_>, element: &Element) {
    let Some(Event::Timer(timer)) = event_of(element) else { return };
    let cycle = matches!(timer, Timer::Cycle(_));
    let message = match &element.kind {
        Kind::IntermediateCatch(_) if cycle => {
            "expected a date or a duration in an intermediate event, but it is a cycle"
        }
        Kind::Boundary { interrupting: true, .. } if cycle => {
            "expected a date or a duration in an interrupting event, but it is a cycle; \
             make the event non-interrupting to repeat it"
        }
        Kind::Start { interrupting: true, .. } if cycle && element.scope.is_some() => {
            "expected a date or a duration in an interrupting event, but it is a cycle; \
             make the event non-interrupting to repeat it"
        }
        Kind::Start { .. } if element.scope.is_none() && matches!(timer, Timer::Duration(_)) => {
            "expected a date or a cycle in a start event, but it is a duration"
        }
        _ => return,
    };
    check.error(codes::TIMER_KIND, element, message);
}

fn links(check: &mut Check<'_>, scope: Option<ElementIndex>) {
    let mut catches: BTreeMap<&str, &Element> = BTreeMap::new();
    let mut throws = Vec::new();
    let process = check.process;
    for (_, element) in process.children(scope) {
        match &element.kind {
            Kind::IntermediateCatch(Event::Link { name }) => {
                if let Some(first) = catches.insert(name, element) {
                    let message = format!(
                        "expected one catch of the link {name:?}, but {} is another",
                        first.id
                    );
                    check.error(codes::LINK, element, message);
                }
                if !element.incoming.is_empty() {
                    let message = "expected no flow into the catch of a link, but there is one";
                    check.error(codes::LINK, element, message);
                }
            }
            Kind::IntermediateThrow(Event::Link { name }) => throws.push((name, element)),
            _ => {}
        }
    }
    for (name, element) in throws {
        if !catches.contains_key(&**name) {
            let message = format!(
                "expected a catch of the link {name:?} in the same scope, but there is none"
            );
            check.error(codes::LINK, element, message);
        }
        if !element.outgoing.is_empty() {
            let message = "expected no flow out of the throw of a link, but there is one";
            check.error(codes::LINK, element, message);
        }
    }
}
