//! Syntax tree to program.
//!
//! Every local name has a slot on the stack that is known here, so nothing is looked up by name
//! while a program runs, except variables and the entries of filtered elements, whose existence
//! only the data decides. Recursion is bounded by the nesting that the parser allows; chains of
//! operators loop.

mod call;
mod filter;
mod function;
mod iteration;
mod operator;
mod reads;
mod shape;
mod tests;

use crate::ast::{Ast, Kind, NodeId};
use crate::error::{EvalErrorKind, Span, WarningKind};
use crate::program::{Op, Program, Read, ScopedEntry};
use crate::scope::{Dialect, Scope};
use std::sync::Arc;
use value::Value;

pub(crate) use shape::shape;

/// What a name may stand for, innermost last.
#[derive(Clone, Debug)]
enum Binding {
    /// A value in a slot.
    Local(Arc<str>, u32),
    /// The element of a filter in a slot: its entries are names, too.
    Element(u32),
}

pub(crate) struct Compiler<'a> {
    ast: &'a Ast,
    scope: &'a Scope,
    program: Program,
    bindings: Vec<Binding>,
    /// The slot of the input of a unary test.
    input: Option<u32>,
    /// Values on the stack of the current frame at this point.
    depth: u32,
    span: Span,
    /// Inside a function, whose variables are captured when it is made.
    in_function: bool,
    trace: bool,
}

/// Compiles an expression, or unary tests if the tree has them as root.
pub(crate) fn compile(ast: &Ast, source: &Arc<str>, scope: &Scope, trace: bool) -> Program {
    let takes_input = matches!(ast.kind(ast.root), Kind::Tests(..) | Kind::AnyInput);
    let mut compiler = Compiler {
        ast,
        scope,
        program: Program { source: source.clone(), dialect: scope.dialect(), ..Program::default() },
        bindings: Vec::new(),
        input: takes_input.then_some(0),
        depth: u32::from(takes_input),
        span: Span::default(),
        in_function: false,
        trace,
    };
    compiler.expression(ast.root);
    compiler.emit(Op::Return);
    let mut program = compiler.program;
    program.reads = reads::reads(&program);
    program
}

impl Compiler<'_> {
    fn emit(&mut self, op: Op) -> usize {
        self.program.code.push(op);
        self.program.spans.push(self.span);
        self.program.code.len() - 1
    }

    /// Emits an operation that leaves `change` more values on the stack than before.
    fn emit_with(&mut self, op: Op, change: i32) -> usize {
        self.depth = self.depth.saturating_add_signed(change);
        self.program.stack_max = self.program.stack_max.max(self.depth as usize + 1);
        self.emit(op)
    }

    fn here(&self) -> u32 {
        self.program.code.len() as u32
    }

    /// Sets the target of a jump that was emitted before its target was known.
    fn land(&mut self, at: usize) {
        let here = self.here();
        match &mut self.program.code[at] {
            Op::Jump(target)
            | Op::JumpIfFalse(target)
            | Op::JumpIfTrue(target)
            | Op::BranchUnlessTrue(target)
            | Op::IterateValues(target)
            | Op::IterateSteps(target)
            | Op::Next(target)
            | Op::FilterBegin(target)
            | Op::FilterStep(target)
            | Op::Index(target) => *target = here,
            Op::ScopedEntry(entry) => self.program.scoped[*entry as usize].target = here,
            Op::Function(callee) => self.program.callees[*callee as usize].end = here,
            other => unreachable!("{other:?} has no target"),
        }
    }

    fn constant(&mut self, value: Value) {
        let index = self.program.constants.len() as u32;
        self.program.constants.push(value);
        self.emit_with(Op::Constant(index), 1);
    }

    fn name_index(&mut self, name: &Arc<str>) -> u32 {
        index_of(&mut self.program.names, name)
    }

    fn fail(&mut self, kind: WarningKind, message: String) {
        let index = self.program.failures.len() as u32;
        self.program.failures.push((kind, message));
        self.emit_with(Op::Fail(index), 1);
    }

    /// Emits code that leaves the value of a node on the stack.
    fn expression(&mut self, id: NodeId) {
        let outer = std::mem::replace(&mut self.span, self.ast.node(id).span);
        self.node(id);
        if self.trace && !matches!(self.ast.kind(id), Kind::Literal(_) | Kind::Number(_)) {
            self.emit(Op::Trace(id));
        }
        self.span = outer;
    }

    fn node(&mut self, id: NodeId) {
        match self.ast.kind(id) {
            Kind::Literal(value) => self.constant(value.clone()),
            Kind::Number(number) => self.constant(Value::Number(number.clone())),
            Kind::BadTemporal(text) => {
                let message =
                    format!("expected a date, time, date and time or duration, but found '{text}'");
                self.fail(WarningKind::FunctionInvocationFailure, message);
            }
            Kind::Name(name) => self.name(name),
            Kind::Input => self.input_value(),
            Kind::Path(base, member) => self.path(*base, member),
            Kind::Filter(list, filter) => self.filter(*list, *filter),
            Kind::Negate(inner) => self.negate(*inner),
            Kind::Binary(..) => self.binary(id),
            Kind::Between(value, low, high) => {
                [value, low, high].into_iter().for_each(|id| self.expression(*id));
                self.emit_with(Op::Between, -2);
            }
            Kind::In(value, tests) => self.membership(*value, tests),
            Kind::InstanceOf(value, named) => {
                self.expression(*value);
                let index = self.program.types.len() as u32;
                self.program.types.push(named.clone());
                self.emit(Op::InstanceOf(index));
            }
            Kind::If(condition, then, otherwise) => self.conditional(*condition, *then, *otherwise),
            Kind::Iteration(kind, iterators, body) => self.iteration(*kind, iterators, *body),
            Kind::List(items) => {
                items.iter().for_each(|id| self.expression(*id));
                self.emit_with(Op::List(items.len() as u32), 1 - items.len() as i32);
            }
            Kind::Context(entries) => self.context(entries),
            Kind::Range(low, high, ends) => {
                self.expression(*low);
                self.expression(*high);
                let (start_included, end_included) = (ends.start_included, ends.end_included);
                self.emit_with(Op::Range { start_included, end_included }, -1);
            }
            Kind::HalfRange(operator, end) => self.half_range(id, *operator, *end),
            Kind::Function(parameters, body) => self.function(parameters, Some(*body)),
            Kind::External(parameters) => self.function(parameters, None),
            Kind::Call(callee, arguments) => self.call(*callee, arguments),
            Kind::Tests(negated, tests) => self.unary_tests(*negated, tests),
            Kind::AnyInput => self.constant(Value::Bool(true)),
        }
    }

    /// A name: entries of filtered elements win from inside out until a local binding is met.
    fn name(&mut self, name: &Arc<str>) {
        let jumps = self.scoped_jumps(name);
        match self.local(name) {
            Some(slot) => self.emit_with(Op::Local(slot), 1),
            None => {
                let index = index_of(&mut self.program.variables, name);
                self.emit_with(Op::Variable(index), 1)
            }
        };
        jumps.into_iter().for_each(|jump| self.land(jump));
    }

    fn scoped_jumps(&mut self, name: &Arc<str>) -> Vec<usize> {
        let mut elements = Vec::new();
        for binding in self.bindings.iter().rev() {
            match binding {
                Binding::Local(own, _) if own == name => break,
                Binding::Local(..) => {}
                Binding::Element(slot) => elements.push(*slot),
            }
        }
        let mut jumps = Vec::new();
        for slot in elements {
            let index = self.program.scoped.len() as u32;
            self.program.scoped.push(ScopedEntry { slot, name: name.clone(), target: 0 });
            jumps.push(self.emit(Op::ScopedEntry(index)));
        }
        jumps
    }

    fn local(&self, name: &str) -> Option<u32> {
        self.bindings.iter().rev().find_map(|binding| match binding {
            Binding::Local(own, slot) if **own == *name => Some(*slot),
            Binding::Local(..) | Binding::Element(_) => None,
        })
    }

    fn inside_filter(&self) -> bool {
        self.bindings.iter().any(|binding| matches!(binding, Binding::Element(_)))
    }

    fn input_value(&mut self) {
        if let Some(slot) = self.input {
            self.emit_with(Op::Local(slot), 1);
            return;
        }
        let index = self.program.errors.len() as u32;
        let message = "No input value available. '?' can only be used inside an unary-test \
                       expression.";
        self.program.errors.push((EvalErrorKind::NoInput, message.to_owned()));
        self.emit_with(Op::Raise(index), 1);
    }

    /// A path: from a variable it is read as one, so that only that part is decoded.
    fn path(&mut self, base: NodeId, member: &Arc<str>) {
        let mut members = vec![member.clone()];
        let mut root = base;
        while let Kind::Path(next, member) = self.ast.kind(root) {
            members.push(member.clone());
            root = *next;
        }
        members.reverse();
        if let Kind::Name(name) = self.ast.kind(root)
            && !self.trace
            && self.local(name).is_none()
            && !self.inside_filter()
        {
            let read = Read { name: name.clone(), path: members };
            let index = match self.program.paths.iter().position(|own| *own == read) {
                Some(index) => index,
                None => {
                    self.program.paths.push(read);
                    self.program.paths.len() - 1
                }
            };
            self.emit_with(Op::VariablePath(index as u32), 1);
            return;
        }
        self.expression(root);
        for member in &members {
            let index = self.name_index(member);
            self.emit(Op::Property(index));
        }
    }

    fn conditional(&mut self, condition: NodeId, then: NodeId, otherwise: NodeId) {
        self.expression(condition);
        let branch = self.emit_with(Op::BranchUnlessTrue(0), -1);
        self.expression(then);
        let end = self.emit_with(Op::Jump(0), -1);
        self.land(branch);
        self.expression(otherwise);
        self.land(end);
    }

    /// Entries see those before them: each stays in its slot until all are there.
    fn context(&mut self, entries: &[(Arc<str>, NodeId)]) {
        let bound = self.bindings.len();
        for (key, value) in entries {
            self.expression(*value);
            self.bindings.push(Binding::Local(key.clone(), self.depth - 1));
        }
        self.bindings.truncate(bound);
        let keys = entries.iter().map(|(key, _)| key.clone()).collect();
        let index = self.program.keys.len() as u32;
        self.program.keys.push(keys);
        self.emit_with(Op::Context(index), 1 - entries.len() as i32);
    }

    fn is_standard(&self) -> bool {
        self.scope.dialect() == Dialect::Standard
    }
}

fn index_of(names: &mut Vec<Arc<str>>, name: &Arc<str>) -> u32 {
    if let Some(index) = names.iter().position(|own| own == name) {
        return index as u32;
    }
    names.push(name.clone());
    (names.len() - 1) as u32
}
