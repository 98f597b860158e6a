//! Numbers and flags.

use crate::codec::Codec;
use crate::error::DecodeError;
use crate::proto::{FieldText, Schema};
#[cfg(feature = "specimen")]
use crate::specimen::Choices;
use crate::wire::{Raw, Reader, Writer};

/// One codec per integer type: how it becomes a varint, how it comes back, its name in protobuf.
macro_rules! number {
    ($(#[$doc:meta])* $codec:ident, $type:ty, $proto:literal, $to:expr, $from:expr) => {
        $(#[$doc])*
        pub(crate) struct $codec;

        impl Codec for $codec {
            type Value = $type;
            type Slot = $type;

            fn write(value: &$type, tag: u32, writer: &mut Writer<'_>) {
                let to: fn($type) -> u64 = $to;
                writer.varint(tag, to(*value));
            }

            fn is_default(value: &$type) -> bool {
                *value == <$type>::default()
            }

            fn take(
                slot: &mut $type,
                _index: u32,
                raw: Raw<'_>,
                reader: &mut Reader<'_>,
            ) -> Result<(), DecodeError> {
                let number = reader.number(raw)?;
                let from: fn(u64) -> Option<$type> = $from;
                match from(number) {
                    Some(value) => *slot = value,
                    None => {
                        let expected = concat!("a number that fits ", stringify!($type));
                        let found = format!("found {number}");
                        return Err(DecodeError::malformed(reader.at(), expected, found));
                    }
                }
                Ok(())
            }

            fn finish(slot: $type, _reader: &Reader<'_>) -> Result<$type, DecodeError> {
                Ok(slot)
            }

            fn describe(name: &str, tag: u32, _schema: &mut Schema) -> Vec<FieldText> {
                vec![FieldText::new("", $proto, name, tag)]
            }

            #[cfg(feature = "specimen")]
            fn any(choices: &mut Choices<'_>) -> $type {
                choices.number() as $type
            }
        }
    };
}

number!(U16, u16, "uint32", u64::from, |n| u16::try_from(n).ok());
number!(U32, u32, "uint32", u64::from, |n| u32::try_from(n).ok());
number!(U64, u64, "uint64", |n| n, Some);
number!(
    /// Counts of bytes in memory.
    Size, usize, "uint64", |n| n as u64, |n| usize::try_from(n).ok()
);
// A negative number takes ten bytes, as protobuf wants it of `int32`; ours are hardly ever.
number!(I32, i32, "int32", |n| i64::from(n) as u64, |n| i32::try_from(n as i64).ok());
number!(
    /// Times in ms, mostly.
    I64, i64, "int64", |n| n as u64, |n| Some(n as i64)
);

/// A truth value.
pub(crate) struct Flag;

impl Codec for Flag {
    type Value = bool;
    type Slot = bool;

    fn write(value: &bool, tag: u32, writer: &mut Writer<'_>) {
        writer.varint(tag, u64::from(*value));
    }

    fn is_default(value: &bool) -> bool {
        !*value
    }

    fn take(
        slot: &mut bool,
        _index: u32,
        raw: Raw<'_>,
        reader: &mut Reader<'_>,
    ) -> Result<(), DecodeError> {
        *slot = reader.number(raw)? != 0;
        Ok(())
    }

    fn finish(slot: bool, _reader: &Reader<'_>) -> Result<bool, DecodeError> {
        Ok(slot)
    }

    fn describe(name: &str, tag: u32, _schema: &mut Schema) -> Vec<FieldText> {
        vec![FieldText::new("", "bool", name, tag)]
    }

    #[cfg(feature = "specimen")]
    fn any(choices: &mut Choices<'_>) -> bool {
        choices.pick(2) == 1
    }
}
