//! A connection that must move: one whose client says nothing, or takes nothing of what it is
//! sent, does not hold a place for ever. What is told apart here is only whether bytes flow; time
//! for headers and for bodies has its own limits.

use std::io::{Error, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use crate::limits::{HEADER_TIME_MAX, WRITE_TIME_MAX};

/// The length of what an HTTP/2 client begins with. Nothing shorter tells the protocols apart, and
/// until then no other timer runs.
const PREFACE_BYTES: usize = 24;

type Timer = Option<Pin<Box<Sleep>>>;

/// Ends with an error when the first bytes, or room for the next ones to send, do not come in time.
pub struct MovingStream<S> {
    stream: S,
    heard: usize,
    first: Timer,
    room: Timer,
}

impl<S> MovingStream<S> {
    pub fn new(stream: S) -> MovingStream<S> {
        MovingStream { stream, heard: 0, first: None, room: None }
    }
}

/// Whether the time is over; begins it if it has not begun.
fn over(timer: &mut Timer, limit: Duration, context: &mut Context<'_>) -> Option<Error> {
    let timer = timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
    let text = format!("expected the client to move within {} s", limit.as_secs());
    timer.as_mut().poll(context).is_ready().then(|| Error::new(ErrorKind::TimedOut, text))
}

impl<S: AsyncRead + Unpin> AsyncRead for MovingStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let this = &mut *self;
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        this.heard = this.heard.saturating_add(buffer.filled().len() - before);
        if this.heard >= PREFACE_BYTES {
            this.first = None;
        } else if read.is_pending()
            && let Some(error) = over(&mut this.first, HEADER_TIME_MAX, context)
        {
            return Poll::Ready(Err(error));
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> MovingStream<S> {
    fn written<T>(
        &mut self,
        context: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut S>, &mut Context<'_>) -> Poll<std::io::Result<T>>,
    ) -> Poll<std::io::Result<T>> {
        let done = write(Pin::new(&mut self.stream), context);
        if done.is_ready() {
            self.room = None;
        } else if let Some(error) = over(&mut self.room, WRITE_TIME_MAX, context) {
            return Poll::Ready(Err(error));
        }
        done
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for MovingStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.written(context, |stream, context| stream.poll_write(context, bytes))
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        self.written(context, |stream, context| stream.poll_flush(context))
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        self.written(context, |stream, context| stream.poll_shutdown(context))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        self.written(context, |stream, context| stream.poll_write_vectored(context, buffers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    #[tokio::test(start_paused = true)]
    async fn who_says_too_little_is_hung_up_on_and_who_speaks_is_not() {
        for said in [&b""[..], b"P", b"PRI * HT"] {
            let (mut client, server) = duplex(64);
            client.write_all(said).await.unwrap();
            let mut heard = vec![0; 100];
            let mut server = MovingStream::new(server);
            let mut all = 0;
            let error = loop {
                match server.read(&mut heard).await {
                    Ok(read) => all += read,
                    Err(error) => break error,
                }
            };
            assert_eq!((error.kind(), all), (ErrorKind::TimedOut, said.len()));
        }
        let (mut client, server) = duplex(64);
        client.write_all(&[b'x'; PREFACE_BYTES]).await.unwrap();
        let mut server = MovingStream::new(server);
        server.read_exact(&mut [0; PREFACE_BYTES]).await.unwrap();
        let read = tokio::time::timeout(10 * HEADER_TIME_MAX, server.read_u8()).await;
        assert!(read.is_err(), "it waits: other limits hold from here on");
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_nothing_is_hung_up_on_and_a_slow_reader_is_not() {
        let (mut client, server) = duplex(8);
        let mut server = MovingStream::new(server);
        let reader = tokio::spawn(async move {
            for _ in 0..4 {
                tokio::time::sleep(WRITE_TIME_MAX / 2).await;
                client.read_exact(&mut [0; 8]).await.unwrap();
            }
            client
        });
        server.write_all(&[0; 40]).await.unwrap();
        let _client = reader.await.unwrap();
        let error = server.write_all(&[0; 40]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }
}
