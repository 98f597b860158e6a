//! BPMN 2.0 XML with the `zeebe:` extensions as typed definitions with diagnostics.
//!
//! [`parse`] reads a file for execution and reports everything that is wrong with it at once;
//! [`read`] reads any BPMN file, as far as drawing and tracking need it.

mod build;
mod check;
pub mod codes;
pub mod definitions;
mod diagnostic;
pub mod drawing;
mod layout;
pub mod limits;
mod lint;
mod parse;
pub mod time;
mod write;
mod xml;

pub use build::Builder;
pub use definitions::*;
pub use diagnostic::{Diagnostic, Severity, report};
pub use layout::{layout, layout_file};
pub use lint::lint;
pub use parse::{Checks, ExpressionProblem, USER_TASK_JOB_TYPE, parse, parse_with, read};
pub use write::{laid_out, write, write_process};
