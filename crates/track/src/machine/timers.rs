//! What happens when nothing happens.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::analyse::{FindingKind, finding};
use super::decide::Step;
use super::event::{Alert, Event};
use super::state::{CaseKey, CaseStatus, EXPIRY, QUIET, Raised, WHOLE};
use crate::chart::{Action, context, payload};
use crate::limits::{BACKFILL_ALERTS_MAX, TICK_TIMERS_MAX};

impl Step<'_> {
    /// Fires what is due, the earliest first.
    pub(super) fn tick(&mut self) {
        for _ in 0..TICK_TIMERS_MAX {
            let Some((due, case, what)) = self.state.timers.first().copied() else { break };
            if due > self.now {
                break;
            }
            match what {
                EXPIRY => self.expire(case),
                QUIET => self.quiet(case, due),
                deadline => self.late(case, deadline, due),
            }
            debug_assert!(
                self.state.timers.first() != Some(&(due, case, what)),
                "a timer that fired is gone"
            );
        }
    }

    /// Early events whose case never opened: they are what could not be correlated. The case keeps
    /// them, because an opening event may still come.
    pub(super) fn expire(&mut self, case: CaseKey) {
        let status = CaseStatus::Expired;
        self.emit(Event::StatusChanged { case, status, at_ms: self.now });
    }

    fn quiet(&mut self, case: CaseKey, due_ms: i64) {
        let known = &self.state.cases[&case];
        let was_stuck = known.status == CaseStatus::Stuck;
        // By the rule as it is now a stuck case may be stuck since another moment, or not be.
        let due_ms = if was_stuck { self.state.quiet_until(known) } else { Some(due_ms) };
        let Some(due_ms) = due_ms.filter(|due_ms| *due_ms <= self.now) else {
            let at_ms = known.events.last().map_or(known.last_arrival_ms, |event| event.time_ms);
            self.emit(Event::StatusChanged { case, status: CaseStatus::Open, at_ms });
            return;
        };
        self.emit(Event::StatusChanged { case, status: CaseStatus::Stuck, at_ms: due_ms });
        let known = &self.state.cases[&case];
        let model = self.state.models.get(self.state.process_of(known.version));
        let ruled_ms = model.and_then(|model| model.quiet).map_or(i64::MIN, |rule| rule.since_ms);
        // It was quiet for too long before anybody could hear of it.
        let history = due_ms <= known.last_arrival_ms.max(ruled_ms);
        if was_stuck || history && !self.state.alerts_on_backfill(known.version) {
            return;
        }
        self.alert_of_quiet(case, due_ms);
    }

    fn alert_of_quiet(&mut self, case: CaseKey, due_ms: i64) {
        let element = self.last_element(case);
        self.alert_about(case, "stuck", element, due_ms, None);
    }

    /// Alerts of those that became stuck in silence, now that these are asked for.
    pub(super) fn alert_the_silent(&mut self, process: &str) {
        let stuck = |alert: &Alert| &*alert.name == "stuck" && &*alert.process == process;
        let told = self.state.alerts().filter(|(_, raised)| stuck(&raised.alert));
        let told: BTreeMap<Arc<str>, i64> =
            told.map(|(_, Raised { alert, .. })| (alert.case.clone(), alert.due_ms)).collect();
        let silent = self.state.cases().filter_map(|(key, case)| {
            let mine = self.state.process_of(case.version) == process;
            let due_ms = self.state.quiet_until(case).filter(|due_ms| *due_ms <= self.now)?;
            // What was told is about a quietness before the last event, or about this one.
            let last_ms = case.events.last().map_or(i64::MIN, |event| event.time_ms);
            let known = told.get(&case.id).is_some_and(|due_ms| *due_ms >= last_ms);
            (mine && case.status == CaseStatus::Stuck && !known).then_some((key, due_ms))
        });
        let silent: Vec<(CaseKey, i64)> = silent.take(BACKFILL_ALERTS_MAX).collect();
        for (case, due_ms) in silent {
            self.alert_of_quiet(case, due_ms);
        }
    }

    fn late(&mut self, case: CaseKey, deadline: u32, due_ms: i64) {
        let armed = self.state.cases[&case].deadlines.iter().find(|due| due.number == deadline);
        let history = armed.is_some_and(|armed| armed.history);
        self.emit(Event::DeadlineFired { case, deadline, due_ms });
        let version = self.state.cases[&case].version;
        let Ok(compiled) = self.state.versions[version as usize].compiled() else { return };
        let promised = compiled.chart().deadlines.get(deadline as usize);
        let (step, element, actions) = match promised {
            Some(promised) => {
                let element = compiled.chart().elements[promised.element as usize].id.clone();
                (promised.kind, element, promised.actions.clone())
            }
            None => {
                debug_assert_eq!(deadline, WHOLE, "deadlines are those of the chart");
                let last = self.state.cases[&case].events.last().map_or(0, |event| event.kind);
                (last, compiled.chart().process.clone(), Vec::new())
            }
        };
        if deadline == WHOLE {
            let arrival_ms = self.state.cases[&case].last_arrival_ms;
            self.judge(&compiled, case, arrival_ms, false);
        } else {
            let mut finding = finding(FindingKind::TooLate, step, &[step], due_ms);
            finding.occurrence = finding.free_among(&self.state.cases[&case].findings);
            self.emit(Event::Deviated { case, finding });
        }
        if history {
            return;
        }
        if actions.is_empty() {
            self.alert_about(case, "late", element.clone(), due_ms, None);
        }
        for action in actions {
            match action {
                Action::Alert { name, .. } => {
                    self.alert_about(case, &name, element.clone(), due_ms, None);
                }
                Action::Send { message, payload, .. } => {
                    self.alert_about(case, &message, element.clone(), due_ms, Some(&payload));
                }
            }
        }
    }

    /// `carries`: it is a message, with what these mappings say.
    fn alert_about(
        &mut self,
        case: CaseKey,
        name: &str,
        element: Arc<str>,
        due_ms: i64,
        carries: Option<&[(Arc<str>, Arc<str>)]>,
    ) {
        let known = &self.state.cases[&case];
        let variables = || context(known.variables.text().map(|text| &**text));
        let carried = carries.and_then(|mappings| payload(mappings, &variables()));
        let alert = Alert {
            process: Arc::from(self.state.process_of(known.version)),
            case: known.id.clone(),
            name: Arc::from(name),
            element,
            due_ms,
            raised_ms: self.now,
            send: carries.is_some(),
            payload: carried.map(Arc::from),
        };
        self.alert(alert);
    }

    /// The element of the last event that the model explains.
    fn last_element(&self, key: CaseKey) -> Arc<str> {
        let case = &self.state.cases[&key];
        let compiled = self.state.versions[case.version as usize].compiled();
        let Ok(compiled) = compiled else { return Arc::from("") };
        let chart = compiled.chart();
        let last = case.events.iter().rev().find_map(|event| chart.element_of(event.kind));
        last.map_or_else(|| Arc::from(""), |place| place.id.clone())
    }
}

impl super::State {
    /// Types that open a case of this version.
    pub fn opening(&self, version: u32) -> Vec<&str> {
        let compiled = self.versions.get(version as usize).and_then(|v| v.compiled().ok());
        let kinds = compiled.map(|compiled| compiled.opening.clone()).unwrap_or_default();
        kinds.into_iter().map(|kind| self.kind_name(version, kind)).collect()
    }

    /// The element that stands for an event type of a version.
    pub fn element_of(&self, version: u32, kind: u32) -> Option<Arc<str>> {
        let compiled = self.versions.get(version as usize)?.compiled().ok()?;
        compiled.chart().element_of(kind).map(|place| place.id.clone())
    }

    /// What the model says about a case now; `None` when there is no such case.
    pub fn analyse(&self, key: CaseKey) -> Option<super::Analysis> {
        let case = self.cases.get(&key)?;
        let compiled = self.versions.get(case.version as usize)?.compiled().ok()?;
        let seen = compiled.seen_with(case.variables.text().map(|text| &**text));
        let analysis = case.lay(&seen.chart, &mut seen.aligner(), false).analysis;
        Some(super::Analysis { findings: case.findings.clone(), ..analysis })
    }
}
