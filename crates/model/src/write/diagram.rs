//! Diagram interchange.

use std::collections::BTreeSet;

use crate::definitions::{Bounds, Collaboration, Diagram, Process};

use super::Roots;
use super::xml::Xml;

/// Ids that are written and may therefore be drawn.
pub(super) struct Drawn<'a> {
    ids: BTreeSet<&'a str>,
}

impl<'a> Drawn<'a> {
    pub(super) fn new(
        processes: &[&'a Process],
        collaboration: &'a Collaboration,
        associations: &'a [std::sync::Arc<str>],
    ) -> Drawn<'a> {
        let mut ids: BTreeSet<&str> = associations.iter().map(|a| &**a).collect();
        for process in processes {
            ids.extend(process.elements.iter().map(|e| &*e.id));
            ids.extend(process.flows.iter().map(|f| &*f.id));
        }
        ids.extend(collaboration.participants.iter().map(|p| &*p.id));
        ids.extend(collaboration.message_flows.iter().map(|f| &*f.id));
        Drawn { ids }
    }
}

/// Whether the namespaces are declared around the diagram, or by it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Home {
    Root,
    Elsewhere,
}

pub(super) const NAMESPACES: [(&str, &str); 3] = [
    ("xmlns:bpmndi", "http://www.omg.org/spec/BPMN/20100524/DI"),
    ("xmlns:dc", "http://www.omg.org/spec/DD/20100524/DC"),
    ("xmlns:di", "http://www.omg.org/spec/DD/20100524/DI"),
];

pub(super) fn diagram(
    xml: &mut Xml,
    home: Home,
    plane: &str,
    diagram: &Diagram,
    drawn: &Drawn<'_>,
    ids: &mut Roots,
) {
    let mut tag = xml.tag("bpmndi:BPMNDiagram");
    for (name, value) in NAMESPACES.iter().filter(|_| home == Home::Elsewhere) {
        tag = tag.attr(name, value);
    }
    tag.attr("id", &ids.fresh("diagram")).open();
    let id = ids.fresh("plane");
    xml.tag("bpmndi:BPMNPlane").attr("id", &id).attr("bpmnElement", plane).open();
    for shape in diagram.shapes.iter().filter(|s| drawn.ids.contains(&*s.element)) {
        let mut tag = xml
            .tag("bpmndi:BPMNShape")
            .attr("id", &ids.fresh(&format!("{}_shape", shape.element)))
            .attr("bpmnElement", &shape.element);
        let flags = [("isExpanded", shape.expanded), ("isHorizontal", shape.horizontal)];
        for (name, flag) in flags {
            tag = tag.opt(name, flag.map(|f| if f { "true" } else { "false" }));
        }
        tag.open();
        bounds(xml, &shape.bounds);
        label(xml, shape.label.as_ref());
        xml.close("bpmndi:BPMNShape");
    }
    for edge in diagram.edges.iter().filter(|e| drawn.ids.contains(&*e.element)) {
        xml.tag("bpmndi:BPMNEdge")
            .attr("id", &ids.fresh(&format!("{}_edge", edge.element)))
            .attr("bpmnElement", &edge.element)
            .open();
        for (x, y) in &edge.waypoints {
            xml.tag("di:waypoint").attr("x", &x.to_string()).attr("y", &y.to_string()).empty();
        }
        label(xml, edge.label.as_ref());
        xml.close("bpmndi:BPMNEdge");
    }
    xml.close("bpmndi:BPMNPlane");
    xml.close("bpmndi:BPMNDiagram");
}

fn bounds(xml: &mut Xml, bounds: &Bounds) {
    xml.tag("dc:Bounds")
        .attr("x", &bounds.x.to_string())
        .attr("y", &bounds.y.to_string())
        .attr("width", &bounds.width.to_string())
        .attr("height", &bounds.height.to_string())
        .empty();
}

fn label(xml: &mut Xml, label: Option<&Bounds>) {
    let Some(label) = label else { return };
    xml.tag("bpmndi:BPMNLabel").open();
    bounds(xml, label);
    xml.close("bpmndi:BPMNLabel");
}
