//! Setting variables from outside.

use crate::command::Reply;
use crate::decide::{Done, Step, Stop};
use crate::event::NamedValue;
use crate::key::Key;
use crate::rejection::Rejection;

impl Step<'_> {
    pub(super) fn set_variables(
        &mut self,
        scope: Key,
        variables: &[NamedValue],
        local: bool,
    ) -> Done<Reply> {
        let owner = self.owner(scope)?;
        let Some(i) = owner.filter(|i| self.hot(*i).elements.contains_key(&scope)) else {
            return Err(Stop::Reject(Rejection::not_found(format!(
                "Expected to update variables for element with key '{scope}', but no such element \
                 was found"
            ))));
        };
        self.check_fits(i, variables)?;
        if let Some(reply) = self.update_with(i, scope, variables, local)? {
            return Ok(reply);
        }
        if local {
            self.set_locals(i, scope, variables);
        } else {
            self.merge(i, scope, variables);
        }
        Ok(Reply::VariablesSet { key: scope })
    }
}
