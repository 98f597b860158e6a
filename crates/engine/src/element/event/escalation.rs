//! Escalations: thrown by a throw or end event, caught from the inside out as errors are, but one
//! that nobody catches is only noted, and a catch need not interrupt (semantics 4.4).

use crate::compile::Expr;
use crate::decide::{Done, Step};
use crate::element::event::error::Thrown;
use crate::event::InstanceEvent;
use crate::key::Key;

impl Step<'_> {
    pub(crate) fn throw_escalation(&mut self, i: Key, key: Key, code: Option<&Expr>) -> Done {
        let code = match code.map(|expr| self.text(i, key, expr, "escalation code")) {
            None => "".into(),
            Some(Ok(code)) => code,
            Some(Err(failure)) => {
                self.raise(i, key, None, failure);
                return Ok(());
            }
        };
        let catcher = self.catcher(i, key, Thrown::Escalation(&code))?;
        self.tell(i, InstanceEvent::ElementActivated { key });
        let caught = catcher.is_some();
        self.tell(i, InstanceEvent::EscalationThrown { element: key, code, caught });
        let Some(catcher) = catcher else { return self.finish(i, key) };
        let process = self.process(catcher.instance)?;
        let interrupting = process.element(catcher.target).interrupts();
        self.trigger(catcher.instance, catcher.host, catcher.target, &[])?;
        // What interrupts ends the throwing event too, which then never completes.
        if interrupting { Ok(()) } else { self.finish(i, key) }
    }
}
