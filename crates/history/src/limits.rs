//! Everything that input can grow has its limit here.

use std::time::Duration;

/// Items of one page.
pub const PAGE_ITEMS_MAX: u32 = 10_000;

/// Items of a page when the request does not say.
pub const PAGE_ITEMS: u32 = 100;

/// Offset of a page; behind it cursors lead further.
pub const PAGE_FROM_MAX: u32 = 10_000_000;

/// Matches are counted up to here; a request that has more says so.
pub const TOTAL_MAX: i64 = 10_000;

/// Characters of a cursor.
pub const CURSOR_CHARS_MAX: usize = 16_384;

/// Bytes of one text in a cursor; [`SORT_FIELDS_MAX`] of them fit into it.
pub const CURSOR_TEXT_BYTES_MAX: usize = 512;

/// Conditions of one filter, those inside `$or` counted each.
pub const CONDITIONS_MAX: usize = 256;

/// Values of one `$in` or `$notIn`.
pub const LIST_VALUES_MAX: usize = 1_000;

/// Values of all lists of one filter. The store takes 32,766 in one statement; a variable's values
/// stand in it twice, and beside them the keys of [`MATCHED_DEFINITIONS_MAX`] definitions, twice.
pub const FILTER_VALUES_MAX: usize = 10_000;

/// Characters of one value of a filter.
pub const VALUE_CHARS_MAX: usize = 32_768;

/// Fields of one sort.
pub const SORT_FIELDS_MAX: usize = 16;

/// Definitions that a filter can match.
pub const MATCHED_DEFINITIONS_MAX: i64 = 4_096;

/// Bytes of a variable's value that a search shows; `GET /variables/{key}` shows all.
pub const VALUE_PREVIEW_CHARS_MAX: i64 = 8_191;

/// Characters of a value that its index holds.
pub const VALUE_HEAD_CHARS: usize = 64;

/// Bytes of steps that wait to be written. Behind it the policy decides ([`crate::OnCap`]).
pub const QUEUE_BYTES_MAX: usize = 64 << 20;

/// Events that one transaction takes at most.
pub const BATCH_EVENTS_MAX: usize = 20_000;

/// How long a batch waits for more, while nobody waits for it.
pub const BATCH_DELAY: Duration = Duration::from_millis(20);

/// How far history may lag before new starts are throttled.
pub const HISTORY_LAG_MAX: Duration = Duration::from_secs(10);

/// How long a search waits for what was acknowledged before it arrived.
pub const READ_WAIT_MAX: Duration = Duration::from_secs(2);

/// Instances whose definition the writer remembers.
pub const KNOWN_INSTANCES_MAX: usize = 65_536;

/// Bytes that one stored frame holds before compression.
pub const FRAME_BYTES_MAX: usize = 1 << 20;

/// Frames that are smaller stay as they are.
pub const FRAME_COMPRESSED_BYTES_MIN: usize = 192;

/// Instances that one step of retention removes.
pub const RETENTION_INSTANCES: i64 = 500;

/// Depth of a call hierarchy.
pub const CALL_DEPTH_MAX: i64 = 1_000;

/// Scopes around one element.
pub const SCOPE_DEPTH_MAX: i64 = 1_000;

/// Rows of lists that have no pages (statistics by element, flows).
pub const LIST_ROWS_MAX: i64 = 100_000;

/// Rows that a search by a part of a text ranks; more are too many to choose from.
pub const FOUND_ROWS_MAX: i64 = 10_000;

/// Elements of one modification that its line in the audit log names.
pub const MODIFIED_ELEMENTS_MAX: usize = 50;

/// Completions whose durations are read one by one.
pub const EXACT_DURATIONS_MAX: i64 = 20_000;

/// Near misses that are shown for one subscription.
pub const NEAR_MISSES_MAX: i64 = 5;

/// Connections that searches share.
pub const READERS: u32 = 4;

/// Stored frames that one instance is told by.
pub const FRAMES_ROWS_MAX: i64 = 20_000;

/// Steps that a stream reads at once.
pub const STREAM_STEPS: u64 = 1_000;

/// Positions that one stored frame spans at most: a frame is closed with its transaction, and that
/// takes items until it has [`BATCH_EVENTS_MAX`] events.
pub const STEPS_SPAN_MAX: u64 = 40_000;

/// Steps that an exporter may hand over at once.
pub const ITEM_STEPS_MAX: usize = 10_000;

/// Bytes of a stored frame, or a resource, once unpacked: a group of the journal is smaller.
pub const UNPACKED_BYTES_MAX: usize = 64 << 20;

/// Pulses of ten seconds that an overview shows.
pub const OVERVIEW_PULSES: i64 = 60;

/// Rows of each list of an overview.
pub const OVERVIEW_ROWS_MAX: usize = 100;

/// The slowest steps of an overview; the others are looked for process by process.
pub const OVERVIEW_STEPS_MAX: usize = 10;

/// Decisions of one instance that its explanation tells of, the first ones.
pub const DECISIONS_TOLD_MAX: usize = 100;

/// Characters of a decision's input or output in the sentence about it.
pub const DECISION_VALUE_CHARS_MAX: usize = 200;
