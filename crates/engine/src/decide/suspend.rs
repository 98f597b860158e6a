//! Suspending and resuming (semantics 4.11): a root instance with everything that it called. Its
//! jobs are not handed out, its timers are held, messages go on to others or stay buffered, and its
//! commands are refused; resuming takes what is buffered and fires what is due.

use crate::command::Reply;
use crate::decide::{Done, Step, Stop};
use crate::effect::Effect;
use crate::event::InstanceEvent;
use crate::key::Key;
use crate::rejection::Rejection;

impl Step<'_> {
    pub(super) fn suspend(&mut self, i: Key) -> Done<Reply> {
        self.check_root(i, "suspend", false)?;
        for key in self.family(i)? {
            if !self.hot(key).suspended {
                self.tell(key, InstanceEvent::Suspended);
            }
        }
        Ok(Reply::Done)
    }

    pub(super) fn resume(&mut self, i: Key) -> Done<Reply> {
        self.check_root(i, "resume", true)?;
        for key in self.lift(i)? {
            self.subscribe_again(key);
            self.effects.push(Effect::WorkPending { instance: key });
            let jobs: Vec<_> = self.hot(key).jobs.values().cloned().collect();
            for job in jobs {
                self.announce(key, &job);
            }
        }
        Ok(Reply::Done)
    }

    /// Ends the suspension without looking at what was missed; who was suspended.
    pub(super) fn lift(&mut self, i: Key) -> Done<Vec<Key>> {
        let mut all = self.family(i)?;
        all.retain(|key| self.hot(*key).suspended);
        for key in &all {
            self.tell(*key, InstanceEvent::Resumed);
        }
        Ok(all)
    }

    fn check_root(&mut self, i: Key, what: &str, suspended: bool) -> Done {
        self.state.at = Some(i);
        let Some(instance) = self.live(i)? else {
            return Err(Stop::Reject(Rejection::not_found(format!(
                "Expected to {what} a process instance with key '{i}', but no such process \
                 instance was found"
            ))));
        };
        let why = match (instance.created.parent_instance, instance.suspended) {
            (Some(parent), _) => format!(
                "it was called by process instance '{parent}'; {what} the root process instance \
                 '{}' instead",
                instance.created.root_instance
            ),
            (None, true) if !suspended => "it is suspended".to_owned(),
            (None, false) if suspended => "it is not suspended".to_owned(),
            (None, _) => return Ok(()),
        };
        Err(Stop::Reject(Rejection::state(format!(
            "Expected to {what} process instance with key '{i}', but {why}"
        ))))
    }

    /// An instance and all that it called, directly or not; all cold ones are asked for together.
    fn family(&self, i: Key) -> Done<Vec<Key>> {
        let (mut all, mut cold) = (vec![i], Vec::new());
        let mut at = 0;
        while let Some(key) = all.get(at).copied() {
            at += 1;
            match self.live(key) {
                Ok(Some(instance)) => {
                    let rare = instance.rare.as_ref();
                    all.extend(rare.into_iter().flat_map(|rare| rare.calls.values()));
                }
                Ok(None) => {
                    at -= 1;
                    all.remove(at);
                }
                Err(Stop::Need(keys)) => cold.extend(keys),
                Err(stop) => return Err(stop),
            }
        }
        if cold.is_empty() { Ok(all) } else { Err(Stop::Need(cold)) }
    }
}
