//! The server: two listeners that are open at once, an engine that opens behind them, and an end
//! in which nothing that was taken in is lost.

mod listener;
mod moving_body;
mod moving_stream;
mod tls;
mod watch_engine;
mod watch_metrics;

use std::net::SocketAddr;
use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::access::Access;
use crate::gateway::{Gateway, Parts, Stage};
use crate::readback::Keep;
use crate::{grpc, rest};

pub use crate::rest::site::Files;
pub use tls::Tls;
pub use watch_metrics::install as install_metrics;

/// Opens the engine; on a thread of its own, because it reads the journal. It calls what it is
/// handed as soon as the folder is its own.
pub type Open = Box<dyn FnOnce(&dyn Fn()) -> Result<grevy::Grevy, grevy::Error> + Send>;

/// What a server is started with.
pub struct Config {
    pub grpc: SocketAddr,
    pub http: SocketAddr,
    pub tls: Option<Tls>,
    pub access: Access,
    /// How many partitions the engine will have.
    pub partitions: u16,
    pub pinnable_clock: bool,
    pub metrics: Option<PrometheusHandle>,
    pub console: Files,
    pub open: Open,
    /// Further pages beside the REST API, with their own say about who may call.
    pub pages: axum::Router,
    /// Where history is kept and for how long; without it nothing can be searched.
    pub history: Option<Keep>,
}

/// A running server.
pub struct Server {
    pub grpc: SocketAddr,
    pub http: SocketAddr,
    gateway: Gateway,
    stage: watch::Receiver<Stage>,
    claimed: watch::Receiver<bool>,
    stop: watch::Sender<bool>,
    listeners: Vec<JoinHandle<()>>,
}

/// Opens both listeners, then the engine behind them. Returns when the first call can be taken;
/// what needs the engine is answered UNAVAILABLE until that is ready.
///
/// # Errors
/// An address that cannot be bound, a certificate that cannot be read.
pub async fn start(config: Config) -> Result<Server, String> {
    let tls = config.tls.as_ref().map(Tls::acceptor).transpose()?;
    let (grpc_listener, http_listener) =
        (bind(config.grpc, "--grpc-port").await?, bind(config.http, "--http-port").await?);
    let address = |listener: &TcpListener| listener.local_addr().map_err(|e| e.to_string());
    let (grpc, http) = (address(&grpc_listener)?, address(&http_listener)?);
    let (stage_sender, stage) = watch::channel(Stage::Recovering);
    let (claimed_sender, claimed) = watch::channel(false);
    let (stop, stopping) = watch::channel(false);
    let gateway = Gateway::new(Parts {
        engine: stage.clone(),
        access: config.access,
        partitions: config.partitions,
        stopping: stopping.clone(),
        advertised: (grpc.ip().to_string(), grpc.port()),
        pinnable_clock: config.pinnable_clock,
    });
    watch_engine::open(gateway.clone(), config.open, config.history, claimed_sender, stage_sender)?;
    tokio::spawn(watch_metrics::watch(gateway.clone(), config.metrics.clone()));
    let scheme = if tls.is_some() { "https" } else { "http" };
    let calls = grpc::router(gateway.clone(), &format!("{scheme}://{http}/v2")).await?;
    let pages = rest::router(gateway.clone(), config.metrics, config.console).merge(config.pages);
    let pages = rest::guarded(pages, gateway.is_local());
    let serve =
        |listener, app| tokio::spawn(listener::serve(listener, tls.clone(), app, stopping.clone()));
    let listeners = vec![serve(grpc_listener, calls), serve(http_listener, pages)];
    Ok(Server { grpc, http, gateway, stage, claimed, stop, listeners })
}

async fn bind(address: SocketAddr, option: &str) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|error| {
        format!(
            "expected to listen on {address}, but {error}; choose another port with {option}, or 0 \
             for any"
        )
    })
}

/// Serves pages alone, until told to stop; gives the address and what ends when all of it has.
///
/// # Errors
/// An address that cannot be bound.
pub async fn serve(
    address: SocketAddr,
    pages: axum::Router,
    stopping: watch::Receiver<bool>,
) -> Result<(SocketAddr, JoinHandle<()>), String> {
    let listener = bind(address, "--port").await?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let pages = rest::guarded(pages, address.ip().is_loopback());
    Ok((address, tokio::spawn(listener::serve(listener, None, pages, stopping))))
}

impl Server {
    pub fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// Waits until the data folder is this server's own, which is long before a large journal has
    /// been read; only from then on may it be said to run.
    ///
    /// # Errors
    /// Why it could not start.
    pub async fn claimed(&self) -> Result<(), Arc<str>> {
        let mut claimed = self.claimed.clone();
        tokio::select! {
            Ok(_) = claimed.wait_for(|claimed| *claimed) => Ok(()),
            ready = self.ready() => ready,
        }
    }

    /// Waits until the engine is ready, or could not start.
    ///
    /// # Errors
    /// Why it could not start.
    pub async fn ready(&self) -> Result<(), Arc<str>> {
        let mut stage = self.stage.clone();
        let known = stage.wait_for(|stage| !matches!(stage, Stage::Recovering)).await;
        match known.as_deref() {
            Ok(Stage::Failed(reason)) => Err(reason.clone()),
            Ok(Stage::Ready(_) | Stage::Recovering) => Ok(()),
            Err(_) => Err("the thread that opens the engine ended".into()),
        }
    }

    /// Takes nothing new, ends polls and streams, lets calls under way end, closes the engine.
    pub async fn stop(self) {
        tracing::info!("stopping: no new calls, waiting for those under way");
        // Nobody is there to be told only if all listeners have ended.
        let _ = self.stop.send(true);
        for listener in self.listeners {
            let _ = listener.await;
        }
        let engine = match &*self.stage.borrow() {
            Stage::Ready(engine) => Some(engine.clone()),
            Stage::Recovering | Stage::Failed(_) => None,
        };
        if let Some(engine) = engine {
            let gateway = self.gateway;
            // History writes what it was handed; the next start goes on behind it.
            let _ = tokio::task::spawn_blocking(move || gateway.read_from(None)).await;
            // It syncs its journal and joins its threads.
            let _ = tokio::task::spawn_blocking(move || engine.close()).await;
        }
        tracing::info!("stopped");
    }
}
