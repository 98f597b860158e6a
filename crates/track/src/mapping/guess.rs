//! A first mapping from a sample: what looks like the type, the case, the time, and why.
//!
//! Names only nudge. What decides is how the values behave: a case id returns in several records,
//! whose types differ; a type has few values; an event id none twice; a time reads as one.

mod debezium;
mod names;
mod profile;

use std::collections::{BTreeSet, HashMap};

use names::{Role, weight};
use profile::{Column, Profile};

use super::expr::{Expr, Field, Step};
use super::time::{PATTERNS, TimeFormat, parse_time};
use super::{Identity, Mapping};
use crate::limits::SAMPLE_RECORDS_MAX;
use crate::source::{Item, Record};

/// A mapping with its reasons.
#[derive(Debug, Clone, PartialEq)]
pub struct Guess {
    pub mapping: Mapping,
    pub evidence: Vec<Evidence>,
    /// What the sample looks like: `CloudEvents 1.0`, `Debezium change events`, `XES`, `records`.
    pub layout: &'static str,
    pub records: usize,
}

/// Why a field was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// As `mapping.yaml` names it.
    pub field: &'static str,
    pub text: String,
}

/// Guesses from the first records of `sample`; bad items are passed over.
///
/// # Errors
/// When there are no records, or nothing in them can be the type or the case.
pub fn guess(sample: &[Item]) -> Result<Guess, String> {
    let records: Vec<&Record> = sample
        .iter()
        .filter_map(|item| match item {
            Item::Record(record) => Some(record),
            Item::Bad { .. } => None,
        })
        .take(SAMPLE_RECORDS_MAX)
        .collect();
    if records.is_empty() {
        return Err(format!("expected records to guess from, but there are none{}", bad(sample)));
    }
    if let Some(guess) = debezium::guess(&records) {
        return Ok(guess);
    }
    let profile = Profile::new(&records);
    let guess = Guesser { records: &records, profile: &profile, evidence: Vec::new() }.guess();
    guess.map_err(|reason| reason + &bad(sample))
}

/// How many of the sample are no records, and where and why the first is none.
fn bad(sample: &[Item]) -> String {
    let reasons = sample.iter().filter_map(|item| match item {
        Item::Bad { position, reason, .. } => Some((position.offset, reason)),
        Item::Record(_) => None,
    });
    let count = reasons.clone().count();
    let are = if count == 1 { "is" } else { "are" };
    reasons.take(1).fold(String::new(), |_, (at, reason)| {
        format!(" ({count} {are} bad; the first at position {at}: {reason})")
    })
}

const CLOUD_EVENTS: &str = "CloudEvents 1.0";

struct Guesser<'a> {
    records: &'a [&'a Record],
    profile: &'a Profile,
    evidence: Vec<Evidence>,
}

impl Guesser<'_> {
    fn guess(mut self) -> Result<Guess, String> {
        let layout = self.layout();
        let (time, time_format) = self.time();
        let (kind, case) = self.kind_and_case(layout, time)?;
        let mut mapping = Mapping::new(self.field(kind), self.field(case));
        mapping.time = time.map(|at| self.field(at));
        mapping.time_format = time_format;
        let named = if layout == CLOUD_EVENTS { self.cloud_event_id() } else { None };
        let id = named.or_else(|| self.event_id(case));
        mapping.sender = self.named(Role::Sender, "sender", &[Some(kind), Some(case), time]);
        let taken = [Some(kind), Some(case), time, id];
        mapping.correlation = self.named(Role::Correlation, "correlation", &taken);
        mapping.variables = self.variables();
        mapping.id = match id {
            Some(at) => Identity::Field(self.field(at)),
            None => self.content(time),
        };
        let evidence = self.evidence;
        Ok(Guess { mapping, evidence, layout, records: self.records.len() })
    }

    fn layout(&self) -> &'static str {
        let all = |names: &[&str]| {
            names.iter().all(|name| self.profile.at(name).is_some_and(|c| c.presence() > 0.9))
        };
        if all(&["$.specversion", "$.id", "$.source", "$.type"]) {
            CLOUD_EVENTS
        } else if all(&["$['concept:name']", "$['case:concept:name']"]) {
            "XES"
        } else {
            "flat records"
        }
    }

    fn field(&self, column: usize) -> Field {
        Field::new(self.profile.columns[column].expr.clone())
    }

    fn say(&mut self, field: &'static str, text: String) {
        self.evidence.push(Evidence { field, text });
    }

    /// The column whose values all read as times, the best named first.
    fn time(&mut self) -> (Option<usize>, TimeFormat) {
        let mut best: Option<(f64, usize, TimeFormat)> = None;
        for (at, column) in self.profile.columns.iter().enumerate() {
            let named = weight(Role::Time, &column.expr);
            // A bare count is a time only when its name says so, or its size does.
            let counted = column.numbers > 0 && named == 0.0;
            if column.presence() < 0.9 || (counted && !recent(column)) {
                continue;
            }
            let Some((format, share)) = time_format(column) else { continue };
            let variety = column.distinct() as f64 / column.present as f64;
            // Of equals the shallow one: an envelope's time is the event's.
            let depth = column.depth() as f64;
            let told = if counted { 0.1 } else { 0.2 + named };
            let score = share * told * (0.5 + 0.5 * variety) - 0.01 * depth;
            if best.as_ref().is_none_or(|(top, _, _)| score > *top) {
                best = Some((score, at, format));
            }
        }
        let Some((_, at, format)) = best else {
            self.say("time", "no column reads as a time: events happen when they arrive".into());
            return (None, TimeFormat::Standard);
        };
        let column = &self.profile.columns[at];
        let text = format!("{} read as times, e.g. {}", column.shown(), column.example());
        self.say("time", text);
        (Some(at), format)
    }

    /// Weighs pairs: a case id is what brings different types together.
    fn kind_and_case(
        &mut self,
        layout: &str,
        time: Option<usize>,
    ) -> Result<(usize, usize), String> {
        let times: Vec<bool> = self.profile.columns.iter().map(looks_like_time).collect();
        let usable = |at: usize| Some(at) != time && !times[at];
        let mut kinds: Vec<(f64, usize)> = (0..self.profile.columns.len())
            .filter(|at| usable(*at))
            .filter_map(|at| Some((kind_score(&self.profile.columns[at])?, at)))
            .collect();
        let known = match layout {
            CLOUD_EVENTS => "$.type",
            "XES" => "$['concept:name']",
            _ => "",
        };
        // An envelope may have one type for all, and what happened inside.
        if kinds.iter().any(|(_, at)| self.profile.is(*at, known)) {
            kinds.retain(|(_, at)| self.profile.is(*at, known));
        }
        kinds.sort_by(|a, b| b.0.total_cmp(&a.0));
        kinds.truncate(8);
        let mut best: Option<(f64, usize, usize, Grouping)> = None;
        for (kind_score, kind) in kinds {
            for case in (0..self.profile.columns.len()).filter(|at| usable(*at) && *at != kind) {
                let grouping = self.profile.grouping(kind, case);
                let named = weight(Role::Case, &self.profile.columns[case].expr);
                let Some(score) = grouping.score(named) else { continue };
                let score = score * kind_score;
                if best.as_ref().is_none_or(|(top, ..)| score > *top) {
                    best = Some((score, kind, case, grouping));
                }
            }
        }
        let Some((_, kind, case, grouping)) = best else {
            return Err(format!(
                "expected a type and a case id among {} columns of {} records, but no column \
                 brings records of different types together: write a mapping by hand",
                self.profile.columns.len(),
                self.records.len()
            ));
        };
        let column = &self.profile.columns[kind];
        let text = format!("{}, e.g. {}", column.shown(), column.example());
        self.say("type", text);
        let column = &self.profile.columns[case];
        let text = format!(
            "{}; {:.1} records and {:.1} types a case; e.g. {}",
            column.shown(),
            grouping.records as f64 / grouping.groups.max(1) as f64,
            grouping.kinds as f64 / grouping.groups.max(1) as f64,
            column.example()
        );
        self.say("case", text);
        Ok((kind, case))
    }

    /// The specification says that source and id name an event, also one that comes again with
    /// something else in it. Where nearly all events have one id nobody keeps to that.
    fn cloud_event_id(&mut self) -> Option<usize> {
        let columns = &self.profile.columns;
        let at = |name: &str| (0..columns.len()).find(|at| self.field(*at).to_string() == name);
        let (id, source) = (at("$.id")?, at("$.source")?);
        let pairs = columns[id].values.iter().zip(&columns[source].values);
        let names: BTreeSet<_> = pairs.collect();
        if names.len() * 2 <= self.records.len() {
            return None;
        }
        let column = &columns[id];
        let again = self.records.len() - names.len();
        let text = format!(
            "{}: with its source it names the event; {again} came again; e.g. {}",
            column.shown(),
            column.example()
        );
        self.say("id", text);
        Some(id)
    }

    /// A column without two equal values whose name says that it names the event.
    fn event_id(&mut self, case: usize) -> Option<usize> {
        let mut best: Option<(f64, usize)> = None;
        for (at, column) in self.profile.columns.iter().enumerate() {
            let named = weight(Role::Id, &column.expr);
            // Redelivered records share their id, so a few equal values are no counter-example.
            let unique = column.distinct() * 2 > column.present && !self.splits_case(at, case);
            if at == case || named == 0.0 || column.presence() < 1.0 || !unique {
                continue;
            }
            let score = named * column.distinct() as f64 / column.present as f64;
            let score = score - 0.01 * column.depth() as f64;
            if best.is_none_or(|(top, _)| score > top) {
                best = Some((score, at));
            }
        }
        let (_, at) = best?;
        let column = &self.profile.columns[at];
        let text =
            format!("{}: no two events share one; e.g. {}", column.shown(), column.example());
        self.say("id", text);
        Some(at)
    }

    /// Whether records that share a value of `column` have different types or cases: then it does
    /// not name one event.
    fn splits_case(&self, column: usize, case: usize) -> bool {
        let mut first: HashMap<u32, &Record> = HashMap::new();
        for (i, record) in self.records.iter().enumerate() {
            let Some(value) = self.profile.columns[column].values[i] else { continue };
            let other = first.entry(value).or_insert(record);
            let same = self.profile.columns[case].expr.same(other, record);
            if !same || other.value != record.value {
                return true;
            }
        }
        false
    }

    fn content(&mut self, time: Option<usize>) -> Identity {
        let Some(at) = time else { return Identity::Position };
        let column = &self.profile.columns[at];
        let whole_days = column.texts.iter().all(|(text, _)| {
            parse_time(&serde_json::Value::String(text.clone()), &TimeFormat::Standard)
                .is_ok_and(|ms| ms % 3_600_000 == 0)
        });
        if whole_days && column.distinct() > 3 {
            self.say(
                "id",
                "no event ids and coarse times: equal records are separate events".into(),
            );
            return Identity::Position;
        }
        self.say("id", "no event ids: a record with equal content is the same event again".into());
        Identity::Content
    }

    fn named(&mut self, role: Role, field: &'static str, taken: &[Option<usize>]) -> Option<Field> {
        let columns = self.profile.columns.iter().enumerate();
        let best = columns
            .filter(|(at, column)| !taken.contains(&Some(*at)) && column.presence() > 0.2)
            .map(|(at, column)| (weight(role, &column.expr) * column.presence(), at))
            .filter(|(score, _)| *score > 0.0)
            .max_by(|a, b| a.0.total_cmp(&b.0))?;
        let column = &self.profile.columns[best.1];
        let text = format!("named so; {}, e.g. {}", column.shown(), column.example());
        self.say(field, text);
        Some(self.field(best.1))
    }

    /// The object that carries the business data, else the whole record.
    fn variables(&mut self) -> Option<Field> {
        let objects = self.profile.objects.iter();
        let best = objects
            .map(|(steps, count)| {
                (weight(Role::Variables, &Expr::Place(steps.clone())), count, steps)
            })
            .filter(|(named, count, _)| *named > 0.0 && **count * 5 >= self.records.len())
            .max_by(|a, b| {
                (a.0, a.1).partial_cmp(&(b.0, b.1)).unwrap_or(std::cmp::Ordering::Equal)
            });
        let Some((_, count, steps)) = best else {
            self.say("variables", "no object of its own: the whole record".into());
            return Some(Field::new(Expr::Place(Vec::new())));
        };
        let text = format!("an object in {count} of {} records", self.records.len());
        let field = Field::new(Expr::Place(steps.clone()));
        self.say("variables", text);
        Some(field)
    }
}

/// How records fall into groups by a candidate for the case id.
#[derive(Debug, Clone, Copy, Default)]
struct Grouping {
    groups: usize,
    /// Records with both values, and how many lie in a group with two types at least.
    records: usize,
    mixed: usize,
    /// Types of each group, summed.
    kinds: usize,
    all: usize,
}

impl Grouping {
    /// `None` when it cannot be a case id. 1 at best for a column whose name says nothing.
    fn score(&self, named: f64) -> Option<f64> {
        if self.mixed == 0 || (self.groups == 1 && named == 0.0) {
            return None;
        }
        let presence = self.records as f64 / self.all as f64;
        let spread = self.mixed as f64 / self.records as f64;
        let diversity = self.kinds as f64 / self.records as f64;
        let types = self.kinds as f64 / self.groups as f64;
        let score = presence.powi(3) * spread * diversity.sqrt() * (1.0 - 0.8 / types);
        Some(score * (1.0 + named))
    }
}

/// How much a column is like an event type; `None` when it cannot be one.
fn kind_score(column: &Column) -> Option<f64> {
    let named = weight(Role::Kind, &column.expr);
    let (distinct, present) = (column.distinct(), column.present);
    let many = distinct > 300 || (present >= 20 && distinct * 2 > present);
    if distinct < 2 || many || column.presence() < 0.8 {
        return None;
    }
    let textual = 1.0 - 0.7 * column.numbers as f64 / present as f64;
    // Types return more often than anything else that groups records does.
    let returns = 1.0 - distinct as f64 / present as f64;
    Some(column.presence() * textual * returns * (0.3 + named))
}

/// Whether a column counts milli-, micro- or nanoseconds between 2001 and 2038, nearly always
/// others; a number of ten digits is as often a telephone.
fn recent(column: &Column) -> bool {
    let varied = column.distinct() * 2 > column.present;
    varied
        && column.texts.iter().all(|(text, _)| {
            let Ok(count) = text.parse::<f64>() else { return false };
            [1e3, 1e6, 1e9].iter().any(|unit| (1e9 * unit..2.145e9 * unit).contains(&count))
        })
}

/// The format that reads (nearly) every value, and the share that it reads.
fn time_format(column: &Column) -> Option<(TimeFormat, f64)> {
    let patterns = PATTERNS.iter().map(|p| TimeFormat::Pattern((*p).to_owned()));
    let formats = std::iter::once(TimeFormat::Standard).chain(patterns);
    for format in formats {
        let read = column.texts.iter().filter(|(text, number)| {
            let value = match number {
                true => serde_json::from_str(text).unwrap_or(serde_json::Value::Null),
                false => serde_json::Value::String(text.clone()),
            };
            parse_time(&value, &format).is_ok_and(|ms| ms > 300_000_000_000 || !number)
        });
        let share = read.count() as f64 / column.texts.len().max(1) as f64;
        if share > 0.95 {
            return Some((format, share));
        }
    }
    None
}

fn looks_like_time(column: &Column) -> bool {
    column.numbers == 0 && time_format(column).is_some()
}

impl Expr {
    fn same(&self, a: &Record, b: &Record) -> bool {
        let field = Field::new(self.clone());
        field.text(a) == field.text(b)
    }
}

/// The last member that an expression names.
fn last_name(expr: &Expr) -> &str {
    match expr {
        Expr::Place(steps) => steps
            .iter()
            .rev()
            .find_map(|step| match step {
                Step::Member(name) => Some(name.as_str()),
                Step::Index(_) => None,
            })
            .unwrap_or_default(),
        Expr::Header(name) => name,
        Expr::Path { .. } | Expr::Feel(_) | Expr::Template(_) => "",
    }
}

#[cfg(test)]
mod tests;
