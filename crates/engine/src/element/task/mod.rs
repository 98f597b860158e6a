mod call_activity;
mod decision;
mod job;
mod linked;
mod listener;
mod script;
mod user;

pub(crate) use job::NewJob;
