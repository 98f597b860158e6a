mod end;
mod error;

pub(crate) use error::unhandled;
