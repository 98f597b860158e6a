//! Why bytes are no record of ours.

use std::fmt;

/// Bytes that cannot be read. Whoever folds them stops: an event that is skipped is a state that
/// is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    kind: Kind,
    /// Byte in the frame.
    at: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// Expectation, and what was found.
    Malformed(&'static str, String),
    UnknownEvent {
        message: &'static str,
        tag: u32,
    },
}

impl DecodeError {
    pub(crate) fn malformed(
        at: usize,
        expected: &'static str,
        found: impl Into<String>,
    ) -> DecodeError {
        DecodeError { kind: Kind::Malformed(expected, found.into()), at }
    }

    pub(crate) fn unknown(at: usize, message: &'static str, tag: u32) -> DecodeError {
        DecodeError { kind: Kind::UnknownEvent { message, tag }, at }
    }

    /// Tag of an event (or other choice) that this build does not know: a newer version wrote it.
    pub fn unknown_tag(&self) -> Option<u32> {
        match self.kind {
            Kind::UnknownEvent { tag, .. } => Some(tag),
            Kind::Malformed(..) => None,
        }
    }

    /// Whether the choice that it failed at is that of `message`, not of one inside.
    pub(crate) fn is_of(&self, name: &str) -> bool {
        matches!(self.kind, Kind::UnknownEvent { message, .. } if message == name)
    }

    /// Byte of the frame where reading stopped.
    pub fn at(&self) -> usize {
        self.at
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Malformed(expected, found) => {
                write!(f, "expected {expected}, but {found} (byte {} of the record)", self.at)
            }
            Kind::UnknownEvent { message, tag } => write!(
                f,
                "expected a {message} that this build knows, but found tag {tag}: \
                 a newer version wrote it (byte {} of the record)",
                self.at
            ),
        }
    }
}

impl std::error::Error for DecodeError {}
