//! The wire contract on the server's side: the gRPC gateway that Zeebe and Camunda 8 clients
//! speak, and the REST API v2, over one [`gateway`].
//!
//! ```text
//!   listener ─► gRPC ─┐
//!                     ├─► who calls? ─► is there room? ─► grevy::Grevy
//!   listener ─► REST ─┘    access         pressure
//! ```

pub mod access;
pub mod failure;
pub mod gateway;
pub mod grpc;
mod input;
pub mod limits;
pub mod pressure;
pub mod readback;
pub mod rest;
pub mod server;
#[cfg(feature = "track")]
pub mod tracking;
mod verdict;
pub mod webhook;

/// Messages and the service of `gateway.proto`.
pub mod proto {
    #![allow(missing_docs, clippy::all)]
    tonic::include_proto!("gateway_protocol");

    /// Descriptors, for reflection.
    pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/gateway.bin"));
}
