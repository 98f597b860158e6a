//! The stack machine.

mod arithmetic;
mod call;
mod compare;
mod core;
mod iterate;
mod native;
mod pattern;
mod property;
mod run;

use crate::env::Env;
use crate::error::{EvalError, Warning};
use crate::expression::Step;
use crate::program::Program;
use crate::variables::Variables;
use iterate::Iteration;
use std::cell::Cell;
use std::sync::Arc;
use value::{List, Value};

pub use call::{Budget, call, within_limits};
pub(crate) use compare::{contains, effort, equal_in, rank};
pub use compare::{equal, is_in, order};
pub(crate) use core::{Core, Outcome, Trouble, bounded};
pub use native::{Body, NativeFunction, Signature};

/// One evaluation: the stack, open loops, and what built-ins may use.
pub(crate) struct Machine<'v> {
    variables: &'v dyn Variables,
    pub(crate) core: Core,
    stack: Vec<Value>,
    /// Where the current frame starts on the stack.
    base: usize,
    frames: Vec<Frame>,
    iterations: Vec<Iteration>,
    results: Vec<Arc<List>>,
    callbacks: usize,
}

thread_local! {
    /// The stack of the last evaluation on this thread, empty: allocating one costs as much as
    /// a small condition.
    static STACK: Cell<Vec<Value>> = const { Cell::new(Vec::new()) };
}

/// Values that a stack may have room for and still be kept.
const POOLED_STACK_MAX: usize = 1_024;

fn pooled_stack(capacity: usize) -> Vec<Value> {
    let mut stack = STACK.take();
    stack.reserve(capacity);
    stack
}

impl Drop for Machine<'_> {
    fn drop(&mut self) {
        if self.stack.capacity() <= POOLED_STACK_MAX {
            let mut stack = std::mem::take(&mut self.stack);
            stack.clear();
            STACK.with(|pooled| pooled.set(stack));
        }
    }
}

/// Where to go on after a call.
struct Frame {
    program: Arc<Program>,
    at: usize,
    base: usize,
}

impl<'v> Machine<'v> {
    // In place: a machine is large beside what a small expression does.
    #[inline(always)]
    pub(crate) fn new(variables: &'v dyn Variables, env: &Env, stack: usize) -> Machine<'v> {
        let stack = pooled_stack(stack + 2);
        Machine {
            variables,
            core: Core::new(env),
            stack,
            base: 0,
            frames: Vec::new(),
            iterations: Vec::new(),
            results: Vec::new(),
            callbacks: 0,
        }
    }

    /// Continues within the fuel and depth of an outer evaluation.
    pub(crate) fn within(mut self, budget: &Budget) -> Machine<'v> {
        self.core.fuel = self.core.fuel.min(budget.fuel.get());
        self.callbacks = budget.depth;
        self
    }

    /// Runs a program from its start, with the input of a unary test if it has one.
    pub(crate) fn run(
        &mut self,
        program: &Arc<Program>,
        input: Option<Value>,
    ) -> Result<Value, EvalError> {
        self.core.dialect = program.dialect;
        if let Some(input) = input {
            self.stack.push(input);
        }
        self.execute(program, 0, 0)
    }

    /// The warnings; what may be meant by a name is looked for here, once, not where a loop may
    /// warn a million times.
    #[inline]
    pub(crate) fn take_warnings(&mut self) -> Vec<Warning> {
        if self.core.warnings.is_empty() {
            return Vec::new();
        }
        let mut warnings = std::mem::take(&mut self.core.warnings);
        if warnings.iter().any(|warning| warning.missing_name().is_some()) {
            let names = self.variables.names();
            warnings.iter_mut().for_each(|warning| warning.suggest(&names));
        }
        warnings
    }

    pub(crate) fn start_trace(&mut self) {
        self.core.trace = Some(Vec::new());
    }

    pub(crate) fn take_trace(&mut self) -> Vec<Step> {
        self.core.trace.take().unwrap_or_default()
    }

    /// The top of the stack. The compiler never takes more than it put there.
    fn pop(&mut self) -> Value {
        debug_assert!(!self.stack.is_empty());
        self.stack.pop().unwrap_or_default()
    }

    fn push(&mut self, value: Value) {
        self.stack.push(value);
    }

    /// Drops the top: nothing is moved, which for a truth value costs more than all the rest.
    fn discard(&mut self) {
        self.stack.truncate(self.stack.len().saturating_sub(1));
    }

    fn top(&self) -> &Value {
        self.stack.last().unwrap_or(&Value::Null)
    }
}
