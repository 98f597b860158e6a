//! Where tokens go on, and which elements pass with one event.

use crate::compile::{Element, Kind};
use crate::decide::Step;
use crate::event::FlowNo;
use crate::incident::Failure;
use crate::key::Key;

impl Step<'_> {
    /// Where the tokens of a wait-less element go.
    pub(super) fn way(&self, i: Key, scope: Key, element: &Element) -> Result<Way, Failure> {
        match element.kind {
            Kind::Exclusive { default } => {
                self.exclusive(i, scope, element, default).map(|flow| match flow {
                    Some(flow) => Way::One(flow),
                    None => Way::All,
                })
            }
            Kind::Inclusive { default } => self.inclusive(i, scope, element, default),
            _ => Ok(Way::All),
        }
    }
}

/// Which outgoing flows are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Way {
    All,
    One(FlowNo),
    Some(Vec<FlowNo>),
}

impl Element {
    /// Neither waits nor maps: it can pass with one event.
    pub(super) fn is_plain(&self) -> bool {
        let waitless = match self.kind {
            Kind::Start(_)
            | Kind::Boundary(_)
            | Kind::Throw
            | Kind::End
            | Kind::TerminateEnd
            | Kind::Pass
            | Kind::LinkThrow(_)
            | Kind::LinkCatch
            | Kind::Exclusive { .. }
            | Kind::Inclusive { .. }
            | Kind::Parallel => true,
            Kind::Catch(_)
            | Kind::ErrorEnd { .. }
            | Kind::Escalate { .. }
            | Kind::SignalThrow { .. }
            | Kind::Compensate { .. }
            | Kind::Publish(_)
            | Kind::UserTask(_)
            | Kind::Call(_)
            | Kind::Job { .. }
            | Kind::Script { .. }
            | Kind::Decision { .. }
            | Kind::Receive(_)
            | Kind::EventBased(_)
            | Kind::SubProcess
            | Kind::AdHoc(_)
            | Kind::EventSubProcess => false,
        };
        waitless
            && self.inputs.is_empty()
            && self.outputs.is_empty()
            && self.boundaries.is_empty()
            && self.multi_instance.is_none()
            && self.start_listeners.is_empty()
            && self.end_listeners.is_empty()
    }
}
