//! Foreign events over HTTP: CloudEvents come in, readers follow the bus, models are published for
//! tracking, and cases, verdicts and alerts are read. All of it is JSON; a failure is a problem
//! document as in the REST API.
//!
//! | call | does |
//! |---|---|
//! | `POST /events` | takes CloudEvents, structured, binary or batched; 204 when they are durable |
//! | `GET /events?from=1&max=1000&wait=5000` | the bus from an offset on, one JSON object a line |
//! | `PUT /tracking/{process}` | keeps a draft: model, mapping, types |
//! | `POST /tracking/{process}/publish` | tracks by the draft from now on, over all events |
//! | `GET /tracking` | the processes with their states |
//! | `GET /tracking/{process}/diagram` | its model, laid out where it has no coordinates |
//! | `GET /tracking/{process}/cases` | `status`, `case`, `deviating` select; `after`, `limit` |
//! | `GET /tracking/{process}/verdicts` | what became of each record; `verdict`, `reason` select |
//! | `GET /tracking/{process}/findings` | what deviates, by kind and step, with example cases |
//! | `GET /tracking/{process}/stats` | counts, medians, 95th percentiles; `target` is a duration |
//! | `POST /tracking/{process}/replay` | observes rejected records again by the present mapping |
//! | `GET /alerts`, `GET /traces/{id}` | alerts; every message of a trace |
//! | `GET /traces/{id}/reached/{process}` | elements of a model whose message is in the trace |

mod ingest;
mod models;
mod read;
pub mod wire;

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use track::station::Station;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::{Access, Action, Principal};
use crate::failure::Failure;
use crate::limits::REST_BODY_BYTES_MAX;
use crate::rest::{Problem, complete};

/// Opens bus and tracking.
pub type Open = Box<dyn Fn() -> Result<Station, grevy::Error> + Send + Sync>;

/// What the calls work on; clones share it. Bus and tracking are opened at the first call that
/// needs them, so that a server that nobody sends events to has neither.
#[derive(Clone)]
pub struct Desk(Arc<Inner>);

struct Inner {
    open: Open,
    station: Mutex<Option<Station>>,
    access: Access,
}

impl Desk {
    pub fn new(access: Access, open: Open) -> Desk {
        Desk(Arc::new(Inner { open, station: Mutex::default(), access }))
    }

    /// Opens what is not open; it reads a journal, so not on a thread that serves calls.
    ///
    /// # Errors
    /// A folder or a journal that cannot be opened; the next call tries again.
    pub fn station(&self) -> Result<Station, grevy::Error> {
        let mut slot = self.0.station.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(station) = slot.as_ref() {
            return Ok(station.clone());
        }
        let station = (self.0.open)()?;
        *slot = Some(station.clone());
        Ok(station)
    }

    /// Ends what was opened; blocks until it is on the disk.
    pub fn close(&self) {
        let station = self.0.station.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(station) = station {
            station.close();
        }
    }
}

/// All calls; merge it beside the REST API, or serve it alone.
pub fn router(desk: Desk) -> Router {
    let (router, _) = documented().split_for_parts();
    router
        .layer(middleware::from_fn_with_state(desk.clone(), authenticate))
        .layer(DefaultBodyLimit::max(REST_BODY_BYTES_MAX))
        .layer(middleware::from_fn(complete))
        .with_state(desk)
}

/// Their part of the document.
pub(crate) fn document() -> OpenApi {
    documented().split_for_parts().1
}

fn documented() -> OpenApiRouter<Desk> {
    OpenApiRouter::new()
        .routes(routes!(ingest::take, ingest::follow))
        // The path of the event ingestion that others speak; the body is a batch there too.
        .routes(routes!(ingest::take_there))
        .routes(routes!(models::list))
        .routes(routes!(models::draft, models::one))
        .routes(routes!(models::publish))
        .routes(routes!(models::replay))
        .routes(routes!(models::diagram))
        .routes(routes!(read::cases))
        .routes(routes!(read::verdicts))
        .routes(routes!(read::findings))
        .routes(routes!(read::stats))
        .routes(routes!(read::alerts))
        .routes(routes!(read::traces))
        .routes(routes!(read::trace))
        .routes(routes!(read::reached))
}

/// Who calls; the handlers find it among the extensions.
async fn authenticate(State(desk): State<Desk>, mut request: Request, next: Next) -> Response {
    let header = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let principal = match desk.0.access.authenticate(header) {
        Ok(principal) => principal,
        Err(failure) => return Problem(failure).into_response(),
    };
    request.extensions_mut().insert(principal);
    next.run(request).await
}

/// Runs what may wait for the disk beside the threads that serve calls.
async fn blocking<T: Send + 'static>(
    desk: Desk,
    intent: &'static str,
    work: impl FnOnce(&Station) -> Result<T, grevy::Error> + Send + 'static,
) -> Result<T, Problem> {
    let failed = |error| Problem(Failure::of(intent, error));
    match tokio::task::spawn_blocking(move || work(&desk.station()?)).await {
        Ok(done) => done.map_err(failed),
        Err(_) => Err(failed(grevy::Error::Closed)),
    }
}

/// May the caller do this, to this process?
fn allow(caller: &Principal, action: Action, process: Option<&str>) -> Result<(), Problem> {
    caller.require(action)?;
    if let Some(process) = process {
        caller.require_process(process)?;
    }
    Ok(())
}
