//! Every limit of the scenarios.

/// Lines around a difference.
pub const CONTEXT_LINES: usize = 12;

/// Rounds of deferred work or timers of one command: more is a model that never comes to rest.
pub const ROUNDS_MAX: usize = 100_000;
