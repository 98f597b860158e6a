//! Multi-instance: a body around the instances of an activity, one for each item of a collection
//! (semantics 4.5). The body owns the boundary events; mappings are those of each instance.
//!
//! Instances begin and end in portions, so that a large collection never makes a large step.

use value::{Packed, Value};

use crate::compile::{Element, MultiInstance};
use crate::decide::{Done, Step};
use crate::event::{ElementNo, ElementRef, InstanceEvent, Role, Text, Via, Work};
use crate::incident::{Failure, IncidentKind};
use crate::key::Key;
use crate::limits::{LOOP_ITEMS_MAX, LOOP_PORTION};
use crate::state::Phase;

impl Step<'_> {
    /// Evaluates the collection, once for all instances.
    pub(crate) fn open_loop(
        &mut self,
        i: Key,
        body: Key,
        definition: &MultiInstance,
    ) -> Result<(), Failure> {
        if self.hot(i).looped(body).is_some() {
            return Ok(());
        }
        let expr = &definition.input_collection;
        let (value, warnings) = self.warned(i, body, expr).map_err(Failure::extract)?;
        let Value::List(list) = &value else {
            return Err(Failure::extract(format!(
                "expected input collection '{}' to be a list, but it is {}{warnings}",
                expr.source(),
                crate::decide::describe(&value)
            )));
        };
        if list.len() > LOOP_ITEMS_MAX {
            return Err(Failure::extract(format!(
                "expected input collection '{}' to have at most {LOOP_ITEMS_MAX} items, but it \
                 has {}",
                expr.source(),
                list.len()
            )));
        }
        let items: Vec<Packed> = list.iter().map(Packed::from_value).collect();
        let output = definition.output.as_ref().map(|output| output.collection.clone());
        self.tell(i, InstanceEvent::LoopOpened { body, items: items.into(), output });
        Ok(())
    }

    pub(crate) fn begin_loop(&mut self, i: Key, body: Key) -> Done {
        self.tell(i, InstanceEvent::ElementActivated { key: body });
        self.check_loop(i, body)?;
        self.then(i, Work::OpenLoop { body });
        Ok(())
    }

    /// Begins the next portion of instances; of a sequential one, the next instance.
    pub(crate) fn continue_loop(&mut self, i: Key, body: Key) -> Done {
        let process = self.process(i)?;
        for _ in 0..LOOP_PORTION {
            let Some(row) = self.hot(i).element(body) else { return Ok(()) };
            let no = row.element.no;
            let busy = row.children > 0;
            let definition = process.element(no).multi_instance.as_deref();
            let Some(definition) = definition.filter(|_| self.goes_on(i, body)) else {
                return Ok(());
            };
            let Some(state) = self.hot(i).looped(body) else { return Ok(()) };
            let index = state.started;
            let item = state.items.get(index as usize).cloned();
            let Some(item) = item.filter(|_| !state.stopped) else { return Ok(()) };
            if definition.sequential && busy {
                return Ok(());
            }
            self.begin_inner(i, body, no, definition, index, &item)?;
        }
        self.then(i, Work::OpenLoop { body });
        Ok(())
    }

    fn begin_inner(
        &mut self,
        i: Key,
        body: Key,
        no: ElementNo,
        definition: &MultiInstance,
        index: u32,
        item: &Packed,
    ) -> Done {
        let key = self.new_key(i);
        let element = ElementRef { no, role: Role::Inner };
        self.tell(
            i,
            InstanceEvent::ElementActivating { key, element, scope: body, via: Via::None },
        );
        let own = definition.output.as_ref().and_then(|output| output.local.as_ref());
        if let Some(name) = own.filter(|name| Some(*name) != definition.input_element.as_ref()) {
            self.set_local(i, key, name, &Packed::null());
        }
        if let Some(name) = &definition.input_element {
            self.set_local(i, key, name, item);
        }
        let counter = Packed::from_value(&Value::from(i64::from(index) + 1));
        self.set_local(i, key, &LOOP_COUNTER.into(), &counter);
        self.activate(i, key)
    }

    /// An instance has done its work: what it gives, and whether that is enough. `true` stops the
    /// others.
    pub(crate) fn collect(
        &mut self,
        i: Key,
        inner: Key,
        body: Key,
        element: &Element,
    ) -> Result<bool, Failure> {
        let Some(definition) = element.multi_instance.as_deref() else { return Ok(false) };
        if let Some(output) = &definition.output
            && let Some(index) = self.hot(i).place(inner)
        {
            let value = self.value(i, inner, &output.element).map_err(Failure::extract)?;
            if matches!(value, Value::Function(_)) {
                return Err(Failure::extract(format!(
                    "expected output element '{}' to give a value, but it gives a function",
                    output.element.source()
                )));
            }
            let value = Packed::from_value(&value);
            let named = (output.collection.clone(), value.clone());
            self.fits(i, &[named]).map_err(Failure::extract)?;
            self.tell(i, InstanceEvent::OutputCollected { body, index, value });
        }
        let Some(condition) = &definition.completion_condition else { return Ok(false) };
        let counts = self.counts(i, body);
        self.holds(i, inner, condition, &counts, IncidentKind::ExtractValueError)
    }

    /// Counters as the completion condition sees them: the instance that asks has completed.
    fn counts(&self, i: Key, body: Key) -> Vec<(Text, Value)> {
        let Some(row) = self.hot(i).looped(body) else { return Vec::new() };
        let (all, completed, terminated) = (row.items.len(), row.completed + 1, row.terminated);
        let active = row.started.saturating_sub(completed + terminated);
        let number = |name: &str, count: i64| (Text::from(name), Value::from(count));
        vec![
            number("numberOfInstances", all as i64),
            number("numberOfActiveInstances", active.into()),
            number("numberOfCompletedInstances", completed.into()),
            number("numberOfTerminatedInstances", terminated.into()),
        ]
    }

    /// An instance has completed; `enough`: the completion condition holds.
    pub(crate) fn inner_completed(&mut self, i: Key, body: Key, enough: bool) -> Done {
        if enough && self.hot(i).element(body).is_some_and(|row| row.phase == Phase::Activated) {
            self.tell(i, InstanceEvent::LoopStopped { body });
            self.terminate_children(i, body);
        }
        self.check_loop(i, body)
    }

    /// Has the body come to its end, or to its next instance?
    pub(crate) fn check_loop(&mut self, i: Key, body: Key) -> Done {
        let instance = self.hot(i);
        let Some(row) = instance.element(body) else { return Ok(()) };
        let Some(state) = instance.looped(body) else { return Ok(()) };
        if row.phase != Phase::Activated || row.children > 0 || row.trigger.is_some() {
            return Ok(());
        }
        if state.stopped || state.started as usize >= state.items.len() {
            return self.finish(i, body);
        }
        if state.started > 0 {
            self.then(i, Work::OpenLoop { body });
        }
        Ok(())
    }

    /// The collected outputs leave with the body.
    pub(crate) fn give_collection(&mut self, i: Key, body: Key, scope: Key) -> Result<(), Failure> {
        if let Some(collected) = self.hot(i).collected(body) {
            let collected = [collected];
            self.fits(i, &collected).map_err(Failure::extract)?;
            self.merge(i, scope, &collected);
        }
        Ok(())
    }
}

const LOOP_COUNTER: &str = "loopCounter";
