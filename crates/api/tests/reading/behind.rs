//! What reads say while history is behind: its writer waits, and instances come.

use std::time::{Duration, Instant};

use api::readback::FILE;
use axum::Router;
use axum::body::Body;
use history::testing::Hold;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value as Json, json};
use tokio::task::JoinSet;
use tower::ServiceExt;

use crate::support::{ORDER, rig};

/// Status, the header, and the body.
async fn asked(app: Router, method: &str, path: &str) -> (StatusCode, Option<String>, Json) {
    let request = Request::builder().method(method).uri(path);
    let request = request.header("content-type", "application/json");
    let answer = app.oneshot(request.body(Body::from("{}")).unwrap()).await.unwrap();
    let behind = answer.headers().get("grevy-history-behind");
    let behind = behind.map(|value| value.to_str().unwrap().to_owned());
    let status = answer.status();
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    (status, behind, serde_json::from_slice(&bytes).unwrap_or_default())
}

/// Whatever is read, by key or by search, and whether it is there or not: nothing is answered late
/// without saying so, and nothing waits longer than the bound.
#[tokio::test(flavor = "multi_thread")]
async fn every_read_says_that_history_is_behind() {
    let rig = rig().await;
    let definition = rig.deploy(ORDER).await;
    let (there, job) = (rig.order("a", 1).await, rig.work("check-stock", true).await);
    let incident = &rig.search("/v2/incidents/search", json!({})).await["items"][0];
    let incident = incident["incidentKey"].as_str().unwrap();
    let variable = &rig.search("/v2/variables/search", json!({})).await["items"][0];
    let variable = variable["variableKey"].as_str().unwrap();

    let hold = Hold::new(&rig.folder.path().join("history").join(FILE)).await.unwrap();
    // One for each partition.
    let (new, _) = (rig.order("b", 2).await, rig.order("c", 3).await);
    let too_early = [
        format!("/v2/process-instances/{new}"),
        format!("/v2/process-instances/{new}/call-hierarchy"),
        format!("/v2/process-instances/{new}/sequence-flows"),
        format!("/v2/process-instances/{new}/statistics/element-instances"),
        format!("/v2/process-instances/{new}/statistics/wait-states"),
        format!("/v2/element-instances/{new}"),
        format!("/v2/incidents/{new}"),
        format!("/v2/variables/{new}"),
        format!("/v2/user-tasks/{new}"),
        format!("/v2/decision-instances/{new}-1"),
        format!("/grevy/v1/explain/{new}"),
        format!("/grevy/v1/process-instances/{new}/taken-flows"),
        format!("/grevy/v1/variables/{new}/changes"),
    ];
    let known = [
        format!("/v2/process-instances/{there}"),
        format!("/v2/process-instances/{there}/call-hierarchy"),
        format!("/v2/process-definitions/{definition}"),
        format!("/v2/process-definitions/{definition}/xml"),
        format!("/v2/incidents/{incident}"),
        format!("/v2/variables/{variable}"),
        format!("/grevy/v1/explain/{job}"),
        format!("/grevy/v1/process-definitions/{definition}/heat"),
        "/grevy/v1/overview".to_owned(),
        "/grevy/v1/overview".to_owned(),
    ];
    let searches = [
        "/v2/process-instances/search".to_owned(),
        "/v2/variables/search".to_owned(),
        "/v2/audit-logs/search".to_owned(),
        format!("/v2/process-instances/{there}/incidents/search"),
        format!("/v2/process-definitions/{definition}/statistics/element-instances"),
    ];
    let of = |method: &'static str, status: StatusCode, paths: &[String]| {
        let one = |path: &String| (method, status, path.clone());
        paths.iter().map(one).collect::<Vec<_>>()
    };
    let mut calls = of("GET", StatusCode::NOT_FOUND, &too_early);
    calls.extend(of("GET", StatusCode::OK, &known));
    calls.extend(of("POST", StatusCode::OK, &searches));
    let mut all = JoinSet::new();
    for (method, expected, path) in calls {
        let app = rig.app.clone();
        all.spawn(check(app, method, expected, path));
    }
    all.join_all().await;
    hold.release().await.unwrap();
    let path = format!("/v2/process-instances/{new}");
    let (status, behind, found) = asked(rig.app.clone(), "GET", &path).await;
    assert_eq!((status, behind), (StatusCode::OK, None), "{found}");
}

async fn check(app: Router, method: &str, expected: StatusCode, path: String) {
    let begun = Instant::now();
    let (status, behind, body) = asked(app, method, &path).await;
    assert_eq!(status, expected, "{path}: {body}");
    let behind = behind.unwrap_or_else(|| panic!("{path} does not say it"));
    assert!(behind.starts_with("steps=") && !behind.starts_with("steps=0;"), "{behind}");
    if status == StatusCode::NOT_FOUND {
        let detail = body["detail"].as_str().unwrap();
        assert!(detail.ends_with("so it may come: ask again"), "{path}: {detail}");
    }
    // A path with a scope waits twice, within the same bound.
    assert!(begun.elapsed() < Duration::from_millis(3_800), "{path}: {:?}", begun.elapsed());
}
