//! Folds a wide picture into rows, as text is: it is cut where no shape stands, and each part goes
//! below the one before. A line that is cut leaves its row at the right, runs back between the
//! rows, and enters the next one at the left; lines that are cut at one place never cross there.
//!
//! ```text
//!   ┌───┐   ┌───┐                     ┌───┐   ┌───┐
//!   │ a ├──►│ b ├──┆──► c ──► d       │ a ├──►│ b ├──┐
//!   └───┘   └───┘  ┆                  └───┘   └───┘  │
//!                  cut             ┌─────────────────┘
//!                                  └─►  c  ──►  d
//! ```

use model::{Bounds, Diagram, Edge, Shape};

/// Between lines that run back between two rows, wide enough for their figures.
const LANE: f64 = 22.0;
/// Between lines beside the rows.
const SIDE: f64 = 9.0;
/// Between a row and the lines beside it.
const GAP: f64 = 26.0;
/// Room for the name of an event, which is wider than its circle.
const NAME: f64 = 28.0;
/// A shape below this width has its name outside.
const SMALL: f64 = 60.0;
/// A picture that is this much too wide is left as it is.
const SLACK: f64 = 1.2;

/// The diagram in rows of about this width, in pixels; a single shape may be wider.
pub(crate) fn fold(diagram: &Diagram, width: f64) -> Diagram {
    let spans = spans(&diagram.shapes);
    let (Some(first), Some(last)) = (spans.first(), spans.last()) else { return diagram.clone() };
    if last.1 - first.0 <= width * SLACK {
        return diagram.clone();
    }
    // Lines beside the rows need room too; how many there are is known when it is cut.
    let tried = Rows::new(diagram, &cuts(&spans, &diagram.edges, width), first.0);
    let lines = tried.crossings.iter().map(Vec::len).max().unwrap_or(0) as f64;
    let beside = (2.0 * SIDE * lines + 2.0 * GAP).min(width / 3.0);
    let cuts = cuts(&spans, &diagram.edges, width - beside);
    let mut rows = Rows::new(diagram, &cuts, first.0);
    rows.place(diagram);
    Diagram {
        shapes: diagram.shapes.iter().map(|shape| rows.shape(shape)).collect(),
        edges: (0..).zip(&diagram.edges).map(|(at, edge)| rows.edge(at, edge)).collect(),
    }
}

/// Horizontal spans that shapes take, merged, from left to right.
fn spans(shapes: &[Shape]) -> Vec<(f64, f64)> {
    let span = |shape: &Shape| {
        let b = &shape.bounds;
        let more = if b.width < SMALL { NAME } else { 4.0 };
        let mut span = (b.x - more, b.x + b.width + more);
        if let Some(label) = &shape.label {
            span = (span.0.min(label.x), span.1.max(label.x + label.width));
        }
        span
    };
    let mut all: Vec<(f64, f64)> = shapes.iter().map(span).collect();
    all.retain(|(from, to)| from.is_finite() && to.is_finite());
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut merged: Vec<(f64, f64)> = Vec::new();
    for (from, to) in all {
        match merged.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => merged.push((from, to)),
        }
    }
    merged
}

/// Where the picture is cut: in gaps between spans, as late as the width allows.
fn cuts(spans: &[(f64, f64)], edges: &[Edge], width: f64) -> Vec<f64> {
    let mut cuts = Vec::new();
    let mut begin = spans.first().map_or(0.0, |span| span.0);
    for pair in spans.windows(2) {
        let next = spans.iter().find(|span| span.0 >= pair[1].0).map_or(pair[1].1, |span| span.1);
        if next - begin > width {
            cuts.push(clear((pair[0].1, pair[1].0), edges));
            begin = pair[1].0;
        }
    }
    cuts
}

/// A place in a gap at which no line runs upright.
fn clear(gap: (f64, f64), edges: &[Edge]) -> f64 {
    let upright = |x: f64| {
        let near = |pair: &[(f64, f64)]| {
            (pair[0].0 - pair[1].0).abs() < 1.0 && (pair[0].0 - x).abs() < 2.0
        };
        edges.iter().any(|edge| edge.waypoints.windows(2).any(near))
    };
    let at = |part: f64| gap.0 + (gap.1 - gap.0) * part;
    let tries = [0.5, 0.95, 0.05, 0.75, 0.25, 0.6, 0.4, 0.85, 0.15, 0.35, 0.65];
    tries.into_iter().map(at).find(|x| !upright(*x)).unwrap_or_else(|| at(0.5))
}

/// One line at one cut.
#[derive(Clone, Copy)]
struct Crossing {
    y: f64,
    edge: usize,
    /// Which of the crossings of its edge.
    number: usize,
}

struct Rows {
    cuts: Vec<f64>,
    /// Left end of the first row.
    left: f64,
    /// Right end of the widest row.
    right: f64,
    /// Where each row is moved to.
    shifts: Vec<(f64, f64)>,
    /// Bottom of each row, after it was moved.
    bottoms: Vec<f64>,
    /// At each cut, from top to bottom.
    crossings: Vec<Vec<Crossing>>,
}

impl Rows {
    fn new(diagram: &Diagram, cuts: &[f64], left: f64) -> Rows {
        let mut crossings = vec![Vec::new(); cuts.len()];
        for (edge, line) in diagram.edges.iter().enumerate() {
            for (number, (cut, y, _)) in cut_line(&line.waypoints, cuts).into_iter().enumerate() {
                crossings[cut].push(Crossing { y, edge, number });
            }
        }
        for at in &mut crossings {
            at.sort_by(|a: &Crossing, b| a.y.total_cmp(&b.y).then(a.edge.cmp(&b.edge)));
        }
        let (shifts, bottoms) = (Vec::new(), Vec::new());
        Rows { cuts: cuts.to_vec(), left, right: left, shifts, bottoms, crossings }
    }

    fn row_of(&self, x: f64) -> usize {
        self.cuts.partition_point(|cut| *cut < x)
    }

    /// Finds the place of each row below the one before it.
    fn place(&mut self, diagram: &Diagram) {
        let count = self.cuts.len() + 1;
        // Left, top, right and bottom of what is in each row.
        let mut extents = vec![(f64::MAX, f64::MAX, f64::MIN, f64::MIN); count];
        let mut cover = |row: usize, x: f64, y: f64, width: f64, height: f64| {
            let e: &mut (f64, f64, f64, f64) = &mut extents[row];
            *e = (e.0.min(x), e.1.min(y), e.2.max(x + width), e.3.max(y + height));
        };
        for shape in &diagram.shapes {
            let b = &shape.bounds;
            let below = if b.width < SMALL { 2.0 * NAME } else { 0.0 };
            let row = self.row_of(b.x + b.width / 2.0);
            cover(row, b.x, b.y - 12.0, b.width, b.height + below + 24.0);
        }
        for edge in &diagram.edges {
            edge.waypoints.iter().for_each(|(x, y)| cover(self.row_of(*x), *x, *y, 0.0, 0.0));
            for (cut, y, _) in cut_line(&edge.waypoints, &self.cuts) {
                cover(cut, self.cuts[cut], y, 0.0, 0.0);
                cover(cut + 1, self.cuts[cut], y, 0.0, 0.0);
            }
        }
        let mut y = extents[0].1;
        for (row, (left, top, right, bottom)) in extents.iter().copied().enumerate() {
            let from = if row == 0 { self.left } else { left.max(self.cuts[row - 1]) };
            self.shifts.push((self.left - from, y - top));
            self.right = self.right.max(right + self.left - from);
            y += bottom - top;
            self.bottoms.push(y);
            let lines = self.crossings.get(row).map_or(0, Vec::len);
            y += 2.0 * GAP + LANE * lines as f64;
        }
    }

    fn moved(&self, row: usize, (x, y): (f64, f64)) -> (f64, f64) {
        let (dx, dy) = self.shifts[row];
        (x + dx, y + dy)
    }

    fn box_in(&self, row: usize, b: &Bounds) -> Bounds {
        let (x, y) = self.moved(row, (b.x, b.y));
        Bounds { x, y, ..*b }
    }

    fn shape(&self, shape: &Shape) -> Shape {
        let b = &shape.bounds;
        let row = self.row_of(b.x + b.width / 2.0);
        let label = shape.label.as_ref().map(|label| self.box_in(row, label));
        Shape { bounds: self.box_in(row, b), label, ..shape.clone() }
    }

    fn edge(&self, at: usize, edge: &Edge) -> Edge {
        let mut points = Vec::with_capacity(edge.waypoints.len());
        let mut crossed = cut_line(&edge.waypoints, &self.cuts).into_iter().enumerate().peekable();
        for (segment, point) in edge.waypoints.iter().enumerate() {
            while let Some((number, (cut, y, _))) =
                crossed.next_if(|(_, (_, _, before))| *before <= segment)
            {
                let forward = edge.waypoints[segment].0 > self.cuts[cut];
                let mut way = self.way_back(at, number, cut, y);
                if !forward {
                    way.reverse();
                }
                points.extend(way);
            }
            points.push(self.moved(self.row_of(point.0), *point));
        }
        let label = edge.label.as_ref().map(|label| self.box_in(self.row_of(label.x), label));
        Edge { element: edge.element.clone(), waypoints: points, label }
    }

    /// From the right end of a row to the left end of the next.
    fn way_back(&self, edge: usize, number: usize, cut: usize, y: f64) -> Vec<(f64, f64)> {
        let lines = &self.crossings[cut];
        let own = |line: &Crossing| (line.edge, line.number) == (edge, number);
        let rank = lines.iter().position(own).unwrap_or(0) as f64;
        let count = lines.len() as f64;
        let right = self.right + GAP / 2.0 + SIDE * (count - rank);
        let left = self.left - GAP / 2.0 - SIDE * (rank + 1.0);
        let between = self.bottoms[cut] + GAP + LANE * (count - rank - 0.5);
        let (out, into) = (y + self.shifts[cut].1, y + self.shifts[cut + 1].1);
        vec![(right, out), (right, between), (left, between), (left, into)]
    }
}

/// Where a line crosses cuts, in its direction: cut, height, and the number of the point that its
/// segment ends at.
fn cut_line(points: &[(f64, f64)], cuts: &[f64]) -> Vec<(usize, f64, usize)> {
    let mut found = Vec::new();
    for (segment, pair) in (1..).zip(points.windows(2)) {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        let (from, to) = (x0.min(x1), x0.max(x1));
        let within = |cut: &f64| from <= *cut && *cut < to;
        let height = |cut: f64| y0 + (y1 - y0) * (cut - x0) / (x1 - x0);
        let all = cuts.iter().enumerate().filter(|(_, cut)| within(cut));
        let mut crossed: Vec<_> = all.map(|(at, cut)| (at, height(*cut), segment)).collect();
        if x1 < x0 {
            crossed.reverse();
        }
        found.extend(crossed);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(count: usize) -> Diagram {
        let mut builder = model::Builder::process("p").start("s");
        for n in 0..count {
            builder = builder.service_task(&format!("t{n}"), "work");
        }
        model::layout(&builder.end("e").build().expect("a chain").processes[0])
    }

    fn overlap(a: &Bounds, b: &Bounds) -> bool {
        a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
    }

    #[test]
    fn a_long_chain_becomes_rows_without_overlaps_and_keeps_every_line() {
        let diagram = chain(30);
        let folded = fold(&diagram, 900.0);
        let right =
            |d: &Diagram| d.shapes.iter().map(|s| s.bounds.x + s.bounds.width).fold(0.0, f64::max);
        assert!(right(&diagram) > 3_000.0 && right(&folded) < 1_000.0, "{}", right(&folded));
        for (at, a) in folded.shapes.iter().enumerate() {
            for b in &folded.shapes[at + 1..] {
                assert!(!overlap(&a.bounds, &b.bounds), "{} {}", a.element, b.element);
            }
        }
        for (old, new) in diagram.edges.iter().zip(&folded.edges) {
            assert_eq!(old.element, new.element);
            let upright = |pair: &[(f64, f64)]| {
                (pair[0].0 - pair[1].0).abs() < 0.5 || (pair[0].1 - pair[1].1).abs() < 0.5
            };
            assert!(new.waypoints.windows(2).all(upright), "{}: {:?}", new.element, new.waypoints);
        }
        let cut: Vec<_> = folded.edges.iter().filter(|edge| edge.waypoints.len() > 2).collect();
        assert!(cut.len() >= 3, "lines that run back");
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        let diagram = chain(4);
        let folded = fold(&diagram, 900.0);
        assert_eq!(folded.edges[0].waypoints, diagram.edges[0].waypoints);
        assert!(fold(&Diagram::default(), 10.0).shapes.is_empty());
    }
}
