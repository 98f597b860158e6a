//! Activities and gateways.

use model::{Bounds, Element, Kind, Shape, Symbol, TaskKind};

use crate::overlay::Mark;
use crate::scene::Node;

use super::{Canvas, badge, event, icon, label, n};

pub(super) fn node(canvas: &mut Canvas, node: &Node<'_>, shape: &Shape, mark: Option<&Mark>) {
    let bounds = &shape.bounds;
    let kind = &node.element.kind;
    if event::event(canvas, kind, node.instead, bounds) {
        badge::heat_circle(canvas, bounds, mark);
    } else if let Some(marker) = gateway(kind, node.instead) {
        diamond(canvas, bounds, &marker);
        badge::heat_diamond(canvas, bounds, mark);
    } else {
        activity(canvas, node, bounds, mark);
    }
}

enum Marker {
    Path(&'static str),
    Circle,
    Event,
}

fn gateway(kind: &Kind, instead: Option<Symbol>) -> Option<Marker> {
    if instead == Some(Symbol::ComplexGateway) {
        return Some(Marker::Path(icon::ASTERISK));
    }
    match kind {
        Kind::Exclusive { .. } => Some(Marker::Path(icon::CROSS)),
        Kind::Parallel => Some(Marker::Path(icon::UPRIGHT)),
        Kind::Inclusive { .. } => Some(Marker::Circle),
        Kind::EventBased => Some(Marker::Event),
        Kind::Start { .. }
        | Kind::IntermediateCatch(_)
        | Kind::IntermediateThrow(_)
        | Kind::End(_)
        | Kind::Boundary { .. }
        | Kind::JobTask { .. }
        | Kind::ScriptTask { .. }
        | Kind::DecisionTask { .. }
        | Kind::UserTask(_)
        | Kind::ManualTask
        | Kind::UndefinedTask
        | Kind::ReceiveTask(_)
        | Kind::CallActivity(_)
        | Kind::SubProcess
        | Kind::EventSubProcess
        | Kind::AdHoc(_) => None,
    }
}

pub(super) fn diamond_points(b: &Bounds) -> String {
    let (x, y) = (b.x + b.width / 2.0, b.y + b.height / 2.0);
    let (right, bottom) = (b.x + b.width, b.y + b.height);
    let points = [(x, b.y), (right, y), (x, bottom), (b.x, y)];
    points.map(|(x, y)| format!("{},{}", n(x), n(y))).join(" ")
}

fn diamond(canvas: &mut Canvas, bounds: &Bounds, marker: &Marker) {
    canvas.push(&format!("<polygon class=\"s\" points=\"{}\"/>", diamond_points(bounds)));
    let (x, y) = (bounds.x + bounds.width / 2.0, bounds.y + bounds.height / 2.0);
    let scale = bounds.width.min(bounds.height) / 50.0;
    match marker {
        Marker::Path(path) => canvas.path("n thick", path, x, y, scale),
        Marker::Circle => canvas.circle("n thick", x, y, 11.0 * scale),
        Marker::Event => {
            canvas.circle("n", x, y, 14.0 * scale);
            canvas.circle("n", x, y, 11.0 * scale);
            canvas.path("i", icon::PENTAGON, x, y, 0.75 * scale);
        }
    }
}

fn activity(canvas: &mut Canvas, node: &Node<'_>, bounds: &Bounds, mark: Option<&Mark>) {
    let element = node.element;
    let mut class = "s".to_owned();
    if matches!(element.kind, Kind::CallActivity(_)) {
        class.push_str(" thick");
    }
    if element.kind == Kind::EventSubProcess {
        class.push_str(" dot");
    }
    if node.open {
        class.push_str(" frame");
    }
    canvas.rect(&class, bounds, 9.0);
    badge::heat_rect(canvas, bounds, mark);
    if node.instead == Some(Symbol::Transaction) {
        let inset = Bounds {
            x: bounds.x + 4.0,
            y: bounds.y + 4.0,
            width: (bounds.width - 8.0).max(1.0),
            height: (bounds.height - 8.0).max(1.0),
        };
        canvas.rect("n", &inset, 6.0);
    }
    let (x, y) = (bounds.x + 15.0, bounds.y + 15.0);
    let has_icon = task_icon(canvas, &element.kind, x, y);
    let markers = markers(element, node.instead, node.collapsed);
    let mut at = bounds.x + bounds.width / 2.0 - 9.0 * (markers.len() as f64 - 1.0);
    for (class, path) in &markers {
        canvas.path(class, path, at, bounds.y + bounds.height - 11.0, 0.9);
        at += 18.0;
    }
    label::inside(canvas, element, bounds, has_icon, !markers.is_empty(), node.open);
}

fn task_icon(canvas: &mut Canvas, kind: &Kind, x: f64, y: f64) -> bool {
    let task = match kind {
        Kind::JobTask { task, .. } => *task,
        Kind::ScriptTask { .. } => TaskKind::Script,
        Kind::DecisionTask { .. } => TaskKind::BusinessRule,
        Kind::UserTask(_) => TaskKind::User,
        Kind::ManualTask => {
            canvas.path("i", icon::MANUAL, x, y, 0.95);
            return true;
        }
        Kind::ReceiveTask(_) => {
            event::envelope(canvas, false, x, y, 0.85);
            return true;
        }
        Kind::Start { .. }
        | Kind::IntermediateCatch(_)
        | Kind::IntermediateThrow(_)
        | Kind::End(_)
        | Kind::Boundary { .. }
        | Kind::UndefinedTask
        | Kind::CallActivity(_)
        | Kind::Exclusive { .. }
        | Kind::Inclusive { .. }
        | Kind::Parallel
        | Kind::EventBased
        | Kind::SubProcess
        | Kind::EventSubProcess
        | Kind::AdHoc(_) => return false,
    };
    match task {
        TaskKind::Service => {
            canvas.path("i", &icon::gear(), x, y, 0.95);
            canvas.circle("i", x, y, 2.6);
        }
        TaskKind::Send => event::envelope(canvas, true, x, y, 0.85),
        TaskKind::Script => canvas.path("i", icon::SCRIPT, x, y, 0.95),
        TaskKind::BusinessRule => {
            canvas.path("i", icon::RULE, x, y, 0.9);
            canvas.path("f", icon::RULE_HEAD, x, y, 0.9);
        }
        TaskKind::User => {
            canvas.path("i", icon::USER, x, y, 0.95);
            canvas.path("i", icon::USER_NECK, x, y, 0.95);
        }
    }
    true
}

/// At the lower edge: loops, compensation, ad-hoc, a hidden inside.
fn markers(
    element: &Element,
    instead: Option<Symbol>,
    collapsed: bool,
) -> Vec<(&'static str, &'static str)> {
    let mut markers = Vec::new();
    if instead == Some(Symbol::StandardLoop) {
        markers.push(("i", icon::LOOP));
    }
    match &element.multi_instance {
        Some(multi) if multi.sequential => markers.push(("n", icon::SEQUENTIAL)),
        Some(_) => markers.push(("n", icon::PARALLEL)),
        None => {}
    }
    if element.for_compensation {
        markers.push(("i", icon::COMPENSATION));
    }
    if matches!(element.kind, Kind::AdHoc(_)) {
        markers.push(("n", icon::TILDE));
    }
    if collapsed {
        markers.push(("i", icon::COLLAPSED));
    }
    markers
}
