//! Every bound of this crate, with the error that a user meets at it.

/// One record, in bytes of its text; a longer one becomes a verdict "expected at most …".
pub const RECORD_BYTES_MAX: usize = 1 << 20;
/// Nesting of one JSON record (`serde_json` refuses deeper text by itself).
pub const RECORD_DEPTH_MAX: usize = 128;
/// Columns of a CSV file and attributes of one XES event or trace.
pub const RECORD_FIELDS_MAX: usize = 4_096;
/// Events of one CloudEvents batch.
pub const BATCH_EVENTS_MAX: usize = 10_000;
/// Bytes of `mapping.yaml`.
pub const MAPPING_BYTES_MAX: usize = 1 << 20;
/// Alternatives of one field of a mapping.
pub const ALTERNATIVES_MAX: usize = 16;
/// Event types that a mapping names.
pub const TYPES_MAX: usize = 10_000;
/// Bytes of an event type, a case id, an event id, a sender or a correlation key.
pub const TEXT_BYTES_MAX: usize = 1_024;
/// Records that a guess looks at.
pub const SAMPLE_RECORDS_MAX: usize = 1_000;
/// Paths of the sample that are weighed, first seen first.
pub const SAMPLE_PATHS_MAX: usize = 400;
/// How deep below the record's root a guess looks.
pub const SAMPLE_DEPTH_MAX: usize = 6;
/// Events of a log that is counted or mined as a whole.
pub const LOG_EVENTS_MAX: u32 = 100_000_000;
/// Event types of such a log.
pub const LOG_ACTIVITIES_MAX: usize = 10_000;
/// Event types of a log that is mined for a model.
pub const DISCOVER_ACTIVITIES_MAX: usize = 1_000;
/// Nesting of a discovered model; below it anything goes (a flower).
pub const DISCOVER_DEPTH_MAX: usize = 500;
/// Activities up to which each is tried as one beside all others.
pub const CONCURRENT_ACTIVITIES_MAX: usize = 100;
/// States that one alignment may visit; beyond it the trace counts as unexplained.
pub const ALIGNMENT_STATES_MAX: usize = 1_000_000;
/// Variants on which candidate models are compared; of larger logs a sample.
pub const CANDIDATE_VARIANTS_MAX: usize = 400;
/// States that one alignment may visit while candidates are compared.
pub const CANDIDATE_STATES_MAX: usize = 20_000;
/// Transitions of a tracking model's net: its elements, times the ways into and out of gateways.
pub const CHART_TRANSITIONS_MAX: usize = 100_000;
/// Flows of an inclusive gateway up to which every combination is tried.
pub const INCLUSIVE_FLOWS_MAX: usize = 5;
