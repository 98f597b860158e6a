//! The public face: compiled expressions and unary tests.

use crate::ast::Ast;
use crate::env::Env;
use crate::error::{EvalError, Span, SyntaxError, Warning};
use crate::parser::{parse_expression, parse_unary_tests};
use crate::program::{Op, Program, Read};
use crate::scope::Scope;
use crate::variables::Variables;
use crate::vm::{Budget, Machine};
use crate::{compile as compiler, printer};
use std::fmt;
use std::sync::Arc;
use value::Value;

/// A compiled expression. Cloning is cheap; two are equal if their text is.
#[derive(Clone)]
pub struct Expression {
    program: Arc<Program>,
    ast: Arc<Ast>,
    scope: Arc<Scope>,
    roots: Arc<[Arc<str>]>,
}

/// What the machine takes for an expression that only passes on a value.
const PASSED_ON_FUEL: u64 = 2;

/// The result of an evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// The value, `null` where the language has none.
    pub value: Value,
    /// Why parts of it are `null`.
    pub warnings: Vec<Warning>,
}

/// One sub-expression of a trace with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The part of the text.
    pub span: Span,
    /// Its value; a part inside a loop occurs once a turn.
    pub value: Value,
}

/// What an evaluation that comes there is sure to stumble over: it is `null` there, with a warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// The part of the text.
    pub span: Span,
    /// "expected …, but …", or what the warning will say.
    pub message: String,
}

/// Compiles an expression as Camunda 8 reads it; `text` is without a leading `=`.
pub fn compile(text: &str) -> Result<Expression, SyntaxError> {
    compile_in(text, &Arc::new(Scope::default()))
}

/// Compiles an expression with the names of a model.
pub fn compile_in(text: &str, scope: &Arc<Scope>) -> Result<Expression, SyntaxError> {
    let ast = parse_expression(text, scope)?;
    Ok(Expression::new(text, ast, scope))
}

/// Compiles unary tests, as they stand in the cells of a decision table.
pub fn compile_tests(text: &str, scope: &Arc<Scope>) -> Result<UnaryTests, SyntaxError> {
    let ast = parse_unary_tests(text, scope)?;
    Ok(UnaryTests(Expression::new(text, ast, scope)))
}

impl Expression {
    fn new(text: &str, ast: Ast, scope: &Arc<Scope>) -> Expression {
        let program = Arc::new(compiler::compile(&ast, &Arc::from(text), scope, false));
        let mut roots: Vec<Arc<str>> = Vec::new();
        for read in &program.reads {
            if !roots.contains(&read.name) {
                roots.push(read.name.clone());
            }
        }
        Expression { program, ast: Arc::new(ast), scope: scope.clone(), roots: roots.into() }
    }

    /// The text it was compiled from.
    pub fn source(&self) -> &str {
        &self.program.source
    }

    /// The variables that it may read, each once, in the order of the text.
    pub fn reads(&self) -> &[Arc<str>] {
        &self.roots
    }

    /// The variables that it may read, with the entries below them as far as the text names them.
    #[expect(clippy::misnamed_getters, reason = "a program's paths are not all that it reads")]
    pub fn paths(&self) -> &[Read] {
        &self.program.reads
    }

    /// What can be told to go wrong without evaluating it: functions that there are not, calls that
    /// no function takes, temporal literals that are none.
    pub fn doubts(&self) -> Vec<Doubt> {
        self.program.doubts()
    }

    /// Variables that it reads although its scope does not have them. What an entry of a filtered
    /// list may be is none, nor what is called, of which [`Expression::doubts`] tell.
    pub fn unknown_names(&self) -> impl Iterator<Item = &str> {
        let scoped = |name: &str| self.program.scoped.iter().any(|own| *own.name == *name);
        let called = |name: &str| self.program.callees.iter().any(|own| *own.name == *name);
        let known = move |name: &str| self.scope.has_variable(name) || scoped(name) || called(name);
        self.roots.iter().map(|name| &**name).filter(move |name| !known(name))
    }

    /// The value, if the expression is a literal and so needs no evaluation.
    pub fn literal(&self) -> Option<Value> {
        match self.ast.kind(self.ast.root) {
            crate::ast::Kind::Literal(value) => Some(value.clone()),
            crate::ast::Kind::Number(number) => Some(Value::Number(number.clone())),
            _ => None,
        }
    }

    /// The expression in a normal form of text, with the same meaning.
    pub fn normal_form(&self) -> String {
        printer::print(&self.ast)
    }

    /// Evaluates with those variables. An error means a limit or a failed assertion.
    pub fn evaluate(&self, variables: &dyn Variables, env: &Env) -> Result<Evaluation, EvalError> {
        if let Some(value) = self.passed_on(variables, env.fuel) {
            return Ok(Evaluation { value, warnings: Vec::new() });
        }
        let mut machine = Machine::new(variables, env, self.program.stack_max);
        let value = machine.run(&self.program, None)?;
        Ok(Evaluation { value, warnings: machine.take_warnings() })
    }

    /// Evaluates as a part of an outer evaluation, within what that has left.
    pub fn evaluate_within(
        &self,
        variables: &dyn Variables,
        env: &Env,
        budget: &Budget,
    ) -> Result<Evaluation, EvalError> {
        if let Some(value) = self.passed_on(variables, budget.fuel.get()) {
            budget.fuel.set(budget.fuel.get() - PASSED_ON_FUEL);
            return Ok(Evaluation { value, warnings: Vec::new() });
        }
        let machine = Machine::new(variables, env, self.program.stack_max).within(budget);
        finish(machine, &self.program, None, budget)
    }

    /// The value, if all that is done is to pass on a constant, a variable, or what a path in it
    /// leads to: most mappings and cells are that. Without one the machine says what is missing.
    #[inline]
    fn passed_on(&self, variables: &dyn Variables, fuel: u64) -> Option<Value> {
        let [read, Op::Return] = self.program.code[..] else { return None };
        if fuel < PASSED_ON_FUEL {
            return None;
        }
        match read {
            Op::Variable(index) => variables.get(&self.program.variables[index as usize]),
            Op::VariablePath(index) => self.program.paths[index as usize].whole(variables),
            Op::Constant(index) => Some(self.program.constants[index as usize].clone()),
            _ => None,
        }
    }

    /// Evaluates and records every sub-expression with its value, in the order of evaluation.
    pub fn trace(
        &self,
        variables: &dyn Variables,
        env: &Env,
    ) -> Result<(Evaluation, Vec<Step>), EvalError> {
        self.trace_with(None, variables, env)
    }

    fn trace_with(
        &self,
        input: Option<Value>,
        variables: &dyn Variables,
        env: &Env,
    ) -> Result<(Evaluation, Vec<Step>), EvalError> {
        let program = compiler::compile(&self.ast, &self.program.source, &self.scope, true);
        let mut machine = Machine::new(variables, env, program.stack_max);
        machine.start_trace();
        let value = machine.run(&Arc::new(program), input)?;
        let steps = machine.take_trace();
        Ok((Evaluation { value, warnings: machine.take_warnings() }, steps))
    }
}

fn finish(
    mut machine: Machine<'_>,
    program: &Arc<Program>,
    input: Option<Value>,
    budget: &Budget,
) -> Result<Evaluation, EvalError> {
    let value = machine.run(program, input);
    budget.fuel.set(machine.core.fuel);
    Ok(Evaluation { value: value?, warnings: machine.take_warnings() })
}

impl PartialEq for Expression {
    fn eq(&self, other: &Expression) -> bool {
        self.source() == other.source()
    }
}

impl Eq for Expression {}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expression({:?})", self.source())
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.source())
    }
}

/// What unary tests accept, where that can be told without evaluating them.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Everything (`-`).
    Any,
    /// These values and nothing else.
    Values(Vec<Value>),
    /// What lies in one of these ranges, and nothing else.
    Ranges(Vec<value::Range>),
    /// It depends on more than the input.
    Open,
}

/// Compiled unary tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnaryTests(Expression);

impl UnaryTests {
    /// The text they were compiled from.
    pub fn source(&self) -> &str {
        self.0.source()
    }

    /// The variables that they may read besides the input.
    pub fn reads(&self) -> &[Arc<str>] {
        self.0.reads()
    }

    /// As [`Expression::doubts`].
    pub fn doubts(&self) -> Vec<Doubt> {
        self.0.doubts()
    }

    /// As [`Expression::unknown_names`].
    pub fn unknown_names(&self) -> impl Iterator<Item = &str> {
        self.0.unknown_names()
    }

    /// The tests in a normal form of text, with the same meaning.
    pub fn normal_form(&self) -> String {
        self.0.normal_form()
    }

    /// Whether the tests accept every input (`-`).
    pub fn accepts_all(&self) -> bool {
        matches!(self.0.ast.kind(self.0.ast.root), crate::ast::Kind::AnyInput)
    }

    /// What they accept, where that can be told without evaluating them. Constants only: a cell
    /// `"a", "b"` or `[1..5], > 10` is, a cell `> limit` is not.
    pub fn shape(&self) -> Shape {
        crate::compile::shape(&self.0.ast)
    }

    /// Evaluates with that input: true, false, or null where it cannot be tested.
    pub fn evaluate(
        &self,
        input: &Value,
        variables: &dyn Variables,
        env: &Env,
    ) -> Result<Evaluation, EvalError> {
        let mut machine = Machine::new(variables, env, self.0.program.stack_max);
        let value = machine.run(&self.0.program, Some(input.clone()))?;
        Ok(Evaluation { value, warnings: machine.take_warnings() })
    }

    /// As [`Expression::trace`], with that input.
    pub fn trace(
        &self,
        input: &Value,
        variables: &dyn Variables,
        env: &Env,
    ) -> Result<(Evaluation, Vec<Step>), EvalError> {
        self.0.trace_with(Some(input.clone()), variables, env)
    }

    /// Evaluates as a part of an outer evaluation, within what that has left.
    pub fn evaluate_within(
        &self,
        input: &Value,
        variables: &dyn Variables,
        env: &Env,
        budget: &Budget,
    ) -> Result<Evaluation, EvalError> {
        let machine = Machine::new(variables, env, self.0.program.stack_max).within(budget);
        finish(machine, &self.0.program, Some(input.clone()), budget)
    }
}
