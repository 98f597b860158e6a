//! The meta machine in the loop.

use engine::meta::{Command, Event, Reply, State};
use engine::{Cause, Key, Rejection};
use record::{MetaStep, decode_meta_step, encode_meta_step};

use crate::Error;
use crate::machine::{Decision, Machine, Need, Step};

/// Deployments and the slot table.
#[derive(Default)]
pub struct Meta {
    /// The fold of the meta journal.
    pub state: State,
}

impl Machine for Meta {
    type Command = Command;
    type Event = Event;
    type Answer = Result<Reply, Rejection>;
    type Effect = ();

    fn decide(
        &mut self,
        command: &Command,
        _cause: &Cause,
        _now: i64,
    ) -> Result<Decision<Meta>, Need> {
        let (answer, events) = self.state.decide(command);
        Ok(Decision { answer, events, effects: Vec::new() })
    }

    /// The state decides on itself as it is and folds afterwards, so a panic while deciding has
    /// changed nothing.
    fn undo(&mut self) -> Option<Key> {
        None
    }

    fn fold(&mut self, step: &Step<Event>, _skip: &[Key]) -> Result<(), Error> {
        step.events.iter().for_each(|event| self.state.apply(event));
        Ok(())
    }

    fn encode(step: &Step<Event>, out: &mut Vec<u8>) {
        let form = MetaStep {
            timestamp_ms: step.time,
            cause: step.cause.clone(),
            build: Some(step.build.clone()),
            events: step.events.clone(),
        };
        encode_meta_step(out, &form);
    }

    fn decode(bytes: &[u8]) -> Result<Step<Event>, String> {
        let step = decode_meta_step(bytes).map_err(|error| error.to_string())?;
        Ok(Step {
            time: step.timestamp_ms,
            cause: step.cause,
            build: step.build.unwrap_or_else(|| "".into()),
            events: step.events,
        })
    }

    fn save(&self) -> Option<Vec<u8>> {
        Some(record::checkpoint::encode_deployments(&self.state.image()))
    }

    fn load(&mut self, saved: &[u8]) -> Result<(), String> {
        let image = record::checkpoint::decode_deployments(saved);
        self.state = State::from_image(image.map_err(|error| error.to_string())?);
        Ok(())
    }

    fn start(&self, epoch: u64) -> Option<Command> {
        Some(Command::StartEpoch { epoch })
    }
}
