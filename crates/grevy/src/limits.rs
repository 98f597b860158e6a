//! Every limit of the runtime. Who meets one gets [`Error::Overloaded`] or
//! [`Error::Invalid`], which name the limit.
//!
//! [`Error::Overloaded`]: crate::Error::Overloaded
//! [`Error::Invalid`]: crate::Error::Invalid

/// Commands that wait in the mailbox of one partition before new work is refused. A completion
/// is refused at twice that, so that work under way can end while new work is turned away.
pub const MAILBOX_COMMANDS_MAX: usize = 16_384;

/// Commands decided in one turn, so that timers and durability notices get their turn.
pub const TURN_COMMANDS_MAX: usize = 1_024;

/// Bytes of one group above which a turn ends; a step may add as much again.
pub const TURN_BYTES_MAX: usize = 4 << 20;

/// Bytes of one step that always fit a group; the instances of a larger one are set aside when
/// the journal does not take it.
pub const STEP_BYTES_MAX: usize = 8 << 20;

/// Groups appended and not yet durable above which intake stops.
pub const AHEAD_GROUPS_MAX: usize = 256;

/// Their bytes.
pub const AHEAD_BYTES_MAX: usize = 32 << 20;

/// Commands that wait for one cold aggregate.
pub const COLD_WAITING_MAX: usize = 4_096;

/// Cold instances that leave memory in one piece of work of the loop.
pub const COOL_KEYS_MAX: usize = 256;

/// Bytes of blobs that one write of a checkpoint has.
pub const CHECKPOINT_WRITE_BYTES_MAX: usize = 1 << 20;

/// Bytes of blobs that are moved before a checkpoint, so that a file of mostly old ones can go.
pub const CHECKPOINT_COMPACT_BYTES_MAX: u64 = 64 << 20;

/// The tables of one partition in a checkpoint, in bytes.
pub const CHECKPOINT_TABLES_BYTES_MAX: u64 = 8 << 30;

/// Items that one partition has under way to another: sent and not yet acknowledged.
pub const OUTBOX_CREDIT_MAX: u64 = 1_024;

/// Starts in a row that ended badly, after which the next is held back.
pub const BAD_STARTS_MAX: u32 = 3;

/// Wall clock ahead of the time since boot, within one run, above which timers stop: 1 minute.
pub const CLOCK_JUMP_MAX_MS: i64 = 60_000;

/// Partitions of one engine. Tracking partitions begin at 3,072.
pub const PARTITIONS_MAX: u16 = 3_071;

/// Instances that are told of in one look at a partition, which waits meanwhile.
pub const TOLD_INSTANCES: usize = 200;

/// Rows that one query returns.
pub const QUERY_ROWS_MAX: usize = 1_000;

/// Rounds of [`Grevy::advance`] before it gives up: a model that arms a timer for now each time
/// one fires would never come to rest.
///
/// [`Grevy::advance`]: crate::Grevy::advance
pub const ADVANCE_ROUNDS_MAX: usize = 1_000_000;

/// Polls and streams that one engine holds.
pub const RECEIVERS_MAX: usize = 65_536;

/// Messages of an incident, a rejection or a panic are cut here, in characters.
pub const REASON_CHARS_MAX: usize = 10_000;
