//! A DMN file as it is written: typed, with places, names as text.

/// Where an element is: line and column are found when a problem is told, because counting lines
/// for each cell of a large table takes longer than reading it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    pub(crate) id: String,
    /// The file, as it counts among those that are read together.
    pub(crate) file: usize,
    /// Bytes before the element.
    pub(crate) offset: usize,
}

impl Place {
    /// Line and column in characters, both from 1.
    pub(crate) fn line_and_column(&self, text: &str) -> (u32, u32) {
        let before = text.get(..self.offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() as u32 + 1;
        (line, before[line_start..].chars().count() as u32 + 1)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Definitions {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) namespace: String,
    /// Whether Camunda's modeler made the file.
    pub(crate) is_camunda: bool,
    pub(crate) imports: Vec<Import>,
    pub(crate) items: Vec<Item>,
    pub(crate) inputs: Vec<Input>,
    pub(crate) decisions: Vec<Decision>,
    pub(crate) knowledge: Vec<Knowledge>,
    pub(crate) services: Vec<Service>,
}

impl Definitions {
    /// Whether there is nothing to evaluate and nothing to import.
    pub(crate) fn is_empty(&self) -> bool {
        let callable = self.knowledge.len() + self.services.len();
        self.decisions.len() + callable + self.items.len() + self.inputs.len() == 0
    }
}

#[derive(Debug)]
pub(crate) struct Import {
    pub(crate) place: Place,
    pub(crate) name: String,
    pub(crate) namespace: String,
    /// The file as its author saw it; tells apart files of the same namespace.
    pub(crate) location: Option<String>,
    /// Whether it is a DMN file that is imported, and no schema or PMML.
    pub(crate) is_dmn: bool,
}

/// An item definition or component.
#[derive(Debug, Default)]
pub(crate) struct Item {
    pub(crate) name: String,
    pub(crate) type_ref: Option<String>,
    pub(crate) is_collection: bool,
    pub(crate) allowed: Option<Text>,
    /// A test of the whole value, as of DMN 1.5; `allowed` tests each item of a collection.
    pub(crate) constraint: Option<Text>,
    pub(crate) components: Vec<Item>,
    pub(crate) function: Option<FunctionItem>,
}

#[derive(Debug)]
pub(crate) struct FunctionItem {
    pub(crate) parameters: Vec<Option<String>>,
    pub(crate) output: Option<String>,
}

/// Text with its place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Text {
    /// Of the element that has it.
    pub(crate) place: Place,
    pub(crate) text: String,
    /// Bytes before the text itself, if it stands in the file as it is: without entities.
    pub(crate) start: Option<usize>,
}

impl Text {
    /// Where a byte of the text is in the file, as nearly as is known.
    pub(crate) fn at(&self, offset: u32) -> Place {
        let start = self.start.map(|start| start + offset as usize);
        Place { offset: start.unwrap_or(self.place.offset), ..self.place.clone() }
    }
}

/// An information item: a name with a type.
#[derive(Clone, Debug, Default)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) type_ref: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) id: String,
    pub(crate) variable: Variable,
}

#[derive(Debug)]
pub(crate) struct Decision {
    pub(crate) place: Place,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version_tag: Option<String>,
    pub(crate) variable: Option<Variable>,
    pub(crate) requires: Vec<String>,
    pub(crate) logic: Option<Boxed>,
}

#[derive(Debug)]
pub(crate) struct Knowledge {
    pub(crate) place: Place,
    pub(crate) id: String,
    pub(crate) variable: Variable,
    pub(crate) requires: Vec<String>,
    pub(crate) function: Option<Function>,
}

#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) place: Place,
    pub(crate) id: String,
    pub(crate) variable: Variable,
    pub(crate) outputs: Vec<String>,
    pub(crate) input_decisions: Vec<String>,
    pub(crate) input_data: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) parameters: Vec<Variable>,
    /// Whether the body is FEEL; other kinds are not called.
    pub(crate) is_feel: bool,
    pub(crate) body: Option<Box<Boxed>>,
}

/// A boxed expression.
#[derive(Debug)]
pub(crate) struct Boxed {
    pub(crate) place: Place,
    pub(crate) type_ref: Option<String>,
    pub(crate) kind: BoxedKind,
}

#[derive(Debug)]
pub(crate) enum BoxedKind {
    Literal {
        text: Text,
        language: Option<String>,
    },
    Table(Box<Table>),
    Context(Vec<(Option<Variable>, Option<Boxed>)>),
    List(Vec<Boxed>),
    Relation(Vec<Variable>, Vec<Vec<Boxed>>),
    Function(Function),
    Invocation(Option<Box<Boxed>>, Vec<(Variable, Option<Boxed>)>),
    Conditional(Vec<Option<Boxed>>),
    Filter(Vec<Option<Boxed>>),
    Iterator {
        kind: IteratorKind,
        variable: String,
        domain: Option<Box<Boxed>>,
        body: Option<Box<Boxed>>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IteratorKind {
    For,
    Some,
    Every,
}

#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) hit_policy: String,
    pub(crate) aggregation: Option<String>,
    pub(crate) output_label: Option<String>,
    pub(crate) inputs: Vec<InputClause>,
    pub(crate) outputs: Vec<OutputClause>,
    pub(crate) rules: Vec<Rule>,
}

#[derive(Debug, Default)]
pub(crate) struct InputClause {
    pub(crate) id: String,
    pub(crate) label: Option<String>,
    pub(crate) expression: Text,
    pub(crate) type_ref: Option<String>,
    pub(crate) values: Option<Text>,
}

#[derive(Debug, Default)]
pub(crate) struct OutputClause {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) label: Option<String>,
    pub(crate) type_ref: Option<String>,
    pub(crate) values: Option<Text>,
    pub(crate) default: Option<Text>,
}

#[derive(Debug, Default)]
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) tests: Vec<Text>,
    pub(crate) outputs: Vec<Text>,
}
