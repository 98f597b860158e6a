//! The interface of a log, with the promises that its weakest backend can keep.

use crate::{Error, Fold, Group, GroupBuf};
use std::sync::Arc;
use std::time::Duration;

/// A position: the count of valid frames up to and including one frame.
///
/// The first frame has position 1, and 0 stands before it. Positions are logical: they are no
/// byte or broker offsets, so that a log can be moved. A frame is durable when
/// [`Journal::durable_lsn`] is at least its position.
pub type Lsn = u64;

/// An ordered log of groups of opaque frames, for one partition.
///
/// Accept in order now, durable later:
///
/// ```text
///   writer ── append(group) ──► accepted ───────────► written, synced ───► durable
///             returns at once      │                    one sync for          │
///             with its positions   │ never shown        all that came   Notice::Durable(lsn)
///                                  │ to anyone          while the last       ▼
///                                                       ran             release effects
///
///   lsn:  1 2 3 │ 4 5 │ 6 7 8 9 │ 10 │ 11 12 13 │
///         group   group   group   group   group
///                               ▲                ▲
///                          durable_lsn = 9   last accepted = 13
///         ◄── read, export, trim ──►◄─ may vanish ─►
/// ```
///
/// What an implementation promises, and no more, because Kafka can promise no more:
///
/// 1. **A group is atomic.** After a crash all its frames are there, or none.
/// 2. **Order.** Groups of a writer are durable in the order of their `append`; a group is never
///    durable before its predecessor, and nothing follows a gap.
/// 3. **Accepted is not durable.** What was accepted may vanish until a [`Notice::Durable`] or
///    [`Journal::durable_lsn`] covers it; then it survives every crash.
/// 4. **One owner.** [`Journal::claim`] starts an epoch and fences every writer before it. An
///    append of a fenced writer may still land; every reader discards it by the same rule
///    ([`crate::Fold`]).
/// 5. **Errors are final.** After a failed append or sync nothing is retried on the same bytes;
///    the writer is dead. The owner drops its speculation, claims again and folds what is there:
///    some of what was accepted may be, in order and without a gap, the rest never will be.
/// 6. **Readers see durable groups only**, and may run on any thread.
pub trait Journal: Send + Sync {
    /// Starts a new epoch, fences former writers and makes the tail durable.
    ///
    /// When it returns, `1..=tail` is exactly the history that the owner folds (from its
    /// checkpoint on, with [`Journal::read`]) before it appends. `notify` is called until the
    /// writer is dropped.
    fn claim(&self, notify: Notify) -> Result<Claim, Error>;

    /// The last durable position; 0 for an empty log.
    fn durable_lsn(&self) -> Lsn;

    /// The first position that can still be read; 1 until something is trimmed.
    fn first_lsn(&self) -> Lsn;

    /// Waits until something beyond `beyond` is durable or the time is over, and returns
    /// [`Journal::durable_lsn`]. For exporters, which have a thread of their own.
    fn wait_durable(&self, beyond: Lsn, timeout: Duration) -> Lsn;

    /// Reads from the group that contains `from`, up to the durable end, which moves on.
    ///
    /// # Errors
    /// [`Error::Trimmed`] if `from` is no longer there.
    fn read(&self, from: Lsn) -> Result<Box<dyn Reader>, Error>;

    /// The fold at the end of the group that ends at `lsn`, for a checkpoint of that position, and
    /// to check that a checkpoint belongs to this log. It may read a segment: off the loop.
    ///
    /// # Errors
    /// [`Error::Trimmed`] if it is no longer there, [`Error::Misuse`] if it is not durable or no
    /// group ends there.
    fn fold_at(&self, lsn: Lsn) -> Result<Fold, Error>;

    /// Allows every frame up to and including `upto` to be dropped; returns the first position
    /// that remains readable. Whole pieces are dropped only, so some of them may stay.
    fn trim(&self, upto: Lsn) -> Result<Lsn, Error>;
}

/// What [`Journal::claim`] gives.
pub struct Claim {
    /// The right to append.
    pub writer: Box<dyn Writer>,
    /// The new epoch, from 1.
    pub epoch: u64,
    /// The last position of the history that the epoch builds upon; all of it is durable.
    pub tail: Lsn,
}

/// The owner of an epoch, for one thread.
///
/// Dropping it ends it: what it accepted is still written if possible, without any promise.
pub trait Writer: Send {
    /// The epoch that it owns.
    fn epoch(&self) -> u64;

    /// Accepts a group. It returns at once; durability is learnt by [`Notice::Durable`].
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Backlog`] and [`Error::TooLarge`] accept nothing and leave the
    /// writer usable: the same group may be appended again later. Any other error is final.
    fn append(&mut self, group: &GroupBuf) -> Result<Append, Error>;

    /// The last durable position of this writer's log.
    fn durable_lsn(&self) -> Lsn;

    /// What is accepted and not yet durable, and whether the disk has room. Ask before deciding,
    /// so that no speculation is built that cannot be appended.
    fn backlog(&self) -> Backlog;

    /// Waits until everything accepted is durable, and returns its position.
    fn flush(&mut self) -> Result<Lsn, Error>;

    /// Flushes, marks the end so that damage to the last group will be seen, and ends the writer.
    fn close(self: Box<Self>) -> Result<Lsn, Error>;
}

/// The positions that an accepted group was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Append {
    /// The number of the group within the epoch, from 1.
    pub seq: u64,
    /// The position of its first frame.
    pub lsn_first: Lsn,
    /// The position of its last frame: effects of this group leave when it is durable.
    pub lsn_last: Lsn,
}

/// What waits in a writer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Groups accepted and not durable.
    pub groups: usize,
    /// Their bytes.
    pub bytes: usize,
    /// The disk has no room: appends are refused until [`Notice::Room`].
    pub full: bool,
}

/// What a writer tells its owner.
#[derive(Clone, Debug)]
pub enum Notice {
    /// Everything up to this position is durable.
    Durable(Lsn),
    /// The disk is full: appends are refused with [`Error::Full`]. Trim, or free space.
    Full,
    /// Space returned: append again.
    Room,
    /// The writer is dead; claim again.
    Failed(Error),
}

/// How a writer tells it: called from the thread of the writer, or within `append` and `flush` by
/// backends without one. It must not block and must not call the journal; wake the owner.
pub type Notify = Arc<dyn Fn(Notice) + Send + Sync>;

/// Reads groups in order. Usable on any thread.
pub trait Reader: Send {
    /// The next durable group; `None` at the durable end, from where it can be asked again.
    ///
    /// # Errors
    /// [`Error::Corrupt`] names the file and the byte; [`Error::Trimmed`] if the reader was
    /// overtaken by a trim.
    fn next_group(&mut self) -> Result<Option<Group<'_>>, Error>;

    /// The position that is read next.
    fn position(&self) -> Lsn;
}

/// The error for a fold that is asked for where there is none.
pub(crate) fn no_fold_at(lsn: Lsn, durable: Lsn) -> Error {
    let what = format!("expected the end of a durable group, but {lsn} is none up to {durable}");
    Error::Misuse { what }
}
