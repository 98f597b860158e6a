//! The built-in functions: those of DMN 1.5, 10.3.4, and those that Camunda adds.

mod aggregates;
mod argument;
mod boolean;
mod contexts;
mod conversion;
mod lists;
mod numbers;
mod ranges;
mod strings;
mod table;
mod temporal;

use crate::vm::{Core, Machine, Outcome};
use value::Value;

pub(crate) use table::{find, names};
pub(crate) use temporal::{temporal, temporal_named};

/// A built-in function.
#[derive(Debug)]
pub(crate) struct BuiltIn {
    pub(crate) name: &'static str,
    /// The shapes in which it may be called, the first that fits counts.
    pub(crate) signatures: &'static [Signature],
    pub(crate) run: Run,
}

/// One list of parameters.
#[derive(Debug)]
pub(crate) struct Signature {
    pub(crate) names: &'static [&'static str],
    /// Whether the last parameter takes all further arguments.
    pub(crate) takes_more: bool,
}

/// How a built-in is called: with its arguments and the number of the signature.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Run {
    Plain(fn(&mut Core, &[Value], u8) -> Outcome),
    /// Calls functions among its arguments.
    Calling(fn(&mut Machine<'_>, &[Value], u8) -> Outcome),
}

impl BuiltIn {
    /// The signature for that many arguments in order.
    pub(crate) fn by_count(&self, count: usize) -> Option<u8> {
        let fits = |signature: &Signature| match signature.takes_more {
            true => count >= signature.names.len(),
            false => count == signature.names.len(),
        };
        self.signatures.iter().position(fits).map(|at| at as u8)
    }

    /// The signature that has all of those names; the shortest, so that what is not given and may
    /// be missing is not there at all.
    pub(crate) fn by_names(&self, given: &[&str]) -> Option<u8> {
        let fits = |signature: &Signature| given.iter().all(|name| signature.names.contains(name));
        let fitting = self.signatures.iter().enumerate().filter(|(_, own)| fits(own));
        fitting.min_by_key(|(_, signature)| signature.names.len()).map(|(at, _)| at as u8)
    }

    /// The ways to call it, for messages.
    pub(crate) fn shapes(&self) -> String {
        let shape = |signature: &Signature| {
            let more = if signature.takes_more { ", …" } else { "" };
            format!("{}({}{more})", self.name, signature.names.join(", "))
        };
        self.signatures.iter().map(shape).collect::<Vec<_>>().join(" or ")
    }
}
