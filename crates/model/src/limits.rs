//! Every limit of this crate, in one place; the error names the limit and what was found.

/// Bytes of one model file.
pub const MODEL_BYTES_MAX: usize = 10 * 1024 * 1024;
/// XML elements nested in one another. Deep enough for any editor, shallow enough for recursion.
pub const XML_DEPTH_MAX: usize = 200;
/// XML nodes of one file (elements, texts, comments).
pub const XML_NODES_MAX: usize = 1_000_000;
/// Attributes of one XML element; the parser compares each with each.
pub const XML_ATTRIBUTES_MAX: usize = 200;
/// Flow nodes of one file.
pub const ELEMENTS_MAX: usize = 50_000;
/// Sub-processes nested in one another.
pub const SCOPE_DEPTH_MAX: usize = 50;
/// Bytes of an id or of a name that the engine looks things up by.
pub const ID_BYTES_MAX: usize = 1_000;
/// Diagnostics of one file; the rest is counted, not listed.
pub const DIAGNOSTICS_MAX: usize = 500;
/// Occurrences that a cycle may name (`R1000000/…`).
pub const CYCLE_REPEATS_MAX: u32 = 1_000_000_000;
/// Characters of a date, duration or cycle text.
pub const TIME_TEXT_CHARS_MAX: usize = 500;
