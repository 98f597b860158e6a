//! Elements that no token comes to, and elements from which none gets away.

use std::collections::BTreeMap;

use crate::check::Check;
use crate::codes;
use crate::definitions::{Element, ElementIndex, Event, Kind, Process};

pub(super) fn check(check: &mut Check<'_>) {
    let process = check.process;
    let links = link_catches(process);
    let mut reached = vec![false; process.elements.len()];
    walk(&mut reached, roots(process), |index, open| forward(process, &links, index, open));
    // Each lost part is told once: where it begins, or at its first element when it is a loop.
    let mut told = reached.clone();
    for loops in [false, true] {
        for (index, element) in check.elements() {
            if told[index as usize] || (!loops && !begins(process, &reached, element)) {
                continue;
            }
            walk(&mut told, vec![index], |index, open| forward(process, &links, index, open));
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

/// Marks what a step leads to, again and again.
fn walk(
    reached: &mut [bool],
    mut open: Vec<ElementIndex>,
    step: impl Fn(ElementIndex, &mut Vec<ElementIndex>),
) {
    while let Some(index) = open.pop() {
        if !std::mem::replace(&mut reached[index as usize], true) {
            step(index, &mut open);
        }
    }
}

fn forward(
    process: &Process,
    links: &Links<'_>,
    index: ElementIndex,
    open: &mut Vec<ElementIndex>,
) {
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
    if let Kind::IntermediateThrow(Event::Link { name }) = &element.kind {
        open.extend(links.get(&(element.scope, &**name)).into_iter().flatten());
    }
}

/// Catches of links by scope and name.
type Links<'a> = BTreeMap<(Option<ElementIndex>, &'a str), Vec<ElementIndex>>;

fn link_catches(process: &Process) -> Links<'_> {
    let mut links = Links::new();
    for (index, element) in (0..).zip(&process.elements) {
        if let Kind::IntermediateCatch(Event::Link { name }) = &element.kind {
            links.entry((element.scope, name)).or_default().push(index);
        }
    }
    links
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
    let mut handled: BTreeMap<ElementIndex, Vec<ElementIndex>> = BTreeMap::new();
    for (index, element) in check.elements() {
        if let Some(handler) = element.compensation_handler {
            handled.entry(handler).or_default().push(index);
        }
    }
    let mut leaves = vec![false; process.elements.len()];
    walk(&mut leaves, ends, |index, open| {
        backward(process, index, open);
        open.extend(handled.get(&index).into_iter().flatten());
    });
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
}
