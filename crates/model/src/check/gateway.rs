//! Conditions, default flows and the branches of event-based gateways.

use crate::codes;
use crate::definitions::{Element, Event, FlowIndex, Kind};

use super::Check;

pub(super) fn check(check: &mut Check<'_>) {
    for (_, element) in check.elements() {
        match &element.kind {
            Kind::Exclusive { default } | Kind::Inclusive { default } => {
                conditions(check, element, *default);
            }
            Kind::EventBased => event_based(check, element),
            Kind::Start { .. }
            | Kind::IntermediateCatch(_)
            | Kind::IntermediateThrow(_)
            | Kind::End(_)
            | Kind::Boundary { .. }
            | Kind::JobTask { .. }
            | Kind::ScriptTask { .. }
            | Kind::DecisionTask { .. }
            | Kind::UserTask(_)
            | Kind::ManualTask
            | Kind::UndefinedTask
            | Kind::ReceiveTask(_)
            | Kind::CallActivity(_)
            | Kind::Parallel
            | Kind::SubProcess
            | Kind::EventSubProcess
            | Kind::AdHoc(_) => no_conditions(check, element),
        }
    }
}

fn conditions(check: &mut Check<'_>, element: &Element, default: Option<FlowIndex>) {
    if let Some(default) = default
        && !element.outgoing.contains(&default)
    {
        let flow = &check.process.flows[default as usize];
        let message = format!("expected the default flow to start here, but {} does not", flow.id);
        check.error(codes::DEFAULT_FLOW, element, message);
    }
    if element.outgoing.len() < 2 {
        return;
    }
    for index in &element.outgoing {
        let flow = &check.process.flows[*index as usize];
        if flow.condition.is_none() && default != Some(*index) {
            let message = format!(
                "expected a condition, or {} to name this flow its default, but there is neither",
                element.id
            );
            check.flow_error(codes::CONDITION_MISSING, flow, message);
        }
    }
}

fn no_conditions(check: &mut Check<'_>, element: &Element) {
    for index in &element.outgoing {
        let flow = &check.process.flows[*index as usize];
        if flow.condition.is_some() {
            let message = format!(
                "expected conditions only behind exclusive and inclusive gateways, \
                 but this one is behind {}",
                element.id
            );
            check.flow_error(codes::CONDITION_MISPLACED, flow, message);
        }
    }
}

fn event_based(check: &mut Check<'_>, element: &Element) {
    no_conditions(check, element);
    let count = element.outgoing.len();
    if count < 2 {
        let message = format!("expected at least two branches, but there are {count}");
        check.error(codes::EVENT_GATEWAY_BRANCHES, element, message);
    }
    let targets: Vec<&Element> = element
        .outgoing
        .iter()
        .map(|f| check.process.flows[*f as usize].target)
        .map(|t| check.element(t))
        .collect();
    for target in targets {
        let allowed = matches!(
            target.kind,
            Kind::IntermediateCatch(
                Event::Message(_)
                    | Event::Timer(_)
                    | Event::Signal { .. }
                    | Event::Conditional { .. }
            )
        );
        if !allowed {
            let message = format!(
                "expected a message, timer, signal or conditional catch event behind {}, \
                 but this is none",
                element.id
            );
            check.error(codes::EVENT_GATEWAY_TARGET, target, message);
        } else if target.incoming.len() > 1 {
            let message = format!(
                "expected no other flow into an event behind {}, but there is one",
                element.id
            );
            check.error(codes::EVENT_GATEWAY_TARGET, target, message);
        }
    }
}
