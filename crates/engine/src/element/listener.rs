//! Execution listeners: jobs before an element begins and after it has done its work, one after the
//! other (semantics 4.8). A listener that fails is taken up again where it stood. Those of user
//! tasks are made here, too; what becomes of them is in [`super::task`].

use crate::compile::Listener;
use crate::decide::Step;
use crate::element::NewJob;
use crate::event::{InstanceEvent, ListenerKind};
use crate::incident::Failure;
use crate::key::Key;

impl Step<'_> {
    /// Have all listeners of this phase done their work? If not, the next one has its job, or its
    /// incident.
    pub(crate) fn listened(
        &mut self,
        i: Key,
        key: Key,
        phase: ListenerKind,
        listeners: &[Listener],
    ) -> bool {
        let done = self.hot(i).listened(key, phase);
        let Some(listener) = listeners.get(done as usize) else { return true };
        if self.hot(i).elements[&key].job.is_none()
            && let Err(failure) = self.listen(i, key, phase, listener)
        {
            self.raise(i, key, None, failure);
        }
        false
    }

    fn listen(
        &mut self,
        i: Key,
        key: Key,
        phase: ListenerKind,
        listener: &Listener,
    ) -> Result<(), Failure> {
        let job_type = self.text(i, key, &listener.job_type, "job type")?;
        let retries = self.integer(i, key, &listener.retries, "retries")?;
        let job = self.new_key(i);
        if !listener.headers.is_empty() {
            let headers = listener.headers.clone();
            self.tell(i, InstanceEvent::JobHeaders { job, headers });
        }
        let kind = phase.job_kind();
        let new = NewJob { element: key, job_type, retries, priority: 0, kind, phase };
        self.create_job(i, job, new);
        Ok(())
    }
}
