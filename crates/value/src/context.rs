//! Contexts: entries in the order in which they were made.

use crate::Value;
use crate::limits::CONTEXT_INDEX_MIN;
use std::sync::Arc;

/// Only looked up, never iterated: order comes from the entries.
#[expect(clippy::disallowed_types, reason = "only lookups happen")]
type Index = std::collections::HashMap<Arc<str>, u32>;

/// Named values in insertion order, DMN 1.5, 10.3.2.6.
#[derive(Clone, Default)]
pub struct Context {
    entries: Vec<(Arc<str>, Value)>,
    /// Position by key, only in a large context.
    index: Option<Index>,
    depth: u32,
    weight: u32,
}

impl Context {
    /// An empty context.
    pub fn new() -> Context {
        Context { entries: Vec::new(), index: None, depth: 1, weight: 1 }
    }

    /// An empty context with room for that many entries.
    pub fn with_capacity(capacity: usize) -> Context {
        Context { entries: Vec::with_capacity(capacity), ..Context::new() }
    }

    /// The value of that entry.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.position(key).map(|at| &self.entries[at].1)
    }

    /// Sets an entry: an existing one keeps its place, a new one goes to the end.
    pub fn insert(&mut self, key: impl Into<Arc<str>>, value: Value) {
        let key = key.into();
        self.depth = self.depth.max(value.depth().saturating_add(1));
        self.weight = self.weight.saturating_add(value.weight()).saturating_add(1);
        match self.position(&key) {
            Some(at) => self.entries[at].1 = value,
            None => {
                if let Some(index) = &mut self.index {
                    index.insert(key.clone(), self.entries.len() as u32);
                }
                self.entries.push((key, value));
                if self.index.is_none() && self.entries.len() > CONTEXT_INDEX_MIN {
                    self.build_index();
                }
            }
        }
    }

    fn build_index(&mut self) {
        let positions = self.entries.iter().enumerate();
        self.index = Some(positions.map(|(at, (key, _))| (key.clone(), at as u32)).collect());
    }

    fn position(&self, key: &str) -> Option<usize> {
        match &self.index {
            Some(index) => index.get(key).map(|at| *at as usize),
            None => self.entries.iter().position(|(own, _)| &**own == key),
        }
    }

    /// The entries in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Arc<str>, &Value)> {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Levels of nesting, 1 for a context of plain values.
    pub fn depth(&self) -> u32 {
        self.depth.max(1)
    }

    /// Values inside, an upper bound after entries were replaced.
    pub fn weight(&self) -> u32 {
        self.weight.max(1)
    }
}

impl PartialEq for Context {
    /// Equal entries in any order.
    fn eq(&self, other: &Context) -> bool {
        self.len() == other.len()
            && self.iter().all(|(key, value)| other.get(key).is_some_and(|own| own == value))
    }
}

impl<K: Into<Arc<str>>> FromIterator<(K, Value)> for Context {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(entries: I) -> Context {
        let mut context = Context::new();
        for (key, value) in entries {
            context.insert(key, value);
        }
        context
    }
}
