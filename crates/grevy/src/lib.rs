//! Grevy inside a program: deploy BPMN models, attach closures to their tasks, start instances.
//!
//! ```text
//! let grevy = Grevy::memory()?;                       // or Grevy::open("folder")
//! grevy.deploy("order.bpmn", std::fs::read("order.bpmn")?).wait()?;
//! grevy.worker("check-stock", |job| Ok([("inStock", job.variables().text("article") != "")]));
//! let order = grevy.run("order", [("article", "book")]).wait()?;
//! ```
//!
//! Under it lies the runtime that the server shares: a partition is a state with a journal and a
//! [loop](partition) of its own, generic over the [machine] that it runs. Nothing leaves a
//! partition before it is durable.

mod activity;
mod checkpoint;
mod clock;
mod deadlines;
mod decisions;
pub mod dispatch;
mod error;
mod handle;
mod jobs;
pub mod limits;
mod links;
pub mod machine;
pub mod machines;
pub mod mailbox;
mod open;
mod ops;
pub mod partition;
mod pending;
mod query;
mod results;
mod shared;
mod starts;
mod steps;
mod tasks;
mod told;
mod variables;
mod worker;

pub use activity::{Activity, Token};
pub use checkpoint::{CheckpointHealth, Checkpoints, Keeper, Kept, Vault, Ward};
pub use clock::Clock;
pub use engine::meta::Deployed as Deployment;
pub use error::Error;
pub use handle::Grevy;
pub use jobs::{JobPoll, JobStream};
pub use model::{Builder as Model, Event};
pub use open::{Builder, Claimed};
pub use ops::Raised;
pub use pending::Pending;
pub use query::{Incident, Instance, PartitionHealth, Place};
pub use results::Ended;
pub use steps::{Durable, Holds, Steps};
pub use told::Told;
pub use variables::Variables;
pub use worker::{Job, JobError, Worker};
