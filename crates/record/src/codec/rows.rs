//! Tables: one message per row.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use crate::codec::Codec;
use crate::error::DecodeError;
use crate::proto::{FieldText, Schema};
#[cfg(feature = "specimen")]
use crate::specimen::Choices;
use crate::wire::{Raw, Reader, Writer};

/// The durable form of a row.
pub(crate) trait Row {
    type Key;
    type Value;

    fn write_row(key: &Self::Key, value: &Self::Value, writer: &mut Writer<'_>);
    fn read_row(reader: Reader<'_>) -> Result<(Self::Key, Self::Value), DecodeError>;
    /// Name of its message.
    fn describe_row(schema: &mut Schema) -> &'static str;

    #[cfg(feature = "specimen")]
    fn any_row(choices: &mut Choices<'_>) -> (Self::Key, Self::Value);
}

/// Rows in the order of their keys.
pub(crate) struct Map<R>(PhantomData<R>);

/// Rows in the order they have.
pub(crate) struct Pairs<R>(PhantomData<R>);

fn write<R: Row>(key: &R::Key, value: &R::Value, tag: u32, writer: &mut Writer<'_>) {
    let open = writer.open(tag);
    let base = writer.base;
    R::write_row(key, value, writer);
    writer.base = base;
    writer.close(open);
}

fn describe<R: Row>(name: &str, tag: u32, schema: &mut Schema) -> Vec<FieldText> {
    let row = R::describe_row(schema);
    vec![FieldText::new("repeated", row, name, tag)]
}

impl<R: Row<Key: Ord>> Codec for Map<R> {
    type Value = BTreeMap<R::Key, R::Value>;
    type Slot = Vec<(R::Key, R::Value)>;

    fn write(value: &Self::Value, tag: u32, writer: &mut Writer<'_>) {
        value.iter().for_each(|(key, value)| write::<R>(key, value, tag, writer));
    }

    fn is_default(value: &Self::Value) -> bool {
        value.is_empty()
    }

    fn take(
        slot: &mut Self::Slot,
        _index: u32,
        raw: Raw<'_>,
        reader: &mut Reader<'_>,
    ) -> Result<(), DecodeError> {
        slot.push(R::read_row(reader.nested(raw)?)?);
        Ok(())
    }

    /// From sorted rows, which is linear.
    fn finish(slot: Self::Slot, _reader: &Reader<'_>) -> Result<Self::Value, DecodeError> {
        Ok(slot.into_iter().collect())
    }

    fn describe(name: &str, tag: u32, schema: &mut Schema) -> Vec<FieldText> {
        describe::<R>(name, tag, schema)
    }

    #[cfg(feature = "specimen")]
    fn any(choices: &mut Choices<'_>) -> Self::Value {
        (0..choices.length()).map(|_| R::any_row(choices)).collect()
    }
}

impl<R: Row> Codec for Pairs<R> {
    type Value = Vec<(R::Key, R::Value)>;
    type Slot = Vec<(R::Key, R::Value)>;

    fn write(value: &Self::Value, tag: u32, writer: &mut Writer<'_>) {
        value.iter().for_each(|(key, value)| write::<R>(key, value, tag, writer));
    }

    fn is_default(value: &Self::Value) -> bool {
        value.is_empty()
    }

    fn take(
        slot: &mut Self::Slot,
        _index: u32,
        raw: Raw<'_>,
        reader: &mut Reader<'_>,
    ) -> Result<(), DecodeError> {
        slot.push(R::read_row(reader.nested(raw)?)?);
        Ok(())
    }

    fn finish(slot: Self::Slot, _reader: &Reader<'_>) -> Result<Self::Value, DecodeError> {
        Ok(slot)
    }

    fn describe(name: &str, tag: u32, schema: &mut Schema) -> Vec<FieldText> {
        describe::<R>(name, tag, schema)
    }

    #[cfg(feature = "specimen")]
    fn any(choices: &mut Choices<'_>) -> Self::Value {
        (0..choices.length()).map(|_| R::any_row(choices)).collect()
    }
}
