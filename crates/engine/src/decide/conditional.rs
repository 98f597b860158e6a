//! Conditional start events (semantics 4.4): they are looked at when somebody asks, with the
//! variables that are given; each that holds starts an instance with them.

use std::sync::Arc;

use value::Value;

use crate::catalog::Definition;
use crate::command::{EvaluateConditionals, Reply};
use crate::compile::Trigger;
use crate::decide::create::Birth;
use crate::decide::{Done, Step, Stop};
use crate::event::{NamedValue, Text};
use crate::key::Key;
use crate::rejection::Rejection;

impl Step<'_> {
    pub(super) fn evaluate_conditionals(&mut self, asked: &EvaluateConditionals) -> Done<Reply> {
        let given: Vec<(Text, Value)> =
            asked.variables.iter().map(|(name, value)| (name.clone(), value.to_value())).collect();
        let payload: Arc<[NamedValue]> = asked.variables.as_slice().into();
        let mut started = Vec::new();
        for definition in self.conditional(asked)? {
            let Ok(process) = definition.process.clone() else { continue };
            for start in &process.starts {
                let Trigger::Condition { condition, .. } = &start.trigger else { continue };
                if !matches!(self.value_with(0, 0, condition, &given), Ok(Value::Bool(true))) {
                    continue;
                }
                let i = self.new_instance(&definition, Birth::default())?;
                self.check_fits(i, &payload)?;
                self.begin_on(i, &process, start.element, payload.clone())?;
                started.push((definition.key, i));
            }
        }
        Ok(Reply::Started(started))
    }

    /// The definition that is meant, or the latest of each process.
    fn conditional(&self, asked: &EvaluateConditionals) -> Done<Vec<Arc<Definition>>> {
        let catalog = self.turn.catalog;
        let of = |key: Key| catalog.get(key).filter(|row| row.tenant == asked.tenant).cloned();
        match asked.definition {
            Some(key) => match of(key).filter(|_| !catalog.is_deleted(key)) {
                Some(definition) => Ok(vec![definition]),
                None => Err(Stop::Reject(Rejection::not_found(format!(
                    "Expected to find process definition with key '{key}', but none found"
                )))),
            },
            None => Ok(self.state.definitions.keys().filter_map(|key| of(*key)).collect()),
        }
    }
}
