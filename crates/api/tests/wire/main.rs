//! Calls as they are on the wire, gRPC and REST side by side, against a real server without a
//! socket: what they answer, also while it recovers and while it has too much to do.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod broken;
mod calls;
mod limits;
mod origin;
mod pressure;
mod recovery;
mod support;
