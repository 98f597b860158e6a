//! From columns and orders to pixels.

use std::collections::BTreeMap;

use super::GAP;
use super::layers::{Graph, Link};
use super::order::{Neighbours, neighbours};
use super::size::LABEL;

const SWEEPS: usize = 8;
/// Heights are multiples of this, so that what is nearly in line is in line.
const GRID: f64 = 10.0;
/// Steps up to this height are taken out where there is room.
const STEP_MAX: f64 = 60.0;
/// Between two vertical lines in a channel.
const TRACK: f64 = 12.0;
/// From a shape to the first vertical line.
const LEAD: f64 = 24.0;

/// Gives every slot its height: near its neighbours, in order, without overlap.
pub(super) fn rows(graph: &mut Graph) {
    let (left, right) = neighbours(graph);
    let nothing = vec![Vec::new(); graph.slots.len()];
    for layer in 0..graph.layers.len() {
        settle(graph, layer, &nothing);
    }
    for sweep in 0..SWEEPS {
        let forward = sweep % 2 == 0 || sweep + 1 == SWEEPS;
        let count = graph.layers.len();
        for step in 0..count {
            match forward {
                true => settle(graph, step, &left),
                false => settle(graph, count - 1 - step, &right),
            }
        }
    }
    for slot in &mut graph.slots {
        slot.y = (slot.y / GRID).round() * GRID;
    }
    align(graph, &left, &right);
}

/// Takes small steps out of flows: what has one neighbour on a side and room enough moves to its
/// height.
fn align(graph: &mut Graph, left: &Neighbours, right: &Neighbours) {
    for round in 0..4 {
        let forward = round % 2 == 0;
        let (beside, other) = if forward { (left, right) } else { (right, left) };
        let count = graph.layers.len();
        for step in 0..count {
            let layer = if forward { step } else { count - 1 - step };
            for at in 0..graph.layers[layer].len() {
                let slot = graph.layers[layer][at];
                let [(neighbour, ..)] = beside[slot][..] else { continue };
                let (y, wish) = (graph.slots[slot].y, graph.slots[neighbour].y);
                let straight = |n: &(usize, f64, f64)| graph.slots[n.0].y == y;
                let kept = !forward && other[slot].iter().any(straight);
                if y != wish
                    && (y - wish).abs() <= STEP_MAX
                    && !kept
                    && fits(graph, layer, at, wish)
                {
                    graph.slots[slot].y = wish;
                }
            }
        }
    }
}

/// Whether a slot may move to this height without coming near those above and below it.
fn fits(graph: &Graph, layer: usize, at: usize, y: f64) -> bool {
    let slots = &graph.layers[layer];
    let slot = &graph.slots[slots[at]];
    let above = at.checked_sub(1).and_then(|a| slots.get(a)).map(|s| &graph.slots[*s]);
    let below = slots.get(at + 1).map(|s| &graph.slots[*s]);
    // Rounding may have taken a little of the gap.
    let gap = |other: &super::layers::Slot| {
        if slot.element.is_none() && other.element.is_none() { GRID } else { GAP - GRID }
    };
    above.is_none_or(|a| a.y + a.down + gap(a) + slot.up <= y)
        && below.is_none_or(|b| y + slot.down + gap(b) + b.up <= b.y)
}

/// Isotonic regression: the heights nearest to what each slot wishes that keep order and distance.
fn settle(graph: &mut Graph, layer: usize, beside: &Neighbours) {
    struct Block {
        wish: f64,
        weight: f64,
        count: usize,
    }
    let slots = graph.layers[layer].clone();
    let mut offsets = Vec::with_capacity(slots.len());
    let mut blocks: Vec<Block> = Vec::new();
    let mut offset = 0.0;
    for (at, slot) in slots.iter().enumerate() {
        if at > 0 {
            let above = &graph.slots[slots[at - 1]];
            let both_pass = above.element.is_none() && graph.slots[*slot].element.is_none();
            let gap = if both_pass { GRID } else { GAP };
            offset += above.down + gap + graph.slots[*slot].up;
        }
        offsets.push(offset);
        let (wish, weight) = wish(graph, *slot, &beside[*slot]);
        blocks.push(Block { wish: wish - offset, weight, count: 1 });
        while let [.., above, below] = &blocks[..]
            && above.wish > below.wish
        {
            let weight = above.weight + below.weight;
            let wish = (above.wish * above.weight + below.wish * below.weight) / weight;
            let merged = Block { wish, weight, count: above.count + below.count };
            blocks.truncate(blocks.len() - 2);
            blocks.push(merged);
        }
    }
    let settled = blocks.iter().flat_map(|b| std::iter::repeat_n(b.wish, b.count));
    for ((slot, offset), wish) in slots.iter().zip(offsets).zip(settled) {
        graph.slots[*slot].y = wish + offset;
    }
}

fn wish(graph: &Graph, slot: usize, beside: &[(usize, f64, f64)]) -> (f64, f64) {
    let weight: f64 = beside.iter().map(|(_, weight, _)| weight).sum();
    if weight == 0.0 {
        return (graph.slots[slot].y, 0.1);
    }
    let sum: f64 = beside.iter().map(|(other, w, lower)| (graph.slots[*other].y + lower) * w).sum();
    (sum / weight, weight)
}

/// Where columns and the lines between them are.
pub(super) struct Columns {
    /// Horizontal position of the vertical line that leaves a stop (slot, boundary event) in a
    /// channel; channel `n` is left of column `n`.
    tracks: BTreeMap<(usize, Stop), f64>,
    /// Where names stand in each channel.
    pub(super) names: Vec<f64>,
}

/// What a link comes from on its way through a channel.
pub(super) type Stop = (usize, Option<usize>);

impl Columns {
    pub(super) fn track(&self, channel: usize, stop: Stop) -> f64 {
        self.tracks.get(&(channel, stop)).copied().unwrap_or_default()
    }
}

/// The turns of a link: the channel, where it comes from, and the slot whose height it takes.
pub(super) fn turns(graph: &Graph, link: &Link) -> Vec<(usize, Stop, usize)> {
    let layer = |slot: usize| graph.slots[slot].layer;
    let mut from: Stop = (link.source, link.boundary);
    let mut turns = Vec::with_capacity(link.via.len() + 1);
    for (at, to) in link.via.iter().chain(std::iter::once(&link.target)).enumerate() {
        let channel = match (link.back, at) {
            // Out to the right of its own column, then leftwards.
            (true, 0) => layer(link.source) + 1,
            (true, _) => layer(from.0),
            (false, _) => layer(from.0) + 1,
        };
        turns.push((channel, from, *to));
        from = (*to, None);
    }
    turns
}

/// Gives every slot its horizontal position, and every turn its line.
pub(super) fn columns(graph: &mut Graph) -> Columns {
    let count = graph.layers.len();
    // Direction of each stop's turn in a channel: positive is down.
    let mut channels: Vec<BTreeMap<Stop, f64>> = vec![BTreeMap::new(); count + 1];
    let mut named = vec![false; count + 1];
    for link in &graph.links {
        for (at, (channel, from, to)) in turns(graph, link).into_iter().enumerate() {
            let down = graph.slots[to].y - graph.slots[from.0].y;
            *channels[channel].entry(from).or_default() += down;
            named[channel] |= at == 0 && link.name.is_some();
        }
    }
    let mut columns = Columns { tracks: BTreeMap::new(), names: vec![0.0; count + 1] };
    let mut x = 0.0;
    for channel in 0..=count {
        // Those that go down leave from the bottom up, those that go up from the top down.
        let mut stops: Vec<(&Stop, bool, f64)> = channels[channel]
            .iter()
            .map(|(stop, down)| (stop, *down > 0.0, graph.slots[stop.0].y))
            .collect();
        stops.sort_by(|a, b| {
            let key = |s: &(&Stop, bool, f64)| if s.1 { -s.2 } else { s.2 };
            a.1.cmp(&b.1).then(key(a).total_cmp(&key(b)))
        });
        x += LEAD;
        for (stop, ..) in &stops {
            columns.tracks.insert((channel, **stop), x);
            x += TRACK;
        }
        columns.names[channel] = x - TRACK + 6.0;
        x += if named[channel] { LABEL } else { 0.0 } + LEAD - TRACK / 2.0;
        let Some(layer) = graph.layers.get(channel) else { break };
        let labelled = |slot: &usize| {
            let slot = &graph.slots[*slot];
            let beside = slot.element.is_some() && slot.down > slot.up + 1.0 && slot.width < LABEL;
            if beside { LABEL } else { slot.width }
        };
        let width = layer.iter().map(labelled).fold(0.0, f64::max);
        for slot in layer {
            graph.slots[*slot].x = (x + width / 2.0).round();
        }
        x += width;
    }
    columns
}
