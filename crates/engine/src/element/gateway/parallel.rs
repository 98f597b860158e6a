//! Parallel gateway: fires when each incoming flow has a token, and consumes one of each; two
//! tokens on one flow do not fire it (semantics 4.1).

use crate::decide::{Done, Step};
use crate::event::{ElementNo, FlowNo, Via};
use crate::key::Key;

impl Step<'_> {
    pub(crate) fn join(&mut self, i: Key, scope: Key, gateway: ElementNo, flow: FlowNo) -> Done {
        let process = self.process(i)?;
        let incoming = &process.element(gateway).incoming;
        if incoming.len() < 2 {
            return self.start(i, scope, gateway, Via::Flow(flow));
        }
        let tokens = &self.hot(i).tokens;
        if incoming.iter().all(|flow| tokens.contains_key(&(scope, *flow))) {
            let via = Via::Flows(incoming.as_slice().into());
            self.start(i, scope, gateway, via)?;
        }
        Ok(())
    }
}
