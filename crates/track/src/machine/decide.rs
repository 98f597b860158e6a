//! Commands to events.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Decision;
use super::command::{Answer, Command, Effect, Publish};
use super::event::{Alert, Event, Quiet};
use super::model::compile;
use super::observe::Reader;
use super::state::{CaseKey, State};
use crate::limits::{BATCH_RECORDS_MAX, MODEL_BYTES_MAX, MODELS_MAX};

impl State {
    /// Decides a command at `now` (ms since 1970) and folds its events.
    pub fn decide(&mut self, command: &Command, now: i64) -> Decision {
        let (events, effects, stale) = Default::default();
        let mut step = Step { state: self, now, events, effects, stale };
        let answer = step.command(command);
        let Step { events, effects, .. } = step;
        self.settle();
        Decision { answer, events, effects }
    }

    /// Puts the state back to before the command that panicked.
    pub fn abort(&mut self) {
        self.roll_back();
    }
}

/// One command while it is decided.
pub(super) struct Step<'a> {
    pub state: &'a mut State,
    pub now: i64,
    pub events: Vec<Event>,
    pub effects: Vec<Effect>,
    /// Cases that are to be judged when all records of the command are in their places.
    pub stale: BTreeMap<CaseKey, Stale>,
}

/// Why a case is to be judged.
#[derive(Default)]
pub(super) struct Stale {
    /// When the last of its events came.
    pub arrival_ms: i64,
    /// Its data opens other ways than before.
    pub anew: bool,
}

impl Step<'_> {
    /// The one door: appends and folds.
    pub(super) fn emit(&mut self, event: Event) {
        self.state.apply(&event);
        self.events.push(event);
    }

    fn command(&mut self, command: &Command) -> Answer {
        match command {
            Command::Draft(publish) => match self.check(publish, false) {
                Err(reason) => Answer::Refused(reason),
                Ok(()) => {
                    self.emit(Event::DraftSaved(publish.clone()));
                    Answer::Done
                }
            },
            Command::Publish(publish) => self.publish(publish),
            Command::Learn { process, known } => self.learn(process, known),
            Command::Observe { process, source, records, proof } => {
                self.batch(process, source, records, Reader::On(*proof))
            }
            Command::ObserveAgain { process, source, records } => {
                self.batch(process, source, records, Reader::Again)
            }
            Command::Tick => {
                self.tick();
                Answer::Done
            }
            Command::Delivered { alert } => {
                if self.state.undelivered.contains(alert) {
                    self.emit(Event::AlertDelivered { number: *alert });
                }
                Answer::Done
            }
        }
    }

    fn batch(
        &mut self,
        process: &Arc<str>,
        source: &Arc<str>,
        records: &[super::Observed],
        reader: Reader,
    ) -> Answer {
        if records.len() > BATCH_RECORDS_MAX {
            let have = records.len();
            return Answer::Refused(format!(
                "expected at most {BATCH_RECORDS_MAX} records a command, but there are {have}"
            ));
        }
        let Some(version) = self.state.models.get(process).and_then(|model| model.published) else {
            return Answer::Refused(format!(
                "expected a published model for {process}, but there is none"
            ));
        };
        match self.observe_all(version, source, records, reader) {
            Ok(verdicts) => Answer::Verdicts(verdicts),
            Err(reason) => Answer::Refused(reason),
        }
    }

    fn check(&self, publish: &Publish, whole: bool) -> Result<(), String> {
        if publish.bpmn.len() > MODEL_BYTES_MAX {
            let have = publish.bpmn.len();
            return Err(format!("expected at most {MODEL_BYTES_MAX} bytes, but there are {have}"));
        }
        let new = !self.state.models.contains_key(&publish.process);
        if new && self.state.models.len() >= MODELS_MAX {
            return Err(format!("expected at most {MODELS_MAX} tracked models"));
        }
        if whole { compile(publish).map(|_| ()) } else { Ok(()) }
    }

    fn publish(&mut self, publish: &Publish) -> Answer {
        let model = self.state.models.get(&publish.process);
        let before = model.and_then(|model| model.published_as.clone());
        let known = before.as_ref().map(|before| &before.known[..]).unwrap_or_default();
        let publish = &joined(publish, known);
        if let Err(reason) = self.check(publish, true) {
            return Answer::Refused(reason);
        }
        self.emit(Event::DraftSaved(publish.clone()));
        self.version(publish);
        let Some(before) = before else { return Answer::Done };
        if self.rules_anew(publish) {
            let rule = Quiet { after_ms: publish.stuck_after_ms, since_ms: self.now };
            self.emit(Event::QuietRuled { process: publish.process.clone(), rule });
        }
        if publish.alert_on_backfill && !before.alert_on_backfill {
            self.alert_the_silent(&publish.process);
        }
        Answer::Done
    }

    /// Whether some case is stuck by another rule than the one that is published now.
    fn rules_anew(&self, publish: &Publish) -> bool {
        let ruled = self.state.models.get(&publish.process).and_then(|model| model.quiet);
        let mut older = self.state.versions.iter().map(|version| &version.publish);
        match ruled {
            Some(rule) => rule.after_ms != publish.stuck_after_ms,
            None => older.any(|older| {
                older.process == publish.process && older.stuck_after_ms != publish.stuck_after_ms
            }),
        }
    }

    fn learn(&mut self, process: &Arc<str>, known: &[String]) -> Answer {
        let model = self.state.models.get(process);
        let Some(mut publish) = model.and_then(|model| model.published_as.clone()) else {
            return Answer::Refused(format!(
                "expected a published model for {process}, but there is none"
            ));
        };
        let new = known.iter().filter(|name| !publish.known.contains(name)).cloned();
        let new: Vec<String> = new.collect();
        if new.is_empty() {
            return Answer::Done;
        }
        publish.known.extend(new);
        if let Err(reason) = self.check(&publish, true) {
            return Answer::Refused(reason);
        }
        self.version(&publish);
        self.judge_again(&publish.process).map_or_else(Answer::Refused, |()| Answer::Done)
    }

    fn version(&mut self, publish: &Publish) {
        let version = self.state.versions.len() as u32;
        self.emit(Event::Published { version, publish: publish.clone() });
        let compiled = self.state.versions[version as usize].compiled();
        for (kind, known) in (0..).zip(compiled.iter().flat_map(|c| c.chart().kinds.iter())) {
            let name = Arc::from(known.name.as_str());
            self.emit(Event::KindNamed { version, kind, name });
        }
    }

    /// Raises an alert and lets it out once it is durable.
    pub(super) fn alert(&mut self, alert: Alert) {
        let number = self.state.next_alert;
        self.emit(Event::AlertRaised { number, alert: alert.clone() });
        self.effects.push(Effect::Alert { number, alert });
    }
}

/// What came once is known to come, whoever publishes: without it, cases would be judged by a model
/// that does not know their steps. Where nothing is known, every name is expected.
fn joined(publish: &Publish, known: &[String]) -> Publish {
    let mut publish = publish.clone();
    if !publish.known.is_empty() {
        let new = known.iter().filter(|name| !publish.known.contains(name)).cloned();
        let new: Vec<String> = new.collect();
        publish.known.extend(new);
    }
    publish
}
