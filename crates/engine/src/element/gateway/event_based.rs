//! Event-based gateway: it owns the subscriptions of the events behind it; the first trigger
//! completes it, and that event happens with the payload (semantics 4.4).

use crate::compile::Kind;
use crate::decide::{Done, Step};
use crate::event::{ElementNo, InstanceEvent, NamedValue, Via};
use crate::key::Key;

impl Step<'_> {
    pub(crate) fn leave_event_gateway(
        &mut self,
        i: Key,
        key: Key,
        gateway: ElementNo,
        target: ElementNo,
        variables: &[NamedValue],
    ) -> Done {
        let process = self.process(i)?;
        let Kind::EventBased(targets) = &process.element(gateway).kind else {
            unreachable!("only a gateway owns the events behind it")
        };
        let found = targets.iter().find(|(_, catch)| catch.element == target);
        let flow = found.map(|(flow, _)| *flow).expect("the target stands behind the gateway");
        let scope = self.scope_of(i, key);
        self.tell(i, InstanceEvent::ElementCompleting { key });
        self.close_catches(i, key)?;
        self.resolve_all(i, key);
        self.tell(i, InstanceEvent::ElementCompleted { key });
        self.tell(i, InstanceEvent::FlowTaken { scope, flow });
        self.occur(i, scope, target, variables, Via::Flow(flow))
    }
}
