//! Several ways of mining the same log, and the one whose result is best by alignments. The
//! algorithm leaves choices open (what to set aside first, which rare behaviour to leave out); no
//! order of them is best for every log, but measuring a tree costs milliseconds.

use super::miner::Miner;
use super::tree::Tree;
use crate::conform::{Aligner, Net, Quality, quality_with};
use crate::limits::{CANDIDATE_STATES_MAX, CANDIDATE_VARIANTS_MAX};
use crate::log::{Log, Variant};

/// Shares of the noise threshold at which candidates are mined.
const NOISE_STEPS: [f64; 6] = [0.0, 0.1, 0.25, 0.5, 1.0, 1.5];
/// Shares of the noise threshold that rare variants may make up before mining.
const RARE_STEPS: [f64; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];

/// The exact trees of a log differ in precision only: the most precise one, of equals the first.
pub(super) fn exact(log: &Log) -> Tree {
    let measured = sample(log);
    let mut best: Option<(f64, Tree)> = None;
    for miner in ways(0.0) {
        let tree = miner.tree(log);
        if best.as_ref().is_some_and(|(_, known)| *known == tree) {
            continue;
        }
        let precision = measure(&measured, &tree).precision;
        if best.as_ref().is_none_or(|(most, _)| precision > *most) {
            best = Some((precision, tree));
        }
    }
    best.map_or(Tree::Silent, |(_, tree)| tree)
}

/// The tree that gains most over the plain algorithm at this threshold, in fitness and precision
/// alike: the smaller of the two gains counts, each as a share of what was left to gain.
pub(super) fn tolerant(log: &Log, noise: f64) -> Tree {
    let measured = sample(log);
    let plain = Miner { noise, dependent: false, frequent_first: false }.tree(log);
    let reference = measure(&measured, &plain);
    let mut tried = vec![plain.clone()];
    let mut best = (0.0, plain);
    for rare in RARE_STEPS {
        let kept = log.most_frequent(1.0 - noise.min(0.9) * rare);
        for step in NOISE_STEPS {
            for miner in ways((noise * step).min(1.0)) {
                let tree = miner.tree(&kept);
                if tried.contains(&tree) {
                    continue;
                }
                let gain = gain(&measure(&measured, &tree), &reference);
                if gain > best.0 {
                    best = (gain, tree.clone());
                }
                tried.push(tree);
            }
        }
    }
    best.1
}

fn ways(noise: f64) -> [Miner; 4] {
    let way = |dependent, frequent_first| Miner { noise, dependent, frequent_first };
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

fn measure(log: &Log, tree: &Tree) -> Quality {
    let net = Net::of(tree);
    let mut aligner = Aligner::bounded(&net, log.activities.len(), CANDIDATE_STATES_MAX);
    quality_with(log, &net, &mut aligner)
}

/// What candidates are measured on: the whole log, or of a large one the most frequent variants
/// and every n-th of the others, which then count for those between.
fn sample(log: &Log) -> Log {
    let all = log.variants.len();
    let activities = log.activities.clone();
    if all <= CANDIDATE_VARIANTS_MAX {
        return Log { activities, cases: Vec::new(), variants: log.variants.clone() };
    }
    let (frequent, others) = log.variants.split_at(CANDIDATE_VARIANTS_MAX / 2);
    let step = others.len().div_ceil(CANDIDATE_VARIANTS_MAX / 2);
    let chosen = others.chunks(step).map(|chunk| Variant {
        trace: chunk[chunk.len() / 2].trace.clone(),
        cases: chunk.iter().map(|variant| variant.cases).sum(),
    });
    Log {
        activities,
        cases: Vec::new(),
        variants: frequent.iter().cloned().chain(chosen).collect(),
    }
}
