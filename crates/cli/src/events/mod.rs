//! Foreign events beyond one file: the bus over HTTP, alerts on their way out, the services of
//! the story.

pub mod alerts;
pub mod engine;
pub mod remote_bus;
pub mod story;
