//! What a checkpoint holds. Each blob starts with the version of its form; the rest is protobuf by
//! `schema/checkpoint.proto`. Equal states give equal bytes, so a hash of the bytes is one of the
//! state.

mod instance;
mod meta;
mod tables;

use engine::state::{Image, Instance, Residence};
use engine::{Key, State};
use xxhash_rust::xxh3::Xxh3;

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

/// The small tables of a partition, from [`State::image`].
pub fn encode_tables(image: &Image) -> Vec<u8> {
    encode(image)
}

/// Reads small tables, for [`State::from_image`].
///
/// # Errors
/// When the bytes are none.
pub fn decode_tables(blob: &[u8]) -> Result<Image, DecodeError> {
    decode(blob)
}

/// The rows of the meta machine, from [`engine::meta::State::image`].
pub fn encode_deployments(image: &engine::meta::Image) -> Vec<u8> {
    encode(image)
}

/// Reads rows of the meta machine, for [`engine::meta::State::from_image`].
///
/// # Errors
/// When the bytes are none.
pub fn decode_deployments(blob: &[u8]) -> Result<engine::meta::Image, DecodeError> {
    decode(blob)
}

/// A hash of everything that a partition knows, for comparing a fold with a state. An instance
/// that is cold counts by its key alone: compare states with the same ones cold, or give the
/// blobs to [`state_hash_with`].
pub fn state_hash(state: &State) -> u64 {
    state_hash_with(state, |_| Vec::new())
}

/// [`state_hash`] where `cold` gives the blob of each cold instance; the hash is then that of the
/// state with all instances hot.
pub fn state_hash_with(state: &State, mut cold: impl FnMut(Key) -> Vec<u8>) -> u64 {
    let mut hasher = Xxh3::new();
    hasher.update(&encode_tables(&state.image()));
    for (key, residence) in state.instances() {
        let blob = match residence {
            Residence::Hot(instance) => encode_instance(instance),
            Residence::Cold => cold(key),
        };
        hasher.update(&(blob.len() as u64).to_le_bytes());
        hasher.update(&blob);
    }
    hasher.digest()
}

/// A hash of everything that the meta machine knows.
pub fn meta_hash(state: &engine::meta::State) -> u64 {
    xxhash_rust::xxh3::xxh3_64(&encode_deployments(&state.image()))
}

pub(crate) fn describe(schema: &mut Schema) {
    Instance::describe(schema);
    Image::describe(schema);
    engine::meta::Image::describe(schema);
}
