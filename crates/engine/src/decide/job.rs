//! What workers say of their jobs (engine-rules 7, semantics 4.8).

use crate::command::{AdHocTurn, Command, JobResult, Reply, TaskVerdict};
use crate::decide::step::cut;
use crate::decide::{Done, Step, Stop};
use crate::effect::Effect;
use crate::event::{InstanceEvent, JobKind, ListenerKind, NamedValue, Text, Work};
use crate::incident::{Failure, IncidentKind};
use crate::key::Key;
use crate::limits::NAME_BYTES_MAX;
use crate::rejection::Rejection;
use crate::state::{Job, JobState};

impl Step<'_> {
    pub(super) fn complete_job(
        &mut self,
        key: Key,
        variables: &[NamedValue],
        token: Option<u64>,
    ) -> Done<Reply> {
        let (i, job) = self.workable(key, "complete", token)?;
        self.check_fits(i, variables)?;
        let process = self.process(i)?;
        match job.kind {
            JobKind::TaskListener => return self.answer_task(i, key, &job, variables, None),
            JobKind::AdHocSubProcess => {
                return self.lead(i, key, &job, variables, &AdHocTurn::default());
            }
            JobKind::BpmnElement | JobKind::ExecutionListener => {}
        }
        self.tell(i, InstanceEvent::JobCompleted { key });
        if job.kind == JobKind::ExecutionListener {
            self.complete_listener(i, &job, variables);
            return Ok(Reply::Done);
        }
        let no = self.hot(i).elements[&job.element].element.no;
        self.receive(i, job.element, process.element(no), variables);
        self.finish(i, job.element)?;
        Ok(Reply::Done)
    }

    pub(super) fn complete_job_with(
        &mut self,
        key: Key,
        variables: &[NamedValue],
        result: &JobResult,
        token: Option<u64>,
    ) -> Done<Reply> {
        let (i, job) = self.workable(key, "complete", token)?;
        let (what, of) = match (result, job.kind) {
            (JobResult::UserTask(verdict), JobKind::TaskListener) => {
                return self.answer_task(i, key, &job, variables, Some(verdict));
            }
            (JobResult::AdHoc(turn), JobKind::AdHocSubProcess) => {
                self.check_fits(i, variables)?;
                return self.lead(i, key, &job, variables, turn);
            }
            (JobResult::UserTask(_), _) => ("a user task", "a task listener"),
            (JobResult::AdHoc(_), _) => ("an ad-hoc sub-process", "its leader"),
        };
        Err(Stop::Reject(Rejection::invalid(format!(
            "Expected the result of {what} only with the job of {of}, but job with key '{key}' \
             is another"
        ))))
    }

    fn answer_task(
        &mut self,
        i: Key,
        key: Key,
        job: &Job,
        variables: &[NamedValue],
        verdict: Option<&TaskVerdict>,
    ) -> Done<Reply> {
        if !variables.is_empty() {
            return Err(Stop::Reject(Rejection::invalid(format!(
                "Expected to complete task listener job with key '{key}' without variables, but \
                 it has some: its task is not done yet"
            ))));
        }
        self.complete_task_listener(i, key, job, verdict)?;
        Ok(Reply::Done)
    }

    /// What a start listener gives is local to the element; what an end listener gives leaves it.
    fn complete_listener(&mut self, i: Key, job: &Job, variables: &[NamedValue]) {
        let key = job.element;
        match job.listener_event {
            ListenerKind::Start | ListenerKind::BeforeAll => {
                self.set_locals(i, key, variables);
                self.then(i, Work::Activate { key });
            }
            ListenerKind::Cancel => self.then(i, Work::Terminate { key }),
            _ => {
                let scope = if key == i { i } else { self.scope_of(i, key) };
                self.merge(i, scope, variables);
                self.then(i, Work::Complete { key });
            }
        }
    }

    pub(super) fn fail_job(&mut self, command: &Command) -> Done<Reply> {
        let Command::FailJob { job: key, retries, message, back_off, variables, token } = command
        else {
            unreachable!("dispatched by its kind")
        };
        let (i, job) = self.workable(*key, "fail", *token)?;
        self.check_fits(i, variables)?;
        let retries = (*retries).max(0);
        let waits = retries > 0 && *back_off > 0;
        let available_at = waits.then(|| self.turn.now.saturating_add(*back_off));
        let cut_message = cut(message);
        self.tell(
            i,
            InstanceEvent::JobFailed {
                key: *key,
                retries,
                available_at,
                message: cut_message.clone(),
            },
        );
        self.set_locals(i, job.element, variables);
        if retries == 0 {
            let said = if message.is_empty() { "No more retries left." } else { &*cut_message };
            let kind = match job.kind {
                JobKind::BpmnElement => IncidentKind::JobNoRetries,
                JobKind::ExecutionListener => IncidentKind::ExecutionListenerNoRetries,
                JobKind::TaskListener => IncidentKind::TaskListenerNoRetries,
                JobKind::AdHocSubProcess => IncidentKind::AdHocSubProcessNoRetries,
            };
            let failure = Failure::new(kind, said);
            self.raise(i, job.element, Some(*key), failure);
        } else if !waits {
            self.announce(i, &job);
        }
        Ok(Reply::Done)
    }

    pub(super) fn throw_error(&mut self, command: &Command) -> Done<Reply> {
        let Command::ThrowError { job: key, code, message, variables, token } = command else {
            unreachable!("dispatched by its kind")
        };
        check_name("error code", code)?;
        let (i, job) = self.workable(*key, "throw an error for", *token)?;
        if job.kind.is_listener() {
            return Err(Stop::Reject(Rejection::state(format!(
                "Expected to throw an error for job with key '{key}', but it is the job of {}; \
                 let it fail instead",
                match job.kind {
                    JobKind::TaskListener => "a task listener",
                    _ => "an execution listener",
                }
            ))));
        }
        self.check_fits(i, variables)?;
        let catcher = self.catcher(i, job.element, crate::element::Thrown::Error(code))?;
        let thrown = InstanceEvent::JobErrorThrown {
            key: *key,
            code: code.clone(),
            message: cut(message),
            caught: catcher.is_some(),
        };
        self.tell(i, thrown);
        match catcher {
            Some(catcher) => {
                self.check_fits(catcher.instance, variables)?;
                self.trigger(catcher.instance, catcher.host, catcher.target, variables)?;
            }
            None => {
                let failure = crate::element::unhandled(code, message);
                self.raise(i, job.element, Some(*key), failure);
            }
        }
        Ok(Reply::Done)
    }

    pub(super) fn update_job(
        &mut self,
        key: Key,
        retries: Option<i32>,
        timeout: Option<i64>,
        priority: Option<i32>,
    ) -> Done<Reply> {
        let what = match (retries, timeout) {
            (Some(_), None) => "update retries for job",
            // The words that clients and their tests know.
            (None, Some(_)) => "update job deadline",
            (None, None) | (Some(_), Some(_)) => "update job",
        };
        let (i, job) = self.find_job(key)?.ok_or_else(|| no_such_job(what, key))?;
        if let Some(retries) = retries {
            if retries <= 0 {
                return Err(Stop::Reject(Rejection::invalid(format!(
                    "Expected to update retries for job with key '{key}' with a positive amount \
                     of retries, but the amount given was '{retries}'"
                ))));
            }
            self.tell(i, InstanceEvent::JobRetriesUpdated { key, retries });
        }
        if let Some(timeout) = timeout {
            if !matches!(job.state, JobState::Activated { .. }) {
                return Err(Stop::Reject(Rejection::state(format!(
                    "Expected to update the timeout of job with key '{key}', but it is not active"
                ))));
            }
            let deadline = self.turn.now.saturating_add(timeout.max(0));
            self.tell(i, InstanceEvent::JobDeadlineUpdated { key, deadline });
        }
        if let Some(priority) = priority {
            self.tell(i, InstanceEvent::JobPriorityUpdated { key, priority });
        }
        Ok(Reply::Done)
    }

    pub(super) fn yield_job(&mut self, key: Key, token: u64) -> Done<Reply> {
        let (i, job) = match self.job(key, "yield") {
            Ok(found) => found,
            // Done, cancelled or quarantined meanwhile: there is nothing to give back.
            Err(Stop::Reject(_)) => return Ok(Reply::Done),
            Err(need) => return Err(need),
        };
        match job.state {
            JobState::Activated { token: current, .. } if current == token => {
                self.tell(i, InstanceEvent::JobYielded { key });
                self.announce(i, &job);
            }
            _ => {}
        }
        Ok(Reply::Done)
    }

    /// A job can be leased (again).
    pub(crate) fn announce(&mut self, i: Key, job: &Job) {
        let tenant = self.hot(i).created.tenant.clone();
        self.effects.push(Effect::JobAvailable { tenant, job_type: job.job_type.clone() });
    }

    fn job(&mut self, key: Key, what: &str) -> Done<(Key, Job)> {
        self.find_job(key)?.ok_or_else(|| no_such_job(&format!("{what} job"), key))
    }

    fn find_job(&mut self, key: Key) -> Done<Option<(Key, Job)>> {
        let owner = self.owner(key)?;
        Ok(owner.and_then(|i| Some((i, self.hot(i).jobs.get(&key)?.clone()))))
    }

    /// The job, when it is activatable or activated and the token, if any, is the current one.
    fn workable(&mut self, key: Key, what: &str, token: Option<u64>) -> Done<(Key, Job)> {
        let (i, job) = self.job(key, what)?;
        let state = match &job.state {
            JobState::Activatable { .. } if token.is_none() => return Ok((i, job)),
            JobState::Activated { token: current, .. } if token.is_none_or(|t| t == *current) => {
                return Ok((i, job));
            }
            JobState::Activatable { .. } | JobState::Activated { .. } => {
                return Err(Stop::Reject(Rejection::state(format!(
                    "Expected to {what} job with key '{key}' under its current lease, but the \
                     lease token given is not the current one"
                ))));
            }
            JobState::Failed { .. } => "FAILED",
            JobState::ErrorThrown => "ERROR_THROWN",
        };
        Err(Stop::Reject(Rejection::state(format!(
            "Expected to {what} job with key '{key}', but it is in state '{state}'"
        ))))
    }
}

/// Names that become part of a key somewhere.
pub(super) fn check_name(what: &str, name: &Text) -> Done {
    if name.len() <= NAME_BYTES_MAX {
        return Ok(());
    }
    Err(Stop::Reject(Rejection::invalid(format!(
        "expected {what} of at most {NAME_BYTES_MAX} bytes, but it has {}",
        name.len()
    ))))
}

fn no_such_job(what: &str, key: Key) -> Stop {
    Stop::Reject(Rejection::not_found(format!(
        "Expected to {what} with key '{key}', but no such job was found"
    )))
}
