//! Events: circles with the icon of their definition.

use model::{Bounds, Event, Kind, Symbol};

use super::{Canvas, icon};

struct Rings {
    class: &'static str,
    double: bool,
    dashed: bool,
    filled: bool,
}

/// Draws the element when it is an event; says whether it was one.
pub(super) fn event(
    canvas: &mut Canvas,
    kind: &Kind,
    instead: Option<Symbol>,
    bounds: &Bounds,
) -> bool {
    let (event, rings) = match kind {
        Kind::Start { event, interrupting, .. } => (event, rings("s", false, !interrupting, false)),
        Kind::IntermediateCatch(event) => (event, rings("s", true, false, false)),
        Kind::Boundary { event, interrupting, .. } => {
            let waits = !interrupting && !matches!(event, Event::Compensation { .. });
            (event, rings("s", true, waits, false))
        }
        Kind::IntermediateThrow(event) => (event, rings("s", true, false, true)),
        Kind::End(event) => (event, rings("s thick", false, false, true)),
        Kind::JobTask { .. }
        | Kind::ScriptTask { .. }
        | Kind::DecisionTask { .. }
        | Kind::UserTask(_)
        | Kind::ManualTask
        | Kind::UndefinedTask
        | Kind::ReceiveTask(_)
        | Kind::CallActivity(_)
        | Kind::Exclusive { .. }
        | Kind::Inclusive { .. }
        | Kind::Parallel
        | Kind::EventBased
        | Kind::SubProcess
        | Kind::EventSubProcess
        | Kind::AdHoc(_) => return false,
    };
    let (x, y) = (bounds.x + bounds.width / 2.0, bounds.y + bounds.height / 2.0);
    let radius = bounds.width.min(bounds.height) / 2.0;
    let dash = if rings.dashed { " dash" } else { "" };
    canvas.circle(&format!("{}{dash}", rings.class), x, y, radius);
    if rings.double {
        canvas.circle(&format!("n{dash}"), x, y, (radius - 3.5).max(1.0));
    }
    definition(canvas, event, instead, rings.filled, (x, y, radius / 18.0));
    true
}

fn rings(class: &'static str, double: bool, dashed: bool, filled: bool) -> Rings {
    Rings { class, double, dashed, filled }
}

fn definition(
    canvas: &mut Canvas,
    event: &Event,
    instead: Option<Symbol>,
    filled: bool,
    (x, y, scale): (f64, f64, f64),
) {
    let class = if filled { "f" } else { "i" };
    let path = match (instead, event) {
        (Some(Symbol::CancelEvent), _) => icon::CANCEL,
        (Some(Symbol::MultipleEvent), _) => icon::PENTAGON,
        (Some(Symbol::ParallelMultipleEvent), _) => icon::PLUS,
        (_, Event::None) => return,
        (_, Event::Message(_)) => return envelope(canvas, filled, x, y, scale),
        (_, Event::Timer(_)) => {
            canvas.circle("i", x, y, 10.0 * scale);
            return canvas.path("i", &icon::clock(), x, y, scale);
        }
        (_, Event::Terminate) => return canvas.circle("f", x, y, 9.5 * scale),
        (_, Event::Error(_)) => icon::ERROR,
        (_, Event::Escalation(_)) => icon::ESCALATION,
        (_, Event::Signal { .. }) => icon::SIGNAL,
        (_, Event::Compensation { .. }) => icon::COMPENSATION,
        (_, Event::Conditional { .. }) => icon::CONDITION,
        (_, Event::Link { .. }) => icon::LINK,
    };
    canvas.path(class, path, x, y, scale);
}

pub(super) fn envelope(canvas: &mut Canvas, filled: bool, x: f64, y: f64, scale: f64) {
    let (body, flap) = if filled { ("f", "o") } else { ("i", "i") };
    canvas.path(body, icon::ENVELOPE, x, y, scale);
    canvas.path(flap, icon::ENVELOPE_FLAP, x, y, scale);
}
