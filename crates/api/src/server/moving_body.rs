//! A request body that must move: a client that stops in the middle of it does not hold a handler
//! for ever. One place for gRPC and REST; long polls and streams are not concerned, because their
//! requests have ended.

use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep};

use crate::limits::{BODY_TIME_MAX, BODY_WHOLE_TIME_MAX};

/// Ends with an error when nothing came for [`BODY_TIME_MAX`], or too little for
/// [`BODY_WHOLE_TIME_MAX`].
pub struct MovingBody {
    body: Incoming,
    since: Option<Instant>,
    /// Set while nothing comes.
    until: Option<Pin<Box<Sleep>>>,
}

impl MovingBody {
    pub fn new(body: Incoming) -> MovingBody {
        MovingBody { body, since: None, until: None }
    }
}

impl Body for MovingBody {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            self.until = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        // Most bodies are there as a whole, and no clock is asked for them.
        let whole = *self.since.get_or_insert_with(Instant::now) + BODY_WHOLE_TIME_MAX;
        let until = self.until.get_or_insert_with(|| {
            Box::pin(tokio::time::sleep_until(whole.min(Instant::now() + BODY_TIME_MAX)))
        });
        match until.as_mut().poll(context) {
            Poll::Ready(()) => {
                let (pause, all) = (BODY_TIME_MAX.as_secs(), BODY_WHOLE_TIME_MAX.as_secs());
                let text = format!(
                    "expected the next piece of the body within {pause} s, and all of it within \
                     {all} s"
                );
                Poll::Ready(Some(Err(text.into())))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
