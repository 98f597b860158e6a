//! Keys: short inside their aggregate, whole elsewhere.

use engine::Key;

use crate::codec::Codec;
use crate::error::DecodeError;
use crate::proto::{FieldText, Schema};
#[cfg(feature = "specimen")]
use crate::specimen::Choices;
use crate::wire::{Raw, Reader, Writer, unzigzag, zigzag};

/// A key of the same instance, as its distance from the instance's own key: one byte for the first
/// block instead of eight. The distance wraps, so that any key survives.
pub(crate) struct Offset;

/// A key of another aggregate.
pub(crate) struct Abs;

/// The key that the offsets behind it, in the same message, are counted from.
pub(crate) struct Anchor;

/// A sorted list of keys in one field: the distance of each from the one before, the first from 0.
pub(crate) struct Keys;

impl Codec for Offset {
    type Value = Key;
    /// Absent is the instance itself.
    type Slot = i64;

    fn write(value: &Key, tag: u32, writer: &mut Writer<'_>) {
        writer.varint(tag, zigzag(value.wrapping_sub(writer.base)));
    }

    /// Not known without the instance: see `put`.
    fn is_default(_value: &Key) -> bool {
        false
    }

    fn put(value: &Key, tag: u32, writer: &mut Writer<'_>) {
        if *value != writer.base {
            Self::write(value, tag, writer);
        }
    }

    fn take(
        slot: &mut i64,
        _index: u32,
        raw: Raw<'_>,
        reader: &mut Reader<'_>,
    ) -> Result<(), DecodeError> {
        *slot = unzigzag(reader.number(raw)?);
        Ok(())
    }

    fn finish(slot: i64, reader: &Reader<'_>) -> Result<Key, DecodeError> {
        match reader.base {
            Some(base) => Ok(base.wrapping_add(slot)),
            None => {
                let found = "found its event first";
                Err(DecodeError::malformed(reader.at(), "the key of an instance", found))
            }
        }
    }

    fn describe(name: &str, tag: u32, _schema: &mut Schema) -> Vec<FieldText> {
        vec![FieldText::new("", "sint64", name, tag).note("offset")]
    }

    #[cfg(feature = "specimen")]
    fn any(choices: &mut Choices<'_>) -> Key {
        let distance = choices.number() as i64;
        choices.base.wrapping_add(distance)
    }
}

impl Codec for Abs {
    type Value = Key;
    type Slot = Key;

    fn write(value: &Key, tag: u32, writer: &mut Writer<'_>) {
        writer.varint(tag, *value as u64);
    }

    fn is_default(value: &Key) -> bool {
        *value == 0
    }

    fn take(
        slot: &mut Key,
        _index: u32,
        raw: Raw<'_>,
        reader: &mut Reader<'_>,
    ) -> Result<(), DecodeError> {
        *slot = reader.number(raw)? as Key;
        Ok(())
    }

    fn finish(slot: Key, _reader: &Reader<'_>) -> Result<Key, DecodeError> {
        Ok(slot)
    }

    fn describe(name: &str, tag: u32, _schema: &mut Schema) -> Vec<FieldText> {
        vec![FieldText::new("", "int64", name, tag).note("key")]
    }

    #[cfg(feature = "specimen")]
    fn any(choices: &mut Choices<'_>) -> Key {
        choices.key()
    }
}

impl Codec for Anchor {
    type Value = Key;
    type Slot = Option<Key>;

    fn write(value: &Key, tag: u32, writer: &mut Writer<'_>) {
        writer.base = *value;
        Abs::write(value, tag, writer);
    }

    fn is_default(_value: &Key) -> bool {
        false
    }

    fn take(
        slot: &mut Option<Key>,
        index: u32,
        raw: Raw<'_>,
        reader: &mut Reader<'_>,
    ) -> Result<(), DecodeError> {
        Abs::take(slot.get_or_insert_default(), index, raw, reader)?;
        reader.base = *slot;
        Ok(())
    }

    fn finish(slot: Option<Key>, reader: &Reader<'_>) -> Result<Key, DecodeError> {
        let missing = || DecodeError::malformed(reader.at(), "a key", "found none");
        slot.ok_or_else(missing)
    }

    /// Always written, also when it is 0: what follows depends on it.
    fn describe(name: &str, tag: u32, _schema: &mut Schema) -> Vec<FieldText> {
        let field = FieldText::new("optional", "int64", name, tag);
        vec![field.note("key; offsets are counted from it")]
    }

    #[cfg(feature = "specimen")]
    fn any(choices: &mut Choices<'_>) -> Key {
        choices.base = choices.key();
        choices.base
    }
}

impl Codec for Keys {
    type Value = Vec<Key>;
    type Slot = Vec<Key>;

    fn write(value: &Vec<Key>, tag: u32, writer: &mut Writer<'_>) {
        let before = std::iter::once(&0).chain(value);
        let distances = value.iter().zip(before).map(|(key, before)| key.wrapping_sub(*before));
        writer.packed(tag, distances.map(zigzag));
    }

    fn is_default(value: &Vec<Key>) -> bool {
        value.is_empty()
    }

    fn take(
        slot: &mut Vec<Key>,
        _index: u32,
        raw: Raw<'_>,
        reader: &mut Reader<'_>,
    ) -> Result<(), DecodeError> {
        let mut list = reader.nested(raw)?;
        while !list.is_empty() {
            let before = slot.last().copied().unwrap_or(0);
            slot.push(before.wrapping_add(unzigzag(list.raw_varint()?)));
        }
        Ok(())
    }

    fn finish(slot: Vec<Key>, _reader: &Reader<'_>) -> Result<Vec<Key>, DecodeError> {
        Ok(slot)
    }

    fn describe(name: &str, tag: u32, _schema: &mut Schema) -> Vec<FieldText> {
        let field = FieldText::new("repeated", "sint64", name, tag);
        vec![field.note("keys; each as its distance from the one before")]
    }

    #[cfg(feature = "specimen")]
    fn any(choices: &mut Choices<'_>) -> Vec<Key> {
        (0..choices.length()).map(|_| choices.key()).collect()
    }
}
