//! Ad-hoc sub-process: elements in it begin when they are asked for, by an expression when it
//! begins or by command, each in a scope of its own. Without a completion condition it completes
//! when all that was begun has ended; with one, when that holds after something has ended.

use value::{Packed, Value};

use crate::compile::{AdHoc, Kind, Leader, Process};
use crate::decide::{Done, Step};
use crate::element::NewJob;
use crate::event::{
    ElementNo, ElementRef, InstanceEvent, JobKind, ListenerKind, NamedValue, PROCESS, Role, Text,
    Via, Work,
};
use crate::incident::{Failure, IncidentKind};
use crate::key::Key;
use crate::limits::LOOP_ITEMS_MAX;

impl Step<'_> {
    pub(crate) fn begin_ad_hoc(
        &mut self,
        i: Key,
        key: Key,
        no: ElementNo,
        ad_hoc: &AdHoc,
        process: &Process,
    ) -> Result<(), Failure> {
        let active = self.active_elements(i, key, no, ad_hoc, process)?;
        let job = match &ad_hoc.leader {
            Some(leader) => Some(self.leading(i, key, leader)?),
            None => None,
        };
        let output = ad_hoc.output.as_ref().map(|output| output.collection.clone());
        self.tell(i, InstanceEvent::LoopOpened { body: key, items: [].into(), output });
        if ad_hoc.leader.is_some() {
            self.set_local(i, key, &ELEMENTS.into(), &elements(process, no));
        }
        self.tell(i, InstanceEvent::ElementActivated { key });
        for element in active {
            self.begin_in_ad_hoc(i, key, no, element, &[]);
        }
        if let Some(job) = job {
            let key = self.new_key(i);
            self.create_job(i, key, job);
        }
        Ok(())
    }

    /// The job of the worker that leads it.
    fn leading(&mut self, i: Key, element: Key, leader: &Leader) -> Result<NewJob, Failure> {
        let job_type = self.text(i, element, &leader.job_type, "job type")?;
        let retries = self.integer(i, element, &leader.retries, "retries")?;
        let (kind, phase) = (JobKind::AdHocSubProcess, ListenerKind::Unspecified);
        Ok(NewJob { element, job_type, retries, priority: 0, kind, phase })
    }

    /// Something in it has ended, and its leader is asked what is next; a job that nobody has
    /// completed yet makes way for the new one, which sees what has changed.
    pub(crate) fn ask_leader(&mut self, i: Key, key: Key, leader: &Leader) {
        self.cancel_job(i, key);
        self.resolve_all(i, key);
        match self.leading(i, key, leader) {
            Ok(job) => {
                let key = self.new_key(i);
                self.create_job(i, key, job);
            }
            Err(failure) => self.raise(i, key, None, failure),
        }
    }

    /// The incident of a leader's job that could not be made is resolved.
    pub(crate) fn ask_leader_again(&mut self, i: Key, key: Key) -> Done {
        let process = self.process(i)?;
        let row = &self.hot(i).elements[&key];
        let (no, role, waits) = (row.element.no, row.element.role, row.job.is_none());
        if no != PROCESS
            && role.acts()
            && waits
            && self.hot(i).looped(key).is_some_and(|row| !row.stopped)
            && let Kind::AdHoc(ad_hoc) = &process.element(no).kind
            && let Some(leader) = &ad_hoc.leader
        {
            self.ask_leader(i, key, leader);
        }
        Ok(())
    }

    fn active_elements(
        &self,
        i: Key,
        key: Key,
        no: ElementNo,
        ad_hoc: &AdHoc,
        process: &Process,
    ) -> Result<Vec<ElementNo>, Failure> {
        let Some(expr) = &ad_hoc.active_elements else { return Ok(Vec::new()) };
        let (value, warnings) = self.warned(i, key, expr).map_err(Failure::extract)?;
        let failed = |why: String| {
            Failure::extract(format!(
                "expected active elements '{}' to be a list of ids, but {why}{warnings}",
                expr.source()
            ))
        };
        let Value::List(list) = &value else {
            return Err(failed(format!("it is {}", crate::decide::describe(&value))));
        };
        if list.len() > LOOP_ITEMS_MAX {
            return Err(failed(format!("it has more than {LOOP_ITEMS_MAX}")));
        }
        let one = |value: &Value| match value {
            Value::String(id) => begins_in(process, no, id).map_err(&failed),
            other => Err(failed(format!("one of it is {}", crate::decide::describe(other)))),
        };
        list.iter().map(one).collect()
    }

    /// An element begins in a scope of its own, with variables of its own.
    pub(crate) fn begin_in_ad_hoc(
        &mut self,
        i: Key,
        ad_hoc: Key,
        no: ElementNo,
        element: ElementNo,
        own: &[NamedValue],
    ) {
        let key = self.new_key(i);
        let inner = ElementRef { no, role: Role::AdHocInner };
        self.tell(
            i,
            InstanceEvent::ElementActivating { key, element: inner, scope: ad_hoc, via: Via::None },
        );
        self.set_locals(i, key, own);
        self.tell(i, InstanceEvent::ElementActivated { key });
        self.then(i, Work::Start { scope: key, element });
    }

    /// What one of its elements gives, and whether that is enough.
    pub(crate) fn collect_ad_hoc(
        &mut self,
        i: Key,
        inner: Key,
        body: Key,
        ad_hoc: &AdHoc,
    ) -> Result<bool, Failure> {
        if let Some(output) = &ad_hoc.output {
            let value = self.value(i, inner, &output.element).map_err(Failure::extract)?;
            let value = Packed::from_value(&value);
            let named = (output.collection.clone(), value.clone());
            self.fits(i, &[named]).map_err(Failure::extract)?;
            let index = self.hot(i).outputs(body);
            self.tell(i, InstanceEvent::OutputCollected { body, index, value });
        }
        match &ad_hoc.completion_condition {
            Some(condition) => {
                self.holds(i, inner, condition, &[], IncidentKind::ExtractValueError)
            }
            None => Ok(false),
        }
    }

    pub(crate) fn ad_hoc_completed(&mut self, i: Key, key: Key, enough: bool) -> Done {
        let process = self.process(i)?;
        let no = self.hot(i).elements[&key].element.no;
        let Kind::AdHoc(ad_hoc) = &process.element(no).kind else { return Ok(()) };
        let stopped = self.hot(i).looped(key).is_some_and(|row| row.stopped);
        if let Some(leader) = &ad_hoc.leader {
            if !stopped && self.goes_on(i, key) {
                self.ask_leader(i, key, leader);
                return Ok(());
            }
            return self.check_scope(i, key);
        }
        if enough && !stopped && self.goes_on(i, key) {
            self.tell(i, InstanceEvent::LoopStopped { body: key });
            if ad_hoc.cancel_remaining {
                self.terminate_children(i, key);
            }
        }
        let row = self.hot(i).element(key);
        let empty = row.is_some_and(|row| row.children == 0 && row.tokens == 0);
        if empty && ad_hoc.completion_condition.is_none() && self.goes_on(i, key) {
            return self.finish(i, key);
        }
        self.check_scope(i, key)
    }

    /// Nothing is active in it: does it end?
    pub(crate) fn check_ad_hoc(&mut self, i: Key, key: Key) -> Done {
        let interrupted = self.hot(i).element(key).is_some_and(|row| row.interrupted);
        match interrupted || self.hot(i).looped(key).is_some_and(|row| row.stopped) {
            true => {
                self.cancel_job(i, key);
                self.finish(i, key)
            }
            false => Ok(()),
        }
    }
}

/// The variable that tells the leader what can begin.
const ELEMENTS: &str = "adHocSubProcessElements";

/// The elements that can begin in an ad-hoc sub-process, as a list.
fn elements(process: &Process, ad_hoc: ElementNo) -> Packed {
    let ids = process.elements.iter().map(|element| &element.id);
    let able = ids.filter_map(|id| begins_in(process, ad_hoc, id).ok());
    let told = able.map(|no| {
        let element = process.element(no);
        let name = element.name.as_ref();
        let name = name.map_or(Value::Null, |name| Value::String(name.clone()));
        let mut entries = value::Context::new();
        entries.insert("elementId", Value::String(element.id.clone()));
        entries.insert("elementName", name);
        Packed::from_value(&Value::Context(entries.into()))
    });
    Packed::from_items(told.collect::<Vec<_>>().iter())
}

/// The element of an ad-hoc sub-process that can begin in it.
pub(crate) fn begins_in(
    process: &Process,
    ad_hoc: ElementNo,
    id: &Text,
) -> Result<ElementNo, String> {
    let found = process.number(id).filter(|no| process.element(*no).scope == Some(ad_hoc));
    let begins = |no: &ElementNo| {
        let element = process.element(*no);
        let bound =
            matches!(element.kind, Kind::Start(_) | Kind::Boundary(_) | Kind::EventSubProcess);
        element.incoming.is_empty() && !bound
    };
    found.filter(begins).ok_or_else(|| format!("'{id}' is no element that can begin in it"))
}
