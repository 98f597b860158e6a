//! Errors of the read model.

use std::fmt;

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
        Error::store(format!("the store of history answered: {error}"))
    }
}

impl From<sqlx::migrate::MigrateError> for Error {
    fn from(error: sqlx::migrate::MigrateError) -> Error {
        use sqlx::migrate::MigrateError as E;
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
