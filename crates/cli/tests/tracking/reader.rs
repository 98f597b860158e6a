//! What a reader with a foreign file ran into: each of these once told something untrue.

use serde_json::{Value, json};

use crate::harness::*;

const WEEK: i64 = 7 * 24 * HOUR;

/// Forty orders of which one was dropped weeks ago, after its payment.
fn dropped(place: &Place, name: &str) {
    for n in 0..40 {
        let steps = if n == 7 { &STEPS[..2] } else { &STEPS[..] };
        place.add(name, &order(&format!("t{n}"), NINE - 3 * WEEK + n * MINUTE, steps));
    }
}

fn stuck(place: &Place, folder: &str) -> Vec<String> {
    let arguments = ["track", "cases", "--data-dir", folder, "--status", "stuck", "--json"];
    let cases = place.json(&arguments);
    let ids = cases.as_array().unwrap().iter();
    ids.map(|case| case["case"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn s7_a_case_that_stopped_weeks_ago_is_stuck_without_a_model() {
    let place = Place::new();
    dropped(&place, "events.jsonl");
    let now = time(NINE);
    let begin = ["track", "events.jsonl", "--data-dir", "kept", "--stuck-after", "P3D"];
    let quiet = [&begin[..], &["--now", &now]].concat();
    let told = place.run(&quiet);
    assert!(told.contains("t7 is stuck after PaymentReceived"), "{told}");
    assert_eq!(stuck(&place, "kept"), ["t7"]);
    let alerts = place.json(&["track", "alerts", "--data-dir", "kept", "--json"]);
    assert_eq!(alerts, json!([]), "it lies in the past");
    // The whole export again, under another name, by the model that the folder was begun with.
    dropped(&place, "again.jsonl");
    place.add("again.jsonl", &order("last", NINE - HOUR, &STEPS[..1]));
    let later = time(NINE + 24 * HOUR);
    let again = ["track", "again.jsonl", "--data-dir", "kept", "--stuck-after", "P3D"];
    let told = place.run(&[&again[..], &["--now", &later]].concat());
    assert!(told.contains("198 replaced".replace("198", "197").as_str()), "{told}");
    assert_eq!(stuck(&place, "kept"), ["t7"]);
    // Asked for, the past alarms; and the alert of one folder is not that of another.
    let other = ["track", "events.jsonl", "--data-dir", "asked", "--stuck-after", "P3D"];
    place.run(&[&other[..], &["--now", &now, "--alert-on-backfill"]].concat());
    let alerts = place.json(&["track", "alerts", "--data-dir", "asked", "--json"]);
    assert_eq!((&alerts[0]["case"], &alerts[0]["name"]), (&json!("t7"), &json!("stuck")));
    assert_eq!(alerts.as_array().unwrap().len(), 1);
}

#[test]
fn b3_what_is_overdue_and_open_is_on_the_page_and_in_the_findings() {
    let place = Place::new();
    dropped(&place, "events.jsonl");
    let model = model();
    let model = model.to_str().unwrap();
    let found =
        place.output(&["track", "findings", "events.jsonl", "--model", model, "--json"]).stdout;
    let found: Value = serde_json::from_slice(&found).unwrap();
    assert_eq!(found["findings"][0]["kind"], "too late");
    assert_eq!(found["findings"][0]["ids"], json!(["t7"]));
    place.run(&["track", "events.jsonl", "--model", model, "--html", "page.html"]);
    let page = place.read("page.html");
    assert!(page.contains("Open cases") && page.contains(">t7<"), "the open case is listed");
    assert!(!page.contains("1 stuck"), "nobody said when a case is stuck");
    let arguments = ["track", "events.jsonl", "--model", model, "--html", "page.html"];
    let stuck = ["--data-dir", "kept", "--stuck-after", "P3D"];
    place.run(&[&arguments[..], &stuck].concat());
    let page = place.read("page.html");
    let (picture, tables) = page.split_once("<h2>Open cases</h2>").unwrap();
    assert!(picture.contains(">1 stuck<"), "it is marked on the picture");
    assert!(
        tables.contains("<td>t7</td><td><span class=\"tag bad\">stuck</span></td>"),
        "and listed"
    );
}

#[test]
fn b2_a_name_that_the_model_does_not_have_is_refused_with_both() {
    let place = Place::new();
    let server = place.server(&[]);
    let bpmn = std::fs::read_to_string(model()).unwrap();
    let draft = json!({"bpmn": bpmn, "mapping": "type: $.type\ncase: $.traceid\n"}).to_string();
    let (status, told) = server.send("PUT", "/tracking/claims", "application/json", &draft);
    assert_eq!(status, 400, "{told}");
    assert!(told.contains("claims") && told.contains("order-tracking"), "{told}");
    assert_eq!(server.get("/tracking"), json!([]));
}

#[test]
fn t3_mistakes_of_a_mapping_are_told_with_figures() {
    let place = Place::new();
    dropped(&place, "events.jsonl");
    let mapping = |id: &str, case: &str| {
        let text = format!("type: $.type\ncase: {case}\ntime: $.time\nid: {id}\n");
        place.write("mapping.yaml", &text);
        let checked = place.output(&["track", "check", "--sample", "events.jsonl"]);
        let tracked = place.output(&["track", "events.jsonl"]);
        let out = String::from_utf8_lossy(&checked.stdout).into_owned();
        (out, String::from_utf8_lossy(&tracked.stderr).into_owned())
    };
    let (checked, tracked) = mapping("$.type", "$.traceid");
    let taken = "192 of the first 197 have the id of an event of another case";
    assert!(checked.contains(taken) && tracked.contains(taken), "{checked}\n{tracked}");
    let (checked, tracked) = mapping("$.nope", "$.traceid");
    let none = "none of the first 197 events has it";
    assert!(checked.contains(none) && tracked.contains(none), "{checked}\n{tracked}");
    let (_, tracked) = mapping("$.id", "$.data");
    assert!(tracked.contains("of 197 records 0 are ignored and 197 rejected"), "{tracked}");
    assert!(tracked.contains("at $.data, but it is an object"), "{tracked}");
}

#[test]
fn a_question_makes_no_folder_and_pages() {
    let place = Place::new();
    let asked = place.output(&["track", "cases", "--data-dir", "typo"]);
    let told = String::from_utf8_lossy(&asked.stderr).into_owned();
    assert!(!asked.status.success() && told.contains("typo is none"), "{told}");
    assert!(!place.path().join("typo").exists());
    dropped(&place, "events.jsonl");
    let asked = place.output(&["track", "events.jsonl", "--data-dir", "http://127.0.0.1:1"]);
    assert!(!asked.status.success() && !place.path().join("http:").exists());
    place.run(&["track", "events.jsonl", "--data-dir", "kept"]);
    let ask = ["track", "cases", "--data-dir", "kept", "--json", "--count", "15"];
    let told = place.run(&["track", "cases", "--data-dir", "kept", "--count", "15"]);
    let last = told.lines().last().unwrap();
    assert!(last.starts_with("15 cases; there are more: --after "), "{last}");
    let after = last.rsplit(' ').next().unwrap();
    let rest = ["--count", "100", "--after", after];
    let told = place.run(&[&["track", "cases", "--data-dir", "kept"], &rest[..]].concat());
    assert_eq!(told.lines().last(), Some("25 cases"));
    let refused = |arguments: &[&str]| {
        let asked = place.output(&[&["track"], arguments, &["--data-dir", "kept"]].concat());
        assert_eq!(asked.status.code(), Some(2), "{arguments:?}");
        String::from_utf8_lossy(&asked.stderr).into_owned()
    };
    assert!(refused(&["cases", "--status", "stuk"]).contains("early, open, stuck"));
    assert!(refused(&["verdicts", "--verdict", "no"]).contains("started, moved"));
    assert!(refused(&["verdicts", "--after", "x"]).contains("such as 12.3"));
    let told = place.run(&["track", "verdicts", "--data-dir", "kept", "--count", "100"]);
    let last = told.lines().last().unwrap();
    assert!(last.starts_with("100 records; there are more: --after "), "{last}");
    let after = last.rsplit(' ').next().unwrap();
    let rest = ["--after", after];
    let told = place.run(&[&["track", "verdicts", "--data-dir", "kept"], &rest[..]].concat());
    assert_eq!(told.lines().last(), Some("97 records"));
    let (mut seen, mut pages) = (Vec::new(), 0);
    loop {
        let after = seen.last().map(|row: &Value| row["number"].to_string());
        let after = after.as_deref().map(|after| vec!["--after", after]).unwrap_or_default();
        let page = place.json(&[&ask[..], &after].concat());
        let page = page.as_array().unwrap().clone();
        if page.is_empty() {
            break;
        }
        seen.extend(page);
        pages += 1;
    }
    assert_eq!((seen.len(), pages), (40, 3));
}

#[test]
fn what_discover_finds_is_what_track_finds() {
    let place = Place::new();
    dropped(&place, "events.jsonl");
    place.run(&["track", "discover", "events.jsonl", "--bpmn", "found.bpmn"]);
    let by_model = ["track", "findings", "events.jsonl", "--model", "found.bpmn", "--json"];
    let by_itself = ["track", "findings", "events.jsonl", "--json"];
    assert_eq!(place.output(&by_model).stdout, place.output(&by_itself).stdout);
}

#[test]
fn the_past_of_a_folder_goes_back_as_far_as_it_is_told_to() {
    let verdicts = |days: &str| {
        let place = Place::new();
        dropped(&place, "events.jsonl");
        for day in [0, 10, 11, 12] {
            let name = format!("day-{day}.jsonl");
            place.add(&name, &order(&format!("day-{day}"), NINE + day * 24 * HOUR, &STEPS));
            let now = time(NINE + day * 24 * HOUR);
            let file = if day == 0 { "events.jsonl" } else { &name };
            let keep = ["--data-dir", "kept", "--keep-days", days, "--now", &now];
            place.run(&[&["track", file][..], &keep].concat());
        }
        let ask = ["track", "verdicts", "--data-dir", "kept", "--json"];
        let found = place.json(&ask).as_array().unwrap().len();
        let cases = place.json(&["track", "cases", "--data-dir", "kept", "--json"]);
        (found, cases.as_array().unwrap().len())
    };
    assert_eq!(verdicts("0"), (197 + 15, 43));
    let (found, cases) = verdicts("3");
    assert!((5..197).contains(&found), "{found} verdicts");
    assert_eq!(cases, 43, "cases are known however old they are");
}

#[test]
fn s7_a_rare_way_out_is_an_end_and_a_stopped_case_is_none() {
    let place = Place::new();
    for n in 0..86 {
        place.add("events.jsonl", &order(&format!("t{n}"), NINE - 3 * WEEK + n * MINUTE, &STEPS));
    }
    let cancelled = [STEPS[0], "OrderCancelled"];
    for n in 86..100 {
        let at = NINE - 3 * WEEK + n * MINUTE;
        place.add("events.jsonl", &order(&format!("t{n}"), at, &cancelled));
    }
    let begin = ["track", "events.jsonl", "--data-dir", "kept", "--stuck-after", "P3D"];
    let told = place.run(&[&begin[..], &["--now", &time(NINE)]].concat());
    assert!(told.contains("100 completed") && told.contains("0 of 100 cases deviate"), "{told}");
    assert_eq!(stuck(&place, "kept"), [""; 0]);
    for wrong in [&["--noise", "7"][..], &["--stuck-after", "PT0S"]] {
        let asked = [&["track", "events.jsonl"], wrong].concat();
        assert_eq!(place.output(&asked).status.code(), Some(2), "{wrong:?}");
    }
}
