//! Searches, reads and the live stream, against a real server with real instances.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod behind;
mod console;
mod contract;
mod decisions;
mod files;
mod listeners;
mod search;
mod seed;
mod stream;
mod support;
