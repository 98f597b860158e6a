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
/// Steps after which no further candidate model is mined.
pub const MINING_WORK_MAX: u64 = 1_000_000_000;
/// Variants on which candidate models are compared; of larger logs a sample.
pub const CANDIDATE_VARIANTS_MAX: usize = 400;
/// Steps that the measuring of one candidate may take, more or less.
pub const CANDIDATE_WORK_MAX: u64 = 100_000_000;
/// Steps that the measuring of a whole log may take; of larger logs a sample is measured.
pub const QUALITY_WORK_MAX: u64 = 20_000_000_000;
/// Events of a trace that is laid over blocks, its shortest run included: costs fit 32 bits.
pub const ALIGNMENT_EVENTS_MAX: usize = 60_000;
/// Cells of the tables that lay one trace over blocks, and the steps to fill them.
pub const ALIGNMENT_CELLS_MAX: usize = 1 << 24;
pub const ALIGNMENT_WORK_MAX: u64 = 2_000_000_000;
/// Transitions of a tracking model's net: its elements, times the ways into and out of gateways.
pub const CHART_TRANSITIONS_MAX: usize = 100_000;
/// Flows of an inclusive gateway up to which every combination is tried.
pub const INCLUSIVE_FLOWS_MAX: usize = 5;
/// Markings that silent steps reach from one, up to which each is looked at.
pub const SILENT_MARKINGS_MAX: usize = 5_000;
/// States that all alignments of one log may visit together, before the rest of them is cut short.
pub const LOG_STATES_MAX: usize = 100_000_000;
/// States that an alignment may visit then.
pub const CUT_STATES_MAX: usize = 2_000;
/// Events and moves of the alignments that are kept for traces that come again.
pub const ALIGNMENT_CACHE_MAX: usize = 8_000_000;
/// Records of one command of the track machine.
pub const BATCH_RECORDS_MAX: usize = 1_000;
/// Events that a case keeps one by one; older ones are folded into its marking.
pub const CASE_EVENTS_MAX: usize = 48;
/// Folded events that a case still knows, so that what is late or comes again finds its place.
pub const CASE_PAST_MAX: usize = 10_000;
/// Folded events that all cases together know; further ones are only in the marking of their case.
pub const PAST_EVENTS_MAX: usize = 5_000_000;
/// Findings of one case; further ones are counted only.
pub const CASE_FINDINGS_MAX: usize = 16;
/// Completed cases that are kept for late events, the oldest forgotten first.
pub const COMPLETED_CASES_MAX: usize = 1_000_000;
/// Event types that a model does not know, by name; records of further ones are rejected.
pub const UNKNOWN_KINDS_MAX: usize = 1_000;
/// Rejected records that can be observed again after a fix, the oldest forgotten first.
pub const REJECTED_RECORDS_MAX: usize = 100_000;
/// Models that are published side by side.
pub const MODELS_MAX: usize = 10_000;
/// Bytes of a published model.
pub const MODEL_BYTES_MAX: usize = 4 << 20;
/// How long an early event waits for its case where the mapping does not say.
pub const EARLY_TTL_MS: i64 = 3_600_000;
/// Timers that fire in one command.
pub const TICK_TIMERS_MAX: usize = 256;
/// Messages that are listed of one trace.
pub const TRACE_MESSAGES_MAX: usize = 10_000;
/// Bytes of the variables that are listed of one trace; those of further messages are left out.
pub const TRACE_VARIABLE_BYTES_MAX: usize = 4 << 20;
/// Cases that are listed of one kind of finding.
pub const FINDING_CASES_MAX: usize = 10_000;
/// Different reasons for rejected records that are counted apart.
pub const REASONS_MAX: usize = 1_000;
/// Alerts that are kept as records, the oldest delivered one forgotten first.
pub const ALERTS_KEPT_MAX: usize = 100_000;
/// Bytes of the variables that a case keeps for its model; what is more is left out.
pub const CASE_VARIABLE_BYTES_MAX: usize = 2_048;
/// Events that the built-in bus keeps, the oldest dropped first, in whole segments.
pub const BUS_EVENTS_MAX: u64 = 100_000_000;
/// Bytes of one group of events on the bus.
pub const BUS_GROUP_BYTES_MAX: usize = 8 << 20;
/// Commands of one source that are under way at once.
pub const FEED_COMMANDS_MAX: usize = 8;
/// Files beside a log that are looked at for what it had before it was rotated.
pub const ROTATED_FILES_MAX: usize = 1_000;
/// Days for which traces, verdicts and figures of kept cases can be read, where nobody says so.
pub const PAST_KEPT_DAYS: u32 = 30;
/// Rows that one look at verdicts or cases returns.
pub const ROWS_MAX: usize = 10_000;
/// Ways through the gateways of one model that are remembered at once, by what data rules out.
pub const VARIATIONS_MAX: usize = 64;
/// Alerts of cases that are stuck already, when these are asked for; further ones stay in the list.
pub const BACKFILL_ALERTS_MAX: usize = 10_000;
/// Cases that are judged again when a type of the model turns out to come; older ones are judged
/// with their next event.
pub const JUDGED_AGAIN_MAX: usize = 100_000;
