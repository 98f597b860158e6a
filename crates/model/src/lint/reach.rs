//! Elements that no token comes to, and elements from which none gets away.

use crate::check::{Check, event_of};
use crate::codes;
use crate::definitions::{Element, ElementIndex, Event, Kind, Process};

pub(super) fn check(check: &mut Check<'_>) {
    let process = check.process;
    let reached = walk(process, &roots(process), forward);
    // Each lost part is told once: where it begins, or at its first element when it is a loop.
    let mut told = reached.clone();
    for loops in [false, true] {
        for (index, element) in check.elements() {
            if told[index as usize] || (!loops && !begins(process, &reached, element)) {
                continue;
            }
            let lost = walk(process, &[index], forward);
            told.iter_mut().zip(lost).for_each(|(told, lost)| *told |= lost);
            let message = "expected a path from a start event to here, but there is none";
            check.warn(codes::UNREACHABLE, element, message);
        }
    }
    no_end(check, &reached);
}

/// Where tokens begin; the rest is reached from there.
fn roots(process: &Process) -> Vec<ElementIndex> {
    process
        .children(None)
        .filter(|(_, e)| matches!(e.kind, Kind::Start { .. } | Kind::EventSubProcess))
        .map(|(index, _)| index)
        .collect()
}

type Step = fn(&Process, ElementIndex, &mut Vec<ElementIndex>);

fn walk(process: &Process, from: &[ElementIndex], step: Step) -> Vec<bool> {
    let mut reached = vec![false; process.elements.len()];
    let mut open = from.to_vec();
    while let Some(index) = open.pop() {
        if !std::mem::replace(&mut reached[index as usize], true) {
            step(process, index, &mut open);
        }
    }
    reached
}

fn forward(process: &Process, index: ElementIndex, open: &mut Vec<ElementIndex>) {
    let element = &process.elements[index as usize];
    open.extend(element.outgoing.iter().map(|f| process.flows[*f as usize].target));
    open.extend(&element.boundaries);
    open.extend(element.compensation_handler);
    for child in &element.children {
        let inner = &process.elements[*child as usize];
        let free = matches!(element.kind, Kind::AdHoc(_)) && inner.incoming.is_empty();
        if free || matches!(inner.kind, Kind::Start { .. } | Kind::EventSubProcess) {
            open.push(*child);
        }
    }
    if let Some(Event::Link { name }) = event_of(element) {
        open.extend(link_catches(process, element, name));
    }
}

fn link_catches(process: &Process, throw: &Element, name: &str) -> Vec<ElementIndex> {
    process
        .children(throw.scope)
        .filter(|(_, e)| {
            matches!(&e.kind, Kind::IntermediateCatch(Event::Link { name: n }) if **n == *name)
        })
        .map(|(index, _)| index)
        .collect()
}

/// Whether nothing that is lost too leads to a lost element.
fn begins(process: &Process, reached: &[bool], element: &Element) -> bool {
    let host = match element.kind {
        Kind::Boundary { attached_to, .. } => Some(attached_to),
        _ => element.scope,
    };
    let behind = element.incoming.iter().any(|f| {
        let source = process.flows[*f as usize].source;
        !reached[source as usize]
    });
    !behind && host.is_none_or(|h| reached[h as usize])
}

/// Reached elements from which every path goes round for ever.
fn no_end(check: &mut Check<'_>, reached: &[bool]) {
    let process = check.process;
    let ends: Vec<ElementIndex> =
        check.elements().filter(|(_, e)| ends(e)).map(|(index, _)| index).collect();
    let leaves = walk(process, &ends, backward);
    let stuck: Vec<&Element> = check
        .elements()
        .filter(|(i, _)| reached[*i as usize] && !leaves[*i as usize])
        .map(|(_, e)| e)
        .collect();
    // One loop is told once, at its first element.
    let mut told: Vec<Option<ElementIndex>> = Vec::new();
    for element in stuck {
        if !told.contains(&element.scope) {
            told.push(element.scope);
            let message = "expected a path from here to an end, but every path is a loop";
            check.warn(codes::NO_END, element, message);
        }
    }
}

fn ends(element: &Element) -> bool {
    let handler = matches!(element.kind, Kind::Boundary { .. });
    element.outgoing.is_empty() && !handler
}

fn backward(process: &Process, index: ElementIndex, open: &mut Vec<ElementIndex>) {
    let element = &process.elements[index as usize];
    open.extend(element.incoming.iter().map(|f| process.flows[*f as usize].source));
    if let Kind::Boundary { attached_to, .. } = element.kind {
        open.push(attached_to);
    }
    for (at, other) in (0..).zip(&process.elements) {
        if other.compensation_handler == Some(index) {
            open.push(at);
        }
    }
}
