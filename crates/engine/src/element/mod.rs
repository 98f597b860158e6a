//! One file per BPMN element; what all share is in [`lifecycle`], [`catches`] and [`payload`].

mod catches;
mod event;
mod gateway;
mod lifecycle;
mod listener;
pub(crate) mod payload;
mod scope;
mod task;
mod way;

pub(crate) use catches::{Due, Ready, catches, first_due, next};
pub(crate) use event::{Thrown, unhandled};
pub(crate) use scope::begins_in;
pub(crate) use task::NewJob;
