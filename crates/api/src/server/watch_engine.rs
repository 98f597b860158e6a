//! Opening the engine behind the listeners.

use std::sync::Arc;

use tokio::sync::watch;

use super::Open;
use crate::gateway::{Gateway, Stage};
use crate::readback::{Keep, NAME, Readback};

/// Opens the engine on a thread and tells the gateway how far it is.
pub fn open(
    gateway: Gateway,
    open: Open,
    history: Option<Keep>,
    claimed: watch::Sender<bool>,
    stage: watch::Sender<Stage>,
) -> Result<(), String> {
    let thread = std::thread::Builder::new().name("grevy-open".to_owned());
    let opened = thread.spawn(move || {
        let since = std::time::Instant::now();
        let known = match opened(&gateway, open, history, &claimed) {
            Ok(engine) => {
                let partitions = engine.partition_count();
                let ms = since.elapsed().as_millis();
                tracing::info!(partitions, ms, "ready: the journal has been read");
                Stage::Ready(engine)
            }
            Err(error) => {
                // Told by whoever waits for it to be ready, once.
                Stage::Failed(error.into())
            }
        };
        // A server that has stopped meanwhile drops the engine, which closes it.
        drop(stage.send(known));
    });
    opened.map(drop).map_err(|error| format!("expected to start a thread, but {error}"))
}

/// The engine with history behind it, so that no search comes too early.
fn opened(
    gateway: &Gateway,
    open: Open,
    history: Option<Keep>,
    claimed: &watch::Sender<bool>,
) -> Result<grevy::Grevy, String> {
    // Nobody waits for it any more only if the server has stopped.
    let told = || {
        let _ = claimed.send(true);
    };
    let engine = open(&told).map_err(|error| error.to_string())?;
    gateway.follow(&engine);
    if history.is_none() {
        // What history has not read need not be kept for it.
        engine.release(NAME);
    }
    let readback = history.map(|keep| Readback::open(keep, &engine)).transpose()?;
    gateway.read_from(readback.map(Arc::new));
    Ok(engine)
}
