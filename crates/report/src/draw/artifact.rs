//! Pools, lanes, data, annotations and groups.

use model::{Artifact, ArtifactKind, Bounds, Shape};

use crate::text::wrap;

use super::{Canvas, escape, label, n};

/// Width of the band with the name of a pool or lane.
const BAND: f64 = 30.0;

pub(super) fn pool(canvas: &mut Canvas, name: Option<&str>, shape: &Shape) {
    let bounds = &shape.bounds;
    canvas.rect("pool", bounds, 2.0);
    let small = bounds.height <= 90.0 && shape.horizontal != Some(false);
    if small {
        // A black box has its name in the middle.
        if let Some(name) = name {
            let text = wrap(name, 12.0, bounds.width - 20.0, 3);
            let y = bounds.y + (bounds.height - text.len() as f64 * 14.4) / 2.0;
            label::lines(canvas, "t", &text, 12.0, (bounds.x + bounds.width / 2.0, y));
        }
        return;
    }
    band(canvas, "band", name, shape);
}

fn lane(canvas: &mut Canvas, name: Option<&str>, shape: &Shape) {
    canvas.rect("pool", &shape.bounds, 0.0);
    band(canvas, "", name, shape);
}

/// The name along the left edge, or along the upper one when the pool stands upright.
fn band(canvas: &mut Canvas, class: &str, name: Option<&str>, shape: &Shape) {
    let Bounds { x, y, width, height } = shape.bounds;
    let upright = shape.horizontal == Some(false);
    let edge = match upright {
        true => Bounds { x, y, width, height: BAND.min(height) },
        false => Bounds { x, y, width: BAND.min(width), height },
    };
    if !class.is_empty() {
        canvas.rect(class, &edge, 2.0);
    }
    let Some(name) = name else { return };
    let room = if upright { width } else { height } - 12.0;
    let text = wrap(name, 12.0, room, 2);
    let (cx, cy) = (edge.x + edge.width / 2.0, edge.y + edge.height / 2.0);
    let turn = if upright { 0 } else { -90 };
    canvas.push(&format!("<g transform=\"translate({} {}) rotate({turn})\">", n(cx), n(cy)));
    canvas.push("<text text-anchor=\"middle\">");
    for (at, line) in text.iter().enumerate() {
        let baseline = 4.0 + 13.0 * (at as f64 - (text.len() as f64 - 1.0) / 2.0);
        canvas.push(&format!("<tspan x=\"0\" y=\"{}\">{}</tspan>", n(baseline), escape(line)));
    }
    canvas.push("</text></g>");
}

pub(super) fn artifact(canvas: &mut Canvas, artifact: &Artifact, shape: &Shape) {
    let name = artifact.name.as_deref();
    let bounds = &shape.bounds;
    match artifact.kind {
        ArtifactKind::Lane => lane(canvas, name, shape),
        ArtifactKind::DataObject { collection } => {
            sheet(canvas, bounds);
            if collection {
                let (x, y) = (bounds.x + bounds.width / 2.0, bounds.y + bounds.height - 9.0);
                canvas.path("n", "M-4 -5V5M0 -5V5M4 -5V5", x, y, 1.0);
            }
        }
        ArtifactKind::DataInput | ArtifactKind::DataOutput => {
            sheet(canvas, bounds);
            let arrow = "M-7 -2.5H1V-6L8 0L1 6V2.5H-7Z";
            let class = if artifact.kind == ArtifactKind::DataInput { "i" } else { "f" };
            canvas.path(class, arrow, bounds.x + 13.0, bounds.y + 12.0, 0.9);
        }
        ArtifactKind::DataStore => store(canvas, bounds),
        ArtifactKind::Annotation => annotation(canvas, name, bounds),
        ArtifactKind::Group => canvas.rect("group", bounds, 10.0),
        ArtifactKind::Association { .. }
        | ArtifactKind::DataAssociation
        | ArtifactKind::Instead(_) => {}
    }
}

/// A sheet of paper with a folded corner.
fn sheet(canvas: &mut Canvas, b: &Bounds) {
    let fold = 10.0_f64.min(b.width / 2.0).min(b.height / 2.0);
    let (right, bottom) = (b.x + b.width, b.y + b.height);
    canvas.push(&format!(
        "<path class=\"s\" d=\"M{x} {y}H{in_x}L{right} {in_y}V{bottom}H{x}Z\
         M{in_x} {y}V{in_y}H{right}\"/>",
        x = n(b.x),
        y = n(b.y),
        in_x = n(right - fold),
        in_y = n(b.y + fold),
        right = n(right),
        bottom = n(bottom),
    ));
}

/// A drum.
fn store(canvas: &mut Canvas, b: &Bounds) {
    let (rx, ry) = (b.width / 2.0, (b.height / 7.0).min(9.0));
    let (x, right) = (n(b.x), n(b.x + b.width));
    let (top, bottom) = (b.y + ry, b.y + b.height - ry);
    let (arc, step) = (format!("A{} {} 0 0", n(rx), n(ry)), ry * 1.1);
    canvas.push(&format!(
        "<path class=\"s\" d=\"M{x} {t}{arc} 1 {right} {t}V{b}{arc} 1 {x} {b}Z\"/>\
         <path class=\"n\" d=\"M{x} {t}{arc} 0 {right} {t}M{x} {t2}{arc} 0 {right} {t2}\"/>",
        t = n(top),
        b = n(bottom),
        t2 = n(top + step),
    ));
}

/// An open bracket with its text.
fn annotation(canvas: &mut Canvas, text: Option<&str>, b: &Bounds) {
    let (x, y, bottom) = (n(b.x), n(b.y), n(b.y + b.height));
    let arm = n(b.x + 10.0_f64.min(b.width));
    canvas.push(&format!("<path class=\"n\" d=\"M{arm} {y}H{x}V{bottom}H{arm}\"/>"));
    let Some(text) = text else { return };
    let most = ((b.height / 13.2) as usize).max(1);
    canvas.push("<text class=\"l\">");
    for (at, line) in wrap(text, 11.0, (b.width - 8.0).max(10.0), most).iter().enumerate() {
        let baseline = b.y + 11.0 + 13.2 * at as f64;
        canvas.push(&format!(
            "<tspan x=\"{}\" y=\"{}\">{}</tspan>",
            n(b.x + 7.0),
            n(baseline),
            escape(line)
        ));
    }
    canvas.push("</text>");
}
