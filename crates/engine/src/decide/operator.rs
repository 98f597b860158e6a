//! What the runtime and operators ask for: epochs, deferred work, quarantine, the clock.

use crate::command::Reply;
use crate::decide::{Done, Step, Stop};
use crate::effect::Effect;
use crate::event::{Event, InstanceEvent, PartitionEvent, Text};
use crate::key::Key;
use crate::rejection::Rejection;

/// Deferred work that one step takes up.
const RESUMED_MAX: usize = 64;

impl Step<'_> {
    pub(super) fn start_epoch(&mut self, epoch: u64) -> Done<Reply> {
        self.emit(Event::Partition(PartitionEvent::EpochStarted { epoch }));
        Ok(Reply::Done)
    }

    pub(super) fn resume_work(&mut self, i: Key) -> Done<Reply> {
        if self.state.broadcasts.contains_key(&i) {
            self.reach(i);
            return Ok(Reply::Done);
        }
        self.state.at = Some(i);
        let Some(instance) = self.live(i)? else { return Ok(Reply::Done) };
        if instance.is_held() {
            return Ok(Reply::Done);
        }
        // Taking it up is an event of its own: half of a step is left for doing it.
        let most = RESUMED_MAX.min(self.state.step_events / 2).max(1);
        let works = instance.deferred.iter().take(most);
        let works: Vec<_> = works.map(|(number, work)| (*number, work.clone())).collect();
        for (number, work) in works {
            self.tell(i, InstanceEvent::WorkResumed { number });
            self.then(i, work);
        }
        self.run()?;
        if self.state.pending.contains(&i) {
            self.effects.push(Effect::WorkPending { instance: i });
        }
        Ok(Reply::Done)
    }

    /// What cannot be done for an instance would be tried again at once, for ever: it stands still,
    /// visibly, until a build can go on with it.
    pub(super) fn set_aside(&mut self, i: Key, rejection: Rejection) {
        let build = env!("CARGO_PKG_VERSION").into();
        let reason = rejection.reason.into();
        self.tell(i, InstanceEvent::Quarantined { reason, build });
    }

    pub(super) fn quarantine(&mut self, i: Key, reason: &Text, build: &Text) -> Done<Reply> {
        if self.live(i)?.is_some_and(|instance| instance.quarantine.is_none()) {
            let (reason, build) = (reason.clone(), build.clone());
            self.tell(i, InstanceEvent::Quarantined { reason, build });
        }
        Ok(Reply::Done)
    }

    pub(super) fn repair(&mut self, i: Key) -> Done<Reply> {
        let quarantined = self.live(i)?.map(|instance| instance.quarantine.is_some());
        match quarantined {
            Some(true) => {
                self.tell(i, InstanceEvent::Repaired);
                self.subscribe_again(i);
                self.effects.push(Effect::WorkPending { instance: i });
                Ok(Reply::Done)
            }
            // Messages may have been refused while it could not be read.
            Some(false) if !self.hot(i).subscriptions.is_empty() => {
                self.subscribe_again(i);
                Ok(Reply::Done)
            }
            Some(false) => Err(Stop::Reject(Rejection::state(format!(
                "expected process instance '{i}' to be quarantined, but it is not"
            )))),
            None => Err(Stop::Reject(Rejection::not_found(format!(
                "expected a process instance with key '{i}', but none was found"
            )))),
        }
    }

    pub(super) fn pin_clock(&mut self, at: Option<i64>) -> Done<Reply> {
        self.emit(Event::Partition(PartitionEvent::ClockPinned { at }));
        Ok(Reply::Done)
    }
}
