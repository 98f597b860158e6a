//! Slots, links between them, and the column of each.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::definitions::{Bounds, ElementIndex, Kind, Process};

use super::size;

/// Empty slots of one scope; beyond them long flows go straight through.
const BRIDGES_MAX: usize = 200_000;

/// A place in a column: an element, or room for a flow that passes.
pub(super) struct Slot {
    pub(super) element: Option<ElementIndex>,
    pub(super) layer: usize,
    pub(super) width: f64,
    pub(super) height: f64,
    /// Room above and below the line at which flows enter and leave.
    pub(super) up: f64,
    pub(super) down: f64,
    /// Centre.
    pub(super) x: f64,
    pub(super) y: f64,
}

impl Slot {
    pub(super) fn bounds(&self) -> Bounds {
        let (width, height) = (self.width, self.height);
        Bounds { x: self.x - width / 2.0, y: self.y - height / 2.0, width, height }
    }
}

/// A flow or compensation association between two slots.
pub(super) struct Link {
    pub(super) id: Arc<str>,
    pub(super) name: Option<Arc<str>>,
    pub(super) source: usize,
    pub(super) target: usize,
    /// Which of the source's boundary events it leaves from.
    pub(super) boundary: Option<usize>,
    /// Leads to an earlier layer, or to its own.
    pub(super) back: bool,
    /// Empty slots that it passes, from source to target.
    pub(super) via: Vec<usize>,
}

pub(super) struct Graph {
    pub(super) slots: Vec<Slot>,
    pub(super) links: Vec<Link>,
    /// Slots of each layer, from top to bottom.
    pub(super) layers: Vec<Vec<usize>>,
}

impl Graph {
    pub(super) fn new(
        process: &Process,
        scope: Option<ElementIndex>,
        size: &dyn Fn(ElementIndex) -> (f64, f64),
    ) -> Graph {
        let mut graph = Graph { slots: Vec::new(), links: Vec::new(), layers: Vec::new() };
        let mut slot_of = BTreeMap::new();
        for (index, element) in process.children(scope) {
            if matches!(element.kind, Kind::Boundary { .. } | Kind::EventSubProcess) {
                continue;
            }
            let (width, height) = size(index);
            let below = size::below(process, element) + label_room(element);
            slot_of.insert(index, graph.slots.len());
            graph.slots.push(Slot {
                element: Some(index),
                layer: 0,
                width: width.max(size::width_for_boundaries(process, element)),
                height,
                up: height / 2.0,
                down: height / 2.0 + below,
                x: 0.0,
                y: 0.0,
            });
        }
        graph.connect(process, scope, &slot_of);
        graph
    }

    fn connect(
        &mut self,
        process: &Process,
        scope: Option<ElementIndex>,
        slots: &BTreeMap<ElementIndex, usize>,
    ) {
        let end = |index: ElementIndex| -> Option<(usize, Option<usize>)> {
            let Kind::Boundary { attached_to, .. } = process.elements[index as usize].kind else {
                return Some((*slots.get(&index)?, None));
            };
            let host = &process.elements[attached_to as usize];
            let place = host.boundaries.iter().position(|b| *b == index);
            Some((*slots.get(&attached_to)?, place))
        };
        let mut add = |id: &Arc<str>, name: &Option<Arc<str>>, from, to| {
            let (Some((source, boundary)), Some((target, _))) = (end(from), end(to)) else {
                return;
            };
            let (id, name) = (id.clone(), name.clone());
            let link = Link { id, name, source, target, boundary, back: false, via: Vec::new() };
            self.links.push(link);
        };
        for flow in process.children(scope).flat_map(|(_, e)| &e.outgoing) {
            let flow = &process.flows[*flow as usize];
            add(&flow.id, &flow.name, flow.source, flow.target);
        }
        for (index, element) in process.children(scope) {
            if let Some(handler) = element.compensation_handler {
                let target = &process.elements[handler as usize];
                let id: Arc<str> = format!("{}_to_{}", element.id, target.id).into();
                add(&id, &None, index, handler);
            }
        }
        let lone = self.links.is_empty() && self.slots.len() > 3;
        if lone {
            // Nothing is connected, as in an ad-hoc sub-process: a square of shapes.
            let columns = (self.slots.len() as f64).sqrt().ceil() as usize;
            for (i, slot) in self.slots.iter_mut().enumerate() {
                slot.layer = i % columns;
            }
        }
    }

    /// Longest path from a start, where links that close a loop do not count.
    pub(super) fn layer(&mut self) {
        let order = self.break_loops();
        let outgoing = self.outgoing();
        for source in order {
            for link in &outgoing[source] {
                let link = &self.links[*link];
                if !link.back {
                    let least = self.slots[source].layer + 1;
                    let target = &mut self.slots[link.target];
                    target.layer = target.layer.max(least);
                }
            }
        }
    }

    fn outgoing(&self) -> Vec<Vec<usize>> {
        let mut outgoing = vec![Vec::new(); self.slots.len()];
        for (at, link) in self.links.iter().enumerate() {
            outgoing[link.source].push(at);
        }
        outgoing
    }

    /// Marks links that lead back, and gives the slots in topological order of the others.
    fn break_loops(&mut self) -> Vec<usize> {
        #[derive(Clone, Copy, PartialEq)]
        enum State {
            New,
            Open,
            Done,
        }
        let outgoing = self.outgoing();
        let mut has_incoming = vec![false; self.slots.len()];
        self.links.iter().for_each(|l| has_incoming[l.target] = true);
        let (sources, rest): (Vec<usize>, Vec<usize>) =
            (0..self.slots.len()).partition(|s| !has_incoming[*s]);
        let mut state = vec![State::New; self.slots.len()];
        let mut done = Vec::new();
        for root in sources.into_iter().chain(rest) {
            if state[root] != State::New {
                continue;
            }
            state[root] = State::Open;
            let mut path = vec![(root, 0)];
            while let Some((slot, next)) = path.pop() {
                let Some(link) = outgoing[slot].get(next) else {
                    state[slot] = State::Done;
                    done.push(slot);
                    continue;
                };
                path.push((slot, next + 1));
                let target = self.links[*link].target;
                match state[target] {
                    State::New => {
                        state[target] = State::Open;
                        path.push((target, 0));
                    }
                    State::Open => self.links[*link].back = true,
                    State::Done => {}
                }
            }
        }
        done.reverse();
        done
    }

    /// Gives long links a slot in every column that they pass, and fills the layers.
    pub(super) fn bridge(&mut self) {
        let count = self.slots.iter().map(|s| s.layer + 1).max().unwrap_or(0);
        self.layers = vec![Vec::new(); count];
        for (at, slot) in self.slots.iter().enumerate() {
            self.layers[slot.layer].push(at);
        }
        let mut made = 0;
        for at in 0..self.links.len() {
            let link = &self.links[at];
            let (from, to) = (self.slots[link.source].layer, self.slots[link.target].layer);
            // A link back also passes the columns of its ends, below them.
            let passed: Vec<usize> = match link.back {
                true => (to..=from).rev().collect(),
                false => (from + 1..to).collect(),
            };
            made += passed.len();
            if made > BRIDGES_MAX {
                return;
            }
            for layer in passed {
                let slot = self.slots.len();
                self.slots.push(Slot {
                    element: None,
                    layer,
                    width: 0.0,
                    height: 0.0,
                    up: 5.0,
                    down: 5.0,
                    x: 0.0,
                    y: 0.0,
                });
                self.layers[layer].push(slot);
                self.links[at].via.push(slot);
            }
        }
        self.room_for_names();
    }

    /// The name of a flow stands above the first slot that it comes to.
    fn room_for_names(&mut self) {
        for link in &self.links {
            let Some(name) = &link.name else { continue };
            let first = link.via.first().copied().unwrap_or(link.target);
            let slot = &mut self.slots[first];
            slot.up = slot.up.max(6.0 + size::flow_label_height(name));
        }
    }
}

fn label_room(element: &crate::definitions::Element) -> f64 {
    match size::label_height(element) {
        0.0 => 0.0,
        height => height + 4.0,
    }
}
