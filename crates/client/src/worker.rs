//! A worker: leases jobs, runs a handler for each, reports what came of it.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tonic::{Code, Request};

use crate::calls::ms;
use crate::job::variables;
use crate::limits::{DRAIN_TIME_MAX, JOB_TIMEOUT_DEFAULT, JOBS_DEFAULT, QUIET_TIME};
use crate::proto::*;
use crate::retry::{BackOff, REQUEST_ID, request_id, retrying};
use crate::{Client, Error, Fail, Job};

/// A running worker. Dropping it stops it without waiting for jobs under way.
#[must_use = "a worker that is dropped stops"]
pub struct Worker {
    stop: watch::Sender<bool>,
    slots: Arc<Semaphore>,
    most: u32,
    task: JoinHandle<()>,
}

/// How a worker works.
#[derive(Debug, Clone)]
pub struct WorkerOptions {
    /// Shown to operators.
    pub name: String,
    /// Jobs at once.
    pub max_jobs: usize,
    /// After this a job may be handed to another worker.
    pub timeout: Duration,
    /// Names of variables to fetch; none: all.
    pub fetch: Vec<String>,
}

impl Default for WorkerOptions {
    fn default() -> WorkerOptions {
        WorkerOptions {
            name: "grevy-client".to_owned(),
            max_jobs: JOBS_DEFAULT,
            timeout: JOB_TIMEOUT_DEFAULT,
            fetch: Vec::new(),
        }
    }
}

/// What the loop needs, besides the handler.
struct Bench {
    client: Client,
    job_type: String,
    options: WorkerOptions,
    slots: Arc<Semaphore>,
    stop: watch::Receiver<bool>,
}

impl Client {
    /// Works on jobs of a type until the worker is stopped.
    pub fn worker<H, F, V>(&self, job_type: &str, handler: H) -> Worker
    where
        H: Fn(Job) -> F + Send + Sync + 'static,
        F: Future<Output = Result<V, Fail>> + Send + 'static,
        V: Serialize + Send + 'static,
    {
        self.worker_with(job_type, WorkerOptions::default(), handler)
    }

    /// The same, with choices.
    pub fn worker_with<H, F, V>(&self, job_type: &str, options: WorkerOptions, handler: H) -> Worker
    where
        H: Fn(Job) -> F + Send + Sync + 'static,
        F: Future<Output = Result<V, Fail>> + Send + 'static,
        V: Serialize + Send + 'static,
    {
        let most = options.max_jobs.clamp(1, Semaphore::MAX_PERMITS.min(u32::MAX as usize));
        let slots = Arc::new(Semaphore::new(most));
        let (stop, stopping) = watch::channel(false);
        let bench = Bench {
            client: self.clone(),
            job_type: job_type.to_owned(),
            options,
            slots: Arc::clone(&slots),
            stop: stopping,
        };
        let task = tokio::spawn(bench.run(Arc::new(handler)));
        Worker { stop, slots, most: most as u32, task }
    }
}

impl Worker {
    /// Takes no more jobs and waits for those under way.
    pub async fn stop(mut self) {
        // Without a loop nobody needs to be told.
        let _ = self.stop.send(true);
        let _ = (&mut self.task).await;
        // All slots are free when no job is under way.
        let _ = self.slots.acquire_many(self.most).await;
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Without a loop nobody needs to be told.
        let _ = self.stop.send(true);
    }
}

impl Bench {
    async fn run<H, F, V>(mut self, handler: Arc<H>)
    where
        H: Fn(Job) -> F + Send + Sync + 'static,
        F: Future<Output = Result<V, Fail>> + Send + 'static,
        V: Serialize + Send + 'static,
    {
        let mut stop = self.stop.clone();
        let mut back_off = BackOff::new();
        let mut streams = true;
        loop {
            let done = match streams {
                // It ends by itself, because it has jobs to give back.
                true => self.stream(&handler).await,
                false => tokio::select! {
                    done = self.poll(&handler) => done,
                    _ = stop.wait_for(|stop| *stop) => return,
                },
            };
            if *stop.borrow() {
                return;
            }
            match done {
                Ok(()) => back_off = BackOff::new(),
                Err(status) if streams && status.code() == Code::Unimplemented => streams = false,
                Err(status) => {
                    tracing::warn!(job_type = self.job_type, %status, "no jobs; trying again");
                    tokio::select! {
                        () = back_off.wait() => {}
                        _ = stop.wait_for(|stop| *stop) => return,
                    }
                }
            }
        }
    }

    /// Takes jobs from one stream until it ends. A job is taken only when there is a slot for it:
    /// the server sees by the flow of the stream how fast this worker is. When the worker is
    /// stopped, jobs that had arrived for slots to come go to others at once.
    async fn stream<H, F, V>(&mut self, handler: &Arc<H>) -> Result<(), tonic::Status>
    where
        H: Fn(Job) -> F + Send + Sync + 'static,
        F: Future<Output = Result<V, Fail>> + Send + 'static,
        V: Serialize + Send + 'static,
    {
        let request = StreamActivatedJobsRequest {
            r#type: self.job_type.clone(),
            worker: self.options.name.clone(),
            timeout: ms(self.options.timeout),
            fetch_variable: self.options.fetch.clone(),
            tenant_ids: Vec::new(),
        };
        let mut stop = self.stop.clone();
        let mut stub = self.client.stub.clone();
        let mut jobs = tokio::select! {
            opened = stub.stream_activated_jobs(asking(request)) => opened?.into_inner(),
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
        };
        loop {
            let next = async {
                let slot = self.slot().await;
                (slot, jobs.message().await)
            };
            let (slot, next) = tokio::select! {
                next = next => next,
                _ = stop.wait_for(|stop| *stop) => break,
            };
            match next? {
                Some(job) => self.start(job, slot, handler),
                None => return Ok(()),
            }
        }
        let mut unbegun = Vec::new();
        let until = Instant::now() + DRAIN_TIME_MAX;
        while let Ok(Ok(Some(job))) =
            tokio::time::timeout_at(until.min(Instant::now() + QUIET_TIME), jobs.message()).await
        {
            unbegun.push(job.key);
        }
        // First it is closed: it would be given them again.
        drop(jobs);
        for job in unbegun {
            self.client.give_back(job).await;
        }
        Ok(())
    }

    async fn poll<H, F, V>(&mut self, handler: &Arc<H>) -> Result<(), tonic::Status>
    where
        H: Fn(Job) -> F + Send + Sync + 'static,
        F: Future<Output = Result<V, Fail>> + Send + 'static,
        V: Serialize + Send + 'static,
    {
        let mut first = self.slot().await;
        let free = 1 + self.slots.available_permits();
        let request = ActivateJobsRequest {
            r#type: self.job_type.clone(),
            worker: self.options.name.clone(),
            timeout: ms(self.options.timeout),
            max_jobs_to_activate: i32::try_from(free).unwrap_or(i32::MAX),
            fetch_variable: self.options.fetch.clone(),
            request_timeout: 0,
            tenant_ids: Vec::new(),
        };
        let mut stub = self.client.stub.clone();
        let mut answers = stub.activate_jobs(asking(request)).await?.into_inner();
        while let Some(answer) = answers.message().await? {
            for job in answer.jobs {
                let slot = match first.take() {
                    Some(slot) => Some(slot),
                    None => self.slot().await,
                };
                self.start(job, slot, handler);
            }
        }
        Ok(())
    }

    /// `None` only if the slots were closed, which nobody does.
    async fn slot(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.slots).acquire_owned().await.ok()
    }

    fn start<H, F, V>(
        &self,
        job: ActivatedJob,
        slot: Option<OwnedSemaphorePermit>,
        handler: &Arc<H>,
    ) where
        H: Fn(Job) -> F + Send + Sync + 'static,
        F: Future<Output = Result<V, Fail>> + Send + 'static,
        V: Serialize + Send + 'static,
    {
        let (client, handler) = (self.client.clone(), Arc::clone(handler));
        tokio::spawn(async move {
            let (key, retries) = (job.key, job.retries);
            let outcome = match Job::new(job) {
                // A panic of the handler fails the job instead of letting it time out.
                Ok(job) => match tokio::spawn(async move { handler(job).await }).await {
                    Ok(outcome) => outcome.and_then(|value| Ok(variables(&value)?)),
                    Err(panic) => Err(Fail::retry(format!("the handler panicked: {panic}"))),
                },
                Err(error) => Err(error.into()),
            };
            if let Err(error) = client.report(key, retries, outcome).await {
                tracing::info!(job = key, %error, "what came of a job was not taken");
            }
            drop(slot);
        });
    }
}

/// One request with an id of its own.
fn asking<M>(message: M) -> Request<M> {
    let mut request = Request::new(message);
    request.metadata_mut().insert(REQUEST_ID, request_id());
    request
}

impl Client {
    /// Ends a lease: the job goes to another worker.
    async fn give_back(&self, job: i64) {
        let message =
            UpdateJobTimeoutRequest { job_key: job, timeout: 1, operation_reference: None };
        if let Err(status) = self.stub.clone().update_job_timeout(asking(message)).await {
            tracing::info!(job, %status, "a job that was not begun waits for the end of its lease");
        }
    }

    async fn report(
        &self,
        job_key: i64,
        retries: i32,
        outcome: Result<String, Fail>,
    ) -> Result<(), Error> {
        let stub = || self.stub.clone();
        match outcome {
            Ok(variables) => {
                let message = CompleteJobRequest { job_key, variables, result: None };
                let call = |request| {
                    let mut stub = stub();
                    async move { stub.complete_job(request).await }
                };
                retrying(message, call).await.map(drop)
            }
            Err(Fail::Retry { message, retries: left, back_off }) => {
                let message = FailJobRequest {
                    job_key,
                    retries: left.unwrap_or(retries - 1).max(0),
                    error_message: message,
                    retry_back_off: ms(back_off),
                    variables: String::new(),
                };
                let call = |request| {
                    let mut stub = stub();
                    async move { stub.fail_job(request).await }
                };
                retrying(message, call).await.map(drop)
            }
            Err(Fail::Bpmn { code, message, variables: given }) => {
                let message = ThrowErrorRequest {
                    job_key,
                    error_code: code,
                    error_message: message,
                    variables: variables(&given)?,
                };
                let call = |request| {
                    let mut stub = stub();
                    async move { stub.throw_error(request).await }
                };
                retrying(message, call).await.map(drop)
            }
        }
    }
}
