//! Every limit of the durable form.

/// Events that one step may hold when it is read. The engine writes at most
/// `engine::limits::STEP_EVENTS_MAX`; this bound only keeps forged input from taking memory.
/// "expected at most 65536 events in a step, but …".
pub const STEP_EVENTS_MAX: usize = 65_536;
