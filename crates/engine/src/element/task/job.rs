//! Tasks that a worker does: service, send, script and business rule tasks without an expression
//! of their own, message throw and end events (semantics 4.8).

use crate::compile::{Element, Expr};
use crate::decide::Step;
use crate::effect::Effect;
use crate::event::{InstanceEvent, JobKind, ListenerKind, Text};
use crate::incident::Failure;
use crate::key::Key;

/// A job about to be created.
pub(crate) struct NewJob {
    pub element: Key,
    pub job_type: Text,
    pub retries: i32,
    pub priority: i32,
    pub kind: JobKind,
    pub phase: ListenerKind,
}

impl Step<'_> {
    /// Type and retries are evaluated now and never again.
    pub(crate) fn begin_job(
        &mut self,
        i: Key,
        element: Key,
        definition: &Element,
        job_type: &Expr,
        retries: &Expr,
    ) -> Result<(), Failure> {
        let job_type = self.text(i, element, job_type, "job type")?;
        let retries = self.integer(i, element, retries, "retries")?;
        let mut headers = match &definition.task_job {
            Some(job) => self.task_headers(i, element, job)?,
            None => Vec::new(),
        };
        headers.extend(self.linked_resources(i, &definition.linked_resources)?);
        let priority = match &definition.job_priority {
            Some(expr) => self.integer(i, element, expr, "job priority")?,
            None => self.process_priority(i, element)?,
        };
        self.tell(i, InstanceEvent::ElementActivated { key: element });
        let key = self.new_key(i);
        if !headers.is_empty() {
            self.tell(i, InstanceEvent::JobHeaders { job: key, headers: headers.into() });
        }
        let kind = JobKind::BpmnElement;
        let phase = ListenerKind::Unspecified;
        self.create_job(i, key, NewJob { element, job_type, retries, priority, kind, phase });
        Ok(())
    }

    pub(crate) fn create_job(&mut self, i: Key, key: Key, job: NewJob) {
        let NewJob { element, job_type, retries, priority, kind, phase: listener_event } = job;
        let tenant = self.hot(i).created.tenant.clone();
        let created = InstanceEvent::JobCreated {
            key,
            element,
            job_type: job_type.clone(),
            retries,
            priority,
            kind,
            listener_event,
        };
        self.tell(i, created);
        self.effects.push(Effect::JobAvailable { tenant, job_type });
    }

    fn process_priority(&mut self, i: Key, element: Key) -> Result<i32, Failure> {
        let Ok(process) = self.process(i) else { return Ok(0) };
        match &process.job_priority {
            Some(expr) => self.integer(i, element, expr, "job priority"),
            None => Ok(0),
        }
    }

    /// The job or user task of an element instance that is terminated; listeners of its canceling
    /// come first.
    pub(crate) fn cancel_job(&mut self, i: Key, element: Key) {
        if let Some(key) = self.hot(i).task_of(element)
            && !self.hears(i, element, ListenerKind::Canceling)
        {
            self.give_up(i, key);
            self.tell(i, InstanceEvent::UserTaskCanceled { key });
        }
        let job = self.hot(i).element(element).and_then(|row| row.job);
        if let Some(key) = job {
            self.tell(i, InstanceEvent::JobCanceled { key });
        }
    }
}
