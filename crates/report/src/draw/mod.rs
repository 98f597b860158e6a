//! From a scene to SVG.

mod artifact;
mod badge;
mod edge;
mod event;
mod icon;
mod label;
mod node;

use model::Bounds;

use crate::overlay::{Options, Overlay, Theme};
use crate::scene::{Figure, Scene};
pub(crate) use crate::text::escape;

const STYLE: &str = include_str!("style.css");
/// Colours on a dark background.
const DARK: &str = "--ink:#e8eef4;--paper:#12181f;--body:#1c2530;--band:#232e3a;--line:#a9b8c6;\
--muted:#8796a5;--accent:#5aa5f5;--good:#4cc07c;--warn:#e0a23c;--bad:#f2686d;--pill:#33414f;\
--pill-ink:#dfe7ee;--on:#0d1217";
/// Text on strong colours, where the background is light.
const ON_LIGHT: &str = ".grevy{--on:#fff}";
/// Around everything, in pixels.
const MARGIN: f64 = 20.0;

/// SVG text under construction. Everything that comes from a model goes through [`escape`].
pub(crate) struct Canvas {
    pub(crate) out: String,
    /// Left, top, right and bottom of what was drawn.
    extent: Option<(f64, f64, f64, f64)>,
    /// Where figures stand already.
    pub(crate) pills: Vec<Bounds>,
}

impl Canvas {
    pub(crate) fn push(&mut self, part: &str) {
        self.out.push_str(part);
    }

    /// The picture will be large enough for this box.
    pub(crate) fn cover(&mut self, b: &Bounds) {
        let (l, t, r, bottom) = self.extent.unwrap_or((b.x, b.y, b.x + b.width, b.y + b.height));
        self.extent =
            Some((l.min(b.x), t.min(b.y), r.max(b.x + b.width), bottom.max(b.y + b.height)));
    }

    pub(crate) fn rect(&mut self, class: &str, b: &Bounds, radius: f64) {
        let Bounds { x, y, width, height } = b;
        self.push(&format!(
            "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\"/>",
            n(*x),
            n(*y),
            n(*width),
            n(*height),
            n(radius)
        ));
    }

    pub(crate) fn circle(&mut self, class: &str, x: f64, y: f64, radius: f64) {
        self.push(&format!(
            "<circle class=\"{class}\" cx=\"{}\" cy=\"{}\" r=\"{}\"/>",
            n(x),
            n(y),
            n(radius)
        ));
    }

    /// A path in coordinates of its own, moved and scaled.
    pub(crate) fn path(&mut self, class: &str, path: &str, x: f64, y: f64, scale: f64) {
        let (x, y, scale) = (n(x), n(y), n(scale));
        let scaled = if scale == "1" { String::new() } else { format!(" scale({scale})") };
        self.push(&format!(
            "<path class=\"{class}\" transform=\"translate({x} {y}){scaled}\" d=\"{path}\"/>"
        ));
    }
}

/// The whole picture.
pub(crate) fn picture(scene: &Scene<'_>, overlay: &Overlay, options: &Options) -> String {
    let mut canvas = Canvas { out: String::new(), extent: None, pills: Vec::new() };
    let front = |figure: &Figure<'_>| match figure {
        Figure::Node(node) => !node.open,
        Figure::Pool(_) => false,
        Figure::Artifact(artifact) => artifact.kind != model::ArtifactKind::Lane,
    };
    for (figure, shape) in scene.shapes.iter().filter(|(f, _)| !front(f)) {
        self::shape(&mut canvas, figure, shape, overlay);
    }
    let leaving = edge::Leaving::new(scene);
    for (line, edge) in &scene.edges {
        edge::edge(&mut canvas, line, edge, overlay, &leaving);
    }
    for (figure, shape) in scene.shapes.iter().filter(|(f, _)| front(f)) {
        self::shape(&mut canvas, figure, shape, overlay);
    }
    // Names and figures stand above everything, so that nothing hides them.
    for (figure, shape) in &scene.shapes {
        if overlay.elements.contains_key(&shape.element) {
            let attached = badge::attached(figure, scene);
            badge::badges(&mut canvas, figure, shape, overlay, &attached);
        }
    }
    // Figures of flows have room along their lines, and make way.
    for (line, edge) in &scene.edges {
        edge::label(&mut canvas, line, edge, overlay);
    }
    for (figure, shape) in &scene.shapes {
        label::outside(&mut canvas, figure, shape, overlay);
    }
    wrap(canvas, options, scene.title)
}

fn shape(canvas: &mut Canvas, figure: &Figure<'_>, shape: &model::Shape, overlay: &Overlay) {
    canvas.cover(&shape.bounds);
    let id = &shape.element;
    let mark = overlay.elements.get(id);
    let class = badge::class(mark, overlay.fade_unmarked && matches!(figure, Figure::Node(_)));
    canvas.push(&format!("<g class=\"{class}\" data-id=\"{}\">", escape(id)));
    match figure {
        Figure::Pool(pool) => artifact::pool(canvas, pool.name.as_deref(), shape),
        Figure::Artifact(artifact) => artifact::artifact(canvas, artifact, shape),
        Figure::Node(node) => node::node(canvas, node, shape, mark),
    }
    let name = match figure {
        Figure::Pool(pool) => pool.name.as_deref(),
        Figure::Artifact(artifact) => artifact.name.as_deref(),
        Figure::Node(node) => node.element.name.as_deref().or(Some(&node.element.id)),
    };
    let title = mark.and_then(|m| m.title.as_deref()).or(name);
    if let Some(title) = title {
        canvas.push(&format!("<title>{}</title>", escape(title)));
    }
    canvas.push("</g>\n");
}

fn wrap(canvas: Canvas, options: &Options, name: &str) -> String {
    let (left, top, right, bottom) = canvas.extent.unwrap_or((0.0, 0.0, 100.0, 60.0));
    let (x, y) = (left - MARGIN, top - MARGIN);
    let (width, height) = (right - left + 2.0 * MARGIN, bottom - top + 2.0 * MARGIN);
    let theme = match options.theme {
        Theme::Auto => "auto",
        Theme::Light => "light",
        Theme::Dark => "dark",
    };
    let title = escape(options.title.as_deref().unwrap_or(name));
    let (x, y, width, height) = (n(x), n(y), n(width), n(height));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"grevy {theme}\" role=\"img\" \
         aria-label=\"{title}\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"{x} {y} {width} {height}\">\n<style>{ON_LIGHT}{style}</style>\n\
         <rect class=\"bg\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>\n\
         {body}</svg>\n",
        style = STYLE.replace("DARK", DARK).replace('\n', ""),
        body = canvas.out,
    )
}

/// A number with at most two decimals; what is none becomes 0.
pub(crate) fn n(value: f64) -> String {
    if !value.is_finite() {
        return "0".into();
    }
    let rounded = (value * 100.0).round() / 100.0;
    // Not "-0".
    (rounded + 0.0).to_string()
}
