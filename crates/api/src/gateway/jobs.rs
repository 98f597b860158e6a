//! Jobs for workers: polls, streams, and what workers say.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use engine::command::{JobResult, LeaseJobs, LeasedJob};
use engine::event::NamedValue;
use engine::{Command, Key};
use grevy::{Grevy, JobPoll, JobStream};
use tokio::sync::mpsc;
use tokio::time::{Sleep, sleep};

use super::places::Place;
use super::window::{Window, Windows};
use super::{Caller, Gateway};
use crate::access::Action;
use crate::failure::Failure;
use crate::limits::{LONG_POLL_DEFAULT, LONG_POLL_MAX, STREAM_CREDIT_MAX, STREAM_LOOK};

/// What a worker says of a job, with the lease token if it has one.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    pub job: Key,
    pub variables: Vec<NamedValue>,
    pub token: Option<u64>,
    /// Of a completion.
    pub result: Option<JobResult>,
}

/// An open stream of jobs. A job that was not taken out when it is dropped goes to others.
pub struct JobFeed {
    receive: mpsc::Receiver<LeasedJob>,
    stream: Option<Arc<JobStream>>,
    engine: Grevy,
    window: Arc<Window>,
    windows: Arc<Windows>,
    /// Set while the stream has its fill.
    look: Option<Pin<Box<Sleep>>>,
    clock: Gateway,
    _place: Place,
}

impl Gateway {
    /// Leases jobs; waits for the first as `request_timeout` (ms) says: 0 is the default,
    /// negative does not wait. Ends early, with none, when the server stops.
    pub async fn activate(
        &self,
        caller: &Caller,
        want: LeaseJobs,
        request_timeout: i64,
    ) -> Result<Vec<LeasedJob>, Failure> {
        caller.principal.require(Action::Work)?;
        let engine = self.engine_for(caller).await?;
        let _place = self.shared.polls.take()?;
        let _attended = self.shared.attention.attend(&want.job_type);
        let mut jobs = self.leased(&engine, want.clone(), patience(request_timeout)).await?;
        // One poll is served by one partition; the others may have some too.
        for _ in 1..engine.partition_count() {
            let left = want.max_jobs.saturating_sub(jobs.len() as u32);
            if left == 0 || jobs.is_empty() {
                break;
            }
            let more = LeaseJobs { max_jobs: left, ..want.clone() };
            // Those that are leased are handed over whatever becomes of the rest.
            jobs.extend(self.leased(&engine, more, Duration::ZERO).await.unwrap_or_default());
        }
        Ok(jobs)
    }

    async fn leased(
        &self,
        engine: &Grevy,
        want: LeaseJobs,
        patience: Duration,
    ) -> Result<Vec<LeasedJob>, Failure> {
        let poll = engine.poll_jobs(want, patience);
        let mut parked = Parked { poll: Some(poll), engine: engine.clone() };
        tokio::select! {
            jobs = parked.jobs() => jobs.map_err(|error| Failure::of("ACTIVATE", error)),
            () = self.stopped() => Ok(Vec::new()),
        }
    }

    /// Streams jobs as they become available. A slow reader gets no more than it takes.
    pub async fn stream(&self, caller: &Caller, want: LeaseJobs) -> Result<JobFeed, Failure> {
        caller.principal.require(Action::Work)?;
        let engine = self.engine_for(caller).await?;
        let place = self.shared.streams.take()?;
        let (send, receive) = mpsc::channel(STREAM_CREDIT_MAX as usize);
        let attended = self.shared.attention.attend(&want.job_type);
        let push = move |job| {
            // Lives as long as the stream.
            let _ = &attended;
            send.try_send(job).is_ok()
        };
        let stream = engine.stream_jobs(want, STREAM_CREDIT_MAX, push);
        let stream = Arc::new(stream.map_err(|error| Failure::of("STREAM", error))?);
        Ok(JobFeed {
            receive,
            window: Window::new(&stream),
            windows: Arc::clone(&self.shared.windows),
            stream: Some(stream),
            engine,
            look: None,
            clock: self.clone(),
            _place: place,
        })
    }

    pub async fn complete_job(&self, caller: &Caller, word: Word) -> Result<(), Failure> {
        caller.principal.require(Action::Work)?;
        let engine = self.engine_for(caller).await?;
        let Word { job, variables, token, result } = word;
        let done = match result {
            Some(result) => engine.complete_job_with(job, variables, result, token).await,
            None => engine.complete_job(job, variables, token).await,
        };
        self.shared.windows.settled(job);
        done.map_err(|error| Failure::of("COMPLETE", error))
    }

    /// `back_off` in ms.
    pub async fn fail_job(
        &self,
        caller: &Caller,
        word: Word,
        retries: i32,
        message: &str,
        back_off: i64,
    ) -> Result<(), Failure> {
        caller.principal.require(Action::Work)?;
        let engine = self.engine_for(caller).await?;
        let back_off = Duration::from_millis(u64::try_from(back_off).unwrap_or(0));
        let Word { job, variables, token, result: _ } = word;
        let done = engine.fail_job(job, retries, message, back_off, variables, token).await;
        self.shared.windows.settled(job);
        done.map_err(|error| Failure::of("FAIL", error))
    }

    pub async fn throw_error(
        &self,
        caller: &Caller,
        word: Word,
        code: &str,
        message: &str,
    ) -> Result<(), Failure> {
        caller.principal.require(Action::Work)?;
        let engine = self.engine_for(caller).await?;
        let done = engine.throw_error(word.job, code, message, word.variables, word.token).await;
        self.shared.windows.settled(word.job);
        done.map_err(|error| Failure::of("THROW_ERROR", error))
    }

    /// `timeout` in ms from now.
    pub async fn update_job(
        &self,
        caller: &Caller,
        job: Key,
        retries: Option<i32>,
        timeout: Option<i64>,
        priority: Option<i32>,
    ) -> Result<(), Failure> {
        caller.principal.require(Action::Work)?;
        let intent = match (retries, timeout) {
            (Some(_), None) => "UPDATE_RETRIES",
            (None, Some(_)) => "UPDATE_TIMEOUT",
            (None, None) | (Some(_), Some(_)) => "UPDATE",
        };
        let command = Command::UpdateJob { job, retries, timeout, priority };
        let done = self.engine_for(caller).await?.submit(command).await;
        done.map(drop).map_err(|error| Failure::of(intent, error))
    }
}

impl JobFeed {
    /// The next job; `None` when the stream has ended. Taking one makes room for another, as far
    /// as the [window](super::window) allows.
    pub fn poll_job(&mut self, context: &mut Context<'_>) -> Poll<Option<LeasedJob>> {
        loop {
            match self.receive.poll_recv(context) {
                Poll::Ready(Some(job)) => {
                    self.windows.taken(&self.window, &job);
                    return Poll::Ready(Some(job));
                }
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending if !self.window.is_full() => {
                    self.look = None;
                    return Poll::Pending;
                }
                Poll::Pending => {}
            }
            let look = self.look.get_or_insert_with(|| Box::pin(sleep(STREAM_LOOK)));
            if look.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            self.look = None;
            self.window.look(self.clock.now());
        }
    }
}

impl Drop for JobFeed {
    fn drop(&mut self) {
        self.windows.forget(&self.window);
        // First no more jobs, then those that nobody took.
        self.stream = None;
        self.receive.close();
        while let Ok(job) = self.receive.try_recv() {
            give_back(&self.engine, &job);
        }
    }
}

/// A poll under way. When its caller is gone it is withdrawn, and jobs that were on their way to
/// it go to others at once, instead of being leased by nobody until their time-out.
struct Parked {
    poll: Option<JobPoll>,
    engine: Grevy,
}

impl Parked {
    async fn jobs(&mut self) -> Result<Vec<LeasedJob>, grevy::Error> {
        let Some(poll) = &mut self.poll else { return Ok(Vec::new()) };
        let jobs = (&mut poll.jobs).await;
        self.poll = None;
        jobs
    }
}

impl Drop for Parked {
    fn drop(&mut self) {
        let Some(poll) = self.poll.take() else { return };
        poll.withdraw();
        let engine = self.engine.clone();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                for job in poll.jobs.await.unwrap_or_default() {
                    give_back(&engine, &job);
                }
            });
        }
    }
}

fn give_back(engine: &Grevy, job: &LeasedJob) {
    // Its own time-out does the same, later.
    drop(engine.submit(Command::YieldJob { job: job.key, token: job.token }));
}

fn patience(request_timeout: i64) -> Duration {
    match u64::try_from(request_timeout) {
        Ok(0) => LONG_POLL_DEFAULT,
        Ok(given) => Duration::from_millis(given).min(LONG_POLL_MAX),
        Err(_) => Duration::ZERO,
    }
}
