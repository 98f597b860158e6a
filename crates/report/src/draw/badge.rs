//! The overlay: heat, states, and pills with figures at the corners.

use model::{Bounds, Kind, Shape};

use crate::overlay::{Mark, Overlay, State, Tone};
use crate::scene::{Figure, Scene};
use crate::text::{short, width, wrap};

use super::node::diamond_points;
use super::{Canvas, escape, n};

const SIZE: f64 = 10.5;
const HEIGHT: f64 = 17.0;

/// Class of a shape's group: its state, or that it is faded.
pub(super) fn class(mark: Option<&Mark>, fade: bool) -> &'static str {
    let Some(mark) = mark else { return if fade { "faded" } else { "" } };
    if mark.incidents > 0 {
        return "failed";
    }
    match mark.state {
        Some(State::Completed) => "done",
        Some(State::Active) => "now",
        Some(State::Failed) => "failed",
        Some(State::Terminated) => "ended",
        Some(State::Deviated) => "off",
        None if mark.tokens > 0 => "now",
        None => "",
    }
}

/// From yellow to red; the stronger, the hotter. Names stay readable on it, light or dark.
fn heat(mark: Option<&Mark>) -> Option<String> {
    let t = mark?.heat.filter(|h| h.is_finite())?.clamp(0.0, 1.0);
    let (hue, lightness) = (50.0 - 46.0 * t, 60.0 - 8.0 * t);
    let opacity = 0.18 + 0.42 * t;
    Some(format!("fill:hsl({} 92% {}%);fill-opacity:{}", n(hue), n(lightness), n(opacity)))
}

pub(super) fn heat_rect(canvas: &mut Canvas, b: &Bounds, mark: Option<&Mark>) {
    let Some(style) = heat(mark) else { return };
    canvas.push(&format!(
        "<rect style=\"{style}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"9\"/>",
        n(b.x),
        n(b.y),
        n(b.width),
        n(b.height)
    ));
}

pub(super) fn heat_circle(canvas: &mut Canvas, b: &Bounds, mark: Option<&Mark>) {
    let Some(style) = heat(mark) else { return };
    canvas.push(&format!(
        "<circle style=\"{style}\" cx=\"{}\" cy=\"{}\" r=\"{}\"/>",
        n(b.x + b.width / 2.0),
        n(b.y + b.height / 2.0),
        n(b.width / 2.0)
    ));
}

pub(super) fn heat_diamond(canvas: &mut Canvas, b: &Bounds, mark: Option<&Mark>) {
    let Some(style) = heat(mark) else { return };
    canvas.push(&format!("<polygon style=\"{style}\" points=\"{}\"/>", diamond_points(b)));
}

/// How far pills may stand out at the right of an activity, in pixels.
const BESIDE: f64 = 42.0;

/// A pill at the first of these points where none stands yet, or at the first of all.
pub(super) fn pill_at(canvas: &mut Canvas, text: &str, points: &[(f64, f64)]) {
    let wide = pill_width(&wrap(text, SIZE, 160.0, 1).concat());
    let free = |(x, y): &(f64, f64)| {
        canvas.pills.iter().all(|other| {
            let apart = (x - other.x - other.width / 2.0).abs() - (wide + other.width) / 2.0;
            let above = (y - other.y - other.height / 2.0).abs() - (HEIGHT + other.height) / 2.0;
            apart > 1.0 || above > 1.0
        })
    };
    let found = points.iter().copied().find(free).or(points.first().copied());
    if let Some(point) = found {
        pill(canvas, "", text, point);
    }
}

/// A pill with its middle at a point.
pub(super) fn pill(canvas: &mut Canvas, tone: &str, text: &str, (x, y): (f64, f64)) {
    let text = wrap(text, SIZE, 160.0, 1).concat();
    let wide = pill_width(&text);
    let bounds = Bounds { x: x - wide / 2.0, y: y - HEIGHT / 2.0, width: wide, height: HEIGHT };
    canvas.cover(&bounds);
    canvas.pills.push(bounds);
    canvas.push(&format!("<g class=\"pill {tone}\">"));
    canvas.rect("", &bounds, HEIGHT / 2.0);
    canvas.push(&format!(
        "<text class=\"b\" text-anchor=\"middle\" x=\"{}\" y=\"{}\">{}</text></g>\n",
        n(x),
        n(y + 3.8),
        escape(&text)
    ));
}

fn pill_width(text: &str) -> f64 {
    (width(text, SIZE) + 12.0).max(HEIGHT)
}

fn tone(tone: Tone) -> &'static str {
    match tone {
        Tone::Neutral => "",
        Tone::Info => "info",
        Tone::Good => "good",
        Tone::Warning => "warn",
        Tone::Bad => "bad",
    }
}

/// Tokens at the lower left, counts at the lower right, incidents at the upper right, the rest
/// from the upper left on.
///
/// `attached` are the boxes of its boundary events, which pills stay clear of.
pub(super) fn badges(
    canvas: &mut Canvas,
    figure: &Figure<'_>,
    shape: &Shape,
    overlay: &Overlay,
    attached: &[Bounds],
) {
    let Some(mark) = overlay.elements.get(&shape.element) else { return };
    if let Figure::Artifact(_) = figure {
        return;
    }
    let b = &shape.bounds;
    let small = b.width < 60.0;
    // Pills of small shapes stand at their sides, so that the icon stays free.
    let (left, right) = match small {
        true => (b.x - 2.0, b.x + b.width + 2.0),
        false => (b.x + 8.0, b.x + b.width - 8.0),
    };
    let (top, bottom) = match small {
        true => (b.y - 5.0, b.y + b.height - 8.0),
        false => (b.y - 1.0, b.y + b.height + 1.0),
    };
    if mark.tokens > 0 {
        let text = short(mark.tokens);
        let x = clear(attached, (left, bottom), pill_width(&text), 8.0, b);
        pill(canvas, "info", &text, (x, bottom));
    }
    if let Some(count) = mark.count {
        let text = short(count);
        let x = clear(attached, (right, bottom), pill_width(&text), -8.0, b);
        pill(canvas, "", &text, (x, bottom));
    }
    // Between activities there is room beside them, and less above.
    let mut end = if small { right } else { right + BESIDE };
    if mark.incidents > 0 {
        let text = format!("! {}", short(mark.incidents));
        pill(canvas, "bad", &text, (right, top));
        end = right - pill_width(&text) / 2.0;
    }
    let mut x = left;
    let mut y = top;
    for badge in &mark.badges {
        let wide = pill_width(&wrap(&badge.text, SIZE, 160.0, 1).concat());
        // Stacked upwards where the edge is full.
        if x > left && x + wide > end {
            x = left;
            y -= HEIGHT + 1.0;
        }
        pill(canvas, tone(badge.tone), &badge.text, (x + wide / 2.0 - 6.0, y));
        x += wide + 2.0;
    }
}

/// Boxes of the events attached to an activity.
pub(super) fn attached(figure: &Figure<'_>, scene: &Scene<'_>) -> Vec<Bounds> {
    let Figure::Node(node) = figure else { return Vec::new() };
    if node.element.boundaries.is_empty() {
        return Vec::new();
    }
    let boundary = |f: &Figure<'_>| match f {
        Figure::Node(node) => matches!(node.element.kind, Kind::Boundary { .. }),
        Figure::Pool(_) | Figure::Artifact(_) => false,
    };
    scene.shapes.iter().filter(|(f, _)| boundary(f)).map(|(_, s)| s.bounds).collect()
}

/// Moves along the edge until nothing is attached there; gives up at the other end.
fn clear(attached: &[Bounds], at: (f64, f64), wide: f64, step: f64, host: &Bounds) -> f64 {
    let hits = |x: f64| {
        attached.iter().any(|b| {
            x - wide / 2.0 < b.x + b.width
                && b.x < x + wide / 2.0
                && at.1 - HEIGHT / 2.0 < b.y + b.height
                && b.y < at.1 + HEIGHT / 2.0
        })
    };
    let mut x = at.0;
    while hits(x) {
        x += step;
        if x < host.x || x > host.x + host.width {
            return at.0;
        }
    }
    x
}
