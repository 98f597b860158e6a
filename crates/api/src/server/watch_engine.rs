//! Opening the engine behind the listeners.

use tokio::sync::watch;

use super::Open;
use crate::gateway::{Gateway, Stage};

/// Opens the engine on a thread and tells the gateway how far it is.
pub fn open(gateway: Gateway, open: Open, stage: watch::Sender<Stage>) -> Result<(), String> {
    let thread = std::thread::Builder::new().name("grevy-open".to_owned());
    let opened = thread.spawn(move || {
        let known = match open() {
            Ok(engine) => {
                gateway.follow(&engine);
                Stage::Ready(engine)
            }
            Err(error) => {
                tracing::error!(%error, "the engine could not start");
                Stage::Failed(error.to_string().into())
            }
        };
        // A server that has stopped meanwhile drops the engine, which closes it.
        drop(stage.send(known));
    });
    opened.map(drop).map_err(|error| format!("expected to start a thread, but {error}"))
}
