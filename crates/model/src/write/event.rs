//! Event definitions.

use std::sync::Arc;

use crate::check::event_of;
use crate::definitions::{Code, Element, Event, Message, Process, Text, Timer};

use super::Roots;
use super::element::formal;
use super::xml::{Xml, raw};

/// Events whose attribute says nothing.
pub(super) fn always_interrupts(event: &Event) -> bool {
    matches!(event, Event::Error(_) | Event::Compensation { .. })
}

pub(super) fn message_id(message: &Message, roots: &mut Roots) -> Option<Arc<str>> {
    let named = message.name != Text::Static("".into());
    named.then(|| roots.message(&message.name, message.correlation_key.as_ref()))
}

pub(super) fn definition(xml: &mut Xml, process: &Process, element: &Element, roots: &mut Roots) {
    match event_of(element) {
        None | Some(Event::None) => {}
        Some(Event::Message(message)) => {
            let id = message_id(message, roots);
            xml.tag("bpmn:messageEventDefinition").opt("messageRef", id.as_deref()).empty();
        }
        Some(Event::Timer(timer)) => self::timer(xml, timer),
        Some(Event::Error(code)) => {
            let id = coded(code).then(|| roots.error(code));
            xml.tag("bpmn:errorEventDefinition").opt("errorRef", id.as_deref()).empty();
        }
        Some(Event::Escalation(code)) => {
            let id = coded(code).then(|| roots.escalation(code));
            xml.tag("bpmn:escalationEventDefinition").opt("escalationRef", id.as_deref()).empty();
        }
        Some(Event::Signal { name }) => {
            let id = (*name != Text::Static("".into())).then(|| roots.signal(name));
            xml.tag("bpmn:signalEventDefinition").opt("signalRef", id.as_deref()).empty();
        }
        Some(Event::Compensation { activity }) => {
            let activity = activity.map(|a| &*process.elements[a as usize].id);
            xml.tag("bpmn:compensateEventDefinition").opt("activityRef", activity).empty();
        }
        Some(Event::Conditional { condition, variable_names, on_create, on_update }) => {
            xml.tag("bpmn:conditionalEventDefinition").open();
            filter(xml, variable_names, *on_create, *on_update);
            formal(xml, "bpmn:condition", &raw(condition));
            xml.close("bpmn:conditionalEventDefinition");
        }
        Some(Event::Link { name }) => {
            xml.tag("bpmn:linkEventDefinition").attr("name", name).empty();
        }
        Some(Event::Terminate) => xml.tag("bpmn:terminateEventDefinition").empty(),
    }
}

fn coded(code: &Code) -> bool {
    code.code.is_some() || code.name.is_some()
}

fn timer(xml: &mut Xml, timer: &Timer) {
    let (tag, text) = match timer {
        Timer::Date(text) => ("bpmn:timeDate", text),
        Timer::Duration(text) => ("bpmn:timeDuration", text),
        Timer::Cycle(text) => ("bpmn:timeCycle", text),
    };
    xml.tag("bpmn:timerEventDefinition").open();
    formal(xml, tag, &raw(text));
    xml.close("bpmn:timerEventDefinition");
}

fn filter(xml: &mut Xml, names: &[Arc<str>], on_create: bool, on_update: bool) {
    xml.around("bpmn:extensionElements", |xml| {
        let events = match (on_create, on_update) {
            (true, false) => Some("create"),
            (false, true) => Some("update"),
            (true, true) | (false, false) => None,
        };
        if names.is_empty() && events.is_none() {
            return;
        }
        let names = (!names.is_empty()).then(|| names.join(","));
        xml.tag("zeebe:conditionalFilter")
            .opt("variableNames", names.as_deref())
            .opt("variableEvents", events)
            .empty();
    });
}
