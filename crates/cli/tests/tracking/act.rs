//! AC1 and AC2: a deadline in the tracking model, and what is done when it passes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

use serde_json::{Value, json};

use crate::harness::*;

/// Answers webhooks with these statuses, then with 204; tells headers and body of each.
fn receiver(mut statuses: Vec<u16>) -> (String, Receiver<(Vec<String>, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/alerts", listener.local_addr().unwrap());
    let (told, heard) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut headers = Vec::new();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if line.trim().is_empty() {
                    break;
                }
                headers.push(line.trim().to_owned());
            }
            let length = headers.iter().find_map(|h| h.strip_prefix("content-length: ")).unwrap();
            let mut body = vec![0; length.parse().unwrap()];
            reader.read_exact(&mut body).unwrap();
            let status = if statuses.is_empty() { 204 } else { statuses.remove(0) };
            write!(stream, "HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                .unwrap();
            if told.send((headers, serde_json::from_slice(&body).unwrap())).is_err() {
                return;
            }
        }
    });
    (url, heard)
}

#[test]
fn ac1_a_late_order_raises_one_alert_also_over_a_crash() {
    let place = Place::new();
    place.add("events.jsonl", &order("good", NINE, &STEPS));
    place.add("events.jsonl", &order("bad", NINE, &STEPS[..2]));
    // Its goods come a minute before twelve hours are over.
    let mut tight = order("tight", NINE, &STEPS[..3]);
    tight[2]["time"] = time(NINE + 20 * MINUTE + 12 * HOUR - MINUTE).into();
    place.add("events.jsonl", &tight);
    let (url, heard) = receiver(vec![503]);
    let model = model();
    let now = |hours: i64| time(NINE + hours * HOUR);
    let arguments = |now: &str| -> Vec<String> {
        let words = [
            "track",
            "events.jsonl",
            "--model",
            model.to_str().unwrap(),
            "--data-dir",
            "kept",
            "--webhook",
            &url,
            "--webhook-secret",
            "secret",
            "--now",
            now,
        ];
        words.iter().map(|word| (*word).to_owned()).collect()
    };
    let track = |now: &str| {
        let arguments = arguments(now);
        place.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let alerts = || place.json(&["track", "alerts", "--data-dir", "kept", "--json"]);
    track(&now(2));
    assert_eq!(alerts(), json!([]), "in time");
    let due = NINE + 20 * MINUTE + 12 * HOUR;
    track(&time(due - 1));
    assert_eq!(alerts(), json!([]), "not a moment too early");
    // Twelve hours later, killed when the alert leaves and before anybody took it.
    let arguments = arguments(&now(13));
    let mut child = place.command(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let mut child = child.stdout(std::process::Stdio::null()).spawn().unwrap();
    let (headers, body) = heard.recv().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!((&body["name"], &body["case"]), (&json!("OrderLate"), &json!("bad")));
    let header = |headers: &[String], name: &str| {
        let line = headers.iter().find_map(|line| line.strip_prefix(name)).unwrap();
        line.to_owned()
    };
    assert!(header(&headers, "webhook-signature: ").starts_with("v1,"));
    track(&now(13));
    track(&now(14));
    track(&now(40));
    let found = alerts();
    assert_eq!(found.as_array().unwrap().len(), 1, "{found:#}");
    assert_eq!((&found[0]["name"], &found[0]["case"]), (&json!("OrderLate"), &json!("bad")));
    assert_eq!((&found[0]["delivered"], &found[0]["dueMs"]), (&json!(true), &json!(due)));
    let cases = place.json(&["track", "cases", "--data-dir", "kept", "--json"]);
    let findings = |id: &str| {
        let case = cases.as_array().unwrap().iter().find(|case| case["case"] == id).unwrap();
        case["findings"].as_array().unwrap().len()
    };
    assert_eq!((findings("good"), findings("tight"), findings("bad")), (0, 0, 1));
    // Whatever was posted is the same alert under the same id.
    let again: Vec<_> = heard.try_iter().collect();
    assert!(!again.is_empty(), "it left again after the crash");
    let id = header(&headers, "webhook-id: ");
    assert!(again.iter().all(|(headers, _)| header(headers, "webhook-id: ") == id));
}

/// The story's tracking model, with a command instead of a record, and a second instead of hours.
fn model_with_command() -> String {
    let task = "<bpmn:task id=\"OrderLate\" name=\"OrderLate\">";
    let send = "<bpmn:sendTask id=\"OrderLate\" name=\"CancelOrderCommand\">\
        <bpmn:extensionElements><zeebe:taskDefinition type=\"send\"/><zeebe:ioMapping>\
        <zeebe:input source=\"=orderId\" target=\"refId\"/>\
        <zeebe:input source=\"goods are late\" target=\"reason\"/>\
        </zeebe:ioMapping></bpmn:extensionElements>";
    let text = std::fs::read_to_string(model()).unwrap();
    assert!(text.contains(task));
    let text = text.replace("PT12H", "PT1S").replace(task, send);
    let (head, tail) = text.split_once("id=\"OrderLate\"").unwrap();
    format!("{head}id=\"OrderLate\"{}", tail.replacen("</bpmn:task>", "</bpmn:sendTask>", 1))
}

/// A process that the command starts.
fn deploy(server: &Server) {
    let bpmn = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
 xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="t">
<message id="m" name="CancelOrderCommand"/><process id="cancellation" isExecutable="true">
<startEvent id="asked"><outgoing>f</outgoing><messageEventDefinition messageRef="m"/></startEvent>
<sequenceFlow id="f" sourceRef="asked" targetRef="cancel"/>
<serviceTask id="cancel"><extensionElements><zeebe:taskDefinition type="cancel"/></extensionElements>
<incoming>f</incoming><outgoing>g</outgoing></serviceTask>
<sequenceFlow id="g" sourceRef="cancel" targetRef="end"/>
<endEvent id="end"><incoming>g</incoming></endEvent></process></definitions>"#;
    let body = format!(
        "--b\r\nContent-Disposition: form-data; name=\"resources\"; filename=\"c.bpmn\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n{bpmn}\r\n--b--\r\n"
    );
    let media = "multipart/form-data; boundary=b";
    let (status, answer) = server.send("POST", "/v2/deployments", media, &body);
    assert_eq!(status, 200, "{answer}");
}

#[test]
fn ac2_a_breach_sends_one_command_in_the_trace_of_its_order() {
    let place = Place::new();
    let server = place.server(&[]);
    deploy(&server);
    let types = types();
    server.draft("order-tracking", &model_with_command(), types);
    server.publish("order-tracking");
    let now = jiff::Timestamp::now().as_millisecond();
    let late = [
        event("l0", "late", "OrderPlaced", now),
        event("l1", "late", "PaymentReceived", now),
        event("g0", "good", "OrderPlaced", now),
        event("g1", "good", "PaymentReceived", now),
        event("g2", "good", "GoodsFetched", now),
    ];
    assert_eq!(server.batch(&late), 204);
    let commands = |server: &Server| -> Vec<Value> {
        let events = server.events().into_iter();
        events.filter(|event| event["source"] == "grevy:order-tracking").collect()
    };
    let found = until("the command", || {
        let found = commands(&server);
        (!found.is_empty()).then_some(found)
    });
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["type"], "CancelOrderCommand");
    assert_eq!(found[0]["traceid"], "late");
    assert_eq!(found[0]["data"], json!({"refId": "order-late", "reason": "goods are late"}));
    // It is in the trace of its order, and counts for no step of it.
    let kinds = until("the trace of the order", || {
        let trace = server.get("/traces/late");
        let messages = trace["messages"].as_array().unwrap().iter();
        let kinds: Vec<Value> = messages.map(|message| message["kind"].clone()).collect();
        (kinds.len() == 3).then_some(kinds)
    });
    assert_eq!(kinds, ["OrderPlaced", "PaymentReceived", "CancelOrderCommand"]);
    let cases = server.get("/tracking/order-tracking/cases?case=late");
    let kinds: Vec<&Value> =
        cases[0]["findings"].as_array().unwrap().iter().map(|found| &found["kind"]).collect();
    assert_eq!(kinds, ["too late"], "{cases:#}");
    let told = place.run(&["explain", "late", "--address", &server.url]);
    assert!(told.contains("Its events carry orderId = \"order-late\"."), "{told}");
    // The engine has it too: the message starts a process there.
    let started = |server: &Server| -> Vec<Value> {
        let body = json!({"filter": {"processDefinitionId": "cancellation"}}).to_string();
        let media = "application/json";
        let (status, body) = server.send("POST", "/v2/process-instances/search", media, &body);
        assert_eq!(status, 200, "{body}");
        let found: Value = serde_json::from_str(&body).unwrap();
        found["items"].as_array().unwrap().clone()
    };
    until("the process that the message starts", || (started(&server).len() == 1).then_some(()));
    // Killed and started again, it is not sent again.
    server.running.kill();
    let server = place.server(&[]);
    let replay = server.send("POST", "/tracking/order-tracking/replay", "text/plain", "");
    assert_eq!(replay.0, 204, "{}", replay.1);
    let alerts = until("it is known to have arrived", || {
        let alerts = server.get("/alerts");
        (alerts[0]["delivered"] == true).then_some(alerts)
    });
    assert_eq!(alerts.as_array().unwrap().len(), 1);
    assert_eq!(commands(&server).len(), 1);
    assert_eq!(started(&server).len(), 1);
    assert_eq!(server.events().len(), 6, "the services said nothing else");
}

#[test]
fn ac2_a_place_where_nobody_answers_holds_back_no_other() {
    let place = Place::new();
    let now = jiff::Timestamp::now().as_millisecond();
    for case in ["one", "two"] {
        let events =
            [event(case, case, "OrderPlaced", now), event("p", case, "PaymentReceived", now)];
        let events = events.map(|mut event| {
            event["id"] = json!(format!("{case}-{}", event["type"]));
            event
        });
        place.add("events.jsonl", &events);
    }
    // A whole order tells what can come.
    place.add("events.jsonl", &order("good", now - 2 * HOUR, &STEPS));
    place.write("model.bpmn", &model_with_command());
    let (url, heard) = receiver(Vec::new());
    // Nobody listens there any more.
    let dead = TcpListener::bind("127.0.0.1:0").unwrap();
    let dead = format!("http://{}", dead.local_addr().unwrap());
    let track = |now: &str| -> Vec<String> {
        let words = [
            "track",
            "events.jsonl",
            "--model",
            "model.bpmn",
            "--data-dir",
            "kept",
            "--webhook",
            &url,
            "--now",
            now,
        ];
        words.iter().map(|word| (*word).to_owned()).collect()
    };
    let words = |now: i64| track(&time(now));
    place.run(&words(now).iter().map(String::as_str).collect::<Vec<_>>());
    let mut later = words(now + HOUR);
    later.extend(["--commands-to", &dead, "--messages-to", &dead].map(str::to_owned));
    let mut child = place.command(&later.iter().map(String::as_str).collect::<Vec<_>>());
    let mut child = child.stdout(std::process::Stdio::null()).spawn().unwrap();
    let patience = std::time::Duration::from_secs(30);
    let posted: Vec<_> = (0..2).map(|_| heard.recv_timeout(patience)).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    let case = |(_, body): (Vec<String>, Value)| body["case"].as_str().unwrap().to_owned();
    let mut cases: Vec<String> = posted.into_iter().map(|post| case(post.unwrap())).collect();
    cases.sort();
    assert_eq!(cases, ["one", "two"]);
    // They have not arrived everywhere: they leave again.
    let alerts = place.json(&["track", "alerts", "--data-dir", "kept", "--json"]);
    let delivered = alerts.as_array().unwrap().iter().map(|alert| alert["delivered"] == true);
    assert_eq!(delivered.collect::<Vec<_>>(), [false, false]);
}
