//! The order of the slots in each column, with few crossings: barycentres, swept to and fro.

use super::layers::Graph;

const SWEEPS: usize = 12;

/// Neighbours of a slot in an adjacent layer: the slot, how much it counts, how much lower the
/// slot would like to be.
pub(super) type Neighbours = Vec<Vec<(usize, f64, f64)>>;

/// Left and right neighbours of every slot, along all links.
pub(super) fn neighbours(graph: &Graph) -> (Neighbours, Neighbours) {
    let count = graph.slots.len();
    let (mut left, mut right) = (vec![Vec::new(); count], vec![Vec::new(); count]);
    for link in &graph.links {
        let mut stops = link.via.clone();
        if link.back {
            // Its ends are in the columns of the outermost stops, not beside them.
            stops.reverse();
        } else {
            stops.insert(0, link.source);
            stops.push(link.target);
        }
        for pair in stops.windows(2) {
            let [from, to] = pair else { continue };
            let straight =
                graph.slots[*from].element.is_none() && graph.slots[*to].element.is_none();
            let leaves_edge = link.boundary.is_some() && *from == link.source;
            let weight = match (straight, leaves_edge) {
                (true, _) => 3.0,
                (false, true) => 0.2,
                (false, false) => 1.0,
            };
            let lower = if leaves_edge { 90.0 } else { 0.0 };
            right[*from].push((*to, weight, -lower));
            left[*to].push((*from, weight, lower));
        }
    }
    (left, right)
}

pub(super) fn order(graph: &mut Graph) {
    let (left, right) = neighbours(graph);
    let mut position = vec![0.0; graph.slots.len()];
    for layer in &graph.layers {
        renumber(layer, &mut position);
    }
    let mut best = (crossings(graph, &right, &position), graph.layers.clone());
    for sweep in 0..SWEEPS {
        let forward = sweep % 2 == 0;
        let beside = if forward { &left } else { &right };
        let count = graph.layers.len();
        for step in 0..count {
            let layer = if forward { step } else { count - 1 - step };
            sort(&mut graph.layers[layer], beside, &mut position);
        }
        let found = crossings(graph, &right, &position);
        if found < best.0 {
            best = (found, graph.layers.clone());
        }
    }
    graph.layers = best.1;
}

fn renumber(layer: &[usize], position: &mut [f64]) {
    for (at, slot) in layer.iter().enumerate() {
        position[*slot] = at as f64;
    }
}

/// Stable, so that branches stay in the order of the model where nothing else decides.
fn sort(layer: &mut [usize], beside: &Neighbours, position: &mut [f64]) {
    let mut keyed: Vec<(f64, usize)> = layer
        .iter()
        .map(|slot| {
            let (mut sum, mut count) = (0.0, 0.0);
            for (other, _, lower) in &beside[*slot] {
                sum += position[*other] + lower / 200.0;
                count += 1.0;
            }
            (if count > 0.0 { sum / count } else { position[*slot] }, *slot)
        })
        .collect();
    keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (at, (_, slot)) in keyed.into_iter().enumerate() {
        layer[at] = slot;
    }
    renumber(layer, position);
}

/// Pairs of links that cross between two columns; large layers are not counted in full.
fn crossings(graph: &Graph, right: &Neighbours, position: &[f64]) -> usize {
    const EDGES_MAX: usize = 300;
    let mut sum = 0;
    for layer in &graph.layers {
        let edges: Vec<(f64, f64)> = layer
            .iter()
            .flat_map(|slot| right[*slot].iter().map(|(to, ..)| (position[*slot], position[*to])))
            .take(EDGES_MAX)
            .collect();
        for (at, one) in edges.iter().enumerate() {
            let crossed = |other: &&(f64, f64)| (one.0 - other.0) * (one.1 - other.1) < 0.0;
            sum += edges[at + 1..].iter().filter(crossed).count();
        }
    }
    sum
}
