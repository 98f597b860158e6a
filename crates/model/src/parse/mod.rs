//! BPMN XML to [`Definitions`].
//!
//! A file is read in three passes: what can be referred to is collected, elements and flows are
//! built from it, and the rules that need the whole process are checked at last. A problem never
//! stops the reading, so that all of them are told at once.

mod collaboration;
mod collect;
mod diagram;
mod event;
mod extension;
mod flow;
mod node;
mod process;
mod reader;
mod task;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::codes;
use crate::definitions::{Definitions, Position};
use crate::diagnostic::{Diagnostic, Severity};
use crate::limits::{DIAGNOSTICS_MAX, MODEL_BYTES_MAX, XML_NODES_MAX};
use crate::xml::{Places, decode, scan};

pub(crate) use reader::BPMN;
use reader::{Node, Reader};

pub(crate) use extension::listener_event;
pub(crate) use flow::link;
pub use task::USER_TASK_JOB_TYPE;

/// What the parser asks of other crates.
pub struct Checks<'a> {
    /// Whether an expression, without its `=`, parses; and what is doubtful in one that does.
    pub expression: &'a dyn Fn(&str) -> Result<Vec<ExpressionProblem>, ExpressionProblem>,
}

/// Why an expression does not parse, or will not do what was meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpressionProblem {
    /// Byte in the expression at which it went wrong.
    pub offset: usize,
    /// "expected …, but …".
    pub message: String,
}

/// What a file was read for, with warnings; or all of its problems.
pub type Outcome = Result<(Definitions, Vec<Diagnostic>), Vec<Diagnostic>>;

/// Reads a file for execution. `name` is the resource's name and appears in messages only.
///
/// # Errors
/// All problems of the file, in the order of their places, warnings among them.
pub fn parse(name: &str, xml: &[u8]) -> Outcome {
    parse_with(name, xml, &Checks { expression: &feel_syntax })
}

fn feel_syntax(text: &str) -> Result<Vec<ExpressionProblem>, ExpressionProblem> {
    let problem = |span: feel::Span, message: &str| ExpressionProblem {
        offset: span.start as usize,
        message: message.to_owned(),
    };
    let compiled = feel::compile(text).map_err(|error| problem(error.span(), error.message()))?;
    Ok(compiled.doubts().iter().map(|doubt| problem(doubt.span, &doubt.message)).collect())
}

/// [`parse`] with another checker of expressions.
///
/// # Errors
/// As [`parse`].
pub fn parse_with(name: &str, xml: &[u8], checks: &Checks<'_>) -> Outcome {
    open(name, xml, |text, document| {
        let mut reader = Reader::new(text, document, checks, true);
        let definitions = definitions(&mut reader, xml, document.root_element());
        finish(definitions, reader.problems)
    })
}

/// Reads any BPMN file as far as drawing and tracking need it: what could not be executed is no
/// problem, and unsupported elements become the nearest supported one (see
/// [`Definitions::artifacts`] for what to draw instead).
///
/// # Errors
/// What makes the file unreadable: size, encoding, XML, not BPMN.
pub fn read(name: &str, xml: &[u8]) -> Outcome {
    let checks = Checks { expression: &|_| Ok(Vec::new()) };
    open(name, xml, |text, document| {
        let mut reader = Reader::new(text, document, &checks, false);
        let definitions = definitions(&mut reader, xml, document.root_element());
        finish(definitions, reader.problems)
    })
}

/// Everything up to the XML tree.
fn open(
    name: &str,
    xml: &[u8],
    then: impl FnOnce(&str, &roxmltree::Document<'_>) -> Outcome,
) -> Outcome {
    let refuse = |code, position, message: String| {
        Err(vec![Diagnostic { code, severity: Severity::Error, element: None, position, message }])
    };
    if xml.len() > MODEL_BYTES_MAX {
        let found = xml.len();
        let message = format!("expected at most {MODEL_BYTES_MAX} bytes, but {name} has {found}");
        return refuse(codes::FILE_TOO_LARGE, Position::default(), message);
    }
    let text = match decode(xml) {
        Ok(text) => text,
        Err(message) => return refuse(codes::ENCODING, Position::default(), message),
    };
    if let Err((code, at, message)) = scan(&text) {
        return refuse(code, Places::new(&text).at(at), message);
    }
    let options =
        roxmltree::ParsingOptions { nodes_limit: XML_NODES_MAX as u32, ..Default::default() };
    let document = match roxmltree::Document::parse_with_options(&text, options) {
        Ok(document) => document,
        Err(error) => {
            let pos = error.pos();
            let position = match error {
                // The parser has no place for these; what is missing is missing at the end.
                roxmltree::Error::UnexpectedEndOfStream
                | roxmltree::Error::UnclosedRootNode
                | roxmltree::Error::NoRootNode => Places::new(&text).at(text.len()),
                _ => Position { line: pos.row, column: pos.col },
            };
            let message = format!("expected well-formed XML, but: {error}");
            return refuse(codes::NOT_XML, position, message);
        }
    };
    let root = document.root_element();
    if !root.has_tag_name((BPMN, "definitions")) {
        let tag = root.tag_name();
        let space = tag.namespace().unwrap_or("no namespace");
        let message = format!(
            "expected definitions of the namespace {BPMN}, but {name} has {} of {space}",
            tag.name()
        );
        return refuse(codes::NOT_BPMN, Places::new(&text).at(root.range().start), message);
    }
    then(&text, &document)
}

/// The tree of a file that is well-formed and within the limits; nothing otherwise.
pub(crate) fn open_tree(xml: &[u8], then: impl FnOnce(&str, &roxmltree::Document<'_>)) {
    let outcome = open("", xml, |text, document| {
        then(text, document);
        Err(Vec::new())
    });
    drop(outcome);
}

impl<'a> Reader<'a> {
    fn new(
        text: &'a str,
        document: &'a roxmltree::Document<'_>,
        checks: &'a Checks<'a>,
        strict: bool,
    ) -> Reader<'a> {
        let mut roots = BTreeMap::new();
        for node in document.root_element().children() {
            if let Some(id) = node.attribute("id") {
                roots.entry(id).or_insert(node);
            }
        }
        Reader {
            places: Places::new(text),
            text,
            checks,
            strict,
            element: None,
            problems: Vec::new(),
            roots,
        }
    }
}

fn definitions<'a>(reader: &mut Reader<'a>, xml: &[u8], root: Node<'a>) -> Definitions {
    let executing = reader.strict;
    let mut definitions = Definitions {
        source: Arc::from(xml),
        processes: Vec::new(),
        collaboration: Default::default(),
        artifacts: Vec::new(),
        diagram: Default::default(),
    };
    for node in root.children().filter(|c| reader::is(*c, "process")) {
        reader.strict = executing;
        let executable = reader.boolean(node, "isExecutable", false);
        reader.strict = executing && executable;
        let process = process::process(reader, node, executable, &mut definitions.artifacts);
        definitions.processes.push(process);
    }
    reader.strict = executing;
    reader.element = None;
    process::check_file(reader, root, &definitions.processes);
    definitions.collaboration = collaboration::collaboration(root);
    definitions.diagram = diagram::diagram(root);
    definitions
}

fn finish(definitions: Definitions, mut problems: Vec<Diagnostic>) -> Outcome {
    problems.sort_by_key(|d| (d.position.line, d.position.column, d.severity));
    problems.dedup();
    let failed = problems.iter().any(Diagnostic::is_error);
    if problems.len() > DIAGNOSTICS_MAX {
        let message = format!(
            "expected at most {DIAGNOSTICS_MAX} problems to list, but there are {}",
            problems.len()
        );
        // Errors first: a cut list must still say why the file is refused.
        problems.sort_by_key(|d| d.severity);
        problems.truncate(DIAGNOSTICS_MAX);
        problems.push(Diagnostic {
            code: codes::TOO_MANY_PROBLEMS,
            severity: Severity::Warning,
            element: None,
            position: Position::default(),
            message,
        });
    }
    if failed { Err(problems) } else { Ok((definitions, problems)) }
}
