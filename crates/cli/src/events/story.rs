//! The four services of the story, choreographed: each reacts to an event of another and publishes
//! its own. Nobody knows the whole flow, which is what tracking is for.
//!
//! A service keeps nothing: at its start it reads the bus from the beginning, and what it has
//! answered already it does not answer again.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Map, Value, json};
use track::source::{Item, Progress, Source};

use super::remote_bus::RemoteBus;

/// How long one look at the bus waits for news.
const PATIENCE: Duration = Duration::from_millis(500);
/// Pause after the bus did not answer.
const AGAIN_AFTER: Duration = Duration::from_millis(200);

/// What a service reacts to, and what it says then; each with the member it adds to the order.
pub struct Service {
    pub name: &'static str,
    trigger: &'static str,
    answers: &'static [&'static str],
    adds: &'static str,
}

pub const PAYMENT: Service = Service {
    name: "Payment",
    trigger: "OrderPlaced",
    answers: &["PaymentReceived"],
    adds: "paymentId",
};
pub const INVENTORY: Service = Service {
    name: "Inventory",
    trigger: "PaymentReceived",
    answers: &["GoodsFetched"],
    adds: "pickId",
};
pub const SHIPPING: Service = Service {
    name: "Shipping",
    trigger: "GoodsFetched",
    answers: &["GoodsShipped", "OrderCompleted"],
    adds: "shipmentId",
};

/// What is wrong with a service, for those who want to see it found.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fault {
    /// Every so many events it reacts to, it says nothing; 0 is never.
    pub silent_every: u64,
}

/// Reacts until the process ends.
pub fn serve(service: &Service, bus: &RemoteBus, fault: Fault) -> ! {
    let mut following = bus.follow(PATIENCE);
    let mut said = BTreeSet::new();
    let mut open: Vec<Value> = Vec::new();
    let mut heard: u64 = 0;
    loop {
        let mut items = Vec::new();
        let progress = following.poll(0, 1_000, &mut items);
        for item in items {
            let Item::Record(record) = item else { continue };
            let event = record.value;
            if event["source"] == service.name {
                said.extend(event["id"].as_str().map(str::to_owned));
            } else if event["type"] == service.trigger {
                heard += 1;
                if fault.silent_every == 0 || !heard.is_multiple_of(fault.silent_every) {
                    open.push(event);
                }
            }
        }
        match progress {
            // The past first: perhaps an earlier run has answered.
            Ok(Progress::More) => {}
            Ok(Progress::Idle | Progress::End) => {
                for event in open.drain(..) {
                    react(service, bus, &event, &mut said);
                }
            }
            Err(error) => {
                tracing::warn!(service = service.name, %error, "the bus does not answer");
                std::thread::park_timeout(AGAIN_AFTER);
            }
        }
    }
}

fn react(service: &Service, bus: &RemoteBus, event: &Value, said: &mut BTreeSet<String>) {
    for kind in service.answers {
        let cause = event["id"].as_str().unwrap_or_default();
        let id = format!("{cause}/{kind}");
        if !said.insert(id.clone()) {
            continue;
        }
        let mut data = event["data"].as_object().cloned().unwrap_or_default();
        let order = data.get("orderId").and_then(Value::as_str).unwrap_or_default();
        data.insert(service.adds.to_owned(), format!("{}-{order}", service.adds).into());
        let message = cloud_event(service.name, kind, &id, &event["traceid"], data);
        while let Err(reason) = bus.publish(&message) {
            tracing::warn!(service = service.name, reason, "publishing again");
            std::thread::park_timeout(AGAIN_AFTER);
        }
    }
}

fn cloud_event(
    sender: &str,
    kind: &str,
    id: &str,
    trace: &Value,
    data: Map<String, Value>,
) -> Value {
    json!({
        "specversion": "1.0",
        "id": id,
        "source": sender,
        "type": kind,
        "time": jiff::Timestamp::now().to_string(),
        "traceid": trace,
        "group": "order-story",
        "datacontenttype": "application/json",
        "data": data,
    })
}

/// The event with which an order begins.
pub fn order_placed(trace: &str, number: u64, customer: &str) -> Value {
    let data = json!({
        "orderId": format!("order-{number}"),
        "customer": {"name": customer},
        "items": [{"articleId": "article1", "amount": 5}, {"articleId": "article2", "amount": 10}],
    });
    let data = data.as_object().cloned().unwrap_or_default();
    cloud_event("Checkout", "OrderPlaced", &format!("order-{trace}"), &trace.into(), data)
}
