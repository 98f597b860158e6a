//! How a field of a message is written, read, described and made up. The tables of `schema/` name
//! one codec per field; encoder, decoder, schema text and test values all follow from that line,
//! so they cannot drift apart.
//!
//! Mirror structs with `prost` derives were refused: each event would exist twice, every text be
//! copied into a `String` on the way in and out, and the conversions be the larger half of the
//! code. `tests/schema.rs` reads our bytes with an independent protobuf implementation instead.

mod key;
mod list;
mod number;
mod rows;
mod text;

pub(crate) use key::{Abs, Anchor, Keys, Offset};
pub(crate) use list::{Arced, Boxed, List, Msg, Numbers, Opt, Shared, read_numbers};
pub(crate) use number::{Flag, I32, I64, Size, U16, U32, U64};
pub(crate) use rows::{Map, Pairs, Row};
pub(crate) use text::{Blob, Json, Str, Tenant};

use crate::error::DecodeError;
use crate::proto::{FieldText, Schema};
#[cfg(feature = "specimen")]
use crate::specimen::Choices;
use crate::wire::{Raw, Reader, Writer};

/// The durable form of one field.
pub(crate) trait Codec {
    type Value;
    /// What has been read of it so far.
    type Slot: Default;
    /// Consecutive tags that it takes; `take` gets the index of the one found.
    const TAGS: u32 = 1;

    /// Writes the field also when it has its default.
    fn write(value: &Self::Value, tag: u32, writer: &mut Writer<'_>);

    /// Proto3: a default is absent and costs nothing.
    fn is_default(value: &Self::Value) -> bool;

    fn put(value: &Self::Value, tag: u32, writer: &mut Writer<'_>) {
        if !Self::is_default(value) {
            Self::write(value, tag, writer);
        }
    }

    /// Reads one occurrence. `reader` is that of the message around it, just behind the field.
    fn take(
        slot: &mut Self::Slot,
        index: u32,
        raw: Raw<'_>,
        reader: &mut Reader<'_>,
    ) -> Result<(), DecodeError>;

    /// The value, once the message has been read.
    fn finish(slot: Self::Slot, reader: &Reader<'_>) -> Result<Self::Value, DecodeError>;

    /// Adds the lines of the schema text and the messages they name.
    fn describe(name: &str, tag: u32, schema: &mut Schema) -> Vec<FieldText>;

    #[cfg(feature = "specimen")]
    fn any(choices: &mut Choices<'_>) -> Self::Value;
}

/// The durable form of a message.
pub(crate) trait Message: Sized {
    const NAME: &'static str;

    fn write_fields(&self, writer: &mut Writer<'_>);
    fn read_fields(reader: Reader<'_>) -> Result<Self, DecodeError>;
    fn describe(schema: &mut Schema);

    #[cfg(feature = "specimen")]
    fn any(choices: &mut Choices<'_>) -> Self;
}

/// Reads a field that occurs once.
pub(crate) fn read<C: Codec>(
    raw: Raw<'_>,
    reader: &mut Reader<'_>,
) -> Result<C::Value, DecodeError> {
    let mut slot = C::Slot::default();
    C::take(&mut slot, 0, raw, reader)?;
    C::finish(slot, reader)
}
