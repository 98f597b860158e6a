//! Which elements have which phases to listen to.

use crate::codes;
use crate::definitions::{Element, Event, Kind, ListenerEvent};

use super::{Check, is_gateway};

pub(super) fn check(check: &mut Check<'_>) {
    for (_, element) in check.elements() {
        for listener in &element.listeners {
            let Some(why) = refusal(element, listener.event) else { continue };
            let message = format!("expected another phase to listen to, but {why}");
            check.error(codes::LISTENER, element, message);
        }
    }
}

fn refusal(element: &Element, phase: ListenerEvent) -> Option<&'static str> {
    match phase {
        ListenerEvent::Start => match &element.kind {
            Kind::Start { .. } => Some("a start event has no start phase"),
            Kind::Boundary { .. } => Some("a boundary event has no start phase"),
            _ => None,
        },
        ListenerEvent::End => match &element.kind {
            Kind::End(Event::Error(_)) => Some("an error end event has no end phase"),
            Kind::Boundary { event: Event::Compensation { .. }, .. } => {
                Some("a compensation boundary event has no phases")
            }
            _ if is_gateway(element) => Some("a gateway has no end phase"),
            _ => None,
        },
        ListenerEvent::BeforeAll if element.multi_instance.is_some() => None,
        ListenerEvent::BeforeAll => Some("only a multi-instance has a phase before all"),
        ListenerEvent::Cancel => Some("only a process has a cancel phase"),
        ListenerEvent::Creating
        | ListenerEvent::Assigning
        | ListenerEvent::Updating
        | ListenerEvent::Completing
        | ListenerEvent::Canceling => match &element.kind {
            Kind::UserTask(_) => None,
            _ => Some("only a native user task has task listeners; add <zeebe:userTask/>"),
        },
    }
}
