//! How variables come into an instance and move between its scopes (semantics 4.2).

use value::Packed;

use crate::compile::Element;
use crate::decide::{Change, Done, Step, Stop};
use crate::event::{ElementNo, InstanceEvent, NamedValue, Role, Text, Via};
use crate::incident::{Failure, IncidentKind};
use crate::key::Key;
use crate::limits::{INSTANCE_BYTES_MAX, VARIABLES_BYTES_MAX};
use crate::rejection::Rejection;

impl Step<'_> {
    /// Sets a variable of exactly this scope; an unchanged value is no event.
    pub(crate) fn set_local(&mut self, i: Key, scope: Key, name: &Text, value: &Packed) {
        let held = self.hot(i).variables.get(&scope).and_then(|scope| scope.get(name));
        let (key, created) = match held {
            Some(variable) if variable.value == *value => return,
            Some(variable) => (variable.key, false),
            None => (self.new_key(i), true),
        };
        let (name, value) = (name.clone(), value.clone());
        if self.hot(i).rare.as_ref().is_some_and(|rare| !rare.conditions.is_empty()) {
            self.changed(i, Change { scope, name: name.clone(), created });
        }
        self.tell(i, InstanceEvent::VariableSet { scope, key, name, value, created });
    }

    pub(crate) fn set_locals(&mut self, i: Key, scope: Key, variables: &[NamedValue]) {
        for (name, value) in variables {
            self.set_local(i, scope, name, value);
        }
    }

    /// Each variable updates the nearest scope that has the name, from `scope` upward; a new one
    /// is created at the root. A value that the scope already holds stops there.
    pub(crate) fn merge(&mut self, i: Key, scope: Key, variables: &[NamedValue]) {
        for (name, value) in variables {
            let holder = self.hot(i).variable(scope, name).map_or(i, |(holder, _)| holder);
            self.set_local(i, holder, name, value);
        }
    }

    /// Refuses variables that would make the instance larger than it may be.
    pub(crate) fn fits(&self, i: Key, variables: &[NamedValue]) -> Result<(), String> {
        let more: usize = variables.iter().map(|(_, value)| value.len()).sum();
        let all = self.hot(i).bytes + more;
        if all <= INSTANCE_BYTES_MAX {
            return Ok(());
        }
        Err(format!(
            "expected the variables of a process instance to have at most {INSTANCE_BYTES_MAX} \
             bytes, but they would have {all}"
        ))
    }

    /// As [`Step::fits`], for a command, which may bring only so much at once.
    pub(crate) fn check_fits(&self, i: Key, variables: &[NamedValue]) -> Done {
        check_size(variables)?;
        self.fits(i, variables).map_err(|why| Stop::Reject(Rejection::invalid(why)))
    }

    /// Input mappings write locals of the element; their sources see the scope around it.
    pub(crate) fn map_inputs(
        &mut self,
        i: Key,
        key: Key,
        element: &Element,
    ) -> Result<(), Failure> {
        if element.inputs.is_empty() {
            return Ok(());
        }
        // The instances of a multi-instance map from their own item.
        let row = &self.hot(i).elements[&key];
        let scope = if row.element.role == Role::Inner { key } else { row.scope };
        let locals = self.mapped(i, scope, &element.inputs, |_| None)?;
        self.fits(i, &locals).map_err(|why| Failure::new(IncidentKind::IoMappingError, why))?;
        self.set_locals(i, key, &locals);
        Ok(())
    }

    /// Output mappings read the element's own scope and merge into the scope around it.
    pub(crate) fn map_outputs(
        &mut self,
        i: Key,
        key: Key,
        scope: Key,
        element: &Element,
    ) -> Result<(), Failure> {
        if element.outputs.is_empty() {
            return Ok(());
        }
        let held = |name: &Text| {
            let (_, variable) = self.hot(i).variable(scope, name)?;
            Some(variable.value.to_value())
        };
        let results = self.mapped(i, key, &element.outputs, held)?;
        self.fits(i, &results).map_err(|why| Failure::new(IncidentKind::IoMappingError, why))?;
        self.merge(i, scope, &results);
        Ok(())
    }

    /// The payload of a completed job or a caught event: local when output mappings read it, else
    /// merged from the element's own scope upward.
    pub(crate) fn receive(
        &mut self,
        i: Key,
        key: Key,
        element: &Element,
        variables: &[NamedValue],
    ) {
        if element.outputs.is_empty() {
            self.merge(i, key, variables);
        } else {
            self.set_locals(i, key, variables);
        }
    }

    /// An event happens that was waited for elsewhere: a boundary event, a start event, a catch
    /// event behind an event-based gateway. It begins with its payload and completes at once.
    pub(crate) fn occur(
        &mut self,
        i: Key,
        scope: Key,
        no: ElementNo,
        variables: &[NamedValue],
        via: Via,
    ) -> Done {
        let process = self.process(i)?;
        let element = process.element(no);
        let key = self.new_key(i);
        let itself = crate::event::ElementRef::new(no);
        if element.outputs.is_empty() && element.end_listeners.is_empty() {
            self.tell(i, InstanceEvent::ElementPassed { key, element: itself, scope, via });
            self.merge(i, scope, variables);
            return self.leave(i, scope, no, super::way::Way::All);
        }
        self.tell(i, InstanceEvent::ElementActivating { key, element: itself, scope, via });
        match element.outputs.is_empty() {
            true => self.merge(i, scope, variables),
            false => self.set_locals(i, key, variables),
        }
        self.tell(i, InstanceEvent::ElementActivated { key });
        self.finish(i, key)
    }
}

/// Refuses more variables than one command may bring.
pub(crate) fn check_size(variables: &[NamedValue]) -> Done {
    let bytes: usize = variables.iter().map(|(_, value)| value.len()).sum();
    if bytes <= VARIABLES_BYTES_MAX {
        return Ok(());
    }
    Err(Stop::Reject(Rejection::invalid(format!(
        "Expected variables of at most {VARIABLES_BYTES_MAX} bytes, but they have {bytes}"
    ))))
}
