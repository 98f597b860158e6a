mod call_activity;
mod decision;
mod job;
mod script;
mod user;

pub(crate) use job::NewJob;
