//! What came of evaluating a decision, in the detail that events keep and clients see.

use value::{Packed, Value};

use crate::event::{NamedValue, Text};
use crate::key::Key;

/// One evaluation of a decision and of everything that it required.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Of the evaluation; `key-1`, `key-2`, … name the decisions in it.
    pub key: Key,
    pub decision: Key,
    pub decision_id: Text,
    pub decision_name: Text,
    pub version: i32,
    pub requirements: Key,
    pub requirements_id: Text,
    pub tenant: Text,
    /// `null` when it failed.
    pub output: Packed,
    pub failure: Option<Failed>,
    /// Required decisions before those that require them; the last is the one asked for.
    pub evaluated: Vec<Evaluated>,
    /// Why parts of it are `null`, each with its decision.
    pub warnings: Vec<Text>,
}

/// The decision that could not be evaluated, and why, with its cell or expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Failed {
    pub decision_id: Text,
    pub message: Text,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Evaluated {
    pub decision: Key,
    pub decision_id: Text,
    pub decision_name: Text,
    pub version: i32,
    /// The name on the wire, such as `DECISION_TABLE`.
    pub kind: Text,
    pub output: Packed,
    /// Of a decision table.
    pub inputs: Vec<EvaluatedClause>,
    /// Of a decision table, in its order.
    pub rules: Vec<MatchedRule>,
}

/// An input or output clause with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct EvaluatedClause {
    pub id: Text,
    /// Its label, or its expression or name where it has none.
    pub name: Text,
    pub value: Packed,
}

#[derive(Debug, Clone, PartialEq)]
pub struct MatchedRule {
    pub id: Text,
    /// From 1.
    pub index: u32,
    pub outputs: Vec<EvaluatedClause>,
}

impl Evaluation {
    /// What the evaluation found to remark; `null` is the result of many mistakes.
    pub fn remarks(&self) -> Option<String> {
        (!self.warnings.is_empty()).then(|| self.warnings.join("; "))
    }

    /// About what it takes in the journal.
    pub fn bytes(&self) -> usize {
        let clauses = |all: &[EvaluatedClause]| -> usize {
            all.iter().map(|own| own.id.len() + own.name.len() + own.value.len() + 8).sum()
        };
        let rules = |all: &[MatchedRule]| -> usize {
            all.iter().map(|rule| rule.id.len() + clauses(&rule.outputs) + 8).sum()
        };
        let decision = |own: &Evaluated| {
            let names = own.decision_id.len() + own.decision_name.len() + 64;
            names + own.output.len() + clauses(&own.inputs) + rules(&own.rules)
        };
        self.output.len() + self.evaluated.iter().map(decision).sum::<usize>()
    }
}

/// The variables of a command, for an evaluation: the last of a name counts.
pub struct Given<'a>(pub &'a [NamedValue]);

impl Given<'_> {
    fn find(&self, name: &str) -> Option<&Packed> {
        self.0.iter().rev().find(|(own, _)| **own == *name).map(|(_, value)| value)
    }
}

impl feel::Variables for Given<'_> {
    fn get(&self, name: &str) -> Option<Value> {
        self.find(name).map(Packed::to_value)
    }

    fn get_path(&self, path: &[&str]) -> Option<Value> {
        let (name, rest) = path.split_first()?;
        self.find(name)?.get(rest)
    }

    fn names(&self) -> Vec<String> {
        self.0.iter().map(|(name, _)| name.to_string()).collect()
    }
}
