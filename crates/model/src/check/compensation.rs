//! Compensation handlers and what may be compensated (BPMN 2.0, 10.7).

use std::collections::BTreeSet;

use crate::codes;
use crate::definitions::{Element, ElementIndex, Event, Kind};

use super::{Check, event_of, is_activity};

pub(super) fn check(check: &mut Check<'_>) {
    let handlers: BTreeSet<ElementIndex> =
        check.elements().filter_map(|(_, e)| e.compensation_handler).collect();
    for (index, element) in check.elements() {
        if let Kind::Boundary { event: Event::Compensation { .. }, .. } = &element.kind {
            boundary(check, element);
        } else if let Some(Event::Compensation { activity: Some(activity) }) = event_of(element) {
            reference(check, element, *activity);
        }
        if element.for_compensation {
            handler(check, element, handlers.contains(&index));
        }
    }
}

fn boundary(check: &mut Check<'_>, element: &Element) {
    let Some(handler) = element.compensation_handler else {
        let message = "expected an association to a compensation handler, but there is none";
        check.error(codes::COMPENSATION_HANDLER, element, message);
        return;
    };
    let handler = check.element(handler);
    let message = if !is_activity(handler) {
        "is no activity"
    } else if !handler.for_compensation {
        "is not marked for compensation"
    } else if handler.scope != element.scope {
        "is in another scope"
    } else {
        return;
    };
    let message =
        format!("expected a compensation handler in the same scope, but {} {message}", handler.id);
    check.error(codes::COMPENSATION_HANDLER, element, message);
}

fn handler(check: &mut Check<'_>, element: &Element, drawn: bool) {
    if !element.incoming.is_empty() || !element.outgoing.is_empty() {
        let message = "expected no flow into or out of a compensation handler, but there is one";
        check.error(codes::COMPENSATION_HANDLER, element, message);
    }
    if !element.boundaries.is_empty() {
        let message = "expected no boundary event on a compensation handler, but there is one";
        check.error(codes::COMPENSATION_HANDLER, element, message);
    }
    if !drawn {
        let message = "expected an association from a compensation event to this handler, \
                       but there is none";
        check.warn(codes::COMPENSATION_HANDLER, element, message);
    }
}

fn reference(check: &mut Check<'_>, element: &Element, activity: ElementIndex) {
    let activity = check.element(activity);
    // From an event sub-process the scope around it is compensated.
    let holder = element.scope.map(|s| check.element(s));
    let around = holder.filter(|h| h.kind == Kind::EventSubProcess).map(|h| h.scope);
    let reachable = activity.scope == element.scope || around == Some(activity.scope);
    let compensable = matches!(activity.kind, Kind::SubProcess | Kind::AdHoc(_))
        || activity
            .boundaries
            .iter()
            .any(|b| matches!(event_of(check.element(*b)), Some(Event::Compensation { .. })));
    let what = match (reachable, compensable) {
        (false, _) => "is in another scope",
        (true, false) => "has no compensation event",
        (true, true) => return,
    };
    let message =
        format!("expected an activity that can be compensated, but {} {what}", activity.id);
    check.error(codes::COMPENSATION_ACTIVITY, element, message);
}
