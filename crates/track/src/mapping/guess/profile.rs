//! What the sample looks like, column by column; a column is a place that holds scalars.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;

use super::super::expr::{Expr, Step, text};
use super::Grouping;
use crate::limits::{SAMPLE_DEPTH_MAX, SAMPLE_PATHS_MAX, TEXT_BYTES_MAX};
use crate::source::Record;

/// A place and its values.
pub(super) struct Column {
    pub expr: Expr,
    /// For each record the number of its value in `texts`.
    pub values: Vec<Option<u32>>,
    /// Distinct values; whether each was a JSON number.
    pub texts: Vec<(String, bool)>,
    ids: HashMap<String, u32>,
    pub present: usize,
    pub numbers: usize,
}

/// All columns, first seen first.
pub(super) struct Profile {
    pub columns: Vec<Column>,
    /// Places that hold objects, and in how many records.
    pub objects: BTreeMap<Vec<Step>, usize>,
    index: HashMap<String, usize>,
    records: usize,
}

impl Column {
    fn new(expr: Expr, records: usize) -> Column {
        Column {
            expr,
            values: vec![None; records],
            texts: Vec::new(),
            ids: HashMap::new(),
            present: 0,
            numbers: 0,
        }
    }

    fn put(&mut self, at: usize, value: String, number: bool) {
        if self.values[at].is_some() {
            return;
        }
        let next = self.texts.len() as u32;
        let id = *self.ids.entry(value.clone()).or_insert(next);
        if id == next {
            self.texts.push((value, number));
        }
        self.values[at] = Some(id);
        self.present += 1;
        self.numbers += usize::from(number);
    }

    pub(super) fn presence(&self) -> f64 {
        self.present as f64 / self.values.len().max(1) as f64
    }

    pub(super) fn distinct(&self) -> usize {
        self.texts.len()
    }

    pub(super) fn depth(&self) -> usize {
        match &self.expr {
            Expr::Place(steps) => steps.len(),
            Expr::Header(_) | Expr::Path { .. } | Expr::Feel(_) | Expr::Template(_) => 1,
        }
    }

    /// `5 values in 1000 of 1000 records`.
    pub(super) fn shown(&self) -> String {
        let all = self.values.len();
        format!("{} values in {} of {all} records", self.distinct(), self.present)
    }

    /// Up to three values, shortened.
    pub(super) fn example(&self) -> String {
        let short = |text: &String| match text.char_indices().nth(40) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text.clone(),
        };
        let values: Vec<_> = self.texts.iter().take(3).map(|(text, _)| short(text)).collect();
        values.join(", ")
    }
}

impl Profile {
    pub(super) fn new(records: &[&Record]) -> Profile {
        let mut profile = Profile {
            columns: Vec::new(),
            objects: BTreeMap::new(),
            index: HashMap::new(),
            records: records.len(),
        };
        for (at, record) in records.iter().enumerate() {
            for (name, value) in &record.headers {
                let expr = Expr::Header(name.to_ascii_lowercase());
                profile.put(expr, at, value.clone(), false);
            }
            profile.walk(&mut Vec::new(), &record.value, at);
        }
        profile
    }

    fn walk(&mut self, steps: &mut Vec<Step>, value: &Value, at: usize) {
        let Value::Object(members) = value else {
            if let Some(text) = text(value) {
                self.put(Expr::Place(steps.clone()), at, text, value.is_number());
            }
            return;
        };
        if !steps.is_empty() && self.objects.len() < SAMPLE_PATHS_MAX {
            *self.objects.entry(steps.clone()).or_default() += 1;
        }
        if steps.len() < SAMPLE_DEPTH_MAX {
            for (name, member) in members {
                steps.push(Step::Member(name.clone()));
                self.walk(steps, member, at);
                steps.pop();
            }
        }
    }

    fn put(&mut self, expr: Expr, at: usize, value: String, number: bool) {
        if value.is_empty() || value.len() > TEXT_BYTES_MAX {
            return;
        }
        let key = expr.to_string();
        let column = match self.index.get(&key) {
            Some(column) => *column,
            None if self.columns.len() >= SAMPLE_PATHS_MAX => return,
            None => {
                self.index.insert(key, self.columns.len());
                self.columns.push(Column::new(expr, self.records));
                self.columns.len() - 1
            }
        };
        self.columns[column].put(at, value, number);
    }

    pub(super) fn at(&self, path: &str) -> Option<&Column> {
        self.index.get(path).map(|at| &self.columns[*at])
    }

    pub(super) fn is(&self, column: usize, path: &str) -> bool {
        self.index.get(path) == Some(&column)
    }

    /// How the records fall into groups by `case`, seen by their `kind`.
    pub(super) fn grouping(&self, kind: usize, case: usize) -> Grouping {
        let mut groups: HashMap<u32, (usize, HashSet<u32>)> = HashMap::new();
        for at in 0..self.records {
            if let (Some(kind), Some(case)) =
                (self.columns[kind].values[at], self.columns[case].values[at])
            {
                let group = groups.entry(case).or_default();
                group.0 += 1;
                group.1.insert(kind);
            }
        }
        let mut grouping =
            Grouping { all: self.records, groups: groups.len(), ..Grouping::default() };
        for (records, kinds) in groups.values() {
            grouping.records += records;
            grouping.kinds += kinds.len();
            if kinds.len() > 1 {
                grouping.mixed += records;
            }
        }
        grouping
    }
}
