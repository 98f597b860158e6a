//! The values that processes and decisions compute with.
//!
//! Two forms of the same thing: [`Value`] is decoded, cheap to clone and what FEEL computes with;
//! [`Packed`] is the form that is stored and sent, one JSON value as MessagePack bytes. Variables
//! stay packed until an expression reads them, and then only the path that it names is decoded.
//!
//! Numbers keep their digits on the way from JSON text to JSON text, objects keep their order.
//! Temporal values have no JSON form; they are packed as ISO 8601 strings.

mod container;
mod context;
mod json;
pub mod limits;
mod number;
mod packed;
mod temporal;
mod text;
mod value;

pub use container::{Callable, List, Range};
pub use context::Context;
pub use json::{JsonError, object_from_json, object_to_json};
pub use number::{Arithmetic, Number, Rounding};
pub use packed::{Packed, PackedError};
pub use temporal::{Date, DateTime, DaysDuration, Time, YearsDuration, Zone};
pub use text::quote;
pub use value::Value;
