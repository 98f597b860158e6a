//! How well a log and a model agree: token replay, optimal alignments, fitness and precision.

mod align;
mod blocks;
mod measure;
mod net;
mod pnml;
mod precision;
mod prefixes;
mod replay;
mod space;

pub use align::{Aligner, Alignment, Move};
pub(crate) use measure::Measure;
pub use measure::{Fitness, Quality, fitness, quality};
pub use net::{Net, Transition};
pub use precision::precision;
pub use replay::{Replay, replay};
