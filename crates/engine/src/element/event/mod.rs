mod end;
mod error;
mod escalation;
mod link;

pub(crate) use error::{Thrown, unhandled};
