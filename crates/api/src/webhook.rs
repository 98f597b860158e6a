//! Webhooks: JSON posted to a URL, signed, retried, in order. Alerts of tracking and news of
//! incidents leave by the same door.
//!
//! The signature is that of the Standard Webhooks specification 1.0: the headers `webhook-id`,
//! `webhook-timestamp` (seconds since 1970) and `webhook-signature`, which is `v1,` and the base64
//! of HMAC-SHA256 over `id.timestamp.body`. The id stays the same over retries and restarts, so
//! that a receiver can drop what it has seen: delivery is at least once.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, TrySendError};
use std::sync::mpsc::{channel, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde_json::Value;

use crate::limits::{WEBHOOK_ATTEMPTS_MAX, WEBHOOK_QUEUE_MAX, WEBHOOK_TIME_MAX};

/// Where webhooks go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// `http://` or `https://`.
    pub url: String,
    /// Text, or `whsec_` and base64. Without one nothing is signed.
    pub secret: Option<String>,
    /// How often and how fast a failed delivery is tried again.
    pub retry: Retry,
}

/// Pauses between attempts double from `first` to `last`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    pub first: Duration,
    pub last: Duration,
    pub attempts: u32,
}

impl Default for Retry {
    fn default() -> Retry {
        let (first, last) = (Duration::from_secs(1), Duration::from_secs(300));
        Retry { first, last, attempts: WEBHOOK_ATTEMPTS_MAX }
    }
}

/// Told how a delivery ended: `Err` says why it was given up.
pub type Done = Box<dyn FnOnce(Result<(), String>) + Send>;

/// One message to one target.
pub struct Delivery {
    /// The same for every attempt, also after a restart.
    pub id: String,
    pub body: Value,
    /// Not called when the process ends before the delivery does.
    pub done: Done,
}

/// Delivers to one target, on a thread of its own; dropping it stops between attempts.
pub struct Webhook {
    queue: Option<SyncSender<Delivery>>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Webhook {
    /// Starts the thread.
    ///
    /// # Errors
    /// A URL or a secret that is none.
    pub fn start(target: Target) -> Result<Webhook, String> {
        let courier = Courier::new(&target)?;
        let (queue, deliveries) = sync_channel(WEBHOOK_QUEUE_MAX);
        let (stop, stopped) = channel();
        let thread = std::thread::Builder::new()
            .name("grevy-webhook".to_owned())
            .spawn(move || courier.run(&deliveries, &stopped))
            .map_err(|error| format!("expected to start a thread, but {error}"))?;
        Ok(Webhook { queue: Some(queue), stop: Some(stop), thread: Some(thread) })
    }

    /// Queues a delivery behind those before it. `done` is told at once when the queue is full.
    pub fn send(&self, delivery: Delivery) {
        let Some(queue) = &self.queue else { return };
        if let Err(TrySendError::Full(delivery)) = queue.try_send(delivery) {
            let full = "expected at most WEBHOOK_QUEUE_MAX waiting deliveries, but as many wait";
            (delivery.done)(Err(full.replace("WEBHOOK_QUEUE_MAX", &WEBHOOK_QUEUE_MAX.to_string())));
        }
    }
}

impl Drop for Webhook {
    fn drop(&mut self) {
        drop(self.stop.take());
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            // It ends after the attempt that is under way; a panic there was logged.
            let _ = thread.join();
        }
    }
}

/// What one attempt came to.
enum Attempt {
    Taken,
    /// The receiver does not want it, now or later.
    Refused(String),
    /// Perhaps later.
    Failed(String),
}

struct Courier {
    url: String,
    key: Option<hmac::Key>,
    retry: Retry,
    agent: ureq::Agent,
}

impl Courier {
    fn new(target: &Target) -> Result<Courier, String> {
        let url = target.url.clone();
        let uri: http::Uri =
            url.parse().map_err(|e| format!("expected a URL for webhooks, but {url:?}: {e}"))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none() {
            return Err(format!("expected an http or https URL for webhooks, but got {url:?}"));
        }
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(WEBHOOK_TIME_MAX))
            .build();
        let key = target.secret.as_deref().map(key).transpose()?;
        Ok(Courier { url, key, retry: target.retry, agent: ureq::Agent::new_with_config(config) })
    }

    fn run(&self, deliveries: &Receiver<Delivery>, stopped: &Receiver<()>) {
        while let Ok(Delivery { id, body, done }) = deliveries.recv() {
            let body = body.to_string();
            match self.deliver(&id, &body, stopped) {
                Some(outcome) => done(outcome),
                None => return,
            }
        }
    }

    /// `None`: told to stop before it was done.
    fn deliver(&self, id: &str, body: &str, stopped: &Receiver<()>) -> Option<Result<(), String>> {
        let mut pause = self.retry.first;
        for attempt in 1.. {
            let reason = match self.attempt(id, body) {
                Attempt::Taken => return Some(Ok(())),
                Attempt::Refused(reason) => return Some(Err(reason)),
                Attempt::Failed(reason) => reason,
            };
            if attempt >= self.retry.attempts {
                return Some(Err(format!("{reason} (attempt {attempt}, the last)")));
            }
            tracing::warn!(url = self.url, id, attempt, reason, "a webhook is tried again");
            if stopped.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
                return None;
            }
            pause = (pause * 2).min(self.retry.last);
        }
        None
    }

    fn attempt(&self, id: &str, body: &str) -> Attempt {
        let seconds = jiff::Timestamp::now().as_second();
        let mut request = self
            .agent
            .post(&self.url)
            .header("content-type", "application/json")
            .header("user-agent", concat!("grevy/", env!("CARGO_PKG_VERSION")))
            .header("webhook-id", id)
            .header("webhook-timestamp", seconds.to_string());
        if let Some(key) = &self.key {
            request = request.header("webhook-signature", signature(key, id, seconds, body));
        }
        match request.send(body) {
            Ok(answer) if answer.status().is_success() => Attempt::Taken,
            Ok(answer) => {
                let status = answer.status().as_u16();
                let reason = format!("expected an answer of 200 to 299, but got {status}");
                match status {
                    408 | 425 | 429 | 500..=599 => Attempt::Failed(reason),
                    _ => Attempt::Refused(reason),
                }
            }
            Err(error) => Attempt::Failed(format!("expected an answer, but {error}")),
        }
    }
}

fn key(secret: &str) -> Result<hmac::Key, String> {
    let bytes = match secret.strip_prefix("whsec_") {
        Some(text) => STANDARD
            .decode(text)
            .map_err(|e| format!("expected base64 behind whsec_ in a secret, but {e}"))?,
        None => secret.as_bytes().to_vec(),
    };
    match bytes.is_empty() {
        true => Err("expected a secret for webhooks, but it is empty".to_owned()),
        false => Ok(hmac::Key::new(hmac::HMAC_SHA256, &bytes)),
    }
}

fn signature(key: &hmac::Key, id: &str, seconds: i64, body: &str) -> String {
    let tag = hmac::sign(key, format!("{id}.{seconds}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(tag.as_ref()))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    /// Answers one request after the other with these statuses; gives back what came.
    fn receiver(statuses: &'static [u16]) -> (String, JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let thread = std::thread::spawn(move || {
            let mut requests = Vec::new();
            for status in statuses {
                let (mut stream, _) = listener.accept().unwrap();
                let mut text = String::new();
                let mut bytes = [0; 4096];
                while !text.ends_with('}') {
                    let count = stream.read(&mut bytes).unwrap();
                    text.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
                }
                let head = format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\n");
                write!(stream, "{head}connection: close\r\n\r\n").unwrap();
                requests.push(text);
            }
            requests
        });
        (url, thread)
    }

    fn deliver(statuses: &'static [u16]) -> (Result<(), String>, Vec<String>) {
        let (url, thread) = receiver(statuses);
        let millisecond = Duration::from_millis(1);
        let retry = Retry { first: millisecond, last: millisecond, attempts: 3 };
        let target = Target { url, secret: Some("whsec_c2VjcmV0".to_owned()), retry };
        let webhook = Webhook::start(target).unwrap();
        let (told, outcome) = channel();
        webhook.send(Delivery {
            id: "alert-7".to_owned(),
            body: serde_json::json!({"name": "OrderLate"}),
            done: Box::new(move |outcome| told.send(outcome).unwrap()),
        });
        let outcome = outcome.recv().unwrap();
        drop(webhook);
        (outcome, thread.join().unwrap())
    }

    fn header<'t>(request: &'t str, name: &str) -> &'t str {
        let line = request.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("{name} in {request}")).trim()
    }

    #[test]
    fn a_failed_delivery_is_tried_again_with_the_same_id_and_a_signature() {
        let (outcome, requests) = deliver(&[503, 200]);
        assert_eq!(outcome, Ok(()));
        assert_eq!(requests.len(), 2);
        for request in &requests {
            assert_eq!(header(request, "webhook-id:"), "alert-7");
            let seconds = header(request, "webhook-timestamp:").parse().unwrap();
            let key = hmac::Key::new(hmac::HMAC_SHA256, b"secret");
            let expected = signature(&key, "alert-7", seconds, r#"{"name":"OrderLate"}"#);
            assert_eq!(header(request, "webhook-signature:"), expected);
        }
    }

    #[test]
    fn a_receiver_that_refuses_is_not_asked_again_and_one_that_fails_is_given_up() {
        let (outcome, requests) = deliver(&[404]);
        assert_eq!(outcome.unwrap_err(), "expected an answer of 200 to 299, but got 404");
        assert_eq!(requests.len(), 1);
        let (outcome, requests) = deliver(&[500, 502, 429]);
        assert!(outcome.unwrap_err().ends_with("but got 429 (attempt 3, the last)"));
        assert_eq!(requests.len(), 3);
    }

    #[test]
    fn the_signature_is_that_of_the_specification() {
        // The example of the specification's own verification libraries.
        let key = key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = r#"{"test": 2432232314}"#;
        let made = signature(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(made, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn what_is_no_target_is_refused() {
        let start = |url: &str, secret: Option<&str>| {
            let (url, secret) = (url.to_owned(), secret.map(str::to_owned));
            Webhook::start(Target { url, secret, retry: Retry::default() }).err().unwrap()
        };
        assert!(start("mailto:a", None).starts_with("expected an http or https URL"));
        assert!(start("http://x", Some("whsec_%")).starts_with("expected base64"));
        assert!(start("http://x", Some("")).contains("it is empty"));
    }
}
