//! The one place that writes the state. What an event does here is fixed for ever: a change of
//! meaning is a new event.

use std::sync::Arc;

use super::event::{Event, StepObserved};
use super::explain::UNKNOWN_MS;
use super::identity::steps;
use super::model::Version;
use super::said::{Said, Variables};
use super::state::{
    Case, CaseKey, CaseStatus, Due, Fold, Raised, Seen, State, Undo, ended, hash, is_rejected,
};
use crate::chart::plain;
use crate::limits::{CASE_FINDINGS_MAX, CASE_PAST_MAX, PAST_EVENTS_MAX, REJECTED_RECORDS_MAX};

impl State {
    pub(super) fn apply(&mut self, event: &Event) {
        match event {
            Event::DraftSaved(publish) => {
                self.change_model(&publish.process, |model| model.draft = Some(publish.clone()));
            }
            Event::Published { version, publish } => {
                debug_assert_eq!(*version as usize, self.versions.len(), "versions are dense");
                self.undo.push(Undo::Version);
                self.versions.push(Version::new(publish.clone()));
                self.change_model(&publish.process, |model| {
                    model.published = Some(*version);
                    model.published_as = Some(publish.clone());
                });
            }
            Event::KindNamed { version, name, .. } => {
                if let Some(found) = self.versions.get_mut(*version as usize) {
                    found.kinds.push(name.clone());
                    self.undo.push(Undo::Kind(*version));
                }
            }
            Event::SourceAdvanced { source, partition, next, proof } => {
                let key = (source.clone(), *partition);
                let old = self.sources.insert(key.clone(), (*next, *proof));
                self.undo.push(Undo::Source(key, old));
            }
            Event::Judged { source, position, verdict, attempt } => {
                let key = (source.clone(), position.partition, position.offset);
                self.set_rejected(key, is_rejected(verdict).then_some(*attempt));
            }
            Event::CaseMet { case, id, version } => self.meet(*case, id, *version),
            Event::CaseMigrated { case, version } => self.migrate(*case, *version),
            Event::CaseOpened { case } => self.change(*case, |case| {
                case.status = CaseStatus::Open;
                let first = case.events.first().map(|event| event.time_ms);
                case.status_since_ms = first.unwrap_or(case.last_arrival_ms);
            }),
            Event::StepObserved(step) => {
                let key = (step.source.clone(), step.position.partition, step.position.offset);
                self.set_rejected(key, None);
                if !step.own {
                    self.change(step.case, |case| observe(case, step));
                    self.own(step.case, step.identity);
                }
            }
            Event::StepTaken { case, identity } => self.change(*case, |case| {
                take(case, *identity);
                case.variables.unsay(*identity);
            }),
            Event::Deviated { case, finding } => self.change(*case, |case| {
                if case.findings.len() < CASE_FINDINGS_MAX {
                    let at = case.findings.partition_point(|f| f.at_ms <= finding.at_ms);
                    case.findings.insert(at, finding.clone());
                }
            }),
            Event::Withdrawn { case, finding } => self.change(*case, |case| {
                case.findings.retain(|known| !known.same(finding));
            }),
            Event::DeadlineArmed { case, deadline, due_ms, history } => {
                let due = Due { number: *deadline, due_ms: *due_ms, history: *history };
                self.change(*case, |case| {
                    case.deadlines.retain(|known| known.number != due.number);
                    case.deadlines.push(due);
                });
            }
            Event::DeadlineDisarmed { case, deadline } => self.change(*case, |case| {
                case.deadlines.retain(|known| known.number != *deadline);
            }),
            Event::DeadlineFired { case, deadline, due_ms } => self.change(*case, |case| {
                let (number, due_ms) = (*deadline, *due_ms);
                let armed = case.deadlines.iter().find(|known| known.number == number);
                let history = armed.is_some_and(|armed| armed.history);
                case.deadlines.retain(|known| known.number != number);
                case.fired.push(Due { number, due_ms, history });
            }),
            Event::StatusChanged { case, status, at_ms } => self.change(*case, |case| {
                case.status = *status;
                case.status_since_ms = *at_ms;
            }),
            Event::Folded { case, steps, marking } => {
                let since = |place: &u32| (*place, UNKNOWN_MS);
                let marking = marking.iter().map(since).collect();
                let known = self.cases.get(case).map_or(0, |case| case.folded);
                let steps = known + *steps;
                // Nobody knows how far the window went by which it was found.
                self.fold_steps(*case, known, &[Fold { steps, upto: steps, marking }]);
            }
            Event::Settled { case, from, folds } => self.fold_steps(*case, *from, folds),
            Event::CaseForgotten { case } => self.forget(*case),
            Event::QuietRuled { process, rule } => {
                let old = self.set_quiet(process, Some(*rule));
                self.undo.push(Undo::Quiet(process.clone(), old));
            }
            Event::AlertRaised { number, alert } => {
                self.next_alert = self.next_alert.max(number + 1);
                let raised = Raised { alert: alert.clone(), delivered: false };
                self.set_alert(*number, Some(raised));
                if let Some(spare) = self.spare_alert() {
                    self.set_alert(spare, None);
                }
            }
            Event::AlertDelivered { number } => {
                let known = self.alerts.get(number).cloned();
                self.set_alert(*number, known.map(|known| Raised { delivered: true, ..known }));
            }
        }
    }

    /// What is before the last fold is folded, and what is behind it is not.
    fn fold_steps(&mut self, key: CaseKey, from: u32, folds: &[Fold]) {
        let room = PAST_EVENTS_MAX.saturating_sub(self.past_events);
        let mut gone = Vec::new();
        self.change(key, |case| {
            case.folds.retain(|fold| fold.steps <= from);
            case.folds.extend_from_slice(folds);
            let unknown = case.unknown();
            let end = case.folds.last().map_or(unknown, |fold| fold.steps.max(unknown));
            let room = CASE_PAST_MAX.min(case.past.len() + room);
            match end.checked_sub(case.folded) {
                Some(more) => {
                    let more = (more as usize).min(case.events.len());
                    case.past.extend(case.events.drain(..more));
                }
                None => {
                    let again = case.past.drain((end - unknown) as usize..);
                    drop(case.events.splice(0..0, again));
                }
            }
            case.folded = unknown + case.past.len() as u32;
            gone.extend(case.past.drain(..case.past.len().saturating_sub(room)));
            let unknown = case.unknown();
            case.folds.retain(|fold| fold.steps >= unknown);
        });
        let version = self.cases.get(&key).map_or(0, |case| case.version);
        let process = self.process_of(version).to_owned();
        self.disown(key, &process, &gone);
    }

    fn forget(&mut self, key: CaseKey) {
        let old = self.cases.get(&key).cloned().map(Box::new);
        if let Some(case) = old.as_deref() {
            let process = self.process_of(case.version).to_owned();
            self.disown(key, &process, &case.past);
            self.disown(key, &process, &case.events);
        }
        if self.touched.insert(key) {
            self.undo.push(Undo::Case(key, old));
        }
        self.put_case(key, None);
    }

    fn set_alert(&mut self, number: u64, raised: Option<Raised>) {
        let old = self.put_alert(number, raised);
        self.undo.push(Undo::Alert(number, old));
    }

    fn meet(&mut self, key: CaseKey, id: &Arc<str>, version: u32) {
        self.next_case = self.next_case.max(key + 1);
        self.touched.insert(key);
        self.undo.push(Undo::Case(key, None));
        let case = Case { id: id.clone(), version, ..Case::default() };
        self.put_case(key, Some(case));
    }

    fn migrate(&mut self, key: CaseKey, version: u32) {
        let Some(old) = self.cases.get(&key).map(|case| case.version) else { return };
        let kinds = |version: u32| self.versions.get(version as usize).map(|v| v.kinds.clone());
        let (Some(from), Some(to)) = (kinds(old), kinds(version)) else { return };
        let number = |kind: u32| {
            let name = from.get(kind as usize);
            let same = |known: &Arc<str>| Some(known) == name;
            // The newer version may spell it otherwise.
            let alike = |known: &Arc<str>| name.is_some_and(|name| plain(known) == plain(name));
            let at = to.iter().position(same).or_else(|| to.iter().position(alike));
            debug_assert!(at.is_some(), "a type was named before a case that has it moved");
            at.map_or(kind, |at| at as u32)
        };
        self.change(key, |case| {
            case.version = version;
            let events = case.past.iter_mut().chain(&mut case.events);
            events.for_each(|event| event.kind = number(event.kind));
            for finding in &mut case.findings {
                finding.step = number(finding.step);
                finding.expected.iter_mut().for_each(|kind| *kind = number(*kind));
            }
            case.deadlines.clear();
            if case.knows_its_past() {
                case.folds.clear();
            }
        });
    }

    /// Changes a case in its place; tables that find it follow where it moved in them.
    fn change(&mut self, key: CaseKey, change: impl FnOnce(&mut Case)) {
        let Some(mut case) = self.cases.get_mut(&key).map(std::mem::take) else {
            debug_assert!(false, "an event of a case that does not exist: {key}");
            return;
        };
        if !self.folding && self.touched.insert(key) {
            self.undo.push(Undo::Case(key, Some(Box::new(case.clone()))));
        }
        let (timers, version) = (self.timers_of(&case), case.version);
        let (ended, past) = (ended(&case), case.past.len());
        change(&mut case);
        self.past_events = self.past_events - past + case.past.len();
        let (due, done) = (self.timers_of(&case), self::ended(&case));
        if due != timers {
            for (due, what) in timers {
                self.timers.remove(&(due, key, what));
            }
            self.timers.extend(due.into_iter().map(|(due, what)| (due, key, what)));
        }
        if done != ended {
            self.set_ended(key, ended, done);
        }
        if case.version != version {
            let (old, new) = (self.process_of(version), self.process_of(case.version));
            let (old, new) = (hash(old, &case.id), hash(new, &case.id));
            self.by_id.remove(&old);
            self.by_id.insert(new, key);
        }
        if let Some(place) = self.cases.get_mut(&key) {
            *place = case;
        }
    }

    fn change_model(&mut self, id: &Arc<str>, change: impl FnOnce(&mut super::model::Model)) {
        let old = self.models.get(id).cloned();
        self.undo.push(Undo::Model(id.clone(), old));
        let model = self.models.entry(id.clone()).or_default();
        model.process = id.clone();
        change(model);
    }

    fn set_rejected(&mut self, key: (Arc<str>, u32, u64), attempt: Option<u32>) {
        let old = match attempt {
            Some(attempt) => self.rejected.insert(key.clone(), attempt),
            None => self.rejected.remove(&key),
        };
        if old != attempt {
            self.undo.push(Undo::Rejected(key, old));
        }
        if self.rejected.len() > REJECTED_RECORDS_MAX
            && let Some((first, attempt)) = self.rejected.pop_first()
        {
            self.undo.push(Undo::Rejected(first, Some(attempt)));
            self.rejected_forgotten = true;
        }
    }
}

fn observe(case: &mut Case, step: &StepObserved) {
    let StepObserved { time_ms, identity, kind, .. } = *step;
    // The same event once more is no news: nothing is less quiet for it.
    let same =
        |event: &Seen| (event.identity, event.time_ms, event.kind) == (identity, time_ms, kind);
    let news = !(step.replaces && steps(case).any(same));
    if step.replaces && news {
        take(case, identity);
    }
    let order = case.events.iter().map(|event| event.order + 1).max().unwrap_or(0);
    let seen = Seen { time_ms, identity, kind, order };
    // What is no news stays where it is, folded or not.
    let last = news && case.put(seen);
    if news && (last || case.last_arrival_ms == 0) {
        case.last_arrival_ms = case.last_arrival_ms.max(step.arrival_ms);
    }
    if step.replaces {
        case.variables.unsay(identity);
    }
    if let Some(kept) = step.kept.as_ref().or(step.said.as_ref()) {
        if step.kept.is_some() {
            case.variables = Variables::default();
        }
        case.variables.say(Said { time_ms, identity, text: kept.clone() });
    }
    if case.status == CaseStatus::Early {
        // The longest wait counts: nothing is given up that may still be explained.
        let known = if case.until_ms == i64::MAX { i64::MIN } else { case.until_ms };
        case.until_ms = step.until_ms.unwrap_or(i64::MIN).max(known);
    }
}

/// The event of this identity is not of this case, or at another time.
fn take(case: &mut Case, identity: u64) {
    let Some(at) = case.place_with(identity) else { return };
    case.folds.retain(|fold| fold.upto <= at);
    let past = case.past.len();
    case.past.retain(|event| event.identity != identity);
    case.folded -= (past - case.past.len()) as u32;
    case.events.retain(|event| event.identity != identity);
}

impl Case {
    /// Puts a step in its place; tells whether that is the last.
    fn put(&mut self, seen: Seen) -> bool {
        let (at, unknown) = (self.place_of(seen.time_ms), self.unknown());
        self.folds.retain(|fold| fold.upto <= at);
        match at.checked_sub(self.folded) {
            Some(behind) => {
                self.events.insert(behind as usize, seen);
                behind as usize + 1 == self.events.len()
            }
            None => {
                self.past.insert((at - unknown) as usize, seen);
                self.folded += 1;
                false
            }
        }
    }
}
