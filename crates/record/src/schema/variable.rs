//! Variables.

use engine::event::{NamedValue, Text};
use value::Packed;

use crate::codec::{Json, Str};

const _: fn(NamedValue) -> (Text, Packed) = |named| named;

/// A name and its text: a header, a quarantine's reason and build.
pub(crate) type TextPair = (Text, Text);

message!("TextPair", (Text, Text) {
    1 first: Str,
    2 second: Str,
});

message!("NamedValue", (Text, Packed) {
    1 name: Str,
    2 value: Json,
});
