//! Limits on what a document may contain. One file, so that a reader finds all of them.

/// Nesting of lists and objects in one document. Decoding and printing recurse once a level, so
/// this also bounds the stack that they need.
pub const NESTING_MAX: usize = 200;

/// Bytes of one JSON text: half of what one group of the journal may hold
/// (`engine-rules.md` 2), so that a variable that was accepted can also be recorded.
pub const JSON_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Characters of one number in a document. Numbers keep their digits, and a number of a million
/// digits is an attack and not a quantity.
pub const NUMBER_CHARS_MAX: usize = 1_000;

/// Significant digits that arithmetic keeps: decimal128, as DMN 1.5, 10.3.2.3.1 requires.
pub const NUMBER_DIGITS_MAX: u32 = 34;

/// Zeros that a printed number may carry before it switches to an exponent.
pub const PLAIN_ZEROS_MAX: i32 = 40;

/// The largest year that a date may have, as in XML Schema implementations that models were
/// made with (`java.time.Year.MAX_VALUE`).
pub const YEAR_MAX: i32 = 999_999_999;

/// Entries above which a context builds an index over its keys. Below it a linear scan over
/// neighbouring keys is faster than hashing.
pub(crate) const CONTEXT_INDEX_MIN: usize = 16;
