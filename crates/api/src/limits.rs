//! Every limit of the wire, with the answer that a caller gets.

use std::time::Duration;

/// Bytes of one gRPC request or answer, decompressed. RESOURCE_EXHAUSTED beyond.
pub const GRPC_MESSAGE_BYTES_MAX: usize = 16 << 20;
/// Bytes of one REST body. 413 beyond.
pub const REST_BODY_BYTES_MAX: usize = 8 << 20;
/// Bytes of one multipart deployment: `engine::limits::DEPLOYMENT_BYTES_MAX` and its framing.
pub const DEPLOYMENT_BODY_BYTES_MAX: usize = 9 << 20;
/// Bytes of the headers of one request. 431, or a reset stream, beyond.
pub const HEADER_BYTES_MAX: u32 = 32 << 10;
/// Headers of one HTTP/1 request. 431 beyond.
pub const HEADERS_MAX: usize = 100;
/// Connections of one listener; more wait in the backlog of the socket until one closes.
pub const CONNECTIONS_MAX: usize = 16_384;
/// Time until the next try after a connection could not be accepted: the process has too many
/// files open, and only others that close help.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Requests at once on one HTTP/2 connection: a client with thousands of workers has one.
pub const CONNECTION_STREAMS_MAX: u32 = 16_384;
/// What the bodies of one HTTP/2 connection may be ahead of their handlers. The library closes a
/// connection as abusive when more than half of it is overhead, at 256 bytes for each small frame
/// that waits: with the usual 64 KiB some 130 small calls that come at once are too many.
pub const CONNECTION_WINDOW_BYTES: u32 = 2 * 256 * CONNECTION_STREAMS_MAX;
/// The same for one call.
pub const STREAM_WINDOW_BYTES: u32 = 1 << 20;
/// Open `StreamActivatedJobs` of one server. RESOURCE_EXHAUSTED beyond.
pub const JOB_STREAMS_MAX: usize = 16_384;
/// Parked long polls of one server. RESOURCE_EXHAUSTED beyond.
pub const POLLS_MAX: usize = 32_768;
/// Creates that wait for their result at once. RESOURCE_EXHAUSTED beyond.
pub const AWAITED_MAX: usize = 4_096;
/// Jobs that a stream has in flight towards a client that does not read; it gets no more until
/// it does, and they go to others when their lease ends.
pub const STREAM_CREDIT_MAX: u32 = 32;
/// Jobs of a stream that its worker has not settled, at first.
pub const STREAM_JOBS_FIRST: usize = 64;
/// The same, for a worker that settles many or keeps quiet for long.
pub const STREAM_JOBS_MAX: usize = 4_096;
/// How often a stream that has its fill is looked at.
pub const STREAM_LOOK: Duration = Duration::from_secs(1);
/// What an HTTP/2 call buffers for a client that does not read, beside the window that the client
/// itself opens (64 KiB with most): jobs of a stream that lie there are leased by nobody.
pub const SEND_BUFFER_BYTES_MAX: usize = 16 << 10;
/// Time in which a connection must take some of what it is sent.
pub const WRITE_TIME_MAX: Duration = Duration::from_secs(60);
/// Time for the first bytes, for the headers of an HTTP/1 request, and for a TLS handshake.
pub const HEADER_TIME_MAX: Duration = Duration::from_secs(15);
/// An idle HTTP/2 connection is asked this often whether its client lives; half-open ones close.
pub const PING_INTERVAL: Duration = Duration::from_secs(30);
/// Time for the answer to such a ping.
pub const PING_TIME_MAX: Duration = Duration::from_secs(20);
/// A long poll with `requestTimeout` 0.
pub const LONG_POLL_DEFAULT: Duration = Duration::from_secs(10);
/// The longest `requestTimeout`; longer ones end here with what there is.
pub const LONG_POLL_MAX: Duration = Duration::from_secs(600);
/// A create with result, and a correlation, with `requestTimeout` 0; an operation on a user task
/// that has listeners.
pub const AWAIT_DEFAULT: Duration = Duration::from_secs(15);
/// Time from asking to stop until what is under way is cut off.
pub const DRAIN_TIME_MAX: Duration = Duration::from_secs(10);
/// A call waits this long for partitions that recover, then it is answered UNAVAILABLE.
pub const RECOVERY_PATIENCE: Duration = Duration::from_secs(5);
/// Time between two pieces of a request's body. 400, or a reset stream, beyond.
pub const BODY_TIME_MAX: Duration = Duration::from_secs(30);
/// Time for all of a request's body, however it moves.
pub const BODY_WHOLE_TIME_MAX: Duration = Duration::from_secs(300);
/// Rows of one page of a search.
pub const PAGE_ROWS_MAX: usize = 1_000;
/// Characters of what a caller says beside a call, for the audit log. INVALID_ARGUMENT beyond.
pub const COMMENT_CHARS_MAX: usize = 1_000;
/// Characters of a tenant id.
pub const TENANT_CHARS_MAX: usize = 31;
/// Elements of a list in a request: tags, start instructions, tenants, fetched variables.
pub const LIST_ITEMS_MAX: usize = 1_000;
/// Kept metrics of job types; later ones share one label.
pub const METRIC_TYPES_MAX: usize = 1_000;
/// A job type that waits this long while nobody asks for it is reported.
pub const UNATTENDED_AFTER: Duration = Duration::from_secs(5);
/// Bytes of jobs in one message of an activation; more follow in further messages, because
/// clients take 4 MiB at most.
pub const ACTIVATION_MESSAGE_BYTES_MAX: usize = 1 << 20;
/// Webhooks that wait for one target; further ones are given up, and said to be.
pub const WEBHOOK_QUEUE_MAX: usize = 10_000;
/// Attempts to deliver one webhook; with pauses that double up to 5 minutes that is over an hour.
pub const WEBHOOK_ATTEMPTS_MAX: u32 = 20;
/// Time for the answer to one attempt.
pub const WEBHOOK_TIME_MAX: Duration = Duration::from_secs(15);
/// Events of one answer to a reader of the bus.
pub const EVENT_PAGE_MAX: usize = 1_000;
/// Time that a reader of the bus may wait for its first event.
pub const EVENT_WAIT_MAX: Duration = Duration::from_secs(30);
/// Open live streams of one server. RESOURCE_EXHAUSTED beyond.
pub const LIVE_STREAMS_MAX: usize = 1_000;
/// Pieces of what happened last that live streams share; a stream further behind reads by itself.
pub const LIVE_CHUNKS_MAX: usize = 8;
/// Events that a live stream holds for a client that does not read; then it waits for the client.
pub const LIVE_EVENTS_AHEAD: usize = 256;
/// Operations of an expression that a client asks to evaluate: some 0.2 s on one core.
/// INVALID_ARGUMENT, with the place that it had reached.
pub const EXPRESSION_FUEL_MAX: u64 = 5_000_000;

/// Operations that a condition takes when it is evaluated again to be explained; it took as many on
/// the loop.
pub const EXPLAINED_FUEL_MAX: u64 = 100_000;

/// Parts of one condition that are shown, and characters of each and of its value.
pub const EXPLAINED_PARTS_MAX: usize = 50;
/// See [`EXPLAINED_PARTS_MAX`].
pub const EXPLAINED_CHARS_MAX: usize = 200;

/// Rows that a look for a part of a name gives: more are too many to choose from.
pub const FOUND_ROWS_MAX: usize = 20;
