//! Who reads what happened: history, Kafka, a file. Exporters are stateless readers: what they
//! need to name things comes with the steps.

use std::fmt;
use std::sync::Arc;

use engine::PartitionId;

use crate::dictionary::Dictionary;
use crate::meta::MetaStep;
use crate::step::Step;

/// Which journal a step is from; each has positions of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// Deployments.
    Meta,
    Partition(PartitionId),
}

/// A step on its way out. It is durable.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportedStep {
    pub origin: Origin,
    /// Of its frame in the journal; the first is 1.
    pub position: u64,
    pub content: Content,
    /// Names for the group that the step is in; shared by its steps.
    pub names: Arc<Dictionary>,
}

/// What the frame held.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    Step(Step),
    Meta(MetaStep),
}

/// Takes steps to another system.
///
/// # Positions
///
/// - The exporter owns its position: it stores it where it stores the rows, in the same
///   transaction where the receiver has such. The runtime keeps only a copy, to know what may be
///   trimmed.
/// - At its start the runtime asks [`Exporter::position`] and delivers what lies behind it, per
///   origin in ascending order and without a hole. Positions of different origins have no order.
/// - `Ok` from [`Exporter::export`] means that the whole batch survives a crash of the receiver;
///   [`Exporter::position`] then tells the last position of each origin in it.
/// - `Err` means that nothing is promised about the batch. It is delivered again, perhaps with
///   more behind it, perhaps by another process: every step comes at least once. A receiver
///   without transactions removes doubles by (origin, position), or writes rows by key.
/// - A trimmed journal can leave a hole, which is announced by [`Exporter::gap`] before the step
///   behind it; nothing is dropped silently.
pub trait Exporter: Send {
    /// For metrics, settings and messages; one word.
    fn name(&self) -> &str;

    /// The last position of `origin` that the receiver has for good; 0 when it has none.
    ///
    /// # Errors
    /// When the receiver cannot be asked.
    fn position(&mut self, origin: Origin) -> Result<u64, ExportError>;

    /// Delivers steps, of any origins.
    ///
    /// # Errors
    /// When the receiver did not take all of them.
    fn export(&mut self, batch: &[ExportedStep]) -> Result<(), ExportError>;

    /// The steps behind [`Exporter::position`] up to and including `upto` are gone. The position
    /// is `upto` from here on.
    ///
    /// # Errors
    /// When the receiver did not take note of it.
    fn gap(&mut self, origin: Origin, upto: u64) -> Result<(), ExportError>;
}

/// Why a receiver did not take a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportError {
    kind: Kind,
    reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Unavailable,
    Refused,
}

impl ExportError {
    /// The receiver is away or busy: the same batch is tried again, ever more slowly.
    pub fn unavailable(reason: impl Into<String>) -> ExportError {
        ExportError { kind: Kind::Unavailable, reason: reason.into() }
    }

    /// Trying again is of no use (a schema that does not fit, no permission): the exporter stands
    /// still until an operator acts, which is an alert.
    pub fn refused(reason: impl Into<String>) -> ExportError {
        ExportError { kind: Kind::Refused, reason: reason.into() }
    }

    /// Whether the same batch may be tried again without anyone acting.
    pub fn is_unavailable(&self) -> bool {
        self.kind == Kind::Unavailable
    }
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            Kind::Unavailable => "is unavailable",
            Kind::Refused => "refused the batch",
        };
        write!(f, "expected the receiver to take the batch, but it {what}: {}", self.reason)
    }
}

impl std::error::Error for ExportError {}
