//! Figures about a log: durations, throughput, variants, the slowest transitions, breaches. Exact:
//! percentiles are values of the log (nearest rank), not estimates.

mod times;

pub use times::{Spread, Times};
