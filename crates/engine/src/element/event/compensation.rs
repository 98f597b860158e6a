//! Compensation (semantics 4.7). An activity with a handler that completes is noted in its scope; a
//! throw event of that scope begins the handlers of all that is noted there, and in completed
//! sub-processes below, at once; it stays active until all of them have completed.

use crate::compile::{Kind, Process, Trigger};
use crate::decide::{Done, Step};
use crate::event::{ElementNo, ElementRef, InstanceEvent, NamedValue, PROCESS, Role, Via};
use crate::key::Key;
use crate::state::Phase;

/// A handler about to begin.
struct Handling {
    noted: Key,
    handler: ElementNo,
    /// The compensation boundary event, unless an event sub-process handles.
    boundary: Option<ElementNo>,
    /// What the scopes around the activity held when they completed.
    variables: Vec<NamedValue>,
}

impl Step<'_> {
    /// Notes an activity that is about to complete, with what it holds.
    pub(crate) fn note_for_compensation(
        &mut self,
        i: Key,
        key: Key,
        ElementRef { no, role }: ElementRef,
        scope: Key,
        process: &Process,
    ) {
        let noted = |scope| self.hot(i).compensations().any(|(_, row)| row.scope == scope);
        let element = process.element(no);
        let handled = role.is_outer()
            && (element.handler(process).is_some() || process.compensation_start(no).is_some());
        let holds = matches!(element.kind, Kind::SubProcess | Kind::AdHoc(_)) || role == Role::Body;
        let nested = holds && noted(key);
        if handled || nested {
            let inner = holds.then_some(key);
            let variables = if holds { self.locals(i, key).into() } else { [].into() };
            let noted = self.new_key(i);
            self.tell(
                i,
                InstanceEvent::CompensationNoted {
                    key: noted,
                    scope,
                    element: no,
                    inner,
                    variables,
                },
            );
        }
    }

    /// A throw or end event: `activity` limits what is compensated.
    pub(crate) fn throw_compensation(
        &mut self,
        i: Key,
        key: Key,
        activity: Option<ElementNo>,
    ) -> Done {
        let process = self.process(i)?;
        self.tell(i, InstanceEvent::ElementActivated { key });
        let scope = self.scope_of(i, key);
        let mut scopes = vec![scope];
        // From an event sub-process the scope around it is compensated.
        let row = &self.hot(i).elements[&scope];
        let (no, around) = (row.element.no, row.scope);
        if no != PROCESS && matches!(process.element(no).kind, Kind::EventSubProcess) {
            scopes.push(around);
        }
        let mut handlings = Vec::new();
        for at in scopes {
            self.gather(i, key, at, activity, &[], &process, &mut handlings);
        }
        for handling in handlings {
            self.handle_compensation(i, scope, handling)?;
        }
        self.check_compensation(i, key)
    }

    /// Marks what is noted in `scope` as taken by `throw`, and finds the handlers.
    #[allow(clippy::too_many_arguments, reason = "a walk with its way back")]
    fn gather(
        &mut self,
        i: Key,
        throw: Key,
        scope: Key,
        activity: Option<ElementNo>,
        around: &[NamedValue],
        process: &Process,
        found: &mut Vec<Handling>,
    ) {
        let rows = self.hot(i).compensations().filter(|(_, row)| {
            row.scope == scope
                && row.throw.is_none()
                && activity.is_none_or(|activity| row.element == activity)
        });
        let rows: Vec<_> = rows.map(|(key, row)| (key, row.clone())).collect();
        for (noted, row) in rows {
            self.tell(i, InstanceEvent::CompensationTriggered { key: noted, throw });
            let start = process.compensation_start(row.element);
            let mut held = around.to_vec();
            held.extend(row.variables.iter().cloned());
            if let (Some(inner), None) = (row.inner, start) {
                self.gather(i, throw, inner, None, &held, process, found);
            }
            let boundary = process.element(row.element).handler(process);
            let before = found.len();
            if let Some(handler) = start {
                let variables = held.clone();
                found.push(Handling { noted, handler, boundary: None, variables });
            } else if let Some((boundary, handler)) = boundary {
                let (boundary, variables) = (Some(boundary), around.to_vec());
                found.push(Handling { noted, handler, boundary, variables });
            }
            if found.len() == before {
                self.tell(i, InstanceEvent::CompensationCompleted { key: noted });
            }
        }
    }

    fn handle_compensation(&mut self, i: Key, scope: Key, handling: Handling) -> Done {
        let process = self.process(i)?;
        let Handling { noted, handler: no, boundary, variables } = handling;
        if let Some(boundary) = boundary {
            let (key, element) = (self.new_key(i), ElementRef::new(boundary));
            self.tell(i, InstanceEvent::ElementPassed { key, element, scope, via: Via::None });
        }
        let key = self.new_key(i);
        let role = match process.element(no).multi_instance {
            Some(_) => Role::Body,
            None => Role::Itself,
        };
        let element = ElementRef { no, role };
        self.tell(i, InstanceEvent::ElementActivating { key, element, scope, via: Via::None });
        self.tell(i, InstanceEvent::CompensationBegun { key: noted, handler: key });
        self.set_locals(i, key, &variables);
        self.activate(i, key)
    }

    /// An element instance has ended; `true` if it was a compensation handler.
    pub(crate) fn compensated(&mut self, i: Key, handler: Key) -> Done<bool> {
        let mut rows = self.hot(i).compensations();
        let found = rows.find(|(_, row)| row.handler == Some(handler));
        let Some((key, Some(throw))) = found.map(|(key, row)| (key, row.throw)) else {
            return Ok(false);
        };
        drop(rows);
        self.tell(i, InstanceEvent::CompensationCompleted { key });
        self.check_compensation(i, throw)?;
        Ok(true)
    }

    fn check_compensation(&mut self, i: Key, throw: Key) -> Done {
        let open = self.hot(i).compensations().any(|(_, row)| row.throw == Some(throw));
        match self.phase(i, throw) {
            Some(Phase::Activated) if !open => self.finish(i, throw),
            _ => Ok(()),
        }
    }
}

impl crate::compile::Element {
    /// The compensation boundary event of an activity, and its handler.
    fn handler(&self, process: &Process) -> Option<(ElementNo, ElementNo)> {
        let compensates = |trigger: &Trigger| matches!(trigger, Trigger::Compensation);
        let boundary = self.boundaries.iter().find(|catch| compensates(&catch.trigger))?;
        Some((boundary.element, process.element(boundary.element).handler?))
    }
}

impl Process {
    /// The event sub-process of a sub-process that compensates it.
    fn compensation_start(&self, no: ElementNo) -> Option<ElementNo> {
        let inside = &self.inside(no).event_sub_processes;
        let found = inside.iter().find(|esp| matches!(esp.start.trigger, Trigger::Compensation));
        found.map(|esp| esp.element)
    }
}
