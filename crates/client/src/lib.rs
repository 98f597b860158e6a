//! A client and worker for Grevy, over the gateway protocol that Zeebe clients speak too.
//!
//! ```no_run
//! use client::{Client, Fail, Job};
//! use serde_json::json;
//!
//! # async fn example() -> Result<(), client::Error> {
//! let grevy = Client::connect("http://127.0.0.1:26500").await?;
//! grevy.deploy("order.bpmn", b"<definitions/>").await?;
//! let worker = grevy.worker("charge-card", |job: Job| async move {
//!     let amount: f64 = job.variable("amount")?;
//!     if amount > 1_000.0 {
//!         return Err(Fail::bpmn("LIMIT", "over the limit of the card"));
//!     }
//!     Ok(json!({ "charged": true }))
//! });
//! let order = grevy.create("order", &json!({ "amount": 120 })).await?;
//! println!("order {}", order.instance);
//! worker.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! Calls that fail because the server is away or has too much to do are tried again, with the
//! same request id. A worker streams its jobs, polls where a server knows no streams, and when it
//! is stopped it finishes what it has begun.

mod calls;
mod connect;
mod error;
mod job;
pub mod limits;
mod retry;
mod worker;

pub use calls::{Created, Deployed, Health, Message, Partition};
pub use connect::{Client, Connect};
pub use error::{Error, Kind};
pub use job::{Fail, Job};
pub use worker::{Worker, WorkerOptions};

/// Messages of the protocol, as generated.
mod proto {
    #![allow(missing_docs, clippy::all)]
    tonic::include_proto!("gateway_protocol");
}
