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

/// The tree that gains most over the plain algorithm at this threshold, in fitness and precision
/// alike: the smaller of the two gains counts, each as a share of what was left to gain. Of a large
/// log not all ways are tried.
pub(super) fn tolerant(log: &Log, noise: f64) -> Tree {
    let measure = measure(log);
    let spent = Cell::new(0);
    let plain = Miner { noise, dependent: false, frequent_first: false, spent: &spent };
    let plain = plain.tree(&log.variants);
    let reference = measure.quality(&plain);
    let mut tried = HashSet::from([plain.clone()]);
    let mut best = (0.0, plain);
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
                let gain = gain(&measure.quality(&tree), &reference);
                if gain > best.0 {
                    best = (gain, tree);
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

fn gain(found: &Quality, reference: &Quality) -> f64 {
    // A net that is larger than a fifth above the plain one is no better picture.
    if found.transitions * 5 > reference.transitions * 6 {
        return 0.0;
    }
    let share = |found: f64, reference: f64| (found - reference) / (1.0 - reference).max(1e-9);
    share(found.fitness.average, reference.fitness.average)
        .min(share(found.fitness.log, reference.fitness.log))
        .min(share(found.precision, reference.precision))
}

/// A few hundred variants tell which tree is better.
fn measure(log: &Log) -> Measure<'_> {
    Measure::new(log, CANDIDATE_WORK_MAX, CANDIDATE_VARIANTS_MAX)
}
