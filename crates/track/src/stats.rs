//! Figures about a log: durations, throughput, variants, the slowest transitions, breaches. Exact:
//! percentiles are values of the log (nearest rank), not estimates. The same numbers go into JSON,
//! CSV and the picture.

mod csv;
mod findings;
mod times;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::log::{Activity, Log};

pub use csv::csv;
pub use findings::{Deviations, FindingCount, Open, deviations, kept, open};
pub use times::{Spread, Times};

/// A target for whole cases, as a user says it.
///
/// # Errors
/// "expected …, but …" when it is no duration, or no time at all.
pub fn target_ms(text: &str) -> Result<i64, String> {
    match crate::mapping::duration_ms(text)? {
        ..=0 => Err(format!("expected a time longer than none, but there is {text:?}")),
        within_ms => Ok(within_ms),
    }
}

/// Everything that is said about a log.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Stats {
    pub cases: u64,
    pub events: u64,
    pub variants: u64,
    /// Event time of the first and the last event, in ms since 1970.
    pub first_ms: i64,
    pub last_ms: i64,
    /// Cases begun a day over the period.
    pub cases_per_day: f64,
    /// From the first to the last event of a case.
    pub duration: Times,
    /// By step, in alphabetical order.
    pub steps: BTreeMap<String, StepStats>,
    /// By pair of steps, the most frequent first.
    pub transitions: Vec<TransitionStats>,
    /// The five most frequent.
    pub top_variants: Vec<VariantStats>,
    /// The three with the longest median, of those that at least one case in a hundred took.
    pub slowest: Vec<TransitionStats>,
    pub target: Option<Target>,
}

/// One step.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StepStats {
    pub events: u64,
    pub cases: u64,
    /// Since the event before it in its case; the first event of a case waits for nothing.
    pub waited: Times,
}

/// One step directly after another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TransitionStats {
    pub from: String,
    pub to: String,
    pub time: Times,
}

/// One sequence of steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VariantStats {
    pub steps: Vec<String>,
    pub cases: u64,
    pub share: f64,
    pub duration: Times,
}

/// A promise about whole cases: p95 of their durations within a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Target {
    pub within_ms: i64,
    pub p95_ms: i64,
    pub kept: bool,
    /// Cases that took longer.
    pub breaches: u64,
    /// How much of the allowance of one case in twenty is used: 1 is all of it.
    pub allowance_used: f64,
    /// Up to five cases, the longest first.
    pub examples: Vec<String>,
}

const MS_PER_DAY: f64 = 86_400_000.0;

impl Stats {
    /// Counts and measures once; `target_ms` is the promise about whole cases.
    pub fn new(log: &Log, target_ms: Option<i64>) -> Stats {
        let mut stats = Stats {
            cases: log.cases.len() as u64,
            events: log.events(),
            variants: log.variants.len() as u64,
            ..Stats::default()
        };
        let times = || log.cases.iter().flat_map(|case| case.events.iter().map(|e| e.time_ms));
        stats.first_ms = times().min().unwrap_or(0);
        stats.last_ms = times().max().unwrap_or(0);
        let days = (stats.last_ms - stats.first_ms) as f64 / MS_PER_DAY;
        stats.cases_per_day = stats.cases as f64 / days.max(1.0 / 24.0);
        stats.duration = log.cases.iter().map(duration).collect();
        stats.steps = steps(log);
        stats.transitions = transitions(log);
        stats.top_variants = top_variants(log);
        stats.slowest = slowest(&stats.transitions, stats.cases);
        stats.target = target_ms.map(|within_ms| target(log, within_ms, &stats.duration));
        stats
    }
}

fn duration(case: &crate::log::Case) -> i64 {
    match (case.events.first(), case.events.last()) {
        (Some(first), Some(last)) => last.time_ms - first.time_ms,
        _ => 0,
    }
}

fn steps(log: &Log) -> BTreeMap<String, StepStats> {
    let mut found: Vec<StepStats> = vec![StepStats::default(); log.activities.len()];
    let mut last_case = vec![usize::MAX; log.activities.len()];
    for (number, case) in log.cases.iter().enumerate() {
        let mut previous = None;
        for event in &case.events {
            let step = &mut found[event.activity as usize];
            step.events += 1;
            let seen = &mut last_case[event.activity as usize];
            step.cases += u64::from(std::mem::replace(seen, number) != number);
            if let Some(before) = previous.replace(event.time_ms) {
                step.waited.push(event.time_ms - before);
            }
        }
    }
    found.iter_mut().for_each(|step| step.waited.sort());
    let named = found.into_iter().zip(&log.activities);
    named.map(|(step, name)| (name.clone(), step)).filter(|(_, s)| s.events > 0).collect()
}

fn transitions(log: &Log) -> Vec<TransitionStats> {
    let mut found: BTreeMap<(Activity, Activity), Times> = BTreeMap::new();
    for case in &log.cases {
        for pair in case.events.windows(2) {
            let time = pair[1].time_ms - pair[0].time_ms;
            found.entry((pair[0].activity, pair[1].activity)).or_default().push(time);
        }
    }
    let mut transitions: Vec<TransitionStats> = found
        .into_iter()
        .map(|((from, to), mut time)| {
            time.sort();
            let (from, to) = (log.name(from).to_owned(), log.name(to).to_owned());
            TransitionStats { from, to, time }
        })
        .collect();
    transitions.sort_by_key(|transition| std::cmp::Reverse(transition.time.len()));
    transitions
}

fn top_variants(log: &Log) -> Vec<VariantStats> {
    let total = log.cases.len().max(1) as f64;
    let described = |(number, variant): (u32, &crate::log::Variant)| VariantStats {
        steps: variant.trace.iter().map(|activity| log.name(*activity).to_owned()).collect(),
        cases: variant.cases,
        share: variant.cases as f64 / total,
        duration: log.cases.iter().filter(|c| c.variant == number).map(duration).collect(),
    };
    (0..).zip(&log.variants).take(5).map(described).collect()
}

fn slowest(transitions: &[TransitionStats], cases: u64) -> Vec<TransitionStats> {
    let often = |t: &&TransitionStats| t.time.len() as u64 * 100 >= cases;
    let mut slowest: Vec<&TransitionStats> = transitions.iter().filter(often).collect();
    slowest.sort_by_key(|t| {
        let spread = t.time.spread();
        std::cmp::Reverse((spread.p50_ms, spread.p95_ms))
    });
    slowest.into_iter().take(3).cloned().collect()
}

fn target(log: &Log, within_ms: i64, durations: &Times) -> Target {
    let breaches = durations.above(within_ms) as u64;
    let p95_ms = durations.spread().p95_ms;
    let allowed = log.cases.len() as f64 * 0.05;
    let mut late: Vec<_> = log.cases.iter().filter(|case| duration(case) > within_ms).collect();
    late.sort_by_key(|case| std::cmp::Reverse(duration(case)));
    Target {
        within_ms,
        p95_ms,
        kept: p95_ms <= within_ms,
        breaches,
        allowance_used: if allowed > 0.0 { breaches as f64 / allowed } else { 0.0 },
        examples: late.into_iter().take(5).map(|case| case.id.clone()).collect(),
    }
}

#[cfg(test)]
mod tests;
