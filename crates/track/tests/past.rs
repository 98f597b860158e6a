//! What is read back of the past: each verdict once, on whatever page, and each message once,
//! however many processes saw it.
#![allow(clippy::unwrap_used)] // a panic is the report of a test

use std::collections::BTreeSet;
use std::sync::Arc;

use grevy::Clock;
use serde_json::json;
use track::machine::{Answer, CaseStatus, Command, Observed, Publish, Verdict};
use track::mapping::{Observation, Reading};
use track::past::{self, Place, Wanted};
use track::rows::{self, WantedCases};
use track::source::Position;
use track::tracking::Tracking;

const MODEL: &str = include_str!("models/order-tracking.bpmn");

fn tracking() -> Tracking {
    Tracking::open(None, Clock::virtual_from(1_000), Box::new(|_| ())).unwrap()
}

fn publish(tracking: &Tracking, process: &str) {
    let bpmn = MODEL.replace("\"order-tracking\"", &format!("\"{process}\""));
    let known = vec!["OrderPlacedEvent".to_owned(), "PaymentReceivedEvent".to_owned()];
    let process = Arc::from(process);
    let bpmn = Arc::from(bpmn.as_bytes());
    let publish = Publish { process, bpmn, known, ..Publish::default() };
    tracking.command(Command::Publish(publish)).unwrap();
}

fn event(case: &str, kind: &str, offset: u64) -> Observed {
    let reading = Reading::Event(Observation {
        case: case.to_owned(),
        kind: kind.to_owned(),
        time_ms: offset as i64,
        identity: None,
        sender: None,
        correlation: None,
        variables: Some(json!({"at": offset, "case": case})),
        ttl_ms: None,
    });
    let position = Position { partition: 0, offset };
    Observed { position, arrival_ms: 1_000, reading, own: false }
}

fn bad(offset: u64) -> Observed {
    let reading = Reading::Rejected { reason: format!("expected a type at {offset}") };
    Observed { reading, ..event("", "", offset) }
}

fn observe(tracking: &Tracking, process: &str, records: Vec<Observed>) -> Vec<Verdict> {
    let (name, source) = (Arc::from(process), Arc::from(format!("bus#{process}")));
    let command = Command::Observe { process: name, source, records, proof: None };
    match tracking.command(command).unwrap() {
        Answer::Verdicts(verdicts) => verdicts,
        other => panic!("{other:?}"),
    }
}

#[test]
fn pages_of_verdicts_have_each_record_once() {
    let tracking = tracking();
    publish(&tracking, "order-tracking");
    for batch in 0..5_u64 {
        let at = batch * 100;
        let records = (at..at + 60).map(|n| match n % 3 {
            0 => bad(n),
            _ => event(&format!("case {}", n / 3), "OrderPlacedEvent", n),
        });
        observe(&tracking, "order-tracking", records.collect());
    }
    let all = Wanted::default();
    let whole = past::verdicts(&tracking, &all, Place::default(), 10_000).unwrap();
    assert_eq!((whole.rows.len(), whole.more), (300, false));
    for size in [1, 7, 60, 61] {
        let (mut seen, mut after) = (Vec::new(), Place::default());
        loop {
            let page = past::verdicts(&tracking, &all, after, size).unwrap();
            assert!(page.rows.len() == size || !page.more, "pages of {size}");
            seen.extend(page.rows);
            let last = seen.last().unwrap();
            let text = format!("{}.{}", last.at, last.index);
            after = text.parse().unwrap();
            if !page.more {
                break;
            }
        }
        assert_eq!(seen, whole.rows, "pages of {size}");
    }
    for wrong in ["", "x", "1.x", ".3", "1.2.3", "-1"] {
        let told = wrong.parse::<Place>().unwrap_err();
        assert!(told.starts_with("expected a position such as 12.3, but got"), "{told}");
    }
    assert_eq!("12".parse::<Place>().unwrap(), Place(12, u32::MAX), "behind all of it");
}

#[test]
fn a_record_that_was_fixed_is_no_longer_rejected() {
    let tracking = tracking();
    publish(&tracking, "order-tracking");
    observe(&tracking, "order-tracking", vec![bad(1), bad(2), event("a", "OrderPlacedEvent", 3)]);
    let rejected = Wanted { verdict: Some("rejected"), ..Wanted::default() };
    let offsets = |wanted: &Wanted| -> Vec<u64> {
        let page = past::verdicts(&tracking, wanted, Place::default(), 10).unwrap();
        page.rows.iter().map(|row| row.offset).collect()
    };
    assert_eq!(offsets(&rejected), [1, 2]);
    let (process, source) = (Arc::from("order-tracking"), Arc::from("bus#order-tracking"));
    let records = vec![event("b", "OrderPlacedEvent", 2)];
    tracking.command(Command::ObserveAgain { process, source, records }).unwrap();
    assert_eq!(offsets(&rejected), [1]);
    assert_eq!(offsets(&Wanted::default()), [1, 3, 2]);
}

#[test]
fn a_record_that_is_rejected_again_is_listed_once_with_its_last_reason() {
    let tracking = tracking();
    publish(&tracking, "order-tracking");
    observe(&tracking, "order-tracking", vec![bad(1), bad(2), event("a", "OrderPlacedEvent", 3)]);
    for attempt in 1..=3 {
        let (process, source) = (Arc::from("order-tracking"), Arc::from("bus#order-tracking"));
        let reason = format!("expected a case, but there is none, attempt {attempt}");
        let records = vec![Observed { reading: Reading::Rejected { reason }, ..bad(2) }];
        tracking.command(Command::ObserveAgain { process, source, records }).unwrap();
    }
    let page = past::verdicts(&tracking, &Wanted::default(), Place::default(), 10).unwrap();
    let rows = page.rows.iter().map(|row| (row.offset, row.reason.as_deref().unwrap_or("")));
    let last = "expected a case, but there is none, attempt 3";
    assert_eq!(rows.collect::<Vec<_>>(), [(1, "expected a type at 1"), (3, ""), (2, last)]);
}

#[test]
fn a_trace_has_no_message_that_another_case_took_over() {
    let tracking = tracking();
    publish(&tracking, "order-tracking");
    let of = |case: &str, kind: &str, offset: u64| {
        let mut record = event(case, kind, offset);
        let Reading::Event(event) = &mut record.reading else { unreachable!("an event") };
        event.identity = Some(if kind == "OrderPlacedEvent" { 7 } else { 8 });
        record
    };
    let records = vec![of("typo", "OrderPlacedEvent", 1), of("typo", "PaymentReceivedEvent", 2)];
    observe(&tracking, "order-tracking", records);
    observe(&tracking, "order-tracking", vec![of("right", "PaymentReceivedEvent", 3)]);
    for only in [None, Some("typo"), Some("right")] {
        let traces = past::traces(&tracking, only).unwrap();
        let kinds = |id: &str| -> Vec<String> {
            let trace = traces.trace(id).unwrap_or_default();
            trace.messages.into_iter().map(|message| message.kind).collect()
        };
        if only != Some("right") {
            assert_eq!(kinds("typo"), ["OrderPlacedEvent"], "{only:?}");
        }
        if only != Some("typo") {
            assert_eq!(kinds("right"), ["PaymentReceivedEvent"], "{only:?}");
        }
    }
}

#[test]
fn a_message_that_two_processes_see_is_one_message() {
    let tracking = tracking();
    for process in ["order-tracking", "second"] {
        publish(&tracking, process);
        let records = vec![
            event("a", "OrderPlacedEvent", 1),
            event("a", "PaymentReceivedEvent", 2),
            event("b", "OrderPlacedEvent", 3),
        ];
        observe(&tracking, process, records);
    }
    let trace = past::traces(&tracking, Some("a")).unwrap().trace("a").unwrap();
    let kinds: Vec<&str> = trace.messages.iter().map(|message| message.kind.as_str()).collect();
    assert_eq!(kinds, ["OrderPlacedEvent", "PaymentReceivedEvent"]);
    // What the mapping read of each is there, and the later one counts.
    assert_eq!(trace.messages[0].variables, Some(json!({"at": 1, "case": "a"})));
    assert_eq!(json!(trace.variables()), json!({"at": 2, "case": "a"}));
}

#[test]
fn lists_of_cases_say_how_many_there_are() {
    let tracking = tracking();
    publish(&tracking, "order-tracking");
    let kinds = ["OrderPlacedEvent", "Strange"];
    let records = (0..40).map(|n| event(&format!("c{}", n / 2), kinds[n % 2], n as u64 + 1));
    observe(&tracking, "order-tracking", records.collect());
    let look = |wanted: WantedCases| {
        let look = move |state: &_| {
            let rows = rows::cases(state, &wanted);
            let names: BTreeSet<String> = rows.into_iter().map(|row| row.case).collect();
            (names.len(), rows::total(state, &wanted))
        };
        tracking.look(look).unwrap()
    };
    let page = WantedCases { limit: Some(7), ..WantedCases::default() };
    assert_eq!(look(page.clone()), (7, 20));
    assert_eq!(look(WantedCases { after: Some(17), ..page.clone() }), (2, 20));
    let only = WantedCases { case: Some("c3".to_owned()), ..page.clone() };
    assert_eq!(look(only.clone()), (1, 1));
    let process = Some("order-tracking".to_owned());
    assert_eq!(look(WantedCases { process, ..only.clone() }), (1, 1));
    let process = Some("other".to_owned());
    assert_eq!(look(WantedCases { process, ..only }), (0, 0));
    assert_eq!(look(WantedCases { status: Some(CaseStatus::Expired), ..page }), (0, 0));
    let told = CaseStatus::named("stuk").unwrap_err();
    assert!(told.contains("early, open, stuck") && told.contains("\"stuk\""), "{told}");
    assert!(Verdict::named("reject").is_err() && Verdict::named("rejected").is_ok());
}
