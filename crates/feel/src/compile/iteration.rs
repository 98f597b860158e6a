//! `for`, `some` and `every`.

use super::{Binding, Compiler};
use crate::ast::{Domain, Iteration, Iterator, Kind, NodeId};
use crate::program::Op;
use std::sync::Arc;
use value::Value;

impl Compiler<'_> {
    /// Nested loops, the last iterator innermost:
    ///
    /// ```text
    ///   ResultsBegin (for) or a verdict on the stack (some, every)
    ///   domain 1; Iterate 1; L1: Next 1 → done; domain 2; Iterate 2; L2: Next 2 → E1
    ///   body; step; Pop 2; Jump L2
    ///   E1: Pop 1; Jump L1
    /// ```
    ///
    /// What cannot be iterated leaves all loops: the open ones are abandoned and the result is
    /// `null`.
    pub(super) fn iteration(&mut self, kind: Iteration, iterators: &[Iterator], body: NodeId) {
        let bound = self.bindings.len();
        let verdict = self.depth;
        match kind {
            Iteration::For => drop(self.emit(Op::ResultsBegin)),
            Iteration::Some => self.constant(Value::Bool(false)),
            Iteration::Every => self.constant(Value::Bool(true)),
        }
        // Per loop: where it starts and the jump that leaves it; failures with their depth.
        let mut loops = Vec::new();
        let mut failures = Vec::new();
        for (open, iterator) in iterators.iter().enumerate() {
            let iterate = self.open(&iterator.domain);
            failures.push((iterate, open));
            let start = self.here();
            let exit = self.emit_with(Op::Next(0), 1);
            loops.push((start, exit));
            self.bindings.push(Binding::Local(iterator.name.clone(), self.depth - 1));
        }
        let shortcut = self.step(kind, verdict, body);
        for (start, exit) in loops.iter().rev() {
            self.emit_with(Op::Pop, -1);
            self.emit(Op::Jump(*start));
            self.land(*exit);
        }
        self.bindings.truncate(bound);
        let end = self.finish(kind, shortcut, iterators.len());
        self.failures(kind, failures);
        self.land(end);
    }

    fn open(&mut self, domain: &Domain) -> usize {
        match domain {
            Domain::Values(values) => {
                self.expression(*values);
                self.emit_with(Op::IterateValues(0), -1)
            }
            Domain::Steps(start, end) => {
                self.expression(*start);
                self.expression(*end);
                self.emit_with(Op::IterateSteps(0), -2)
            }
        }
    }

    /// The body and what becomes of its value; the jump that leaves all loops early, if any.
    fn step(&mut self, kind: Iteration, verdict: u32, body: NodeId) -> Option<usize> {
        if kind == Iteration::For {
            self.partial_body(body);
            self.emit_with(Op::ResultsPush, -1);
            return None;
        }
        self.expression(body);
        let (step, jump) = match kind {
            Iteration::Some => (Op::SomeStep { verdict }, Op::JumpIfTrue(0)),
            Iteration::For | Iteration::Every => (Op::EveryStep { verdict }, Op::JumpIfFalse(0)),
        };
        self.emit_with(step, -1);
        self.emit_with(Op::Local(verdict), 1);
        let shortcut = self.emit(jump);
        self.emit_with(Op::Pop, -1);
        Some(shortcut)
    }

    /// `partial` is a binding only if the body names it: holding the results while they grow
    /// would make every step copy them.
    fn partial_body(&mut self, body: NodeId) {
        let names_partial = |kind: &Kind| matches!(kind, Kind::Name(name) if **name == *"partial");
        if !self.ast.any(body, names_partial) {
            return self.expression(body);
        }
        self.emit_with(Op::Partial, 1);
        self.bindings.push(Binding::Local(Arc::from("partial"), self.depth - 1));
        self.expression(body);
        self.bindings.pop();
        self.emit_with(Op::Collapse(1), -1);
    }

    /// Leaves the result on the stack and returns the jump over the failures.
    fn finish(&mut self, kind: Iteration, shortcut: Option<usize>, count: usize) -> usize {
        if kind == Iteration::For {
            self.emit_with(Op::ResultsEnd, 1);
            return self.emit(Op::Jump(0));
        }
        let end = self.emit(Op::Jump(0));
        if let Some(shortcut) = shortcut {
            self.land(shortcut);
            // On the stack: the first verdict, one element per loop, the verdict on top.
            self.emit(Op::Abandon(count as u32));
            self.emit(Op::Collapse(count as u32 + 1));
            let over = self.emit(Op::Jump(0));
            self.land(end);
            return over;
        }
        end
    }

    fn failures(&mut self, kind: Iteration, failures: Vec<(usize, usize)>) {
        // After the normal end the stack holds the result; failures start without it.
        let mut ends = Vec::new();
        for (iterate, open) in failures {
            let skip = self.emit(Op::Jump(0));
            ends.push(skip);
            self.land(iterate);
            self.emit(Op::Abandon(open as u32));
            let elements = open as u32 + u32::from(kind != Iteration::For);
            if kind == Iteration::For {
                self.emit(Op::ResultsDrop);
            }
            let index = self.program.constants.len() as u32;
            self.program.constants.push(Value::Null);
            self.emit(Op::Constant(index));
            self.emit(Op::Collapse(elements));
        }
        ends.into_iter().for_each(|skip| self.land(skip));
    }
}
