use serde_json::{Value, json};

use super::*;
use crate::mapping::{Reading, Summary, check};
use crate::source::{Position, open};

/// An order per case, with everything that a sample has beside type and case.
fn orders(make: impl Fn(usize, usize, &str) -> Value) -> Vec<Item> {
    let steps =
        ["OrderPlaced", "PaymentReceived", "GoodsFetched", "GoodsShipped", "OrderCompleted"];
    let mut items = Vec::new();
    // Interleaved: case n is at step s when round is n + s.
    for round in 0..60 {
        for (s, step) in steps.iter().enumerate() {
            let Some(case) = usize::checked_sub(round, s).filter(|case| *case < 50) else {
                continue;
            };
            items.push(make(case, s, step));
        }
    }
    record_all(items)
}

fn record_all(values: Vec<Value>) -> Vec<Item> {
    let records = values.into_iter().enumerate().map(|(at, value)| Record {
        position: Position { partition: 0, offset: at as u64 },
        headers: Vec::new(),
        value,
        arrival_ms: at as i64,
    });
    records.map(Item::Record).collect()
}

fn uuid(a: usize, b: usize) -> String {
    format!("{a:08x}-0000-4000-8000-{b:012x}")
}

fn summary(items: &[Item]) -> (Guess, Summary) {
    let guess = guess(items).unwrap();
    let (_, summary) = check(&guess.mapping, items);
    assert!(summary.rejected.is_empty(), "{:?}", summary.rejected);
    let yaml = guess.mapping.to_yaml(&guess.evidence);
    assert_eq!(Mapping::from_yaml(&yaml).unwrap(), guess.mapping, "{yaml}");
    (guess, summary)
}

fn fields(guess: &Guess) -> String {
    let show = |field: &Option<Field>| field.as_ref().map_or("-".into(), Field::to_string);
    let id = match &guess.mapping.id {
        Identity::Position => "position".to_owned(),
        Identity::Content => "content".to_owned(),
        Identity::Field(field) => field.to_string(),
    };
    let m = &guess.mapping;
    format!(
        "{} | {} | {} | {id} | {} | {} | {}",
        m.kind,
        m.case,
        show(&m.time),
        show(&m.sender),
        show(&m.correlation),
        show(&m.variables)
    )
}

#[test]
fn cloud_events_of_the_order_story() {
    let items = orders(|case, s, step| {
        let sender = ["Checkout", "Payment", "Inventory", "Shipping", "Shipping"][s];
        json!({
            "specversion": "1.0", "type": format!("{step}Event"), "id": uuid(case, s),
            "source": sender, "time": format!("2026-03-01T10:{case:02}:{s:02}Z"),
            "datacontenttype": "application/json", "traceid": uuid(case, 99),
            "correlationid": uuid(case, 100 + s / 2), "group": "flowing-retail",
            "data": {"refId": format!("checkout-generated-{case}"), "customer": {"name": "C",
            "address": "Berlin"}}
        })
    });
    let (guess, summary) = summary(&items);
    assert_eq!(guess.layout, "CloudEvents 1.0");
    assert_eq!(
        fields(&guess),
        "$.type | $.traceid | $.time | $.id | $.source | $.correlationid | $.data"
    );
    assert_eq!((summary.cases, summary.events, summary.steps.len()), (50, 250, 5));
}

#[test]
fn the_older_envelope_of_the_order_story() {
    let items = orders(|case, s, step| {
        let data = match s {
            0 => json!({"orderId": format!("o{case}"), "items": [{"articleId": "a",
            "amount": 5}]}),
            _ => json!({"refId": format!("o{case}")}),
        };
        json!({
            "messageType": format!("{step}Event"), "id": uuid(case, s), "traceId": uuid(case, 99),
            "sender": (["Checkout", "Order", "Order", "Order", "Order"][s]),
            "timestamp": 1_520_000_000_000_i64 + (case * 60_000 + s * 7) as i64,
            "correlationId": uuid(case, 100 + s / 2), "payload": data
        })
    });
    let (guess, summary) = summary(&items);
    assert_eq!(
        fields(&guess),
        "$.messageType | $.traceId | $.timestamp | $.id | $.sender | $.correlationId | $.payload"
    );
    assert_eq!((summary.cases, summary.events), (50, 250));
}

#[test]
fn one_flat_layout() {
    let items = orders(|case, s, step| {
        json!({
            "event": step, "order_id": 1000 + case, "customer_id": case % 7,
            "amount": 12.5 + s as f64,
            "occurred_at": format!("2026-03-01T{s:02}:{case:02}:00Z"), "region": (["eu",
            "us"][case % 2])
        })
    });
    let (guess, summary) = summary(&items);
    assert_eq!(fields(&guess), "$.event | $.order_id | $.occurred_at | content | - | - | $");
    assert_eq!((summary.cases, summary.events), (50, 250));
}

#[test]
fn a_flat_layout_whose_names_say_nothing() {
    let items = orders(|case, s, step| {
        json!({
            "what": step, "ref": format!("R{case}"), "who": format!("u{}", (case * 7 + s) % 9),
            "moment": format!("2026-03-01 {s:02}:{case:02}:00"), "v": 1
        })
    });
    let (guess, _) = summary(&items);
    assert_eq!(fields(&guess), "$.what | $.ref | $.moment | content | - | - | $");
}

#[test]
fn debezium_changes_of_one_table_with_a_status() {
    let mut items = Vec::new();
    for case in 0..40_i64 {
        for (s, status) in ["NEW", "PAID", "SHIPPED"].iter().enumerate() {
            let row = json!({"id": case, "customer": case % 5, "status": status});
            let ts = 1_700_000_000_000_i64 + case * 1_000 + s as i64;
            items.push(json!({"schema": {"type": "struct"}, "payload": {
                "before": null, "after": row, "op": if s == 0 { "c" } else { "u" },
                "source": {"connector": "postgresql", "table": "orders",
                "lsn": case * 10 + s as i64, "ts_ms": ts},
                "ts_ms": ts + 50
            }}));
        }
    }
    let items = record_all(items);
    let (guess, summary) = summary(&items);
    assert_eq!(guess.layout, "Debezium change events");
    assert_eq!(
        summary.steps.keys().cloned().collect::<Vec<_>>(),
        ["orders NEW", "orders PAID", "orders SHIPPED"]
    );
    assert_eq!((summary.cases, summary.events), (40, 120));
    let Item::Record(first) = &items[0] else { unreachable!("all are records") };
    let Reading::Event(event) = guess.mapping.read(first) else { panic!("an event") };
    assert_eq!((event.time_ms, event.case.as_str()), (1_700_000_000_000, "0"));
}

#[test]
fn debezium_changes_of_two_tables_that_point_at_each_other() {
    let mut items = Vec::new();
    for case in 0..40_i64 {
        let source = |table| json!({"table": table, "ts_ms": 1_700_000_000_000_i64 + case});
        items.push(json!({"after": {"id": case, "total": 5}, "before": null, "op": "c",
        "source": source("orders")}));
        items.push(json!({"after": {"id": 900 + case, "order_id": case}, "op": "c",
        "source": source("payments")}));
        items.push(json!({"before": {"id": case, "total": 5}, "after": null, "op": "d",
        "source": source("orders")}));
    }
    let (_, summary) = summary(&record_all(items));
    assert_eq!(summary.cases, 40);
    assert_eq!(
        summary.steps.keys().cloned().collect::<Vec<_>>(),
        ["orders created", "orders deleted", "payments created"]
    );
}

#[test]
fn the_public_logs_are_read_without_edits() {
    let dir = std::env::var("GREVY_DATA").unwrap_or_else(|_| "../../../shared/acceptance".into());
    let dir = std::path::Path::new(&dir).join("eventlogs");
    if !dir.exists() {
        eprintln!("not run: eventlogs: no logs at {} (set GREVY_DATA)", dir.display());
        return;
    }
    let expected = [
        ("01_running-example.xes.gz", 6, 42, 8),
        ("running_example.csv", 6, 42, 8),
        ("running_example_broken.csv", 6, 34, 10),
        ("roadtraffic100traces.csv", 100, 390, 10),
        ("08_receipt.xes.gz", 1434, 8577, 27),
    ];
    for (file, cases, events, steps) in expected {
        let (_, mut source) = open(&dir.join(file), false).unwrap();
        let mut items = Vec::new();
        while source.poll(0, 1_000, &mut items).unwrap() == crate::source::Progress::More {}
        let (guess, summary) = summary(&items);
        let found = (summary.cases, summary.events, summary.steps.len());
        assert_eq!(found, (cases, events, steps), "{file}: {}", fields(&guess));
    }
}

#[test]
fn nothing_to_guess_from_says_so() {
    assert!(guess(&[]).unwrap_err().contains("there are none"));
    let items = record_all((0..50).map(|n| json!({"a": n, "b": "x"})).collect());
    assert!(guess(&items).unwrap_err().contains("write a mapping by hand"));
}
