//! Beginning elements of an ad-hoc sub-process by command, or as the worker that leads it says.

use crate::command::{ActivateAdHoc, AdHocTurn, Reply};
use crate::compile::Kind;
use crate::decide::{Done, Step, Stop};
use crate::element::begins_in;
use crate::event::{InstanceEvent, NamedValue, PROCESS, Role};
use crate::key::Key;
use crate::rejection::Rejection;
use crate::state::Job;

impl Step<'_> {
    pub(super) fn activate_ad_hoc(&mut self, activate: &ActivateAdHoc) -> Done<Reply> {
        let key = activate.ad_hoc;
        let refuse = |why: String| {
            Stop::Reject(Rejection::invalid(format!(
                "Expected to activate elements of ad-hoc sub-process '{key}', but {why}"
            )))
        };
        let owner = self.owner(key)?;
        let row = owner.and_then(|i| Some((i, self.hot(i).element(key)?.element)));
        let Some((i, element)) = row.filter(|(_, element)| element.no != PROCESS) else {
            return Err(Stop::Reject(Rejection::not_found(format!(
                "Expected to activate elements of ad-hoc sub-process '{key}', but there is none"
            ))));
        };
        let process = self.process(i)?;
        let is_ad_hoc = matches!(process.element(element.no).kind, Kind::AdHoc(_));
        if !is_ad_hoc || !matches!(element.role, Role::Itself | Role::Inner) {
            return Err(refuse("it is another element".to_owned()));
        }
        if !self.goes_on(i, key) {
            return Err(refuse("it is about to end".to_owned()));
        }
        let found = activate
            .elements
            .iter()
            .map(|(id, variables)| Ok((begins_in(&process, element.no, id)?, variables)));
        let found = found.collect::<Result<Vec<_>, String>>().map_err(refuse)?;
        // What is there now; what begins below has higher keys and is not among it.
        let now = self.hot(i).children(key).filter(|_| activate.cancel_remaining);
        let ending: Vec<_> = now.map(|(child, _)| child).collect();
        for (no, variables) in &found {
            self.check_fits(i, variables)?;
            self.begin_in_ad_hoc(i, key, element.no, *no, variables);
        }
        for child in ending {
            self.terminate(i, child)?;
        }
        Ok(Reply::Done)
    }
    /// What the worker that leads an ad-hoc sub-process says: what begins in it, or that it ends.
    pub(super) fn lead(
        &mut self,
        i: Key,
        job_key: Key,
        job: &Job,
        variables: &[NamedValue],
        turn: &AdHocTurn,
    ) -> Done<Reply> {
        let key = job.element;
        let refuse = |why: &str| {
            Stop::Reject(Rejection::invalid(format!(
                "Expected job with key '{job_key}' to say what an ad-hoc sub-process does next, \
                 but {why}"
            )))
        };
        if turn.fulfilled && !turn.elements.is_empty() {
            return Err(refuse("it activates elements and fulfills the completion condition"));
        }
        let interrupted = self.hot(i).element(key).is_some_and(|row| row.interrupted);
        if interrupted || !self.goes_on(i, key) {
            return Err(Stop::Reject(Rejection::state(format!(
                "Expected job with key '{job_key}' to lead its ad-hoc sub-process, but that is \
                 about to end"
            ))));
        }
        let process = self.process(i)?;
        let no = self.hot(i).elements[&key].element.no;
        let found = turn.elements.iter().map(|(id, own)| Ok((begins_in(&process, no, id)?, own)));
        let found = found.collect::<Result<Vec<_>, String>>().map_err(|why| refuse(&why))?;
        self.tell(i, InstanceEvent::JobCompleted { key: job_key });
        self.set_locals(i, key, variables);
        let now = self.hot(i).children(key).filter(|_| turn.cancel_remaining);
        let ending: Vec<_> = now.map(|(child, _)| child).collect();
        for (element, own) in &found {
            self.check_fits(i, own)?;
            self.begin_in_ad_hoc(i, key, no, *element, own);
        }
        if turn.fulfilled {
            self.tell(i, InstanceEvent::LoopStopped { body: key });
        }
        for child in ending {
            self.terminate(i, child)?;
        }
        if turn.fulfilled && self.phase(i, key).is_some() {
            self.check_scope(i, key)?;
        }
        Ok(Reply::Done)
    }
}
