//! The model as each case of a log sees it: its data may rule some ways out.

use std::collections::BTreeMap;

use super::Chart;
use super::data::context;
use crate::conform::Aligner;
use crate::limits::VARIATIONS_MAX;
use crate::log::{Case, Log};

/// A model, and what is left of it by the data of cases.
pub(crate) struct Ways<'a> {
    chart: &'a Chart,
    aligner: &'a mut Aligner,
    /// How many types the log may name.
    labels: usize,
    others: BTreeMap<Vec<u32>, (Chart, Aligner)>,
}

impl<'a> Ways<'a> {
    pub fn new(chart: &'a Chart, log: &Log, aligner: &'a mut Aligner) -> Ways<'a> {
        let labels = chart.kinds.len() + log.activities.len();
        Ways { chart, aligner, labels, others: BTreeMap::new() }
    }

    /// The transitions that the case's data rules out, the model without them, and what explains
    /// traces by it.
    pub fn of(&mut self, case: &Case) -> (Vec<u32>, &Chart, &mut Aligner) {
        let data = &self.chart.data;
        let closed = match &case.variables {
            Some(text) if !data.reads.is_empty() => data.closed(&context(Some(text))),
            Some(_) | None => Vec::new(),
        };
        if closed.is_empty() {
            return (closed, self.chart, self.aligner);
        }
        if self.others.len() >= VARIATIONS_MAX && !self.others.contains_key(&closed) {
            self.others.pop_first();
        }
        let fresh = || {
            let chart = self.chart.without(&closed);
            let aligner = Aligner::for_log(&chart.net, self.labels);
            (chart, aligner)
        };
        let (chart, aligner) = self.others.entry(closed.clone()).or_insert_with(fresh);
        (closed, chart, aligner)
    }
}
