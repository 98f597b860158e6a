//! The track machine in the partition loop, and the durable form of its steps.

mod form;
pub mod kept;

use engine::{Cause, Key};
use grevy::Error;
use grevy::machine::{Decision, Machine, Need, Step};

use crate::machine::{Answer, Command, Effect, Event, State};

/// Tracking as a machine of the loop (`engine-rules.md` 9).
#[derive(Debug, Default)]
pub struct Tracker {
    /// The fold of the journal.
    pub state: State,
}

impl Machine for Tracker {
    type Command = Command;
    type Event = Event;
    type Answer = Answer;
    type Effect = Effect;

    fn decide(
        &mut self,
        command: &Command,
        _cause: &Cause,
        now: i64,
    ) -> Result<Decision<Tracker>, Need> {
        let crate::machine::Decision { answer, events, effects } = self.state.decide(command, now);
        Ok(Decision { answer, events, effects })
    }

    fn undo(&mut self) -> Option<Key> {
        self.state.abort();
        None
    }

    fn fold(&mut self, step: &Step<Event>, _skip: &[Key]) -> Result<(), Error> {
        step.events.iter().for_each(|event| self.state.fold(event));
        Ok(())
    }

    fn encode(step: &Step<Event>, out: &mut Vec<u8>) {
        form::encode(step, out);
    }

    fn decode(bytes: &[u8]) -> Result<Step<Event>, String> {
        form::decode(bytes)
    }

    fn start(&self, _epoch: u64) -> Option<Command> {
        None
    }

    fn next_due(&self) -> Option<i64> {
        self.state.next_due()
    }

    fn tick(&self) -> Option<Command> {
        Some(Command::Tick)
    }

    /// Alerts leave again after a restart until somebody says that they arrived.
    fn standing(&self) -> Vec<Effect> {
        let alerts = self.state.pending_alerts();
        alerts.map(|(number, alert)| Effect::Alert { number, alert: alert.clone() }).collect()
    }

    fn save(&self) -> Option<Vec<u8>> {
        Some(form::save(&self.state))
    }

    fn load(&mut self, saved: &[u8]) -> Result<(), String> {
        self.state = form::load(saved)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
