//! The bus of another process, over HTTP.

use std::collections::VecDeque;
use std::io::{Error, ErrorKind, Result};
use std::time::Duration;

use serde_json::Value;
use track::source::{Item, Position, Progress, Record, Source};

/// Bytes of one page of events.
const PAGE_BYTES_MAX: u64 = 64 << 20;
/// Pause before a server that does not answer is asked again.
const AGAIN_AFTER: Duration = Duration::from_millis(250);
const ANSWER_TIME_MAX: Duration = Duration::from_secs(60);

/// A bus, to publish on and to follow.
#[derive(Clone)]
pub struct RemoteBus {
    url: String,
    token: Option<String>,
    agent: ureq::Agent,
}

impl RemoteBus {
    /// `url` is that of the server; its path `/events` may be there or not.
    pub fn new(url: &str, token: Option<String>) -> RemoteBus {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(ANSWER_TIME_MAX))
            .build();
        let url = url.trim_end_matches('/').trim_end_matches("/events").to_owned();
        RemoteBus { url, token, agent: ureq::Agent::new_with_config(config) }
    }

    /// Publishes one CloudEvent; it is durable when this returns.
    pub fn publish(&self, event: &Value) -> std::result::Result<(), String> {
        let url = format!("{}/events", self.url);
        let mut request = self.agent.post(&url);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.header("content-type", "application/cloudevents+json");
        let answer = request.send(event.to_string());
        let mut answer =
            answer.map_err(|error| format!("expected an answer of {url}, but {error}"))?;
        match answer.status().is_success() {
            true => Ok(()),
            false => {
                let text = answer.body_mut().read_to_string().unwrap_or_default();
                Err(format!("expected {url} to take an event, but {}: {text}", answer.status()))
            }
        }
    }

    /// Follows from the first event on; each poll waits so long for news. With `patience` it waits
    /// for a server that is gone, too, and goes on where it was.
    pub fn follow(&self, patience: Duration) -> Following {
        Following { bus: self.clone(), patience, next: 1, ahead: VecDeque::new(), gone: false }
    }

    fn page(&self, from: u64, patience: Duration) -> Result<String> {
        let wait = patience.as_millis();
        let url = format!("{}/events?from={from}&wait={wait}", self.url);
        let mut request = self.agent.get(&url);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let failed = |error: ureq::Error| {
            let text = format!("expected an answer of {url}, but {error}");
            Error::new(ErrorKind::NotConnected, text)
        };
        let mut answer = request.call().map_err(failed)?;
        let body = answer.body_mut().with_config().limit(PAGE_BYTES_MAX);
        let text = body.read_to_string().map_err(failed)?;
        let status = answer.status();
        if status.is_success() {
            return Ok(text);
        }
        // It starts or ends, or something before it waits for it.
        let later = status.is_server_error();
        let kind = if later { ErrorKind::NotConnected } else { ErrorKind::Other };
        Err(Error::new(kind, format!("expected events of {url}, but {status}: {text}")))
    }
}

/// Follows a bus over HTTP.
pub struct Following {
    bus: RemoteBus,
    patience: Duration,
    next: u64,
    ahead: VecDeque<Item>,
    /// The server did not answer, and that was told.
    gone: bool,
}

impl Following {
    /// What the bus has now; `None` while the server is gone.
    fn page(&mut self) -> Result<Option<String>> {
        match self.bus.page(self.next, self.patience) {
            Err(error)
                if error.kind() == ErrorKind::NotConnected && self.patience > Duration::ZERO =>
            {
                if !self.gone {
                    eprintln!("{error}: it is asked again until it answers");
                }
                self.gone = true;
                // A refusal comes at once; asking again as fast would help nobody.
                std::thread::park_timeout(AGAIN_AFTER);
                Ok(None)
            }
            answered => {
                if std::mem::take(&mut self.gone) {
                    eprintln!("{} answers again", self.bus.url);
                }
                answered.map(Some)
            }
        }
    }
}

impl Source for Following {
    fn name(&self) -> &str {
        &self.bus.url
    }

    /// Items keep the time at which they reached the bus.
    fn poll(&mut self, _: i64, max: usize, out: &mut Vec<Item>) -> Result<Progress> {
        if self.ahead.is_empty() {
            let Some(text) = self.page()? else { return Ok(Progress::Idle) };
            for line in text.lines() {
                let item = item(line)?;
                self.next = item.position().offset + 1;
                self.ahead.push_back(item);
            }
            if self.ahead.is_empty() {
                return Ok(Progress::Idle);
            }
        }
        let count = max.min(self.ahead.len());
        out.extend(self.ahead.drain(..count));
        Ok(Progress::More)
    }

    fn seek(&mut self, position: Position) -> Result<()> {
        (self.next, self.ahead) = (position.offset.max(1), VecDeque::new());
        Ok(())
    }
}

fn item(line: &str) -> Result<Item> {
    let wrong = |what: &str| Error::other(format!("expected {what} of a bus, but got {line:?}"));
    let mut value: Value = serde_json::from_str(line).map_err(|_| wrong("a line"))?;
    let offset = value["offset"].as_u64().ok_or_else(|| wrong("an offset"))?;
    let arrival_ms = value["arrivalMs"].as_i64().unwrap_or(0);
    let position = Position { partition: 0, offset };
    if let Some(reason) = value["reason"].as_str() {
        return Ok(Item::Bad { position, arrival_ms, reason: reason.to_owned() });
    }
    let value = value["event"].take();
    Ok(Item::Record(Record { position, headers: Vec::new(), value, arrival_ms }))
}
