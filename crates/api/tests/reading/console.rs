use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use api::webhook::{Retry, Target};
use serde_json::{Value as Json, json};

use crate::support::{ORDER, rig, start};

/// A signal, a condition and a called instance are waits like all others.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_waited_for_is_named_whatever_it_is() {
    let rig = rig().await;
    rig.deploy(ORDER).await;
    rig.deploy(
        r#"<signal id="sig" name="doors-open"/><process id="wait" isExecutable="true">
        <startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="split"/>
        <parallelGateway id="split"/>
        <sequenceFlow id="a" sourceRef="split" targetRef="open"/>
        <intermediateCatchEvent id="open"><signalEventDefinition signalRef="sig"/>
        </intermediateCatchEvent>
        <sequenceFlow id="b" sourceRef="split" targetRef="rich"/>
        <intermediateCatchEvent id="rich"><conditionalEventDefinition>
        <condition>=amount &gt; 10</condition></conditionalEventDefinition>
        </intermediateCatchEvent>
        <sequenceFlow id="c" sourceRef="split" targetRef="sub"/>
        <callActivity id="sub"><extensionElements><zeebe:calledElement processId="order"/>
        </extensionElements></callActivity></process>"#,
    )
    .await;
    let body = json!({"processDefinitionId": "wait", "variables": {"amount": 1, "orderId": "x"}});
    let (status, created) = rig.send("POST", "/v2/process-instances", body).await;
    assert_eq!(status, http::StatusCode::OK, "{created}");
    let key = created["processInstanceKey"].as_str().unwrap();
    tokio::task::block_in_place(|| rig.engine.settle());
    let told = rig.get(&format!("/grevy/v1/explain/{key}")).await;
    let waits = told["waitsFor"].as_array().unwrap();
    let of = |kind: &str| waits.iter().find(|wait| wait["kind"] == kind).expect(kind);
    assert_eq!(
        (&of("signal")["signal"]["name"], &of("signal")["elementId"]),
        (&json!("doors-open"), &json!("open"))
    );
    assert_eq!(of("condition")["condition"]["expression"], "=amount > 10");
    let child = &of("called")["called"];
    assert_eq!(
        (&child["processDefinitionId"], &of("called")["elementId"]),
        (&json!("order"), &json!("sub"))
    );
    let text = told["text"].as_str().unwrap();
    assert!(text.contains("for the signal 'doors-open'"), "{text}");
    let path = "/v2/element-instances/wait-states/search";
    let of = json!({"filter": {"processInstanceKey": key, "waitStateType": "SIGNAL"}});
    let found = rig.search(path, of).await;
    assert_eq!(
        found["items"][0]["details"],
        json!({"waitStateType": "SIGNAL", "signalName": "doors-open"})
    );
    rig.engine.broadcast_signal("doors-open", ()).await.unwrap();
    tokio::task::block_in_place(|| rig.engine.settle());
    let told = rig.get(&format!("/grevy/v1/explain/{key}")).await;
    let waits = told["waitsFor"].as_array().unwrap();
    assert!(waits.iter().all(|wait| wait["kind"] != "signal"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_page_shows_what_stands_still_and_why() {
    let rig = rig().await;
    rig.deploy(ORDER).await;
    for id in ["o-1", "o-2"] {
        rig.order(id, 10).await;
        rig.work("check-stock", true).await;
    }
    rig.order("o-3", 200).await;
    let found = rig.get("/grevy/v1/overview").await;
    assert_eq!((&found["active"], &found["incidents"]), (&json!(3), &json!(2)));
    assert_eq!(found["throughput"].as_array().unwrap().len(), 60);
    let created: i64 = found["throughput"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["created"].as_i64().unwrap())
        .sum();
    assert_eq!(created, 3);
    let group = &found["incidentGroups"][0];
    assert_eq!((&group["count"], &group["elementId"]), (&json!(2), &json!("check")));
    assert_eq!(group["errorType"], "JOB_NO_RETRIES");
    let kind =
        found["jobTypes"].as_array().unwrap().iter().find(|one| one["type"] == "check-stock");
    assert_eq!((&kind.unwrap()["waiting"], &kind.unwrap()["workers"]), (&json!(1), &json!(0)));
    let stuck = &found["stuck"][0];
    assert_eq!((&stuck["elementId"], &stuck["kind"]), (&json!("check"), &json!("job")));
    assert!(stuck["reason"].as_str().unwrap().contains("no worker asks"), "{stuck}");
}

/// A row of the first page counts what the list that it leads to has, version by version; a count
/// of active ones is that of the active ones, not of those that are suspended.
#[tokio::test(flavor = "multi_thread")]
async fn counts_of_the_first_page_are_those_of_its_lists() {
    let rig = rig().await;
    rig.deploy(ORDER).await;
    for id in ["o-1", "o-2"] {
        rig.order(id, 10).await;
        rig.work("check-stock", true).await;
    }
    rig.deploy(&ORDER.replace("name=\"Order\"", "name=\"Better order\"")).await;
    rig.order("o-3", 10).await;
    rig.work("check-stock", true).await;
    let quiet = rig.order("o-4", 10).await;
    let (status, told) =
        rig.send("POST", &format!("/v2/process-instances/{quiet}/suspension"), json!({})).await;
    assert_eq!(status, http::StatusCode::NO_CONTENT, "{told}");
    let found = rig.get("/grevy/v1/overview").await;
    let groups = found["incidentGroups"].as_array().unwrap();
    let mut told: Vec<_> = groups
        .iter()
        .map(|group| {
            let of = |name: &str| group[name].clone();
            (of("processDefinitionName"), of("processDefinitionVersion"), of("count"))
        })
        .collect();
    told.sort_by_key(|(_, version, _)| version.as_i64());
    let expected = [("Order", 1, 2), ("Better order", 2, 1)];
    assert_eq!(
        told,
        expected.map(|(name, version, count)| { (json!(name), json!(version), json!(count)) })
    );
    for group in groups {
        assert_eq!(
            (&group["elementId"], &group["elementName"]),
            (&json!("check"), &json!("Check stock"))
        );
        let fingerprint = group["fingerprint"].as_str().unwrap();
        let hash = fingerprint.trim_start_matches('-').split('-').next().unwrap();
        let sign = if fingerprint.starts_with('-') { -1 } else { 1 };
        let filter = json!({"filter": {
            "state": "ACTIVE",
            "processDefinitionKey": group["processDefinitionKey"],
            "elementId": group["elementId"],
            "incidentErrorHashCode": sign * hash.parse::<i64>().unwrap(),
        }});
        let listed = rig.search("/v2/incidents/search", filter).await;
        assert_eq!(listed["page"]["totalItems"], group["count"]);
    }
    let active = json!({"filter": {"state": "ACTIVE"}});
    let listed = rig.search("/v2/process-instances/search", active).await;
    assert_eq!((&listed["page"]["totalItems"], &found["active"]), (&json!(3), &json!(3)));
    let path = "/v2/process-definitions/statistics/process-instances";
    let counts = &rig.search(path, json!({})).await["items"][0];
    let of = |name: &str| counts[name].as_i64().unwrap();
    let active = of("activeInstancesWithIncidentCount") + of("activeInstancesWithoutIncidentCount");
    assert_eq!(active, 3, "{counts}");
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_are_found_by_any_part_of_their_business_id() {
    let rig = rig().await;
    rig.deploy(ORDER).await;
    for id in ["Xy-Order-7", "order-70", "ORDER-7", "other", "50%_off"] {
        let body = json!({"processDefinitionId": "order", "businessId": id,
            "variables": {"orderId": id, "amount": 1}});
        let (status, told) = rig.send("POST", "/v2/process-instances", body).await;
        assert_eq!(status, http::StatusCode::OK, "{told}");
    }
    let found = async |text: &str| {
        let found = rig.get(&format!("/grevy/v1/process-instances?businessId={text}")).await;
        let items = found["items"].as_array().unwrap().iter();
        items.map(|item| item["businessId"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found("oRDER-7").await, ["ORDER-7", "order-70", "Xy-Order-7"]);
    assert_eq!(found("%25_OFF").await, ["50%_off"]);
    assert_eq!(found("%25").await, ["50%_off"]);
    assert!(found("nothing").await.is_empty());
    let path = "/v2/process-instances/search";
    let exact = json!({"filter": {"businessId": "order-7"}});
    assert_eq!(rig.search(path, exact).await["page"]["totalItems"], 0, "the contract is exact");
    for text in ["", "%20", &"x".repeat(257)] {
        let path = format!("/grevy/v1/process-instances?businessId={text}");
        let request = http::Request::get(path).body(axum::body::Body::empty()).unwrap();
        let (status, told) = rig.call(request).await;
        assert_eq!(status, http::StatusCode::BAD_REQUEST);
        assert!(told["detail"].as_str().unwrap().starts_with("Expected 1 to 256"), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_message_is_found_by_any_part_of_its_key() {
    let rig = rig().await;
    rig.deploy(ORDER).await;
    for id in ["Xy-Order-7", "order-70", "ORDER-7", "other"] {
        rig.order(id, 10).await;
        rig.work("check-stock", false).await;
    }
    let found = async |text: &str| {
        let found =
            rig.get(&format!("/grevy/v1/message-subscriptions?correlationKey={text}")).await;
        let items = found["items"].as_array().unwrap().iter();
        items.map(|item| item["correlationKey"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found("oRDER-7").await, ["ORDER-7", "order-70", "Xy-Order-7"]);
    assert!(found("nothing").await.is_empty());
    let path = "/grevy/v1/message-subscriptions?correlationKey=";
    let request = http::Request::get(path).body(axum::body::Body::empty()).unwrap();
    let (status, told) = rig.call(request).await;
    assert_eq!(status, http::StatusCode::BAD_REQUEST);
    assert!(told["detail"].as_str().unwrap().contains("characters of correlationKey"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn heat_counts_elements_and_flows() {
    let rig = rig().await;
    let definition = rig.deploy(ORDER).await;
    for (id, amount) in [("o-1", 10), ("o-2", 10), ("o-3", 200)] {
        rig.order(id, amount).await;
        rig.work("check-stock", false).await;
    }
    let path = format!("/grevy/v1/process-definitions/{definition}/heat");
    let found = rig.get(&path).await;
    let element = |id: &str| {
        let all = found["elements"].as_array().unwrap();
        all.iter().find(|one| one["elementId"] == id).unwrap_or_else(|| panic!("{id}: {found}"))
    };
    assert_eq!(
        (&element("check")["completed"], &element("check")["active"]),
        (&json!(3), &json!(0))
    );
    assert!(element("check")["p95Ms"].is_i64());
    assert_eq!(
        (&element("paid")["waiting"], &element("sorry")["completed"]),
        (&json!(2), &json!(1))
    );
    let flow = |id: &str| {
        found["flows"].as_array().unwrap().iter().find(|one| one["sequenceFlowId"] == id).unwrap()
    };
    assert_eq!((&flow("in")["count"], &flow("out")["count"]), (&json!(2), &json!(1)));
    assert_eq!(found["instances"]["completed"], 1);
    let none = rig.get(&format!("{path}?from=2099-01-01T00:00:00Z")).await;
    assert_eq!(none["elements"][0]["p50Ms"], json!(null));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_tells_why_it_waits_why_this_path_and_what_failed() {
    let rig = rig().await;
    rig.deploy(ORDER).await;
    let key = rig.order("o-1", 10).await;
    let found = rig.get(&format!("/grevy/v1/explain/{key}")).await;
    let wait = &found["waitsFor"][0];
    assert_eq!((&wait["kind"], &wait["job"]["workers"]), (&json!("job"), &json!(0)));
    assert!(wait["text"].as_str().unwrap().contains("no worker asks for that type"), "{wait}");
    rig.work("check-stock", true).await;
    let found = rig.get(&format!("/grevy/v1/explain/{key}")).await;
    assert_eq!(found["waitsFor"][0]["kind"], "incident", "{found}");
    assert_eq!(
        (&found["failures"][0]["tried"], &found["failures"][0]["elementId"]),
        (&json!(1), &json!("check"))
    );
    let other = rig.order("o-2", 20).await;
    rig.work("check-stock", false).await;
    rig.publish("paid", "o-3").await;
    let found = rig.get(&format!("/grevy/v1/explain/{other}")).await;
    let wait = &found["waitsFor"][0];
    assert_eq!((&wait["kind"], &wait["elementId"]), (&json!("message"), &json!("paid")));
    assert_eq!(wait["message"]["correlationKey"], "o-2");
    assert_eq!(wait["message"]["nearMisses"][0]["correlationKey"], "o-3", "{wait}");
    let choice = &found["path"][0];
    assert_eq!(
        (&choice["sequenceFlowId"], &choice["value"]),
        (&json!("in"), &json!("amount = 20"))
    );
    assert!(choice["expression"].as_str().unwrap().contains("amount < 100"), "{choice}");
    let parts = json!([
        {"expression": "amount", "value": "20"},
        {"expression": "amount < 100", "value": "true"},
    ]);
    assert_eq!(choice["parts"], parts, "{choice}");
    let flows = rig.get(&format!("/grevy/v1/process-instances/{other}/taken-flows")).await;
    assert_eq!(flows["items"].as_array().unwrap().len(), 3, "{flows}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variable_shows_the_values_that_it_had() {
    let rig = rig().await;
    rig.deploy(ORDER).await;
    let key = rig.order("o-1", 10).await;
    let path = format!("/v2/element-instances/{key}/variables");
    let (status, told) = rig.send("PUT", &path, json!({"variables": {"amount": 70}})).await;
    assert_eq!(status, http::StatusCode::NO_CONTENT, "{told}");
    let wanted = json!({"filter": {"name": "amount"}});
    let variable = rig.column("/v2/variables/search", wanted, "variableKey").await.remove(0);
    let found = rig.get(&format!("/grevy/v1/variables/{variable}/changes")).await;
    let values: Vec<_> =
        found["items"].as_array().unwrap().iter().map(|one| &one["value"]).collect();
    assert_eq!(values, [&json!("10"), &json!("70")]);
    let found = rig.get(&format!("/grevy/v1/variables/{key}/changes")).await;
    assert_eq!(found["items"].as_array().unwrap().len(), 4, "{found}");
}

/// Takes what is posted; the first is refused for now.
fn receiver() -> (String, Receiver<Json>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (send, receive) = channel();
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let (mut stream, mut text, mut bytes) = (stream.unwrap(), String::new(), [0; 4096]);
            while !text.ends_with('}') {
                let count = stream.read(&mut bytes).unwrap();
                text.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
            }
            let status = if number == 0 { 503 } else { 204 };
            let head =
                format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(head.as_bytes()).unwrap();
            let body = text.split_once("\r\n\r\n").unwrap().1;
            if number > 0 && send.send(serde_json::from_str(body).unwrap()).is_err() {
                return;
            }
        }
    });
    (url, receive)
}

#[tokio::test(flavor = "multi_thread")]
async fn incidents_are_told_to_others_and_none_twice_after_a_restart() {
    let (url, told) = receiver();
    let pause = Duration::from_millis(1);
    let retry = Retry { first: pause, last: pause, attempts: 3 };
    let target = Target { url, secret: None, retry };
    let rig = start(tempfile::tempdir().unwrap(), Some(target.clone())).await;
    rig.deploy(ORDER).await;
    let key = rig.order("o-1", 10).await;
    let job = rig.work("check-stock", true).await;
    let wait = Duration::from_secs(30);
    let raised = tokio::task::block_in_place(|| told.recv_timeout(wait)).unwrap();
    assert_eq!(
        (&raised["type"], &raised["elementId"]),
        (&json!("incident.raised"), &json!("check"))
    );
    assert_eq!(raised["processInstanceKey"], key.to_string());
    let rig = start(rig.stop().await, Some(target)).await;
    let incident = raised["incidentKey"].as_str().unwrap();
    let body = json!({"changeset": {"retries": 1}});
    let (status, found) = rig.send("PATCH", &format!("/v2/jobs/{job}"), body).await;
    assert_eq!(status, http::StatusCode::NO_CONTENT, "{found}");
    let path = format!("/v2/incidents/{incident}/resolution");
    let (status, found) = rig.send("POST", &path, json!({})).await;
    assert_eq!(status, http::StatusCode::NO_CONTENT, "{found}");
    let resolved = tokio::task::block_in_place(|| told.recv_timeout(wait)).unwrap();
    assert_eq!(resolved["id"], format!("incident-{incident}-resolved"));
}
