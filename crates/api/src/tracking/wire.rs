//! What the calls take and answer, for the document and for readers in Rust. Times are ms since
//! 1970, durations ms. A test reads every answer of the server with these types.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A tracked process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TrackedProcess {
    pub process: String,
    /// Unmapped, Mapped, Published or Unpublished changes.
    pub state: String,
    /// How often it was published.
    pub version: u32,
    /// Element id by event type, as the draft has it.
    pub types: Option<BTreeMap<String, String>>,
    /// As it is published: a case that is quiet for so long is stuck.
    pub stuck_after_ms: Option<i64>,
    /// As it is published: alerts also for what had passed when its event came.
    pub alert_on_backfill: bool,
}

/// A case with where it is and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TrackedCase {
    /// Goes on with `after`.
    pub number: u64,
    pub process: String,
    pub case: String,
    /// early, open, stuck, resting, completed or expired.
    pub status: String,
    pub since_ms: i64,
    pub events: u64,
    pub first_ms: Option<i64>,
    pub last_ms: Option<i64>,
    pub last_step: Option<String>,
    /// Event types that can come next.
    pub expected: Vec<String>,
    /// When the deadlines that are running are over.
    pub deadlines: Vec<i64>,
    pub findings: Vec<TrackedFinding>,
    /// What the model reads of its payload, for gateways and for messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub variables: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Where a case does not go the way that the model says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TrackedFinding {
    /// skipped, repeated, wrong order, unexpected or too late.
    pub kind: String,
    pub step: String,
    pub expected: Vec<String>,
    pub at_ms: i64,
}

/// What became of one record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordVerdict {
    /// Goes on with `after`, as `at.index`.
    pub at: u64,
    pub index: u32,
    pub source: String,
    pub partition: u32,
    pub offset: u64,
    /// started, moved, buffered, expired, replaced, ignored or rejected.
    pub verdict: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_ms: Option<i64>,
}

/// Deviations of all cases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProcessFindings {
    /// Cases with at least one.
    pub cases: u64,
    pub findings: Vec<FindingCount>,
}

/// One kind of deviation at one step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TrackedFindingCount)]
pub struct FindingCount {
    pub kind: String,
    pub step: String,
    pub element: Option<String>,
    pub cases: u64,
    pub examples: Vec<String>,
    pub ids: Vec<String>,
}

/// Counts and times; percentiles are values of the cases (nearest rank).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProcessStats {
    pub cases: u64,
    pub events: u64,
    pub variants: u64,
    pub first_ms: i64,
    pub last_ms: i64,
    pub cases_per_day: f64,
    pub duration: TimeSpread,
    pub steps: BTreeMap<String, StepStats>,
    pub transitions: Vec<TransitionStats>,
    pub top_variants: Vec<VariantStats>,
    pub slowest: Vec<TransitionStats>,
    pub target: Option<TargetStats>,
}

/// What is said about many durations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeSpread {
    pub count: u64,
    pub min_ms: i64,
    pub p50_ms: i64,
    pub p95_ms: i64,
    pub max_ms: i64,
    pub mean_ms: f64,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StepStats {
    pub events: u64,
    pub cases: u64,
    /// Since the event before it in its case.
    pub waited: TimeSpread,
}

/// One step directly after another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransitionStats {
    pub from: String,
    pub to: String,
    pub time: TimeSpread,
}

/// One way through the process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VariantStats {
    pub steps: Vec<String>,
    pub cases: u64,
    pub share: f64,
    pub duration: TimeSpread,
}

/// A promise about whole cases: p95 of their durations within a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetStats {
    pub within_ms: i64,
    pub p95_ms: i64,
    pub kept: bool,
    pub breaches: u64,
    /// 1 is all that one case in twenty may take longer.
    pub allowance_used: f64,
    pub examples: Vec<String>,
}

/// An alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = TrackedAlert)]
pub struct Alert {
    pub number: u64,
    pub process: String,
    pub case: String,
    pub name: String,
    pub element: String,
    pub due_ms: i64,
    pub raised_ms: i64,
    /// It is sent as a message, too.
    pub message: bool,
    pub delivered: bool,
}

/// The messages of one trace in the order of their times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MessageTrace)]
pub struct Trace {
    pub id: String,
    pub messages: Vec<TraceMessage>,
    /// Messages that are too many to be listed.
    pub left_out: u64,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TraceMessage {
    pub kind: String,
    pub sender: Option<String>,
    pub correlation: Option<String>,
    pub time_ms: i64,
    pub arrival_ms: i64,
    pub partition: u32,
    pub offset: u64,
    /// Since the message before it.
    pub gap_ms: i64,
    /// It asks rather than tells: its name ends in "Command".
    pub command: bool,
    /// What the mapping reads as its payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub variables: Option<serde_json::Value>,
}

/// Elements of a model whose message is in a trace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReachedElements)]
pub struct Reached {
    pub elements: Vec<String>,
}
