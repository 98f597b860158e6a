//! DMN: decision requirement graphs, decision tables and boxed expressions over FEEL.
//!
//! A file (DMN 1.1 to 1.5) is read to definitions ([`definitions`]), those are compiled once to a
//! [`Model`] with every expression compiled, every type resolved and every large table indexed,
//! and a model is evaluated as often as needed. Evaluation reads no clock and is bounded by the
//! fuel of its [`feel::Env`].
//!
//! Models made with Camunda's modeler are evaluated as Camunda 8 does, all others as the standard
//! says; [`Options`] can say otherwise.

mod compile;
mod definitions;
mod error;
mod evaluate;
mod header;
pub mod limits;
mod model;
mod parse;
mod result;
mod types;

pub use compile::Options;
pub use error::{Diagnostic, ModelError};
pub use header::{Header, Import};
pub use model::{DecisionInfo, Model};
pub use result::{
    DecisionKind, EvaluatedDecision, EvaluatedInput, EvaluatedOutput, Failure, MatchedRule, Outcome,
};
