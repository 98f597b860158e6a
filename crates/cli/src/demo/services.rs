//! The services of the story, as workers in this process: payment, inventory, shipping, and a
//! customer. Each may be asked twice (an engine's jobs are at-least-once), so each answers with a
//! message id that the engine de-duplicates by.

use std::time::Duration;

use grevy::{Ended, Grevy, Job, JobError, Variables, Worker};

/// Replies wait this long for somebody to take them.
const PATIENCE: Duration = Duration::from_secs(10 * 24 * 3600);
const BACK_OFF: Duration = Duration::from_secs(5 * 60);

/// What goes wrong with an order, by its number.
pub fn fault_of(order: &str) -> &'static str {
    let number = order.rsplit('-').next().and_then(|n| n.parse::<u32>().ok()).unwrap_or(0);
    match number % 10 {
        3 => "slow provider",
        5 => "expired card",
        7 => "expired card, no answer",
        9 => "lost message",
        _ => "",
    }
}

/// What the shop knows of an order. Every third customer has credit for all of it.
pub fn order(id: &str) -> Variables {
    let number = id.rsplit('-').next().and_then(|n| n.parse::<i64>().ok()).unwrap_or(0);
    let mut variables = Variables::new();
    variables.set("orderId", id);
    variables.set("amount", 20 + number % 80);
    variables.set("credit", if number % 3 == 1 { 100 } else { 10 });
    variables.set("fault", fault_of(id));
    variables
}

/// How an order ended, told by what its services left.
pub fn outcome(ended: &Ended) -> &'static str {
    let has = |name: &str| ended.variables.iter().any(|(n, _)| &**n == name);
    match () {
        () if has("refund") => "refunded (goods not in time)",
        () if has("shipmentId") => "delivered",
        () if has("paymentFailed") => "canceled (payment failed)",
        () => "canceled",
    }
}

/// Starts all workers; they end with the engine.
pub fn start(grevy: &Grevy) -> Vec<Worker> {
    vec![
        sends(grevy, "retrieve-payment", "RetrievePayment", |job| {
            Some(copy(job, &["orderId", "amount", "credit", "fault"]))
        }),
        grevy.worker("deduct-credit", |job: &Job| {
            let amount = whole(job, "amount");
            let remaining = (amount - whole(job, "credit")).max(0);
            Ok::<_, JobError>([("remaining", remaining)])
        }),
        grevy.worker("charge-card", charge),
        sends(grevy, "ask-customer", "CardUpdateRequested", |job| {
            let mut variables = copy(job, &["orderId"]);
            variables.set("answers", job.text("fault") == "expired card");
            Some(variables)
        }),
        sends(grevy, "update-card", "CreditCardUpdated", |_| {
            let mut variables = Variables::new();
            variables.set("cardUpdated", true);
            Some(variables)
        }),
        grevy.worker("restore-credit", |_: &Job| Ok::<_, JobError>([("creditRestored", true)])),
        sends(grevy, "payment-received", "PaymentReceived", |_| Some(Variables::new())),
        sends(grevy, "payment-failed", "PaymentFailed", |_| {
            Some(Variables::from([("paymentFailed", true)]))
        }),
        sends(grevy, "fetch-goods", "GoodsFetched", |job| {
            // The message that is lost on the way: 12 hours later the order notices.
            let lost = job.text("fault") == "lost message";
            let pick = format!("pick-{}", job.text("orderId"));
            (!lost).then(|| Variables::from([("pickId", pick)]))
        }),
        sends(grevy, "ship-goods", "GoodsShipped", |job| {
            let shipment = format!("parcel-{}", job.text("orderId"));
            Some(Variables::from([("shipmentId", shipment)]))
        }),
        grevy.worker("refund-payment", |job: &Job| {
            Ok::<_, JobError>([("refund", whole(job, "amount"))])
        }),
    ]
}

/// The card company: slow for some (it fails twice, five minutes apart), and strict about dates.
fn charge(job: &Job) -> Result<Variables, JobError> {
    let fault = job.text("fault");
    if fault == "slow provider" && job.leased().retries > 3 {
        return Err(JobError::retry_in(BACK_OFF, "the card company did not answer in time"));
    }
    let updated = job.variables().get("cardUpdated").is_some();
    if fault.starts_with("expired card") && !updated {
        return Err(JobError::bpmn("CARD_EXPIRED"));
    }
    Ok(Variables::new())
}

/// A worker that answers with a message for the order, once however often it is asked.
fn sends(
    grevy: &Grevy,
    job_type: &'static str,
    message: &'static str,
    payload: impl Fn(&Job) -> Option<Variables> + Send + 'static,
) -> Worker {
    let engine = grevy.clone();
    grevy.worker(job_type, move |job: &Job| {
        if let Some(variables) = payload(job) {
            let order = job.text("orderId");
            let id = job.leased().element.to_string();
            let published = engine.publish_message(engine::command::PublishMessage {
                name: message.into(),
                correlation_key: order.as_str().into(),
                id: id.as_str().into(),
                time_to_live: PATIENCE.as_millis() as i64,
                tenant: engine::command::DEFAULT_TENANT.into(),
                variables: variables.into_inner(),
            });
            match published.wait() {
                Ok(_) => {}
                Err(error) if error.is_rejection(engine::RejectionKind::AlreadyExists) => {}
                Err(error) => return Err(JobError::retry_in(BACK_OFF, &error.to_string())),
            }
        }
        Ok(Variables::new())
    })
}

fn copy(job: &Job, names: &[&str]) -> Variables {
    let mut copied = Variables::new();
    for name in names {
        if let Some(value) = job.variables().get(name) {
            copied.set(name, value);
        }
    }
    copied
}

fn whole(job: &Job, name: &str) -> i64 {
    job.variables().get(name).and_then(|value| value.as_i64()).unwrap_or(0)
}
