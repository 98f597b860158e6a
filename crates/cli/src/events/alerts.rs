//! Alerts on their way out. An alert is a record in the journal of tracking; a webhook tells
//! others of it, and one that the model draws as a message becomes a command on the bus, in the
//! trace of its case, and a message to the engine. Each leaves until it is known to have arrived,
//! under one id, by which whoever takes it knows it when it comes again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use api::webhook::{Delivery, Retry, Target, Webhook};
use serde_json::{Value, json};
use track::machine::{Alert, Effect, SOURCE};
use track::source::{Item, Progress, Source};
use track::tracking::{Outlet, Tracking};

use crate::Failure;

/// Pause before a command that the bus did not take is published again.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// How long a message waits in the engine for an instance that takes it.
const MESSAGE_TTL: Duration = Duration::from_secs(3_600);

/// Takes a command for the bus; answers why it could not.
pub type Publish = Box<dyn Fn(Value) -> Result<(), String> + Send>;

/// A message to the engine: named as the model names it, with the case's id as correlation key.
#[derive(Debug, Clone)]
pub struct Message {
    /// It is published once under this id, however often it is sent.
    pub id: String,
    pub name: Arc<str>,
    pub key: Arc<str>,
    pub time_to_live: Duration,
    /// A JSON object.
    pub variables: String,
}

/// What became of a message.
pub enum Sent {
    Arrived,
    /// It never will: sending it again is no use.
    Refused(String),
    /// Nobody was there to take it.
    Later(String),
}

/// Takes a message for the engine.
pub type Say = Box<dyn Fn(&Message) -> Sent + Send>;

/// Where alerts go beside the journal.
#[derive(Default)]
pub struct Places {
    pub webhook: Option<(String, Option<String>)>,
    pub bus: Option<Publish>,
    /// The bus from its beginning, to see which commands arrived before a crash.
    pub published: Option<Box<dyn Source>>,
    pub engine: Option<Say>,
}

/// Effects on their way from the loop to the thread that delivers them.
pub fn channelled() -> (Outlet, Receiver<Effect>) {
    let (sender, receiver): (Sender<Effect>, _) = channel();
    // Nobody takes them any more when the command ends; they leave at the next start.
    (Box::new(move |effect| drop(sender.send(effect))), receiver)
}

/// Delivers alerts until it is dropped.
pub struct Courier {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Courier {
    /// # Errors
    /// A webhook that is none.
    pub fn start(
        tracking: &Tracking,
        effects: Receiver<Effect>,
        places: Places,
    ) -> Result<Courier, Failure> {
        let start = |(url, secret)| Webhook::start(Target { url, secret, retry: Retry::default() });
        let webhook = places.webhook.map(start).transpose()?;
        let (stop, stopped) = channel();
        let (bus, engine) = (places.bus, places.engine);
        let run = Run { tracking: tracking.clone(), webhook, bus, engine, stopped };
        let published = places.published;
        let thread = std::thread::Builder::new()
            .name("grevy-alerts".to_owned())
            .spawn(move || run.run(&effects, published))?;
        Ok(Courier { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Courier {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // What it could not deliver leaves again at the next start.
            let _ = thread.join();
        }
    }
}

struct Run {
    tracking: Tracking,
    webhook: Option<Webhook>,
    bus: Option<Publish>,
    engine: Option<Say>,
    stopped: Receiver<()>,
}

impl Run {
    fn run(self, effects: &Receiver<Effect>, mut published: Option<Box<dyn Source>>) {
        // Read when the first command leaves: most starts have none.
        let mut known: Option<BTreeSet<String>> = None;
        loop {
            let effect = effects.recv_timeout(Duration::from_millis(20));
            match effect {
                Ok(Effect::Alert { number, alert }) => {
                    let id = alert.id(number);
                    if alert.send && self.bus.is_some() {
                        let known = known.get_or_insert_with(|| ids(published.take()));
                        if !known.contains(&id) && !self.publish(&id, &alert) {
                            return;
                        }
                    }
                    if alert.send && !self.send(&id, &alert) {
                        return;
                    }
                    self.tell(number, &id, &alert);
                }
                Err(RecvTimeoutError::Timeout) => {
                    if self.stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Disconnected) {
                        return;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Publishes a command until the bus has it; `false` when told to stop before.
    fn publish(&self, id: &str, alert: &Alert) -> bool {
        let Some(bus) = &self.bus else { return true };
        loop {
            match bus(command(id, alert)) {
                Ok(()) => return true,
                Err(reason) => tracing::warn!(id, reason, "a command is published again"),
            }
            if self.stopped.recv_timeout(AGAIN_AFTER) != Err(RecvTimeoutError::Timeout) {
                return false;
            }
        }
    }

    /// Sends a message to the engine until it has it; `false` when told to stop before.
    fn send(&self, id: &str, alert: &Alert) -> bool {
        let Some(engine) = &self.engine else { return true };
        let message = Message {
            id: id.to_owned(),
            name: alert.name.clone(),
            key: alert.case.clone(),
            time_to_live: MESSAGE_TTL,
            variables: alert.payload.as_deref().unwrap_or("{}").to_owned(),
        };
        loop {
            match engine(&message) {
                Sent::Arrived => return true,
                Sent::Refused(reason) => {
                    tracing::error!(id, reason, "the engine does not take a message");
                    return true;
                }
                Sent::Later(reason) => tracing::warn!(id, reason, "a message is sent again"),
            }
            if self.stopped.recv_timeout(AGAIN_AFTER) != Err(RecvTimeoutError::Timeout) {
                return false;
            }
        }
    }

    fn tell(&self, number: u64, id: &str, alert: &Alert) {
        let Some(webhook) = &self.webhook else { return self.tracking.delivered(number) };
        let tracking = self.tracking.clone();
        let named = id.to_owned();
        webhook.send(Delivery {
            id: id.to_owned(),
            body: body(id, alert),
            done: Box::new(move |outcome| match outcome {
                Ok(()) => tracking.delivered(number),
                Err(reason) => {
                    tracing::error!(
                        id = named,
                        reason,
                        "an alert was not delivered: it leaves \
                        again at the next start"
                    );
                }
            }),
        });
    }
}

fn time(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |time| time.to_string())
}

fn body(id: &str, alert: &Alert) -> Value {
    json!({
        "id": id,
        "type": "tracking.alert",
        "process": &*alert.process,
        "case": &*alert.case,
        "name": &*alert.name,
        "element": &*alert.element,
        "due": time(alert.due_ms),
        "raised": time(alert.raised_ms),
    })
}

/// The CloudEvent that asks for what the model draws.
fn command(id: &str, alert: &Alert) -> Value {
    let payload = alert.payload.as_deref().and_then(|text| serde_json::from_str(text).ok());
    json!({
        "specversion": "1.0",
        "id": id,
        "source": Alert::source(&alert.process),
        "type": &*alert.name,
        "time": time(alert.raised_ms),
        "traceid": &*alert.case,
        "correlationid": id,
        "datacontenttype": "application/json",
        "data": payload.unwrap_or_else(|| json!({})),
    })
}

/// Ids of the commands that are on the bus already, of whatever process: alerts of all of them
/// leave here.
fn ids(published: Option<Box<dyn Source>>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let Some(mut bus) = published else { return found };
    let mut items = Vec::new();
    while let Ok(progress) = bus.poll(0, 1_000, &mut items) {
        for item in items.drain(..) {
            if let Item::Record(record) = item
                && record.value["source"].as_str().is_some_and(|own| own.starts_with(SOURCE))
            {
                found.extend(record.value["id"].as_str().map(str::to_owned));
            }
        }
        if progress != Progress::More {
            break;
        }
    }
    found
}
