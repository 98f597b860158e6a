//! The loop over operations.

use super::core::{bounded, out_of_fuel, shown};
use super::{Machine, Outcome, Trouble, arithmetic, compare, property};
use crate::ast::Comparison;
use crate::builtins;
use crate::error::{EvalError, Warning, WarningKind};
use crate::expression::Step;
use crate::limits::TRACE_STEPS_MAX;
use crate::program::{Callee, Op, Program};
use std::sync::Arc;
use value::{Arithmetic, Context, Range, Value};

/// What a context costs beside its entries: memory, more than time.
const CONTEXT_FUEL: usize = 12;

/// What an operation does to the flow.
pub(super) enum Flow {
    Next,
    Jump(u32),
    Call(Arc<Program>, usize),
}

impl Machine<'_> {
    /// Runs from an operation until the frame that is open now returns.
    pub(super) fn execute(
        &mut self,
        start: &Arc<Program>,
        at: usize,
        base: usize,
    ) -> Result<Value, EvalError> {
        let bottom = self.frames.len();
        let outer_base = std::mem::replace(&mut self.base, base);
        // Only calls count references: most programs have none.
        let mut called: Option<Arc<Program>> = None;
        let mut at = at;
        loop {
            let program = called.as_ref().unwrap_or(start);
            let op = program.code[at];
            if self.core.fuel == 0 {
                return Err(self.error(out_of_fuel(), program, at));
            }
            self.core.fuel -= 1;
            if let Some(next) = self.quick(op, program, at) {
                at = next;
                continue;
            }
            if let Op::Return = op {
                let value = self.pop();
                self.stack.truncate(self.base);
                if self.frames.len() == bottom {
                    self.base = outer_base;
                    return Ok(value);
                }
                // The loop above has just seen that a frame is left.
                let Some(frame) = self.frames.pop() else { return Ok(value) };
                self.base = frame.base;
                called = Some(frame.program);
                at = frame.at;
                self.stack.push(value);
                continue;
            }
            let flow = self.step(op, program, at);
            if !self.core.unplaced.is_empty() {
                self.place_warnings(program, at);
            }
            match flow {
                Ok(Flow::Next) => at += 1,
                Ok(Flow::Jump(target)) => at = target as usize,
                Ok(Flow::Call(callee, entry)) => {
                    // `call` has opened the frame that this one continues from.
                    if let Some(frame) = self.frames.last_mut() {
                        frame.at = at + 1;
                        frame.program = program.clone();
                    }
                    called = Some(callee);
                    at = entry;
                }
                Err(trouble) => match trouble.settled() {
                    Trouble::Warn(kind, message) => {
                        let place = || program.spans[at].place(&program.source);
                        self.core.warn(kind, message, place);
                        self.push(Value::Null);
                        at += 1;
                    }
                    raised => return Err(self.error(raised, program, at)),
                },
            }
        }
    }

    /// What most operations of a condition do, if it needs nothing else: where to go on. The
    /// others, and these where they warn, go through [`Machine::step`].
    #[inline(always)]
    fn quick(&mut self, op: Op, program: &Program, at: usize) -> Option<usize> {
        match op {
            Op::Variable(index) => {
                let value = self.variables.get(&program.variables[index as usize])?;
                self.push(value);
            }
            Op::VariablePath(index) => {
                let value = program.paths[index as usize].whole(self.variables)?;
                self.push(value);
            }
            Op::Constant(index) => self.push(program.constants[index as usize].clone()),
            Op::Local(slot) => self.push(self.stack[self.base + slot as usize].clone()),
            Op::JumpIfFalse(target) | Op::JumpIfTrue(target) => {
                let wanted = matches!(op, Op::JumpIfTrue(_));
                if let Value::Bool(truth) = self.top()
                    && *truth == wanted
                {
                    return Some(target as usize);
                }
            }
            Op::BranchUnlessTrue(target) => {
                let Value::Bool(truth) = self.top() else { return None };
                let next = if *truth { at + 1 } else { target as usize };
                self.discard();
                return Some(next);
            }
            Op::Jump(target) => return Some(target as usize),
            Op::CompareConstant(comparison, index)
                if self.compare_in_place(comparison, &program.constants[index as usize]) => {}
            Op::And | Op::Or if self.combine_in_place(matches!(op, Op::And)) => {}
            Op::ArithmeticConstant(done, index)
                if self.count_constant(done, &program.constants[index as usize]) => {}
            Op::Arithmetic(done) if self.count_in_place(done) => {}
            _ => return None,
        }
        Some(at + 1)
    }

    fn place_warnings(&mut self, program: &Program, at: usize) {
        for (kind, message) in std::mem::take(&mut self.core.unplaced) {
            self.core.warn(kind, message, || program.spans[at].place(&program.source));
        }
    }

    fn error(&self, trouble: Trouble, program: &Program, at: usize) -> EvalError {
        let error = super::call::raised(trouble);
        EvalError { source: program.source.clone(), span: program.spans[at], ..error }
    }

    /// One operation. A warning leaves `null` on the stack in place of its result, so operations
    /// take their operands before they can fail.
    #[inline(always)]
    fn step(&mut self, op: Op, program: &Arc<Program>, at: usize) -> Result<Flow, Trouble> {
        match op {
            Op::Variable(index) => self.variable(&program.variables[index as usize]),
            Op::VariablePath(index) => self.path(program, index),
            Op::Function(index) => self.function(&program.callees[index as usize]),
            Op::ScopedEntry(index) => Ok(self.scoped_entry(program, index)),
            // The quick way has jumped where there is something to jump on.
            Op::JumpIfFalse(_) | Op::JumpIfTrue(_) => Ok(Flow::Next),
            Op::BranchUnlessTrue(target) => self.branch(target),
            Op::Jump(target) => Ok(Flow::Jump(target)),
            Op::ResultsBegin
            | Op::ResultsPush
            | Op::ResultsDrop
            | Op::Abandon(_)
            | Op::Partial
            | Op::ResultsEnd
            | Op::IterateValues(_)
            | Op::IterateSteps(_)
            | Op::Next(_)
            | Op::SomeStep { .. }
            | Op::EveryStep { .. }
            | Op::FilterBegin(_)
            | Op::FilterStep(_)
            | Op::FilterEnd
            | Op::Index(_) => self.iterate(op),
            Op::Call(count) => self.call(count as usize),
            Op::CallNamed(index) => self.call_named(program, index),
            Op::BuiltIn(index) => self.built_in(program, index),
            Op::Pop => {
                self.pop();
                Ok(Flow::Next)
            }
            Op::Mute | Op::Unmute => {
                let change = if op == Op::Mute { 1 } else { -1 };
                self.core.muted = self.core.muted.saturating_add_signed(change);
                Ok(Flow::Next)
            }
            Op::Trace(_) => Ok(self.record(program, at)),
            _ => {
                let value = self.value(op, program)?;
                self.push(value);
                Ok(Flow::Next)
            }
        }
    }

    /// What most conditions do, without moving values about: compares a number on the top with a
    /// constant. Whether it was that.
    #[inline(always)]
    fn compare_in_place(&mut self, comparison: Comparison, constant: &Value) -> bool {
        let (Some(top), Value::Number(right)) = (self.stack.last_mut(), constant) else {
            return false;
        };
        let Value::Number(left) = &*top else { return false };
        let verdict = compare::holds(comparison, left.cmp(right));
        *top = Value::Bool(verdict);
        true
    }

    /// The same for two truth values.
    #[inline(always)]
    fn combine_in_place(&mut self, is_and: bool) -> bool {
        let [.., Value::Bool(left), Value::Bool(right)] = self.stack[..] else { return false };
        self.discard();
        if let Some(top) = self.stack.last_mut() {
            *top = Value::Bool(if is_and { left && right } else { left || right });
        }
        true
    }

    /// The same for arithmetic with numbers of few digits.
    #[inline(always)]
    fn count_in_place(&mut self, done: Arithmetic) -> bool {
        let [.., Value::Number(left), Value::Number(right)] = &mut self.stack[..] else {
            return false;
        };
        let is_done = left.count_on(done, right);
        if is_done {
            self.discard();
        }
        is_done
    }

    #[inline(always)]
    fn count_constant(&mut self, done: Arithmetic, constant: &Value) -> bool {
        let (Some(Value::Number(left)), Value::Number(right)) = (self.stack.last_mut(), constant)
        else {
            return false;
        };
        left.count_on(done, right)
    }

    /// An operation that only leaves a value.
    #[inline(always)]
    fn value(&mut self, op: Op, program: &Arc<Program>) -> Outcome {
        match op {
            Op::Constant(index) => Ok(program.constants[index as usize].clone()),
            Op::Local(slot) => Ok(self.stack[self.base + slot as usize].clone()),
            Op::Property(index) => {
                let value = self.pop();
                property::property(&mut self.core, &value, &program.names[index as usize])
            }
            Op::Collapse(count) => {
                let value = self.pop();
                self.stack.truncate(self.stack.len() - count as usize);
                Ok(value)
            }
            Op::Negate => arithmetic::negate(self.pop()),
            Op::Arithmetic(done) => {
                let (left, right) = self.pop_two();
                arithmetic::binary(&mut self.core, done, left, right)
            }
            Op::ArithmeticConstant(done, index) => {
                let left = self.pop();
                let right = program.constants[index as usize].clone();
                arithmetic::binary(&mut self.core, done, left, right)
            }
            Op::Power => {
                let (left, right) = self.pop_two();
                arithmetic::power(&mut self.core, &left, &right)
            }
            Op::AddAll(index) => self.add_all(program, index),
            Op::Compare(comparison) => {
                let (left, right) = self.pop_two();
                compare::compare(&mut self.core, comparison, &left, &right)
            }
            Op::CompareConstant(comparison, index) => {
                let left = self.pop();
                compare::compare(
                    &mut self.core,
                    comparison,
                    &left,
                    &program.constants[index as usize],
                )
            }
            Op::And | Op::Or => {
                let (left, right) = self.pop_two();
                compare::combine(op == Op::And, &left, &right)
            }
            Op::Not => compare::not(&self.pop()),
            Op::List(count) => {
                self.core.spend(count as usize)?;
                bounded(Value::list(self.stack.split_off(self.stack.len() - count as usize)))
            }
            Op::Context(index) => self.context(program, index),
            Op::InstanceOf(index) => self.instance_of(program, index),
            Op::Closure(index) => bounded(self.closure(program, index)),
            Op::TestVerdict => Ok(match self.pop() {
                verdict @ Value::Bool(_) => verdict,
                _ => Value::Null,
            }),
            Op::Fail(index) => {
                let (kind, message) = program.failures[index as usize].clone();
                Err(Trouble::Warn(kind, message))
            }
            Op::Raise(index) => {
                let (kind, message) = program.errors[index as usize].clone();
                Err(Trouble::Raise(kind, message))
            }
            _ => self.ranges(op),
        }
    }

    /// Texts are joined at once; anything else is added step by step, as it stands.
    fn add_all(&mut self, program: &Program, index: u32) -> Outcome {
        let places = &program.sums[index as usize];
        let operands = self.stack.split_off(self.stack.len() - places.len() - 1);
        self.core.spend(places.len())?;
        if let Some(joined) = arithmetic::join(&mut self.core, &operands)? {
            return Ok(joined);
        }
        let mut operands = operands.into_iter();
        let mut sum = operands.next().unwrap_or_default();
        for (place, operand) in places.iter().zip(operands) {
            sum = match arithmetic::binary(&mut self.core, Arithmetic::Add, sum, operand) {
                Err(Trouble::Warn(kind, message)) => {
                    self.core.warn(kind, message, || place.place(&program.source));
                    Value::Null
                }
                other => other?,
            };
        }
        Ok(sum)
    }

    /// An operation on ranges and tests.
    fn ranges(&mut self, op: Op) -> Outcome {
        match op {
            Op::Between => self.between(),
            Op::InRange { start_included, end_included } => {
                let (low, high) = self.pop_two();
                let value = self.pop();
                let (start, end) = (Some(low), Some(high));
                compare::in_range(&value, &Range { start, start_included, end, end_included })
            }
            Op::Range { start_included, end_included } => {
                let (low, high) = self.pop_two();
                compare::range(&self.core, low, start_included, high, end_included)
            }
            Op::HalfRange(comparison) => compare::half_range(comparison, self.pop()),
            Op::TestValue => {
                let (input, value) = self.pop_two();
                compare::test_value(&mut self.core, &input, &value)
            }
            other => unreachable!("{other:?} is handled where operations are told apart"),
        }
    }

    pub(super) fn pop_two(&mut self) -> (Value, Value) {
        let second = self.pop();
        (self.pop(), second)
    }

    fn variable(&mut self, name: &str) -> Result<Flow, Trouble> {
        match self.variables.get(name) {
            Some(value) => {
                self.push(value);
                Ok(Flow::Next)
            }
            None if self.core.is_standard() && builtins::find(name).is_some() => {
                if let Some(function) = builtins::find(name) {
                    self.push(super::call::built_in_value(function));
                }
                Ok(Flow::Next)
            }
            None => Err(no_variable(name)),
        }
    }

    /// A variable that is called. If there is none, the arguments are not evaluated.
    fn function(&mut self, callee: &Callee) -> Result<Flow, Trouble> {
        match self.variables.get(&callee.name) {
            Some(value) => {
                self.push(value);
                Ok(Flow::Next)
            }
            None => {
                let (kind, message) = Warning::no_function(&callee.name);
                self.core.warn_here(kind, message);
                self.push(Value::Null);
                Ok(Flow::Jump(callee.end))
            }
        }
    }

    /// A path step by step, to say which one is missing.
    fn path(&mut self, program: &Program, index: u32) -> Result<Flow, Trouble> {
        let read = &program.paths[index as usize];
        let Some(mut value) = self.variables.get(&read.name) else {
            return Err(no_variable(&read.name));
        };
        for member in &read.path {
            value = property::property(&mut self.core, &value, member)?;
        }
        self.push(value);
        Ok(Flow::Next)
    }

    fn scoped_entry(&mut self, program: &Program, index: u32) -> Flow {
        let scoped = &program.scoped[index as usize];
        let element = &self.stack[self.base + scoped.slot as usize];
        let entry = element.as_context().and_then(|context| context.get(&scoped.name)).cloned();
        match entry {
            Some(value) => {
                self.push(value);
                Flow::Jump(scoped.target)
            }
            None => Flow::Next,
        }
    }

    fn between(&mut self) -> Outcome {
        let (low, high) = self.pop_two();
        let value = self.pop();
        let from = compare::compare(&mut self.core, Comparison::GreaterOrEqual, &value, &low)?;
        let to = compare::compare(&mut self.core, Comparison::LessOrEqual, &value, &high)?;
        compare::combine(true, &from, &to)
    }

    /// A condition that is no boolean is not met; that is worth a warning, not a failure.
    fn branch(&mut self, target: u32) -> Result<Flow, Trouble> {
        match self.pop() {
            Value::Bool(true) => Ok(Flow::Next),
            Value::Bool(false) => Ok(Flow::Jump(target)),
            other => {
                let message = format!("Expected boolean but found '{}'", shown(&other));
                self.core.warn_here(WarningKind::InvalidType, message);
                Ok(Flow::Jump(target))
            }
        }
    }

    fn context(&mut self, program: &Program, index: u32) -> Outcome {
        let keys = &program.keys[index as usize];
        self.core.spend(CONTEXT_FUEL + keys.len())?;
        let values = self.stack.split_off(self.stack.len() - keys.len());
        let context: Context = keys.iter().cloned().zip(values).collect();
        if self.core.is_standard() && context.len() < keys.len() {
            let message = "expected each key of a context once, but one is repeated".to_owned();
            return Err(Trouble::Warn(WarningKind::InvalidType, message));
        }
        bounded(Value::from(context))
    }

    fn instance_of(&mut self, program: &Program, index: u32) -> Outcome {
        let value = self.pop();
        self.core.spend(compare::effort(&value, &value))?;
        let named = &program.types[index as usize];
        let is_any = *named == crate::Type::Any;
        Ok(Value::Bool(named.contains(&value) && !(is_any && value.is_null())))
    }

    fn record(&mut self, program: &Program, at: usize) -> Flow {
        let value = self.top().clone();
        if let Some(trace) = &mut self.core.trace
            && trace.len() < TRACE_STEPS_MAX
        {
            trace.push(Step { span: program.spans[at], value });
        }
        Flow::Next
    }
}

fn no_variable(name: &str) -> Trouble {
    let (kind, message) = Warning::no_variable(name);
    Trouble::Warn(kind, message)
}
