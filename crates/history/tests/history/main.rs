//! The read model behind the real engine.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod explain;
mod search;
mod statistics;
mod support;
mod write;
