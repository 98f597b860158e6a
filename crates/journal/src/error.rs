//! What can go wrong, as values that an owner can act upon.

use crate::Lsn;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// An error of a journal, a folder or a checkpoint.
///
/// It is cheap to clone, because one failed sync is told to the writer, to its callback and to
/// everyone who waits.
#[derive(Clone, Debug)]
pub enum Error {
    /// The disk has no room. Nothing is damaged; intake goes on when space returns.
    Full {
        /// What was being done.
        doing: &'static str,
    },
    /// Another writer claimed a later epoch; this one may never append again.
    Fenced {
        /// The epoch of this writer.
        epoch: u64,
        /// The epoch that replaced it, where it is known.
        by: Option<u64>,
    },
    /// An append or a sync failed. Final for this writer: drop speculation, claim a new epoch.
    Failed {
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        cause: Arc<io::Error>,
    },
    /// Bytes that were durable can no longer be read. Never repaired silently.
    Corrupt {
        /// The damaged file; for a backend without files its name.
        file: PathBuf,
        /// Where in the file the damage begins, in bytes.
        offset: u64,
        /// The first position that cannot be read.
        lsn: Lsn,
        /// What was expected and what was found.
        what: String,
    },
    /// The position was trimmed away.
    Trimmed {
        /// The position asked for.
        asked: Lsn,
        /// The first position that can be read.
        first: Lsn,
    },
    /// Something given is larger than a limit.
    TooLarge {
        /// What it is.
        what: &'static str,
        /// Its size.
        size: u64,
        /// The limit.
        max: u64,
    },
    /// Too much is accepted and not yet durable. Not final: append again later.
    Backlog {
        /// Groups that wait.
        groups: usize,
        /// Bytes that wait.
        bytes: usize,
    },
    /// The folder belongs to another process.
    Locked {
        /// The folder.
        folder: PathBuf,
        /// The process that has it, where its lock file names one.
        pid: Option<u32>,
    },
    /// The folder or file was written by a newer version.
    NewerFormat {
        /// The file that says so.
        file: PathBuf,
        /// The version found.
        found: u64,
        /// The newest version known here.
        known: u64,
    },
    /// The folder holds files that are not ours.
    NotGrevy {
        /// The folder.
        folder: PathBuf,
        /// A file that does not belong there.
        found: String,
    },
    /// A caller broke a rule of the interface, such as publishing ahead of the durable log.
    Misuse {
        /// What was expected, and what was done.
        what: String,
    },
    /// The file system refused something that is not an append.
    Io {
        /// What was being done.
        doing: &'static str,
        /// The file.
        file: PathBuf,
        /// What the system said.
        cause: Arc<io::Error>,
    },
}

impl Error {
    /// The stable code, which has a page in `docs/errors/`.
    pub fn code(&self) -> &'static str {
        match self {
            Error::Full { .. } => "JOURNAL_FULL",
            Error::Fenced { .. } => "JOURNAL_FENCED",
            Error::Failed { .. } => "JOURNAL_FAILED",
            Error::Corrupt { .. } => "JOURNAL_CORRUPT",
            Error::Trimmed { .. } => "JOURNAL_TRIMMED",
            Error::TooLarge { .. } => "JOURNAL_TOO_LARGE",
            Error::Backlog { .. } => "JOURNAL_BACKLOG",
            Error::Locked { .. } => "FOLDER_LOCKED",
            Error::NewerFormat { .. } => "FOLDER_NEWER_FORMAT",
            Error::NotGrevy { .. } => "FOLDER_NOT_GREVY",
            Error::Misuse { .. } => "JOURNAL_MISUSE",
            Error::Io { .. } => "JOURNAL_IO",
        }
    }

    /// Whether the writer that met this can never append again.
    pub fn is_final(&self) -> bool {
        match self {
            Error::Fenced { .. } | Error::Failed { .. } | Error::Corrupt { .. } => true,
            Error::Full { .. }
            | Error::Trimmed { .. }
            | Error::TooLarge { .. }
            | Error::Backlog { .. }
            | Error::Locked { .. }
            | Error::NewerFormat { .. }
            | Error::NotGrevy { .. }
            | Error::Misuse { .. }
            | Error::Io { .. } => false,
        }
    }

    /// Whether the disk has no room.
    pub fn is_full(&self) -> bool {
        matches!(self, Error::Full { .. })
    }

    /// An error of the file system, where a full disk is told apart.
    pub(crate) fn io(doing: &'static str, file: impl Into<PathBuf>, cause: io::Error) -> Error {
        if is_no_space(&cause) {
            return Error::Full { doing };
        }
        Error::Io { doing, file: file.into(), cause: Arc::new(cause) }
    }
}

/// Whether the system says that there is no room, be it the disk or a quota.
pub(crate) fn is_no_space(cause: &io::Error) -> bool {
    matches!(
        cause.kind(),
        // The last one: a limit of the process (`ulimit -f`) or of the file system.
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Full { doing } => {
                write!(f, "expected room on the disk while {doing}, but it is full; free some")
            }
            Error::Fenced { epoch, by: Some(by) } => {
                write!(f, "expected to own epoch {epoch}, but epoch {by} was claimed")
            }
            Error::Fenced { epoch, by: None } => {
                write!(f, "expected to own epoch {epoch}, but a later one was claimed")
            }
            Error::Failed { doing, cause } => {
                write!(f, "expected {doing} to succeed, but: {cause}; a new epoch is needed")
            }
            Error::Corrupt { file, offset, lsn, what } => write!(
                f,
                "{}: byte {offset}: position {lsn} was durable, but {what}",
                file.display()
            ),
            Error::Trimmed { asked, first } => {
                write!(f, "expected position {asked}, but the journal now begins at {first}")
            }
            Error::TooLarge { what, size, max } => {
                write!(f, "expected {what} of at most {max}, but it is {size}")
            }
            Error::Backlog { groups, bytes } => write!(
                f,
                "expected the disk to keep up, but {groups} groups of {bytes} bytes wait for it"
            ),
            Error::Locked { folder, pid } => locked(f, folder, *pid),
            Error::NewerFormat { file, found, known } => write!(
                f,
                "{}: expected format {known} or older, but it is {found}; use a newer Grevy",
                file.display()
            ),
            Error::NotGrevy { folder, found } => write!(
                f,
                "{}: expected an empty folder or one of Grevy, but it holds {found}",
                folder.display()
            ),
            Error::Misuse { what } => f.write_str(what),
            Error::Io { doing, file, cause } => {
                write!(f, "{}: expected {doing} to succeed, but: {cause}", file.display())
            }
        }
    }
}

fn locked(f: &mut fmt::Formatter<'_>, folder: &std::path::Path, pid: Option<u32>) -> fmt::Result {
    write!(f, "{}: expected a free folder, but ", folder.display())?;
    match pid {
        Some(pid) => write!(f, "process {pid} uses it; stop that or choose another folder"),
        None => f.write_str("another process uses it; stop that or choose another folder"),
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Failed { cause, .. } | Error::Io { cause, .. } => Some(cause.as_ref()),
            Error::Full { .. }
            | Error::Fenced { .. }
            | Error::Corrupt { .. }
            | Error::Trimmed { .. }
            | Error::TooLarge { .. }
            | Error::Backlog { .. }
            | Error::Locked { .. }
            | Error::NewerFormat { .. }
            | Error::NotGrevy { .. }
            | Error::Misuse { .. } => None,
        }
    }
}
