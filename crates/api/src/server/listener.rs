//! One accept loop for gRPC and HTTP: limits on connections, on headers and on clients that do
//! not move, and an orderly end.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use super::moving_body::MovingBody;
use crate::limits::{
    CONNECTION_STREAMS_MAX, CONNECTIONS_MAX, DRAIN_TIME_MAX, HEADER_BYTES_MAX, HEADER_TIME_MAX,
    HEADERS_MAX, PING_INTERVAL, PING_TIME_MAX, SEND_BUFFER_BYTES_MAX,
};

/// Serves until it is told to stop; then lets connections end, for a while.
pub async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    app: Router,
    mut stopping: watch::Receiver<bool>,
) {
    let builder = Arc::new(builder());
    let connections = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let graceful = GracefulShutdown::new();
    loop {
        let Ok(permit) = Arc::clone(&connections).acquire_owned().await else { break };
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Too many open files: others must close first.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::task::yield_now().await;
                    continue;
                }
            },
            () = told(&mut stopping) => break,
        };
        let connection = Connection {
            builder: Arc::clone(&builder),
            watcher: graceful.watcher(),
            app: app.clone(),
            _permit: permit,
        };
        tokio::spawn(connection.accept(stream, tls.clone()));
    }
    drop(listener);
    if tokio::time::timeout(DRAIN_TIME_MAX, graceful.shutdown()).await.is_err() {
        tracing::warn!("some calls were still under way and are cut off");
    }
}

async fn told(stopping: &mut watch::Receiver<bool>) {
    // A sender that is gone tells the same.
    let _ = stopping.wait_for(|stop| *stop).await;
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME_MAX)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEADER_BYTES_MAX as usize);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(CONNECTION_STREAMS_MAX)
        .max_header_list_size(HEADER_BYTES_MAX)
        .max_send_buf_size(SEND_BUFFER_BYTES_MAX)
        .adaptive_window(true)
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_TIME_MAX);
    builder
}

struct Connection {
    builder: Arc<Builder<TokioExecutor>>,
    watcher: Watcher,
    app: Router,
    _permit: OwnedSemaphorePermit,
}

impl Connection {
    async fn accept(self, stream: TcpStream, tls: Option<TlsAcceptor>) {
        // Small frames are answers that somebody waits for.
        let _ = stream.set_nodelay(true);
        let Some(tls) = tls else { return self.run(stream).await };
        match tokio::time::timeout(HEADER_TIME_MAX, tls.accept(stream)).await {
            Ok(Ok(stream)) => self.run(stream).await,
            Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
            Err(_) => tracing::debug!("a TLS handshake took too long"),
        }
    }

    async fn run<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(self, stream: S) {
        let app = self.app.map_request(|request: Request<Incoming>| {
            request.map(|body| Body::new(MovingBody::new(body)))
        });
        let service = TowerToHyperService::new(app);
        let connection = self.builder.serve_connection(TokioIo::new(stream), service);
        let connection = self.watcher.watch(connection.into_owned());
        if let Err(error) = connection.await {
            tracing::debug!(error, "a connection ended early");
        }
    }
}
