//! Codecs over codecs: optional, repeated, nested.

use std::marker::PhantomData;
use std::sync::Arc;

use crate::codec::{Codec, Message};
use crate::error::DecodeError;
use crate::proto::{FieldText, Schema};
#[cfg(feature = "specimen")]
use crate::specimen::Choices;
use crate::wire::{Raw, Reader, Writer};

/// Present or not; a present default is written.
pub(crate) struct Opt<C>(PhantomData<C>);

/// Any number of them.
pub(crate) struct List<C>(PhantomData<C>);

/// As [`List`], shared.
pub(crate) struct Arced<C>(PhantomData<C>);

/// A list of numbers in one field.
pub(crate) struct Numbers;

/// A message in a field.
pub(crate) struct Msg<M>(PhantomData<M>);

/// On the heap, for the sake of the size of what holds it.
pub(crate) struct Boxed<C>(PhantomData<C>);

/// On the heap, shared.
pub(crate) struct Shared<C>(PhantomData<C>);

impl<C: Codec> Codec for Opt<C> {
    type Value = Option<C::Value>;
    type Slot = Option<C::Slot>;

    fn write(value: &Self::Value, tag: u32, writer: &mut Writer<'_>) {
        if let Some(value) = value {
            C::write(value, tag, writer);
        }
    }

    fn is_default(value: &Self::Value) -> bool {
        value.is_none()
    }

    fn take(
        slot: &mut Self::Slot,
        index: u32,
        raw: Raw<'_>,
        reader: &mut Reader<'_>,
    ) -> Result<(), DecodeError> {
        C::take(slot.get_or_insert_default(), index, raw, reader)
    }

    fn finish(slot: Self::Slot, reader: &Reader<'_>) -> Result<Self::Value, DecodeError> {
        slot.map(|slot| C::finish(slot, reader)).transpose()
    }

    fn describe(name: &str, tag: u32, schema: &mut Schema) -> Vec<FieldText> {
        relabel("optional", C::describe(name, tag, schema))
    }

    #[cfg(feature = "specimen")]
    fn any(choices: &mut Choices<'_>) -> Self::Value {
        (!choices.absent()).then(|| C::any(choices))
    }
}

fn relabel(label: &'static str, mut fields: Vec<FieldText>) -> Vec<FieldText> {
    fields.iter_mut().for_each(|field| field.label = label);
    fields
}

impl<C: Codec> Codec for List<C> {
    type Value = Vec<C::Value>;
    type Slot = Vec<C::Value>;

    fn write(value: &Self::Value, tag: u32, writer: &mut Writer<'_>) {
        value.iter().for_each(|item| C::write(item, tag, writer));
    }

    fn is_default(value: &Self::Value) -> bool {
        value.is_empty()
    }

    fn take(
        slot: &mut Self::Slot,
        index: u32,
        raw: Raw<'_>,
        reader: &mut Reader<'_>,
    ) -> Result<(), DecodeError> {
        let mut item = C::Slot::default();
        C::take(&mut item, index, raw, reader)?;
        slot.push(C::finish(item, reader)?);
        Ok(())
    }

    fn finish(slot: Self::Slot, _reader: &Reader<'_>) -> Result<Self::Value, DecodeError> {
        Ok(slot)
    }

    fn describe(name: &str, tag: u32, schema: &mut Schema) -> Vec<FieldText> {
        relabel("repeated", C::describe(name, tag, schema))
    }

    #[cfg(feature = "specimen")]
    fn any(choices: &mut Choices<'_>) -> Self::Value {
        (0..choices.length()).map(|_| C::any(choices)).collect()
    }
}

impl<C: Codec> Codec for Arced<C> {
    type Value = Arc<[C::Value]>;
    type Slot = Vec<C::Value>;

    fn write(value: &Self::Value, tag: u32, writer: &mut Writer<'_>) {
        value.iter().for_each(|item| C::write(item, tag, writer));
    }

    fn is_default(value: &Self::Value) -> bool {
        value.is_empty()
    }

    fn take(
        slot: &mut Self::Slot,
        index: u32,
        raw: Raw<'_>,
        reader: &mut Reader<'_>,
    ) -> Result<(), DecodeError> {
        List::<C>::take(slot, index, raw, reader)
    }

    fn finish(slot: Self::Slot, _reader: &Reader<'_>) -> Result<Self::Value, DecodeError> {
        Ok(slot.into())
    }

    fn describe(name: &str, tag: u32, schema: &mut Schema) -> Vec<FieldText> {
        List::<C>::describe(name, tag, schema)
    }

    #[cfg(feature = "specimen")]
    fn any(choices: &mut Choices<'_>) -> Self::Value {
        List::<C>::any(choices).into()
    }
}

impl Codec for Numbers {
    type Value = Vec<u32>;
    type Slot = Vec<u32>;

    fn write(value: &Vec<u32>, tag: u32, writer: &mut Writer<'_>) {
        writer.packed(tag, value.iter().map(|n| u64::from(*n)));
    }

    fn is_default(value: &Vec<u32>) -> bool {
        value.is_empty()
    }

    fn take(
        slot: &mut Vec<u32>,
        _index: u32,
        raw: Raw<'_>,
        reader: &mut Reader<'_>,
    ) -> Result<(), DecodeError> {
        read_numbers(slot, raw, reader)
    }

    fn finish(slot: Vec<u32>, _reader: &Reader<'_>) -> Result<Vec<u32>, DecodeError> {
        Ok(slot)
    }

    fn describe(name: &str, tag: u32, _schema: &mut Schema) -> Vec<FieldText> {
        vec![FieldText::new("repeated", "uint32", name, tag)]
    }

    #[cfg(feature = "specimen")]
    fn any(choices: &mut Choices<'_>) -> Vec<u32> {
        (0..choices.length()).map(|_| choices.number() as u32).collect()
    }
}

/// Reads numbers that came packed.
pub(crate) fn read_numbers(
    slot: &mut Vec<u32>,
    raw: Raw<'_>,
    reader: &Reader<'_>,
) -> Result<(), DecodeError> {
    let mut list = reader.nested(raw)?;
    while !list.is_empty() {
        let number = list.raw_varint()?;
        let wide = |_| {
            DecodeError::malformed(list.at(), "a number that fits u32", format!("found {number}"))
        };
        slot.push(u32::try_from(number).map_err(wide)?);
    }
    Ok(())
}

impl<M: Message> Codec for Msg<M> {
    type Value = M;
    type Slot = Option<M>;

    fn write(value: &M, tag: u32, writer: &mut Writer<'_>) {
        let open = writer.open(tag);
        let base = writer.base;
        value.write_fields(writer);
        writer.base = base;
        writer.close(open);
    }

    fn is_default(_value: &M) -> bool {
        false
    }

    fn take(
        slot: &mut Option<M>,
        _index: u32,
        raw: Raw<'_>,
        reader: &mut Reader<'_>,
    ) -> Result<(), DecodeError> {
        *slot = Some(M::read_fields(reader.nested(raw)?)?);
        Ok(())
    }

    fn finish(slot: Option<M>, reader: &Reader<'_>) -> Result<M, DecodeError> {
        let missing = || DecodeError::malformed(reader.at(), M::NAME, "found none");
        slot.ok_or_else(missing)
    }

    fn describe(name: &str, tag: u32, schema: &mut Schema) -> Vec<FieldText> {
        M::describe(schema);
        vec![FieldText::new("", M::NAME, name, tag)]
    }

    #[cfg(feature = "specimen")]
    fn any(choices: &mut Choices<'_>) -> M {
        M::any(choices)
    }
}

/// A pointer around a codec.
macro_rules! pointer {
    ($codec:ident, $pointer:ident) => {
        impl<C: Codec> Codec for $codec<C> {
            type Value = $pointer<C::Value>;
            type Slot = C::Slot;
            const TAGS: u32 = C::TAGS;

            fn write(value: &Self::Value, tag: u32, writer: &mut Writer<'_>) {
                C::write(value, tag, writer);
            }

            fn is_default(value: &Self::Value) -> bool {
                C::is_default(value)
            }

            fn take(
                slot: &mut Self::Slot,
                index: u32,
                raw: Raw<'_>,
                reader: &mut Reader<'_>,
            ) -> Result<(), DecodeError> {
                C::take(slot, index, raw, reader)
            }

            fn finish(slot: Self::Slot, reader: &Reader<'_>) -> Result<Self::Value, DecodeError> {
                C::finish(slot, reader).map($pointer::new)
            }

            fn describe(name: &str, tag: u32, schema: &mut Schema) -> Vec<FieldText> {
                C::describe(name, tag, schema)
            }

            #[cfg(feature = "specimen")]
            fn any(choices: &mut Choices<'_>) -> Self::Value {
                $pointer::new(C::any(choices))
            }
        }
    };
}

pointer!(Boxed, Box);
pointer!(Shared, Arc);
