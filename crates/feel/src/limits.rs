//! Limits on everything that an expression or its data can make grow.

/// Bytes of one expression.
pub const SOURCE_BYTES_MAX: usize = 256 * 1024;

/// Nesting of one expression as it is written. The parser recurses once a level.
pub const NESTING_MAX: usize = 120;

/// Height of the tree of an expression, on which the compiler recurses: `a[1][1][1]` is no deeper
/// than `a[1]`, but higher. Chains of `+ - * / **`, comparisons, `and` and `or` are compiled in a
/// loop and may be as long as the source.
pub const TREE_HEIGHT_MAX: usize = 400;

/// Operations of one evaluation: some two seconds on one core. A `for` over a million elements
/// needs about eight million.
pub const FUEL_MAX: u64 = 50_000_000;

/// Operations that a long power counts for: with 34 digits it is long.
pub const TRANSCENDENT_FUEL: usize = 500;
/// The same of a root.
pub const ROOT_FUEL: usize = 2_500;
/// The same of a logarithm, of `exp`, and of a power with a fraction, which is both.
pub const LOGARITHM_FUEL: usize = 8_000;
/// The same of any other arithmetic with numbers of more than 18 digits.
pub const WIDE_FUEL: usize = 25;

/// Function calls inside one another.
pub const CALL_DEPTH_MAX: usize = 1_000;

/// Bytes of a name with spaces or operators in it: each place of an expression is held against it.
pub const NAME_BYTES_MAX: usize = 300;

/// Calls from a built-in back into an expression (`sort` with a function that sorts …). Each
/// takes native stack.
pub const CALLBACK_DEPTH_MAX: usize = 40;

/// Nesting of a value that an expression makes; the same that a document may have.
pub const VALUE_DEPTH_MAX: u32 = value::limits::NESTING_MAX as u32;

/// Values inside one list or context that an expression makes, counted as they would be printed.
pub const VALUE_WEIGHT_MAX: u32 = 4_000_000;

/// Bytes of a string that an expression makes.
pub const STRING_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Elements of a range that an expression walks through.
pub const RANGE_ELEMENTS_MAX: i64 = 4_000_000;

/// Warnings kept of one evaluation; later ones are counted, not kept.
pub const WARNINGS_MAX: usize = 50;

/// Characters of one warning.
pub const WARNING_CHARS_MAX: usize = 2_000;

/// Variables that are looked through for one that may be meant by a name that is not found.
pub const SUGGESTIONS_MAX: usize = 200;

/// Characters of a value shown in a warning.
pub const SHOWN_VALUE_CHARS_MAX: usize = 100;

/// Bytes of a regular expression, and of the automaton that it may become.
pub const PATTERN_BYTES_MAX: usize = 8 * 1024;
/// See [`PATTERN_BYTES_MAX`].
pub const PATTERN_PROGRAM_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Regular expressions kept compiled during one evaluation, and on each thread, and the size up to
/// which one is kept there.
pub const PATTERNS_KEPT_MAX: usize = 32;
/// See [`PATTERNS_KEPT_MAX`].
pub const PATTERN_KEPT_BYTES_MAX: usize = 256 * 1024;

/// Sub-expressions that one trace records.
pub const TRACE_STEPS_MAX: usize = 10_000;

/// Digits after the point that `decimal` and the rounding functions accept, either sign.
pub const SCALE_MAX: i64 = 6_111;
