//! Start and end events, sub-processes, and where sequence flows may lead.

use crate::codes;
use crate::definitions::{Element, ElementIndex, Event, Kind};

use super::{Check, is_activity};

pub(super) fn check(check: &mut Check<'_>) {
    process_starts(check);
    flows(check);
    for (index, element) in check.elements() {
        match &element.kind {
            Kind::Start { event, .. } => {
                if !element.incoming.is_empty() {
                    let message = "expected no flow into a start event, but there is one";
                    check.error(codes::START_INCOMING, element, message);
                }
                compensation_start(check, element, event);
            }
            Kind::End(_) => {
                if !element.outgoing.is_empty() {
                    let message = "expected no flow out of an end event, but there is one";
                    check.error(codes::END_OUTGOING, element, message);
                }
            }
            Kind::Boundary { event, attached_to, .. } => {
                boundary(check, element, event, *attached_to);
            }
            Kind::SubProcess => sub_process(check, index, element),
            Kind::EventSubProcess => event_sub_process(check, index, element),
            Kind::AdHoc(_) => ad_hoc(check, index, element),
            Kind::IntermediateCatch(_)
            | Kind::IntermediateThrow(_)
            | Kind::JobTask { .. }
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
            | Kind::EventBased => {}
        }
    }
}

fn starts<'a>(check: &Check<'a>, scope: Option<ElementIndex>) -> Vec<(&'a Element, &'a Event)> {
    let process = check.process;
    process
        .children(scope)
        .filter_map(|(_, e)| match &e.kind {
            Kind::Start { event, .. } => Some((e, event)),
            _ => None,
        })
        .collect()
}

fn process_starts(check: &mut Check<'_>) {
    let found = starts(check, None);
    if found.is_empty() {
        let process = check.process;
        let message = format!("expected a start event, but the process {} has none", process.id);
        let severity = crate::Severity::Error;
        check.add(codes::START_MISSING, severity, &process.id, process.position, message);
    }
    for (element, _) in found.iter().filter(|(_, e)| **e == Event::None).skip(1) {
        let message = "expected one plain start event, but this is another one";
        check.error(codes::START_SEVERAL_NONE, element, message);
    }
}

fn sub_process(check: &mut Check<'_>, index: ElementIndex, element: &Element) {
    let count = starts(check, Some(index)).len();
    if count != 1 {
        let message =
            format!("expected one plain start event in the sub-process, but there are {count}");
        check.error(codes::SUB_PROCESS_START, element, message);
    }
}

fn event_sub_process(check: &mut Check<'_>, index: ElementIndex, element: &Element) {
    let found = starts(check, Some(index));
    if found.len() != 1 {
        let message = format!(
            "expected one start event in the event sub-process, but there are {}",
            found.len()
        );
        check.error(codes::EVENT_SUB_PROCESS_START, element, message);
    }
    if !element.incoming.is_empty() || !element.outgoing.is_empty() {
        let message = "expected no flow into or out of an event sub-process, but there is one";
        check.error(codes::EVENT_SUB_PROCESS_FLOWS, element, message);
    }
    if element.multi_instance.is_some() {
        let message = "expected a multi-instance on an activity, but this is an event sub-process";
        check.error(codes::MULTI_INSTANCE, element, message);
    }
}

fn ad_hoc(check: &mut Check<'_>, index: ElementIndex, element: &Element) {
    let process = check.process;
    let children: Vec<_> = process.children(Some(index)).map(|(_, e)| e).collect();
    if !children.iter().any(|e| is_activity(e)) {
        let message = "expected an activity in the ad-hoc sub-process, but there is none";
        check.error(codes::AD_HOC, element, message);
    }
    for child in children {
        if matches!(child.kind, Kind::Start { .. } | Kind::End(_)) {
            let message =
                "expected no start or end event in an ad-hoc sub-process, but there is one";
            check.error(codes::AD_HOC, child, message);
        }
    }
}

fn compensation_start(check: &mut Check<'_>, element: &Element, event: &Event) {
    let Event::Compensation { .. } = event else { return };
    let holder = element.scope.map(|scope| check.element(scope));
    if holder.is_some_and(|h| h.scope.is_none()) {
        let message = "expected a compensation event sub-process inside a sub-process, \
                       but this one is on process level";
        check.error(codes::EVENT_UNSUPPORTED, element, message);
    }
}

fn boundary(check: &mut Check<'_>, element: &Element, event: &Event, host: ElementIndex) {
    if !element.incoming.is_empty() {
        let message = "expected no flow into a boundary event, but there is one";
        check.error(codes::BOUNDARY_INCOMING, element, message);
    }
    let compensates = matches!(event, Event::Compensation { .. });
    if element.outgoing.is_empty() && !compensates {
        let message = "expected a flow out of the boundary event, but there is none";
        check.error(codes::BOUNDARY_OUTGOING, element, message);
    }
    if compensates && !element.outgoing.is_empty() {
        let message = "expected an association to the compensation handler, but there is a flow";
        check.error(codes::BOUNDARY_OUTGOING, element, message);
    }
    let host = check.element(host);
    if host.scope != element.scope {
        let message = format!("expected {} in the same scope, but it is in another", host.id);
        check.error(codes::BOUNDARY_ATTACHMENT, element, message);
    }
    if host.kind == Kind::EventSubProcess {
        let message = format!(
            "expected an activity to be attached to, but {} is an event sub-process",
            host.id
        );
        check.error(codes::BOUNDARY_ATTACHMENT, element, message);
    }
}

fn flows(check: &mut Check<'_>) {
    for flow in &check.process.flows {
        let (source, target) = (check.element(flow.source), check.element(flow.target));
        if source.scope != target.scope {
            let message = format!(
                "expected {} and {} in the same scope, but they are not",
                source.id, target.id
            );
            check.flow_error(codes::FLOW_CROSSES_SCOPE, flow, message);
        }
    }
}
