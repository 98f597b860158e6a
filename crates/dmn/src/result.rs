//! What an evaluation came to, in the detail that the wire formats show.

use std::sync::Arc;
use value::Value;

/// The result of evaluating a decision or a decision service.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The value, or which decision failed and why.
    pub output: Result<Value, Failure>,
    /// Every decision that was evaluated, required ones before those that require them.
    pub evaluated: Vec<EvaluatedDecision>,
    /// Why parts of it are `null`, each with the decision in which that happened.
    pub warnings: Vec<String>,
}

/// A decision that could not be evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The id of the decision.
    pub decision_id: Arc<str>,
    /// Why, with the cell or expression.
    pub message: String,
}

/// One evaluated decision.
#[derive(Clone, Debug)]
pub struct EvaluatedDecision {
    /// Its id.
    pub id: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// The file that it is in: 0 is the model's own, 1 the first of those it was read with.
    pub file: usize,
    /// Its kind of logic.
    pub kind: DecisionKind,
    /// Its value; `null` if it failed.
    pub output: Value,
    /// The inputs of a decision table.
    pub inputs: Vec<EvaluatedInput>,
    /// The rules of a decision table that matched, in the order of the table.
    pub rules: Vec<MatchedRule>,
}

/// The kind of a decision's logic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecisionKind {
    /// A decision table.
    DecisionTable,
    /// A literal expression.
    LiteralExpression,
    /// A boxed context.
    Context,
    /// An invocation.
    Invocation,
    /// A boxed list.
    List,
    /// A relation.
    Relation,
    /// A function definition.
    Function,
    /// A boxed conditional.
    Conditional,
    /// A boxed filter.
    Filter,
    /// A boxed iterator.
    Iterator,
    /// No logic.
    Unspecified,
}

impl DecisionKind {
    /// The name on the wire, such as `DECISION_TABLE`.
    pub fn code(self) -> &'static str {
        match self {
            DecisionKind::DecisionTable => "DECISION_TABLE",
            DecisionKind::LiteralExpression => "LITERAL_EXPRESSION",
            DecisionKind::Context => "CONTEXT",
            DecisionKind::Invocation => "INVOCATION",
            DecisionKind::List => "LIST",
            DecisionKind::Relation => "RELATION",
            DecisionKind::Function => "FUNCTION_DEFINITION",
            DecisionKind::Conditional => "CONDITIONAL",
            DecisionKind::Filter => "FILTER",
            DecisionKind::Iterator => "ITERATOR",
            DecisionKind::Unspecified => "UNSPECIFIED",
        }
    }
}

/// One evaluated input of a decision table.
#[derive(Clone, Debug)]
pub struct EvaluatedInput {
    /// The id of the input clause.
    pub id: Arc<str>,
    /// Its label, or its expression where it has none.
    pub name: Arc<str>,
    /// The value.
    pub value: Value,
}

/// A rule that matched.
#[derive(Clone, Debug)]
pub struct MatchedRule {
    /// The id of the rule.
    pub id: Arc<str>,
    /// Its number in the table, from 1.
    pub index: usize,
    /// Its outputs.
    pub outputs: Vec<EvaluatedOutput>,
}

/// One evaluated output of a rule.
#[derive(Clone, Debug)]
pub struct EvaluatedOutput {
    /// The id of the output clause.
    pub id: Arc<str>,
    /// Its label, or its name where it has none.
    pub name: Arc<str>,
    /// The value.
    pub value: Value,
}
