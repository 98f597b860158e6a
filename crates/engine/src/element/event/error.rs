//! Errors: thrown by a job or an error end event, caught by a boundary event or an event
//! sub-process, from the inside out (semantics 4.4).

use crate::compile::{Catch, Expr, Process, Trigger};
use crate::decide::{Done, Step};
use crate::event::{ElementNo, InstanceEvent, PROCESS};
use crate::incident::{Failure, IncidentKind};
use crate::key::Key;
use crate::state::Phase;

/// Who catches: the element instance that hosts the event, and the event.
pub(crate) struct Catcher {
    pub host: Key,
    pub target: ElementNo,
}

impl Step<'_> {
    /// The catcher of `code`, seen from `element`; within one scope a specific code beats a
    /// catch-all, and an interrupted or inactive scope ends the search.
    pub(crate) fn catcher(
        &self,
        i: Key,
        element: Key,
        code: &str,
        process: &Process,
    ) -> Option<Catcher> {
        let instance = self.hot(i);
        for key in instance.scopes(element) {
            let row = instance.element(key)?;
            let no = row.element.no;
            let begun = matches!(row.phase, Phase::Activated | Phase::Activating);
            if row.trigger.is_some() || !begun {
                return None;
            }
            let inside = process.inside(no).event_sub_processes.iter().map(|esp| &esp.start);
            if key != element
                && !row.interrupted
                && let Some(target) = best(inside, code)
            {
                return Some(Catcher { host: key, target });
            }
            if no != PROCESS
                && let Some(target) = best(process.element(no).boundaries.iter(), code)
            {
                return Some(Catcher { host: key, target });
            }
        }
        None
    }

    pub(crate) fn throw_end(&mut self, i: Key, key: Key, code: Option<&Expr>) -> Done {
        let code = match code.map(|expr| self.text(i, key, expr, "error code")) {
            None => "".into(),
            Some(Ok(code)) => code,
            Some(Err(failure)) => {
                self.raise(i, key, None, failure);
                return Ok(());
            }
        };
        let process = self.process(i)?;
        match self.catcher(i, key, &code, &process) {
            Some(catcher) => {
                self.tell(i, InstanceEvent::ElementActivated { key });
                self.trigger(i, catcher.host, catcher.target, &[])
            }
            None => {
                self.raise(i, key, None, unhandled(&code, ""));
                Ok(())
            }
        }
    }
}

pub(crate) fn unhandled(code: &str, message: &str) -> Failure {
    let said = if message.is_empty() { String::new() } else { format!(" ({message})") };
    let text = format!(
        "expected a boundary event or an event sub-process to catch error '{code}'{said}, but \
         none does"
    );
    Failure::new(IncidentKind::UnhandledErrorEvent, text)
}

fn best<'a>(catches: impl Iterator<Item = &'a Catch>, code: &str) -> Option<ElementNo> {
    let mut all = None;
    for catch in catches {
        match &catch.trigger {
            Trigger::Error { code: Some(own) } if &**own == code => return Some(catch.element),
            Trigger::Error { code: None } => all = all.or(Some(catch.element)),
            Trigger::Error { .. } | Trigger::Message { .. } | Trigger::Timer(_) => {}
        }
    }
    all
}
