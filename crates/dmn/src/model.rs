//! The compiled model.

use crate::definitions::IteratorKind;
use crate::error::Diagnostic;
use crate::evaluate::index::RuleIndex;
use crate::result::DecisionKind;
use crate::types::ItemType;
use feel::{Dialect, Expression, Signature, UnaryTests};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// A compiled decision model. Cloning is cheap.
#[derive(Clone)]
pub struct Model(pub(crate) Arc<Compiled>);

/// What a model says about one of its decisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecisionInfo<'m> {
    /// The id.
    pub id: &'m str,
    /// The name.
    pub name: &'m str,
    /// The version tag, if the file has one (`zeebe:versionTag`).
    pub version_tag: Option<&'m str>,
    /// The kind of its logic.
    pub kind: DecisionKind,
}

pub(crate) struct Compiled {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) dialect: Dialect,
    /// Of this model and of those that it imports.
    pub(crate) elements: Vec<Element>,
    /// Elements of this model by id, and by name where no id is the same.
    pub(crate) by_name: BTreeMap<Arc<str>, usize>,
    /// How many of the elements are of this model; they come first.
    pub(crate) own: usize,
    pub(crate) warnings: Vec<Diagnostic>,
}

impl Model {
    /// The id of the definitions.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// The name of the definitions.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The namespace of the definitions.
    pub fn namespace(&self) -> &str {
        &self.0.namespace
    }

    /// As which dialect its expressions are read.
    pub fn dialect(&self) -> Dialect {
        self.0.dialect
    }

    /// What is doubtful in this model: it is evaluated all the same.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.0.warnings
    }

    /// The decisions of this model, in the order of the file.
    pub fn decisions(&self) -> impl Iterator<Item = DecisionInfo<'_>> {
        self.0.elements[..self.0.own].iter().filter_map(|element| match &element.kind {
            ElementKind::Decision(decision) => Some(DecisionInfo {
                id: &element.id,
                name: &decision.name,
                version_tag: decision.version_tag.as_deref(),
                kind: decision.kind,
            }),
            ElementKind::Input(_) | ElementKind::Knowledge(_) | ElementKind::Service(_) => None,
        })
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Model({:?}, {} elements)", self.0.name, self.0.elements.len())
    }
}

/// An element of the requirements graph.
pub(crate) struct Element {
    pub(crate) id: Arc<str>,
    /// The name of its variable.
    pub(crate) name: Arc<str>,
    pub(crate) requires: Vec<Requirement>,
    pub(crate) kind: ElementKind,
}

impl Element {
    /// The name of a decision, else the id.
    pub(crate) fn shown(&self) -> &str {
        match &self.kind {
            ElementKind::Decision(decision) if !decision.name.is_empty() => &decision.name,
            _ => &self.id,
        }
    }
}

pub(crate) struct Requirement {
    pub(crate) element: usize,
    /// The name of the import through which it is seen.
    pub(crate) import: Option<Arc<str>>,
    /// The names under which it is seen.
    pub(crate) names: Vec<Arc<str>>,
}

pub(crate) enum ElementKind {
    Input(Option<Arc<ItemType>>),
    Decision(Decision),
    Knowledge(Knowledge),
    Service(Service),
}

pub(crate) struct Decision {
    pub(crate) name: Arc<str>,
    /// See [`crate::EvaluatedDecision::file`].
    pub(crate) file: usize,
    pub(crate) version_tag: Option<String>,
    pub(crate) kind: DecisionKind,
    pub(crate) result: Option<Arc<ItemType>>,
    pub(crate) logic: Option<Boxed>,
}

pub(crate) struct Knowledge {
    pub(crate) result: Option<Arc<ItemType>>,
    pub(crate) function: Option<Arc<Function>>,
}

pub(crate) struct Service {
    pub(crate) result: Option<Arc<ItemType>>,
    pub(crate) outputs: Vec<usize>,
    /// Input data, then input decisions: the order of the parameters.
    pub(crate) inputs: Vec<usize>,
    /// Of its inputs, once it was asked for.
    pub(crate) signature: OnceLock<Arc<Signature>>,
}

pub(crate) struct Function {
    pub(crate) parameters: Vec<(Arc<str>, Option<Arc<ItemType>>)>,
    /// `None` for a function that is not called, such as one of Java.
    pub(crate) body: Option<Boxed>,
    /// Of its parameters, once it was asked for.
    pub(crate) signature: OnceLock<Arc<Signature>>,
}

/// A compiled boxed expression with the type that its value must have.
pub(crate) struct Boxed {
    pub(crate) result: Option<Arc<ItemType>>,
    /// Where it is, for messages.
    pub(crate) label: String,
    pub(crate) kind: BoxedKind,
}

pub(crate) enum BoxedKind {
    Literal(Expression),
    /// An expression that could not be compiled, in a model that was read all the same.
    Broken(String),
    Table(Box<Table>),
    Context(Vec<Entry>),
    List(Vec<Boxed>),
    Relation(Vec<Arc<str>>, Vec<Vec<Boxed>>),
    Function(Arc<Function>),
    Invocation {
        callee: Box<Boxed>,
        bindings: Vec<(Arc<str>, Boxed)>,
    },
    Conditional(Box<[Boxed; 3]>),
    Filter(Box<[Boxed; 2]>),
    Iterator {
        kind: IteratorKind,
        variable: Arc<str>,
        parts: Box<[Boxed; 2]>,
    },
    /// Nothing where something may stand.
    Empty,
}

pub(crate) struct Entry {
    /// `None` for the entry that is the result of the whole.
    pub(crate) name: Option<Arc<str>>,
    pub(crate) result: Option<Arc<ItemType>>,
    pub(crate) value: Boxed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HitPolicy {
    Unique,
    First,
    Any,
    Priority,
    RuleOrder,
    OutputOrder,
    Collect(Aggregation),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aggregation {
    None,
    Sum,
    Min,
    Max,
    Count,
}

pub(crate) struct Table {
    pub(crate) hit_policy: HitPolicy,
    pub(crate) inputs: Vec<TableInput>,
    pub(crate) outputs: Vec<TableOutput>,
    pub(crate) rules: Vec<TableRule>,
    pub(crate) index: RuleIndex,
}

pub(crate) struct TableInput {
    pub(crate) id: Arc<str>,
    pub(crate) label: Arc<str>,
    pub(crate) expression: Boxed,
    pub(crate) allowed: Option<UnaryTests>,
}

pub(crate) struct TableOutput {
    pub(crate) id: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) label: Arc<str>,
    pub(crate) result: Option<Arc<ItemType>>,
    /// The values in order of priority.
    pub(crate) priorities: Vec<Boxed>,
    /// The values that an output may have, in the standard.
    pub(crate) allowed: Option<UnaryTests>,
    pub(crate) default: Option<Boxed>,
}

pub(crate) struct TableRule {
    pub(crate) id: Arc<str>,
    pub(crate) tests: Vec<Cell>,
    pub(crate) outputs: Vec<Boxed>,
}

/// An input cell.
pub(crate) enum Cell {
    Tests { tests: UnaryTests, shape: feel::Shape },
    Broken(String),
}
