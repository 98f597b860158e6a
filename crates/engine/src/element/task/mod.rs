mod job;
mod script;
