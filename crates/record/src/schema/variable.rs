//! Variables.

use engine::event::{NamedValue, Text};
use value::Packed;

use crate::codec::{Json, Str};

const _: fn(NamedValue) -> (Text, Packed) = |named| named;

message!("NamedValue", (Text, Packed) {
    1 name: Str,
    2 value: Json,
});
