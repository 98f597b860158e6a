//! Back-pressure: a partition whose disk is slow refuses new work early and in words, and takes
//! what makes room, before the new work that waits already.

use std::sync::Arc;
use std::time::Duration;

use api::proto::{
    CompleteJobRequest, CompleteJobResponse, CreateProcessInstanceRequest, PublishMessageRequest,
};
use engine::event::{Event, InstanceEvent};
use grevy::Grevy;
use http::StatusCode;
use journal::fs::test::TestFs;
use serde_json::json;
use tokio::task::JoinSet;
use tonic::Code;

use crate::support::{Routers, SIMPLE, simple, wire};

/// Groups that a loop appends to a disk that does not answer (`grevy::limits::AHEAD_GROUPS_MAX`).
const AHEAD: usize = grevy::limits::AHEAD_GROUPS_MAX;

fn create(calls: &mut JoinSet<(StatusCode, serde_json::Value)>, routers: &Routers) {
    let routers = routers.clone();
    calls.spawn(async move { routers.rest("POST", "/v2/process-instances", simple()).await });
}

#[tokio::test(flavor = "multi_thread")]
async fn new_work_is_refused_while_the_disk_is_slow_and_what_ends_work_goes_first() {
    let disk = TestFs::new();
    let fs = Arc::new(disk.clone());
    let wire = wire(1, Box::new(|_| Grevy::builder().file_system(fs).folder("/data").open())).await;
    wire.server.ready().await.unwrap();
    let (gateway, routers) = (wire.server.gateway(), &wire.routers);
    let engine = gateway.engine().unwrap();
    routers.deploy(&[("simple.bpmn", SIMPLE)]).await;
    routers.create().await;
    let [job] = &routers.jobs().await[..] else { panic!("one job") };
    let limit = gateway.intake_limits()[0];

    disk.hold_syncs();
    let mut calls = JoinSet::new();
    // One group each, until the loop stops to take commands; then the others wait before it.
    for _ in 0..AHEAD {
        let accepted = engine.health()[0].accepted;
        create(&mut calls, routers);
        while engine.health()[0].accepted == accepted {
            tokio::task::yield_now().await;
        }
    }
    (AHEAD..limit).for_each(|_| create(&mut calls, routers));
    while engine.health()[0].waiting < limit - AHEAD {
        tokio::task::yield_now().await;
    }
    // Nothing is answered while the disk does not answer, so these are refusals.
    let (status, problem) = routers.rest("POST", "/v2/process-instances", simple()).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{problem}");
    assert_eq!(problem["title"], "RESOURCE_EXHAUSTED", "what clients look at to try again");
    assert!(problem["detail"].as_str().unwrap().contains("on partition 1"), "{problem}");
    let message = json!({"name": "paid", "correlationKey": "1", "timeToLive": 1000});
    let (status, _) = routers.rest("POST", "/v2/messages/publication", message).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    let again = CreateProcessInstanceRequest::default();
    let again = CreateProcessInstanceRequest { bpmn_process_id: "simple".into(), ..again };
    let (code, text) = routers.refused("CreateProcessInstance", &again).await;
    assert_eq!(code, Code::ResourceExhausted, "{text}");
    let message = PublishMessageRequest { name: "paid".into(), ..Default::default() };
    assert_eq!(routers.refused("PublishMessage", &message).await.0, Code::ResourceExhausted);

    let waiting = engine.health()[0].waiting;
    let (worker, key) = (routers.clone(), job.key);
    let done = tokio::spawn(async move {
        let done = CompleteJobRequest { job_key: key, ..Default::default() };
        worker.grpc::<CompleteJobResponse>("CompleteJob", &done).await
    });
    while engine.health()[0].waiting == waiting {
        tokio::task::yield_now().await;
    }
    // This is how slow the disk is: slower than a partition is allowed to answer.
    tokio::time::sleep(Duration::from_millis(300)).await;
    disk.release_syncs();
    done.await.unwrap().unwrap();
    while let Some(made) = calls.join_next().await {
        let (status, made) = made.unwrap();
        assert_eq!(status, StatusCode::OK, "what was taken in is done: {made}");
    }
    let learned = gateway.intake_limits()[0];
    assert!(learned < limit, "{limit} commands took too long, and still {learned} are let in");
    assert_eq!(behind(&engine, key), limit - AHEAD, "the job came first");
}

/// Instances that were created after the job had been completed.
fn behind(engine: &Grevy, job: i64) -> usize {
    let mut steps = engine.steps(1, 1).unwrap();
    let (mut completed, mut created) = (false, 0);
    while let Some(step) = steps.next(Duration::ZERO).unwrap() {
        for event in step.step.events {
            let Event::Instance { event, .. } = event else { continue };
            match event {
                InstanceEvent::JobCompleted { key } => completed |= key == job,
                InstanceEvent::Created(_) if completed => created += 1,
                _ => {}
            }
        }
    }
    created
}
