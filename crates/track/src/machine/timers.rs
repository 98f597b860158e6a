//! What happens when nothing happens.

use std::sync::Arc;

use super::analyse::{Finding, FindingKind, analyse_case};
use super::decide::Step;
use super::event::{Alert, Event};
use super::state::{CaseKey, CaseStatus, EXPIRY, QUIET, WHOLE};
use crate::chart::{Action, context, payload};
use crate::limits::TICK_TIMERS_MAX;

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
    fn expire(&mut self, case: CaseKey) {
        let status = CaseStatus::Expired;
        self.emit(Event::StatusChanged { case, status, at_ms: self.now });
    }

    fn quiet(&mut self, case: CaseKey, due_ms: i64) {
        self.emit(Event::StatusChanged { case, status: CaseStatus::Stuck, at_ms: due_ms });
        let known = &self.state.cases[&case];
        // It was quiet for too long before anybody could hear of it.
        if due_ms <= known.last_arrival_ms && !self.alerts_on_backfill(known.version) {
            return;
        }
        let element = self.last_element(case);
        self.alert_about(case, "stuck", element, due_ms, None);
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
        let known = &self.state.cases[&case].findings;
        let occurrence =
            known.iter().filter(|f| (f.kind, f.step) == (FindingKind::TooLate, step)).count()
                as u32;
        let kind = FindingKind::TooLate;
        let expected = Box::from([step]);
        let finding = Finding { kind, step, occurrence, expected, at_ms: due_ms };
        self.emit(Event::Deviated { case, finding });
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
        let variables = || context(known.variables.as_deref());
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
        let seen = compiled.seen_with(case.variables.as_deref());
        let analysis = analyse_case(&seen.chart, &mut seen.aligner(), case);
        Some(analysis)
    }
}
