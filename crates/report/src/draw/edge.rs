//! Flows and associations.

use std::collections::BTreeMap;
use std::fmt::Write;

use model::Edge;

use crate::overlay::Overlay;
use crate::scene::{Line, Scene};
use crate::text::short;

use super::{Canvas, badge, escape, label, n};

/// Sequence flows by the element that they leave.
pub(super) struct Leaving<'a> {
    flows: BTreeMap<&'a str, Vec<&'a Edge>>,
}

impl<'a> Leaving<'a> {
    pub(super) fn new(scene: &'a Scene<'_>) -> Leaving<'a> {
        let mut flows: BTreeMap<&str, Vec<&Edge>> = BTreeMap::new();
        for (line, edge) in &scene.edges {
            if let Line::Sequence { source, .. } = line {
                flows.entry(source).or_default().push(edge);
            }
        }
        Leaving { flows }
    }

    /// How far along a flow it no longer lies on another one that leaves the same element.
    fn apart(&self, source: &str, edge: &Edge) -> f64 {
        const STEP: f64 = 4.0;
        const OTHERS_MAX: usize = 20;
        let others = self.flows.get(source).map_or(&[][..], |o| o);
        let shared = |point: (f64, f64)| {
            let others = others.iter().filter(|o| o.element != edge.element).take(OTHERS_MAX);
            others.flat_map(|o| o.waypoints.windows(2)).any(|p| distance(point, p[0], p[1]) < STEP)
        };
        let length: f64 = edge.waypoints.windows(2).map(|p| length(p[0], p[1])).sum();
        let steps = ((length / 2.0 / STEP) as usize).min(500);
        let along = (2..steps).map(|i| i as f64 * STEP);
        let free = along.into_iter().find(|a| !shared(walk(&edge.waypoints, *a).0));
        free.map_or(9.0, |a| if a > 2.0 * STEP { a + 14.0 } else { 9.0 })
    }
}

fn length(a: (f64, f64), b: (f64, f64)) -> f64 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

/// From a point to a piece of a line.
fn distance(p: (f64, f64), a: (f64, f64), b: (f64, f64)) -> f64 {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let square = dx * dx + dy * dy;
    if square == 0.0 {
        return length(p, a);
    }
    let t = (((p.0 - a.0) * dx + (p.1 - a.1) * dy) / square).clamp(0.0, 1.0);
    length(p, (a.0 + t * dx, a.1 + t * dy))
}

type Point = (f64, f64);

/// The point so far along a line, and the piece that it is on.
fn walk(points: &[Point], along: f64) -> (Point, (Point, Point)) {
    let mut left = along;
    let mut last = (points.first().copied().unwrap_or_default(), Default::default());
    for pair in points.windows(2) {
        let piece = length(pair[0], pair[1]);
        last = (pair[1], (pair[0], pair[1]));
        if piece > 0.0 && left <= piece {
            return (towards(&pair[0], &pair[1], left, 1.0), (pair[0], pair[1]));
        }
        left -= piece;
    }
    last
}

pub(super) fn edge(
    canvas: &mut Canvas,
    line: &Line<'_>,
    edge: &Edge,
    overlay: &Overlay,
    leaving: &Leaving<'_>,
) {
    let mark = overlay.flows.get(&edge.element);
    for (x, y) in &edge.waypoints {
        canvas.cover(&model::Bounds { x: *x, y: *y, width: 0.0, height: 0.0 });
    }
    let class = match (mark, overlay.fade_unmarked) {
        (Some(_), _) => "taken",
        (None, true) if matches!(line, Line::Sequence { .. }) => "faded",
        (None, _) => "",
    };
    canvas.push(&format!("<g class=\"{class}\" data-id=\"{}\">", escape(&edge.element)));
    let share = mark.and_then(|m| m.share).filter(|s| s.is_finite());
    let width = match (mark, share) {
        (Some(_), Some(share)) => Some(1.6 + 4.4 * share.clamp(0.0, 1.0)),
        (Some(_), None) => Some(2.4),
        (None, _) => None,
    };
    let arrow = 1.0 + width.map_or(0.0, |w| (w - 1.4) * 0.22);
    match line {
        Line::Sequence { source, default, conditional, .. } => {
            rounded(canvas, "e", &shortened(&edge.waypoints, 7.0 * arrow), width);
            head(canvas, "a", &edge.waypoints, "M0 0L-11 -4.5V4.5Z", arrow);
            if *default {
                let (at, (from, to)) = walk(&edge.waypoints, leaving.apart(source, edge));
                placed(canvas, "e", (&from, &to), &at, "M-3 5.5L3 -5.5", 1.0);
            }
            if *conditional {
                start(canvas, "open", &edge.waypoints, "M0 0L8 -4.5L16 0L8 4.5Z");
            }
        }
        Line::Message(_) => {
            rounded(canvas, "e dash", &edge.waypoints, width);
            head(canvas, "open", &edge.waypoints, "M0 0L-10 -5V5Z", 1.0);
            start(canvas, "open", &edge.waypoints, "M8 0A4 4 0 1 1 0 0A4 4 0 1 1 8 0Z");
        }
        Line::Association { directed } => {
            rounded(canvas, "e dot", &edge.waypoints, width);
            if *directed {
                head(canvas, "n", &edge.waypoints, "M-9 -5L0 0L-9 5", 1.0);
            }
        }
        Line::Data => {
            rounded(canvas, "e dot", &edge.waypoints, width);
            head(canvas, "n", &edge.waypoints, "M-9 -5L0 0L-9 5", 1.0);
        }
    }
    canvas.push("</g>\n");
}

/// The name, and how often the flow was taken.
pub(super) fn label(canvas: &mut Canvas, line: &Line<'_>, edge: &Edge, overlay: &Overlay) {
    let name = match line {
        Line::Sequence { flow, .. } => flow.name.as_deref(),
        Line::Message(flow) => flow.name.as_deref(),
        Line::Association { .. } | Line::Data => None,
    };
    let mark = overlay.flows.get(&edge.element);
    let faded = overlay.fade_unmarked && mark.is_none() && matches!(line, Line::Sequence { .. });
    if let Some(name) = name {
        label::along(canvas, name, &edge.waypoints, edge.label.as_ref(), faded);
    }
    if let Some(taken) = mark.and_then(|m| m.taken) {
        badge::pill_at(canvas, &short(taken), &label::along_the_line(&edge.waypoints));
    }
}

/// The line with its corners rounded.
fn rounded(canvas: &mut Canvas, class: &str, points: &[(f64, f64)], width: Option<f64>) {
    let mut path = String::new();
    for (at, point) in points.iter().enumerate() {
        let (x, y) = (n(point.0), n(point.1));
        let corner = match (at.checked_sub(1).and_then(|a| points.get(a)), points.get(at + 1)) {
            (Some(before), Some(after)) => Some((before, after)),
            _ => None,
        };
        let Some((before, after)) = corner else {
            let letter = if at == 0 { 'M' } else { 'L' };
            let _ = write!(path, "{letter}{x} {y}");
            continue;
        };
        let (a, b) = (towards(point, before, 6.0, 0.5), towards(point, after, 6.0, 0.5));
        let _ = write!(path, "L{} {}Q{x} {y} {} {}", n(a.0), n(a.1), n(b.0), n(b.1));
    }
    let style = width.map_or(String::new(), |w| format!(" style=\"stroke-width:{}px\"", n(w)));
    canvas.push(&format!("<path class=\"{class}\"{style} d=\"{path}\"/>"));
}

/// A point on the way from one to the other, at most a part of it.
fn towards(from: &(f64, f64), to: &(f64, f64), distance: f64, most: f64) -> (f64, f64) {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.hypot(dy);
    if length == 0.0 {
        return *from;
    }
    let part = (distance / length).min(most);
    (from.0 + dx * part, from.1 + dy * part)
}

/// Ends a little earlier, so that a thick line does not show beside the point of its arrow.
fn shortened(points: &[(f64, f64)], by: f64) -> Vec<(f64, f64)> {
    let mut points = points.to_vec();
    if let [.., before, last] = &mut points[..] {
        *last = towards(last, before, by, 0.5);
    }
    points
}

/// Something at the end of a line, pointing along it.
fn head(canvas: &mut Canvas, class: &str, points: &[(f64, f64)], path: &str, scale: f64) {
    // Repeated points have no direction.
    let Some(last) = points.last() else { return };
    let Some(before) = points.iter().rev().find(|p| *p != last) else { return };
    placed(canvas, class, (before, last), last, path, scale);
}

/// Something at the beginning of a line, pointing along it.
fn start(canvas: &mut Canvas, class: &str, points: &[(f64, f64)], path: &str) {
    let Some(first) = points.first() else { return };
    let Some(next) = points.iter().find(|p| *p != first) else { return };
    placed(canvas, class, (first, next), first, path, 1.0);
}

fn placed(
    canvas: &mut Canvas,
    class: &str,
    (from, to): (&(f64, f64), &(f64, f64)),
    at: &(f64, f64),
    path: &str,
    scale: f64,
) {
    let angle = (to.1 - from.1).atan2(to.0 - from.0).to_degrees();
    canvas.push(&format!(
        "<path class=\"{class}\" transform=\"translate({} {}) rotate({}) scale({})\" \
         d=\"{path}\"/>",
        n(at.0),
        n(at.1),
        n(angle),
        n(scale)
    ));
}
