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

/// Layouts of others, with what must be read in them: type | case | time.
#[test]
fn foreign_layouts_are_read_without_edits() {
    type Make = fn(usize, usize, &str) -> Value;
    fn at(case: usize, s: usize) -> i64 {
        1_772_355_600_000 + (case * 60_000 + s * 7_001) as i64
    }
    let layouts: [(&str, Make); 14] = [
        ("$.type | $.subject | $.time", |case, s, step| {
            json!({"specversion": "1.0", "type": format!("com.shop.{step}"), "id": uuid(case, s),
                "source": "/shop", "subject": format!("orders/{case}"),
                "time": format!("2026-03-01T{:02}:{case:02}:{s:02}.5+01:00", 9 + s), "data": {}})
        }),
        ("$.type | $.data.orderId | $.time", |case, s, step| {
            json!({"specversion": "1.0", "type": step, "id": (case * 10 + s).to_string(),
                "source": "shop", "time": format!("2026-03-01T10:{case:02}:{s:02}Z"),
                "traceparent": format!("00-{}-01", uuid(case, s)),
                "data": {"orderId": case, "total": 10 + s}})
        }),
        ("$.eventName | $.order.id | $.meta.tsMicros", |case, s, step| {
            json!({"eventName": step, "order": {"id": format!("O-{case}"), "lines": 3},
                "meta": {"tsMicros": at(case, s) * 1_000, "eventId": uuid(case, s), "v": 1}})
        }),
        ("$.name | $.attributes.cart | $.ts", |case, s, step| {
            json!({"name": step, "ts": at(case, s) as f64 / 1e3, "level": "INFO",
                "attributes": {"cart": format!("c{case}"), "host": format!("h{}", case % 3)}})
        }),
        ("$.headers.type | $.key | $.timestamp", |case, s, step| {
            json!({"topic": "orders", "partition": 0, "offset": case * 5 + s,
                "timestamp": at(case, s), "key": format!("o{case}"),
                "headers": {"type": step}, "value": {"amount": s}})
        }),
        ("$.activity | $.ticket_no | $['start time']", |case, s, step| {
            json!({"ticket_no": 4_000 + case, "activity": step, "agent": case % 4,
                "start time": format!("{:02}/03/2026 09:{case:02}:0{s}", 14 + s)})
        }),
        ("$.status | $.shipment | $.date_time", |case, s, step| {
            json!({"shipment": format!("S{case}"), "status": step.to_uppercase(),
                "date_time": format!("2026030109{case:02}0{s}"), "depot": "BER"})
        }),
        ("$.detail-type | $.detail.order-id | $.time", |case, s, step| {
            json!({"version": "0", "id": uuid(case, s), "detail-type": step,
                "source": "com.shop", "account": "1234", "region": "eu-1",
                "time": format!("2026-03-01T10:{case:02}:{s:02}Z"),
                "resources": [], "detail": {"order-id": format!("o{case}")}})
        }),
        ("$.eventType | $.aggregateId | $.occurredOn", |case, s, step| {
            json!({"eventType": step, "aggregateId": uuid(case, 1), "version": s,
                "aggregateType": "Order", "occurredOn": at(case, s), "eventId": uuid(case, s),
                "body": {"n": case}})
        }),
        ("$.msg | $.ctx.request | $['@timestamp']", |case, s, step| {
            json!({"@timestamp": format!("2026-03-01 10:{case:02}:{s:02},250"), "msg": step,
                "ctx": {"request": format!("r{case}"), "thread": format!("t{}", s % 2)}})
        }),
        (
            "$.was | $.whom | $.n",
            |case, s, step| json!({"was": step, "whom": case, "n": at(case, s), "m": s % 3}),
        ),
        ("$.event | $.data.object.order | $.created", |case, s, step| {
            json!({"id": format!("evt_{case}_{s}"), "object": "event", "livemode": false,
                "event": step, "created": at(case, s) / 1_000,
                "data": {"object": {"order": format!("or_{case}"), "amount": 5}}})
        }),
        ("$.payload.state | $.payload.invoice | $.payload.changed", |case, s, step| {
            json!({"schema": {"name": "invoices"}, "payload": {"invoice": 900 + case,
                "state": step, "changed": format!("Mar 01, 2026 10:{case:02}:0{s} AM")}})
        }),
        ("$.resource.activity | $.correlation.conversation | $.sent", |case, s, step| {
            json!({"resource": {"activity": step, "kind": "step"}, "sent": at(case, s) * 1_000_000,
                "correlation": {"conversation": uuid(case, 5), "message": uuid(case, s)}})
        }),
    ];
    for (expected, make) in layouts {
        let items = orders(make);
        let (guess, summary) = summary(&items);
        let found = fields(&guess);
        let found: Vec<&str> = found.split(" | ").take(3).collect();
        assert_eq!(found.join(" | "), expected, "{:#?}", guess.evidence);
        assert_eq!(
            (summary.cases, summary.events, summary.steps.len()),
            (50, 250, 5),
            "{expected}"
        );
    }
}

/// Who sends changes of the database otherwise than in Debezium's own envelope.
#[test]
fn debezium_changes_in_other_wrappings() {
    let status = ["NEW", "PAID", "PICKED", "SHIPPED", "CLOSED"];
    let change = |case: usize, s: usize| {
        let row = |s: usize| json!({"order_no": format!("o{case}"), "order_status": status[s]});
        json!({"before": s.checked_sub(1).map(row), "after": row(s),
            "source": {"connector": "mysql", "table": "orders", "file": "b.1", "pos": 1, "row":
            case * 5 + s, "ts_ms": 1_772_355_600_000_i64 + s as i64},
            "op": if s == 0 { "c" } else { "u" }, "ts_ms": 1_772_355_600_100_i64 + s as i64})
    };
    let event = orders(|case, s, _| {
        json!({"specversion": "1.0", "type": "io.debezium.connector.mysql.DataChangeEvent",
            "id": uuid(case, s), "source": "/debezium/mysql/shop", "time": "2026-03-01T09:00:00Z",
            "iodebeziumop": "u", "data": {"schema": {}, "payload": change(case, s)}})
    });
    let dumped = orders(|case, s, _| match s {
        // A deletion is followed by nothing at all, which a compacted topic needs.
        4 => json!({"key": {"order_no": format!("o{case}")}, "value": null}),
        s => json!({"key": {"order_no": format!("o{case}")}, "value": change(case, s)}),
    });
    for (items, prefix) in [(event, "data.payload"), (dumped, "value")] {
        let guess = guess(&items).unwrap();
        assert_eq!(guess.layout, "Debezium change events");
        let found = fields(&guess);
        let place = |rest: &str| format!("$.{prefix}.{rest}");
        assert!(found.contains(&place("after.order_status")), "{found}");
        assert!(found.contains(&place("after.order_no")), "{found}");
        assert!(found.contains(&place("source.row")), "{found}");
        let (_, summary) = check(&guess.mapping, &items);
        assert_eq!(summary.cases, 50, "{found}");
    }
    // Flattened: a row with what Debezium knows beside it.
    let flat = orders(|case, s, _| {
        json!({"id": 70 + case, "status": status[s], "customer": case % 6, "__op": "u",
            "__table": "orders", "__deleted": "false",
            "__source_ts_ms": 1_772_355_600_000_i64 + (case * 60_000 + s * 9) as i64})
    });
    let (guess, summary) = summary(&flat);
    assert_eq!(fields(&guess), "$.status | $.id | $.__source_ts_ms | content | - | - | $");
    assert_eq!((summary.cases, summary.events), (50, 250));
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
    let position = Position { partition: 0, offset: 0 };
    let bad = Item::Bad { position, arrival_ms: 0, reason: "expected XES, but no".to_owned() };
    assert!(
        guess(&[bad])
            .unwrap_err()
            .ends_with("(1 is bad; the first at position 0: expected XES, but no)")
    );
    let items = record_all((0..50).map(|n| json!({"a": n, "b": "x"})).collect());
    assert!(guess(&items).unwrap_err().contains("write a mapping by hand"));
}

#[test]
fn b2_a_cloud_event_that_comes_again_with_something_else_is_the_same_event() {
    let event = |source: &str, id: usize, n: usize| {
        json!({"specversion": "1.0", "id": id.to_string(), "source": source,
            "type": (["Placed", "Paid", "Sent"][id % 3]),
            "traceid": format!("t{}", id / 3), "time": format!("2026-03-01T09:{:02}:00Z", n),
            "data": {"n": n}})
    };
    let mut values: Vec<Value> = (0..30).map(|n| event("shop", n, n)).collect();
    // Others count their events too; and one of the shop's is corrected.
    values.extend((0..10).map(|n| event("stock", n, 30 + n)));
    values.push(event("shop", 3, 50));
    let guess = guess(&record_all(values)).unwrap();
    assert_eq!(guess.layout, "CloudEvents 1.0");
    assert_eq!(fields(&guess), "$.type | $.traceid | $.time | $.id | $.source | - | $.data");
}
