//! Every limit of the client.

use std::time::Duration;

/// Bytes of one message, either way.
pub const MESSAGE_BYTES_MAX: usize = 16 << 20;
/// What a server may send ahead on one stream: some hundred small jobs. The library's 2 MiB are
/// ten thousand, which a slow worker would keep from others.
pub const STREAM_WINDOW_BYTES: u32 = 64 << 10;
/// Attempts of one call.
pub const ATTEMPTS_MAX: u32 = 5;
/// Wait before the second attempt.
pub const BACK_OFF_FIRST: Duration = Duration::from_millis(100);
/// It triples up to this.
pub const BACK_OFF_MAX: Duration = Duration::from_secs(5);
/// Jobs that a worker has at once unless it is told otherwise.
pub const JOBS_DEFAULT: usize = 32;
/// Time for one job unless it is told otherwise.
pub const JOB_TIMEOUT_DEFAULT: Duration = Duration::from_secs(60);
/// A worker that stops reads its stream until nothing came for so long: jobs on their way to it
/// would wait for the end of their leases.
pub const QUIET_TIME: Duration = Duration::from_millis(50);
/// It does so at most for this long; a server with many jobs sends more as it reads.
pub const DRAIN_TIME_MAX: Duration = Duration::from_millis(300);
