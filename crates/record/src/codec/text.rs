//! Texts and values.

use std::sync::Arc;

use engine::command::DEFAULT_TENANT;
use engine::event::Text;
use value::Packed;

use crate::codec::Codec;
use crate::error::DecodeError;
use crate::proto::{FieldText, Schema};
#[cfg(feature = "specimen")]
use crate::specimen::Choices;
use crate::wire::{Raw, Reader, Writer};

/// UTF-8.
pub(crate) struct Str;

/// A tenant. The default one is absent: single-tenant systems pay nothing for it.
pub(crate) struct Tenant;

/// A variable's value: MessagePack with named fields.
pub(crate) struct Json;

/// Bytes that are not ours.
pub(crate) struct Blob;

fn read_text(raw: Raw<'_>, reader: &Reader<'_>) -> Result<Text, DecodeError> {
    let (bytes, at) = reader.length_delimited(raw)?;
    match str::from_utf8(bytes) {
        Ok(text) => Ok(Text::from(text)),
        Err(error) => Err(DecodeError::malformed(at, "UTF-8", error.to_string())),
    }
}

impl Codec for Str {
    type Value = Text;
    type Slot = Option<Text>;

    fn write(value: &Text, tag: u32, writer: &mut Writer<'_>) {
        writer.bytes(tag, value.as_bytes());
    }

    fn is_default(value: &Text) -> bool {
        value.is_empty()
    }

    fn take(
        slot: &mut Option<Text>,
        _index: u32,
        raw: Raw<'_>,
        reader: &mut Reader<'_>,
    ) -> Result<(), DecodeError> {
        *slot = Some(read_text(raw, reader)?);
        Ok(())
    }

    fn finish(slot: Option<Text>, _reader: &Reader<'_>) -> Result<Text, DecodeError> {
        Ok(slot.unwrap_or_default())
    }

    fn describe(name: &str, tag: u32, _schema: &mut Schema) -> Vec<FieldText> {
        vec![FieldText::new("", "string", name, tag)]
    }

    #[cfg(feature = "specimen")]
    fn any(choices: &mut Choices<'_>) -> Text {
        choices.text()
    }
}

impl Codec for Tenant {
    type Value = Text;
    type Slot = Option<Text>;

    fn write(value: &Text, tag: u32, writer: &mut Writer<'_>) {
        Str::write(value, tag, writer);
    }

    fn is_default(value: &Text) -> bool {
        &**value == DEFAULT_TENANT
    }

    fn take(
        slot: &mut Option<Text>,
        index: u32,
        raw: Raw<'_>,
        reader: &mut Reader<'_>,
    ) -> Result<(), DecodeError> {
        Str::take(slot, index, raw, reader)
    }

    fn finish(slot: Option<Text>, _reader: &Reader<'_>) -> Result<Text, DecodeError> {
        Ok(slot.unwrap_or_else(|| Text::from(DEFAULT_TENANT)))
    }

    fn describe(name: &str, tag: u32, _schema: &mut Schema) -> Vec<FieldText> {
        vec![FieldText::new("optional", "string", name, tag).note("absent: \"<default>\"")]
    }

    #[cfg(feature = "specimen")]
    fn any(choices: &mut Choices<'_>) -> Text {
        match choices.pick(2) {
            0 => Text::from(DEFAULT_TENANT),
            _ => choices.text(),
        }
    }
}

impl Codec for Json {
    type Value = Packed;
    type Slot = Option<Packed>;

    fn write(value: &Packed, tag: u32, writer: &mut Writer<'_>) {
        writer.bytes(tag, value.as_bytes());
    }

    /// Even `null` is a byte.
    fn is_default(_value: &Packed) -> bool {
        false
    }

    fn take(
        slot: &mut Option<Packed>,
        _index: u32,
        raw: Raw<'_>,
        reader: &mut Reader<'_>,
    ) -> Result<(), DecodeError> {
        let (bytes, at) = reader.length_delimited(raw)?;
        match Packed::from_bytes(bytes) {
            Ok(value) => *slot = Some(value),
            Err(error) => {
                let expected = "a value in MessagePack";
                return Err(DecodeError::malformed(at, expected, error.to_string()));
            }
        }
        Ok(())
    }

    fn finish(slot: Option<Packed>, reader: &Reader<'_>) -> Result<Packed, DecodeError> {
        let missing = || DecodeError::malformed(reader.at(), "a value", "found none");
        slot.ok_or_else(missing)
    }

    fn describe(name: &str, tag: u32, _schema: &mut Schema) -> Vec<FieldText> {
        vec![FieldText::new("", "bytes", name, tag).note("MessagePack")]
    }

    #[cfg(feature = "specimen")]
    fn any(choices: &mut Choices<'_>) -> Packed {
        choices.value()
    }
}

impl Codec for Blob {
    type Value = Arc<[u8]>;
    type Slot = Arc<[u8]>;

    fn write(value: &Arc<[u8]>, tag: u32, writer: &mut Writer<'_>) {
        writer.bytes(tag, value);
    }

    fn is_default(value: &Arc<[u8]>) -> bool {
        value.is_empty()
    }

    fn take(
        slot: &mut Arc<[u8]>,
        _index: u32,
        raw: Raw<'_>,
        reader: &mut Reader<'_>,
    ) -> Result<(), DecodeError> {
        *slot = Arc::from(reader.length_delimited(raw)?.0);
        Ok(())
    }

    fn finish(slot: Arc<[u8]>, _reader: &Reader<'_>) -> Result<Arc<[u8]>, DecodeError> {
        Ok(slot)
    }

    fn describe(name: &str, tag: u32, _schema: &mut Schema) -> Vec<FieldText> {
        vec![FieldText::new("", "bytes", name, tag)]
    }

    #[cfg(feature = "specimen")]
    fn any(choices: &mut Choices<'_>) -> Arc<[u8]> {
        Arc::from(choices.text().as_bytes())
    }
}
