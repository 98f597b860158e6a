//! A server is there at once: before its engine has read the journal, Topology says how far it is.

use std::sync::mpsc;

use api::proto::partition::PartitionBrokerHealth as Health;
use api::proto::{CreateProcessInstanceRequest, TopologyRequest, TopologyResponse};
use grevy::Grevy;
use http::StatusCode;
use serde_json::Value as Json;
use tonic::Code;

use crate::support::{Routers, simple, wire};

async fn health(routers: &Routers) -> Vec<Health> {
    let found: TopologyResponse = routers.one("Topology", &TopologyRequest {}).await;
    let rows = found.brokers.into_iter().flat_map(|broker| broker.partitions);
    rows.map(|row| row.health()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn topology_is_answered_at_once_and_partitions_are_unhealthy_until_they_have_recovered() {
    let (recovered, wait) = mpsc::channel::<()>();
    let open = move |claimed: &dyn Fn()| {
        let folder = Grevy::builder().partitions(2).claim()?;
        claimed();
        wait.recv().unwrap();
        folder.open()
    };
    let wire = wire(2, Box::new(open)).await;
    // From here on the server says that it runs.
    wire.server.claimed().await.unwrap();
    assert_eq!(health(&wire.routers).await, [Health::Unhealthy, Health::Unhealthy]);
    let (_, topology) = wire.routers.rest("GET", "/v2/topology", Json::Null).await;
    assert_eq!(topology["brokers"][0]["partitions"][1]["health"], "unhealthy", "{topology}");
    let status = wire.routers.rest("GET", "/v2/status", Json::Null).await.0;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    // A call that comes meanwhile waits: most clients give up at the first UNAVAILABLE.
    let early = wire.routers.clone();
    let early = tokio::spawn(async move {
        let create =
            CreateProcessInstanceRequest { bpmn_process_id: "none".into(), ..Default::default() };
        early.refused("CreateProcessInstance", &create).await
    });
    let search = wire.routers.clone();
    let search = tokio::spawn(async move {
        search.rest("POST", "/v2/process-instances/search", serde_json::json!({})).await
    });
    recovered.send(()).unwrap();
    wire.server.ready().await.unwrap();
    assert_eq!(early.await.unwrap().0, Code::NotFound, "decided by the engine");
    let (_, answer) = search.await.unwrap();
    assert!(answer.to_string().contains("was started without"), "{answer}");
    assert_eq!(health(&wire.routers).await, [Health::Healthy, Health::Healthy]);
    assert_eq!(wire.routers.rest("GET", "/v2/status", Json::Null).await.0, StatusCode::NO_CONTENT);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_has_waited_for_recovery_long_enough_is_told_to_come_again() {
    let (recovered, wait) = mpsc::channel::<()>();
    let open = move |_: &dyn Fn()| {
        wait.recv().unwrap();
        Grevy::memory()
    };
    let wire = wire(1, Box::new(open)).await;
    let create = CreateProcessInstanceRequest::default();
    let create = CreateProcessInstanceRequest { bpmn_process_id: "simple".into(), ..create };
    let (grpc, rest) = tokio::join!(
        wire.routers.refused("CreateProcessInstance", &create),
        wire.routers.rest("POST", "/v2/process-instances", simple()),
    );
    assert_eq!(grpc.0, Code::Unavailable);
    assert!(grpc.1.contains("it is still reading its journal"), "{}", grpc.1);
    assert_eq!(rest.0, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(rest.1["title"], "UNAVAILABLE", "{}", rest.1);
    recovered.send(()).unwrap();
    wire.server.ready().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_of_an_engine_that_cannot_start_are_dead_and_say_why() {
    let open = |_: &dyn Fn()| {
        Err(grevy::Error::Invalid { reason: "expected a folder, but no".to_owned() })
    };
    let wire = wire(1, Box::new(open)).await;
    let reason = wire.server.ready().await.unwrap_err();
    assert!(reason.contains("expected a folder"), "{reason}");
    assert_eq!(wire.server.claimed().await.unwrap_err(), reason, "nothing is said to run");
    assert_eq!(health(&wire.routers).await, [Health::Dead]);
    let (status, problem) = wire.routers.rest("POST", "/v2/process-instances", simple()).await;
    assert_eq!(
        (status, &problem["title"]),
        (StatusCode::SERVICE_UNAVAILABLE, &"UNAVAILABLE".into())
    );
    assert!(problem["detail"].as_str().unwrap().contains("expected a folder"), "{problem}");
}
