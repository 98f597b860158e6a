mod call_activity;
mod job;
mod script;
mod user;

pub(crate) use job::NewJob;
