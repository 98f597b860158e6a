//! Trying again: with the same request id, so that a server that knows it does nothing twice.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use tonic::metadata::{Ascii, MetadataValue};
use tonic::{Code, Request, Response, Status};

use crate::Error;
use crate::limits::{ATTEMPTS_MAX, BACK_OFF_FIRST, BACK_OFF_MAX};

/// The header that tells a server which requests are the same.
pub const REQUEST_ID: &str = "grevy-request-id";

/// Waits that grow.
pub struct BackOff {
    next: Duration,
}

impl BackOff {
    pub fn new() -> BackOff {
        BackOff { next: BACK_OFF_FIRST }
    }

    pub async fn wait(&mut self) {
        tokio::time::sleep(self.advance()).await;
    }

    fn advance(&mut self) -> Duration {
        let wait = self.next;
        self.next = (wait * 3).min(BACK_OFF_MAX);
        wait
    }
}

/// Calls until there is an answer that trying again would not change.
pub async fn retrying<M: Clone, R, F>(
    message: M,
    call: impl Fn(Request<M>) -> F,
) -> Result<R, Error>
where
    F: Future<Output = Result<Response<R>, Status>>,
{
    let id = request_id();
    let mut back_off = BackOff::new();
    let mut attempt = 1;
    loop {
        let mut request = Request::new(message.clone());
        request.metadata_mut().insert(REQUEST_ID, id.clone());
        match call(request).await {
            Ok(answer) => return Ok(answer.into_inner()),
            Err(status) if attempt < ATTEMPTS_MAX && again(&status) => back_off.wait().await,
            Err(status) => return Err(status.into()),
        }
        attempt += 1;
    }
}

/// The server is away, or has too much to do.
pub fn again(status: &Status) -> bool {
    matches!(status.code(), Code::Unavailable | Code::ResourceExhausted)
}

/// 128 bits of the randomness that the standard library seeds its hash tables with.
pub fn request_id() -> MetadataValue<Ascii> {
    let random = || RandomState::new().build_hasher().finish();
    let text = format!("{:016x}{:016x}", random(), random());
    MetadataValue::try_from(text).unwrap_or_else(|_| MetadataValue::from_static("0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_triple_up_to_their_limit_and_ids_differ() {
        let mut back_off = BackOff::new();
        let waits: Vec<u128> = (0..6).map(|_| back_off.advance().as_millis()).collect();
        assert_eq!(waits, [100, 300, 900, 2_700, 5_000, 5_000]);
        assert_ne!(request_id(), request_id());
    }

    #[tokio::test(start_paused = true)]
    async fn the_same_id_goes_with_every_attempt_and_rejections_come_once() {
        let ids = std::sync::Mutex::new(Vec::new());
        let away = |request: Request<()>| {
            let id = request.metadata().get("grevy-request-id").cloned();
            ids.lock().unwrap().push(id);
            async { Err::<Response<()>, _>(Status::unavailable("away")) }
        };
        assert_eq!(retrying((), away).await.unwrap_err().kind(), crate::Kind::Unavailable);
        let ids = ids.into_inner().unwrap();
        assert_eq!(ids.len(), ATTEMPTS_MAX as usize);
        assert!(ids.windows(2).all(|pair| pair[0].is_some() && pair[0] == pair[1]));
        let calls = std::sync::atomic::AtomicU32::new(0);
        let refused = |_: Request<()>| {
            calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            async { Err::<Response<()>, _>(Status::not_found("none")) }
        };
        assert!(retrying((), refused).await.unwrap_err().is_not_found());
        assert_eq!(calls.into_inner(), 1);
    }
}
