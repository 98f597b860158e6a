//! Load over gRPC: creates, streaming workers that complete, and what either took.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tonic::Code;

use crate::proto::{
    CompleteJobRequest, CreateProcessInstanceRequest, CreateProcessInstanceWithResultRequest,
    StreamActivatedJobsRequest,
};
use crate::server::{Failed, Stub};

/// Variables of 0.5 KB as JSON text.
pub fn text() -> String {
    let text = "x".repeat(440);
    format!("{{\"orderId\":\"o-1\",\"amount\":12.50,\"order\":{{\"text\":\"{text}\"}}}}")
}

/// One instance of [`crate::ONE_TASK`].
pub fn creation(variables: &str) -> CreateProcessInstanceRequest {
    CreateProcessInstanceRequest {
        bpmn_process_id: "one-task".into(),
        version: -1,
        variables: variables.into(),
        ..Default::default()
    }
}

/// Streams jobs and completes each at once; ends when it is dropped.
pub struct Workers {
    tasks: JoinSet<()>,
    pub completed: Arc<AtomicU64>,
}

impl Workers {
    /// `room` gets a place back for every completed job.
    pub fn start(stub: &Stub, streams: usize, room: &Arc<Semaphore>) -> Workers {
        let completed = Arc::new(AtomicU64::new(0));
        let mut tasks = JoinSet::new();
        for _ in 0..streams {
            let (stub, room, completed) = (stub.clone(), Arc::clone(room), Arc::clone(&completed));
            tasks.spawn(work(stub, room, completed));
        }
        Workers { tasks, completed }
    }

    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

async fn work(mut stub: Stub, room: Arc<Semaphore>, completed: Arc<AtomicU64>) {
    let want = StreamActivatedJobsRequest {
        r#type: "job".into(),
        worker: "bench".into(),
        timeout: 600_000,
        ..Default::default()
    };
    let Ok(answer) = stub.stream_activated_jobs(want).await else { return };
    let mut jobs = answer.into_inner();
    while let Ok(Some(job)) = jobs.message().await {
        let (mut stub, room, completed) = (stub.clone(), Arc::clone(&room), Arc::clone(&completed));
        tokio::spawn(async move {
            let done = CompleteJobRequest {
                job_key: job.key,
                variables: "{\"done\":true}".into(),
                ..Default::default()
            };
            if stub.complete_job(done).await.is_ok() {
                completed.fetch_add(1, Ordering::Relaxed);
                room.add_permits(1);
            }
        });
    }
}

/// Keeps `in_flight` instances under way for as long, then drains them: completed ones a second.
pub async fn throughput(stub: &Stub, in_flight: usize, time: Duration) -> Result<f64, Failed> {
    let room = Arc::new(Semaphore::new(in_flight));
    let workers = Workers::start(stub, 8, &room);
    let (begun, variables) = (Instant::now(), text());
    let mut creators = JoinSet::new();
    for _ in 0..in_flight.min(512) {
        let (mut stub, room, create) = (stub.clone(), Arc::clone(&room), creation(&variables));
        creators.spawn(async move {
            while begun.elapsed() < time {
                room.acquire().await?.forget();
                match stub.create_process_instance(create.clone()).await {
                    Ok(_) => {}
                    // Back-pressure: what was not taken in does not count.
                    Err(status) if status.code() == Code::ResourceExhausted => {
                        room.add_permits(1);
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                    Err(status) => return Err(Failed::from(status)),
                }
            }
            Ok(())
        });
    }
    while let Some(done) = creators.join_next().await {
        done??;
    }
    let all = u32::try_from(in_flight)?;
    let drained = tokio::time::timeout(Duration::from_secs(120), room.acquire_many(all)).await;
    drained.map_err(|_| "expected all instances to end, but some never did")??.forget();
    let (ended, took) = (workers.completed.load(Ordering::Relaxed), begun.elapsed());
    workers.stop().await;
    Ok(ended as f64 / took.as_secs_f64())
}

/// What a paced run measured.
pub struct Paced {
    /// ms from when a call was due to its answer, sorted.
    pub took: Vec<f64>,
    /// Calls that back-pressure refused.
    pub refused: u64,
}

impl Paced {
    /// The value that this share of the calls is not above; the largest when there are few.
    pub fn at(&self, share: f64) -> f64 {
        let last = self.took.len().saturating_sub(1);
        self.took.get((last as f64 * share).round() as usize).copied().unwrap_or(f64::NAN)
    }
}

/// Starts `rate` instances a second, whatever the answers take, while workers complete them.
/// `awaits`: until an instance has ended, not only until it is created.
pub async fn paced(stub: &Stub, rate: u64, time: Duration, awaits: bool) -> Result<Paced, Failed> {
    let room = Arc::new(Semaphore::new(0));
    let workers = Workers::start(stub, 2, &room);
    let (took, refused) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicU64::new(0)));
    let mut calls = JoinSet::new();
    let create = creation(&text());
    let mut ticks = tokio::time::interval(Duration::from_micros(1_000_000 / rate));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for _ in 0..rate * time.as_secs() {
        let due = ticks.tick().await;
        let (mut stub, create) = (stub.clone(), create.clone());
        let (took, refused) = (Arc::clone(&took), Arc::clone(&refused));
        calls.spawn(async move {
            let answer = match awaits {
                false => stub.create_process_instance(create).await.map(drop),
                true => {
                    let awaiting = CreateProcessInstanceWithResultRequest {
                        request: Some(create),
                        request_timeout: 60_000,
                        ..Default::default()
                    };
                    stub.create_process_instance_with_result(awaiting).await.map(drop)
                }
            };
            match answer {
                Ok(()) => {
                    let ms = due.elapsed().as_secs_f64() * 1_000.0;
                    took.lock().unwrap_or_else(PoisonError::into_inner).push(ms);
                }
                Err(status) if status.code() == Code::ResourceExhausted => {
                    refused.fetch_add(1, Ordering::Relaxed);
                }
                Err(status) => return Err(Failed::from(status)),
            }
            Ok(())
        });
    }
    while let Some(done) = calls.join_next().await {
        done??;
    }
    workers.stop().await;
    let mut took = std::mem::take(&mut *took.lock().unwrap_or_else(PoisonError::into_inner));
    took.sort_by(f64::total_cmp);
    Ok(Paced { took, refused: refused.load(Ordering::Relaxed) })
}
