//! What a caller gets instead of an answer.

use std::fmt;

use engine::{Rejection, RejectionKind};

/// Why there is no answer, or which refusal it is.
#[derive(Debug, Clone)]
pub enum Error {
    /// The command was decided and refused; nothing happened.
    Rejected(Rejection),
    /// Too much waits; nothing happened. Try again later, slower.
    Overloaded {
        /// What is full, and its limit.
        what: String,
    },
    /// The outcome is not known: the journal failed while the command was under way. It may or
    /// may not have happened.
    Unavailable {
        /// What failed.
        reason: String,
    },
    /// The disk is full. New work is refused until there is room.
    DiskFull,
    /// The time that the caller gave is over; what was asked goes on.
    Timeout,
    /// The engine was closed.
    Closed,
    /// A bug of ours; the command was undone.
    Internal {
        /// What the panic said.
        reason: String,
    },
    /// What was given cannot be used: "expected …, but …".
    Invalid {
        /// The expectation.
        reason: String,
    },
    /// Folding the journal failed: a bug of ours, or corruption. The engine does not start.
    Recovery {
        /// The journal.
        partition: String,
        /// The position of the step.
        lsn: u64,
        /// What went wrong.
        reason: String,
    },
    /// The journal, its folder or a checkpoint.
    Journal(journal::Error),
}

impl Error {
    /// Stable code; each has a page in `docs/errors/`.
    pub fn code(&self) -> &'static str {
        match self {
            Error::Rejected(rejection) => rejection.kind.code(),
            Error::Overloaded { .. } => "RESOURCE_EXHAUSTED",
            Error::Unavailable { .. } => "UNAVAILABLE",
            Error::DiskFull => "DISK_FULL",
            Error::Timeout => "DEADLINE_EXCEEDED",
            Error::Closed => "CLOSED",
            Error::Internal { .. } => "INTERNAL",
            Error::Invalid { .. } => "INVALID_ARGUMENT",
            Error::Recovery { .. } => "RECOVERY_FAILED",
            Error::Journal(error) => error.code(),
        }
    }

    /// May the same be asked again, later and slower? A full disk, overload, a journal that failed.
    pub fn is_transient(&self) -> bool {
        match self {
            Error::Overloaded { .. } | Error::Unavailable { .. } | Error::DiskFull => true,
            Error::Rejected(_)
            | Error::Timeout
            | Error::Closed
            | Error::Internal { .. }
            | Error::Invalid { .. }
            | Error::Recovery { .. }
            | Error::Journal(_) => false,
        }
    }

    /// The refusal, if it is one of this kind.
    pub fn is_rejection(&self, kind: RejectionKind) -> bool {
        matches!(self, Error::Rejected(rejection) if rejection.kind == kind)
    }

    pub(crate) fn invalid(reason: impl Into<String>) -> Error {
        Error::Invalid { reason: reason.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Rejected(rejection) => rejection.fmt(f),
            Error::Overloaded { what } => write!(f, "RESOURCE_EXHAUSTED: {what}"),
            Error::Unavailable { reason } => write!(
                f,
                "UNAVAILABLE: expected the journal of this instance to be there, but {reason}; \
                 a command may or may not have happened"
            ),
            Error::DiskFull => f.write_str(
                "DISK_FULL: expected room on the disk, but it is full; free some and a running \
                 engine goes on (a new data folder takes 32 MiB, half of it held back for a day \
                 like this)",
            ),
            Error::Timeout => {
                f.write_str("DEADLINE_EXCEEDED: expected an outcome in time, but there was none")
            }
            Error::Closed => f.write_str("CLOSED: expected an open engine, but it was closed"),
            Error::Internal { reason } => write!(
                f,
                "INTERNAL: expected to decide the command, but a bug of Grevy struck ({reason}); \
                 nothing of the command remains"
            ),
            Error::Invalid { reason } => write!(f, "INVALID_ARGUMENT: {reason}"),
            Error::Recovery { partition, lsn, reason } => write!(
                f,
                "RECOVERY_FAILED: {partition}: expected to fold position {lsn}, but {reason}"
            ),
            Error::Journal(error) => write!(f, "{}: {error}", error.code()),
        }
    }
}

impl std::error::Error for Error {}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Error {
        Error::Rejected(rejection)
    }
}

impl From<journal::Error> for Error {
    fn from(error: journal::Error) -> Error {
        if error.is_full() { Error::DiskFull } else { Error::Journal(error) }
    }
}
