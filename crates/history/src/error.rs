//! Errors of the read model.

use std::fmt;
use std::path::Path;

/// What went wrong; the text says what was expected and what was there instead.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Query,
    Store,
    Damaged,
    Closed,
    Full,
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The request itself is at fault.
    pub(crate) fn query(message: impl Into<String>) -> Error {
        Error { kind: Kind::Query, message: message.into() }
    }

    pub(crate) fn store(message: impl Into<String>) -> Error {
        Error { kind: Kind::Store, message: message.into() }
    }

    /// The file holds what the store cannot read.
    pub(crate) fn damaged(what: impl fmt::Display) -> Error {
        let message = format!(
            "HISTORY_DAMAGED: expected a whole file of history, but {what}; stop the server and \
             run 'grevy history rebuild'"
        );
        Error { kind: Kind::Damaged, message }
    }

    /// The same of a file by its path.
    pub(crate) fn at(self, path: &Path) -> Error {
        let message = format!("{}: {}", path.display(), self.message);
        Error { message, ..self }
    }

    pub(crate) fn closed() -> Error {
        Error {
            kind: Kind::Closed,
            message: "expected a running history, but it was closed".into(),
        }
    }

    pub(crate) fn full(bytes: usize) -> Error {
        let message =
            format!("expected room in the queue of history, but {bytes} bytes wait in it");
        Error { kind: Kind::Full, message }
    }

    /// The request is at fault: an unknown field, a value of the wrong kind, a broken cursor.
    pub fn is_query(&self) -> bool {
        self.kind == Kind::Query
    }

    /// The queue is at its cap and the policy is to stop intake; nothing was taken.
    pub fn is_full(&self) -> bool {
        self.kind == Kind::Full
    }

    /// The file is not a database, cut off, or damaged inside.
    pub fn is_damaged(&self) -> bool {
        self.kind == Kind::Damaged
    }

    /// The writer has ended.
    pub fn is_closed(&self) -> bool {
        self.kind == Kind::Closed
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Error {
        // SQLITE_CORRUPT and SQLITE_NOTADB; what stands above the byte says more of the same.
        let code = error.as_database_error().and_then(|error| error.code());
        let code = code.and_then(|code| code.parse::<i32>().ok()).map(|code| code & 0xff);
        if let Some(11 | 26) = code {
            return Error::damaged(format!("the store answered: {error}"));
        }
        Error::store(format!("the store of history answered: {error}"))
    }
}

impl From<sqlx::migrate::MigrateError> for Error {
    fn from(error: sqlx::migrate::MigrateError) -> Error {
        use sqlx::migrate::MigrateError as E;
        let error = match error {
            E::Execute(error) | E::ExecuteMigration(error, _) => {
                let error = Error::from(error);
                if error.is_damaged() {
                    return error;
                }
                let text =
                    format!("the tables of history could not be brought up to date: {error}");
                return Error::store(text);
            }
            other => other,
        };
        let of_other_build = matches!(
            error,
            E::VersionMismatch(_)
                | E::VersionMissing(_)
                | E::VersionTooNew(..)
                | E::VersionTooOld(..)
                | E::Dirty(_)
        );
        if of_other_build {
            return Error::store(format!(
                "expected tables of history as this build makes them, but {error}: another build \
                 made them; 'grevy history rebuild' makes them again from the events that they \
                 keep"
            ));
        }
        Error::store(format!("the tables of history could not be brought up to date: {error}"))
    }
}
