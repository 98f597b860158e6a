//! The machines of an engine: the partitions and the meta journal of deployments.

mod catalog;
mod engine;
mod meta;

pub use catalog::Known;
pub use engine::Engine;
pub use meta::Meta;
