//! Searches: a request over a list, turned into SQL.
//!
//! A search gathers keys first, up to [`crate::limits::TOTAL_MAX`]. Few matches are sorted by
//! themselves; many are read in the order of an index until the page is full, and the filter's own
//! columns are hidden from the planner, which has no statistics and would else sort a million
//! rows. Both are quick where the other is not.

mod cursor;
mod field;
mod filter;
mod many;
mod order;
#[cfg(test)]
mod plans;
mod run;
mod sql;
mod stretch;
mod variable;

pub use field::{Entity, Field, Kind};
pub use filter::{Condition, Filter, Test, Value, VariableTest};
pub use order::Sort;
pub(crate) use run::fetch;
#[cfg(test)]
pub(crate) use run::value;
pub use run::{Page, Paging, Query, Record};
pub(crate) use sql::{Sql, Writing};
