//! The server's side of foreign events: the bus and tracking in a folder of their own, opened when
//! the first event comes, or at the start when they were there before.

use std::sync::{Arc, Mutex, PoisonError};

use api::tracking::{Desk, router};
use grevy::{Clock, Grevy};
use journal::Folder;
use track::bus::Bus;
use track::durable::kept::Keeping;
use track::station::Station;

use super::settings::Settings;
use crate::events::alerts::{Courier, Places, Sent, channelled};
use crate::events::engine::publish;

/// Folder below the data folder.
const FOLDER: &str = "tracking";

/// The engine of this server, while it runs.
pub type Engine = Arc<Mutex<Option<Grevy>>>;

/// Bus, tracking, and who hears of alerts.
#[derive(Clone)]
pub struct Events {
    desk: Desk,
    engine: Engine,
    courier: Arc<Mutex<Option<Courier>>>,
    /// There was something before.
    known: bool,
}

impl Events {
    pub fn new(settings: &Settings) -> Result<Events, String> {
        let path = (!settings.memory).then(|| settings.data_dir.join(FOLDER));
        let known = path.as_ref().is_some_and(|path| path.is_dir());
        let courier = Arc::new(Mutex::new(None));
        let webhook = settings.webhook.clone().map(|url| (url, settings.webhook_secret.clone()));
        let kept = Arc::clone(&courier);
        let engine = Engine::default();
        let keeping = Keeping::days(settings.tracking_days);
        let running = Arc::clone(&engine);
        let open = move || {
            let folder = path.as_ref().map(Folder::open).transpose()?;
            let (outlet, effects) = channelled();
            let station = Station::open(folder.as_ref(), Clock::Real, outlet, keeping)?;
            let bus: Bus = station.bus().clone();
            let clock = station.tracking().clock().clone();
            let running = Arc::clone(&running);
            let places = Places {
                engine: Some(Box::new(move |message| {
                    let engine = running.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    match engine {
                        Some(engine) => publish(&engine, message),
                        None => Sent::Later("the engine does not run yet".to_owned()),
                    }
                })),
                again_after: None,
                webhook: webhook.clone(),
                published: Some(Box::new(bus.reader("alerts"))),
                bus: Some(Box::new(move |event| {
                    let published = bus.publish([Ok(event)], clock.now());
                    published.map(drop).map_err(|error| error.to_string())
                })),
            };
            let started = Courier::start(station.tracking(), effects, places);
            let courier =
                started.map_err(|crate::Failure(reason)| grevy::Error::Invalid { reason })?;
            *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(courier);
            Ok(station)
        };
        let desk = Desk::new(settings.access()?, Box::new(open));
        Ok(Events { desk, engine, courier, known })
    }

    /// Where to say which engine runs.
    pub fn engine(&self) -> Engine {
        Arc::clone(&self.engine)
    }

    pub fn pages(&self) -> axum::Router {
        router(self.desk.clone())
    }

    /// Goes on with what was followed before, without making the start wait for it.
    pub fn wake(&self) {
        if self.known {
            let desk = self.desk.clone();
            tokio::task::spawn_blocking(move || {
                if let Err(error) = desk.station() {
                    tracing::error!(%error, "tracking could not be opened");
                }
            });
        }
    }

    /// Sends the engine nothing more, so that it can end.
    pub fn let_go(&self) {
        drop(self.engine.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    pub async fn close(&self) {
        let events = self.clone();
        let close = move || {
            drop(events.courier.lock().unwrap_or_else(PoisonError::into_inner).take());
            events.desk.close();
        };
        // It syncs journals and joins threads.
        let _ = tokio::task::spawn_blocking(close).await;
    }
}
