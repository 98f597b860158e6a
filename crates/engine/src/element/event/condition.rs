//! Conditional events: looked at when they begin to wait, and when a variable that they see is
//! created or updated (semantics 4.4). Whatever is not true is not yet true.

use value::Value;

use crate::compile::{Kind, Process, Trigger};
use crate::decide::{Change, Done, Step};
use crate::event::InstanceEvent;
use crate::key::Key;
use crate::state::ConditionWait;

impl Step<'_> {
    /// The first look.
    pub(crate) fn check_condition(&mut self, i: Key, key: Key) -> Done {
        let rare = self.hot(i).rare.as_ref();
        match rare.and_then(|rare| rare.conditions.get(&key)).cloned() {
            Some(wait) => self.meet(i, key, &wait, &[]),
            None => Ok(()),
        }
    }

    /// Variables of an instance have changed; each wait is met at most once by all of them.
    pub(crate) fn check_conditions(&mut self, i: Key, changes: &[Change]) -> Done {
        let Some(instance) = self.live(i)? else { return Ok(()) };
        if instance.is_held() {
            return Ok(());
        }
        let rare = instance.rare.as_ref();
        let waits = rare.into_iter().flat_map(|rare| &rare.conditions);
        let waits: Vec<(Key, ConditionWait)> = waits.map(|(k, wait)| (*k, wait.clone())).collect();
        for (key, wait) in waits {
            let open = |rare: &crate::state::Rare| rare.conditions.contains_key(&key);
            let instance = self.live(i)?.filter(|row| row.rare.as_deref().is_some_and(open));
            let Some(instance) = instance else { continue };
            let seen = changes.iter().filter(|change| instance.inside(wait.host, change.scope));
            let seen: Vec<Change> = seen.cloned().collect();
            if !seen.is_empty() {
                self.meet(i, key, &wait, &seen)?;
            }
        }
        Ok(())
    }

    /// Triggers when the condition holds; `changes` are none at the first look.
    fn meet(&mut self, i: Key, key: Key, wait: &ConditionWait, changes: &[Change]) -> Done {
        let process = self.process(i)?;
        let Some(Trigger::Condition { condition, names, on_create, on_update }) =
            trigger_of(&process, wait)
        else {
            return Ok(());
        };
        let concerns = |change: &Change| {
            let named = names.is_empty() || names.contains(&change.name);
            named && if change.created { *on_create } else { *on_update }
        };
        let concerned = changes.is_empty() || changes.iter().any(concerns);
        let holds = concerned
            && matches!(self.value(i, wait.host, condition), Ok(Value::Bool(true)))
            && self.accepts(i, wait.host, wait.target, &process);
        if !holds {
            return Ok(());
        }
        let closes = process.element(wait.target).interrupts();
        self.tell(i, InstanceEvent::ConditionMet { key, closes });
        self.trigger(i, wait.host, wait.target, &[])
    }
}

fn trigger_of<'a>(process: &'a Process, wait: &ConditionWait) -> Option<&'a Trigger> {
    match &process.element(wait.target).kind {
        Kind::Boundary(catch) | Kind::Catch(catch) | Kind::Start(Some(catch)) => {
            Some(&catch.trigger)
        }
        _ => None,
    }
}
