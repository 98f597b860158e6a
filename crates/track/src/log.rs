//! An event log: cases as sequences of activities in event-time order, and what can be counted in
//! them. Order of arrival does not matter: a late event takes its place, and an event that comes
//! again (equal identity) replaces the earlier one.

mod counts;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

pub use counts::{Counts, Pair};

use crate::limits::{LOG_ACTIVITIES_MAX, LOG_EVENTS_MAX};
use crate::machine::{Said, Variables, said};
use crate::mapping::Observation;

/// Position of an activity in [`Log::activities`].
pub type Activity = u32;

/// Cases under construction.
#[derive(Debug, Default)]
pub struct LogBuilder {
    activities: Vec<String>,
    activity_index: HashMap<String, Activity>,
    cases: Vec<(String, Vec<Event>)>,
    case_index: HashMap<String, u32>,
    /// Where the event of an identity lies: case and sequence number.
    identities: HashMap<u128, (u32, u32)>,
    events: u32,
    /// Variables that are wanted of each case.
    reads: BTreeSet<Arc<str>>,
    variables: HashMap<u32, Variables>,
}

/// One event of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    pub time_ms: i64,
    /// Order of arrival: decides between equal times.
    pub sequence: u32,
    pub activity: Activity,
}

/// A finished log.
#[derive(Debug, Clone, Default)]
pub struct Log {
    /// Names, in alphabetical order.
    pub activities: Vec<String>,
    /// By the time of their first event, then by id.
    pub cases: Vec<Case>,
    /// Most frequent first, then by their activities.
    pub variants: Vec<Variant>,
}

/// One case.
#[derive(Debug, Clone)]
pub struct Case {
    pub id: String,
    /// In event-time order.
    pub events: Vec<Event>,
    /// Position in [`Log::variants`].
    pub variant: u32,
    /// Those that the log was built for, as JSON text of an object.
    pub variables: Option<Arc<str>>,
}

/// A sequence of activities and how many cases have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    pub trace: Box<[Activity]>,
    pub cases: u64,
}

/// A log has a bound that was met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Full(pub String);

impl std::fmt::Display for Full {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Full {}

impl LogBuilder {
    /// A log whose cases have these variables, by what their events said last.
    pub fn reading(reads: BTreeSet<Arc<str>>) -> LogBuilder {
        LogBuilder { reads, ..LogBuilder::default() }
    }

    /// Adds one event, or puts it in the place of the one with the same identity.
    ///
    /// # Errors
    /// When the log has no room for it; the log stays usable.
    pub fn observe(&mut self, event: &Observation) -> Result<(), Full> {
        let added = self.add(&event.case, &event.kind, event.time_ms)?;
        let said_by = event.identity.map_or(0, |hash| (hash as u64).max(1));
        if let Some(identity) = event.identity
            && let Some((case, sequence)) = self.identities.insert(identity, added)
        {
            self.cases[case as usize].1.retain(|event| event.sequence != sequence);
            if let Some(variables) = self.variables.get_mut(&case) {
                variables.unsay(said_by);
            }
        }
        if let Some(text) = said(&self.reads, event.variables.as_ref()) {
            let said = Said { time_ms: event.time_ms, identity: said_by, text };
            self.variables.entry(added.0).or_default().say(said);
        }
        Ok(())
    }

    /// Adds one event; answers its case and its sequence number.
    ///
    /// # Errors
    /// As [`LogBuilder::observe`].
    pub fn add(&mut self, case: &str, kind: &str, time_ms: i64) -> Result<(u32, u32), Full> {
        if self.events >= LOG_EVENTS_MAX {
            return Err(Full(format!(
                "expected at most {LOG_EVENTS_MAX} events, but the log has more"
            )));
        }
        let activity = match self.activity_index.get(kind) {
            Some(activity) => *activity,
            None => {
                if self.activities.len() >= LOG_ACTIVITIES_MAX {
                    return Err(Full(format!(
                        "expected at most {LOG_ACTIVITIES_MAX} event types, but there are more: \
                         is the type mapped to the right place?"
                    )));
                }
                let next = self.activities.len() as Activity;
                self.activities.push(kind.to_owned());
                self.activity_index.insert(kind.to_owned(), next);
                next
            }
        };
        let case_number = match self.case_index.get(case) {
            Some(case) => *case,
            None => {
                let next = self.cases.len() as u32;
                self.cases.push((case.to_owned(), Vec::new()));
                self.case_index.insert(case.to_owned(), next);
                next
            }
        };
        let sequence = self.events;
        self.events += 1;
        self.cases[case_number as usize].1.push(Event { time_ms, sequence, activity });
        Ok((case_number, sequence))
    }

    /// Sorts everything by what it is, so that the order of arrival leaves no mark.
    pub fn finish(self) -> Log {
        let mut order: Vec<usize> = (0..self.activities.len()).collect();
        order.sort_by(|a, b| self.activities[*a].cmp(&self.activities[*b]));
        let mut renamed = vec![0; order.len()];
        for (new, old) in order.iter().enumerate() {
            renamed[*old] = new as Activity;
        }
        let activities = order.iter().map(|old| self.activities[*old].clone()).collect();
        let mut variables = self.variables;
        let mut cases: Vec<Case> = (0..)
            .zip(self.cases)
            .filter(|(_, (_, events))| !events.is_empty())
            .map(|(number, (id, mut events))| {
                events.sort_by_key(|event| (event.time_ms, event.sequence));
                for event in &mut events {
                    event.activity = renamed[event.activity as usize];
                }
                let said = variables.remove(&number);
                let variables = said.and_then(|variables| variables.text().cloned());
                Case { id, events, variant: 0, variables }
            })
            .collect();
        cases.sort_by(|a, b| (a.events[0].time_ms, &a.id).cmp(&(b.events[0].time_ms, &b.id)));
        let variants = variants(&mut cases);
        Log { activities, cases, variants }
    }
}

fn variants(cases: &mut [Case]) -> Vec<Variant> {
    let mut index: HashMap<Box<[Activity]>, u32> = HashMap::new();
    let mut found: Vec<Variant> = Vec::new();
    for case in cases.iter_mut() {
        let trace: Box<[Activity]> = case.events.iter().map(|event| event.activity).collect();
        case.variant = *index.entry(trace).or_insert_with_key(|trace| {
            found.push(Variant { trace: trace.clone(), cases: 0 });
            found.len() as u32 - 1
        });
        found[case.variant as usize].cases += 1;
    }
    let mut order: Vec<usize> = (0..found.len()).collect();
    order.sort_by(|a, b| {
        let (a, b) = (&found[*a], &found[*b]);
        b.cases.cmp(&a.cases).then_with(|| a.trace.cmp(&b.trace))
    });
    let mut renamed = vec![0; order.len()];
    for (new, old) in order.iter().enumerate() {
        renamed[*old] = new as u32;
    }
    for case in cases {
        case.variant = renamed[case.variant as usize];
    }
    order.into_iter().map(|old| found[old].clone()).collect()
}

impl Log {
    pub fn name(&self, activity: Activity) -> &str {
        &self.activities[activity as usize]
    }

    pub fn events(&self) -> u64 {
        self.cases.iter().map(|case| case.events.len() as u64).sum()
    }

    /// Activities that one case has more than `times` times (S9): services that react to each
    /// other.
    pub fn loops(&self, times: u64) -> Vec<crate::traces::Loop> {
        let mut found = Vec::new();
        let mut seen = vec![0_u64; self.activities.len()];
        for case in self.cases.iter().filter(|case| case.events.len() as u64 > times) {
            seen.fill(0);
            for event in &case.events {
                seen[event.activity as usize] += 1;
            }
            let many = (0..).zip(&seen).filter(|(_, count)| **count > times);
            found.extend(many.map(|(activity, count)| crate::traces::Loop {
                trace: case.id.clone(),
                kind: self.name(activity).to_owned(),
                times: *count,
            }));
        }
        found
    }

    /// Without rare variants: the most frequent ones that together cover at least `share` (0 to 1)
    /// of the cases.
    pub fn frequent(&self, share: f64) -> &[Variant] {
        let total: u64 = self.variants.iter().map(|variant| variant.cases).sum();
        let mut covered = 0;
        let rare = self.variants.iter().position(|variant| {
            let enough = covered as f64 >= share * total as f64;
            covered += variant.cases;
            enough
        });
        &self.variants[..rare.unwrap_or(self.variants.len())]
    }

    /// Variants that end where cases do. An activity after which nearly all cases go on, all but
    /// fewer than `share` of them, is no end but where a case has stopped: a model that learned it
    /// as one would call every stuck case complete. A rare end after which nothing comes is one.
    pub fn ended(&self, share: f64) -> Vec<Variant> {
        let mut seen: HashMap<Activity, (u64, u64)> = HashMap::new();
        for variant in &self.variants {
            let activities: HashSet<Activity> = variant.trace.iter().copied().collect();
            for activity in activities {
                seen.entry(activity).or_default().0 += variant.cases;
            }
            if let Some(last) = variant.trace.last() {
                seen.entry(*last).or_default().1 += variant.cases;
            }
        }
        let is_end = |last: &Activity| {
            seen.get(last).is_some_and(|(cases, ends)| *ends as f64 >= share * *cases as f64)
        };
        let ended = |variant: &&Variant| variant.trace.last().is_some_and(is_end);
        self.variants.iter().filter(ended).cloned().collect()
    }
}
