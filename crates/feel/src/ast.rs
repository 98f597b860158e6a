//! The syntax tree: nodes in one vector, children before their parents.
//!
//! An arena instead of boxes: dropping a tree of boxes recurses, and `1+1+1+…` may be as long as
//! the source allows.

use crate::error::Span;
use crate::types::Type;
use std::sync::Arc;
use value::{Number, Value};

pub(crate) type NodeId = u32;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    Compare(Comparison),
    And,
    Or,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What an iteration walks through.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Domain {
    Values(NodeId),
    /// `start..end`, both included, downwards if the end is smaller.
    Steps(NodeId, NodeId),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Iterator {
    pub(crate) name: Arc<str>,
    pub(crate) domain: Domain,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Iteration {
    For,
    Some,
    Every,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Arguments {
    Positional(Vec<NodeId>),
    Named(Vec<(Arc<str>, NodeId)>),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ends {
    pub(crate) start_included: bool,
    pub(crate) end_included: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Literal(Value),
    Number(Number),
    /// `@"…"` with text that is no temporal value: null with a warning.
    BadTemporal(Arc<str>),
    Name(Arc<str>),
    /// `?`
    Input,
    Path(NodeId, Arc<str>),
    Filter(NodeId, NodeId),
    Negate(NodeId),
    Binary(Binary, NodeId, NodeId),
    Between(NodeId, NodeId, NodeId),
    /// A value and the tests of which one must hold.
    In(NodeId, Vec<NodeId>),
    InstanceOf(NodeId, Type),
    If(NodeId, NodeId, NodeId),
    Iteration(Iteration, Vec<Iterator>, NodeId),
    List(Vec<NodeId>),
    Context(Vec<(Arc<str>, NodeId)>),
    Range(NodeId, NodeId, Ends),
    /// `< 5`: a test of the input, elsewhere a range with one end.
    HalfRange(Comparison, NodeId),
    Function(Vec<(Arc<str>, Type)>, NodeId),
    /// A function defined outside FEEL; its mapping is read and never called.
    External(Vec<(Arc<str>, Type)>),
    Call(NodeId, Arguments),
    /// Unary tests: whether they are negated, and the tests of which one must hold.
    Tests(bool, Vec<NodeId>),
    /// `-`
    AnyInput,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ast {
    pub(crate) nodes: Vec<Node>,
    pub(crate) root: NodeId,
}

impl Ast {
    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize]
    }

    pub(crate) fn kind(&self, id: NodeId) -> &Kind {
        &self.node(id).kind
    }

    /// Levels below the root, where a chain of binary operators counts as one.
    pub(crate) fn height(&self) -> usize {
        let mut heights: Vec<usize> = Vec::with_capacity(self.nodes.len());
        for id in 0..self.nodes.len() {
            let mut height = 1;
            match &self.nodes[id].kind {
                Kind::Binary(_, left, right) => {
                    let chained = matches!(self.kind(*left), Kind::Binary(..));
                    let left = heights[*left as usize] + usize::from(!chained);
                    height = left.max(heights[*right as usize] + 1);
                }
                _ => self.children(id as NodeId, |child| {
                    height = height.max(heights[child as usize] + 1);
                }),
            }
            heights.push(height);
        }
        heights.get(self.root as usize).copied().unwrap_or(0)
    }

    /// Calls `visit` with every direct child.
    pub(crate) fn children(&self, id: NodeId, mut visit: impl FnMut(NodeId)) {
        match self.kind(id) {
            Kind::Literal(_)
            | Kind::Number(_)
            | Kind::BadTemporal(_)
            | Kind::Name(_)
            | Kind::Input
            | Kind::External(_)
            | Kind::AnyInput => {}
            Kind::Path(only, _)
            | Kind::Negate(only)
            | Kind::InstanceOf(only, _)
            | Kind::HalfRange(_, only)
            | Kind::Function(_, only) => visit(*only),
            Kind::Filter(left, right)
            | Kind::Binary(_, left, right)
            | Kind::Range(left, right, _) => [left, right].into_iter().for_each(|id| visit(*id)),
            Kind::Between(first, second, third) | Kind::If(first, second, third) => {
                [first, second, third].into_iter().for_each(|id| visit(*id));
            }
            Kind::In(value, tests) => {
                visit(*value);
                tests.iter().for_each(|id| visit(*id));
            }
            Kind::Iteration(_, iterators, body) => {
                for iterator in iterators {
                    match iterator.domain {
                        Domain::Values(id) => visit(id),
                        Domain::Steps(start, end) => [start, end].into_iter().for_each(&mut visit),
                    }
                }
                visit(*body);
            }
            Kind::List(items) | Kind::Tests(_, items) => items.iter().for_each(|id| visit(*id)),
            Kind::Context(entries) => entries.iter().for_each(|(_, id)| visit(*id)),
            Kind::Call(callee, arguments) => {
                visit(*callee);
                match arguments {
                    Arguments::Positional(all) => all.iter().for_each(|id| visit(*id)),
                    Arguments::Named(all) => all.iter().for_each(|(_, id)| visit(*id)),
                }
            }
        }
    }

    /// Whether any node below `id`, itself included, satisfies `test`. Does not recurse.
    pub(crate) fn any(&self, id: NodeId, test: impl Fn(&Kind) -> bool) -> bool {
        let mut open = vec![id];
        while let Some(next) = open.pop() {
            if test(self.kind(next)) {
                return true;
            }
            self.children(next, |child| open.push(child));
        }
        false
    }
}
