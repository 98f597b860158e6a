//! Exclusive gateway: the first true condition in model order, else the default flow.

use crate::compile::Element;
use crate::decide::Step;
use crate::event::FlowNo;
use crate::incident::{Failure, IncidentKind};
use crate::key::Key;

impl Step<'_> {
    /// `None` for a gateway without outgoing flows, which ends its path.
    pub(crate) fn exclusive(
        &self,
        i: Key,
        scope: Key,
        element: &Element,
        default: Option<FlowNo>,
    ) -> Result<Option<FlowNo>, Failure> {
        let Ok(process) = self.compiled(self.hot(i).created.definition) else {
            return Err(Failure::new(IncidentKind::ConditionError, "the process is parked"));
        };
        for flow in element.outgoing.iter().filter(|flow| Some(**flow) != default) {
            match &process.flow(*flow).condition {
                Some(condition) if !self.condition(i, scope, condition)? => {}
                Some(_) | None => return Ok(Some(*flow)),
            }
        }
        match default {
            Some(flow) => Ok(Some(flow)),
            None if element.outgoing.is_empty() => Ok(None),
            None => Err(Failure::new(
                IncidentKind::ConditionError,
                format!(
                    "expected at least one condition of gateway '{}' to be true, or a default \
                     flow, but none was true and it has no default flow",
                    element.id
                ),
            )),
        }
    }
}
