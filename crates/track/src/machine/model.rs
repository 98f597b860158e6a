//! Published models and their drafts (B2).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::command::Publish;
use crate::chart::{Binding, Chart};
use crate::conform::Aligner;

/// A process with what is published of it and what is drafted.
#[derive(Debug, Clone, Default)]
pub struct Model {
    pub process: Arc<str>,
    pub draft: Option<Publish>,
    /// Version number of what is published.
    pub published: Option<u32>,
    pub(super) published_as: Option<Publish>,
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

impl Model {
    pub fn status(&self) -> Status {
        match (&self.draft, &self.published_as) {
            (None, Some(_)) => Status::Published,
            (Some(draft), Some(published)) if draft == published => Status::Published,
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
pub(super) struct Version {
    pub publish: Publish,
    /// Event types by number, as the events name them.
    pub kinds: Vec<Arc<str>>,
    pub compiled: Mutex<Option<Arc<Compiled>>>,
}

/// What is computed from a version.
pub(super) struct Compiled {
    pub chart: Chart,
    pub aligner: Mutex<Aligner>,
    /// Kinds of the chart that may open a case.
    pub opening: Vec<u32>,
}

impl std::fmt::Debug for Compiled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Compiled({})", self.chart.process)
    }
}

impl Version {
    pub(super) fn new(publish: Publish) -> Version {
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
    let processes = &definitions.processes;
    let named = processes.iter().find(|p| p.id == publish.process);
    let Some(process) = named.or_else(|| processes.first()) else {
        return Err("expected a process in the model, but there is none".to_owned());
    };
    let known = (!publish.known.is_empty()).then(|| publish.known.iter().cloned().collect());
    let fixed: BTreeMap<String, String> = publish.types.clone();
    let chart = Chart::new(process, &Binding { fixed, known })?;
    let labels = chart.kinds.len() + crate::limits::UNKNOWN_KINDS_MAX;
    let mut aligner = Aligner::eager(&chart.net, labels);
    let (opening, _) = aligner.next(&[chart.net.start]);
    Ok(Compiled { chart, aligner: Mutex::new(aligner), opening })
}
