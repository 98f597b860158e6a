//! The reachable markings of a net, explored only where somebody goes.

use std::collections::{HashMap, HashSet};

use super::net::{Net, Transition};
use crate::limits::SILENT_MARKINGS_MAX;
use crate::log::Activity;

pub(super) type Bits = Box<[u64]>;

pub(super) fn has(bits: &[u64], at: u32) -> bool {
    bits[at as usize / 64] >> (at % 64) & 1 == 1
}

pub(super) fn set(bits: &mut [u64], at: u32) {
    bits[at as usize / 64] |= 1 << (at % 64);
}

fn clear(bits: &mut [u64], at: u32) {
    bits[at as usize / 64] &= !(1 << (at % 64));
}

/// Markings by number; what follows each is worked out at the first question.
pub(super) struct Space {
    pub net: Net,
    index: HashMap<Bits, u32>,
    markings: Vec<Marking>,
    /// Labels that may still come after a token in a place, and those that must.
    may: Vec<Bits>,
    must: Vec<Bits>,
    /// Transitions that take from each place.
    consumers: Vec<Vec<u32>>,
    /// Transitions that can be taken at once, before all others, without losing a run: silent ones
    /// that nothing else competes with.
    forced: Vec<bool>,
    /// Places whose silent choice can be taken before everything else.
    choices: Vec<bool>,
    words: usize,
}

struct Marking {
    places: Bits,
    steps: Option<Box<[Step]>>,
    may: Bits,
    must: Bits,
    /// Labels that can come next, and whether the end is silently reached.
    next: Option<(Box<[Activity]>, bool)>,
}

/// A transition that is enabled, and the marking behind it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub transition: u32,
    pub label: Option<Activity>,
    pub to: u32,
}

impl Space {
    /// `labels` is the number of activities that traces may name. `eager` takes silent choices as
    /// soon as they can be taken: fewer markings, but those behind a prefix are then decided more
    /// than the prefix says.
    pub(super) fn new(net: &Net, labels: usize, eager: bool) -> Space {
        let words = labels.div_ceil(64).max(1);
        let mut consumers = vec![Vec::new(); net.places as usize];
        for (number, transition) in (0..).zip(&net.transitions) {
            for place in &transition.inputs {
                consumers[*place as usize].push(number);
            }
        }
        let (may, must) = labels_ahead(net, &consumers, words);
        let alone = |place: &u32| consumers[*place as usize].len() == 1;
        let forced =
            net.transitions.iter().map(|t| t.label.is_none() && t.inputs.iter().all(alone));
        let silent = |number: &u32| {
            let transition = &net.transitions[*number as usize];
            transition.label.is_none() && transition.inputs.len() == 1
        };
        let choices = consumers.iter().map(|of| eager && !of.is_empty() && of.iter().all(silent));
        let mut space = Space {
            net: net.clone(),
            index: HashMap::new(),
            markings: Vec::new(),
            may,
            must,
            forced: forced.collect(),
            choices: choices.collect(),
            consumers,
            words,
        };
        let mut places = vec![0; (net.places as usize).div_ceil(64)].into_boxed_slice();
        set(&mut places, net.start);
        space.number(places);
        space
    }

    /// The marking with one token in each of these places, by its number.
    pub(super) fn at(&mut self, places: &[u32]) -> u32 {
        let mut bits = vec![0; (self.net.places as usize).div_ceil(64)].into_boxed_slice();
        places.iter().filter(|p| **p < self.net.places).for_each(|place| set(&mut bits, *place));
        self.number(bits)
    }

    /// The marking with one token at the start.
    pub(super) const START: u32 = 0;

    pub(super) fn is_end(&self, marking: u32) -> bool {
        let places = &self.markings[marking as usize].places;
        has(places, self.net.end) && places.iter().map(|w| w.count_ones()).sum::<u32>() == 1
    }

    pub(super) fn len(&self) -> usize {
        self.markings.len()
    }

    pub(super) fn may(&self, marking: u32) -> &[u64] {
        &self.markings[marking as usize].may
    }

    pub(super) fn must(&self, marking: u32) -> &[u64] {
        &self.markings[marking as usize].must
    }

    fn number(&mut self, places: Bits) -> u32 {
        if let Some(number) = self.index.get(&places) {
            return *number;
        }
        let mut may = vec![0; self.words].into_boxed_slice();
        let mut must = may.clone();
        for place in 0..self.net.places {
            if has(&places, place) {
                for word in 0..self.words {
                    may[word] |= self.may[place as usize][word];
                    must[word] |= self.must[place as usize][word];
                }
            }
        }
        let number = self.markings.len() as u32;
        self.index.insert(places.clone(), number);
        self.markings.push(Marking { places, steps: None, may, must, next: None });
        number
    }

    /// Steps that lead on from a marking.
    pub(super) fn steps(&mut self, marking: u32) -> Box<[Step]> {
        if let Some(steps) = &self.markings[marking as usize].steps {
            return steps.clone();
        }
        let places = self.markings[marking as usize].places.clone();
        let mut steps = Vec::new();
        let marked = |place: &u32| has(&places, *place);
        let choice = (0..self.net.places).filter(marked).find(|p| self.choices[*p as usize]);
        for place in (0..self.net.places).filter(marked) {
            if choice.is_some_and(|choice| choice != place) {
                continue;
            }
            for number in self.consumers[place as usize].clone() {
                let transition = &self.net.transitions[number as usize];
                // Each transition once: at its first input.
                let first = transition.inputs.first() == Some(&place);
                if !first || !transition.inputs.iter().all(|p| has(&places, *p)) {
                    continue;
                }
                let mut next = places.clone();
                transition.inputs.iter().for_each(|p| clear(&mut next, *p));
                transition.outputs.iter().for_each(|p| set(&mut next, *p));
                let label = transition.label;
                let forced = self.forced[number as usize];
                let step = Step { transition: number, label, to: self.number(next) };
                if forced {
                    // Nothing else is lost by going on here: it stays possible behind it.
                    let steps: Box<[Step]> = Box::from([step]);
                    self.markings[marking as usize].steps = Some(steps.clone());
                    return steps;
                }
                steps.push(step);
            }
        }
        let steps = steps.into_boxed_slice();
        self.markings[marking as usize].steps = Some(steps.clone());
        steps
    }

    /// Labels that can come next, silent steps aside; and whether silent steps reach the end.
    pub(super) fn next_labels(&mut self, marking: u32) -> (Vec<Activity>, bool) {
        if let Some((labels, end)) = &self.markings[marking as usize].next {
            return (labels.to_vec(), *end);
        }
        let mut labels = Vec::new();
        let mut seen = vec![marking];
        let mut known = HashSet::from([marking]);
        let mut at = 0;
        while at < seen.len() && seen.len() <= SILENT_MARKINGS_MAX {
            for step in self.steps(seen[at]) {
                match step.label {
                    Some(label) => labels.push(label),
                    None if known.insert(step.to) => seen.push(step.to),
                    None => {}
                }
            }
            at += 1;
        }
        let mut end = seen.iter().any(|marking| self.is_end(*marking));
        if seen.len() > SILENT_MARKINGS_MAX {
            end = self.loosely_next(marking, &mut labels);
        }
        labels.sort_unstable();
        labels.dedup();
        self.markings[marking as usize].next = Some((Box::from(&*labels), end));
        (labels, end)
    }
}

impl Space {
    /// The same where silent choices beside each other are too many to be told apart: no token is
    /// taken away, so that of two choices that exclude each other both may be named.
    fn loosely_next(&self, marking: u32, labels: &mut Vec<Activity>) -> bool {
        let mut places = self.markings[marking as usize].places.clone();
        let ready = |t: &Transition, places: &Bits| t.inputs.iter().all(|p| has(places, *p));
        let mut changed = true;
        while std::mem::take(&mut changed) {
            let silent = self.net.transitions.iter().filter(|t| t.label.is_none());
            for transition in silent {
                let fresh = transition.outputs.iter().any(|place| !has(&places, *place));
                if fresh && ready(transition, &places) {
                    transition.outputs.iter().for_each(|place| set(&mut places, *place));
                    changed = true;
                }
            }
        }
        let ready = self.net.transitions.iter().filter(|t| ready(t, &places));
        labels.extend(ready.filter_map(|t| t.label));
        has(&places, self.net.end)
    }
}

/// By place: the labels that may come while its token is on its way to the end, and those that
/// must: in a sound free-choice net a token's way leads to the end, along any of its choices.
fn labels_ahead(net: &Net, consumers: &[Vec<u32>], words: usize) -> (Vec<Bits>, Vec<Bits>) {
    let count = net.places as usize;
    let mut may = vec![vec![0_u64; words].into_boxed_slice(); count];
    let mut must = vec![vec![u64::MAX; words].into_boxed_slice(); count];
    must[net.end as usize].fill(0);
    let mut changed = true;
    while changed {
        changed = false;
        for place in (0..count).rev().filter(|place| *place != net.end as usize) {
            let mut any = vec![0_u64; words];
            let mut all = vec![u64::MAX; words];
            for number in &consumers[place] {
                let transition = &net.transitions[*number as usize];
                let mut through = vec![0_u64; words];
                if let Some(label) = transition.label {
                    set(&mut through, label);
                }
                for word in 0..words {
                    let ahead = |sets: &[Bits]| {
                        let outputs = transition.outputs.iter();
                        outputs.fold(0, |bits, place| bits | sets[*place as usize][word])
                    };
                    any[word] |= through[word] | ahead(&may);
                    all[word] &= through[word] | ahead(&must);
                }
            }
            for word in 0..words {
                changed |= may[place][word] != any[word] || must[place][word] != all[word];
                may[place][word] = any[word];
                must[place][word] = all[word];
            }
        }
    }
    (may, must)
}
