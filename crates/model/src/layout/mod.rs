//! Coordinates for models that have none: layers from left to right, as in Sugiyama's method.
//!
//! Every element has a slot in the column of its layer. A flow that spans several columns has an
//! empty slot in each of those between, so that no flow crosses a shape, and turns only in the
//! channels between the columns. Sub-processes are laid out from the inside; boundary events sit
//! on the lower edge of their activity.

mod layers;
mod order;
mod place;
mod route;
mod size;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::definitions::{
    Bounds, Definitions, Diagram, Edge, Element, ElementIndex, Kind, Participant, Process, Shape,
};

use layers::Graph;

/// Between two things, in pixels.
pub(crate) const GAP: f64 = 30.0;
/// From the frame of a sub-process or pool to what is in it.
const PADDING: f64 = 30.0;
/// Room for the name of a sub-process above what is in it.
const TITLE: f64 = 40.0;
/// Width of a pool's name.
const POOL_TITLE: f64 = 30.0;
const MARGIN: f64 = 60.0;

/// Shapes and edges of one process; nothing overlaps. Positions are whole pixels from (60, 60) on.
pub fn layout(process: &Process) -> Diagram {
    let mut diagram = scope(process, None).diagram;
    shift(&mut diagram, MARGIN, MARGIN);
    diagram
}

/// All processes of a file, one below the other, each in its pool where the file has pools.
pub fn layout_file(definitions: &Definitions) -> Diagram {
    let mut all = Diagram::default();
    let mut y = MARGIN;
    let participants = &definitions.collaboration.participants;
    let pools: BTreeMap<&str, &Participant> =
        participants.iter().filter_map(|p| Some((p.process_id.as_deref()?, p))).collect();
    for process in &definitions.processes {
        let pool = pools.get(&*process.id);
        let placed = scope(process, None);
        let mut diagram = placed.diagram;
        let inset = if pool.is_some() { PADDING } else { 0.0 };
        let title = if pool.is_some() { POOL_TITLE } else { 0.0 };
        shift(&mut diagram, MARGIN + title + inset, y + inset);
        let height = placed.height + 2.0 * inset;
        if let Some(pool) = pool {
            let width = placed.width + 2.0 * inset + title;
            all.shapes.push(frame(&pool.id, MARGIN, y, width, height));
        }
        y += height + MARGIN;
        all.shapes.append(&mut diagram.shapes);
        all.edges.append(&mut diagram.edges);
    }
    for pool in participants.iter().filter(|p| p.process_id.is_none()) {
        all.shapes.push(frame(&pool.id, MARGIN, y, 600.0, 60.0));
        y += 60.0 + MARGIN;
    }
    message_flows(definitions, &mut all);
    all
}

fn frame(id: &Arc<str>, x: f64, y: f64, width: f64, height: f64) -> Shape {
    let bounds = Bounds { x, y, width, height };
    Shape { element: id.clone(), bounds, label: None, expanded: None, horizontal: Some(true) }
}

/// Straight down or up, and across where there is no pool.
fn message_flows(definitions: &Definitions, all: &mut Diagram) {
    let collaboration = &definitions.collaboration;
    let ids: BTreeSet<&str> = collaboration.participants.iter().map(|p| &*p.id).collect();
    let pools: Vec<Bounds> =
        all.shapes.iter().filter(|s| ids.contains(&*s.element)).map(|s| s.bounds).collect();
    let pool_of = |b: &Bounds| {
        let holds = |p: &&Bounds| p.y <= b.y && b.y + b.height <= p.y + p.height;
        pools.iter().find(holds).copied().unwrap_or(*b)
    };
    let places: BTreeMap<&str, Bounds> =
        all.shapes.iter().map(|s| (&*s.element, s.bounds)).collect();
    for flow in &definitions.collaboration.message_flows {
        let find = |id: &Arc<str>| places.get(&**id).copied();
        let (Some(source), Some(target)) = (find(&flow.source), find(&flow.target)) else {
            continue;
        };
        let down = source.y < target.y;
        let out = if down { source.y + source.height } else { source.y };
        let into = if down { target.y } else { target.y + target.height };
        let pool = pool_of(&source);
        let between = if down { pool.y + pool.height } else { pool.y };
        let across = if down { between + MARGIN / 2.0 } else { between - MARGIN / 2.0 };
        let (from, to) = (source.x + source.width / 2.0, target.x + target.width / 2.0);
        let waypoints = vec![(from, out), (from, across), (to, across), (to, into)];
        all.edges.push(Edge { element: flow.id.clone(), waypoints, label: None });
    }
}

/// The inside of a scope, from (0, 0) on.
struct Placed {
    diagram: Diagram,
    width: f64,
    height: f64,
}

fn scope(process: &Process, scope: Option<ElementIndex>) -> Placed {
    let mut inner: BTreeMap<ElementIndex, Placed> = BTreeMap::new();
    for (index, element) in process.children(scope) {
        if is_frame(element) && !element.children.is_empty() {
            inner.insert(index, self::scope(process, Some(index)));
        }
    }
    let size = |index: ElementIndex| match inner.get(&index) {
        Some(placed) => (
            (placed.width + 2.0 * PADDING).max(200.0),
            (placed.height + TITLE + PADDING).max(120.0),
        ),
        None => size::shape(&process.elements[index as usize]),
    };
    let mut graph = Graph::new(process, scope, &size);
    graph.layer();
    graph.bridge();
    order::order(&mut graph);
    place::rows(&mut graph);
    let columns = place::columns(&mut graph);
    let mut diagram = Diagram::default();
    for slot in graph.slots.iter().filter(|s| s.element.is_some()) {
        shapes(process, slot, &mut diagram);
    }
    route::edges(process, &graph, &columns, &mut diagram);
    event_sub_processes(process, scope, &size, &mut diagram);
    let frames: BTreeMap<Arc<str>, Bounds> =
        diagram.shapes.iter().map(|s| (s.element.clone(), s.bounds)).collect();
    for (index, mut placed) in inner {
        let Some(frame) = frames.get(&process.elements[index as usize].id) else { continue };
        let (x, y) = (frame.x + PADDING, frame.y + TITLE);
        shift(&mut placed.diagram, x, y);
        diagram.shapes.append(&mut placed.diagram.shapes);
        diagram.edges.append(&mut placed.diagram.edges);
    }
    to_origin(diagram)
}

fn is_frame(element: &Element) -> bool {
    matches!(element.kind, Kind::SubProcess | Kind::EventSubProcess | Kind::AdHoc(_))
}

/// The shape of a slot's element with its label and its boundary events.
fn shapes(process: &Process, slot: &layers::Slot, diagram: &mut Diagram) {
    let Some(index) = slot.element else { return };
    let element = &process.elements[index as usize];
    let bounds = slot.bounds();
    diagram.shapes.push(Shape {
        element: element.id.clone(),
        bounds,
        label: size::label(element, &bounds),
        expanded: is_frame(element).then_some(!element.children.is_empty()),
        horizontal: None,
    });
    for (place, boundary) in element.boundaries.iter().enumerate() {
        let event = &process.elements[*boundary as usize];
        let bounds = size::boundary(process, element, &bounds, place);
        diagram.shapes.push(Shape {
            element: event.id.clone(),
            bounds,
            label: size::boundary_label(event, &bounds),
            expanded: None,
            horizontal: None,
        });
    }
}

/// Event sub-processes stand in a row below the rest.
fn event_sub_processes(
    process: &Process,
    scope: Option<ElementIndex>,
    size: &dyn Fn(ElementIndex) -> (f64, f64),
    diagram: &mut Diagram,
) {
    let (mut x, _, _, bottom) = extent(diagram).unwrap_or((0.0, 0.0, 0.0, -GAP));
    let y = bottom + GAP;
    for (index, element) in process.children(scope) {
        if element.kind == Kind::EventSubProcess {
            let (width, height) = size(index);
            let slot = layers::Slot {
                element: Some(index),
                layer: 0,
                width,
                up: height / 2.0,
                down: height / 2.0,
                height,
                x: x + width / 2.0,
                y: y + height / 2.0,
            };
            shapes(process, &slot, diagram);
            x += width + GAP;
        }
    }
}

/// Left, top, right and bottom of everything drawn, labels included.
fn extent(diagram: &Diagram) -> Option<(f64, f64, f64, f64)> {
    let boxes = diagram.shapes.iter().flat_map(|s| [Some(s.bounds), s.label]);
    let boxes = boxes.chain(diagram.edges.iter().map(|e| e.label)).flatten();
    let corners = boxes.flat_map(|b| [(b.x, b.y), (b.x + b.width, b.y + b.height)]);
    let points = corners.chain(diagram.edges.iter().flat_map(|e| e.waypoints.iter().copied()));
    points.fold(None, |extent, (x, y)| match extent {
        None => Some((x, y, x, y)),
        Some((l, t, r, b)) => Some((l.min(x), t.min(y), r.max(x), b.max(y))),
    })
}

fn to_origin(mut diagram: Diagram) -> Placed {
    let (left, top, right, bottom) = extent(&diagram).unwrap_or_default();
    shift(&mut diagram, -left, -top);
    Placed { diagram, width: right - left, height: bottom - top }
}

fn shift(diagram: &mut Diagram, x: f64, y: f64) {
    let labels = diagram.edges.iter_mut().filter_map(|e| e.label.as_mut());
    let shapes = diagram.shapes.iter_mut();
    let boxes = shapes.flat_map(|s| std::iter::once(&mut s.bounds).chain(s.label.as_mut()));
    for bounds in boxes.chain(labels) {
        bounds.x += x;
        bounds.y += y;
    }
    for edge in &mut diagram.edges {
        for point in &mut edge.waypoints {
            *point = (point.0 + x, point.1 + y);
        }
    }
}
