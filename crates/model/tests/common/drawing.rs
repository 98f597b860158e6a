//! What a drawing must keep: nothing overlaps, no flow crosses a shape, all lines are horizontal or
//! vertical, handlers are attached.

use std::collections::BTreeMap;

use model::{Bounds, Diagram, ElementIndex, Kind, Process};

fn overlap(a: &Bounds, b: &Bounds) -> bool {
    a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
}

fn inside(inner: &Bounds, outer: &Bounds) -> bool {
    inner.x > outer.x
        && inner.y > outer.y
        && inner.x + inner.width < outer.x + outer.width
        && inner.y + inner.height < outer.y + outer.height
}

fn holds(process: &Process, holder: ElementIndex, mut index: ElementIndex) -> bool {
    while let Some(scope) = process.elements[index as usize].scope {
        if scope == holder {
            return true;
        }
        index = scope;
    }
    false
}

/// Whether a horizontal or vertical line passes through the inside of a box.
fn crosses(from: (f64, f64), to: (f64, f64), b: &Bounds) -> bool {
    let (left, right) = (from.0.min(to.0), from.0.max(to.0));
    let (top, bottom) = (from.1.min(to.1), from.1.max(to.1));
    left < b.x + b.width - 0.5
        && right > b.x + 0.5
        && top < b.y + b.height - 0.5
        && bottom > b.y + 0.5
}

pub fn check(name: &str, process: &Process, diagram: &Diagram) {
    let shapes: BTreeMap<&str, Bounds> =
        diagram.shapes.iter().map(|s| (&*s.element, s.bounds)).collect();
    let at = |index: ElementIndex| shapes[&*process.elements[index as usize].id];
    for (i, a) in (0..).zip(&process.elements) {
        let Some(first) = shapes.get(&*a.id) else { panic!("{name}: no shape for {}", a.id) };
        assert!(first.x >= 0.0 && first.y >= 0.0, "{name}: {} lies outside", a.id);
        if let Kind::Boundary { attached_to, .. } = a.kind {
            let host = at(attached_to);
            assert!(overlap(first, &host), "{name}: {} is not attached", a.id);
        }
        if let Some(scope) = a.scope {
            assert!(inside(first, &at(scope)), "{name}: {} is not in its sub-process", a.id);
        }
        for (j, b) in (i + 1..).zip(&process.elements[i as usize + 1..]) {
            let attached = |one: &model::Element, other| {
                matches!(one.kind, Kind::Boundary { attached_to, .. }
                    if attached_to == other || holds(process, attached_to, other))
            };
            let related =
                holds(process, i, j) || holds(process, j, i) || attached(a, j) || attached(b, i);
            if !related {
                assert!(!overlap(first, &shapes[&*b.id]), "{name}: {} and {} overlap", a.id, b.id);
            }
        }
    }
    for flow in &process.flows {
        let edge = diagram.edges.iter().find(|e| e.element == flow.id);
        let Some(edge) = edge else { panic!("{name}: no edge for {}", flow.id) };
        for pair in edge.waypoints.windows(2) {
            let (from, to) = (pair[0], pair[1]);
            assert!(from.0 == to.0 || from.1 == to.1, "{name}: {} is slanted {pair:?}", flow.id);
            for (index, element) in (0..).zip(&process.elements) {
                let frame =
                    holds(process, index, flow.source) || holds(process, index, flow.target);
                if !frame {
                    let bounds = &shapes[&*element.id];
                    let through = crosses(from, to, bounds);
                    assert!(!through, "{name}: {} crosses {} {pair:?}", flow.id, element.id);
                }
            }
        }
    }
    labels(name, diagram);
}

/// Names beside shapes stand on no shape and on no other name.
fn labels(name: &str, diagram: &Diagram) {
    let labels: Vec<_> =
        diagram.shapes.iter().filter_map(|s| Some((&s.element, s.label?))).collect();
    for (at, (id, label)) in labels.iter().enumerate() {
        for (other, second) in &labels[at + 1..] {
            assert!(!overlap(label, second), "{name}: names of {id} and {other} overlap");
        }
        for shape in &diagram.shapes {
            let frame = inside(label, &shape.bounds);
            assert!(
                frame || !overlap(label, &shape.bounds),
                "{name}: the name of {id} lies on {}",
                shape.element
            );
        }
    }
}
