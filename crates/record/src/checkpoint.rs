//! What a checkpoint holds. Each blob starts with the version of its form; the rest is protobuf by
//! `schema/checkpoint.proto`. Equal states give equal bytes, so a hash of the bytes is one of the
//! state.

mod instance;

use engine::state::Instance;

use crate::codec::Message;
use crate::error::DecodeError;
use crate::proto::Schema;
use crate::wire::{Reader, Writer};

/// First byte of every blob.
const VERSION: u8 = 1;

fn encode<M: Message>(message: &M) -> Vec<u8> {
    let mut out = vec![VERSION];
    message.write_fields(&mut Writer::new(&mut out, 0));
    out
}

fn decode<M: Message>(blob: &[u8]) -> Result<M, DecodeError> {
    match blob {
        [VERSION, rest @ ..] => M::read_fields(Reader::new(rest, None)),
        [version, ..] => {
            let found = format!("found version {version}: a newer build wrote it");
            Err(DecodeError::malformed(0, "a checkpoint of version 1", found))
        }
        [] => Err(DecodeError::malformed(0, "a checkpoint", "found nothing")),
    }
}

/// The blob of a cold instance.
pub fn encode_instance(instance: &Instance) -> Vec<u8> {
    encode(instance)
}

/// Reads the blob of a cold instance.
///
/// # Errors
/// When the bytes are none.
pub fn decode_instance(blob: &[u8]) -> Result<Instance, DecodeError> {
    decode(blob)
}

pub(crate) fn describe(schema: &mut Schema) {
    Instance::describe(schema);
}
