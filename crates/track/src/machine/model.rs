//! Published models and their drafts (B2).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::command::Publish;
use super::event::Quiet;
use crate::chart::{Binding, Chart, context};
use crate::conform::Aligner;
use crate::limits::VARIATIONS_MAX;

/// A process with what is published of it and what is drafted.
#[derive(Debug, Clone, Default)]
pub struct Model {
    pub process: Arc<str>,
    pub draft: Option<Publish>,
    /// Version number of what is published.
    pub published: Option<u32>,
    pub(crate) published_as: Option<Publish>,
    /// When its quiet cases are stuck, where that was changed since a case began.
    pub(crate) quiet: Option<Quiet>,
}

/// How far an event-based process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// A model without any event type.
    Unmapped,
    Mapped,
    Published,
    /// Published, and changed since.
    UnpublishedChanges,
}

impl Status {
    pub fn name(self) -> &'static str {
        match self {
            Status::Unmapped => "Unmapped",
            Status::Mapped => "Mapped",
            Status::Published => "Published",
            Status::UnpublishedChanges => "Unpublished changes",
        }
    }
}

impl Model {
    /// The model by which cases that begin now are tracked.
    pub fn published_as(&self) -> Option<&Publish> {
        self.published_as.as_ref()
    }

    pub fn status(&self) -> Status {
        match (&self.draft, &self.published_as) {
            (None, Some(_)) => Status::Published,
            // Which types came since is no change of the model.
            (Some(draft), Some(published))
                if *draft == (Publish { known: draft.known.clone(), ..published.clone() }) =>
            {
                Status::Published
            }
            (Some(_), Some(_)) => Status::UnpublishedChanges,
            (Some(draft), None) if draft.types.is_empty() => Status::Unmapped,
            (Some(_), None) => Status::Mapped,
            (None, None) => Status::Unmapped,
        }
    }
}

/// One published model. The chart is made from it when it is first needed: it is no part of the
/// state, and folding never reads it.
#[derive(Debug)]
pub(crate) struct Version {
    pub publish: Publish,
    /// Event types by number, as the events name them.
    pub kinds: Vec<Arc<str>>,
    pub(super) compiled: Mutex<Option<Arc<Compiled>>>,
}

/// What is computed from a version.
pub(super) struct Compiled {
    pub base: Arc<Variation>,
    /// Kinds of the chart that may open a case.
    pub opening: Vec<u32>,
    /// The model as cases see it whose data rules out some of its ways.
    variations: Mutex<BTreeMap<Vec<u32>, Arc<Variation>>>,
}

/// A model, and the explanations of traces that are known already.
pub(super) struct Variation {
    pub chart: Chart,
    aligner: Mutex<Aligner>,
}

impl Variation {
    fn new(chart: Chart) -> Variation {
        let labels = chart.kinds.len() + crate::limits::UNKNOWN_KINDS_MAX;
        let aligner = Mutex::new(Aligner::eager(&chart.net, labels));
        Variation { chart, aligner }
    }

    pub(super) fn aligner(&self) -> std::sync::MutexGuard<'_, Aligner> {
        // It is a cache: whatever a panic left in it is true.
        self.aligner.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Compiled {
    pub(super) fn chart(&self) -> &Chart {
        &self.base.chart
    }

    /// The model as a case with these variables (JSON text) sees it.
    pub(super) fn seen_with(&self, variables: Option<&str>) -> Arc<Variation> {
        let data = &self.base.chart.data;
        if variables.is_none() || data.reads.is_empty() {
            return self.base.clone();
        }
        let closed = data.closed(&context(variables));
        let lock = self.variations.lock();
        let mut variations = lock.unwrap_or_else(std::sync::PoisonError::into_inner);
        if closed.is_empty() {
            return self.base.clone();
        }
        if variations.len() >= VARIATIONS_MAX && !variations.contains_key(&closed) {
            variations.pop_first();
        }
        let fresh = || Arc::new(Variation::new(self.base.chart.without(&closed)));
        variations.entry(closed.clone()).or_insert_with(fresh).clone()
    }
}

impl std::fmt::Debug for Compiled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Compiled({})", self.base.chart.process)
    }
}

impl Version {
    pub(crate) fn new(publish: Publish) -> Version {
        Version { publish, kinds: Vec::new(), compiled: Mutex::new(None) }
    }

    /// The chart, made at the first call.
    pub(super) fn compiled(&self) -> Result<Arc<Compiled>, String> {
        let mut slot = self.compiled.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(compiled) = slot.as_ref() {
            return Ok(compiled.clone());
        }
        let compiled = Arc::new(compile(&self.publish)?);
        *slot = Some(compiled.clone());
        Ok(compiled)
    }
}

pub(super) fn compile(publish: &Publish) -> Result<Compiled, String> {
    let (definitions, _) = model::read("model.bpmn", &publish.bpmn).map_err(|problems| {
        let first = problems.first().map(ToString::to_string).unwrap_or_default();
        format!("expected a BPMN model, but {first}")
    })?;
    let process = crate::chart::named(&definitions, &publish.process)?;
    let known = (!publish.known.is_empty()).then(|| publish.known.iter().cloned().collect());
    let fixed: BTreeMap<String, String> = publish.types.clone();
    let chart = Chart::new(process, &Binding { fixed, known })?;
    let base = Arc::new(Variation::new(chart));
    let (opening, _) = base.aligner().next(&[base.chart.net.start]);
    Ok(Compiled { base, opening, variations: Mutex::default() })
}
