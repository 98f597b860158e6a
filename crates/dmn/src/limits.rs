//! Limits on what a model or its evaluation can make grow.

/// Bytes of one file.
pub const FILE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// XML nodes of one file.
pub const XML_NODES_MAX: u32 = 2_000_000;

/// Decisions, inputs, types and other elements of one file. Each expression may name each of them.
pub const ELEMENTS_MAX: usize = 3_000;

/// Boxed expressions, or item definitions, inside one another.
pub const NESTING_MAX: usize = 64;

/// Boxed expressions inside one another that take as much of the stack as a call.
pub const NESTED_A_CALL: usize = 4;

/// Fuel for evaluating one box beside the expression in it, and for each name that it sees.
pub const BOX_FUEL: usize = 10;

/// Names passed by for one unit of fuel, for each letter of the expression that looks for one.
pub const NAMES_A_UNIT: usize = 256;

/// Constants of a cell that are compared for one unit of fuel.
pub const CONSTANTS_A_UNIT: usize = 8;

/// Parts of a type, all that it consists of counted as often as they occur. Beyond, it is `Any`.
pub const TYPE_PARTS_MAX: usize = 10_000;

/// Decisions that require one another in a chain. Evaluating recurses along it.
pub const REQUIREMENT_DEPTH_MAX: usize = 100;

/// Problems that are listed of one file.
pub const DIAGNOSTICS_MAX: usize = 100;

/// Characters of an expression in the message about it.
pub const EXPRESSION_CHARS_SHOWN: usize = 200;

/// Fuel for holding one value against one type.
pub const CONFORM_FUEL: usize = 5;

/// Cells of a column that are looked at for one that tells its type, after no rule has matched.
pub const CELLS_LOOKED_AT_MAX: usize = 100;

/// Rules of a table with one hit that are compared with one another for values that two of them
/// accept. Each is compared with all before it, so the work grows with the square.
pub const RULES_COMPARED_MAX: usize = 300;

/// Constants compared for that in all tables of a file together; what is left is not remarked.
pub const CONSTANTS_COMPARED_MAX: usize = 1_000_000;
