//! Cases go on with a newer version of their model where it has all that they have seen.

use std::sync::Arc;

use super::command::{Observed, Verdict};
use super::decide::Step;
use super::event::Event;
use super::identity::steps as known_steps;
use super::observe::Batch;
use super::state::{CaseKey, CaseStatus};
use crate::limits::JUDGED_AGAIN_MAX;
use crate::mapping::Observation;

impl Step<'_> {
    /// They differ in nothing but further types that are known to come: a case that has steps of a
    /// type ends by a model that knows it.
    pub(super) fn same_model(&self, older: u32, newer: u32) -> bool {
        let publish = |version: u32| &self.state.versions[version as usize].publish;
        let (old, new) = (publish(older), publish(newer));
        let more = !old.known.is_empty() && old.known.len() < new.known.len();
        let fits = || old.known.iter().all(|name| new.known.contains(name));
        more && old.bpmn == new.bpmn && old.types == new.types && fits()
    }

    pub(super) fn migrate(&mut self, batch: &Batch<'_>, case: CaseKey) -> Result<(), String> {
        let known = &self.state.cases[&case];
        let steps = known.findings.iter().flat_map(|f| f.expected.iter().chain([&f.step]));
        let kinds = known_steps(known).map(|event| &event.kind).chain(steps);
        let name = |kind: &u32| self.state.kind_name(known.version, *kind).to_owned();
        let names: std::collections::BTreeSet<String> = kinds.map(name).collect();
        for name in names {
            self.kind(batch, &name)?;
        }
        self.emit(Event::CaseMigrated { case, version: batch.version });
        Ok(())
    }

    /// Cases that may end only because a type was not known are judged by the model that knows
    /// it: nobody may hear of them again otherwise.
    pub(super) fn judge_again(&mut self, process: &Arc<str>) -> Result<(), String> {
        let published = self.state.models.get(process).and_then(|model| model.published);
        let Some(version) = published else { return Ok(()) };
        let compiled = self.state.versions[version as usize].compiled()?;
        let none = Arc::default();
        let batch = Batch { version, compiled: &compiled, process: process.clone(), source: &none };
        let versions = 0..version;
        let same: Vec<bool> = versions.map(|older| self.same_process(older, version)).collect();
        let older = self.state.cases().filter(|(_, case)| {
            same.get(case.version as usize).is_some_and(|same| *same)
                && match case.status {
                    CaseStatus::Open
                    | CaseStatus::Stuck
                    | CaseStatus::Resting
                    | CaseStatus::Completed => true,
                    CaseStatus::Early | CaseStatus::Expired => false,
                }
        });
        // The youngest: the older a case, the less is it waited for.
        let mut older: Vec<CaseKey> = older.map(|(key, _)| key).collect();
        older.drain(..older.len().saturating_sub(JUDGED_AGAIN_MAX));
        for case in older {
            if self.migrate(&batch, case).is_ok() {
                let arrival_ms = self.state.cases[&case].last_arrival_ms;
                self.judge(&compiled, case, arrival_ms, true);
            }
        }
        Ok(())
    }

    fn same_process(&self, older: u32, newer: u32) -> bool {
        let of = |version: u32| self.state.process_of(version);
        of(older) == of(newer) && self.same_model(older, newer)
    }

    pub(super) fn step_of_older(
        &mut self,
        batch: &Batch<'_>,
        record: &Observed,
        event: &Observation,
        key: CaseKey,
    ) -> Verdict {
        let version = self.state.cases[&key].version;
        let compiled = match self.state.versions[version as usize].compiled() {
            Ok(compiled) => compiled,
            Err(reason) => return Verdict::Rejected { reason },
        };
        let process = batch.process.clone();
        let older = Batch { version, compiled: &compiled, process, source: batch.source };
        match self.kind(&older, &event.kind) {
            Ok(kind) => {
                let opens = compiled.opening.contains(&kind);
                self.place(&older, record, event, key, kind, opens)
            }
            Err(reason) => Verdict::Rejected { reason },
        }
    }
}
