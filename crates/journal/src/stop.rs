//! Named points at which a crash test may stop the process and kill it.
//!
//! With the feature `testing` and `GREVY_STOP_AT=POINT` or `POINT:N` in the environment, the N-th
//! time (from 1) that a thread comes to the point it writes `GREVY_STOP POINT` to standard error
//! and blocks for ever. Without the feature there is nothing.

/// A point to stop at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Point {
    /// `append`: groups are accepted and nothing of them is written.
    Append,
    /// `write`: groups are written and not synced.
    Write,
    /// `sync`: groups are synced and nobody was told.
    Sync,
    /// `segment-roll`: a new segment has its head, not synced.
    SegmentRoll,
    /// `blob`: blobs of instances are written and not synced.
    Blob,
    /// `checkpoint`: all files of a checkpoint are synced, its manifest is not in place.
    Checkpoint,
    /// `published`: the manifest of a checkpoint is in place, older ones are there still.
    Published,
    /// `trim`: a segment is removed and the folder not synced; others may follow.
    Trim,
}

#[cfg(not(feature = "testing"))]
#[inline]
pub(crate) fn at(_point: Point) {}

#[cfg(feature = "testing")]
pub(crate) use armed::at;

#[cfg(feature = "testing")]
mod armed {
    use super::Point;
    use std::io::Write as _;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    struct Armed {
        point: String,
        times: AtomicU64,
    }

    static ARMED: OnceLock<Option<Armed>> = OnceLock::new();

    pub(crate) fn at(point: Point) {
        let Some(armed) = ARMED.get_or_init(from_environment) else { return };
        if armed.point != name(point) || armed.times.fetch_sub(1, Ordering::AcqRel) != 1 {
            return;
        }
        // A test that went away closes the pipe; then there is nobody to tell.
        let _ = writeln!(std::io::stderr(), "GREVY_STOP {}", armed.point);
        loop {
            std::thread::park();
        }
    }

    fn name(point: Point) -> &'static str {
        match point {
            Point::Append => "append",
            Point::Write => "write",
            Point::Sync => "sync",
            Point::SegmentRoll => "segment-roll",
            Point::Blob => "blob",
            Point::Checkpoint => "checkpoint",
            Point::Published => "published",
            Point::Trim => "trim",
        }
    }

    fn from_environment() -> Option<Armed> {
        let wish = std::env::var("GREVY_STOP_AT").ok()?;
        let (point, times) = wish.split_once(':').unwrap_or((&wish, "1"));
        let times = AtomicU64::new(times.parse().unwrap_or(1));
        Some(Armed { point: point.to_owned(), times })
    }
}
