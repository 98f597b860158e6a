//! From events to a model without one: the inductive miner (Leemans, "Robust Process Mining with
//! Guarantees", 2017), exact and with a noise threshold. A log is cut into parts that relate as
//! choice, sequence, parallelism or loop, and each part is mined alone, so that the result is a
//! process tree, which is sound by construction.

mod cut;
mod fall;
mod graph;
mod improve;
mod miner;
mod parse;
mod split;
mod sublog;
mod tree;

pub use miner::{Options, discover};
pub use tree::Tree;

/// The noise threshold where nobody says another, so that every command finds the same model.
pub const USUAL_NOISE: f64 = 0.2;
