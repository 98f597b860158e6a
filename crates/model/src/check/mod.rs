//! Rules that need a whole process: structure, gateways, events, compensation, loops.
//!
//! They run on definitions, so that models built in code obey them too.

mod compensation;
mod event;
mod gateway;
mod listener;
mod loops;
mod structure;

use crate::definitions::{Element, ElementIndex, Event, Flow, Kind, Position, Process};
use crate::diagnostic::{Diagnostic, Severity};

pub(crate) use loops::loops;

/// All rules for one executable process.
pub(crate) fn process(process: &Process, problems: &mut Vec<Diagnostic>) {
    let mut check = Check { process, problems };
    structure::check(&mut check);
    gateway::check(&mut check);
    event::check(&mut check);
    compensation::check(&mut check);
    listener::check(&mut check);
}

pub(crate) struct Check<'a> {
    pub(crate) process: &'a Process,
    pub(crate) problems: &'a mut Vec<Diagnostic>,
}

impl<'a> Check<'a> {
    pub(crate) fn error(&mut self, code: &'static str, at: &Element, message: impl Into<String>) {
        self.add(code, Severity::Error, &at.id, at.position, message.into());
    }

    pub(crate) fn warn(&mut self, code: &'static str, at: &Element, message: impl Into<String>) {
        self.add(code, Severity::Warning, &at.id, at.position, message.into());
    }

    pub(crate) fn flow_error(&mut self, code: &'static str, at: &Flow, message: impl Into<String>) {
        self.add(code, Severity::Error, &at.id, at.position, message.into());
    }

    pub(crate) fn add(
        &mut self,
        code: &'static str,
        severity: Severity,
        element: &std::sync::Arc<str>,
        position: Position,
        message: String,
    ) {
        let element = Some(element.clone());
        self.problems.push(Diagnostic { code, severity, element, position, message });
    }

    pub(crate) fn elements(&self) -> impl Iterator<Item = (ElementIndex, &'a Element)> + use<'a> {
        (0..).zip(&self.process.elements)
    }

    pub(crate) fn element(&self, index: ElementIndex) -> &'a Element {
        &self.process.elements[index as usize]
    }

    pub(crate) fn targets(&self, element: &'a Element) -> impl Iterator<Item = &'a Element> {
        let process = self.process;
        element.outgoing.iter().map(move |flow| {
            let target = process.flows[*flow as usize].target;
            &process.elements[target as usize]
        })
    }
}

/// The event definition of an element, whatever its place.
pub(crate) fn event_of(element: &Element) -> Option<&Event> {
    match &element.kind {
        Kind::Start { event, .. }
        | Kind::IntermediateCatch(event)
        | Kind::IntermediateThrow(event)
        | Kind::End(event)
        | Kind::Boundary { event, .. } => Some(event),
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

/// Tasks, sub-processes and call activities (BPMN 2.0, 10.3).
pub(crate) fn is_activity(element: &Element) -> bool {
    let gateway = matches!(
        element.kind,
        Kind::Exclusive { .. } | Kind::Inclusive { .. } | Kind::Parallel | Kind::EventBased
    );
    !gateway && event_of(element).is_none()
}

pub(crate) fn is_gateway(element: &Element) -> bool {
    !is_activity(element) && event_of(element).is_none()
}
