//! Names: inside activities, beside events and gateways, along flows.

use model::{ArtifactKind, Bounds, Element, Kind, Shape};

use crate::overlay::Overlay;
use crate::scene::Figure;
use crate::text::{width, wrap};

use super::{Canvas, escape, n};

/// Font size inside and outside of shapes.
const INSIDE: f64 = 12.0;
const OUTSIDE: f64 = 11.0;
/// Below the upper edge, where the icon of a task ends.
const ICON: f64 = 26.0;
/// Widest line outside.
const ROOM: f64 = 96.0;

/// Lines of text, centred at `x`; `y` is the top of the first.
pub(super) fn lines(
    canvas: &mut Canvas,
    class: &str,
    lines: &[String],
    size: f64,
    (x, y): (f64, f64),
) {
    let widest = lines.iter().map(|l| width(l, size)).fold(0.0, f64::max);
    let height = lines.len() as f64 * size * 1.2;
    canvas.cover(&Bounds { x: x - widest / 2.0, y, width: widest, height });
    canvas.push(&format!("<text class=\"{class}\" text-anchor=\"middle\">"));
    for (at, line) in lines.iter().enumerate() {
        let baseline = y + size * (0.95 + 1.2 * at as f64);
        canvas.push(&format!(
            "<tspan x=\"{}\" y=\"{}\">{}</tspan>",
            n(x),
            n(baseline),
            escape(line)
        ));
    }
    canvas.push("</text>");
}

/// The name in the middle of an activity, or at the top of an open sub-process.
pub(super) fn inside(
    canvas: &mut Canvas,
    element: &Element,
    bounds: &Bounds,
    has_icon: bool,
    has_marker: bool,
    open: bool,
) {
    let Some(name) = element.name.as_deref() else { return };
    let room = (bounds.width - 12.0).max(10.0);
    let x = bounds.x + bounds.width / 2.0;
    if open {
        let text = wrap(name, INSIDE, room, 2);
        return lines(canvas, "t", &text, INSIDE, (x, bounds.y + 8.0));
    }
    let mut height = bounds.height - 8.0;
    if has_marker {
        height -= 16.0;
    }
    // Small shapes get smaller type before their name is cut or meets the icon.
    for size in [INSIDE, 11.0, 10.0] {
        let most = ((height / (size * 1.2)) as usize).max(1);
        let text = wrap(name, size, room, most);
        let cut = text.last().is_some_and(|l| l.ends_with('…'));
        let used = text.len() as f64 * size * 1.2;
        let mut y = bounds.y + 4.0 + (height - used) / 2.0;
        let wide = text.first().is_some_and(|l| width(l, size) > bounds.width - 56.0);
        let meets = has_icon && wide && y < bounds.y + ICON;
        if meets {
            y = (bounds.y + ICON).min(bounds.y + 4.0 + height - used).max(bounds.y + 4.0);
        }
        let crowded = cut || (meets && y < bounds.y + ICON);
        if !crowded || size == 10.0 {
            return sized(canvas, &text, size, (x, y));
        }
    }
}

/// As [`lines`], with the size on the text itself.
fn sized(canvas: &mut Canvas, text: &[String], size: f64, at: (f64, f64)) {
    let before = canvas.out.len();
    lines(canvas, "t", text, size, at);
    if size < INSIDE {
        let styled = canvas.out[before..].replacen(
            "<text ",
            &format!("<text style=\"font-size:{}px\" ", n(size)),
            1,
        );
        canvas.out.truncate(before);
        canvas.push(&styled);
    }
}

/// The name beside an event, gateway or data object.
pub(super) fn outside(canvas: &mut Canvas, figure: &Figure<'_>, shape: &Shape, overlay: &Overlay) {
    let name = match figure {
        Figure::Pool(_) => return,
        Figure::Artifact(artifact) => match artifact.kind {
            ArtifactKind::DataObject { .. }
            | ArtifactKind::DataInput
            | ArtifactKind::DataOutput
            | ArtifactKind::DataStore
            | ArtifactKind::Group => artifact.name.as_deref(),
            ArtifactKind::Lane
            | ArtifactKind::Annotation
            | ArtifactKind::Association { .. }
            | ArtifactKind::DataAssociation
            | ArtifactKind::Instead(_) => None,
        },
        Figure::Node(node) => match node.element.kind {
            Kind::Start { .. }
            | Kind::IntermediateCatch(_)
            | Kind::IntermediateThrow(_)
            | Kind::End(_)
            | Kind::Boundary { .. }
            | Kind::Exclusive { .. }
            | Kind::Inclusive { .. }
            | Kind::Parallel
            | Kind::EventBased => node.element.name.as_deref(),
            _ => None,
        },
    };
    let Some(name) = name else { return };
    let faded = overlay.fade_unmarked
        && matches!(figure, Figure::Node(_))
        && !overlay.elements.contains_key(&shape.element);
    let boundary = matches!(
        figure,
        Figure::Node(node) if matches!(node.element.kind, Kind::Boundary { .. })
    );
    beside(canvas, name, shape, boundary, faded);
}

fn beside(canvas: &mut Canvas, name: &str, shape: &Shape, boundary: bool, faded: bool) {
    let class = if faded { "l faded" } else { "l" };
    if let Some(b) = shape.label.as_ref().filter(|b| b.width > 0.0) {
        return boxed(canvas, class, name, b);
    }
    let bounds = &shape.bounds;
    let (x, y) = (bounds.x + bounds.width / 2.0, bounds.y + bounds.height + 4.0);
    if !boundary {
        let text = wrap(name, OUTSIDE, ROOM, 8);
        return lines(canvas, class, &text, OUTSIDE, (x, y));
    }
    // Left of the flow that leaves downwards.
    let text = wrap(name, OUTSIDE, 70.0, 8);
    let widest = text.iter().map(|l| width(l, OUTSIDE)).fold(0.0, f64::max);
    lines(canvas, class, &text, OUTSIDE, (x - 5.0 - widest / 2.0, y));
}

/// A name in the box that the file has for it. Tools measure with other fonts: the middle of the
/// box and its number of lines are right, its width seldom.
fn boxed(canvas: &mut Canvas, class: &str, name: &str, b: &Bounds) {
    let meant = ((b.height / (OUTSIDE * 1.2)).round() as usize).max(1);
    let word = name.split_whitespace().map(|w| width(w, OUTSIDE)).fold(40.0, f64::max);
    let mut room = b.width.max(word.min(ROOM));
    let most = room * 1.3;
    let mut text = wrap(name, OUTSIDE, room, 12);
    while text.len() > meant && room < most {
        room += 8.0;
        text = wrap(name, OUTSIDE, room, 12);
    }
    let extra = (text.len() as f64 * OUTSIDE * 1.2 - b.height).max(0.0);
    lines(canvas, class, &text, OUTSIDE, (b.x + b.width / 2.0, b.y - extra / 2.0));
}

/// The name of a flow: in its box, else beside the middle of its longest piece.
pub(super) fn along(
    canvas: &mut Canvas,
    name: &str,
    waypoints: &[(f64, f64)],
    label: Option<&Bounds>,
    faded: bool,
) {
    let class = if faded { "l faded" } else { "l" };
    if let Some(b) = label.filter(|b| b.width > 0.0) {
        return boxed(canvas, class, name, b);
    }
    let Some((a, b)) = longest(waypoints) else { return };
    let upright = (a.0 - b.0).abs() < (a.1 - b.1).abs();
    let room = if upright { ROOM } else { ROOM.max((a.0 - b.0).abs() - 24.0) };
    let text = wrap(name, OUTSIDE, room, 4);
    let widest = text.iter().map(|l| width(l, OUTSIDE)).fold(0.0, f64::max);
    let height = text.len() as f64 * OUTSIDE * 1.2;
    let (x, y) = ((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0);
    let at =
        if upright { (x + 5.0 + widest / 2.0, y - height / 2.0) } else { (x, y - height - 3.0) };
    lines(canvas, class, &text, OUTSIDE, at);
}

/// Longest piece of a line.
fn longest(waypoints: &[(f64, f64)]) -> Option<((f64, f64), (f64, f64))> {
    let length = |a: &(f64, f64), b: &(f64, f64)| (a.0 - b.0).hypot(a.1 - b.1);
    let pairs = waypoints.windows(2).map(|p| (p[0], p[1]));
    pairs.max_by(|x, y| length(&x.0, &x.1).total_cmp(&length(&y.0, &y.1)))
}

/// Where a figure may stand on a line: the middle of its longest part, then more and more beside
/// it, then the middles of its other parts.
pub(super) fn along_the_line(waypoints: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let (a, b) = longest(waypoints).unwrap_or_default();
    let on = |part: f64| (a.0 + (b.0 - a.0) * part, a.1 + (b.1 - a.1) * part);
    let mut points: Vec<(f64, f64)> =
        [0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8, 0.1, 0.9].into_iter().map(on).collect();
    let parts = waypoints.windows(2);
    points.extend(parts.map(|ab| ((ab[0].0 + ab[1].0) / 2.0, (ab[0].1 + ab[1].1) / 2.0)));
    points
}
