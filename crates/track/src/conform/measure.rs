//! Fitness and precision of a log and a model.

use serde::Serialize;

use super::align::Aligner;
use super::blocks::{Blocks, Laid, count_in};
use super::net::Net;
use super::precision::precision;
use super::prefixes::Prefixes;
use crate::discover::Tree;
use crate::limits::QUALITY_WORK_MAX;
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
    /// Variants that were measured: all, or of a log that is too large a sample that stands for
    /// the others.
    pub measured_variants: usize,
}

/// Aligns every variant of the log once; for any net, by a search that may take long.
pub fn fitness(log: &Log, net: &Net) -> Fitness {
    let mut aligner = Aligner::new(net, log.activities.len());
    let shortest = aligner.shortest();
    let mut sums = Sums::default();
    for variant in &log.variants {
        let alignment = aligner.align(&variant.trace);
        let most = variant.trace.len() as u32 + shortest;
        sums.add(variant.cases, alignment.cost, most, alignment.optimal);
    }
    sums.fitness()
}

/// How well a tree and a log agree; in bounded time.
pub fn quality(log: &Log, tree: &Tree) -> Quality {
    Measure::new(log, QUALITY_WORK_MAX, usize::MAX).quality(tree)
}

/// A log by which trees are measured.
pub(crate) struct Measure<'l> {
    log: &'l Log,
    prefixes: Prefixes,
    work_max: u64,
    variants_max: usize,
}

impl<'l> Measure<'l> {
    /// `work_max` and `variants_max` are for each tree.
    pub(crate) fn new(log: &'l Log, work_max: u64, variants_max: usize) -> Measure<'l> {
        Measure { log, prefixes: Prefixes::of(log), work_max, variants_max }
    }

    pub(crate) fn quality(&self, tree: &Tree) -> Quality {
        let net = Net::of(tree);
        let (fitness, precision, measured_variants) =
            match Blocks::new(tree, self.log.activities.len()) {
                Some(blocks) => self.by_blocks(&blocks),
                None => (fitness(self.log, &net), precision(self.log, &net), usize::MAX),
            };
        Quality {
            fitness,
            precision,
            transitions: net.transitions.len(),
            silent_transitions: net.silent(),
            places: net.places,
            measured_variants: measured_variants.min(self.log.variants.len()),
        }
    }

    fn by_blocks(&self, blocks: &Blocks) -> (Fitness, f64, usize) {
        let mut laid = Laid::new(blocks);
        let mut sums = Sums::default();
        let mut precise = Precise::new(&self.prefixes);
        let chosen = self.chosen(&mut laid);
        for (number, cases) in &chosen {
            let variant = &self.log.variants[*number];
            let most = variant.trace.len() as u32 + blocks.shortest();
            match laid.work(&variant.trace) {
                None => sums.add(*cases, most, most, false),
                Some(_) => {
                    laid.fill();
                    sums.add(*cases, laid.cost(), most, true);
                    precise.add(&mut laid, variant, *cases);
                }
            }
        }
        (sums.fitness(), precise.precision(), chosen.len())
    }

    /// What is measured, and for how many cases each stands: everything, or of a log that takes
    /// too long the most frequent variants and every n-th of the others.
    fn chosen(&self, laid: &mut Laid<'_>) -> Vec<(usize, u64)> {
        const WEIGHED: usize = 200;
        let variants = &self.log.variants;
        let all = variants.len();
        let step = all.div_ceil(WEIGHED).max(1);
        let weighed = variants.iter().step_by(step).filter_map(|v| laid.work(&v.trace));
        let (count, work) = weighed.fold((0, 0), |(count, sum), work| (count + 1, sum + work));
        let each = work / u64::max(count, 1) + 1;
        let most = usize::try_from(self.work_max / each).unwrap_or(usize::MAX);
        let most = most.min(self.variants_max).max(2);
        if all <= most {
            return variants.iter().enumerate().map(|(at, v)| (at, v.cases)).collect();
        }
        let frequent = most / 2;
        let step = (all - frequent).div_ceil(most - frequent);
        let rest: Vec<usize> = (frequent..all).collect();
        let others = rest.chunks(step).map(|chunk| {
            let cases = chunk.iter().map(|at| variants[*at].cases).sum();
            (chunk[chunk.len() / 2], cases)
        });
        (0..frequent).map(|at| (at, variants[at].cases)).chain(others).collect()
    }
}

/// Sums over cases.
#[derive(Default)]
struct Sums {
    cases: f64,
    average: f64,
    costs: f64,
    most: f64,
    perfect: f64,
    given_up: f64,
}

impl Sums {
    fn add(&mut self, cases: u64, cost: u32, most: u32, optimal: bool) {
        let (weight, cost, most) = (cases as f64, f64::from(cost), f64::from(most));
        self.cases += weight;
        self.average += weight * if most > 0.0 { 1.0 - cost / most } else { 1.0 };
        self.costs += weight * cost;
        self.most += weight * most;
        self.perfect += if cost == 0.0 { weight } else { 0.0 };
        self.given_up += if optimal { 0.0 } else { weight };
    }

    fn fitness(&self) -> Fitness {
        let cases = self.cases;
        if cases == 0.0 {
            return Fitness { average: 1.0, log: 1.0, perfect: 1.0, given_up: 0.0 };
        }
        Fitness {
            average: self.average / cases,
            log: if self.most > 0.0 { 1.0 - self.costs / self.most } else { 1.0 },
            perfect: self.perfect / cases,
            given_up: self.given_up / cases,
        }
    }
}

/// The same precision as [`super::precision`], over the prefixes of the laid traces.
struct Precise<'p> {
    prefixes: &'p Prefixes,
    done: Vec<bool>,
    allowed: f64,
    escaping: f64,
}

impl Precise<'_> {
    fn new(prefixes: &Prefixes) -> Precise<'_> {
        Precise { prefixes, done: vec![false; prefixes.len()], allowed: 0.0, escaping: 0.0 }
    }

    /// `cases` are those that the variant stands for.
    fn add(&mut self, laid: &mut Laid<'_>, variant: &crate::log::Variant, cases: u64) {
        let mut at = Prefixes::ROOT;
        for (length, activity) in variant.trace.iter().enumerate() {
            if !laid.fits(length) {
                return;
            }
            if !std::mem::replace(&mut self.done[at as usize], true) {
                // What only this variant has stands for what only the others have.
                let alone = self.prefixes.cases(at) == variant.cases;
                let stands_for = if alone { cases as f64 / variant.cases as f64 } else { 1.0 };
                let weight = self.prefixes.going_on(at) as f64 * stands_for;
                let next = laid.ahead(length);
                let allowed: u64 = next.iter().map(|word| u64::from(word.count_ones())).sum();
                let seen = count_in(&next, self.prefixes.seen(at));
                self.allowed += allowed as f64 * weight;
                self.escaping += (allowed - seen) as f64 * weight;
            }
            let Some(longer) = self.prefixes.step(at, *activity) else { return };
            at = longer;
        }
    }

    fn precision(&self) -> f64 {
        if self.allowed == 0.0 { 1.0 } else { 1.0 - self.escaping / self.allowed }
    }
}
