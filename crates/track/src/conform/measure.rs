//! Fitness and precision of a log and a model.

use serde::Serialize;

use super::align::Aligner;
use super::net::Net;
use super::precision::precision_with;
use crate::log::Log;

/// How much of the log the model explains, by optimal alignments.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Fitness {
    /// Mean over the cases of `1 - cost / (events + shortest run)`.
    pub average: f64,
    /// The same quotient over the sums of all cases.
    pub log: f64,
    /// Share of cases without any deviation.
    pub perfect: f64,
    /// Share of cases whose search was given up; their cost is an upper bound.
    pub given_up: f64,
}

/// Both measures and the size of the net.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Quality {
    pub fitness: Fitness,
    pub precision: f64,
    pub transitions: usize,
    pub silent_transitions: usize,
    pub places: u32,
}

/// Aligns every variant of the log once.
pub fn fitness(log: &Log, net: &Net) -> Fitness {
    fitness_with(log, &mut Aligner::new(net, log.activities.len()))
}

pub fn quality(log: &Log, net: &Net) -> Quality {
    let mut aligner = Aligner::new(net, log.activities.len());
    quality_with(log, net, &mut aligner)
}

pub(crate) fn quality_with(log: &Log, net: &Net, aligner: &mut Aligner) -> Quality {
    Quality {
        fitness: fitness_with(log, aligner),
        precision: precision_with(log, aligner),
        transitions: net.transitions.len(),
        silent_transitions: net.silent(),
        places: net.places,
    }
}

fn fitness_with(log: &Log, aligner: &mut Aligner) -> Fitness {
    let shortest = f64::from(aligner.shortest());
    let (mut cases, mut average, mut costs, mut worst) = (0.0, 0.0, 0.0, 0.0);
    let (mut perfect, mut given_up) = (0.0, 0.0);
    for variant in &log.variants {
        let alignment = aligner.align(&variant.trace);
        let (weight, cost) = (variant.cases as f64, f64::from(alignment.cost));
        let most = variant.trace.len() as f64 + shortest;
        cases += weight;
        average += weight * if most > 0.0 { 1.0 - cost / most } else { 1.0 };
        costs += weight * cost;
        worst += weight * most;
        perfect += if alignment.cost == 0 { weight } else { 0.0 };
        given_up += if alignment.optimal { 0.0 } else { weight };
    }
    if cases == 0.0 {
        return Fitness { average: 1.0, log: 1.0, perfect: 1.0, given_up: 0.0 };
    }
    Fitness {
        average: average / cases,
        log: if worst > 0.0 { 1.0 - costs / worst } else { 1.0 },
        perfect: perfect / cases,
        given_up: given_up / cases,
    }
}
