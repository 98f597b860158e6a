//! Closures as workers: each job type has a thread that runs them one after another.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use engine::command::{DEFAULT_TENANT, LeaseJobs, LeasedJob, Source};
use engine::{Cause, Command, Key};

use crate::activity::Token;
use crate::handle::Inner;
use crate::machines::Engine;
use crate::mailbox::{Class, Deliver, Envelope};
use crate::partition::panic_text;
use crate::query::orphans;
use crate::shared::Shared;
use crate::{Error, Grevy, JobStream, Variables};

/// Jobs that wait in front of one closure.
const CREDIT: u32 = 64;
/// How long an outcome waits before it is reported again; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How long a closure may take before its job is given to another: 5 minutes.
const TIMEOUT_MS: i64 = 300_000;

/// A job as a closure sees it.
#[derive(Debug, Clone)]
pub struct Job {
    leased: LeasedJob,
    variables: Variables,
}

impl Job {
    /// Key, instance, headers, retries and the rest.
    pub fn leased(&self) -> &LeasedJob {
        &self.leased
    }

    /// What the task sees.
    pub fn variables(&self) -> &Variables {
        &self.variables
    }

    /// A text variable; empty if it is missing or no text.
    pub fn text(&self, name: &str) -> String {
        self.variables.text(name)
    }

    /// A task header of the model.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.leased.headers.iter().find(|(own, _)| &**own == name);
        found.map(|(_, value)| &**value)
    }
}

/// Why a closure did not do its job. A text is a failure that is tried again.
#[derive(Debug, Clone, PartialEq)]
pub enum JobError {
    /// Tried again while retries are left, then an incident.
    Fail {
        /// For whoever repairs it.
        message: String,
        /// Retries left; `None`: one less than before.
        retries: Option<i32>,
        /// How long until the next attempt.
        back_off: Duration,
    },
    /// A BPMN error, for an error event of the model.
    Bpmn {
        /// Its code.
        code: String,
        /// For people.
        message: String,
        /// For the event that catches it.
        variables: Variables,
    },
}

impl JobError {
    /// A BPMN error with this code.
    pub fn bpmn(code: &str) -> JobError {
        JobError::Bpmn {
            code: code.to_owned(),
            message: String::new(),
            variables: Variables::new(),
        }
    }

    /// A failure that is tried again after a while.
    pub fn retry_in(back_off: Duration, message: &str) -> JobError {
        JobError::Fail { message: message.to_owned(), retries: None, back_off }
    }
}

impl From<&str> for JobError {
    fn from(message: &str) -> JobError {
        JobError::retry_in(Duration::ZERO, message)
    }
}

impl From<String> for JobError {
    fn from(message: String) -> JobError {
        JobError::from(message.as_str())
    }
}

/// A closure at work; it goes on until [`Worker::stop`] or the end of the engine.
pub struct Worker {
    stream: Arc<Mutex<Option<JobStream>>>,
}

impl Worker {
    /// Takes no further jobs.
    pub fn stop(self) {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl Grevy {
    /// Runs `work` for every job of a type, on a thread of its own. What it returns becomes the
    /// variables of the task; an error becomes a retry, then an incident.
    pub fn worker<V, E>(
        &self,
        job_type: &str,
        work: impl FnMut(&Job) -> Result<V, E> + Send + 'static,
    ) -> Worker
    where
        V: Into<Variables>,
        E: Into<JobError>,
    {
        let want = LeaseJobs {
            job_type: job_type.into(),
            worker: format!("closure {job_type}").into(),
            timeout: self.clock().stretch(TIMEOUT_MS),
            max_jobs: CREDIT,
            fetch_variables: Vec::new(),
            tenants: vec![DEFAULT_TENANT.into()],
        };
        let (send, receive) = channel::<(LeasedJob, Token)>();
        let activity = self.shared().activity.clone();
        let push = feed(send, move || activity.begin());
        let stream = Arc::new(Mutex::new(None));
        match self.stream_jobs(want, CREDIT, push) {
            Ok(open) => *stream.lock().unwrap_or_else(PoisonError::into_inner) = Some(open),
            Err(error) => tracing::error!(job_type, %error, "a closure gets no jobs"),
        }
        let bench = Bench {
            shared: Arc::clone(self.shared()),
            stream: Arc::clone(&stream),
            cause: Cause {
                source: Source::Api,
                client: Some(format!("closure {job_type}").into()),
                ..Cause::default()
            },
        };
        let named = std::thread::Builder::new().name(format!("grevy-worker-{job_type}"));
        let thread = named.spawn(move || {
            let mut work = work;
            for (leased, token) in receive {
                match bench.shared.closing.load(Ordering::Acquire) {
                    false => bench.job(leased, &mut work),
                    true => bench.give_back(&leased),
                }
                drop(token);
            }
        });
        self.inner.keep(thread, job_type);
        self.reclaim(&format!("closure {job_type}"));
        Worker { stream }
    }

    /// Jobs of closures of a process that is gone are given back at once: nobody works on them.
    fn reclaim(&self, worker: &str) {
        for (remote, partition) in self.shared().partitions().iter().zip(1..) {
            let (shared, worker) = (Arc::clone(self.shared()), worker.to_owned());
            let look = move |engine: &mut Engine| {
                let orphans = orphans(engine, &worker)?;
                let shared = Arc::clone(&shared);
                let deliver: Deliver = Box::new(move || {
                    for (job, token) in orphans {
                        let command = Command::YieldJob { job, token };
                        shared.internal(partition, command, Source::Dispatcher, None);
                    }
                });
                Ok(deliver)
            };
            let token = self.shared().activity.begin();
            remote.mailbox.look(Class::Internal, Box::new(look), token);
        }
    }
}

impl Inner {
    fn keep(&self, thread: std::io::Result<std::thread::JoinHandle<()>>, job_type: &str) {
        match thread {
            Ok(thread) => {
                self.workers.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
            }
            Err(error) => tracing::error!(job_type, %error, "no thread for a worker"),
        }
    }
}

fn feed(
    send: Sender<(LeasedJob, Token)>,
    begin: impl Fn() -> Token + Send + Sync + 'static,
) -> impl Fn(LeasedJob) -> bool + Send + Sync + 'static {
    let send = Mutex::new(send);
    move |job| send.lock().unwrap_or_else(PoisonError::into_inner).send((job, begin())).is_ok()
}

/// Where a closure works.
struct Bench {
    shared: Arc<Shared>,
    stream: Arc<Mutex<Option<JobStream>>>,
    cause: Cause,
}

impl Bench {
    fn job<V, E>(&self, leased: LeasedJob, work: &mut impl FnMut(&Job) -> Result<V, E>)
    where
        V: Into<Variables>,
        E: Into<JobError>,
    {
        let variables = Variables::from(leased.variables.clone());
        let job = Job { leased, variables };
        let done =
            catch_unwind(AssertUnwindSafe(|| work(&job).map(Into::into).map_err(Into::into)));
        let outcome = match done {
            Ok(outcome) => outcome,
            Err(panic) => Err(JobError::from(format!("panicked: {}", panic_text(&*panic)))),
        };
        self.tell(&job.leased, outcome);
        if let Some(stream) = &*self.stream.lock().unwrap_or_else(PoisonError::into_inner) {
            stream.add_credit(1);
        }
    }

    /// The engine closes before its turn came.
    fn give_back(&self, leased: &LeasedJob) {
        let command = Command::YieldJob { job: leased.key, token: leased.token };
        let partition = engine::key::partition_of(leased.key);
        self.shared.internal(partition, command, Source::Dispatcher, None);
    }

    fn tell(&self, leased: &LeasedJob, outcome: Result<Variables, JobError>) {
        let (job, token) = (leased.key, Some(leased.token));
        let command = match outcome {
            Ok(variables) => Command::CompleteJob { job, variables: variables.into_inner(), token },
            Err(JobError::Fail { message, retries, back_off }) => Command::FailJob {
                job,
                retries: retries.unwrap_or(leased.retries - 1),
                message: message.into(),
                back_off: i64::try_from(back_off.as_millis()).unwrap_or(i64::MAX),
                variables: Vec::new(),
                token,
            },
            Err(JobError::Bpmn { code, message, variables }) => Command::ThrowError {
                job,
                code: code.into(),
                message: message.into(),
                variables: variables.into_inner(),
                token,
            },
        };
        tell(&self.shared, job, command, self.cause.clone(), FIRST_PAUSE);
    }
}

/// Reports an outcome, again and again while the engine cannot take it (a full disk, overload, a
/// journal that failed). The lease token makes a repetition harmless, and an outcome that comes
/// after the lease has ended is refused.
fn tell(shared: &Arc<Shared>, job: Key, command: Command, cause: Cause, pause: Duration) {
    let Some(remote) = shared.remote(engine::key::partition_of(job)) else { return };
    let (weak, again) = (Arc::downgrade(shared), (command.clone(), cause.clone()));
    let report = move |answer: Result<engine::Answer, Error>| {
        let Err(error) = answer.and_then(|answer| answer.map_err(Error::from)) else { return };
        let shared = weak.upgrade().filter(|_| error.is_transient());
        // Else the job was completed by another, canceled, or timed out: nothing is left to do.
        let Some(shared) = shared else {
            return tracing::info!(job, %error, "a job's outcome was not taken");
        };
        tracing::info!(job, %error, "a job's outcome is reported again");
        let (command, cause) = again;
        shared.deadlines.after(pause, move || {
            if let Some(shared) = weak.upgrade() {
                tell(&shared, job, command, cause, (pause * 2).min(LONGEST_PAUSE));
            }
        });
    };
    remote.mailbox.post(Envelope {
        command,
        cause,
        class: Class::Progress,
        watch: false,
        reply: Some(Box::new(report)),
        token: shared.activity.begin(),
    });
}
