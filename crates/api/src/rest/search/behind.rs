//! How far history was behind when a request read it. Whatever the answer is (rows, a picture, or
//! that there is nothing) says so in a header: a request notes it here, and the layer around all
//! routes sets it, so that no handler can forget it.

use std::cell::Cell;
use std::time::Duration;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use history::limits::READ_WAIT_MAX;
use history::{Behind, Positions, Reader};
use http::{HeaderName, HeaderValue, StatusCode};
use tokio::time::Instant;

use crate::rest::problem;

const HEADER: HeaderName = HeaderName::from_static("grevy-history-behind");

tokio::task_local! {
    static READING: Cell<Reading>;
}

/// What one request has waited for.
#[derive(Debug, Clone, Copy, Default)]
struct Reading {
    /// All waits of a request end here: [`READ_WAIT_MAX`] after it came.
    until: Option<Instant>,
    missing: Option<Missing>,
}

/// What an answer may lack.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Missing {
    steps: u64,
    lag: Duration,
}

/// Waits until history holds these positions, together with the other waits of the same request no
/// longer than [`READ_WAIT_MAX`].
pub async fn wait(reader: &Reader, positions: &Positions) {
    let begun = Instant::now();
    let mut reading = READING.try_with(Cell::get).unwrap_or_default();
    let until = *reading.until.get_or_insert(begun + READ_WAIT_MAX);
    let behind = reader.wait_for(positions, until.saturating_duration_since(begun)).await;
    metrics::histogram!("grevy_history_wait_seconds").record(begun.elapsed());
    if let Behind::Yes { steps, lag } = behind {
        reading.missing = Some(Missing { steps, lag });
    }
    set(reading);
}

/// What the answer to this request may lack.
pub fn missing() -> Option<Missing> {
    READING.try_with(Cell::get).unwrap_or_default().missing
}

/// The answer is one that another request has read.
pub fn shared(missing: Option<Missing>) {
    set(Reading { missing, ..READING.try_with(Cell::get).unwrap_or_default() });
}

fn set(reading: Reading) {
    // Routes outside of the layer have no header to set.
    let _ = READING.try_with(|cell| cell.set(reading));
}

/// The layer: sets the header, and says in the words of a 404 that it may be too early.
pub async fn told(request: Request, next: Next) -> Response {
    let read = async {
        let response = next.run(request).await;
        (response, missing())
    };
    let until = Some(Instant::now() + READ_WAIT_MAX);
    let reading = Cell::new(Reading { until, missing: None });
    let (mut response, missing) = READING.scope(reading, read).await;
    let Some(Missing { steps, lag }) = missing else { return response };
    if let Ok(text) = HeaderValue::from_str(&format!("steps={steps}; lag-ms={}", lag.as_millis())) {
        response.headers_mut().insert(HEADER, text);
    }
    if response.status() == StatusCode::NOT_FOUND {
        let text = format!("; history is {steps} steps behind, so it may come: ask again");
        problem::add(&mut response, &text);
    }
    response
}
