//! `grevy explain` of a case: where it is, what it waits for, what it did otherwise.

use serde_json::{Value, json};

use track::traces::Trace;

use super::ask::encoded;
use crate::Failure;
use crate::remote::Remote;

/// Characters of a value that are shown.
const VALUE_CHARS: usize = 120;

/// Tells of the cases of this name, of whichever flow; `false` when there is none.
pub fn explain(remote: &Remote, id: &str) -> Result<bool, Failure> {
    let flows = remote.get_from("", "/tracking")?;
    let mut found = Vec::new();
    for flow in flows.as_array().into_iter().flatten().filter_map(|row| row["process"].as_str()) {
        let path = format!("/tracking/{}/cases?case={}", encoded(flow), encoded(id));
        let cases = remote.get_from("", &path)?;
        found.extend(cases.as_array().into_iter().flatten().cloned());
    }
    if found.is_empty() {
        return Ok(false);
    }
    // What its events carry is read back from their trace; of an old case nothing may be left.
    let trace = remote.get_from("", &format!("/traces/{}", encoded(id)));
    let trace = trace.ok().and_then(|trace| serde_json::from_value::<Trace>(trace).ok());
    let variables = Value::Object(trace.map(|trace| trace.variables()).unwrap_or_default());
    found.iter_mut().for_each(|case| case["variables"] = variables.clone());
    let now = jiff::Timestamp::now().as_millisecond();
    remote.tell(&json!(found), || found.iter().for_each(|case| print!("{}", text(case, now))));
    Ok(true)
}

fn text(case: &Value, now: i64) -> String {
    let word = |name: &str| case[name].as_str().unwrap_or("-");
    let mut lines =
        vec![format!("Case '{}' of {} is {}.", word("case"), word("process"), word("status"))];
    if let (Some(step), Some(last)) = (case["lastStep"].as_str(), case["lastMs"].as_i64()) {
        let ago = history::span(now - last);
        lines.push(format!("Its last event is '{step}', {ago} ago ({}).", history::date(last)));
    }
    let expected = quoted(&case["expected"]);
    let completed = case["status"] == "completed";
    match (case["reason"].as_str(), expected.is_empty(), completed) {
        (Some(reason), ..) => lines.push(format!("It waits: {reason}.")),
        (None, false, false) => lines.push(format!("It waits for {expected}.")),
        (None, ..) => {}
    }
    for due in case["deadlines"].as_array().into_iter().flatten().filter_map(Value::as_i64) {
        let (date, left) = (history::date(due), due - now);
        lines.push(match left >= 0 {
            true => format!("It has until {date}, {} from now.", history::span(left)),
            false => format!("It had until {date}, {} ago.", history::span(-left)),
        });
    }
    for finding in case["findings"].as_array().into_iter().flatten() {
        let word = |name: &str| finding[name].as_str().unwrap_or("-");
        let (kind, step) = (word("kind"), word("step"));
        let instead = quoted(&finding["expected"]);
        lines.push(match instead.is_empty() || instead == format!("'{step}'") {
            true => format!("Other than the model: {kind} '{step}'."),
            false => format!("Other than the model: {kind} '{step}', expected {instead}."),
        });
    }
    for (name, value) in case["variables"].as_object().into_iter().flatten() {
        lines.push(format!("Its events carry {name} = {}.", short(value)));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// A value as JSON, cut where it would fill the screen.
pub fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(VALUE_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn quoted(names: &Value) -> String {
    let names = names.as_array().into_iter().flatten().filter_map(Value::as_str);
    names.map(|name| format!("'{name}'")).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_says_where_it_is_and_what_it_waits_for() {
        let hour = 3_600_000;
        let case = json!({"process": "order", "case": "o-7", "status": "stuck", "lastMs": 0,
            "lastStep": "PaymentReceived", "expected": ["GoodsFetched", "OrderCanceled"],
            "deadlines": [2 * hour, 9 * hour],
            "findings": [{"kind": "too late", "step": "GoodsFetched", "expected": ["GoodsFetched"]},
                {"kind": "skipped", "step": "Checked", "expected": ["Approved"]}]});
        let lines = "Case 'o-7' of order is stuck.\n\
            Its last event is 'PaymentReceived', 5 hours ago (1970-01-01T00:00:00.000Z).\n\
            It waits for 'GoodsFetched' or 'OrderCanceled'.\n\
            It had until 1970-01-01T02:00:00.000Z, 3 hours ago.\n\
            It has until 1970-01-01T09:00:00.000Z, 4 hours from now.\n\
            Other than the model: too late 'GoodsFetched'.\n\
            Other than the model: skipped 'Checked', expected 'Approved'.\n";
        assert_eq!(text(&case, 5 * hour), lines);
        let case = json!({"process": "order", "case": "o-9", "status": "completed",
            "variables": {"orderId": "A-1", "lines": ["x".repeat(200)]}});
        let told = text(&case, 0);
        assert!(told.contains("Its events carry orderId = \"A-1\".\n"), "{told}");
        assert!(told.contains("xxx….\n") && told.len() < 300, "{told}");
        let early = json!({"process": "order", "case": "o-8", "status": "early",
            "reason": "expected A to open the case, but it has not come yet"});
        let told = "Case 'o-8' of order is early.\n\
            It waits: expected A to open the case, but it has not come yet.\n";
        assert_eq!(text(&early, 0), told);
    }
}
