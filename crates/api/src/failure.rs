//! Why a call was not carried out, before a wire format gives it a number.

use std::fmt;

use engine::{Rejection, RejectionKind};

/// The kinds; each has one gRPC code and one HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    InvalidArgument,
    NotFound,
    AlreadyExists,
    InvalidState,
    /// A bug of ours, or a decision that could not be made.
    Internal,
    /// Too much waits. Nothing happened; slower, and again.
    ResourceExhausted,
    /// The outcome is not known, or the server is not ready.
    Unavailable,
    /// A wait that the caller bounded ran out.
    DeadlineExceeded,
    Unauthenticated,
    PermissionDenied,
    /// Belongs to a later version.
    Unimplemented,
}

/// Why a call was not carried out. The text says what was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub kind: Kind,
    pub text: String,
}

impl Failure {
    pub fn new(kind: Kind, text: impl Into<String>) -> Failure {
        Failure { kind, text: text.into() }
    }

    /// A request that cannot be right, whatever the state is.
    pub fn invalid(text: impl Into<String>) -> Failure {
        Failure::new(Kind::InvalidArgument, text)
    }

    pub fn denied(text: impl Into<String>) -> Failure {
        Failure::new(Kind::PermissionDenied, text)
    }

    /// `what` belongs to a later version.
    pub fn later(what: &str) -> Failure {
        Failure::new(
            Kind::Unimplemented,
            format!("Expected a call that this version of Grevy answers, but {what} comes later"),
        )
    }

    /// The shape that clients and their tests match on.
    pub fn rejected(intent: &str, rejection: &Rejection) -> Failure {
        let code = rejection.kind.code();
        let reason = &rejection.reason;
        Failure::new(
            kind_of(rejection.kind),
            format!("Command '{intent}' rejected with code '{code}': {reason}"),
        )
    }

    /// What became of a command of the engine.
    pub fn of(intent: &str, error: grevy::Error) -> Failure {
        let text = error.to_string();
        let kind = match error {
            grevy::Error::Rejected(rejection) => return Failure::rejected(intent, &rejection),
            grevy::Error::Overloaded { .. } | grevy::Error::DiskFull => Kind::ResourceExhausted,
            grevy::Error::Unavailable { .. }
            | grevy::Error::Closed
            | grevy::Error::Recovery { .. }
            | grevy::Error::Journal(_) => Kind::Unavailable,
            grevy::Error::Timeout => Kind::DeadlineExceeded,
            grevy::Error::Internal { .. } => Kind::Internal,
            grevy::Error::Invalid { reason } => return Failure::invalid(reason),
        };
        Failure::new(kind, text)
    }
}

fn kind_of(kind: RejectionKind) -> Kind {
    match kind {
        RejectionKind::InvalidArgument => Kind::InvalidArgument,
        RejectionKind::NotFound => Kind::NotFound,
        RejectionKind::AlreadyExists => Kind::AlreadyExists,
        RejectionKind::InvalidState => Kind::InvalidState,
        RejectionKind::ProcessingError => Kind::Internal,
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Failure {}
