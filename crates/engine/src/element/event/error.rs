//! Errors: thrown by a job or an error end event, caught by a boundary event or an event
//! sub-process, from the inside out and through call activities (semantics 4.4).

use crate::compile::{Catch, Expr, Process, Trigger};
use crate::decide::{Done, Step};
use crate::event::{ElementNo, InstanceEvent, PROCESS};
use crate::incident::{Failure, IncidentKind};
use crate::key::Key;
use crate::state::{Instance, Phase};

/// What is looked for a catcher.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Thrown<'a> {
    Error(&'a str),
    Escalation(&'a str),
}

/// Who catches: the element instance that hosts the event, and the event.
pub(crate) struct Catcher {
    pub instance: Key,
    pub host: Key,
    pub target: ElementNo,
}

/// How a search in one instance ended.
enum Search {
    Found(Key, ElementNo),
    /// At a scope that takes nothing more.
    Stopped,
    /// At the root: whoever called the instance may catch.
    Out,
}

impl Step<'_> {
    /// The catcher, seen from `element`; within one scope a specific code beats a catch-all, and an
    /// interrupted or inactive scope ends the search.
    pub(crate) fn catcher(
        &mut self,
        mut i: Key,
        mut element: Key,
        thrown: Thrown<'_>,
    ) -> Done<Option<Catcher>> {
        loop {
            let process = self.process(i)?;
            match search(self.hot(i), element, thrown, &process) {
                Search::Found(host, target) => {
                    return Ok(Some(Catcher { instance: i, host, target }));
                }
                Search::Stopped => return Ok(None),
                Search::Out => {}
            }
            let created = &self.hot(i).created;
            let (Some(parent), Some(caller)) = (created.parent_instance, created.parent_element)
            else {
                return Ok(None);
            };
            let sound = self.live(parent)?.is_some_and(|instance| !instance.is_held());
            if !sound {
                return Ok(None);
            }
            (i, element) = (parent, caller);
        }
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
        match self.catcher(i, key, Thrown::Error(&code))? {
            Some(catcher) => {
                self.tell(i, InstanceEvent::ElementActivated { key });
                self.trigger(catcher.instance, catcher.host, catcher.target, &[])
            }
            None => {
                self.raise(i, key, None, unhandled(&code, ""));
                Ok(())
            }
        }
    }
}

fn search(instance: &Instance, from: Key, thrown: Thrown<'_>, process: &Process) -> Search {
    for key in instance.scopes(from) {
        let Some(row) = instance.element(key) else { return Search::Stopped };
        let (no, role) = (row.element.no, row.element.role);
        let begun = matches!(row.phase, Phase::Activated | Phase::Activating);
        if row.trigger.is_some() || !begun {
            return Search::Stopped;
        }
        let inside = process.inside(no).event_sub_processes.iter().map(|esp| &esp.start);
        if key != from
            && role.acts()
            && !row.interrupted
            && let Some(target) = best(inside, thrown)
        {
            return Search::Found(key, target);
        }
        if no != PROCESS
            && role.is_outer()
            && let Some(target) = best(process.element(no).boundaries.iter(), thrown)
        {
            return Search::Found(key, target);
        }
    }
    Search::Out
}

pub(crate) fn unhandled(code: &str, message: &str) -> Failure {
    let said = if message.is_empty() { String::new() } else { format!(" ({message})") };
    let text = format!(
        "expected a boundary event or an event sub-process to catch error '{code}'{said}, but \
         none does"
    );
    Failure::new(IncidentKind::UnhandledErrorEvent, text)
}

fn best<'a>(catches: impl Iterator<Item = &'a Catch>, thrown: Thrown<'_>) -> Option<ElementNo> {
    let mut all = None;
    for catch in catches {
        let (own, code) = match (&catch.trigger, thrown) {
            (Trigger::Error { code: own }, Thrown::Error(code)) => (own, code),
            (Trigger::Escalation { code: own }, Thrown::Escalation(code)) => (own, code),
            (
                Trigger::Error { .. }
                | Trigger::Escalation { .. }
                | Trigger::Message { .. }
                | Trigger::Signal { .. }
                | Trigger::Condition { .. }
                | Trigger::Compensation
                | Trigger::Timer(_),
                _,
            ) => continue,
        };
        match own {
            Some(own) if &**own == code => return Some(catch.element),
            Some(_) => {}
            None => all = all.or(Some(catch.element)),
        }
    }
    all
}
