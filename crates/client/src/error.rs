//! What goes wrong.

use std::fmt;

use tonic::{Code, Status};

/// Kinds that a caller treats differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// The request cannot be right.
    Invalid,
    NotFound,
    AlreadyExists,
    /// Not in this state.
    State,
    /// Too much to do; it was tried several times.
    Overloaded,
    /// The server is away; it was tried several times.
    Unavailable,
    /// A wait ran out.
    Timeout,
    /// Who calls is not known, or may not.
    Denied,
    /// The server knows no such call.
    Unimplemented,
    /// Everything else.
    Internal,
}

/// A call that failed.
#[derive(Debug, Clone)]
pub struct Error {
    kind: Kind,
    message: String,
}

impl Error {
    pub fn kind(&self) -> Kind {
        self.kind
    }

    pub fn is_not_found(&self) -> bool {
        self.kind == Kind::NotFound
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Error {
        Error { kind: Kind::Invalid, message: message.into() }
    }
}

impl From<Status> for Error {
    fn from(status: Status) -> Error {
        let kind = match status.code() {
            Code::InvalidArgument | Code::OutOfRange => Kind::Invalid,
            Code::NotFound => Kind::NotFound,
            Code::AlreadyExists => Kind::AlreadyExists,
            Code::FailedPrecondition => Kind::State,
            Code::ResourceExhausted => Kind::Overloaded,
            Code::Unavailable | Code::Aborted | Code::Cancelled => Kind::Unavailable,
            Code::DeadlineExceeded => Kind::Timeout,
            Code::Unauthenticated | Code::PermissionDenied => Kind::Denied,
            Code::Unimplemented => Kind::Unimplemented,
            Code::Ok | Code::Unknown | Code::Internal | Code::DataLoss => Kind::Internal,
        };
        Error { kind, message: status.message().to_owned() }
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Error {
        Error::invalid(format!("expected JSON that fits, but {error}"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.message)
    }
}

impl std::error::Error for Error {}
