//! S1, S6, S7, S9 and T1: the four services, and what can be seen of them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::harness::*;

/// The four services on a server's bus.
struct Services {
    shop: String,
    /// How each was started, but for where the bus is: all of its configuration.
    commands: Vec<String>,
    _running: Vec<Running>,
}

impl Services {
    fn start(place: &Place, bus: &str, silent_inventory: &str) -> Services {
        let mut commands = Vec::new();
        let mut start = |arguments: &[&str], word: &str| {
            commands.push(arguments.join(" ").replace(bus, "BUS"));
            place.start(arguments, word)
        };
        let (checkout, shop) = start(&["checkout", "--bus", bus, "--port", "0"], "shop ");
        let mut react = |name: &str, silent: &str| {
            start(&[name, "--bus", bus, "--silent-every", silent], "reacts").0
        };
        let others =
            [react("payment", "0"), react("inventory", silent_inventory), react("shipping", "0")];
        let mut running = vec![checkout];
        running.extend(others);
        Services { shop, commands, _running: running }
    }

    /// Presses the button; gives the trace id.
    fn order(&self) -> String {
        let url = format!("{}?customerId=ada", self.shop);
        let mut answer = ureq::put(&url).send_empty().unwrap();
        let body: Value =
            serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
        body["traceId"].as_str().unwrap().to_owned()
    }
}

fn types_of(events: &[Value], trace: &str) -> Vec<String> {
    let own = events.iter().filter(|event| event["traceid"] == trace);
    own.map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn s1_an_order_flows_through_four_services_that_nobody_orchestrates() {
    let place = Place::new();
    let server = place.server(&[]);
    let services = Services::start(&place, &server.url, "0");
    let trace = services.order();
    let types = until("five events", || {
        let types = types_of(&server.events(), &trace);
        (types.len() >= 5).then_some(types)
    });
    assert_eq!(types, STEPS);
    let events = server.events();
    assert_eq!(events.len(), 5);
    assert!(events.iter().all(|event| event["traceid"] == *trace));
    assert!(!events.iter().any(|e| e["type"].as_str().unwrap().ends_with("Command")));
}

#[test]
fn s6_each_trace_lists_exactly_its_messages_in_event_time_order_also_after_a_restart() {
    let place = Place::new();
    let server = place.server(&[]);
    let model = std::fs::read_to_string(model()).unwrap();
    let types = types();
    server.draft("order-tracking", &model, types);
    server.publish("order-tracking");
    // A hundred orders, interleaved, and the later steps first.
    let mut events = Vec::new();
    for step in (0..5).rev() {
        for n in 0..100 {
            let at = NINE + n * MINUTE + step as i64 * 20 * MINUTE;
            events.push(event(&format!("{n}-{step}"), &format!("t{n}"), STEPS[step], at));
        }
    }
    assert_eq!(server.batch(&events), 204);
    let replay = server.send("POST", "/tracking/order-tracking/replay", "text/plain", "");
    assert_eq!(replay.0, 204, "{}", replay.1);
    let check = |server: &Server| {
        for n in 0..100 {
            let trace = server.get(&format!("/traces/t{n}"));
            let messages = trace["messages"].as_array().unwrap();
            let seen: Vec<_> = messages.iter().map(|m| m["kind"].as_str().unwrap()).collect();
            assert_eq!(seen, STEPS, "t{n}");
            assert!(messages[1..].iter().all(|message| message["gap_ms"] == 20 * MINUTE));
            assert_eq!(messages[2]["sender"], "Inventory");
            assert_eq!(messages[0]["time_ms"], NINE + n * MINUTE);
        }
    };
    check(&server);
    server.running.kill();
    check(&place.server(&[]));
}

#[test]
fn s7_a_trace_whose_message_was_lost_is_flagged_and_healthy_ones_are_not() {
    let place = Place::new();
    let server = place.server(&[]);
    // The inventory says nothing to its third order.
    let services = Services::start(&place, &server.url, "3");
    let traces: Vec<String> = (0..3).map(|_| services.order()).collect();
    let events = until("two whole orders and the lost one", || {
        let events = server.events();
        (events.len() >= 12).then_some(events)
    });
    let lost: Vec<&String> =
        traces.iter().filter(|trace| types_of(&events, trace).len() == 2).collect();
    let [lost] = lost.as_slice() else { panic!("{lost:?}") };
    let now = jiff::Timestamp::now();
    let model = model();
    let track = |now: jiff::Timestamp| {
        let arguments = [
            "track",
            &server.url,
            "--model",
            model.to_str().unwrap(),
            "--data-dir",
            "kept",
            "--stuck-after",
            "PT30M",
            "--now",
            &now.to_string(),
        ];
        place.run(&arguments);
        place.json(&["track", "cases", "--data-dir", "kept", "--json"])
    };
    let minutes = |n: i64| now + jiff::SignedDuration::from_mins(n);
    let early = track(minutes(29));
    assert!(early.as_array().unwrap().iter().all(|case| case["status"] != "stuck"), "{early:#}");
    let later = track(minutes(31));
    let stuck: Vec<&Value> =
        later.as_array().unwrap().iter().filter(|case| case["status"] == "stuck").collect();
    assert_eq!(stuck.len(), 1, "{later:#}");
    assert_eq!(stuck[0]["case"], **lost);
    assert_eq!(stuck[0]["lastStep"], "PaymentReceived");
    assert_eq!(stuck[0]["expected"], serde_json::json!(["GoodsFetched"]));
}

#[test]
fn s9_services_that_answer_each_other_in_a_circle_are_reported() {
    let place = Place::new();
    let circle = |trace: &str, times: usize| -> Vec<Value> {
        let kinds = ["StockChecked", "PriceChanged"];
        let at = |n: usize| NINE + n as i64 * MINUTE;
        (0..2 * times).map(|n| event(&format!("{trace}-{n}"), trace, kinds[n % 2], at(n))).collect()
    };
    place.add("events.jsonl", &circle("calm", 10));
    place.add("events.jsonl", &circle("mad", 11));
    let loops = |id: &str, more: &[&str]| {
        let mut arguments = vec!["trace", id, "events.jsonl", "--json"];
        arguments.extend(more);
        place.json(&arguments)["loops"].as_array().unwrap().len()
    };
    assert_eq!((loops("calm", &[]), loops("mad", &[])), (0, 2));
    assert_eq!(loops("calm", &["--loops", "9"]), 2);
    let told = place.run(&["track", "events.jsonl"]);
    assert!(told.contains("loop: PriceChanged came 11 times in case mad"), "{told}");
    assert!(!told.contains("in case calm"), "{told}");
}

/// The records of a topic as they are, but for what differs from run to run: ids are numbered in
/// the order in which they come, and a time is one.
fn essence(events: Vec<Value>) -> Vec<Value> {
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let mut number = |id: &str| {
        let next = known.len();
        Value::from(*known.entry(id.to_owned()).or_insert(next))
    };
    let mut all = events;
    for event in &mut all {
        for (name, value) in event.as_object_mut().unwrap() {
            match (name.as_str(), value.as_str()) {
                ("time", Some(time)) => {
                    *value = Value::from(time.parse::<jiff::Timestamp>().is_ok())
                }
                ("id" | "traceid" | "correlationid", Some(id)) => *value = number(id),
                _ => {}
            }
        }
        let data = event["data"].as_object_mut();
        let ids = data.into_iter().flatten().filter(|(name, _)| name.ends_with("Id"));
        for (_, value) in ids.filter(|(name, _)| *name != "customerId") {
            let id = value.as_str().map(str::to_owned);
            *value = id.map_or(Value::Null, |id| number(&id));
        }
    }
    all
}

#[test]
fn t1_tracking_changes_nothing_of_what_is_tracked() {
    let orders = 3;
    let binary = || std::fs::read(env!("CARGO_BIN_EXE_grevy")).unwrap();
    let before = binary();
    let play = |tracked: bool| {
        let place = Place::new();
        let server = place.server(&[]);
        let services = Services::start(&place, &server.url, "0");
        let follower = tracked.then(|| {
            let model = model();
            let mapping = "type: $.type\ncase: $.traceid\ntime: $.time\nid: $.id\n";
            place.write("mapping.yaml", mapping);
            let arguments = [
                "track",
                &server.url,
                "--model",
                model.to_str().unwrap(),
                "--data-dir",
                "kept",
                "--follow",
            ];
            place.start(&arguments, "follows").0
        });
        for n in 1..=orders {
            services.order();
            until("the order", || (server.events().len() >= 5 * n).then_some(()));
        }
        let records = essence(server.events());
        if let Some(follower) = follower {
            follower.kill();
            let model = model();
            let arguments =
                ["track", &server.url, "--model", model.to_str().unwrap(), "--data-dir", "kept"];
            place.run(&arguments);
            let cases = place.json(&["track", "cases", "--data-dir", "kept", "--json"]);
            let cases = cases.as_array().unwrap();
            assert_eq!(cases.len(), orders);
            assert!(cases.iter().all(|case| case["status"] == "completed"), "{cases:#?}");
            assert!(cases.iter().all(|case| case["findings"] == serde_json::json!([])));
        }
        // T6: nobody drew it, and the line is there.
        let found = place.json(&["track", "discover", &server.url, "--guess", "--json"]);
        assert_eq!(found["variants"], 1, "{found:#}");
        assert_eq!(found["tree"], format!("->({})", STEPS.map(|s| format!("'{s}'")).join(", ")));
        // Who follows the bus, and how far they are, is nothing that the bus knows: each service
        // goes on from where it was, or there would be an answer too many or too few.
        services.order();
        until("one more", || (server.events().len() >= 5 * (orders + 1)).then_some(()));
        assert_eq!(server.events().len(), 5 * (orders + 1));
        (records, services.commands)
    };
    let ((without, started), (with, started_again)) = (play(false), play(true));
    assert_eq!(without.len(), 5 * orders);
    assert_eq!(started, started_again, "the services are configured alike");
    assert!(before == binary(), "and are the same binary");
    assert_eq!(without, with, "record by record");
}

#[test]
fn s7_a_follower_goes_on_when_its_server_comes_back() {
    let place = Place::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    drop(listener);
    let server = || place.server(&["--http-port", &port]);
    let first = server();
    assert_eq!(first.batch(&order("before", NINE, &STEPS)), 204);
    let model = model();
    place.write("mapping.yaml", "type: $.type\ncase: $.traceid\ntime: $.time\nid: $.id\n");
    let kept = ["--model", model.to_str().unwrap(), "--data-dir", "kept"];
    let url = first.url.clone();
    let follow = [&["track", &url][..], &kept, &["--follow"]].concat();
    let (follower, _) = place.start(&follow, "follows");
    first.running.kill();
    let second = server();
    assert_eq!(second.batch(&order("after", NINE, &STEPS)), 204);
    // Its folder is its own as long as it runs: its files tell what has come.
    let journal = || {
        let files = std::fs::read_dir(place.path().join("kept/track")).into_iter().flatten();
        let bytes = files.flatten().map(|file| std::fs::read(file.path()).unwrap_or_default());
        bytes.flatten().collect::<Vec<u8>>()
    };
    let has = |text: &str| journal().windows(text.len()).any(|part| part == text.as_bytes());
    until("the order that came after", || has("after").then_some(()));
    follower.kill();
    let asked = [&["track", &second.url][..], &kept].concat();
    let told = place.run(&asked);
    assert!(told.contains("2 cases: 2 completed"), "{told}");
    let verdicts = place.json(&["track", "verdicts", "--data-dir", "kept", "--json"]);
    assert_eq!(verdicts.as_array().unwrap().len(), 10, "each event once");
}
