//! Functions that are not written in FEEL.

use super::call::Budget;
use crate::Env;
use crate::error::EvalError;
use crate::expression::Evaluation;
use crate::types::Type;
use std::any::Any;
use std::fmt;
use std::sync::Arc;
use value::{Callable, Value};

/// What a native function does with its arguments.
pub type Body = dyn Fn(&[Value], &Env, &Budget) -> Result<Evaluation, EvalError> + Send + Sync;

/// A function that is not written in FEEL, such as a business knowledge model with a decision
/// table. Expressions call it like their own.
pub struct NativeFunction {
    name: Arc<str>,
    pub(super) signature: Arc<Signature>,
    depth: u32,
    pub(super) body: Box<Body>,
}

/// The parameters of a function with their types: made once, however often it becomes a value.
#[derive(Debug)]
pub struct Signature {
    parameters: Vec<Arc<str>>,
    pub(super) types: Vec<Type>,
}

impl Signature {
    /// Of those parameters, in their order.
    pub fn new(parameters: impl IntoIterator<Item = (Arc<str>, Type)>) -> Signature {
        let (parameters, types) = parameters.into_iter().unzip();
        Signature { parameters, types }
    }
}

impl NativeFunction {
    /// A function with those parameters, as a value. `held` are the values that it holds on to:
    /// functions that hold functions are nested as lists are.
    pub fn value<'v>(
        name: Arc<str>,
        signature: Arc<Signature>,
        held: impl IntoIterator<Item = &'v Value>,
        body: Box<Body>,
    ) -> Value {
        let depth = held_depth(held);
        Value::Function(Arc::new(NativeFunction { name, signature, depth, body }))
    }
}

/// The depth of a function that holds on to values.
pub(super) fn held_depth<'v>(held: impl IntoIterator<Item = &'v Value>) -> u32 {
    held.into_iter().map(Value::depth).max().unwrap_or(0) + 1
}

impl Callable for NativeFunction {
    fn parameters(&self) -> &[Arc<str>] {
        &self.signature.parameters
    }

    fn depth(&self) -> u32 {
        self.depth
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl fmt::Debug for NativeFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.name, self.parameters().join(", "))
    }
}
