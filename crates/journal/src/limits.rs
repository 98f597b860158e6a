//! Every limit of the journal, in one place. Who meets one gets [`Error::TooLarge`] or
//! [`Error::Backlog`], which name the limit and the value met.
//!
//! [`Error::TooLarge`]: crate::Error::TooLarge
//! [`Error::Backlog`]: crate::Error::Backlog

/// Largest body of one group in bytes (`engine-rules.md` 2: 16 MiB locally).
pub const GROUP_BYTES_MAX: usize = 16 << 20;

/// Most frames in one group. A thousand commands of a thousand events each stay below it.
pub const GROUP_FRAMES_MAX: u32 = 1 << 20;

/// Most bytes accepted by one writer and not yet durable; above it `append` refuses.
pub const BACKLOG_BYTES_MAX: usize = 64 << 20;

/// Most groups accepted by one writer and not yet durable.
pub const BACKLOG_GROUPS_MAX: usize = 1 << 16;

/// Largest blob of a cold instance in bytes: four times what the variables of one may have. What
/// is larger stays in memory, in a file of the checkpoint itself.
pub const BLOB_BYTES_MAX: usize = 256 << 20;
