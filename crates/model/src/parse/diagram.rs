//! Diagram interchange (BPMN 2.0, 12): coordinates of the first plane, as they stand.

use crate::definitions::{Bounds, Diagram, Edge, Shape};

use super::reader::{BPMN_DI, Node};

pub(super) fn diagram(root: Node<'_>) -> Diagram {
    let mut diagram = Diagram::default();
    let planes = root
        .children()
        .filter(|c| c.has_tag_name((BPMN_DI, "BPMNDiagram")))
        .flat_map(|c| c.children())
        .filter(|c| c.has_tag_name((BPMN_DI, "BPMNPlane")));
    // Further planes draw the inside of collapsed sub-processes.
    for part in planes.take(1).flat_map(|plane| plane.children()) {
        let Some(element) = part.attribute("bpmnElement") else { continue };
        let element: std::sync::Arc<str> = element.rsplit(':').next().unwrap_or(element).into();
        let label = child(part, "BPMNLabel").and_then(|l| child(l, "Bounds")).and_then(bounds);
        if part.has_tag_name((BPMN_DI, "BPMNShape")) {
            let Some(bounds) = child(part, "Bounds").and_then(bounds) else { continue };
            let flag = |name| part.attribute(name).map(|v| matches!(v, "true" | "1"));
            let (expanded, horizontal) = (flag("isExpanded"), flag("isHorizontal"));
            diagram.shapes.push(Shape { element, bounds, label, expanded, horizontal });
        } else if part.has_tag_name((BPMN_DI, "BPMNEdge")) {
            let points = part.children().filter(|c| c.tag_name().name() == "waypoint");
            let waypoints: Vec<_> =
                points.filter_map(|p| Some((number(p, "x")?, number(p, "y")?))).collect();
            if waypoints.len() >= 2 {
                diagram.edges.push(Edge { element, waypoints, label });
            }
        }
    }
    diagram
}

fn child<'a>(node: Node<'a>, tag: &str) -> Option<Node<'a>> {
    node.children().find(|c| c.tag_name().name() == tag)
}

fn bounds(node: Node<'_>) -> Option<Bounds> {
    Some(Bounds {
        x: number(node, "x")?,
        y: number(node, "y")?,
        width: number(node, "width")?,
        height: number(node, "height")?,
    })
}

/// Coordinates beyond a million pixels are as good as none.
fn number(node: Node<'_>, name: &str) -> Option<f64> {
    node.attribute(name)?.trim().parse().ok().filter(|v: &f64| v.abs() <= 1e6)
}
