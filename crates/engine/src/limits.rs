//! Every limit of the engine, with the error that a user gets.

/// Events of one step; more becomes deferred work that is interleaved with other commands.
pub const STEP_EVENTS_MAX: usize = 1_000;
/// Bytes of the values in one step, half of what a group of the journal holds; more becomes
/// deferred work.
pub const STEP_BYTES_MAX: usize = 8 << 20;
/// Bytes of the variables that one command may bring, as MessagePack.
/// INVALID_ARGUMENT: "expected variables of at most 4 MiB, but …".
pub const VARIABLES_BYTES_MAX: usize = 4 << 20;
/// Variables of all scopes of one instance together.
/// INVALID_ARGUMENT on commands, IO_MAPPING_ERROR incident inside the flow.
pub const INSTANCE_BYTES_MAX: usize = 64 << 20;
/// What the evaluation of one decision may leave: its result with every input and output.
/// DECISION_EVALUATION_ERROR incident, or a failed answer.
pub const EVALUATION_BYTES_MAX: usize = 2 << 20;
/// Operations of one expression or decision, some 0.4 s on one core: nothing else of its partition
/// goes on meanwhile. A `for` over a million elements takes eight or nine million.
pub const EXPRESSION_FUEL_MAX: u64 = 10_000_000;
/// Names of messages, job types, correlation keys, message ids, workers, error codes.
pub const NAME_BYTES_MAX: usize = 1_024;
/// Texts of job failures and incidents are cut here, in characters.
pub const ERROR_MESSAGE_CHARS_MAX: usize = 10_000;
/// Bytes of a request id.
/// INVALID_ARGUMENT: "expected a request id of 1 to 128 bytes, but …".
pub const REQUEST_ID_BYTES_MAX: usize = 128;
/// Answered requests that a partition remembers; a retry of an older one is a new request.
pub const REQUESTS_MAX: usize = 65_536;
/// See [`REQUESTS_MAX`].
pub const REQUESTS_BYTES_MAX: usize = 16 << 20;
/// Milliseconds of log time for which an answered request is remembered.
pub const REQUESTS_AGE_MS_MAX: i64 = 15 * 60 * 1_000;
/// Jobs of one activation.
pub const ACTIVATION_JOBS_MAX: u32 = 1_000;
/// Bytes of the variables of all jobs of one activation; what does not fit stays activatable.
pub const ACTIVATION_BYTES_MAX: usize = 3 << 20;
/// Timers that one turn may fire.
pub const DUE_TIMERS_MAX: usize = 256;
/// Tags of an instance; each at most 100 characters.
pub const TAGS_MAX: usize = 10;
/// Characters of a business id.
pub const BUSINESS_ID_CHARS_MAX: usize = 256;
/// Bytes of the id that a form or another file says it has.
pub const RESOURCE_ID_BYTES_MAX: usize = 512;
/// Resources of one deployment, and their bytes together.
pub const DEPLOYMENT_RESOURCES_MAX: usize = 200;
/// See [`DEPLOYMENT_RESOURCES_MAX`].
pub const DEPLOYMENT_BYTES_MAX: usize = 8 << 20;
/// Element instances of one process instance.
pub const INSTANCE_ELEMENTS_MAX: usize = 200_000;
/// Retries of a job.
pub const RETRIES_MAX: i64 = i32::MAX as i64;
/// Items of the input collection of a multi-instance. EXTRACT_VALUE_ERROR incident.
pub const LOOP_ITEMS_MAX: usize = 100_000;
/// Instances of a multi-instance that begin in one go, and children that are terminated in one go.
pub const LOOP_PORTION: usize = 32;
/// Waits that a signal reaches in one step.
pub const BROADCAST_PORTION: usize = 64;
/// Instances that call each other, one below the other. CALLED_ELEMENT_ERROR incident.
pub const CALL_DEPTH_MAX: u32 = 1_000;
