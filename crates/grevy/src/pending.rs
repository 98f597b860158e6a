//! A value that comes later: waited for by a thread, or awaited by any executor.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use crate::Error;

enum State<T> {
    Empty(Option<Waker>),
    Ready(Result<T, Error>),
    Taken,
}

struct Slot<T> {
    state: Mutex<State<T>>,
    ready: Condvar,
}

impl<T> Slot<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(state: &mut State<T>) -> Option<Result<T, Error>> {
        match std::mem::replace(state, State::Taken) {
            State::Ready(value) => Some(value),
            empty @ State::Empty(_) => {
                *state = empty;
                None
            }
            State::Taken => Some(Err(Error::Closed)),
        }
    }
}

/// What was asked for. [`Pending::wait`] blocks; as a future it needs no particular executor.
#[must_use = "an answer that nobody waits for hides its error"]
pub struct Pending<T>(Arc<Slot<T>>);

/// Why a promise was dropped unresolved.
type Lost = Box<dyn Fn() -> Error + Send>;

/// The other end. Dropping it unresolved answers [`Error::Closed`], or what it was made with.
pub(crate) struct Promise<T> {
    slot: Option<Arc<Slot<T>>>,
    lost: Option<Lost>,
}

/// Both ends.
pub(crate) fn promise<T>() -> (Promise<T>, Pending<T>) {
    let slot = Arc::new(Slot { state: Mutex::new(State::Empty(None)), ready: Condvar::new() });
    (Promise { slot: Some(Arc::clone(&slot)), lost: None }, Pending(slot))
}

impl<T> Promise<T> {
    /// With an answer of its own for when it is dropped unresolved.
    pub fn or(mut self, lost: impl Fn() -> Error + Send + 'static) -> Promise<T> {
        self.lost = Some(Box::new(lost));
        self
    }

    /// Hands the value over.
    pub fn resolve(mut self, value: Result<T, Error>) {
        self.put(value);
    }

    fn put(&mut self, value: Result<T, Error>) {
        let Some(slot) = self.slot.take() else { return };
        let before = std::mem::replace(&mut *slot.lock(), State::Ready(value));
        slot.ready.notify_all();
        if let State::Empty(Some(waker)) = before {
            waker.wake();
        }
    }
}

impl<T> Drop for Promise<T> {
    fn drop(&mut self) {
        if self.slot.is_some() {
            let lost = self.lost.take();
            self.put(Err(lost.map_or(Error::Closed, |lost| lost())));
        }
    }
}

impl<T> Pending<T> {
    /// Resolved from the start.
    pub(crate) fn ready(value: Result<T, Error>) -> Pending<T> {
        let (promise, pending) = promise();
        promise.resolve(value);
        pending
    }

    /// Waits for it.
    pub fn wait(self) -> Result<T, Error> {
        let mut state = self.0.lock();
        loop {
            if let Some(value) = Slot::take(&mut state) {
                return value;
            }
            state = self.0.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits at most that long; [`Error::Timeout`] says nothing of what was asked for.
    pub fn wait_for(self, timeout: Duration) -> Result<T, Error> {
        let until = Instant::now() + timeout;
        let mut state = self.0.lock();
        loop {
            if let Some(value) = Slot::take(&mut state) {
                return value;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Error::Timeout);
            }
            let waited = self.0.ready.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Is it there?
    pub fn is_ready(&self) -> bool {
        !matches!(*self.0.lock(), State::Empty(_))
    }
}

impl<T> Future for Pending<T> {
    type Output = Result<T, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.0.lock();
        if let Some(value) = Slot::take(&mut state) {
            return Poll::Ready(value);
        }
        *state = State::Empty(Some(context.waker().clone()));
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_taken_by_wait_by_time_out_and_by_a_lost_promise() {
        let (given, pending) = promise();
        let thread = std::thread::spawn(move || pending.wait());
        given.resolve(Ok(5));
        assert_eq!(thread.join().unwrap().unwrap(), 5);
        let (_kept, pending) = promise::<u8>();
        assert_eq!(
            pending.wait_for(Duration::from_millis(1)).unwrap_err().code(),
            "DEADLINE_EXCEEDED"
        );
        let (lost, pending) = promise::<u8>();
        drop(lost);
        assert_eq!(pending.wait().unwrap_err().code(), "CLOSED");
    }
}
