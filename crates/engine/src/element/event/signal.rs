//! Signal throw and end events: what the event has as locals goes along (semantics 4.4).

use crate::compile::Expr;
use crate::decide::{Done, Step};
use crate::event::{InstanceEvent, NamedValue};
use crate::key::Key;

impl Step<'_> {
    pub(crate) fn throw_signal(&mut self, i: Key, key: Key, name: &Expr) -> Done {
        let name = match self.text(i, key, name, "signal name") {
            Ok(name) => name,
            Err(failure) => {
                self.raise(i, key, None, failure);
                return Ok(());
            }
        };
        self.tell(i, InstanceEvent::ElementActivated { key });
        let tenant = self.hot(i).created.tenant.clone();
        let variables = self.locals(i, key);
        self.broadcast(&name, &tenant, variables.into())?;
        self.finish(i, key)
    }

    /// What a scope itself holds.
    pub(crate) fn locals(&self, i: Key, scope: Key) -> Vec<NamedValue> {
        let own = self.hot(i).variables.get(&scope).into_iter().flatten();
        own.map(|(name, variable)| (name.clone(), variable.value.clone())).collect()
    }
}
