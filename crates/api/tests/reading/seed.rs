//! History that lost its beginning: the journals are trimmed, and what is alive is told again.

use std::time::{Duration, Instant};

use grevy::{Builder, Checkpoints, Grevy};
use serde_json::json;

use crate::support::{ORDER, Rig, start_with};

/// Journals that are trimmed as soon as they may be.
fn trimmed(builder: Builder) -> Builder {
    let journal = journal::FileConfig {
        segment_bytes: 16 << 10,
        first_segment_bytes: 8 << 10,
        ..journal::FileConfig::default()
    };
    let often = Checkpoints { steps: Some(1), ..Checkpoints::default() };
    builder.journal(journal).checkpoints(often)
}

fn is_trimmed(engine: &Grevy) -> bool {
    (1..=2).all(|partition| engine.steps(partition, 1).is_err())
}

/// Goes on working until nothing can be read from the start.
async fn work_until_trimmed(rig: &Rig) {
    let until = Instant::now() + Duration::from_secs(120);
    let mut number = 0;
    while !is_trimmed(&rig.engine) {
        assert!(Instant::now() < until, "the journals are trimmed");
        for _ in 0..20 {
            number += 1;
            rig.order(&format!("o-{number}"), 10).await;
            rig.work("check-stock", number % 10 == 0).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn history_that_was_lost_is_told_what_is_alive() {
    let folder = tempfile::tempdir().unwrap();
    let first = start_with(folder, None, trimmed).await;
    first.deploy(ORDER).await;
    let ended = first.order("ended", 500).await;
    first.work("check-stock", false).await;
    work_until_trimmed(&first).await;
    let of = |path: &'static str, filter: serde_json::Value| {
        (path, json!({"filter": filter, "page": {"limit": 10_000}}))
    };
    // What is alive, but for dates, which are those of the telling.
    let alive = [
        (of("/v2/process-instances/search", json!({"state": "ACTIVE"})), "processInstanceKey"),
        (of("/v2/element-instances/search", json!({"state": "ACTIVE"})), "elementInstanceKey"),
        (of("/v2/incidents/search", json!({"state": "ACTIVE"})), "incidentKey"),
        (of("/v2/element-instances/wait-states/search", json!({})), "elementInstanceKey"),
        (of("/v2/process-definitions/search", json!({})), "processDefinitionKey"),
    ];
    let mut before = Vec::new();
    for ((path, body), field) in &alive {
        let mut keys = first.column(path, body.clone(), field).await;
        keys.sort();
        before.push(keys);
    }
    assert!(before.iter().all(|keys| !keys.is_empty()), "{before:?}");
    let folder = first.stop().await;
    std::fs::remove_dir_all(folder.path().join("history")).unwrap();

    let second = start_with(folder, None, trimmed).await;
    for (((path, body), field), expected) in alive.iter().zip(&before) {
        let mut keys = second.column(path, body.clone(), field).await;
        keys.sort();
        assert_eq!(&keys, expected, "{path}");
    }
    let found = second.send("GET", &format!("/v2/process-instances/{ended}"), json!(null)).await;
    assert_eq!(found.0, http::StatusCode::NOT_FOUND, "it had ended: {}", found.1);
    // It goes on from there: nothing twice, nothing lost.
    let fresh = second.order("fresh", 500).await;
    second.work("check-stock", false).await;
    let found = second.get(&format!("/v2/process-instances/{fresh}")).await;
    assert_eq!(found["state"], "COMPLETED");
    let incident = &before[2][0];
    let path = format!("/v2/incidents/{incident}");
    let job = second.get(&path).await["jobKey"].as_str().unwrap().to_owned();
    let retries = json!({"changeset": {"retries": 1}});
    second.send("PATCH", &format!("/v2/jobs/{job}"), retries).await;
    second.send("POST", &format!("{path}/resolution"), json!({})).await;
    assert_eq!(second.get(&path).await["state"], "RESOLVED");
    let versions = json!({"page": {"limit": 1}, "filter": {"processDefinitionId": "order"}});
    let path = "/v2/process-definitions/statistics/process-instances";
    let counts = second.search(path, versions).await;
    let active = counts["items"][0]["activeInstancesWithoutIncidentCount"].as_i64();
    let incidents = counts["items"][0]["activeInstancesWithIncidentCount"].as_i64();
    assert_eq!(active.zip(incidents).map(|(a, b)| a + b), Some(before[0].len() as i64), "{counts}");
}
