//! The durable form: what the journal's frames and the checkpoints hold, as protobuf that other
//! languages can read by `schema/journal.proto`.
//!
//! * [`encode_step`] and [`decode_step`]: one frame per step, its events grouped by aggregate, keys
//!   inside an instance as offsets.
//! * [`Dictionary`]: what a reader without a state needs to name things, once per group.
//!
//! Encoder, decoder, schema text and test values come from one table per type in `schema/`.

#[macro_use]
mod table;

mod codec;
mod dictionary;
mod error;
pub mod limits;
mod proto;
mod schema;
#[cfg(feature = "specimen")]
pub mod specimen;
mod step;
mod wire;

pub use dictionary::{DefinitionEntry, Dictionary, InstanceEntry};
pub use error::DecodeError;
pub use schema::proto;
pub use step::{SCHEMA, Step, decode_step, encode_build, encode_dictionary, encode_step};
