//! Waypoints: horizontal in the columns, vertical in the channels.

use std::collections::BTreeMap;

use crate::definitions::{Bounds, Diagram, Edge, Process};

use super::layers::Graph;
use super::place::{Columns, turns};
use super::size::{self, LABEL};

pub(super) fn edges(process: &Process, graph: &Graph, columns: &Columns, diagram: &mut Diagram) {
    // Names that come to the same slot stand above and below each other.
    let mut names: BTreeMap<usize, usize> = BTreeMap::new();
    for link in &graph.links {
        let source = &graph.slots[link.source];
        let host = source.bounds();
        let mut points = match (link.boundary, source.element) {
            (Some(place), Some(element)) => {
                let element = &process.elements[element as usize];
                let event = size::boundary(process, element, &host, place);
                let x = event.x + event.width / 2.0;
                let turn = host.y + host.height + size::drop(place);
                vec![(x, event.y + event.height), (x, turn)]
            }
            _ => vec![(host.x + host.width, source.y)],
        };
        let mut y = points.last().map_or(source.y, |p| p.1);
        let mut label = None;
        for (at, (channel, from, to)) in turns(graph, link).into_iter().enumerate() {
            let next = graph.slots[to].y;
            if next != y {
                let x = columns.track(channel, from);
                points.extend([(x, y), (x, next)]);
            }
            y = next;
            if let (0, Some(name)) = (at, &link.name) {
                let before = names.entry(to).or_default();
                let height = size::flow_label_height(name);
                let top = match *before {
                    0 => y - height - 3.0,
                    n => y + 3.0 + 15.0 * (n - 1) as f64,
                };
                *before += 1;
                let x = columns.names[channel];
                label = Some(Bounds { x, y: top, width: LABEL, height });
            }
        }
        let target = graph.slots[link.target].bounds();
        points.push((target.x, y));
        let waypoints = straighten(points);
        diagram.edges.push(Edge { element: link.id.clone(), waypoints, label });
    }
}

/// Drops points in the middle of a line.
fn straighten(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let mut kept: Vec<(f64, f64)> = Vec::with_capacity(points.len());
    for point in points {
        if let [.., a, b] = kept[..] {
            let same_x = a.0 == b.0 && b.0 == point.0;
            let same_y = a.1 == b.1 && b.1 == point.1;
            if same_x || same_y {
                kept.pop();
            }
        }
        if kept.last() != Some(&point) {
            kept.push(point);
        }
    }
    kept
}
