//! The durable form: what the journal's frames and the checkpoints hold, as protobuf that other
//! languages can read by the files in `schema/`.
//!
//! * [`encode_step`] and [`decode_step`]: one frame per step, its events grouped by aggregate, keys
//!   inside an instance as offsets.
//! * [`Dictionary`]: what a reader without a state needs to name things, once per group.
//! * [`encode_meta_step`] and [`decode_meta_step`]: the same for the journal of deployments.
//! * [`checkpoint`]: instances and tables as blobs.
//! * [`Exporter`]: who takes steps to other systems.
//!
//! Encoder, decoder, schema text and test values come from one table per type in `schema/`.

#[macro_use]
mod table;

pub mod checkpoint;
mod codec;
mod dictionary;
mod error;
mod exporter;
pub mod limits;
mod meta;
mod proto;
mod schema;
#[cfg(feature = "specimen")]
pub mod specimen;
mod step;
mod wire;

pub use dictionary::{DefinitionEntry, Dictionary, InstanceEntry};
pub use error::DecodeError;
pub use exporter::{Content, ExportError, ExportedStep, Exporter, Origin};
pub use meta::{MetaStep, decode_meta_step, encode_meta_step};
pub use schema::protos;
pub use step::{SCHEMA, Step, decode_step, encode_build, encode_dictionary, encode_step};
