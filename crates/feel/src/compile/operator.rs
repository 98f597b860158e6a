//! Operators. Chains are compiled in a loop, since they may be as long as the source.

use super::Compiler;
use crate::ast::{Binary, Kind, NodeId};
use crate::program::Op;
use value::{Arithmetic, Value};

impl Compiler<'_> {
    pub(super) fn negate(&mut self, inner: NodeId) {
        if let Kind::Number(number) = self.ast.kind(inner) {
            return self.constant(Value::Number(number.neg()));
        }
        self.expression(inner);
        self.emit(Op::Negate);
    }

    /// A left-leaning chain of binary operators, from its leftmost operand outwards. `and` and
    /// `or` skip their right side once the left decides; skips land behind their own operator.
    pub(super) fn binary(&mut self, id: NodeId) {
        let mut spine = Vec::new();
        let mut leftmost = id;
        while let Kind::Binary(operator, left, right) = self.ast.kind(leftmost) {
            spine.push((leftmost, *operator, *right));
            leftmost = *left;
        }
        if !self.trace && self.is_text(&spine, leftmost) {
            return self.add_all(&spine, leftmost);
        }
        self.expression(leftmost);
        for (at, (node, operator, right)) in spine.iter().rev().enumerate() {
            let outer = std::mem::replace(&mut self.span, self.ast.node(*node).span);
            let skip = match operator {
                Binary::And => Some(self.emit(Op::JumpIfFalse(0))),
                Binary::Or => Some(self.emit(Op::JumpIfTrue(0))),
                _ => None,
            };
            let operation = operation(*operator);
            match self
                .literal(*right)
                .filter(|_| !self.trace)
                .and_then(|value| self.with_constant(operation, value))
            {
                Some(fused) => {
                    self.emit(fused);
                }
                None => {
                    self.expression(*right);
                    self.emit_with(operation, -1);
                }
            }
            if let Some(skip) = skip {
                self.land(skip);
            }
            let is_root = at + 1 == spine.len();
            if self.trace && !is_root {
                self.emit(Op::Trace(*node));
            }
            self.span = outer;
        }
    }
}

/// An operator of a chain: its node, what it is, and its right side.
type Link = (NodeId, Binary, NodeId);

impl Compiler<'_> {
    /// Whether these are sums with a text among the operands.
    fn is_text(&self, spine: &[Link], leftmost: NodeId) -> bool {
        let is_text = |id: NodeId| match self.ast.kind(id) {
            Kind::Literal(value) => value.as_str().is_some(),
            _ => false,
        };
        spine.len() > 1
            && spine.iter().all(|(_, operator, _)| *operator == Binary::Add)
            && (is_text(leftmost) || spine.iter().any(|(_, _, right)| is_text(*right)))
    }

    /// The spine is from the outermost operator inwards.
    fn add_all(&mut self, spine: &[Link], leftmost: NodeId) {
        self.expression(leftmost);
        spine.iter().rev().for_each(|(_, _, right)| self.expression(*right));
        let index = self.program.sums.len() as u32;
        let places = spine.iter().rev().map(|(node, _, _)| self.ast.node(*node).span);
        self.program.sums.push(places.collect());
        self.emit_with(Op::AddAll(index), -(spine.len() as i32));
    }

    /// The operation that has that constant on its right, if there is one.
    fn with_constant(&mut self, operation: Op, value: Value) -> Option<Op> {
        let index = self.program.constants.len() as u32;
        let fused = match operation {
            Op::Compare(comparison) => Op::CompareConstant(comparison, index),
            Op::Arithmetic(arithmetic) => Op::ArithmeticConstant(arithmetic, index),
            _ => return None,
        };
        self.program.constants.push(value);
        Some(fused)
    }

    fn literal(&self, id: NodeId) -> Option<Value> {
        match self.ast.kind(id) {
            Kind::Literal(value) => Some(value.clone()),
            Kind::Number(number) => Some(Value::Number(number.clone())),
            _ => None,
        }
    }
}

fn operation(operator: Binary) -> Op {
    match operator {
        Binary::Add => Op::Arithmetic(Arithmetic::Add),
        Binary::Subtract => Op::Arithmetic(Arithmetic::Subtract),
        Binary::Multiply => Op::Arithmetic(Arithmetic::Multiply),
        Binary::Divide => Op::Arithmetic(Arithmetic::Divide),
        Binary::Power => Op::Power,
        Binary::Compare(comparison) => Op::Compare(comparison),
        Binary::And => Op::And,
        Binary::Or => Op::Or,
    }
}
