//! Several ways of mining the same log, and the one whose result is best by alignments. The
//! algorithm leaves choices open (what to set aside first, which rare behaviour to leave out); no
//! order of them is best for every log, but measuring a tree costs milliseconds.

use std::cell::Cell;
use std::collections::HashSet;

use super::miner::Miner;
use super::tree::Tree;
use crate::conform::{Measure, Quality};
use crate::limits::{CANDIDATE_VARIANTS_MAX, CANDIDATE_WORK_MAX, MINING_WORK_MAX};
use crate::log::Log;

/// Shares of the noise threshold at which candidates are mined.
const NOISE_STEPS: [f64; 6] = [0.0, 0.1, 0.25, 0.5, 1.0, 1.5];
/// How much more what does not fit counts than what is allowed beyond the log.
const FITNESS_WEIGHT: f64 = 6.0;
/// Share of the plain algorithm's precision that a tree must have.
const PRECISION_KEPT: f64 = 0.85;
/// How much a net of twice the size counts.
const SIZE_WEIGHT: f64 = 0.1;
/// Shares of the noise threshold that rare variants may make up before mining.
const RARE_STEPS: [f64; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];

/// The exact trees of a log differ in precision only: the most precise one, of equals the first.
pub(super) fn exact(log: &Log) -> Tree {
    let measure = measure(log);
    let spent = Cell::new(0);
    let mut best: Option<(f64, Tree)> = None;
    for miner in ways(0.0, &spent) {
        if spent.get() > MINING_WORK_MAX {
            break;
        }
        let tree = miner.tree(&log.variants);
        if best.as_ref().is_some_and(|(_, known)| *known == tree) {
            continue;
        }
        let precision = measure.quality(&tree).precision;
        if best.as_ref().is_none_or(|(most, _)| precision > *most) {
            best = Some((precision, tree));
        }
    }
    best.map_or(Tree::Silent, |(_, tree)| tree)
}

/// The tree that explains most at the least price: what it does not fit counts several times what
/// it allows beyond the log, because a picture that leaves behaviour out is believed, and one that
/// allows a little more is not misread. Nothing is chosen that fits less than the plain algorithm
/// at this threshold does, or is clearly less precise. Of a large log not all ways are tried.
pub(super) fn tolerant(log: &Log, noise: f64) -> Tree {
    let measure = measure(log);
    let spent = Cell::new(0);
    let plain = Miner { noise, dependent: false, frequent_first: false, spent: &spent };
    let plain = plain.tree(&log.variants);
    let reference = measure.quality(&plain);
    let mut tried = HashSet::from([plain.clone()]);
    let mut best = (price(&reference, &reference), plain);
    for rare in RARE_STEPS {
        let kept = log.frequent(1.0 - noise.min(0.9) * rare);
        for step in NOISE_STEPS {
            for miner in ways((noise * step).min(1.0), &spent) {
                if spent.get() > MINING_WORK_MAX {
                    return best.1;
                }
                let tree = miner.tree(kept);
                if !tried.insert(tree.clone()) {
                    continue;
                }
                let found = measure.quality(&tree);
                let price = price(&found, &reference);
                if price < best.0 && stands(&found, &reference) {
                    best = (price, tree);
                }
            }
        }
    }
    best.1
}

fn ways(noise: f64, spent: &Cell<u64>) -> [Miner<'_>; 4] {
    let way = |dependent, frequent_first| Miner { noise, dependent, frequent_first, spent };
    [way(true, false), way(true, true), way(false, false), way(false, true)]
}

/// What is left to explain, what is allowed beyond it, and a little for a larger net than the plain
/// algorithm's.
fn price(found: &Quality, plain: &Quality) -> f64 {
    let unfit = 1.0 - found.fitness.average.min(found.fitness.log);
    let larger = found.transitions as f64 / plain.transitions.max(1) as f64 - 1.0;
    FITNESS_WEIGHT * unfit + 1.0 - found.precision + SIZE_WEIGHT * larger.max(0.0)
}

/// Whether a tree can stand in the place of the plain algorithm's.
fn stands(found: &Quality, plain: &Quality) -> bool {
    // A net that is larger than half above the plain one is no better picture.
    found.transitions * 2 <= plain.transitions * 3
        && found.fitness.average >= plain.fitness.average
        && found.fitness.log >= plain.fitness.log
        && found.precision >= PRECISION_KEPT * plain.precision
}

/// A few hundred variants tell which tree is better.
fn measure(log: &Log) -> Measure<'_> {
    Measure::new(log, CANDIDATE_WORK_MAX, CANDIDATE_VARIANTS_MAX)
}
