//! The flat form that is evaluated.

use crate::ast::Comparison;
use crate::builtins::BuiltIn;
use crate::error::{EvalErrorKind, Span, Warning, WarningKind};
use crate::expression::Doubt;
use crate::types::Type;
use crate::variables::Variables;
use std::sync::Arc;
use value::{Arithmetic, Value};

/// One step of the stack machine. Targets are indices of operations, slots count from the bottom
/// of the current frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Op {
    /// Pushes a constant.
    Constant(u32),
    /// Pushes a variable.
    Variable(u32),
    /// Pushes a variable that is called; without one warns, pushes `null` and jumps past the call.
    Function(u32),
    /// Pushes what a path from a variable leads to.
    VariablePath(u32),
    /// Pushes a copy of a slot.
    Local(u32),
    /// If the value in a slot is a context with that entry, pushes the entry and jumps.
    ScopedEntry(u32),
    /// Replaces a value by one of its properties.
    Property(u32),
    /// Drops the top.
    Pop,
    /// Drops that many values under the top.
    Collapse(u32),
    Negate,
    Arithmetic(Arithmetic),
    /// The same with a constant on the right.
    ArithmeticConstant(Arithmetic, u32),
    /// Adds those operands, of which there are more than two and one is a text.
    AddAll(u32),
    Power,
    Compare(Comparison),
    /// Compares the top with a constant: what most conditions do.
    CompareConstant(Comparison, u32),
    /// `value between low and high` of the three topmost.
    Between,
    /// Whether the value under two range ends is between them.
    InRange {
        start_included: bool,
        end_included: bool,
    },
    /// Turns the two topmost into a range.
    Range {
        start_included: bool,
        end_included: bool,
    },
    /// Turns the top into a range with one end.
    HalfRange(Comparison),
    /// Jumps if the top is `false`, which stays.
    JumpIfFalse(u32),
    /// Jumps if the top is `true`, which stays.
    JumpIfTrue(u32),
    /// Combines the two topmost.
    And,
    Or,
    Not,
    /// Drops the top and jumps unless it is `true`.
    BranchUnlessTrue(u32),
    Jump(u32),
    /// Turns that many values into a list.
    List(u32),
    /// Turns values into a context with those keys.
    Context(u32),
    InstanceOf(u32),
    /// Opens the result list of a `for`.
    ResultsBegin,
    /// Adds the top to the open result list.
    ResultsPush,
    /// Pushes the open result list, which stays open.
    Partial,
    /// Closes the result list and pushes it.
    ResultsEnd,
    /// Drops the open result list.
    ResultsDrop,
    /// Opens an iteration over the top; jumps if that cannot be iterated.
    IterateValues(u32),
    /// Opens an iteration from the value under the top to the top; jumps if they are no numbers.
    IterateSteps(u32),
    /// Pushes the next element, or closes the iteration and jumps.
    Next(u32),
    /// Closes that many iterations without finishing them.
    Abandon(u32),
    /// Merges the result of one step of `some` into the verdict in a slot.
    SomeStep {
        verdict: u32,
    },
    EveryStep {
        verdict: u32,
    },
    /// Opens a filter over the top; jumps with `null` if that has no elements.
    FilterBegin(u32),
    /// Uses the top as verdict on the element under it; jumps with the result if it was an index.
    FilterStep(u32),
    /// Closes the filter and pushes what it kept.
    FilterEnd,
    /// If the top is a number, takes that element of the list under it and jumps.
    Index(u32),
    /// Warnings are not recorded until the matching `Unmute`.
    Mute,
    Unmute,
    /// Makes a function of a prototype, with its captured values from the stack.
    Closure(u32),
    /// Calls the function under that many arguments.
    Call(u32),
    CallNamed(u32),
    BuiltIn(u32),
    /// The result of a test without `?`: whether the input under the top is meant by the top.
    TestValue,
    /// The result of a test with `?`: true, false, or null for anything else.
    TestVerdict,
    /// Warns and pushes `null`.
    Fail(u32),
    /// Ends the evaluation.
    Raise(u32),
    /// Records the top for a sub-expression.
    Trace(u32),
    Return,
}

/// A variable that the program reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// The variable.
    pub name: Arc<str>,
    /// The entries below it, as far as the expression names them; empty for the whole variable.
    pub path: Vec<Arc<str>>,
}

impl Read {
    /// What it leads to, if every step of it exists.
    pub(crate) fn whole(&self, variables: &dyn Variables) -> Option<Value> {
        let mut steps = [""; 8];
        if self.path.len() >= steps.len() {
            return None;
        }
        steps[0] = &self.name;
        for (step, member) in steps[1..].iter_mut().zip(&self.path) {
            *step = member;
        }
        variables.get_path(&steps[..=self.path.len()])
    }
}

#[derive(Clone, Debug)]
pub(crate) struct ScopedEntry {
    pub(crate) slot: u32,
    pub(crate) name: Arc<str>,
    pub(crate) target: u32,
}

/// A variable that is called, and where its call ends.
#[derive(Clone, Debug)]
pub(crate) struct Callee {
    pub(crate) name: Arc<str>,
    pub(crate) end: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct Prototype {
    pub(crate) parameters: Arc<[Arc<str>]>,
    pub(crate) types: Vec<Type>,
    /// `None` for an external function.
    pub(crate) entry: Option<u32>,
    /// Values taken from the stack when the function is made.
    pub(crate) captures: u32,
}

impl Program {
    /// Calls and literals that will give a warning whatever the variables are.
    pub(crate) fn doubts(&self) -> Vec<Doubt> {
        let doubt = |(op, span): (&Op, &Span)| {
            let (kind, message) = match op {
                Op::Fail(index) => self.failures[*index as usize].clone(),
                Op::Function(index) => Warning::no_function(&self.callees[*index as usize].name),
                _ => return None,
            };
            let mut warning = Warning { kind, message, line: 1, column: 1 };
            warning.suggest(&[]);
            Some(Doubt { span: *span, message: warning.message })
        };
        self.code.iter().zip(&self.spans).filter_map(doubt).collect()
    }
}

#[derive(Clone, Debug)]
pub(crate) struct BuiltInCall {
    pub(crate) function: &'static BuiltIn,
    pub(crate) arguments: u32,
    /// Which of its signatures the arguments follow.
    pub(crate) signature: u8,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Program {
    pub(crate) source: Arc<str>,
    pub(crate) dialect: crate::Dialect,
    pub(crate) code: Vec<Op>,
    /// Where each operation comes from.
    pub(crate) spans: Vec<Span>,
    pub(crate) constants: Vec<Value>,
    pub(crate) names: Vec<Arc<str>>,
    pub(crate) variables: Vec<Arc<str>>,
    pub(crate) paths: Vec<Read>,
    pub(crate) reads: Vec<Read>,
    pub(crate) scoped: Vec<ScopedEntry>,
    pub(crate) callees: Vec<Callee>,
    /// Where each of the sums of an [`Op::AddAll`] comes from.
    pub(crate) sums: Vec<Vec<Span>>,
    pub(crate) keys: Vec<Vec<Arc<str>>>,
    pub(crate) types: Vec<Type>,
    pub(crate) prototypes: Vec<Prototype>,
    pub(crate) calls: Vec<BuiltInCall>,
    pub(crate) named_calls: Vec<Vec<Arc<str>>>,
    pub(crate) failures: Vec<(WarningKind, String)>,
    pub(crate) errors: Vec<(EvalErrorKind, String)>,
    /// The most values that the body keeps on the stack.
    pub(crate) stack_max: usize,
}
