//! The OpenAPI document has the calls of tracking, and what the server answers is what it says.

use api::tracking::wire;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::harness::*;

/// Reads an answer by its documented type, which must have all of it.
fn read<T: DeserializeOwned + Serialize>(server: &Server, path: &str) -> T {
    let answer = server.get(path);
    let typed: T = serde_json::from_value(answer.clone())
        .unwrap_or_else(|e| panic!("{path}: {e}: {answer:#}"));
    assert_eq!(serde_json::to_value(&typed).unwrap(), answer, "{path}");
    typed
}

#[test]
fn b2_every_call_of_tracking_is_in_the_document_and_answers_as_it_says() {
    let place = Place::new();
    let server = place.server(&[]);
    let document = server.get("/openapi.json");
    let paths = document["paths"].as_object().unwrap();
    let calls = [
        ("/events", "post"),
        ("/events", "get"),
        ("/api/ingestion/event/batch", "post"),
        ("/tracking", "get"),
        ("/tracking/{process}", "put"),
        ("/tracking/{process}", "get"),
        ("/tracking/{process}/publish", "post"),
        ("/tracking/{process}/replay", "post"),
        ("/tracking/{process}/diagram", "get"),
        ("/tracking/{process}/cases", "get"),
        ("/tracking/{process}/verdicts", "get"),
        ("/tracking/{process}/findings", "get"),
        ("/tracking/{process}/stats", "get"),
        ("/alerts", "get"),
        ("/traces", "get"),
        ("/traces/{id}", "get"),
        ("/traces/{id}/reached/{process}", "get"),
    ];
    for (path, method) in calls {
        let call = &paths[path][method];
        let described = call["summary"].is_string() || call["description"].is_string();
        assert!(described && call["responses"]["401"].is_object(), "{method} {path}: {call:#}");
    }
    let of_cases = &paths["/tracking/{process}/cases"]["get"]["parameters"];
    let names: Vec<&Value> = of_cases.as_array().unwrap().iter().map(|p| &p["name"]).collect();
    assert_eq!(names, ["process", "status", "case", "like", "deviating", "after", "limit"]);
    // One whole order, one that skips a step, one early event, one record that is none.
    let mut events = order("t1", NINE, &STEPS);
    events.extend(order("t2", NINE, &[STEPS[0], STEPS[2]]));
    events.push(event("early", "t3", STEPS[2], NINE));
    events.push(json!({"specversion": "1.0", "id": "x", "source": "s", "type": "Alone"}));
    assert_eq!(server.batch(&events), 204);
    let draft = json!({
        "bpmn": std::fs::read_to_string(model()).unwrap(),
        "mapping": "type: $.type\ncase: $.traceid\ntime: $.time\nid: $.id\nsender: $.source\n",
        "types": types(),
        "stuckAfter": "PT1S",
        "alertOnBackfill": true,
    });
    let put = |draft: Value| {
        let media = "application/json";
        server.send("PUT", "/tracking/order-tracking", media, &draft.to_string())
    };
    assert_eq!(put(draft).0, 204);
    server.publish("order-tracking");
    let rows: Vec<wire::TrackedProcess> = read(&server, "/tracking");
    assert_eq!((rows.len(), rows[0].state.as_str()), (1, "Published"));
    read::<wire::TrackedProcess>(&server, "/tracking/order-tracking");
    let alerts = until("an alert", || {
        let alerts: Vec<wire::Alert> = read(&server, "/alerts");
        (!alerts.is_empty()).then_some(alerts)
    });
    assert_eq!(alerts[0].case, "t2");
    let cases: Vec<wire::TrackedCase> = read(&server, "/tracking/order-tracking/cases");
    assert_eq!(cases.len(), 3);
    assert!(cases.iter().any(|case| case.findings.iter().any(|f| f.kind == "skipped")));
    let verdicts: Vec<wire::RecordVerdict> = read(&server, "/tracking/order-tracking/verdicts");
    let names: Vec<&str> = verdicts.iter().map(|v| v.verdict.as_str()).collect();
    for verdict in ["started", "moved", "buffered", "rejected"] {
        assert!(names.contains(&verdict), "{verdict}: {names:?}");
    }
    let found: wire::ProcessFindings = read(&server, "/tracking/order-tracking/findings");
    assert!(found.cases > 0);
    let path = "/tracking/order-tracking/stats?target=PT1H";
    let stats: wire::ProcessStats = read(&server, path);
    assert!(stats.target.is_some_and(|target| target.breaches == 1));
    assert_eq!(read::<wire::Trace>(&server, "/traces/t1").messages.len(), 5);
    let reached: wire::Reached = read(&server, "/traces/t1/reached/order-tracking");
    assert!(!reached.elements.is_empty());
    // Names that are mistyped do not look as if nothing were there.
    let refused = |path: &str| {
        let (status, told) = server.send("GET", path, "application/json", "");
        (status, serde_json::from_str::<Value>(&told).unwrap()["detail"].to_string())
    };
    for call in ["cases", "verdicts", "findings", "stats"] {
        let (status, told) = refused(&format!("/tracking/nobody/{call}"));
        assert!(status == 404 && told.contains("nobody"), "{call}: {status} {told}");
    }
    for (query, expected) in [
        ("cases?status=stuk", "early, open, stuck"),
        ("verdicts?verdict=rejekted", "started, moved, buffered"),
        ("verdicts?after=x", "such as 12.3"),
    ] {
        let (status, told) = refused(&format!("/tracking/order-tracking/{query}"));
        assert!(status == 400 && told.contains(expected), "{query}: {status} {told}");
    }
    let headers = |path: &str, name: &str| {
        let answer = ureq::get(format!("{}/tracking/order-tracking/{path}", server.url)).call();
        answer.unwrap().headers()[name].to_str().unwrap().to_owned()
    };
    assert_eq!(headers("cases?limit=1", "x-total-count"), "3");
    let more = |limit| headers(&format!("verdicts?limit={limit}"), "x-more");
    assert_eq!((more(8), more(9)), ("true".to_owned(), "false".to_owned()));
    // What is wrong with a body is told as everywhere else.
    let (status, told) = put(json!({"bpmn": 1}));
    assert_eq!(status, 400, "{told}");
    assert!(told.contains("INVALID_ARGUMENT") && told.contains("line 1"), "{told}");
}
