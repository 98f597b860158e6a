//! Sequence flows, and what hangs together by references: boundary events, children, handlers.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::codes;
use crate::definitions::{ElementIndex, Event, Flow, FlowIndex, Kind, Process};

use super::collect::Collected;
use super::process::Context;
use super::reader::{Node, Reader, child, name};

type Flows = (Vec<Flow>, BTreeMap<Arc<str>, FlowIndex>);

/// Flows whose ends exist, in document order.
pub(super) fn flows<'a>(reader: &mut Reader<'a>, collected: &Collected<'a>) -> Flows {
    let mut flows = Vec::with_capacity(collected.flows.len());
    let mut index = BTreeMap::new();
    for (id, node) in &collected.flows {
        reader.element = Some(id.clone());
        let source = end(reader, collected, *node, "sourceRef");
        let target = end(reader, collected, *node, "targetRef");
        let condition = child(*node, "conditionExpression").and_then(|c| reader.body_feel(c));
        let (Some(source), Some(target)) = (source, target) else { continue };
        index.entry(id.clone()).or_insert(flows.len() as FlowIndex);
        let position = reader.position(*node);
        flows.push(Flow { id: id.clone(), name: name(*node), source, target, condition, position });
    }
    reader.element = None;
    (flows, index)
}

fn end<'a>(
    reader: &mut Reader<'a>,
    collected: &Collected<'a>,
    flow: Node<'a>,
    attribute: &str,
) -> Option<ElementIndex> {
    let raw = flow.attribute(attribute).unwrap_or_default().trim();
    let local = raw.rsplit(':').next().unwrap_or(raw);
    let found = collected.node_index.get(raw).or_else(|| collected.node_index.get(local)).copied();
    let told = collected.unknown.contains(raw) || collected.unknown.contains(local);
    if found.is_none() && !told {
        let message = format!(
            "expected {attribute} to name an element of the same process, but there is none {raw:?}"
        );
        reader.error(codes::REFERENCE_UNKNOWN, flow, message);
    }
    found
}

/// Fills in the back references of every element.
pub(crate) fn link(process: &mut Process) {
    for (at, flow) in (0..).zip(&process.flows) {
        process.elements[flow.source as usize].outgoing.push(at);
        process.elements[flow.target as usize].incoming.push(at);
    }
    for at in 0..process.elements.len() {
        if let Some(scope) = process.elements[at].scope {
            process.elements[scope as usize].children.push(at as ElementIndex);
        }
        if let Kind::Boundary { attached_to, .. } = process.elements[at].kind {
            process.elements[attached_to as usize].boundaries.push(at as ElementIndex);
        }
    }
}

/// Compensation handlers: an association from a compensation boundary event to an activity.
pub(super) fn handlers<'a>(reader: &mut Reader<'a>, context: &Context<'a>, process: &mut Process) {
    for association in &context.collected.associations {
        let end = |name| {
            let raw = association.attribute(name)?.trim();
            context.element(raw).or_else(|| context.element(raw.rsplit(':').next()?))
        };
        let (Some(source), Some(target)) = (end("sourceRef"), end("targetRef")) else { continue };
        let event = &process.elements[source as usize];
        let compensates =
            matches!(&event.kind, Kind::Boundary { event: Event::Compensation { .. }, .. });
        if !compensates {
            continue;
        }
        reader.element = Some(event.id.clone());
        if event.compensation_handler.is_some() {
            let message = "expected one compensation handler, but there are several";
            reader.error(codes::COMPENSATION_HANDLER, *association, message);
        }
        process.elements[source as usize].compensation_handler = Some(target);
    }
    reader.element = None;
}
