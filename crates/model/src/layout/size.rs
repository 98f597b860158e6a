//! Sizes of shapes and of the labels beside them, as editors draw them.

use crate::check::is_gateway;
use crate::definitions::{Bounds, Element, Kind, Process};

pub(super) const EVENT: f64 = 36.0;
const GATEWAY: f64 = 50.0;
const TASK: (f64, f64) = (100.0, 80.0);
/// Widest label beside a shape or on a flow.
pub(super) const LABEL: f64 = 90.0;
const LINE: f64 = 14.0;
const CHARACTER: f64 = 6.5;
/// Between the centres of two boundary events, without and with names.
const BESIDE: f64 = 46.0;
const BESIDE_NAMED: f64 = 96.0;
const BOUNDARY_LABEL: f64 = 78.0;
/// Below the activity, to the first line of a boundary event's flow, and from line to line.
const DROP: f64 = 34.0;
const DROP_STEP: f64 = 14.0;

pub(super) fn shape(element: &Element) -> (f64, f64) {
    if is_gateway(element) {
        return (GATEWAY, GATEWAY);
    }
    match element.kind {
        Kind::Start { .. }
        | Kind::IntermediateCatch(_)
        | Kind::IntermediateThrow(_)
        | Kind::End(_)
        | Kind::Boundary { .. } => (EVENT, EVENT),
        _ => TASK,
    }
}

/// Width that an activity needs for its boundary events.
pub(super) fn width_for_boundaries(process: &Process, element: &Element) -> f64 {
    let named = is_named(process, element);
    element.boundaries.len() as f64 * if named { BESIDE_NAMED } else { BESIDE }
}

fn is_named(process: &Process, element: &Element) -> bool {
    element.boundaries.iter().any(|b| process.elements[*b as usize].name.is_some())
}

/// The `place`th boundary event, counted from the right.
pub(super) fn boundary(
    process: &Process,
    element: &Element,
    host: &Bounds,
    place: usize,
) -> Bounds {
    let beside = if is_named(process, element) { BESIDE_NAMED } else { BESIDE };
    let center = host.x + host.width - beside * place as f64 - 24.0;
    let (x, y) = (center - EVENT / 2.0, host.y + host.height - EVENT / 2.0);
    Bounds { x, y, width: EVENT, height: EVENT }
}

/// How far below its activity the flow of the `place`th boundary event turns. Those further to
/// the right turn higher, so that no two of them cross.
pub(super) fn drop(place: usize) -> f64 {
    DROP + DROP_STEP * place as f64
}

/// Room below an activity for its boundary events, their labels and flows.
pub(super) fn below(process: &Process, element: &Element) -> f64 {
    if element.boundaries.is_empty() {
        return 0.0;
    }
    let labels = element.boundaries.iter().map(|b| &process.elements[*b as usize]);
    let lines = labels.map(|e| lines(e.name.as_deref(), BOUNDARY_LABEL)).max().unwrap_or(0);
    let flows = DROP + DROP_STEP * element.boundaries.len() as f64;
    flows.max(EVENT / 2.0 + 4.0 + LINE * lines as f64)
}

pub(super) fn boundary_label(event: &Element, bounds: &Bounds) -> Option<Bounds> {
    let lines = lines(event.name.as_deref(), BOUNDARY_LABEL);
    (lines > 0).then(|| Bounds {
        x: bounds.x + bounds.width / 2.0 - 3.0 - BOUNDARY_LABEL,
        y: bounds.y + bounds.height + 3.0,
        width: BOUNDARY_LABEL,
        height: LINE * lines as f64,
    })
}

/// Label below an event or a gateway; activities have their name inside.
pub(super) fn label(element: &Element, bounds: &Bounds) -> Option<Bounds> {
    let height = label_height(element);
    (height > 0.0).then(|| Bounds {
        x: bounds.x + bounds.width / 2.0 - LABEL / 2.0,
        y: bounds.y + bounds.height + 4.0,
        width: LABEL,
        height,
    })
}

pub(super) fn label_height(element: &Element) -> f64 {
    if crate::check::is_activity(element) {
        return 0.0;
    }
    LINE * lines(element.name.as_deref(), LABEL) as f64
}

pub(super) fn flow_label_height(name: &str) -> f64 {
    LINE * lines(Some(name), LABEL) as f64
}

/// Lines that a name takes when it is wrapped at words; at most six are given room.
fn lines(name: Option<&str>, width: f64) -> usize {
    let Some(name) = name else { return 0 };
    let fit = (width / CHARACTER) as usize;
    let (mut lines, mut used) = (1, 0);
    for word in name.split_whitespace() {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > fit {
            lines += 1;
            used = 0;
        }
        lines += length.saturating_sub(1) / fit.max(1);
        used += length.min(fit) + usize::from(used > 0);
    }
    lines.min(6)
}
