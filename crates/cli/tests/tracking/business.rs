//! B1 to B3: figures, event-based processes, targets.

use serde_json::{Value, json};

use crate::harness::*;

/// A hundred orders; the n-th (from 1) takes n minutes from payment to goods, and the other steps
/// take one minute.
fn measured(place: &Place) {
    for n in 1..=100_i64 {
        let begin = NINE + n * HOUR;
        let at = [0, 1, 1 + n, 2 + n, 3 + n];
        let events: Vec<Value> = (0..5)
            .map(|step| {
                let id = format!("{n}-{step}");
                event(&id, &format!("t{n}"), STEPS[step], begin + at[step] * MINUTE)
            })
            .collect();
        place.add("events.jsonl", &events);
    }
}

#[test]
fn b1_counts_medians_and_percentiles_are_exact_and_everywhere_the_same() {
    let place = Place::new();
    measured(&place);
    let stats = place.json(&["stats", "events.jsonl", "--json"]);
    let fetched = &stats["steps"]["GoodsFetched"];
    assert_eq!((&fetched["events"], &fetched["cases"]), (&json!(100), &json!(100)));
    let waited = &fetched["waited"];
    assert_eq!(waited["p50_ms"], 50 * MINUTE);
    assert_eq!(waited["p95_ms"], 95 * MINUTE);
    assert_eq!(waited["max_ms"], 100 * MINUTE);
    assert_eq!(stats["duration"]["p50_ms"], 53 * MINUTE);
    // Every step and every transition, exactly: only the goods take more than a minute.
    for (at, step) in STEPS.iter().enumerate() {
        let waited = &stats["steps"][step]["waited"];
        let minutes = match at {
            0 => continue,
            2 => [1, 50, 95, 100],
            _ => [1, 1, 1, 1],
        };
        let have = ["min_ms", "p50_ms", "p95_ms", "max_ms"].map(|name| waited[name].as_i64());
        assert_eq!(have, minutes.map(|minutes| Some(minutes * MINUTE)), "{step}: {waited}");
    }
    let counted = ["cases", "events", "variants"].map(|name| stats[name].as_u64());
    assert_eq!(counted, [Some(100), Some(500), Some(1)]);
    // CSV says the same, from the file and from what was kept of it.
    let csv = place.run(&["stats", "events.jsonl", "--csv"]);
    let row = csv.lines().find(|row| row.starts_with("step,GoodsFetched,")).unwrap();
    let cells: Vec<&str> = row.split(',').collect();
    assert_eq!(cells[3..8], ["100", "60000", "3000000", "5700000", "6000000"]);
    let model = model();
    let arguments = [
        "track",
        "events.jsonl",
        "--model",
        model.to_str().unwrap(),
        "--data-dir",
        "kept",
        "--html",
        "page.html",
    ];
    place.run(&arguments);
    assert_eq!(place.run(&["stats", "--data-dir", "kept", "--csv"]), csv);
    let named = ["stats", "--data-dir", "kept", "--process", "order-tracking", "--csv"];
    assert_eq!(place.run(&named), csv);
    // So does the page, in the words of people: 50 min and 1.58 h are 50 and 95 minutes.
    let page = place.read("page.html");
    let (_, steps) = page.split_once("<h2>Steps</h2>").unwrap();
    for step in STEPS {
        let of = |row: &&str| row.contains(&format!(">{step}<"));
        let row = steps.split("<tr>").find(of).unwrap();
        let shown: Vec<&str> = row.split("<td class=\"number\">").skip(1).collect();
        let shown: Vec<&str> = shown.iter().map(|c| c.split('<').next().unwrap()).collect();
        let row = csv.lines().find(|row| row.starts_with(&format!("step,{step},"))).unwrap();
        let cells: Vec<&str> = row.split(',').collect();
        let told = |ms: &str| track::picture::span(ms.parse().unwrap());
        let (p50, p95) = match step {
            "OrderPlaced" => ("–".to_owned(), "–".to_owned()),
            _ => (told(cells[5]), told(cells[6])),
        };
        assert_eq!(shown, [cells[3], "100", "0", &p50, &p95], "{step}: {row}");
    }
    assert_eq!(track::picture::span(95 * MINUTE), "1.58 h");
    // And so does the terminal.
    let told = place.run(&["stats", "events.jsonl"]);
    for step in &STEPS[1..] {
        let row = told.lines().find(|row| row.starts_with(&format!("{step} "))).unwrap();
        let cells = csv.lines().find(|row| row.starts_with(&format!("step,{step},"))).unwrap();
        let cells: Vec<&str> = cells.split(',').collect();
        for ms in [cells[5], cells[6]] {
            let shown = track::picture::span(ms.parse().unwrap());
            assert!(row.contains(&shown), "{shown}: {row}");
        }
    }
}

#[test]
fn b3_a_target_tells_breaches_and_how_much_of_the_allowance_is_used() {
    let place = Place::new();
    measured(&place);
    // Cases take 4 to 103 minutes: above 99 minutes are four of a hundred.
    let kept = ["stats", "events.jsonl", "--target", "PT99M"];
    let target = place.json(&[&kept[..], &["--json"]].concat())["target"].clone();
    assert_eq!((&target["kept"], &target["breaches"]), (&json!(true), &json!(4)));
    assert_eq!((&target["p95_ms"], &target["allowance_used"]), (&json!(98 * MINUTE), &json!(0.8)));
    assert_eq!(target["examples"][0], "t100");
    let csv = place.run(&[&kept[..], &["--csv"]].concat());
    let row = csv.lines().find(|row| row.starts_with("breaches,5940000 ms,,4,")).unwrap();
    assert_eq!(row.split(',').nth(6), Some(&*(98 * MINUTE).to_string()), "its p95: {row}");
    assert!(csv.contains("\nallowance used in percent,5940000 ms,,80,"), "{csv}");
    let told = place.run(&kept);
    assert!(told.contains("kept, 4 breaches, 80 % of the allowance used"), "{told}");
    place.run(&["track", "events.jsonl", "--target", "PT99M", "--html", "page.html"]);
    let page = place.read("page.html");
    let (_, breaches) = page.split_once("<h2>Breaches</h2>").unwrap();
    let row = breaches.split("<tr>").nth(2).unwrap();
    for shown in ["within 1.65 h", ">1.63 h<", ">4<", ">80 %<", "t100, t99, t98, t97"] {
        assert!(row.contains(shown), "{shown}: {row}");
    }
    let missed = place.json(&["stats", "events.jsonl", "--target", "PT60M", "--json"]);
    assert_eq!(
        (&missed["target"]["kept"], &missed["target"]["breaches"]),
        (&json!(false), &json!(43))
    );
}

const TOKENS: &str = r#"
[[token]]
name = "sender"
sha256 = "SENDER"
role = "ingest"
[[token]]
name = "boss"
sha256 = "BOSS"
role = "admin"
"#;

fn sha256(text: &str) -> String {
    let digest = api::access::digest(text);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn b2_events_of_others_become_a_process_by_mapping_and_publishing() {
    let place = Place::new();
    let tokens = TOKENS.replace("SENDER", &sha256("s1")).replace("BOSS", &sha256("b1"));
    place.write("grevy.toml", &tokens);
    let mut server = place.server(&[]);
    let as_sender = |server: &mut Server| server.token = Some("s1".to_owned());
    let as_boss = |server: &mut Server| server.token = Some("b1".to_owned());
    let state = |server: &Server| server.get("/tracking/order-tracking")["state"].clone();
    let batch = order("t1", NINE, &STEPS);
    assert_eq!(server.batch(&batch), 401, "no token");
    server.token = Some("wrong".to_owned());
    assert_eq!(server.batch(&batch), 401, "a wrong token");
    as_sender(&mut server);
    assert_eq!(server.batch(&batch), 204, "the right token");
    assert_eq!(server.batch(&order("t2", NINE, &STEPS[..3])), 204);
    let model = std::fs::read_to_string(model()).unwrap();
    let draft = json!({"bpmn": model, "mapping": "type: $.type\ncase: $.traceid\n"}).to_string();
    let put = |server: &Server| {
        server.send("PUT", "/tracking/order-tracking", "application/json", &draft).0
    };
    assert_eq!(put(&server), 403, "an ingest token publishes no models");
    as_boss(&mut server);
    server.draft("order-tracking", &model, json!({}));
    assert_eq!(state(&server), "Unmapped");
    let types = types();
    server.draft("order-tracking", &model, types.clone());
    assert_eq!(state(&server), "Mapped");
    let rows = server.get("/tracking/order-tracking/cases");
    assert_eq!(rows, json!([]), "nothing is tracked before it is published");
    server.publish("order-tracking");
    assert_eq!(state(&server), "Published");
    let rows = server.get("/tracking/order-tracking/cases");
    let statuses: Vec<_> =
        rows.as_array().unwrap().iter().map(|r| (&r["case"], &r["status"])).collect();
    let expected = [(&json!("t1"), &json!("completed")), (&json!("t2"), &json!("open"))];
    assert_eq!(statuses, expected, "grouped by trace id");
    // The same id again, with another time, takes the place of the first.
    let mut changed = batch[1].clone();
    changed["time"] = time(NINE + MINUTE).into();
    as_sender(&mut server);
    assert_eq!(server.batch(&[changed]), 204);
    as_boss(&mut server);
    let replay = server.send("POST", "/tracking/order-tracking/replay", "text/plain", "");
    assert_eq!(replay.0, 204, "{}", replay.1);
    let trace = server.get("/traces/t1");
    assert_eq!(trace["messages"].as_array().unwrap().len(), 5, "it overrides, not adds");
    assert_eq!(trace["messages"][1]["time_ms"], NINE + MINUTE);
    let replaced = server.get("/tracking/order-tracking/verdicts?verdict=replaced");
    assert_eq!(replaced.as_array().unwrap().len(), 1);
    // A changed draft is not published until somebody says so.
    let mut fewer = types.as_object().unwrap().clone();
    fewer.remove("GoodsShipped");
    server.draft("order-tracking", &model, Value::Object(fewer));
    assert_eq!(state(&server), "Unpublished changes");
    server.publish("order-tracking");
    assert_eq!(state(&server), "Published");
    // Binary mode gives the same kind of event.
    let request = ureq::post(format!("{}/events", server.url))
        .header("authorization", "Bearer s1")
        .header("ce-specversion", "1.0")
        .header("ce-id", "t2-3")
        .header("ce-source", "Shipping")
        .header("ce-type", "GoodsShipped")
        .header("ce-traceid", "t3")
        .header("content-type", "application/json");
    assert_eq!(request.send("{}").unwrap().status(), 204);
    let one = order("t4", NINE, &STEPS[..1]).remove(0);
    let media = "application/cloudevents+json";
    assert_eq!(server.send("POST", "/events", media, &one.to_string()).0, 204);
    assert_eq!(server.send("POST", "/events", media, "{\"id\": 1}").0, 400);
    assert_eq!(server.events().len(), 11);
}

/// A bad record stops nothing; it has a verdict with a reason, and counts after the fix.
#[test]
fn b2_rejected_records_are_listed_and_observed_again_after_a_fix() {
    let place = Place::new();
    let server = place.server(&[]);
    let model = std::fs::read_to_string(model()).unwrap();
    let mut events = order("t1", NINE, &STEPS);
    let trace = events[2].as_object_mut().unwrap().remove("traceid").unwrap();
    events[2]["order"] = trace;
    assert_eq!(server.batch(&events), 204);
    let types = types();
    server.draft("order-tracking", &model, types.clone());
    server.publish("order-tracking");
    let rejected = server.get("/tracking/order-tracking/verdicts?verdict=rejected");
    assert_eq!(rejected.as_array().unwrap().len(), 1);
    assert_eq!(rejected[0]["offset"], 3);
    assert_eq!(rejected[0]["reason"], "expected a case at $.traceid, but there is none");
    let mapping = "type: $.type\ncase: ['$.traceid', '=order']\ntime: $.time\nid: $.id\n";
    let draft = json!({"bpmn": model, "mapping": mapping, "types": types}).to_string();
    let put = server.send("PUT", "/tracking/order-tracking", "application/json", &draft);
    assert_eq!(put.0, 204, "{}", put.1);
    server.publish("order-tracking");
    let replay = server.send("POST", "/tracking/order-tracking/replay", "text/plain", "");
    assert_eq!(replay.0, 204, "{}", replay.1);
    let cases = server.get("/tracking/order-tracking/cases");
    assert_eq!((&cases[0]["events"], &cases[0]["findings"]), (&json!(5), &json!([])));
}

/// What a server knows is asked as a file or a folder is asked, and gives the same figures.
#[test]
fn b1_the_command_line_asks_a_server_as_it_asks_a_file() {
    let place = Place::new();
    measured(&place);
    let server = place.server(&[]);
    let model = model();
    let (model, url) = (model.to_str().unwrap(), server.url.clone());
    let text = place.read("events.jsonl");
    let mut events: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    events.extend(order("skips", NINE, &["OrderPlaced", "PaymentReceived", "GoodsShipped"]));
    events.extend(order("quiet", NINE, &["OrderPlaced"]));
    place.add("more.jsonl", &events);
    let order_of = events[0].as_object_mut().unwrap().remove("traceid").unwrap();
    events[0]["order"] = order_of;
    assert_eq!(server.batch(&events), 204);
    let mapping = "type: $.type\ncase: $.traceid\ntime: $.time\nid: $.id\nsender: $.source\n";
    place.write("m.yaml", mapping);
    place.run(&["track", "publish", model, "--mapping", "m.yaml", "--server", &url]);
    let rejected = ["track", "verdicts", "--verdict", "rejected", "--server", &url, "--json"];
    assert_eq!(place.json(&rejected)[0]["offset"], 1);
    place.write("m.yaml", &mapping.replace("case: $.traceid", "case: [$.traceid, $.order]"));
    place.run(&["track", "publish", model, "--mapping", "m.yaml", "--server", &url]);
    place.run(&["track", "replay", "--server", &url]);
    for format in ["--csv", "--json"] {
        let of_server = place.run(&["stats", "--server", &url, "--target", "PT99M", format]);
        let of_file = place.run(&["stats", "more.jsonl", "--target", "PT99M", format]);
        assert_eq!(of_server, of_file, "{format}");
    }
    let output = place.output(&["track", "findings", "--server", &url, "--json"]);
    assert_eq!(output.status.code(), Some(1), "there are findings");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let skipped = |f: &&Value| f["step"] == "GoodsFetched" && f["kind"] == "skipped";
    let skipped = found["findings"].as_array().unwrap().iter().find(skipped).unwrap();
    assert_eq!(skipped["examples"], json!(["skips"]));
    let trace = place.json(&["trace", "skips", "--server", &url, "--json"]);
    assert_eq!(trace["trace"]["messages"].as_array().unwrap().len(), 3);
    let cases = place.json(&["track", "cases", "--case", "skips", "--server", &url, "--json"]);
    assert_eq!(cases.as_array().unwrap().len(), 1);
    let alerts = place.json(&["track", "alerts", "--server", &url, "--json"]);
    assert_eq!(alerts, json!([]));
    let none = place.output(&["trace", "nobody", "--server", &url]);
    assert_eq!(none.status.code(), Some(2));
    // A rule that comes later, with its alerts, and a process that is mistyped.
    let rule = ["--stuck-after", "PT1H", "--alert-on-backfill", "--server", &url];
    let publish = ["track", "publish", model, "--mapping", "m.yaml"];
    let told = place.run(&[&publish[..], &rule].concat());
    assert!(told.contains("keep the model and the deadlines that they began with"), "{told}");
    let named = ["track", "alerts", "--server", &url, "--process", "order-tracking"];
    let told = until("alerts", || Some(place.run(&named)).filter(|told| told.contains("2 alerts")));
    assert!(told.contains("order-tracking") && told.contains("case quiet"), "{told}");
    let other = model_of("other", "<bpmn:task id=\"a\"/>");
    place.write("other.bpmn", &other);
    let publish = ["track", "publish", "other.bpmn", "--mapping", "m.yaml", "--server", &url];
    let told = place.run(&publish);
    assert!(!told.contains("keep the model"), "nothing was read by another one: {told}");
    let rows = |process: &str| {
        let named = ["track", "alerts", "--server", &url, "--process", process, "--json"];
        place.json(&named).as_array().unwrap().len()
    };
    assert_eq!((rows("order-tracking"), rows("other")), (2, 0));
    let none = place.output(&["track", "alerts", "--server", &url, "--process", "order"]);
    assert_eq!(none.status.code(), Some(2));
    let told = String::from_utf8_lossy(&none.stderr);
    assert!(told.contains("order-tracking") && told.contains("but got order"), "{told}");
}

/// A rule that is not said again stays; it is taken back by saying so.
#[test]
fn b2_what_a_publication_does_not_say_stays_as_it_was() {
    let place = Place::new();
    let server = place.server(&[]);
    let model = model();
    place.write("mapping.yaml", "type: $.type\ncase: $.traceid\ntime: $.time\nid: $.id\n");
    let publish = |more: &[&str]| {
        let first = ["track", "publish", model.to_str().unwrap(), "--server", &server.url];
        place.run(&[&first[..], more].concat());
        let row = server.get("/tracking/order-tracking");
        (row["stuckAfterMs"].as_i64(), row["alertOnBackfill"].as_bool().unwrap())
    };
    assert_eq!(publish(&[]), (None, false));
    assert_eq!(publish(&["--stuck-after", "PT1H", "--alert-on-backfill"]), (Some(HOUR), true));
    assert_eq!(publish(&[]), (Some(HOUR), true));
    assert_eq!(publish(&["--alert-on-backfill=false"]), (Some(HOUR), false));
    assert_eq!(publish(&["--stuck-after", "never"]), (None, false));
    assert_eq!(publish(&["--stuck-after", "PT2H"]), (Some(2 * HOUR), false));
    let put = |rule: Value| {
        let mut draft = json!({"bpmn": std::fs::read_to_string(&model).unwrap(),
            "mapping": "type: $.type\ncase: $.traceid\n"});
        if let (Some(draft), Value::Object(rule)) = (draft.as_object_mut(), rule) {
            draft.extend(rule);
        }
        let path = "/tracking/order-tracking";
        let (status, body) = server.send("PUT", path, "application/json", &draft.to_string());
        if status == 204 {
            server.publish("order-tracking");
        }
        (status, server.get(path)["stuckAfterMs"].as_i64(), body)
    };
    assert_eq!(put(json!({})), (204, Some(2 * HOUR), String::new()));
    assert_eq!(put(json!({ "stuckAfter": null })), (204, None, String::new()));
    assert_eq!(put(json!({ "stuckAfter": "PT3H" })), (204, Some(3 * HOUR), String::new()));
    let (status, kept, told) = put(json!({ "stuckAfter": "-PT3H" }));
    assert_eq!((status, kept), (400, Some(3 * HOUR)));
    assert!(told.contains("stuckAfter: expected a time longer than none"), "{told}");
    let refused = ["track", "publish", model.to_str().unwrap(), "--stuck-after", "-PT1H"];
    let output = place.output(&[&refused[..], &["--server", &server.url]].concat());
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("--stuck-after: expected a time longer than none"), "{told}");
}
