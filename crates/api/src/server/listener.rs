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
use super::moving_stream::MovingStream;
use crate::limits::{
    ACCEPT_PAUSE, CONNECTION_STREAMS_MAX, CONNECTION_WINDOW_BYTES, CONNECTIONS_MAX, DRAIN_TIME_MAX,
    HEADER_BYTES_MAX, HEADER_TIME_MAX, HEADERS_MAX, PING_INTERVAL, PING_TIME_MAX,
    SEND_BUFFER_BYTES_MAX, STREAM_WINDOW_BYTES,
};

/// Serves until it is told to stop; then lets connections end, for a while.
pub async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    app: Router,
    stopping: watch::Receiver<bool>,
) {
    serve_at_most(CONNECTIONS_MAX, listener, tls, app, stopping).await;
}

async fn serve_at_most(
    most: usize,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    app: Router,
    mut stopping: watch::Receiver<bool>,
) {
    let builder = Arc::new(builder());
    let connections = Arc::new(Semaphore::new(most));
    let graceful = GracefulShutdown::new();
    loop {
        let permit = tokio::select! {
            permit = Arc::clone(&connections).acquire_owned() => permit,
            () = told(&mut stopping) => break,
        };
        let Ok(permit) = permit else { break };
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Too many open files: others must close first.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
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
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
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
        let connection =
            self.builder.serve_connection(TokioIo::new(MovingStream::new(stream)), service);
        let connection = self.watcher.watch(connection.into_owned());
        if let Err(error) = connection.await {
            tracing::debug!(error, "a connection ended early");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn ask(stream: &mut TcpStream) {
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    }

    async fn answered(stream: &mut TcpStream) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&head));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_connection_too_many_waits_until_another_closes_and_stops_nobody_from_ending() {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let app = Router::new().fallback(async move || {
            count.fetch_add(1, Ordering::SeqCst);
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopping) = watch::channel(false);
        let serving = tokio::spawn(serve_at_most(2, listener, None, app, stopping));
        let connect = || async { TcpStream::connect(address).await.unwrap() };
        let (mut first, mut second) = (connect().await, connect().await);
        for stream in [&mut first, &mut second] {
            ask(stream).await;
            answered(stream).await;
        }
        let mut third = connect().await;
        ask(&mut third).await;
        for _ in 0..100 {
            ask(&mut second).await;
            answered(&mut second).await;
        }
        assert_eq!(asked.load(Ordering::SeqCst), 102, "the third was let in");
        drop(first);
        answered(&mut third).await;
        // All places are taken: the end is heard all the same.
        stop.send(true).unwrap();
        serving.await.unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }
}
