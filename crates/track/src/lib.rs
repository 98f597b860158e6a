//! Foreign events: mapping, the track machine, conformance, discovery.
//!
//! A [`source::Source`] yields records, a mapping says what each means, and the track machine lays
//! them over a BPMN model.

pub mod bus;
pub mod chart;
pub mod conform;
pub mod discover;
pub mod durable;
pub mod export;
pub mod feed;
pub mod ingest;
pub mod limits;
pub mod log;
pub mod machine;
pub mod mapping;
pub mod past;
pub mod picture;
pub mod rows;
pub mod source;
pub mod station;
pub mod stats;
pub mod traces;
pub mod tracking;
