//! Jobs for workers: polls, streams, and what workers say.

use std::sync::{Arc, Weak};
use std::time::Duration;

use engine::command::{JobResult, LeaseJobs, LeasedJob};
use engine::event::Text;
use engine::{Command, Key};

use crate::dispatch::{Dispatcher, ReceiverId};
use crate::pending::promise;
use crate::{Error, Grevy, Pending, Variables};

/// An open stream of jobs; closes when it is dropped.
pub struct JobStream {
    dispatcher: Arc<Dispatcher>,
    id: ReceiverId,
}

impl JobStream {
    /// The worker can take more jobs.
    pub fn add_credit(&self, more: u32) {
        self.dispatcher.credit(self.id, more);
    }
}

impl Drop for JobStream {
    fn drop(&mut self) {
        self.dispatcher.withdraw(self.id);
    }
}

/// A poll for jobs under way.
pub struct JobPoll {
    /// The jobs; none when its time is over or it was withdrawn.
    pub jobs: Pending<Vec<LeasedJob>>,
    dispatcher: Weak<Dispatcher>,
    id: ReceiverId,
}

impl JobPoll {
    /// Nobody waits any more: its place is free at once. Jobs that are on their way to it come
    /// all the same and must be given back.
    pub fn withdraw(&self) {
        if let Some(dispatcher) = self.dispatcher.upgrade() {
            dispatcher.withdraw(self.id);
        }
    }
}

impl Grevy {
    /// Leases jobs; waits for the first at most `patience`, then answers with none.
    pub fn activate_jobs(&self, want: LeaseJobs, patience: Duration) -> Pending<Vec<LeasedJob>> {
        self.poll_jobs(want, patience).jobs
    }

    /// Job types with jobs that could be leased while nobody asks for any, in their order.
    pub fn unattended_job_types(&self) -> Vec<Text> {
        self.shared().dispatcher.unattended()
    }

    /// As [`Grevy::activate_jobs`], with a way to end it early.
    pub fn poll_jobs(&self, want: LeaseJobs, patience: Duration) -> JobPoll {
        let (promise, jobs) = promise();
        let dispatcher = &self.shared().dispatcher;
        let then = Box::new(move |jobs| promise.resolve(jobs));
        let id = dispatcher.poll(want, patience.is_zero(), then);
        if !patience.is_zero() && !jobs.is_ready() {
            let dispatcher = Arc::downgrade(dispatcher);
            self.shared().deadlines.after(patience, move || {
                if let Some(dispatcher) = dispatcher.upgrade() {
                    dispatcher.withdraw(id);
                }
            });
        }
        JobPoll { jobs, dispatcher: Arc::downgrade(dispatcher), id }
    }

    /// Streams jobs as they become available, at most `credit` until [`JobStream::add_credit`].
    /// `push` runs on the thread of a partition's loop and must not block; `false` gives the job
    /// back and ends the stream.
    ///
    /// # Errors
    /// [`Error::Overloaded`] when [`RECEIVERS_MAX`](crate::limits::RECEIVERS_MAX) are open.
    pub fn stream_jobs(
        &self,
        want: LeaseJobs,
        credit: u32,
        push: impl Fn(LeasedJob) -> bool + Send + Sync + 'static,
    ) -> Result<JobStream, Error> {
        let dispatcher = Arc::clone(&self.shared().dispatcher);
        let id = dispatcher.stream(want, credit, Arc::new(push))?;
        Ok(JobStream { dispatcher, id })
    }

    /// Completes a job.
    pub fn complete_job(
        &self,
        job: Key,
        variables: impl Into<Variables>,
        token: Option<u64>,
    ) -> Pending<()> {
        let variables = variables.into().into_inner();
        self.done(Command::CompleteJob { job, variables, token })
    }

    /// Completes a job with more than variables to say: what a task listener denies or corrects.
    pub fn complete_job_with(
        &self,
        job: Key,
        variables: impl Into<Variables>,
        result: JobResult,
        token: Option<u64>,
    ) -> Pending<()> {
        let variables = variables.into().into_inner();
        self.done(Command::CompleteJobWith { job, variables, result, token })
    }

    /// Fails a job: with retries left it is tried again after `back_off`, else an incident waits.
    pub fn fail_job(
        &self,
        job: Key,
        retries: i32,
        message: &str,
        back_off: Duration,
        variables: impl Into<Variables>,
        token: Option<u64>,
    ) -> Pending<()> {
        self.done(Command::FailJob {
            job,
            retries,
            message: message.into(),
            back_off: i64::try_from(back_off.as_millis()).unwrap_or(i64::MAX),
            variables: variables.into().into_inner(),
            token,
        })
    }

    /// Throws a BPMN error from a job.
    pub fn throw_error(
        &self,
        job: Key,
        code: &str,
        message: &str,
        variables: impl Into<Variables>,
        token: Option<u64>,
    ) -> Pending<()> {
        self.done(Command::ThrowError {
            job,
            code: code.into(),
            message: message.into(),
            variables: variables.into().into_inner(),
            token,
        })
    }

    /// Changes retries, time-out (from now) or priority of a job.
    pub fn update_job(
        &self,
        job: Key,
        retries: Option<i32>,
        timeout: Option<Duration>,
        priority: Option<i32>,
    ) -> Pending<()> {
        let timeout = timeout.map(|t| i64::try_from(t.as_millis()).unwrap_or(i64::MAX));
        self.done(Command::UpdateJob { job, retries, timeout, priority })
    }
}
