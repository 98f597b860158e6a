//! T2 to T6: events over a model.

use serde_json::{Value, json};

use crate::harness::*;

fn cases(place: &Place) -> Vec<Value> {
    let cases = place.json(&["track", "cases", "--data-dir", "kept", "--json"]);
    cases.as_array().unwrap().clone()
}

fn track(place: &Place, more: &[&str]) -> String {
    let model = model();
    let mut arguments =
        vec!["track", "events.jsonl", "--model", model.to_str().unwrap(), "--data-dir", "kept"];
    arguments.extend(more);
    place.run(&arguments)
}

/// Killed at whatever moment, again and again, and read from the start of the file each time: the
/// kept position says what counts.
#[test]
fn t2_a_record_that_is_delivered_again_opens_no_second_case() {
    let place = Place::new();
    let orders = 2_000;
    let events: Vec<Value> =
        (0..orders).flat_map(|n| order(&format!("t{n}"), NINE + n * MINUTE, &STEPS)).collect();
    place.add("events.jsonl", &events);
    let model = model();
    let arguments =
        ["track", "events.jsonl", "--model", model.to_str().unwrap(), "--data-dir", "kept"];
    for kill in 0..4 {
        let mut command = place.command(&arguments);
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let mut child = command.spawn().unwrap();
        // Somewhere in the middle: when the journal has grown by so much.
        let journal = place.path().join("kept");
        until("some of it is journaled", || {
            let done = child.try_wait().unwrap().is_some();
            (done || written(&journal) > (kill + 1) * 150_000).then_some(())
        });
        let _ = child.kill();
        child.wait().unwrap();
    }
    track(&place, &[]);
    let found = cases(&place);
    assert_eq!(found.len(), orders as usize);
    assert!(found.iter().all(|case| case["status"] == "completed" && case["events"] == 5));
    let arguments = ["track", "verdicts", "--data-dir", "kept", "--json", "--count", "20000"];
    let verdicts = place.json(&arguments);
    let verdicts = verdicts.as_array().unwrap();
    // One verdict for each record, and each opening is told once.
    let mut offsets: Vec<u64> = verdicts.iter().map(|v| v["offset"].as_u64().unwrap()).collect();
    offsets.dedup();
    let started = verdicts.iter().filter(|v| v["verdict"] == "started").count();
    assert_eq!((offsets.len(), started), (events.len().min(10_000), orders as usize));
    // The same event at a new position replaces, and opens nothing.
    place.add("events.jsonl", &events[..1]);
    let told = track(&place, &[]);
    assert!(told.contains("1 records: 1 replaced"), "{told}");
    assert_eq!(cases(&place).len(), orders as usize);
}

/// Bytes below a folder that are not zeros written ahead.
fn written(folder: &std::path::Path) -> u64 {
    let mut total = 0;
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            total += written(&path);
        } else if path.extension().is_some_and(|e| e == "log") {
            let bytes = std::fs::read(&path).unwrap_or_default();
            let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
            total += end as u64;
        }
    }
    total
}

#[test]
fn t3_early_events_wait_for_their_case_and_are_listed_when_it_does_not_come() {
    let place = Place::new();
    place.write(
        "mapping.yaml",
        "type: $.type\ncase: $.traceid\ntime: $.time\nid: $.id\nttl: PT10M\n",
    );
    let now = |minutes: i64| time(NINE + minutes * MINUTE);
    // A whole order, so that all types are known, and two that come the wrong way round.
    place.add("events.jsonl", &order("whole", NINE - 2 * HOUR, &STEPS));
    place.add("events.jsonl", &[event("a1", "a", "PaymentReceived", NINE - MINUTE)]);
    place.add("events.jsonl", &[event("b1", "b", "PaymentReceived", NINE - MINUTE)]);
    track(&place, &["--now", &now(0)]);
    let waiting =
        place.json(&["track", "verdicts", "--data-dir", "kept", "--verdict", "buffered", "--json"]);
    assert_eq!(waiting.as_array().unwrap().len(), 2);
    assert_eq!(waiting[0]["until_ms"], NINE + 10 * MINUTE);
    place.add("events.jsonl", &[event("a0", "a", "OrderPlaced", NINE - 2 * MINUTE)]);
    let rest = &STEPS[2..];
    for (n, kind) in rest.iter().enumerate() {
        let at = NINE + n as i64 * MINUTE;
        place.add("events.jsonl", &[event(&format!("a{}", n + 2), "a", kind, at)]);
    }
    track(&place, &["--now", &now(5)]);
    track(&place, &["--now", &now(11)]);
    // One more of it after its time: it has a verdict of its own.
    place.add("events.jsonl", &[event("b2", "b", "GoodsFetched", NINE + 11 * MINUTE)]);
    track(&place, &["--now", &now(12)]);
    let found = cases(&place);
    let a = found.iter().find(|case| case["case"] == "a").unwrap();
    assert_eq!((&a["status"], &a["findings"]), (&json!("completed"), &json!([])));
    let expired: Vec<&Value> = found.iter().filter(|case| case["status"] == "expired").collect();
    assert_eq!(expired.len(), 1, "{found:#?}");
    assert_eq!(expired[0]["case"], "b");
    let reason = expired[0]["reason"].as_str().unwrap();
    assert!(reason.starts_with("expected OrderPlaced to open the case until 2026"), "{reason}");
    let late =
        place.json(&["track", "verdicts", "--data-dir", "kept", "--verdict", "expired", "--json"]);
    assert_eq!(late.as_array().unwrap().len(), 1);
    let all = place.json(&["track", "verdicts", "--data-dir", "kept", "--json"]);
    assert_eq!(all.as_array().unwrap().len(), 5 + 2 + 4 + 1, "none is lost silently");
    // The order comes after all, and what had expired is observed again.
    place.add("events.jsonl", &[event("b0", "b", "OrderPlaced", NINE - 3 * MINUTE)]);
    track(&place, &["--now", &now(13), "--again"]);
    track(&place, &["--now", &now(13), "--again"]);
    let found = cases(&place);
    let b = found.iter().find(|case| case["case"] == "b").unwrap();
    assert_eq!((&b["status"], &b["events"]), (&json!("open"), &json!(3)), "{b:#}");
}

#[test]
fn t4_yesterdays_orders_keep_their_times_and_raise_no_alarm() {
    let place = Place::new();
    // 10,002 records.
    let events: Vec<Value> = (0..2_001)
        .flat_map(|n| {
            let begin = NINE - 400 * HOUR + n * MINUTE;
            let mut events = order(&format!("t{n}"), begin, &STEPS);
            // Every hundredth was fetched a day late, and one was never fetched.
            if n % 100 == 7 {
                for (at, event) in events.iter_mut().enumerate().skip(2) {
                    event["time"] = time(begin + 24 * HOUR + at as i64 * 20 * MINUTE).into();
                }
            }
            if n == 11 {
                events.truncate(2);
            }
            events
        })
        .collect();
    place.add("events.jsonl", &events);
    track(&place, &["--now", &time(NINE)]);
    let alerts = place.json(&["track", "alerts", "--data-dir", "kept", "--json"]);
    assert_eq!(alerts, json!([]), "deadlines in the past");
    let stats = place.json(&["stats", "--data-dir", "kept", "--json"]);
    assert_eq!((&stats["cases"], &stats["events"]), (&json!(2_001), &json!(10_002)));
    assert_eq!(stats["duration"]["p50_ms"], 80 * MINUTE);
    assert_eq!(stats["duration"]["max_ms"], 24 * HOUR + 80 * MINUTE);
    assert_eq!(stats["steps"]["GoodsFetched"]["waited"]["max_ms"], 24 * HOUR + 20 * MINUTE);
    let told = track(&place, &["--now", &time(NINE)]);
    assert!(told.contains("observed: 0 records"), "a second replay adds nothing: {told}");
    assert_eq!(place.json(&["stats", "--data-dir", "kept", "--json"]), stats);
    // Asked for, the same past does raise alerts.
    let other = Place::new();
    other.add("events.jsonl", &events[..60]);
    let model = model();
    let arguments = [
        "track",
        "events.jsonl",
        "--model",
        model.to_str().unwrap(),
        "--data-dir",
        "kept",
        "--now",
        &time(NINE),
        "--alert-on-backfill",
    ];
    other.run(&arguments);
    let alerts = other.json(&["track", "alerts", "--data-dir", "kept", "--json"]);
    assert!(alerts.as_array().unwrap().iter().any(|alert| alert["case"] == "t11"), "{alerts:#}");
}

#[test]
fn t5_each_way_to_go_wrong_is_one_finding_and_clean_traces_have_none() {
    let place = Place::new();
    let [placed, paid, fetched, shipped, completed] = STEPS;
    let mut late = order("late", NINE, &STEPS);
    for (at, event) in late.iter_mut().enumerate().skip(2) {
        event["time"] = time(NINE + 13 * HOUR + at as i64 * MINUTE).into();
    }
    let traces = [
        order("clean-1", NINE, &STEPS),
        order("skips", NINE, &[placed, paid, shipped, completed]),
        order("repeats", NINE, &[placed, paid, paid, fetched, shipped, completed]),
        order("reorders", NINE, &[placed, fetched, paid, shipped, completed]),
        order("surprises", NINE, &[placed, paid, "Refunded", fetched, shipped, completed]),
        late,
        order("clean-2", NINE, &STEPS),
    ];
    traces.iter().for_each(|events| place.add("events.jsonl", events));
    track(&place, &["--now", &time(NINE + 20 * HOUR)]);
    let found = |id: &str| -> Vec<String> {
        let cases = cases(&place);
        let case = cases.iter().find(|case| case["case"] == id).unwrap();
        let findings = case["findings"].as_array().unwrap();
        let name = |member: &Value| member.as_str().unwrap().to_owned();
        findings.iter().map(|f| format!("{} {}", name(&f["kind"]), name(&f["step"]))).collect()
    };
    assert_eq!(found("clean-1"), [""; 0]);
    assert_eq!(found("clean-2"), [""; 0]);
    assert_eq!(found("skips"), ["skipped GoodsFetched"]);
    assert_eq!(found("repeats"), ["repeated PaymentReceived"]);
    assert_eq!(found("reorders"), ["wrong order PaymentReceived"]);
    assert_eq!(found("surprises"), ["unexpected Refunded"]);
    assert_eq!(found("late"), ["too late GoodsFetched"]);
    // The same without keeping anything, and coloured on the model.
    let model = model();
    let arguments =
        ["track", "findings", "events.jsonl", "--model", model.to_str().unwrap(), "--json"];
    let output = place.output(&arguments);
    assert_eq!(output.status.code(), Some(1));
    let listed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(listed["cases"], 5);
    assert_eq!(listed["findings"].as_array().unwrap().len(), 5);
    let arguments =
        ["track", "events.jsonl", "--model", model.to_str().unwrap(), "--html", "page.html"];
    place.run(&arguments);
    let page = place.read("page.html");
    for kind in ["skipped", "repeated", "wrong order", "unexpected", "too late"] {
        assert!(page.contains(kind), "{kind}");
    }
    // The elements that cases deviate at are coloured on the model, and no others.
    let coloured = |id: &str| page.contains(&format!("<g class=\"off\" data-id=\"{id}\">"));
    let off: Vec<&str> = STEPS.into_iter().filter(|id| coloured(id)).collect();
    assert_eq!(off, ["PaymentReceived", "GoodsFetched"]);
    assert_eq!(page.matches(">2 off<").count(), 2, "two cases at each");
}

#[test]
fn t6_a_model_is_found_with_frequencies_and_comes_back() {
    let place = Place::new();
    for n in 0..10 {
        place.add("line.jsonl", &order(&format!("t{n}"), NINE + n * MINUTE, &STEPS));
    }
    let line = place.json(&["track", "discover", "line.jsonl", "--bpmn", "line.bpmn", "--json"]);
    assert_eq!(line["activities"].as_object().unwrap().len(), 5);
    assert_eq!(line["tree"].as_str().unwrap().matches("->").count(), 1, "{}", line["tree"]);
    assert_eq!((&line["silent_transitions"], &line["fitness"]), (&json!(0), &json!(1.0)));
    let bpmn = place.read("line.bpmn");
    assert!(!bpmn.contains("Gateway"), "{bpmn}");
    // 20 of 100 pay by invoice.
    let [placed, paid, fetched, shipped, completed] = STEPS;
    for n in 0..100 {
        let way = match n % 5 {
            0 => [placed, "InvoiceSent", fetched, shipped, completed],
            _ => [placed, paid, fetched, shipped, completed],
        };
        place.add("split.jsonl", &order(&format!("t{n}"), NINE + n * MINUTE, &way));
    }
    let arguments = [
        "track",
        "discover",
        "split.jsonl",
        "--guess",
        "--bpmn",
        "split.bpmn",
        "--html",
        "split.html",
        "--json",
    ];
    let split = place.json(&arguments);
    let pairs = split["directly_follows"].as_array().unwrap();
    assert!(pairs.contains(&json!([placed, paid, 80])), "{pairs:?}");
    assert!(pairs.contains(&json!([placed, "InvoiceSent", 20])), "{pairs:?}");
    assert_eq!(place.read("split.bpmn").matches("<bpmn:exclusiveGateway").count(), 2);
    let page = place.read("split.html");
    assert!(page.contains(">80<") && page.contains(">20<"), "frequencies on the picture");
    // What was exported is a model that the same events fit.
    let again = ["track", "findings", "split.jsonl", "--guess", "--model", "split.bpmn", "--json"];
    assert_eq!(place.json(&again)["cases"], 0);
    // And one that a workflow engine can run, with the names of workers.
    let arguments =
        ["track", "discover", "split.jsonl", "--guess", "--executable", "--bpmn", "run.bpmn"];
    place.run(&arguments);
    assert!(place.read("run.bpmn").contains("zeebe:taskDefinition type=\"invoice-sent\""));
    let jobs = ["order-placed", "payment-received", "invoice-sent", "goods-fetched"];
    let jobs = jobs.iter().chain(&["goods-shipped", "order-completed"]);
    let results: Vec<String> = jobs.map(|job| format!("{job}={{}}")).collect();
    let given = results.iter().flat_map(|result| ["--result", result.as_str()]);
    let run = ["run", "run.bpmn", "--var", "choice=1"].into_iter().chain(given);
    let run: Vec<&str> = run.collect();
    let told = place.run(&run);
    assert!(told.contains("element-completed goodsshipped"), "{told}");
}

/// A type whose first event is far behind the sample stands for an element all the same.
#[test]
fn a_case_is_stuck_also_where_the_other_way_is_first_taken_late_in_the_file() {
    let place = Place::new();
    let element = |tag: &str, id: &str| format!("<bpmn:{tag} id=\"{id}\" name=\"{id}\"/>");
    let flows = [("s", "placed"), ("placed", "x"), ("x", "shipped"), ("x", "lost"), ("x", "z")];
    let ends = [("shipped", "e"), ("lost", "e"), ("z", "e")];
    let flows = flows.iter().chain(&ends).enumerate().map(|(n, (from, to))| {
        format!("<bpmn:sequenceFlow id=\"f{n}\" sourceRef=\"{from}\" targetRef=\"{to}\"/>")
    });
    let elements = [
        ("startEvent", "s"),
        ("task", "placed"),
        ("exclusiveGateway", "x"),
        ("task", "shipped"),
        ("task", "lost"),
        ("task", "z"),
        ("endEvent", "e"),
    ];
    let elements = elements.iter().map(|(tag, id)| element(tag, id)).chain(flows);
    let bpmn = model_of("p", &elements.collect::<String>());
    place.write("m.bpmn", &bpmn);
    let mut events = vec![event("stuck", "stuck", "placed", NINE)];
    let pair = |n: i64, kind: &str| {
        let (case, at) = (format!("c{n}"), NINE + n * MINUTE);
        [event(&format!("{n}a"), &case, "placed", at), event(&format!("{n}b"), &case, kind, at + 1)]
    };
    events.extend((0..700).flat_map(|n| pair(n, "shipped")));
    events.extend((700..710).flat_map(|n| pair(n, "lost")));
    place.add("events.jsonl", &events);
    let run = |events: &str, more: &[&str]| {
        let mut arguments = vec!["track", events, "--model", "m.bpmn", "--data-dir", "kept"];
        arguments.extend(more);
        place.run(&arguments)
    };
    // No event stands for z: then a case may end after `placed` and would never be stuck.
    let now = time(NINE + 100 * HOUR);
    place.add("events.jsonl", &pair(710, "z"));
    let told = run("events.jsonl", &["--now", &now]);
    assert!(told.contains("712 cases: 711 completed, 1 open"), "{told}");
    let quietest = "1 case is not at an end; stuck is quiet the longest, 4.17 d after placed";
    assert!(told.contains(quietest), "{told}");
    let once = place.run(&["track", "events.jsonl", "--model", "m.bpmn"]);
    assert!(once.contains("1 case is not at an end; stuck is quiet the longest"), "{once}");
    // The rule comes later, and is kept when it is not said again; the page says the same.
    let more = ["--stuck-after", "PT24H", "--now", &now];
    let told = run("events.jsonl", &more);
    assert!(told.contains("711 completed, 1 stuck") && !told.contains("alert"), "{told}");
    let told = run("events.jsonl", &["--now", &now, "--html", "page.html"]);
    assert!(told.contains("711 completed, 1 stuck"), "{told}");
    assert!(place.read("page.html").contains("1 stuck"), "the page says what the terminal says");
    let told = run("events.jsonl", &["--now", &now, "--alert-on-backfill"]);
    assert!(told.contains("stuck of case stuck"), "{told}");
    let alerts = ["track", "alerts", "--data-dir", "kept", "--process"];
    assert!(place.run(&[&alerts[..], &["p"]].concat()).contains(" p "));
    assert_eq!(place.output(&[&alerts[..], &["q"]].concat()).status.code(), Some(2));
    // A deadline that comes later is not that of cases that were read: both say so.
    let promise = "<bpmn:task id=\"shipped\" name=\"shipped\"><bpmn:extensionElements>\
                   <zeebe:properties><zeebe:property name=\"deadline\" value=\"PT1H\"/>\
                   </zeebe:properties></bpmn:extensionElements></bpmn:task>";
    let plain = "<bpmn:task id=\"shipped\" name=\"shipped\"/>";
    place.write("m.bpmn", &bpmn.replace(plain, promise));
    let told = run("events.jsonl", &["--now", &now, "--html", "page.html"]);
    assert!(told.contains("the model has changed: cases that were read before keep"), "{told}");
    assert!(told.contains("0 of 712 cases deviate"), "{told}");
    assert!(!place.read("page.html").contains("too late"), "the page says what the terminal says");
}

/// A case of sixty steps is folded; each of its events once more is no news, the last folded one
/// too.
#[test]
fn t4_each_event_of_a_long_case_once_more_leaves_it_clean() {
    let place = Place::new();
    let flows = [
        ("s", "Open"),
        ("Open", "j"),
        ("j", "Work"),
        ("Work", "Check"),
        ("Check", "x"),
        ("x", "j"),
        ("x", "Close"),
        ("Close", "e"),
    ];
    let flows: String = flows
        .iter()
        .map(|(from, to)| {
            format!("<bpmn:sequenceFlow id='{from}-{to}' sourceRef='{from}' targetRef='{to}'/>")
        })
        .collect();
    let elements = format!(
        "<bpmn:startEvent id='s'/><bpmn:task id='Open'/><bpmn:exclusiveGateway id='j'/>\
         <bpmn:task id='Work'/><bpmn:task id='Check'/><bpmn:exclusiveGateway id='x'/>\
         <bpmn:task id='Close'/><bpmn:endEvent id='e'/>{flows}"
    );
    place.write("loop.bpmn", &model_of("loop", &elements));
    let steps = ["Open"].into_iter().chain(["Work", "Check"].into_iter().cycle().take(60));
    let events = (0..).zip(steps);
    let events = events.map(|(n, step)| event(&format!("e{n}"), "p", step, NINE + n * MINUTE));
    let events: Vec<Value> = events.collect();
    place.add("events.jsonl", &events);
    let begin = ["track", "--model", "loop.bpmn", "--data-dir", "kept"];
    place.run(&[&begin[..], &["events.jsonl"]].concat());
    for (at, one) in events.iter().enumerate().skip(5).step_by(3) {
        let name = format!("again{at}.jsonl");
        place.add(&name, std::slice::from_ref(one));
        let told = place.run(&[&begin[..], &[name.as_str()]].concat());
        assert!(told.contains("0 of 1 cases deviate"), "event {at}: {told}");
    }
}

/// A gateway that asks for the amount, with the mapping for its events.
fn gate(place: &Place) {
    let elements = "<bpmn:startEvent id='s'/><bpmn:task id='A'/><bpmn:task id='B'/>\
        <bpmn:exclusiveGateway id='x' default='x-Small'/><bpmn:task id='Big'/>\
        <bpmn:task id='Small'/><bpmn:endEvent id='e'/>\
        <bpmn:sequenceFlow id='s-A' sourceRef='s' targetRef='A'/>\
        <bpmn:sequenceFlow id='A-B' sourceRef='A' targetRef='B'/>\
        <bpmn:sequenceFlow id='B-x' sourceRef='B' targetRef='x'/>\
        <bpmn:sequenceFlow id='x-Big' sourceRef='x' targetRef='Big'>\
        <bpmn:conditionExpression>=amount &gt; 100</bpmn:conditionExpression></bpmn:sequenceFlow>\
        <bpmn:sequenceFlow id='x-Small' sourceRef='x' targetRef='Small'/>\
        <bpmn:sequenceFlow id='Big-e' sourceRef='Big' targetRef='e'/>\
        <bpmn:sequenceFlow id='Small-e' sourceRef='Small' targetRef='e'/>";
    place.write("gate.bpmn", &model_of("gate", elements));
    place.write("mapping.yaml", "type: $.t\ncase: $.c\ntime: $.at\nid: $.id\nvariables: $.d\n");
}

fn said(case: &str, kind: &str, id: &str, minute: i64, data: Value) -> Value {
    json!({"t": kind, "c": case, "id": id, "at": time(NINE + minute * MINUTE), "d": data})
}

/// What is found without a folder is what is found in one, and on a server.
#[test]
fn t5_gateways_are_followed_by_data_whoever_judges() {
    let place = Place::new();
    gate(&place);
    let amount = |amount: i64| json!({ "amount": amount });
    place.add(
        "events.jsonl",
        &[
            said("wrong", "A", "1", 1, amount(5)),
            said("wrong", "B", "2", 2, amount(6)),
            said("wrong", "Big", "3", 3, json!({})),
            // The later word comes first.
            said("late", "B", "5", 2, amount(500)),
            said("late", "A", "4", 1, amount(5)),
            said("late", "Big", "6", 3, json!({})),
            // And one is corrected.
            said("corrected", "A", "7", 1, amount(5)),
            said("corrected", "B", "8", 2, json!({})),
            said("corrected", "Big", "9", 3, json!({})),
            said("corrected", "A", "7", 1, amount(500)),
            said("small", "A", "12", 1, amount(5)),
            said("small", "B", "13", 2, json!({})),
            said("small", "Small", "14", 3, json!({})),
            // Waits for that way.
            said("open", "A", "10", 1, amount(5)),
            said("open", "B", "11", 2, json!({})),
        ],
    );
    let model = ["--model", "gate.bpmn", "--json"];
    let once = place.output(&[&["track", "findings", "events.jsonl"][..], &model].concat());
    let once: Value = serde_json::from_slice(&once.stdout).unwrap();
    let told = place.run(&["track", "events.jsonl", "--model", "gate.bpmn"]);
    assert!(told.contains("1 of 5 cases deviate"), "{told}");
    place.run(&["track", "events.jsonl", "--model", "gate.bpmn", "--data-dir", "kept"]);
    let kept = place.output(&["track", "findings", "--data-dir", "kept", "--json"]);
    let kept: Value = serde_json::from_slice(&kept.stdout).unwrap();
    assert_eq!(once, kept);
    assert_eq!(once["findings"][0]["ids"], json!(["wrong"]), "{once:#}");
    let found = cases(&place);
    let of = |id: &str| found.iter().find(|case| case["case"] == id).unwrap();
    assert_eq!(of("late")["variables"], amount(500));
    assert_eq!(of("open")["expected"], json!(["Small"]));
}

#[test]
fn t2_a_file_that_was_exported_anew_is_read_again_and_counts_once() {
    let place = Place::new();
    let events = |cases: std::ops::Range<i64>| -> Vec<Value> {
        cases.flat_map(|n| order(&format!("t{n}"), NINE + n * MINUTE, &STEPS)).collect()
    };
    place.add("events.jsonl", &events(0..100));
    track(&place, &[]);
    // Changed in its middle, behind more than its first bytes, and longer.
    let mut again = events(0..101);
    again[300]["time"] = time(NINE + 59 * MINUTE).into();
    again.insert(300, event("new-0", "new", "OrderPlaced", NINE));
    place.write("events.jsonl", "");
    place.add("events.jsonl", &again);
    let told = track(&place, &[]);
    assert!(told.contains("506 records: 4 moved, 500 replaced, 2 started"), "{told}");
    let found = cases(&place);
    assert_eq!(found.len(), 102);
    let events: u64 = found.iter().map(|case| case["events"].as_u64().unwrap()).sum();
    assert_eq!(events, 506, "each once");
    assert!(track(&place, &[]).contains("observed: 0 records"));
}

#[test]
fn what_is_no_time_and_no_number_of_times_is_refused() {
    let place = Place::new();
    place.add("events.jsonl", &order("t", NINE, &STEPS));
    for given in [&["--stuck-after", "-PT4H"][..], &["--stuck-after", "PT0S"], &["--stuck-after=x"]]
    {
        let arguments = [&["track", "events.jsonl", "--data-dir", "kept"][..], given].concat();
        let output = place.output(&arguments);
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && told.contains("--stuck-after: expected"), "{told}");
    }
    for command in [&["track", "events.jsonl"][..], &["stats", "events.jsonl"]] {
        let output = place.output(&[command, &["--target", "-PT1H"]].concat());
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && told.contains("--target: expected"), "{told}");
    }
    let mapping = "type: $.type\ncase: $.traceid\nttl: -PT1H\n";
    place.write("negative.yaml", mapping);
    let output = place.output(&["track", "events.jsonl", "--mapping", "negative.yaml"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && told.contains("ttl: expected"), "{told}");
    for command in [&["track", "events.jsonl"][..], &["trace", "t", "events.jsonl"]] {
        let output = place.output(&[command, &["--loops", "0"]].concat());
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && told.contains("0 is not in 1.."), "{told}");
    }
}
