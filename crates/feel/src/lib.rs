//! FEEL, the expression language of DMN 1.5, chapter 10, in the two readings that models need: as
//! Camunda 8 evaluates it, and as the standard says.
//!
//! Text is parsed to a tree ([`parser`]), the tree compiled once to a flat program ([`compile`])
//! and the program run on a stack machine ([`vm`]) as often as needed. Nothing recurses without a
//! bound, nothing reads a clock, and everything that data can grow has a limit ([`limits`]).
//!
//! FEEL rarely fails: what has no value is `null`. An evaluation therefore returns its value with
//! [`Warning`]s that say which part had none and why; [`EvalError`] is left for limits and failed
//! assertions.

mod ast;
mod builtins;
mod compile;
mod env;
mod error;
mod expression;
mod lexer;
pub mod limits;
mod parser;
mod printer;
mod program;
mod scope;
mod types;
mod variables;
mod vm;

pub use env::Env;
pub use error::{EvalError, EvalErrorKind, Span, SyntaxError, Warning, WarningKind, closest};
pub use expression::{
    Doubt, Evaluation, Expression, Shape, Step, UnaryTests, compile, compile_in, compile_tests,
};
pub use program::Read;
pub use scope::{Dialect, Scope, normalised};
pub use types::Type;
pub use variables::Variables;
pub use vm::{Body, Budget, NativeFunction, Signature, call, equal, is_in, order, within_limits};
