mod compensation;
mod condition;
mod end;
mod error;
mod escalation;
mod link;
mod publish;
mod signal;

pub(crate) use error::{Thrown, unhandled};
