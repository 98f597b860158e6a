//! An index over the rules of a decision table.
//!
//! A cell that accepts known values or ranges covers some segments of the ordered line of its
//! type: single points, and the gaps between them. For each column and segment the index lists
//! the rules that may match there. A lookup takes the column with the fewest such rules, and only
//! those are tried; what a cell accepts otherwise is always tried.

use crate::model::{Cell, TableRule};
use feel::Shape;
use std::sync::Arc;
use value::{Date, Number, Range, Value};

/// Rules below which trying all of them is faster.
const RULES_MIN: usize = 12;

/// Entries in the lists of one column for each rule. Ranges that overlap much would fill memory
/// with lists of nearly all rules; such a column is not indexed.
const ENTRIES_PER_RULE_MAX: usize = 24;

/// A value that has a place on a line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Bool(bool),
    Number(Number),
    String(Arc<str>),
    Date(Date),
}

impl Key {
    fn of(value: &Value) -> Option<Key> {
        match value {
            Value::Bool(truth) => Some(Key::Bool(*truth)),
            Value::Number(number) => Some(Key::Number(number.clone())),
            Value::String(text) => Some(Key::String(text.clone())),
            Value::Date(date) => Some(Key::Date(*date)),
            _ => None,
        }
    }

    fn line(&self) -> usize {
        match self {
            Key::Bool(_) => 0,
            Key::Number(_) => 1,
            Key::String(_) => 2,
            Key::Date(_) => 3,
        }
    }
}

const LINES: usize = 4;

#[derive(Default)]
pub(crate) struct RuleIndex {
    columns: Vec<Column>,
}

struct Column {
    number: usize,
    /// Rules that are always tried.
    always: Vec<u32>,
    lines: [Line; LINES],
}

/// The segments of one type's line: segment `2n` is the gap before point `n`, `2n + 1` the point.
#[derive(Default)]
struct Line {
    points: Vec<Key>,
    segments: Vec<Vec<u32>>,
}

impl Line {
    fn segment(&self, key: &Key) -> usize {
        match self.points.binary_search(key) {
            Ok(at) => 2 * at + 1,
            Err(at) => 2 * at,
        }
    }
}

/// What a cell covers: ranges of keys on one line each.
struct Covered {
    rule: u32,
    line: usize,
    start: Option<(Key, bool)>,
    end: Option<(Key, bool)>,
}

impl RuleIndex {
    pub(crate) fn new(rules: &[TableRule], columns: usize) -> RuleIndex {
        if rules.len() < RULES_MIN {
            return RuleIndex::default();
        }
        let columns = (0..columns).filter_map(|number| Column::new(rules, number));
        RuleIndex { columns: columns.collect() }
    }

    /// The rules that may match, in order; `None` if all of them may.
    pub(crate) fn candidates(&self, inputs: &[Value]) -> Option<Vec<u32>> {
        let lists = self.columns.iter().map(|column| column.lists(&inputs[column.number]));
        let (always, found) = lists.min_by_key(|(always, found)| always.len() + found.len())?;
        let mut candidates = [always, found].concat();
        candidates.sort_unstable();
        candidates.dedup();
        Some(candidates)
    }
}

impl Column {
    fn new(rules: &[TableRule], number: usize) -> Option<Column> {
        let mut always = Vec::new();
        let mut covered = Vec::new();
        for (at, rule) in rules.iter().enumerate() {
            let ranges = rule.tests.get(number).and_then(|cell| cover(cell, at as u32));
            match ranges {
                Some(mut ranges) => covered.append(&mut ranges),
                None => always.push(at as u32),
            }
        }
        if always.len() * 2 > rules.len() {
            return None;
        }
        let mut column = Column { number, always, lines: Default::default() };
        for own in &covered {
            let keys = own.start.iter().chain(&own.end).map(|(key, _)| key.clone());
            column.lines[own.line].points.extend(keys);
        }
        for line in &mut column.lines {
            line.points.sort_unstable();
            line.points.dedup();
            line.segments = vec![Vec::new(); 2 * line.points.len() + 1];
        }
        let mut left = rules.len() * ENTRIES_PER_RULE_MAX;
        for own in &covered {
            let line = &mut column.lines[own.line];
            let first = own
                .start
                .as_ref()
                .map_or(0, |(key, included)| line.segment(key) + usize::from(!included));
            let last = own.end.as_ref().map_or(line.segments.len() - 1, |(key, included)| {
                line.segment(key) - usize::from(!included)
            });
            if last < first {
                continue;
            }
            left = left.checked_sub(last - first + 1)?;
            for segment in &mut line.segments[first..=last] {
                if segment.last() != Some(&own.rule) {
                    segment.push(own.rule);
                }
            }
        }
        Some(column)
    }

    fn lists(&self, input: &Value) -> (&[u32], &[u32]) {
        let found = Key::of(input).map_or(&[][..], |key| {
            let line = &self.lines[key.line()];
            &line.segments[line.segment(&key)]
        });
        (&self.always, found)
    }
}

/// What a cell covers; `None` if the rule is to be tried for every input.
fn cover(cell: &Cell, rule: u32) -> Option<Vec<Covered>> {
    let Cell::Tests { shape, .. } = cell else { return None };
    match shape {
        Shape::Any | Shape::Open => None,
        Shape::Values(values) => values
            .iter()
            .map(|value| {
                let key = Key::of(value)?;
                let end = Some((key.clone(), true));
                Some(Covered { rule, line: key.line(), start: end.clone(), end })
            })
            .collect(),
        Shape::Ranges(ranges) => ranges.iter().map(|range| cover_range(range, rule)).collect(),
    }
}

fn cover_range(range: &Range, rule: u32) -> Option<Covered> {
    let end = |value: &Option<Value>, included: bool| match value {
        Some(value) => Key::of(value).map(|key| Some((key, included))),
        None => Some(None),
    };
    let start = end(&range.start, range.start_included)?;
    let end = end(&range.end, range.end_included)?;
    let line = start.as_ref().or(end.as_ref()).map(|(key, _)| key.line())?;
    let one_line = end.as_ref().is_none_or(|(key, _)| key.line() == line);
    // A range of booleans accepts nothing; the evaluator says so.
    (one_line && line > 0).then_some(Covered { rule, line, start, end })
}

#[cfg(test)]
mod tests {
    use super::RuleIndex;
    use crate::model::{Cell, TableRule};
    use feel::{Dialect, Scope, compile_tests};
    use std::sync::Arc;
    use value::Value;

    fn rules(cells: &[&str]) -> Vec<TableRule> {
        let scope = Arc::new(Scope::new(Dialect::Camunda));
        let rule = |text: &&str| {
            let tests = compile_tests(text, &scope).expect("a test");
            let shape = tests.shape();
            let tests = vec![Cell::Tests { tests, shape }];
            TableRule { id: "".into(), tests, outputs: Vec::new() }
        };
        cells.iter().map(rule).collect()
    }

    #[test]
    fn only_rules_that_may_match_are_tried() {
        let cells = [
            "\"a\"",
            "\"b\", \"c\"",
            "\"c\"",
            "< 10",
            "[5..7)",
            "7",
            "(7..9]",
            "> 9",
            "-",
            "> limit",
            "true",
            "@\"2024-01-01\"",
            "not(\"a\")",
        ];
        let index = RuleIndex::new(&rules(&cells), 1);
        let tried = |value: Value| {
            let found = index.candidates(&[value]).expect("an index");
            found.into_iter().map(|at| cells[at as usize]).collect::<Vec<_>>().join(" | ")
        };
        let always = "- | > limit";
        assert_eq!(tried("c".into()), format!("\"b\", \"c\" | \"c\" | {always} | not(\"a\")"));
        assert_eq!(tried("zz".into()), format!("{always} | not(\"a\")"));
        assert_eq!(tried(5.into()), format!("< 10 | [5..7) | {always} | not(\"a\")"));
        assert_eq!(tried(7.into()), format!("< 10 | 7 | {always} | not(\"a\")"));
        assert_eq!(tried(9.into()), format!("< 10 | (7..9] | {always} | not(\"a\")"));
        assert_eq!(tried(10.into()), format!("> 9 | {always} | not(\"a\")"));
        assert_eq!(tried(true.into()), format!("{always} | true | not(\"a\")"));
        assert_eq!(tried(Value::Null), format!("{always} | not(\"a\")"));
    }
}
