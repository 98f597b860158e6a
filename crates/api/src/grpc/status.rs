//! Codes of gRPC.

use tonic::{Code, Status};

use crate::failure::{Failure, Kind};

/// The code of a kind of failure.
pub fn code(kind: Kind) -> Code {
    match kind {
        Kind::InvalidArgument => Code::InvalidArgument,
        Kind::NotFound => Code::NotFound,
        Kind::AlreadyExists => Code::AlreadyExists,
        Kind::InvalidState => Code::FailedPrecondition,
        Kind::Internal => Code::Internal,
        Kind::ResourceExhausted => Code::ResourceExhausted,
        Kind::Unavailable => Code::Unavailable,
        Kind::DeadlineExceeded => Code::DeadlineExceeded,
        Kind::Unauthenticated => Code::Unauthenticated,
        Kind::PermissionDenied => Code::PermissionDenied,
        Kind::Unimplemented => Code::Unimplemented,
    }
}

/// The status of a failure.
pub fn of(failure: Failure) -> Status {
    Status::new(code(failure.kind), failure.text)
}
