//! The worker and the calls against a real server: streaming, polling where there are no streams,
//! what comes of a job, and an end that loses nothing.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::access::Access;
use api::server::{self, Config, Server};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use client::{Client, Fail, Job, WorkerOptions};
use serde_json::{Value as Json, json};
use tokio::sync::{Semaphore, mpsc, watch};

/// start → job `work`; error `E` → caught; → end.
const MODEL: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
 xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" targetNamespace="test">
 <error id="e" errorCode="E"/>
 <process id="p" isExecutable="true"><startEvent id="start"/>
 <sequenceFlow id="a" sourceRef="start" targetRef="work"/>
 <serviceTask id="work"><extensionElements><zeebe:taskDefinition type="work" retries="2"/>
 </extensionElements></serviceTask>
 <boundaryEvent id="b" attachedToRef="work"><errorEventDefinition errorRef="e"/></boundaryEvent>
 <sequenceFlow id="x" sourceRef="b" targetRef="caught"/><endEvent id="caught"/>
 <sequenceFlow id="c" sourceRef="work" targetRef="end"/><endEvent id="end"/></process>
</definitions>"#;

/// A time that only a hanging test takes.
const LONG: Duration = Duration::from_secs(60);

/// What came over the wire: path, and whether it had a request id.
type Seen = Arc<Mutex<Vec<(String, bool)>>>;

struct Rig {
    server: Server,
    client: Client,
    seen: Seen,
    _stop: watch::Sender<bool>,
}

/// A server behind a wire that notes what comes, and may know no streams.
async fn rig(streams: bool) -> Rig {
    let config = Config {
        grpc: ([127, 0, 0, 1], 0).into(),
        http: ([127, 0, 0, 1], 0).into(),
        tls: None,
        access: Access::default(),
        partitions: 1,
        pinnable_clock: false,
        metrics: None,
        open: Box::new(|_| grevy::Grevy::memory()),
        console: |_| None,
        pages: Router::new(),
        history: None,
    };
    let server = server::start(config).await.unwrap();
    server.ready().await.unwrap();
    let seen = Seen::default();
    let note = Arc::clone(&seen);
    let wire = from_fn(move |request: Request, next: Next| {
        let path = request.uri().path().rsplit('/').next().unwrap().to_owned();
        let known = request.headers().contains_key("grevy-request-id");
        note.lock().unwrap().push((path.clone(), known));
        async move {
            if streams || path != "StreamActivatedJobs" {
                return next.run(request).await;
            }
            let answer = Response::builder().header("content-type", "application/grpc");
            answer.header("grpc-status", "12").body(Body::empty()).unwrap()
        }
    });
    let calls =
        api::grpc::router(server.gateway().clone(), "http://rest").await.unwrap().layer(wire);
    let (stop, stopping) = watch::channel(false);
    let at = ([127, 0, 0, 1], 0).into();
    let (address, _serving) = server::serve(at, calls, stopping).await.unwrap();
    let client = Client::connect(format!("http://{address}")).await.unwrap();
    client.deploy("p.bpmn", MODEL).await.unwrap();
    Rig { server, client, seen, _stop: stop }
}

impl Rig {
    fn called(&self, path: &str) -> usize {
        self.seen.lock().unwrap().iter().filter(|(seen, _)| seen == path).count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_streams_its_jobs_and_every_call_has_a_request_id() {
    let rig = rig(true).await;
    let worker = rig.client.worker("work", |job: Job| async move {
        let n: i64 = job.variable("n")?;
        Ok(json!({ "twice": 2 * n }))
    });
    let ended: Json = rig.client.run("p", &json!({ "n": 21 }), LONG).await.unwrap();
    assert_eq!(ended, json!({ "n": 21, "twice": 42 }));
    worker.stop().await;
    assert_eq!((rig.called("StreamActivatedJobs"), rig.called("ActivateJobs")), (1, 0));
    let without: Vec<_> = rig.seen.lock().unwrap().iter().filter(|row| !row.1).cloned().collect();
    assert_eq!(without, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_polls_where_a_server_knows_no_streams() {
    let rig = rig(false).await;
    let worker = rig.client.worker("work", |_: Job| async { Ok(json!({ "done": true })) });
    for _ in 0..3 {
        let ended: Json = rig.client.run("p", &json!({}), LONG).await.unwrap();
        assert_eq!(ended, json!({ "done": true }));
    }
    worker.stop().await;
    assert_eq!(rig.called("StreamActivatedJobs"), 1, "asked once");
    assert!(rig.called("ActivateJobs") >= 1);
    assert!(rig.seen.lock().unwrap().iter().all(|(_, known)| *known));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_handler_says_or_fails_to_say_reaches_the_process() {
    let rig = rig(true).await;
    let tries = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&tries);
    let worker = rig.client.worker("work", move |job: Job| {
        let first = count.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            match job.variables["do"].as_str() {
                Some("retry") if first => Err(Fail::retry("not yet")),
                Some("panic") if first => panic!("a bug of the handler"),
                Some("error") => Err(Fail::bpmn("E", "no money")),
                Some(_) | None => Ok(json!({ "tries": job.retries })),
            }
        }
    });
    for (what, expected) in [
        ("retry", json!({ "do": "retry", "tries": 1 })),
        ("panic", json!({ "do": "panic", "tries": 1 })),
        ("error", json!({ "do": "error" })),
        ("complete", json!({ "do": "complete", "tries": 2 })),
    ] {
        tries.store(0, Ordering::SeqCst);
        let ended: Json = rig.client.run("p", &json!({ "do": what }), LONG).await.unwrap();
        assert_eq!(ended, expected);
    }
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_stops_finishes_what_it_began_and_gives_back_what_it_did_not() {
    let rig = rig(true).await;
    let (begun, mut begins) = mpsc::unbounded_channel();
    let go = Arc::new(Semaphore::new(0));
    let gate = Arc::clone(&go);
    let options = WorkerOptions { max_jobs: 1, timeout: 60 * LONG, ..WorkerOptions::default() };
    let worker = rig.client.worker_with("work", options, move |job: Job| {
        begun.send(job.key).unwrap();
        let gate = Arc::clone(&gate);
        async move {
            gate.acquire().await.unwrap().forget();
            Ok(json!({}))
        }
    });
    for _ in 0..5 {
        rig.client.create("p", &json!({})).await.unwrap();
    }
    let first = begins.recv().await.unwrap();
    let stopping = tokio::spawn(worker.stop());
    // The others go to whoever comes next, an hour before their leases end.
    let (taken, mut takes) = mpsc::unbounded_channel();
    let next = rig.client.worker("work", move |job: Job| {
        taken.send(job.key).unwrap();
        async { Ok(json!({})) }
    });
    let mut others = Vec::new();
    while others.len() < 4 {
        let taken = tokio::time::timeout(LONG, takes.recv()).await;
        others.push(taken.expect("a job was kept by a worker that is gone").unwrap());
    }
    assert!(!others.contains(&first));
    assert!(!stopping.is_finished(), "a job is under way");
    go.add_permits(1);
    tokio::time::timeout(LONG, stopping).await.unwrap().unwrap();
    next.stop().await;
    let left = rig.server.gateway().engine().unwrap().unattended_job_types();
    assert!(left.is_empty(), "all five are done: {left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_of_calls_on_one_connection_is_no_abuse() {
    let rig = rig(true).await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..2_000 {
        let client = rig.client.clone();
        calls.spawn(async move { client.topology().await });
    }
    while let Some(answered) = calls.join_next().await {
        answered.unwrap().unwrap();
    }
    let seen = rig.seen.lock().unwrap();
    let calls = seen.iter().filter(|(path, _)| path == "Topology").count();
    assert_eq!(calls, 2_000, "none is sent again");
}
