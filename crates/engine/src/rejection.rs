//! A command that cannot be carried out: a value, never a panic.

use std::fmt;

/// What kind of refusal; the wire formats map it (protocol/grpc.md 1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RejectionKind {
    InvalidArgument,
    NotFound,
    AlreadyExists,
    InvalidState,
    ProcessingError,
}

/// Why a command was refused: "expected …, but …".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    pub kind: RejectionKind,
    pub reason: String,
}

impl RejectionKind {
    /// The field's name for it.
    pub fn code(self) -> &'static str {
        match self {
            RejectionKind::InvalidArgument => "INVALID_ARGUMENT",
            RejectionKind::NotFound => "NOT_FOUND",
            RejectionKind::AlreadyExists => "ALREADY_EXISTS",
            RejectionKind::InvalidState => "INVALID_STATE",
            RejectionKind::ProcessingError => "PROCESSING_ERROR",
        }
    }
}

impl Rejection {
    pub fn invalid(reason: impl Into<String>) -> Rejection {
        Rejection { kind: RejectionKind::InvalidArgument, reason: reason.into() }
    }

    pub fn not_found(reason: impl Into<String>) -> Rejection {
        Rejection { kind: RejectionKind::NotFound, reason: reason.into() }
    }

    pub fn exists(reason: impl Into<String>) -> Rejection {
        Rejection { kind: RejectionKind::AlreadyExists, reason: reason.into() }
    }

    pub fn state(reason: impl Into<String>) -> Rejection {
        Rejection { kind: RejectionKind::InvalidState, reason: reason.into() }
    }

    pub fn processing(reason: impl Into<String>) -> Rejection {
        Rejection { kind: RejectionKind::ProcessingError, reason: reason.into() }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.code(), self.reason)
    }
}

impl std::error::Error for Rejection {}
