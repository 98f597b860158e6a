//! The read model: what happened, in tables that can be searched, and the events themselves by
//! instance.
//!
//! History is an exporter ([`History::export`]) with a writer thread of its own. It reads only
//! what is durable, keeps its position of each journal in the transaction that writes the rows,
//! and can be built again from its own frames and the journal. [`Reader`] answers searches; it
//! waits for what a client was told before ([`Reader::wait_for`]).
//!
//! Lists are table-driven: [`entity`] says for each of them which fields there are, how they are
//! stored and what may be asked; [`query`] turns a request into SQL.

mod batch;
pub mod entity;
mod error;
mod explain;
mod fingerprint;
mod fold;
mod happenings;
mod latency;
pub mod limits;
pub mod names;
mod overview;
pub mod query;
mod reader;
mod rebuild;
mod replay;
mod retention;
mod statistics;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod words;
mod write;

pub use batch::{Batch, META, MetaStep, Seed, SeedPart, Step};
pub use error::{Error, Result};
pub use explain::{
    Choice, Decided, Explanation, Failure, NearMiss, Refused, Surroundings, Wait, What,
};
pub use fingerprint::{hash as error_hash, normalise as error_text};
pub use happenings::{Detail, Happening, KINDS, Told};
pub use latency::Step as SlowStep;
pub use overview::{ErrorGroup, Overview, Pulse, Spot, Standing, Stands, Type};
pub use reader::{Behind, GivenName, Reader};
pub use rebuild::{rebuild, set_aside};
pub use replay::{Change, Position, Shown, Watched};
pub use retention::Retention;
pub use statistics::{Caller, ElementCount, ElementDuration, ElementHeat, Heat, Minute, Taken};
pub use store::{History, Settings};
pub use words::{date, span};
pub use write::{Gap, OnCap, Positions, Pressure};
