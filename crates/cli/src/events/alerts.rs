//! Alerts on their way out. An alert is a record in the journal of tracking; a webhook tells
//! others of it, and one that the model draws as a message becomes a command on the bus, in the
//! trace of its case, and a message to the engine. Each leaves until it is known to have arrived,
//! under one id, by which whoever takes it knows it when it comes again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use api::webhook::{Delivery, Retry, Target, Webhook};
use serde_json::{Value, json};
use track::machine::{Alert, Effect, SOURCE};
use track::source::{Item, Progress, Source};
use track::tracking::{Outlet, Tracking};

use crate::Failure;

/// Pause before what a place did not take is sent there again.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Pause before what a webhook gave up is offered to it once more, while the process runs.
const GIVEN_UP_AGAIN: Duration = Duration::from_secs(900);

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
    /// Instead of [`GIVEN_UP_AGAIN`].
    pub again_after: Option<Duration>,
}

/// Effects on their way from the loop to the thread that delivers them.
pub fn channelled() -> (Outlet, Receiver<Effect>) {
    let (sender, receiver): (Sender<Effect>, _) = channel();
    // Nobody takes them any more when the command ends; they leave at the next start.
    (Box::new(move |effect| drop(sender.send(effect))), receiver)
}

/// Delivers alerts until it is dropped. Each place has a line of its own: where nobody answers,
/// alerts wait, and arrive everywhere else.
pub struct Courier {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
    lines: Vec<Line>,
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
        let again_after = places.again_after.unwrap_or(GIVEN_UP_AGAIN);
        let Places { bus, engine, mut published, .. } = places;
        let mut lines = Vec::new();
        if let Some(bus) = bus {
            // Read when the first command leaves: most starts have none.
            let mut known: Option<BTreeSet<String>> = None;
            let publish = move |id: &str, alert: &Alert| {
                let known = known.get_or_insert_with(|| ids(published.take()));
                if known.contains(id) {
                    return Sent::Arrived;
                }
                bus(command(id, alert)).map_or_else(Sent::Later, |()| Sent::Arrived)
            };
            lines.push(Line::start("bus", tracking, Box::new(publish))?);
        }
        if let Some(engine) = engine {
            let say = move |id: &str, alert: &Alert| engine(&message(id, alert));
            lines.push(Line::start("engine", tracking, Box::new(say))?);
        }
        let (stop, stopped) = channel();
        let queues = lines.iter().filter_map(|line| line.queue.clone()).collect();
        let (give_up, given_up) = channel();
        let tracking = tracking.clone();
        let run = Run { tracking, webhook, queues, stopped, give_up, given_up, again_after };
        let thread = std::thread::Builder::new()
            .name("grevy-alerts".to_owned())
            .spawn(move || run.run(&effects))?;
        Ok(Courier { stop: Some(stop), thread: Some(thread), lines })
    }
}

impl Drop for Courier {
    fn drop(&mut self) {
        drop(self.stop.take());
        self.lines.clear();
        if let Some(thread) = self.thread.take() {
            // What it could not deliver leaves again at the next start.
            let _ = thread.join();
        }
    }
}

/// An alert on its way; when the last place has it, it has arrived.
struct Parcel {
    number: u64,
    id: String,
    alert: Alert,
    /// Places that do not have it yet.
    left: AtomicUsize,
}

impl Parcel {
    fn arrived(&self, tracking: &Tracking) {
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            tracking.delivered(self.number);
        }
    }
}

/// Takes an alert to one place, once.
type Carry = Box<dyn FnMut(&str, &Alert) -> Sent + Send>;

/// Alerts that wait for one place, in their order.
struct Line {
    queue: Option<Sender<Arc<Parcel>>>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Line {
    fn start(name: &str, tracking: &Tracking, mut carry: Carry) -> Result<Line, Failure> {
        let (queue, parcels): (_, Receiver<Arc<Parcel>>) = channel();
        let (stop, stopped) = channel::<()>();
        let (tracking, place) = (tracking.clone(), name.to_owned());
        let run = move || {
            while let Ok(parcel) = parcels.recv() {
                loop {
                    let again = match carry(&parcel.id, &parcel.alert) {
                        Sent::Arrived => break,
                        Sent::Refused(reason) => {
                            tracing::error!(id = parcel.id, place, reason, "it is not taken");
                            break;
                        }
                        Sent::Later(reason) => reason,
                    };
                    tracing::warn!(id = parcel.id, place, reason = again, "it is sent again");
                    if stopped.recv_timeout(AGAIN_AFTER) != Err(RecvTimeoutError::Timeout) {
                        return;
                    }
                }
                parcel.arrived(&tracking);
            }
        };
        let thread = std::thread::Builder::new().name(format!("grevy-alerts-{name}")).spawn(run)?;
        Ok(Line { queue: Some(queue), stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        drop((self.stop.take(), self.queue.take()));
        if let Some(thread) = self.thread.take() {
            // It ends after the attempt that is under way.
            let _ = thread.join();
        }
    }
}

struct Run {
    tracking: Tracking,
    webhook: Option<Webhook>,
    /// To each place that takes messages.
    queues: Vec<Sender<Arc<Parcel>>>,
    stopped: Receiver<()>,
    /// What the webhook gave up, and when.
    give_up: Sender<(Instant, Arc<Parcel>)>,
    given_up: Receiver<(Instant, Arc<Parcel>)>,
    again_after: Duration,
}

impl Run {
    fn run(self, effects: &Receiver<Effect>) {
        let mut waiting: Option<(Instant, Arc<Parcel>)> = None;
        loop {
            // Given up one after another, so that the first is the first to leave again.
            waiting = waiting.or_else(|| self.given_up.try_recv().ok());
            if let Some((_, parcel)) = waiting.take_if(|(at, _)| at.elapsed() >= self.again_after)
                && let Some(webhook) = &self.webhook
            {
                self.tell(webhook, &parcel);
                continue;
            }
            match effects.recv_timeout(Duration::from_millis(20)) {
                Ok(Effect::Alert { number, alert }) => self.send(number, alert),
                Err(RecvTimeoutError::Timeout) => {
                    if self.stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Disconnected) {
                        return;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn send(&self, number: u64, alert: Alert) {
        let id = alert.id(number);
        let queues = if alert.send { &self.queues[..] } else { &[] };
        // One more for this very call: nothing arrives before everything has left.
        let places = queues.len() + usize::from(self.webhook.is_some());
        let left = AtomicUsize::new(places + 1);
        let parcel = Arc::new(Parcel { number, id, alert, left });
        for queue in queues {
            // A line that has ended leaves it for the next start.
            drop(queue.send(Arc::clone(&parcel)));
        }
        if let Some(webhook) = &self.webhook {
            self.tell(webhook, &parcel);
        }
        parcel.arrived(&self.tracking);
    }

    fn tell(&self, webhook: &Webhook, parcel: &Arc<Parcel>) {
        let (tracking, sent) = (self.tracking.clone(), Arc::clone(parcel));
        let give_up = self.give_up.clone();
        webhook.send(Delivery {
            id: parcel.id.clone(),
            body: body(&parcel.id, &parcel.alert),
            done: Box::new(move |outcome| match outcome {
                Ok(()) => sent.arrived(&tracking),
                Err(reason) => {
                    let id = &sent.id;
                    tracing::error!(id, reason, "an alert was not delivered: it leaves later");
                    // Nobody takes it when the process ends; it leaves at the next start.
                    drop(give_up.send((Instant::now(), sent)));
                }
            }),
        });
    }
}

fn message(id: &str, alert: &Alert) -> Message {
    Message {
        id: id.to_owned(),
        name: alert.name.clone(),
        key: alert.case.clone(),
        time_to_live: MESSAGE_TTL,
        variables: alert.payload.as_deref().unwrap_or("{}").to_owned(),
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

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpListener;

    use grevy::Clock;
    use track::machine::{Command, Observed, Publish};
    use track::mapping::{Observation, Reading};
    use track::source::Position;

    use super::*;

    /// A receiver that answers with these, one after another; tells the ids that it was offered.
    fn receiver(answers: &'static [&'static str]) -> (String, Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}/", listener.local_addr().expect("bound"));
        let (tell, told) = channel();
        std::thread::spawn(move || {
            for answer in answers {
                let (stream, _) = listener.accept().expect("a call");
                let mut lines = BufReader::new(&stream);
                let (mut id, mut length) = (String::new(), 0);
                loop {
                    let mut line = String::new();
                    lines.read_line(&mut line).expect("a header");
                    let line = line.trim_end().to_lowercase();
                    match line.split_once(": ") {
                        Some(("webhook-id", value)) => value.clone_into(&mut id),
                        Some(("content-length", value)) => length = value.parse().expect("bytes"),
                        Some(_) => {}
                        None if line.is_empty() => break,
                        None => {}
                    }
                }
                lines.read_exact(&mut vec![0; length]).expect("a body");
                let answer = format!(
                    "HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\
                                      connection: close\r\n\r\n"
                );
                (&stream).write_all(answer.as_bytes()).expect("it listens");
                tell.send(id).expect("the test waits");
            }
        });
        (url, told)
    }

    #[test]
    fn an_alert_that_a_webhook_gave_up_leaves_again_while_the_process_runs() {
        let (url, told) = receiver(&["410 Gone", "404 Not Found", "204 No Content"]);
        let (outlet, effects) = channelled();
        let clock = Clock::virtual_from(1_000_000);
        let tracking = Tracking::open(None, clock, outlet).expect("in memory");
        let again_after = Some(Duration::ZERO);
        let places = Places { webhook: Some((url, None)), again_after, ..Places::default() };
        let courier = Courier::start(&tracking, effects, places);
        let courier = courier.unwrap_or_else(|Failure(reason)| panic!("{reason}"));
        let bpmn = include_bytes!("../../../../demos/order/order-tracking.bpmn");
        let process: Arc<str> = Arc::from("order-tracking");
        let bpmn = Arc::from(&bpmn[..]);
        let stuck_after_ms = Some(1_000);
        let alert_on_backfill = true;
        let publish = Publish {
            process: process.clone(),
            bpmn,
            known: vec!["OrderPlaced".to_owned(), "PaymentReceived".to_owned()],
            stuck_after_ms,
            alert_on_backfill,
            ..Publish::default()
        };
        tracking.command(Command::Publish(publish)).expect("published");
        let reading = Reading::Event(Observation {
            case: "quiet".to_owned(),
            kind: "OrderPlaced".to_owned(),
            time_ms: 10,
            identity: None,
            sender: None,
            correlation: None,
            variables: None,
            ttl_ms: None,
        });
        let record =
            Observed { position: Position::default(), arrival_ms: 10, reading, own: false };
        let source = Arc::from("test");
        let records = vec![record];
        tracking
            .command(Command::Observe { process, source, records, proof: None })
            .expect("observed");
        tracking.command(Command::Tick).expect("time passes");
        let ids: Vec<String> = (0..3)
            .map(|_| told.recv_timeout(Duration::from_secs(30)).expect("it is offered again"))
            .collect();
        assert!(!ids[0].is_empty() && ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        let begun = Instant::now();
        let pending = || tracking.look(|state| state.pending_alerts().count()).expect("open");
        while pending() > 0 {
            assert!(begun.elapsed() < Duration::from_secs(30), "it was taken");
            std::thread::yield_now();
        }
        drop(courier);
    }
}
