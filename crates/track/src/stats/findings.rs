//! Deviations of a whole log from a model, by kind and step, with example cases.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::chart::{Chart, Ways};
use crate::conform::Aligner;
use crate::limits::FINDING_CASES_MAX;
use crate::log::{Activity, Case, Log};
use crate::machine::{Case as Tracked, FindingKind, State, judge};

/// What deviates, most frequent first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Deviations {
    /// Cases with at least one finding.
    pub cases: u64,
    pub findings: Vec<FindingCount>,
}

/// One kind of deviation at one step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FindingCount {
    pub kind: String,
    pub step: String,
    /// Id of its element, when the model has one.
    pub element: Option<String>,
    pub cases: u64,
    pub examples: Vec<String>,
    /// All of them, up to [`FINDING_CASES_MAX`].
    #[serde(default)]
    pub ids: Vec<String>,
}

const EXAMPLES: usize = 3;

/// A variant, and what the data rules out.
type Way = (u32, Vec<u32>);

/// Judges every case; cases of one variant together unless deadlines tell them apart.
/// `now_ms` says which deadlines of what is still waited for have passed; the aligner is one of
/// [`Chart::aligner`].
pub fn deviations(chart: &Chart, log: &Log, now_ms: i64, aligner: &mut Aligner) -> Deviations {
    let numbers = chart.numbers(log);
    let mut ways = Ways::new(chart, log, aligner);
    let mut by_variant: BTreeMap<Way, Vec<(FindingKind, u32)>> = BTreeMap::new();
    let mut counts: BTreeMap<(FindingKind, u32), (u64, Vec<String>)> = BTreeMap::new();
    let mut cases = 0;
    for case in &log.cases {
        let (closed, chart, aligner) = ways.of(case);
        let mut fresh = || found(chart, aligner, &numbers, case, now_ms);
        let kinds = match chart.deadlines.is_empty() && chart.case_deadline_ms.is_none() {
            true => by_variant.entry((case.variant, closed)).or_insert_with(&mut fresh).clone(),
            false => fresh(),
        };
        cases += u64::from(!kinds.is_empty());
        for kind in kinds {
            let (count, examples) = counts.entry(kind).or_default();
            *count += 1;
            if examples.len() < FINDING_CASES_MAX {
                examples.push(case.id.clone());
            }
        }
    }
    let known = chart.kinds.len();
    let name = |step: u32| match numbers.iter().position(|number| *number == step) {
        Some(activity) => log.activities[activity].clone(),
        None => chart.kind_name(step).to_owned(),
    };
    let mut findings: Vec<FindingCount> = counts
        .into_iter()
        .map(|((kind, step), (cases, ids))| FindingCount {
            kind: kind.name().to_owned(),
            step: if (step as usize) < known {
                chart.kind_name(step).to_owned()
            } else {
                name(step)
            },
            element: chart.element_of(step).map(|place| place.id.to_string()),
            cases,
            examples: ids.iter().take(EXAMPLES).cloned().collect(),
            ids,
        })
        .collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.cases));
    Deviations { cases, findings }
}

/// What deviates among the cases that are kept of a process, or of all.
pub fn kept(state: &State, process: Option<&str>) -> Deviations {
    let of = |case: &Tracked| process.is_none_or(|id| id == state.process_of(case.version));
    let mut counts: BTreeMap<(FindingKind, &str), FindingCount> = BTreeMap::new();
    let mut found = Deviations::default();
    for (_, case) in state.cases().filter(|(_, case)| of(case)) {
        found.cases += u64::from(!case.findings.is_empty());
        let kinds = case.findings.iter().map(|f| (f.kind, f.step));
        for (kind, step) in kinds.collect::<BTreeSet<_>>() {
            let name = state.kind_name(case.version, step);
            let count = counts.entry((kind, name)).or_insert_with(|| FindingCount {
                kind: kind.name().to_owned(),
                step: name.to_owned(),
                element: state.element_of(case.version, step).map(|id| id.to_string()),
                cases: 0,
                examples: Vec::new(),
                ids: Vec::new(),
            });
            count.cases += 1;
            if count.ids.len() < FINDING_CASES_MAX {
                count.ids.push(case.id.to_string());
            }
        }
    }
    found.findings = counts.into_values().collect();
    for finding in &mut found.findings {
        finding.examples = finding.ids.iter().take(EXAMPLES).cloned().collect();
    }
    found.findings.sort_by_key(|finding| std::cmp::Reverse(finding.cases));
    found
}

/// A case that may not end where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    pub case: String,
    pub last_step: String,
    pub last_ms: i64,
    /// Steps that can come next.
    pub expected: Vec<String>,
}

/// Cases that may not end where they are, the one that is quiet the longest first.
pub fn open(chart: &Chart, log: &Log, aligner: &mut Aligner) -> Vec<Open> {
    let numbers = chart.numbers(log);
    let mut ways = Ways::new(chart, log, aligner);
    let mut by_variant: BTreeMap<Way, Option<Vec<u32>>> = BTreeMap::new();
    let mut waiting = Vec::new();
    for case in &log.cases {
        let (closed, chart, aligner) = ways.of(case);
        let next = by_variant.entry((case.variant, closed)).or_insert_with(|| {
            let events = case.events.iter().map(|e| (e.time_ms, numbers[e.activity as usize]));
            let analysis = judge(chart, aligner, events, i64::MIN);
            (!analysis.may_end).then_some(analysis.next)
        });
        let (Some(next), Some(last)) = (next, case.events.last()) else { continue };
        waiting.push(Open {
            case: case.id.clone(),
            last_step: log.name(last.activity).to_owned(),
            last_ms: last.time_ms,
            expected: next.iter().map(|kind| chart.kind_name(*kind).to_owned()).collect(),
        });
    }
    waiting.sort_by(|a, b| (a.last_ms, &a.case).cmp(&(b.last_ms, &b.case)));
    waiting
}

/// Kinds and steps of a case's findings, each once.
fn found(
    chart: &Chart,
    aligner: &mut Aligner,
    numbers: &[Activity],
    case: &Case,
    now_ms: i64,
) -> Vec<(FindingKind, u32)> {
    let events = case.events.iter().map(|e| (e.time_ms, numbers[e.activity as usize]));
    let analysis = judge(chart, aligner, events, now_ms);
    let mut kinds: Vec<_> = analysis.findings.iter().map(|f| (f.kind, f.step)).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}
