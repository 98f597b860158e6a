//! Compensation (semantics 4.7). An activity with a handler that completes is noted in its scope; a
//! throw event of that scope begins the handlers of all that is noted there, and in completed
//! sub-processes below, at once; it stays active until all of them have completed.

use crate::compile::{Kind, Process, Trigger};
use crate::decide::{Done, Step};
use crate::event::{ElementNo, ElementRef, InstanceEvent, NamedValue, PROCESS, Role, Via, Work};
use crate::key::Key;
use crate::state::{Compensation, Phase};

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
        reverse: bool,
    ) -> Done {
        self.tell(i, InstanceEvent::ElementActivated { key });
        if reverse {
            return self.compensate_next(i, key, activity);
        }
        let process = self.process(i)?;
        let (scope, scopes) = self.compensated_scopes(i, key, &process);
        let mut handlings = Vec::new();
        for at in scopes {
            self.gather(i, key, at, activity, &[], &process, &mut handlings);
        }
        for handling in handlings {
            let handler = self.begin_handler(i, scope, handling)?;
            self.activate(i, handler)?;
        }
        self.check_compensation(i, key)
    }

    /// The scope of a throw event, and those that it compensates: from an event sub-process the
    /// scope around it, too.
    fn compensated_scopes(&self, i: Key, throw: Key, process: &Process) -> (Key, Vec<Key>) {
        let scope = self.scope_of(i, throw);
        let row = &self.hot(i).elements[&scope];
        let (no, around) = (row.element.no, row.scope);
        match no != PROCESS && matches!(process.element(no).kind, Kind::EventSubProcess) {
            true => (scope, vec![scope, around]),
            false => (scope, vec![scope]),
        }
    }

    /// In reverse: the handler of what completed last, or the end when nothing is left.
    fn compensate_next(&mut self, i: Key, throw: Key, activity: Option<ElementNo>) -> Done {
        let process = self.process(i)?;
        let (scope, scopes) = self.compensated_scopes(i, throw, &process);
        let last = scopes.iter().filter_map(|at| self.newest(i, *at, activity, &[], &process));
        if let Some(handling) = last.max_by_key(|handling| handling.noted) {
            self.tell(i, InstanceEvent::CompensationTriggered { key: handling.noted, throw });
            let key = self.begin_handler(i, scope, handling)?;
            // From the queue: handlers that do not wait would pile up on the stack.
            self.then(i, Work::Activate { key });
            return Ok(());
        }
        // Scopes of which all was compensated are noted still.
        for at in scopes {
            self.gather(i, throw, at, activity, &[], &process, &mut Vec::new());
        }
        self.finish(i, throw)
    }

    /// What completed last in `scope`, and in completed sub-processes below it.
    fn newest(
        &self,
        i: Key,
        scope: Key,
        activity: Option<ElementNo>,
        around: &[NamedValue],
        process: &Process,
    ) -> Option<Handling> {
        self.noted_in(i, scope, activity).into_iter().rev().find_map(|(noted, row)| {
            let mut held = around.to_vec();
            held.extend(row.variables.iter().cloned());
            if let Some(handler) = process.compensation_start(row.element) {
                return Some(Handling { noted, handler, boundary: None, variables: held });
            }
            let inner = row.inner.and_then(|inner| self.newest(i, inner, None, &held, process));
            inner.or_else(|| {
                let (boundary, handler) = process.element(row.element).handler(process)?;
                let (boundary, variables) = (Some(boundary), around.to_vec());
                Some(Handling { noted, handler, boundary, variables })
            })
        })
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
        for (noted, row) in self.noted_in(i, scope, activity) {
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

    /// What is noted in `scope` and not taken by a throw event, oldest first.
    fn noted_in(
        &self,
        i: Key,
        scope: Key,
        activity: Option<ElementNo>,
    ) -> Vec<(Key, Compensation)> {
        let rows = self.hot(i).compensations().filter(|(_, row)| {
            row.scope == scope
                && row.throw.is_none()
                && activity.is_none_or(|activity| row.element == activity)
        });
        rows.map(|(key, row)| (key, row.clone())).collect()
    }

    fn begin_handler(&mut self, i: Key, scope: Key, handling: Handling) -> Done<Key> {
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
        Ok(key)
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
        if open || self.phase(i, throw) != Some(Phase::Activated) {
            return Ok(());
        }
        let no = self.hot(i).elements[&throw].element.no;
        match self.process(i)?.element(no).kind {
            Kind::Compensate { activity, reverse: true, .. } => {
                self.compensate_next(i, throw, activity)
            }
            _ => self.finish(i, throw),
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
