//! Cases and alerts as rows: what the command line and the API show.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::limits::ROWS_MAX;
use crate::machine::{Case, CaseKey, CaseStatus, Raised, State};
use crate::stats::Open;

/// One case.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CaseRow {
    /// Cases are numbered as they come; a page goes on behind the number of its last row.
    pub number: u64,
    pub process: String,
    pub case: String,
    pub status: &'static str,
    /// When the status began.
    pub since_ms: i64,
    pub events: u64,
    /// Event time of the first and the last event that are kept.
    pub first_ms: Option<i64>,
    pub last_ms: Option<i64>,
    pub last_step: Option<String>,
    /// Types that can come next.
    pub expected: Vec<String>,
    /// Elements with a deadline that is running, and when it is over.
    pub deadlines: Vec<i64>,
    pub findings: Vec<FindingRow>,
    /// What the model reads of its payload, for gateways and for messages; an object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variables: Option<serde_json::Value>,
    /// Why its events wait, or waited in vain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// One finding of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FindingRow {
    pub kind: &'static str,
    pub step: String,
    /// What could have come instead.
    pub expected: Vec<String>,
    pub at_ms: i64,
}

/// One alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertRow {
    pub number: u64,
    pub process: String,
    pub case: String,
    pub name: String,
    pub element: String,
    pub due_ms: i64,
    pub raised_ms: i64,
    /// A message, not only a record.
    pub message: bool,
    pub delivered: bool,
}

/// Which cases are wanted.
#[derive(Debug, Clone, Default)]
pub struct WantedCases {
    pub process: Option<String>,
    pub case: Option<String>,
    /// Part of its id; ASCII letters in any case.
    pub like: Option<String>,
    pub status: Option<CaseStatus>,
    /// Only cases with findings.
    pub deviating: bool,
    /// Only cases behind the one of this number.
    pub after: Option<u64>,
    /// At most so many; [`ROWS_MAX`] at any rate.
    pub limit: Option<usize>,
}

impl CaseStatus {
    pub fn name(self) -> &'static str {
        match self {
            CaseStatus::Early => "early",
            CaseStatus::Open => "open",
            CaseStatus::Stuck => "stuck",
            CaseStatus::Resting => "resting",
            CaseStatus::Completed => "completed",
            CaseStatus::Expired => "expired",
        }
    }

    /// The status of this name.
    ///
    /// # Errors
    /// "expected …, but …" when there is none.
    pub fn named(name: &str) -> Result<CaseStatus, String> {
        const ALL: [CaseStatus; 6] = [
            CaseStatus::Early,
            CaseStatus::Open,
            CaseStatus::Stuck,
            CaseStatus::Resting,
            CaseStatus::Completed,
            CaseStatus::Expired,
        ];
        let found = ALL.into_iter().find(|status| status.name() == name);
        found.ok_or_else(|| {
            let names = ALL.map(CaseStatus::name).join(", ");
            format!("expected a status, one of {names}, but got {name:?}")
        })
    }
}

/// The wanted cases, oldest first.
pub fn cases(state: &State, wanted: &WantedCases) -> Vec<CaseRow> {
    let limit = wanted.limit.unwrap_or(ROWS_MAX).min(ROWS_MAX);
    let behind = |key: &CaseKey| wanted.after.is_none_or(|after| *key > after);
    let found = these(state, wanted).filter(|(key, _)| behind(key)).take(limit);
    found.map(|(key, case)| case_row(state, key, case)).collect()
}

/// How many cases are wanted, on whatever page.
pub fn total(state: &State, wanted: &WantedCases) -> u64 {
    these(state, wanted).count() as u64
}

fn these<'s>(state: &'s State, wanted: &WantedCases) -> impl Iterator<Item = (CaseKey, &'s Case)> {
    let is = |wanted: &Option<String>, have: &str| wanted.as_deref().is_none_or(|w| w == have);
    let like = wanted.like.as_deref().map(str::to_ascii_lowercase);
    let fits = move |have: &str| {
        like.as_deref().is_none_or(|like| have.to_ascii_lowercase().contains(like))
    };
    let takes = move |case: &Case| {
        is(&wanted.process, state.process_of(case.version))
            && is(&wanted.case, &case.id)
            && fits(&case.id)
            && wanted.status.is_none_or(|status| status == case.status)
            && (!wanted.deviating || !case.findings.is_empty())
    };
    // By its id a case is found at once.
    let only = wanted.process.as_deref().zip(wanted.case.as_deref());
    let found = only.map(|(process, id)| state.find(process, id));
    let all = found.is_none().then(|| state.cases());
    found.flatten().into_iter().chain(all.into_iter().flatten()).filter(move |(_, c)| takes(c))
}

/// How many cases there are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CaseCounts {
    pub cases: u64,
    /// Those with findings.
    pub deviating: u64,
    pub by_status: BTreeMap<&'static str, u64>,
}

/// Counts all cases of a process, or of all.
pub fn counts(state: &State, process: Option<&str>) -> CaseCounts {
    let mut counts = CaseCounts::default();
    let of = |case: &Case| process.is_none_or(|id| id == state.process_of(case.version));
    for (_, case) in state.cases().filter(|(_, case)| of(case)) {
        counts.cases += 1;
        counts.deviating += u64::from(!case.findings.is_empty());
        *counts.by_status.entry(case.status.name()).or_default() += 1;
    }
    counts
}

/// Cases that may not end where they are, the one that is quiet the longest first.
pub fn open(state: &State) -> Vec<Open> {
    let waits = |case: &Case| matches!(case.status, CaseStatus::Open | CaseStatus::Stuck);
    let mut waiting: Vec<(i64, CaseKey, &Case)> = state
        .cases()
        .filter(|(_, case)| waits(case))
        .filter_map(|(key, case)| Some((case.events.last()?.time_ms, key, case)))
        .collect();
    waiting.sort_by(|a, b| (a.0, &a.2.id).cmp(&(b.0, &b.2.id)));
    let rows = waiting.into_iter().map(|(last_ms, key, case)| {
        let CaseRow { case, last_step, expected, .. } = case_row(state, key, case);
        Open { case, last_step: last_step.unwrap_or_default(), last_ms, expected }
    });
    rows.collect()
}

fn case_row(state: &State, key: CaseKey, case: &Case) -> CaseRow {
    let kind = |kind: &u32| state.kind_name(case.version, *kind).to_owned();
    let expected = state.analyse(key).map(|analysis| analysis.next).unwrap_or_default();
    let mut deadlines: Vec<i64> = case.deadlines.iter().map(|due| due.due_ms).collect();
    deadlines.sort_unstable();
    CaseRow {
        number: key,
        process: state.process_of(case.version).to_owned(),
        case: case.id.to_string(),
        status: case.status.name(),
        since_ms: case.status_since_ms,
        events: case.steps(),
        first_ms: case.first().map(|event| event.time_ms),
        last_ms: case.events.last().map(|event| event.time_ms),
        last_step: case.events.last().map(|event| kind(&event.kind)),
        expected: expected.iter().map(kind).collect(),
        deadlines,
        findings: case
            .findings
            .iter()
            .map(|finding| FindingRow {
                kind: finding.kind.name(),
                step: kind(&finding.step),
                expected: finding.expected.iter().map(kind).collect(),
                at_ms: finding.at_ms,
            })
            .collect(),
        variables: case.variables.text().and_then(|text| serde_json::from_str(text).ok()),
        reason: reason(state, case),
    }
}

fn reason(state: &State, case: &Case) -> Option<String> {
    let waits = match case.status {
        CaseStatus::Early => "has not come yet",
        CaseStatus::Expired => "did not come",
        CaseStatus::Open | CaseStatus::Stuck | CaseStatus::Resting | CaseStatus::Completed => {
            return None;
        }
    };
    let until = jiff::Timestamp::from_millisecond(case.until_ms).ok();
    let until = until.map_or_else(String::new, |time| format!(" until {time}"));
    let opening = state.opening(case.version).join(" or ");
    Some(format!("expected {opening} to open the case{until}, but it {waits}"))
}

/// All alerts that are kept, oldest first.
pub fn alerts(state: &State) -> Vec<AlertRow> {
    state.alerts().map(|(number, raised)| alert_row(number, raised)).collect()
}

/// One alert as a row.
pub fn alert_row(number: u64, raised: &Raised) -> AlertRow {
    let alert = &raised.alert;
    AlertRow {
        number,
        process: alert.process.to_string(),
        case: alert.case.to_string(),
        name: alert.name.to_string(),
        element: alert.element.to_string(),
        due_ms: alert.due_ms,
        raised_ms: alert.raised_ms,
        message: alert.send,
        delivered: raised.delivered,
    }
}
