//! Functions: closures of expressions, functions of other languages, built-ins.

use super::compare::effort;
use super::core::{Core, Outcome, Trouble, bounded, check_limits, out_of_fuel, shown};
use super::native::{NativeFunction, held_depth};
use super::run::Flow;
use super::{Frame, Machine};
use crate::builtins::{BuiltIn, Run};
use crate::error::{EvalError, EvalErrorKind, WarningKind};
use crate::expression::Evaluation;
use crate::limits::{CALL_DEPTH_MAX, CALLBACK_DEPTH_MAX};
use crate::program::Program;
use crate::types::Type;
use crate::{Dialect, Env};
use std::any::Any;
use std::cell::Cell;
use std::fmt;
use std::sync::Arc;
use value::{Callable, Value};

/// Bytes of text that a built-in looks at for one unit of fuel.
const TEXT_A_UNIT: usize = 8;

/// A function made by an expression, with the values that it holds on to.
pub(super) struct Closure {
    program: Arc<Program>,
    prototype: usize,
    captured: Vec<Value>,
    depth: u32,
}

impl Callable for Closure {
    fn parameters(&self) -> &[Arc<str>] {
        &self.program.prototypes[self.prototype].parameters
    }

    fn depth(&self) -> u32 {
        self.depth
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl fmt::Debug for Closure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "function({})", self.parameters().join(", "))
    }
}

/// What is left of an evaluation for a function that it calls: the fuel, and how many calls are
/// open inside one another.
#[derive(Debug)]
pub struct Budget {
    pub(crate) fuel: Cell<u64>,
    pub(crate) depth: usize,
}

impl Budget {
    /// Everything that an environment allows.
    pub fn new(env: &Env) -> Budget {
        Budget { fuel: Cell::new(env.fuel), depth: 0 }
    }

    /// The budget of something that is called: one level deeper, with the same fuel. `None` at
    /// the limit.
    pub fn deeper(&self) -> Option<Budget> {
        let depth = self.depth + 1;
        (depth <= CALLBACK_DEPTH_MAX).then(|| Budget { fuel: Cell::new(self.fuel.get()), depth })
    }

    /// The same fuel, so many levels deeper: for what is nested in a form of its own.
    pub fn below(&self, levels: usize) -> Budget {
        Budget { fuel: Cell::new(self.fuel.get()), depth: self.depth + levels }
    }

    /// Takes fuel for work outside of expressions.
    pub fn spend(&self, amount: usize) -> Result<(), EvalError> {
        let left = self.fuel.get().checked_sub(amount as u64);
        self.fuel.set(left.unwrap_or(0));
        left.map(drop).ok_or_else(|| raised(out_of_fuel()))
    }

    /// Operations that are left.
    pub fn fuel_left(&self) -> u64 {
        self.fuel.get()
    }

    /// Whether this is the budget of something that was called.
    pub fn is_nested(&self) -> bool {
        self.depth > 0
    }

    /// Takes over what a deeper budget has left.
    pub fn settle(&self, deeper: &Budget) {
        self.fuel.set(deeper.fuel.get().min(self.fuel.get()));
    }
}

/// A built-in as a value: `[abs, sqrt]` of the standard. It takes what its first shape says.
#[derive(Debug)]
struct BuiltInValue {
    function: &'static BuiltIn,
    parameters: Vec<Arc<str>>,
}

impl Callable for BuiltInValue {
    fn parameters(&self) -> &[Arc<str>] {
        &self.parameters
    }

    fn depth(&self) -> u32 {
        1
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

pub(super) fn built_in_value(function: &'static BuiltIn) -> Value {
    let names = function.signatures[0].names;
    let parameters = names.iter().map(|name| Arc::from(*name)).collect();
    Value::Function(Arc::new(BuiltInValue { function, parameters }))
}

/// A failure without a place in a text.
pub(super) fn raised(trouble: Trouble) -> EvalError {
    let (kind, message) = match trouble {
        Trouble::Raise(kind, message) => (kind, message),
        Trouble::Warn(_, message) | Trouble::Argument { message, .. } => {
            (EvalErrorKind::Limit, message)
        }
    };
    let mut error = EvalError::function(message);
    error.kind = kind;
    error
}

/// Whether a value that was put together outside of expressions keeps the limits on values.
pub fn within_limits(value: &Value) -> Result<(), EvalError> {
    check_limits(value).map_err(raised)
}

/// Calls a function value with arguments in the order of its parameters, in a dialect.
pub fn call(
    dialect: Dialect,
    function: &Value,
    arguments: Vec<Value>,
    env: &Env,
    budget: &Budget,
) -> Result<Evaluation, EvalError> {
    let mut machine = Machine::new(&(), env, arguments.len()).within(budget);
    machine.core.dialect = dialect;
    let outcome = machine.invoke(function, arguments);
    budget.fuel.set(machine.core.fuel);
    let value = match outcome {
        Ok(value) => value,
        Err(trouble) => match trouble.settled() {
            Trouble::Warn(kind, message) => {
                machine.core.warn(kind, message, || (1, 1));
                Value::Null
            }
            other => return Err(raised(other)),
        },
    };
    Ok(Evaluation { value, warnings: machine.take_warnings() })
}

impl Machine<'_> {
    pub(super) fn closure(&mut self, program: &Arc<Program>, index: u32) -> Value {
        let prototype = &program.prototypes[index as usize];
        let captured = self.stack.split_off(self.stack.len() - prototype.captures as usize);
        let depth = held_depth(&captured);
        Value::Function(Arc::new(Closure {
            program: program.clone(),
            prototype: index as usize,
            captured,
            depth,
        }))
    }

    /// Calls the function that lies under so many arguments.
    pub(super) fn call(&mut self, count: usize) -> Result<Flow, Trouble> {
        let arguments = self.stack.split_off(self.stack.len() - count);
        let callee = self.pop();
        self.call_value(&callee, arguments)
    }

    pub(super) fn call_named(&mut self, program: &Program, index: u32) -> Result<Flow, Trouble> {
        let names = &program.named_calls[index as usize];
        let given = self.stack.split_off(self.stack.len() - names.len());
        let callee = self.pop();
        let Value::Function(function) = &callee else { return Err(no_function(&callee)) };
        let parameters = function.parameters();
        if let Some(unknown) = names.iter().find(|name| !parameters.contains(name)) {
            let message = format!(
                "expected arguments named '{}', but found '{unknown}'",
                parameters.join(", ")
            );
            return Err(Trouble::Warn(WarningKind::NoFunctionFound, message));
        }
        let find = |parameter: &Arc<str>| {
            let at = names.iter().position(|name| name == parameter);
            at.map_or(Value::Null, |at| given[at].clone())
        };
        let arguments = parameters.iter().map(find).collect();
        self.call_value(&callee, arguments)
    }

    fn call_value(&mut self, callee: &Value, arguments: Vec<Value>) -> Result<Flow, Trouble> {
        let Value::Function(function) = callee else { return Err(no_function(callee)) };
        if let Some(built_in) = function.as_any().downcast_ref::<BuiltInValue>() {
            let Some(signature) = built_in.function.by_count(arguments.len()) else {
                let message = format!("expected {}", built_in.function.shapes());
                return Err(Trouble::Warn(WarningKind::NoFunctionFound, message));
            };
            let value = self.run_built_in(built_in.function, &arguments, signature)?;
            self.push(value);
            return Ok(Flow::Next);
        }
        let expected = function.parameters().len();
        if arguments.len() != expected {
            let message = format!("expected {expected} arguments, but found {}", arguments.len());
            return Err(Trouble::Warn(WarningKind::NoFunctionFound, message));
        }
        if let Some(native) = function.as_any().downcast_ref::<NativeFunction>() {
            let value = self.call_native(native, arguments)?;
            self.push(value);
            return Ok(Flow::Next);
        }
        let Some(closure) = function.as_any().downcast_ref::<Closure>() else {
            return Err(no_function(callee));
        };
        let entry = self.open_frame(closure, arguments)?;
        Ok(Flow::Call(closure.program.clone(), entry))
    }

    /// Lays captured values and arguments on the stack and opens a frame over them.
    fn open_frame(&mut self, closure: &Closure, arguments: Vec<Value>) -> Result<usize, Trouble> {
        let prototype = &closure.program.prototypes[closure.prototype];
        let Some(entry) = prototype.entry else {
            let message = "an external function is not called; its result is null".to_owned();
            return Err(Trouble::Warn(WarningKind::FunctionInvocationFailure, message));
        };
        if self.frames.len() >= CALL_DEPTH_MAX {
            let message = format!("expected at most {CALL_DEPTH_MAX} calls inside one another");
            return Err(Trouble::limit(message));
        }
        let arguments = coerced(&mut self.core, &closure.program, &prototype.types, arguments)?;
        let base = self.stack.len();
        self.stack.extend(closure.captured.iter().cloned());
        self.stack.extend(arguments);
        let program = closure.program.clone();
        self.frames.push(Frame { program, at: 0, base: self.base });
        self.base = base;
        Ok(entry as usize)
    }

    fn call_native(&mut self, native: &NativeFunction, arguments: Vec<Value>) -> Outcome {
        let arguments = coerce_all(&mut self.core, &native.signature.types, arguments)?;
        let outer = Budget { fuel: Cell::new(self.core.fuel), depth: self.callbacks };
        let Some(budget) = outer.deeper() else { return Err(too_deep()) };
        let env = Env {
            now_ms: self.core.now_ms,
            seed: self.core.random(),
            zone: self.core.zone.clone(),
            fuel: self.core.fuel,
        };
        let result = (native.body)(&arguments, &env, &budget);
        self.core.fuel = self.core.fuel.min(budget.fuel.get());
        let evaluation = result.map_err(|error| Trouble::Raise(error.kind, error.message))?;
        for warning in evaluation.warnings {
            self.core.warn_here(warning.kind, warning.message);
        }
        bounded(evaluation.value)
    }

    /// Calls a function from a built-in and waits for its value.
    pub(crate) fn invoke(&mut self, function: &Value, arguments: Vec<Value>) -> Outcome {
        if self.callbacks >= CALLBACK_DEPTH_MAX {
            return Err(too_deep());
        }
        self.callbacks += 1;
        let result = match self.call_value(function, arguments) {
            Ok(Flow::Call(program, entry)) => {
                // `execute` returns when its own frame does; the one that was opened for the call
                // only carries the base to come back to.
                let base = self.base;
                let outer = self.frames.pop().map_or(0, |frame| frame.base);
                self.base = outer;
                self.execute(&program, entry, base)
                    .map_err(|error| Trouble::Raise(error.kind, error.message))
            }
            Ok(Flow::Next | Flow::Jump(_)) => Ok(self.pop()),
            Err(trouble) => Err(trouble),
        };
        self.callbacks -= 1;
        result
    }

    pub(super) fn built_in(&mut self, program: &Program, index: u32) -> Result<Flow, Trouble> {
        let call = &program.calls[index as usize];
        let first = self.stack.len() - call.arguments as usize;
        self.pay_for_text(first)?;
        let outcome = match call.function.run {
            Run::Plain(run) => run(&mut self.core, &self.stack[first..], call.signature),
            Run::Calling(_) => {
                let arguments = self.stack[first..].to_vec();
                self.run_built_in(call.function, &arguments, call.signature)
            }
        };
        // The good case first, and in one step: a value that is moved about costs more than it.
        let outcome = match outcome {
            Ok(value) => {
                self.stack.truncate(first);
                self.push(value);
                return Ok(Flow::Next);
            }
            Err(Trouble::Argument { at, message }) => {
                let arguments = self.stack[first..].to_vec();
                self.with_only_item(call.function, &arguments, call.signature, (at, message))
            }
            other => other,
        };
        self.stack.truncate(first);
        let value = outcome.map_err(|trouble| named_trouble(call.function, trouble))?;
        self.push(value);
        Ok(Flow::Next)
    }

    /// A built-in looks at each of its texts at least once.
    fn pay_for_text(&mut self, first: usize) -> Result<(), Trouble> {
        let mut bytes = 0;
        for argument in &self.stack[first..] {
            if let Value::String(text) = argument {
                bytes += text.len();
            }
        }
        if bytes < TEXT_A_UNIT {
            return Ok(());
        }
        let paid = self.core.spend(bytes / TEXT_A_UNIT);
        if paid.is_err() {
            self.stack.truncate(first);
        }
        paid
    }

    /// A list of one value stands for that value where the function needs it (DMN 1.5,
    /// 10.3.2.9.4): the function has said where.
    fn with_only_item(
        &mut self,
        function: &'static BuiltIn,
        arguments: &[Value],
        signature: u8,
        (at, message): (usize, String),
    ) -> Outcome {
        match arguments.get(at) {
            Some(Value::List(list))
                if self.core.is_standard() && list.len() == 1 && list[0].as_list().is_none() =>
            {
                let mut changed = arguments.to_vec();
                changed[at] = list[0].clone();
                self.run_built_in(function, &changed, signature)
            }
            _ => Err(Trouble::argument(message)),
        }
    }

    fn run_built_in(
        &mut self,
        function: &'static BuiltIn,
        arguments: &[Value],
        signature: u8,
    ) -> Outcome {
        let outcome = match function.run {
            Run::Plain(run) => run(&mut self.core, arguments, signature),
            Run::Calling(run) => run(self, arguments, signature),
        };
        match outcome {
            Err(Trouble::Argument { at, message }) => {
                self.with_only_item(function, arguments, signature, (at, message))
            }
            other => other,
        }
    }
}

fn named_trouble(function: &BuiltIn, trouble: Trouble) -> Trouble {
    match trouble {
        Trouble::Warn(WarningKind::FunctionInvocationFailure, message) => Trouble::Warn(
            WarningKind::FunctionInvocationFailure,
            format!("Failed to invoke function '{}': {message}", function.name),
        ),
        other => other,
    }
}

fn no_function(value: &Value) -> Trouble {
    let message = format!("Expected function but found '{}'", shown(value));
    Trouble::Warn(WarningKind::NoFunctionFound, message)
}

fn too_deep() -> Trouble {
    Trouble::limit(format!("expected at most {CALLBACK_DEPTH_MAX} calls inside one another"))
}

/// Arguments of closures are checked as the standard says only where the standard applies.
fn coerced(
    core: &mut Core,
    program: &Program,
    types: &[Type],
    arguments: Vec<Value>,
) -> Result<Vec<Value>, Trouble> {
    match program.dialect {
        crate::Dialect::Camunda => Ok(arguments),
        crate::Dialect::Standard => coerce_all(core, types, arguments),
    }
}

fn coerce_all(
    core: &mut Core,
    types: &[Type],
    arguments: Vec<Value>,
) -> Result<Vec<Value>, Trouble> {
    let pairs = types.iter().zip(arguments);
    pairs
        .map(|(named, argument)| {
            core.spend(effort(&argument, &argument))?;
            named.coerce(argument).map_err(|other| {
                let found = shown(&other);
                let message = format!("expected an argument of type {named}, but found '{found}'");
                Trouble::Warn(WarningKind::InvalidType, message)
            })
        })
        .collect()
}
