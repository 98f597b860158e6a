//! The runtime and embedding API.

mod activity;
mod clock;
mod error;
pub mod limits;
pub mod machine;
pub mod mailbox;
pub mod partition;

pub use activity::{Activity, Token};
pub use clock::Clock;
pub use error::Error;
