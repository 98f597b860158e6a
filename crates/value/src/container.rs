//! Lists, ranges and functions.

use crate::Value;
use std::any::Any;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// A list that knows how deep and how large it is.
///
/// Both are needed in constant time: an evaluator must refuse a list before it is nested so deep
/// that dropping it exhausts the stack, or so often shared inside itself (`[x, x]`) that printing
/// it takes for ever.
#[derive(Clone, Default)]
pub struct List {
    items: Vec<Value>,
    depth: u32,
    weight: u32,
}

impl List {
    /// The list of those items.
    pub fn new(items: Vec<Value>) -> List {
        let mut depth = 0;
        let mut weight = 1u32;
        for item in &items {
            depth = depth.max(item.depth());
            weight = weight.saturating_add(item.weight());
        }
        List { items, depth: depth.saturating_add(1), weight }
    }

    /// Adds an item at the end.
    pub fn push(&mut self, item: Value) {
        self.depth = self.depth.max(item.depth().saturating_add(1));
        self.weight = self.weight.saturating_add(item.weight());
        self.items.push(item);
    }

    /// Levels of nesting, 1 for a list of plain values.
    pub fn depth(&self) -> u32 {
        self.depth
    }

    /// Values inside, counted as often as they would be printed.
    pub fn weight(&self) -> u32 {
        self.weight
    }

    /// The items, to be changed and made into a list again.
    pub fn into_items(self) -> Vec<Value> {
        self.items
    }
}

impl Deref for List {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.items
    }
}

impl PartialEq for List {
    fn eq(&self, other: &List) -> bool {
        self.items == other.items
    }
}

/// An interval between two values, DMN 1.5, 10.3.2.7. A missing end is unbounded.
#[derive(Clone, PartialEq)]
pub struct Range {
    /// The lower end.
    pub start: Option<Value>,
    /// Whether the lower end itself belongs to the range.
    pub start_included: bool,
    /// The upper end.
    pub end: Option<Value>,
    /// Whether the upper end itself belongs to the range.
    pub end_included: bool,
}

/// A function as a value. The expression language implements it; this crate only carries it.
pub trait Callable: fmt::Debug + Send + Sync {
    /// The parameter names, in order.
    fn parameters(&self) -> &[Arc<str>];

    /// Levels of nesting of the values that it holds on to.
    fn depth(&self) -> u32;

    /// For the language that made it.
    fn as_any(&self) -> &dyn Any;
}
