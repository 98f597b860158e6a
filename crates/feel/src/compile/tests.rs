//! Unary tests and `in`.

use super::Compiler;
use crate::ast::{Comparison, Kind, NodeId};
use crate::program::Op;

impl Compiler<'_> {
    /// The root of unary tests; their input is in slot 0.
    pub(super) fn unary_tests(&mut self, negated: bool, tests: &[NodeId]) {
        let Some(input) = self.input else { return self.input_value() };
        self.any_of(tests, input);
        if negated {
            self.emit(Op::Not);
        }
    }

    /// `value in tests`: the value is the input of the tests.
    pub(super) fn membership(&mut self, value: NodeId, tests: &[NodeId]) {
        self.expression(value);
        let input = self.depth - 1;
        let outer = self.input.replace(input);
        self.any_of(tests, input);
        self.input = outer;
        self.emit_with(Op::Collapse(1), -1);
    }

    fn any_of(&mut self, tests: &[NodeId], input: u32) {
        let mut skips = Vec::new();
        for (at, test) in tests.iter().enumerate() {
            if at > 0 {
                skips.push(self.emit(Op::JumpIfTrue(0)));
            }
            self.test(*test, input);
            if at > 0 {
                self.emit_with(Op::Or, -1);
            }
        }
        skips.into_iter().for_each(|skip| self.land(skip));
    }

    fn test(&mut self, id: NodeId, input: u32) {
        let outer = std::mem::replace(&mut self.span, self.ast.node(id).span);
        match self.ast.kind(id) {
            Kind::HalfRange(operator, end) => {
                self.emit_with(Op::Local(input), 1);
                self.expression(*end);
                self.emit_with(Op::Compare(*operator), -1);
            }
            Kind::Range(low, high, ends) => {
                self.emit_with(Op::Local(input), 1);
                self.expression(*low);
                self.expression(*high);
                let (start_included, end_included) = (ends.start_included, ends.end_included);
                self.emit_with(Op::InRange { start_included, end_included }, -2);
            }
            _ if self.ast.any(id, |kind| matches!(kind, Kind::Input)) => {
                self.expression(id);
                self.emit(Op::TestVerdict);
            }
            _ => {
                self.emit_with(Op::Local(input), 1);
                self.expression(id);
                self.emit_with(Op::TestValue, -1);
            }
        }
        if self.trace {
            self.emit(Op::Trace(id));
        }
        self.span = outer;
    }

    /// `< 5` outside of tests: a comparison with the input where there is one, else a range.
    pub(super) fn half_range(&mut self, id: NodeId, operator: Comparison, end: NodeId) {
        match self.input {
            Some(input) if !self.is_standard() => self.test(id, input),
            _ => {
                self.expression(end);
                self.emit(Op::HalfRange(operator));
            }
        }
    }
}
