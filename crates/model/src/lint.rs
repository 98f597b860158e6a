//! Mistakes that deploy but do not do what was meant: unreachable elements, joins that never fire,
//! extensions of other engines, texts that were meant as expressions.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::check::{Check, event_of, is_activity, is_gateway};
use crate::codes;
use crate::definitions::{
    Definitions, Element, ElementIndex, Event, FlowIndex, Kind, Process, Text,
};
use crate::diagnostic::{Diagnostic, Severity};
use crate::parse;

mod foreign;
mod reach;

/// Everything that is wrong or doubtful in a file, in the order of the places.
///
/// The errors are those of [`crate::parse`]; the warnings more than it gives.
pub fn lint(name: &str, xml: &[u8]) -> Vec<Diagnostic> {
    let mut found = match parse::parse(name, xml) {
        Ok((definitions, mut warnings)) => {
            warnings.extend(advice(&definitions));
            warnings
        }
        Err(mut problems) => {
            // What can be read of the file is looked at all the same.
            if let Ok((definitions, _)) = parse::read(name, xml) {
                problems.extend(advice(&definitions));
            }
            problems
        }
    };
    found.extend(foreign::foreign(xml));
    found.sort_by(|a, b| {
        let key = |d: &Diagnostic| (d.position.line, d.position.column, d.severity, d.code);
        key(a).cmp(&key(b))
    });
    found.dedup();
    found
}

/// Warnings about executable processes.
fn advice(definitions: &Definitions) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for process in definitions.processes.iter().filter(|p| p.executable) {
        let mut check = Check { process, problems: &mut problems };
        reach::check(&mut check);
        let variables = variables(process);
        for (_, element) in check.elements() {
            gateway(&mut check, element);
            texts(&mut check, element, &variables);
            mappings(&mut check, element);
            joins(&mut check, element);
        }
    }
    problems
}

fn gateway(check: &mut Check<'_>, element: &Element) {
    let (Kind::Exclusive { default } | Kind::Inclusive { default }) = &element.kind else { return };
    match default.map(|d| &check.process.flows[d as usize]) {
        Some(flow) if flow.condition.is_some() => {
            let message = format!(
                "expected no condition on the default flow {}, but there is one; it is never \
                 evaluated",
                flow.id
            );
            check.add(
                codes::CONDITION_IGNORED,
                Severity::Warning,
                &flow.id,
                flow.position,
                message,
            );
        }
        None if element.outgoing.len() > 1 => {
            let message = "expected a default flow, but there is none; if no condition holds, the \
                           instance stops with an incident";
            check.warn(codes::DEFAULT_MISSING, element, message);
        }
        Some(_) | None => {}
    }
}

/// Variables that the model itself sets.
fn variables(process: &Process) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for element in &process.elements {
        let mappings = element.inputs.iter().chain(&element.outputs);
        names.extend(mappings.filter_map(|m| m.target.first()).map(|t| &**t));
        match &element.kind {
            Kind::ScriptTask { result_variable, .. }
            | Kind::DecisionTask { result_variable, .. } => {
                names.insert(result_variable);
            }
            _ => {}
        }
        if let Some(multi) = &element.multi_instance {
            names.extend(multi.input_element.as_deref());
            names.extend(multi.output_collection.as_deref());
        }
    }
    names
}

/// A text that is the name of a variable was meant as an expression. Other texts may be meant:
/// connectors are full of them.
fn texts(check: &mut Check<'_>, element: &Element, variables: &BTreeSet<&str>) {
    for mapping in element.inputs.iter().chain(&element.outputs) {
        let Text::Static(text) = &mapping.source else { continue };
        let first = text.split('.').next().unwrap_or_default();
        let itself = mapping.target.first().is_some_and(|t| **t == *first);
        if !variables.contains(first) || itself {
            continue;
        }
        let target = mapping.target.join(".");
        let message = format!(
            "expected an expression for {target}, but it is the text {text:?}, which is the name \
             of a variable; write \"={text}\" to evaluate it"
        );
        let (code, severity) = (codes::MAPPING_STATIC, Severity::Warning);
        check.add(code, severity, &element.id, mapping.position, message);
    }
}

fn mappings(check: &mut Check<'_>, element: &Element) {
    let plain = matches!(event_of(element), Some(Event::None)) || is_gateway(element);
    let ignored = plain || matches!(element.kind, Kind::ReceiveTask(_));
    if ignored && !element.inputs.is_empty() {
        let message = "expected no input mapping on this element, but there is one; \
                       it has no effect";
        check.warn(codes::EXTENSION_MISPLACED, element, message);
    }
    if is_gateway(element) && !element.outputs.is_empty() {
        let message = "expected no output mapping on a gateway, but there is one; \
                       it has no effect";
        check.warn(codes::EXTENSION_MISPLACED, element, message);
    }
    let has_job = matches!(element.kind, Kind::JobTask { .. } | Kind::UserTask(_) | Kind::AdHoc(_))
        || matches!(event_of(element), Some(Event::Message(m)) if m.job.is_some());
    if !has_job && !element.headers.is_empty() {
        let message = "expected task headers on an element with a job, but this one has none";
        check.warn(codes::EXTENSION_MISPLACED, element, message);
    }
    if element.multi_instance.is_some() && !is_activity(element) {
        let message = "expected a multi-instance on an activity, but this is none";
        check.warn(codes::EXTENSION_MISPLACED, element, message);
    }
}

/// A parallel join whose branches all begin at one exclusive or event-based gateway: only one of
/// them ever gets a token. Each branch is followed back while there is only one way.
fn joins(check: &mut Check<'_>, element: &Element) {
    if element.kind != Kind::Parallel || element.incoming.len() < 2 {
        return;
    }
    let process = check.process;
    let splits: Vec<Option<(ElementIndex, FlowIndex)>> =
        element.incoming.iter().map(|flow| origin(process, *flow)).collect();
    let Some(Some((split, _))) = splits.first().copied() else { return };
    let branches: BTreeSet<FlowIndex> =
        splits.iter().flatten().filter(|(s, _)| *s == split).map(|(_, flow)| *flow).collect();
    if splits.iter().flatten().count() == splits.len() && branches.len() == splits.len() {
        let id: &Arc<str> = &process.elements[split as usize].id;
        let message = format!(
            "expected a token on every incoming flow, but {id} chooses one of them; \
             join with an exclusive gateway"
        );
        check.warn(codes::JOIN_NEVER_FIRES, element, message);
    }
}

/// The choosing gateway that a flow comes from, and by which of its flows.
fn origin(process: &Process, mut flow: FlowIndex) -> Option<(ElementIndex, FlowIndex)> {
    for _ in 0..process.elements.len() {
        let index = process.flows[flow as usize].source;
        let source = &process.elements[index as usize];
        if matches!(source.kind, Kind::Exclusive { .. } | Kind::EventBased)
            && source.outgoing.len() > 1
        {
            return Some((index, flow));
        }
        match (&source.incoming[..], source.boundaries.is_empty()) {
            ([only], true) => flow = *only,
            _ => return None,
        }
    }
    None
}
