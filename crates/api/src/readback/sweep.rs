//! Forgetting what is old enough, now and then.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use history::{History, Retention};

/// How often it is looked for.
const EVERY: Duration = Duration::from_secs(60);

/// Sweeps until it is dropped.
#[derive(Debug)]
pub struct Sweep {
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Sweep {
    /// # Errors
    /// A thread that cannot be started.
    pub fn start(history: &Arc<History>, retention: Retention) -> Result<Sweep, String> {
        let (end, ended) = channel::<()>();
        let history = history.clone();
        let thread = std::thread::Builder::new().name("history-sweep".to_owned());
        let thread = thread.spawn(move || {
            // Short transactions, one after another, as long as there is something to forget.
            let mut pause = Duration::from_secs(1);
            while ended.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                let now = jiff::Timestamp::now().as_millisecond();
                let removed = history.sweep(&retention, now).unwrap_or_else(|error| {
                    tracing::warn!(%error, "history could not forget");
                    0
                });
                pause = if removed > 0 { Duration::from_millis(50) } else { EVERY };
            }
        });
        let thread = thread.map_err(|error| error.to_string())?;
        Ok(Sweep { end: Some(end), thread: Some(thread) })
    }
}

impl Drop for Sweep {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that forgets history panicked");
        }
    }
}
