//! Flows and associations.

use std::fmt::Write;

use model::Edge;

use crate::overlay::Overlay;
use crate::scene::Line;
use crate::text::short;

use super::{Canvas, badge, escape, label, n};

pub(super) fn edge(canvas: &mut Canvas, line: &Line<'_>, edge: &Edge, overlay: &Overlay) {
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
        Line::Sequence { default, conditional, .. } => {
            rounded(canvas, "e", &shortened(&edge.waypoints, 7.0 * arrow), width);
            head(canvas, "a", &edge.waypoints, "M0 0L-11 -4.5V4.5Z", arrow);
            if *default {
                start(canvas, "e", &edge.waypoints, 9.0, "M-3 5.5L3 -5.5");
            }
            if *conditional {
                start(canvas, "open", &edge.waypoints, 0.0, "M0 0L8 -4.5L16 0L8 4.5Z");
            }
        }
        Line::Message(_) => {
            rounded(canvas, "e dash", &edge.waypoints, width);
            head(canvas, "open", &edge.waypoints, "M0 0L-10 -5V5Z", 1.0);
            start(canvas, "open", &edge.waypoints, 0.0, "M4 0A4 4 0 1 1 -4 0A4 4 0 1 1 4 0Z");
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
        let at = label::middle(&edge.waypoints);
        badge::pill(canvas, "", &short(taken), at);
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
        let (a, b) = (towards(point, before, 6.0), towards(point, after, 6.0));
        let _ = write!(path, "L{} {}Q{x} {y} {} {}", n(a.0), n(a.1), n(b.0), n(b.1));
    }
    let style = width.map_or(String::new(), |w| format!(" style=\"stroke-width:{}px\"", n(w)));
    canvas.push(&format!("<path class=\"{class}\"{style} d=\"{path}\"/>"));
}

/// A point on the way from one to the other, at most half of it.
fn towards(from: &(f64, f64), to: &(f64, f64), distance: f64) -> (f64, f64) {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.hypot(dy);
    if length == 0.0 {
        return *from;
    }
    let part = (distance / length).min(0.5);
    (from.0 + dx * part, from.1 + dy * part)
}

/// Ends a little earlier, so that a thick line does not show beside the point of its arrow.
fn shortened(points: &[(f64, f64)], by: f64) -> Vec<(f64, f64)> {
    let mut points = points.to_vec();
    if let [.., before, last] = &mut points[..] {
        *last = towards(last, before, by);
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

/// Something near the beginning of a line, pointing along it.
fn start(canvas: &mut Canvas, class: &str, points: &[(f64, f64)], along: f64, path: &str) {
    let Some(first) = points.first() else { return };
    let Some(next) = points.iter().find(|p| *p != first) else { return };
    let at = towards(first, next, along);
    placed(canvas, class, (first, next), &at, path, 1.0);
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
        "<path class=\"{class}\" transform=\"translate({} {}) rotate({}) scale({})\" d=\"{path}\"/>",
        n(at.0),
        n(at.1),
        n(angle),
        n(scale)
    ));
}
