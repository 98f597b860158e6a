//! XML to definitions. Elements are known by their local name: the versions of the standard
//! differ in the namespace and hardly in anything else.

mod boxed;
mod table;

use crate::definitions::{
    Decision, Definitions, FunctionItem, Import, Input, Item, Knowledge, Place, Service, Text,
    Variable,
};
use crate::error::{Diagnostic, ModelError};
use crate::limits::{ELEMENTS_MAX, FILE_BYTES_MAX, NESTING_MAX, XML_NODES_MAX};
use roxmltree::{Document, Node, ParsingOptions};

const CDATA: &str = "<![CDATA[";

/// What the namespaces of all versions have in them, and that of the newest.
const DMN: &str = "omg.org/spec/DMN/";
const NEWEST: &str = "https://www.omg.org/spec/DMN/20230324/MODEL/";

/// Reads one file, which is number `file` among those that are read together.
///
/// What is wrong in parts of it stands beside the definitions, without those parts.
pub(crate) fn parse(xml: &str, file: usize) -> Result<(Definitions, Vec<Diagnostic>), ModelError> {
    let whole = |line: u32, column: u32, message: String| ModelError {
        warnings: Vec::new(),
        diagnostics: vec![Diagnostic { element: String::new(), line, column, message }],
    };
    if xml.len() > FILE_BYTES_MAX {
        let message =
            format!("expected a file of at most {FILE_BYTES_MAX} bytes, but it has {}", xml.len());
        return Err(whole(1, 1, message));
    }
    let options = ParsingOptions { nodes_limit: XML_NODES_MAX, ..ParsingOptions::default() };
    let document = Document::parse_with_options(xml, options).map_err(|error| {
        let at = error.pos();
        whole(at.row, at.col, format!("expected a DMN file, but it is no valid XML: {error}"))
    })?;
    let root = document.root_element();
    if root.tag_name().name() != "definitions" {
        let message =
            format!("expected the element 'definitions', but found '{}'", root.tag_name().name());
        return Err(whole(1, 1, message));
    }
    let mut parser = Parser { file, diagnostics: Vec::new() };
    let namespace = root.tag_name().namespace().unwrap_or_default();
    if !namespace.contains(DMN) {
        let message = format!(
            "expected definitions in a namespace of DMN, such as '{NEWEST}', but they are in \
             '{namespace}'"
        );
        parser.error(root, message);
        return Err(ModelError { diagnostics: parser.diagnostics, warnings: Vec::new() });
    }
    let definitions = parser.definitions(root);
    if definitions.is_empty() && parser.diagnostics.is_empty() {
        let message = "expected at least one decision, or something for other files to import, \
                       but there is none";
        parser.error(root, message.to_owned());
    }
    Ok((definitions, parser.diagnostics))
}

struct Parser {
    file: usize,
    diagnostics: Vec<Diagnostic>,
}

fn children<'a, 'x>(node: Node<'a, 'x>, name: &str) -> impl Iterator<Item = Node<'a, 'x>> {
    node.children().filter(move |child| child.is_element() && child.tag_name().name() == name)
}

fn child<'a, 'x>(node: Node<'a, 'x>, name: &str) -> Option<Node<'a, 'x>> {
    node.children().find(|child| child.is_element() && child.tag_name().name() == name)
}

fn attribute(node: Node<'_, '_>, name: &str) -> Option<String> {
    node.attribute(name).map(str::to_owned)
}

fn attribute_text(node: Node<'_, '_>, name: &str) -> String {
    node.attribute(name).unwrap_or("").to_owned()
}

/// All the text in a node, CDATA and character data alike.
fn all_text(node: Node<'_, '_>) -> String {
    node.descendants().filter(Node::is_text).filter_map(|part| part.text()).collect()
}

/// The type is an attribute since DMN 1.2 and was an element before.
fn type_ref(node: Node<'_, '_>) -> Option<String> {
    let in_attribute = attribute(node, "typeRef");
    let named = in_attribute.or_else(|| child(node, "typeRef").map(all_text))?;
    let named = named.trim();
    (!named.is_empty()).then(|| named.to_owned())
}

fn variable(node: Node<'_, '_>) -> Variable {
    Variable {
        name: feel::normalised(node.attribute("name").unwrap_or("")),
        type_ref: type_ref(node),
    }
}

/// What a reference points to: the part after `#`, with the namespace before it if it has one.
fn reference(node: Node<'_, '_>) -> Option<String> {
    let href = node.attribute("href")?;
    Some(href.strip_prefix('#').unwrap_or(href).to_owned())
}

fn references(node: Node<'_, '_>, name: &str) -> Vec<String> {
    children(node, name).filter_map(reference).collect()
}

impl Parser {
    fn error(&mut self, node: Node<'_, '_>, message: String) {
        if self.diagnostics.len() >= crate::limits::DIAGNOSTICS_MAX {
            return;
        }
        let at = self.place(node);
        let (line, column) = at.line_and_column(node.document().input_text());
        let element = if at.id.is_empty() { attribute_text(node, "name") } else { at.id };
        self.diagnostics.push(Diagnostic { element, line, column, message });
    }

    fn place(&self, node: Node<'_, '_>) -> Place {
        Place { id: attribute_text(node, "id"), file: self.file, offset: node.range().start }
    }

    /// The text in the child `text` of a node.
    fn text_of(&self, node: Node<'_, '_>) -> Text {
        let inner = child(node, "text");
        let whole = inner.map_or(String::new(), all_text);
        let text = whole.trim().to_owned();
        let lead = whole.len() - whole.trim_start().len();
        let part = inner.and_then(|inner| inner.children().find(|part| part.is_text()));
        let start = part.and_then(|part| {
            let range = part.range();
            let written = node.document().input_text().get(range.clone())?;
            let cdata = if written.starts_with(CDATA) { CDATA.len() } else { 0 };
            let start = range.start + cdata + lead;
            node.document().input_text().get(start..)?.starts_with(&text).then_some(start)
        });
        Text { place: self.place(node), text, start }
    }

    fn text_in(&self, node: Node<'_, '_>, name: &str) -> Option<Text> {
        child(node, name).map(|own| self.text_of(own)).filter(|text| !text.text.is_empty())
    }

    fn definitions(&mut self, root: Node<'_, '_>) -> Definitions {
        let namespace = attribute_text(root, "namespace");
        let uses_camunda = root.namespaces().any(|own| own.uri().contains("camunda.org/"));
        let made_by = root.attribute("exporter").unwrap_or("");
        let mut found = Definitions {
            id: attribute_text(root, "id"),
            name: attribute_text(root, "name"),
            is_camunda: uses_camunda
                || namespace.contains("camunda.org/")
                || made_by.contains("Camunda"),
            namespace,
            ..Definitions::default()
        };
        for (at, node) in root.children().filter(Node::is_element).enumerate() {
            if at == ELEMENTS_MAX {
                self.error(node, format!("expected at most {ELEMENTS_MAX} elements in a file"));
                break;
            }
            match node.tag_name().name() {
                "import" => found.imports.push(self.import(node)),
                "itemDefinition" => found.items.extend(self.item(node, 0)),
                "inputData" => found.inputs.push(Input {
                    id: attribute_text(node, "id"),
                    variable: self.element_variable(node),
                }),
                "decision" => found.decisions.extend(self.decision(node)),
                "businessKnowledgeModel" => found.knowledge.extend(self.knowledge(node)),
                "decisionService" => found.services.push(Service {
                    place: self.place(node),
                    id: attribute_text(node, "id"),
                    variable: self.element_variable(node),
                    outputs: references(node, "outputDecision"),
                    input_decisions: references(node, "inputDecision"),
                    input_data: references(node, "inputData"),
                }),
                _ => {}
            }
        }
        found
    }

    fn import(&self, node: Node<'_, '_>) -> Import {
        let kind = node.attribute("importType").unwrap_or("");
        Import {
            place: self.place(node),
            name: feel::normalised(node.attribute("name").unwrap_or("")),
            namespace: attribute_text(node, "namespace"),
            location: attribute(node, "locationURI"),
            is_dmn: kind.contains("omg.org/spec/DMN/"),
        }
    }

    /// The variable of an element, which has the element's name if it is not given.
    fn element_variable(&self, node: Node<'_, '_>) -> Variable {
        let own = child(node, "variable").map(variable).unwrap_or_default();
        let name = match own.name.is_empty() {
            true => feel::normalised(node.attribute("name").unwrap_or("")),
            false => own.name,
        };
        Variable { name, type_ref: own.type_ref }
    }

    fn decision(&mut self, node: Node<'_, '_>) -> Option<Decision> {
        let name = attribute_text(node, "name");
        let id = attribute(node, "id").unwrap_or_else(|| name.clone());
        if id.is_empty() {
            self.error(node, "expected a decision with an id, but it has none".to_owned());
            return None;
        }
        let tag = node.descendants().find(|inner| inner.tag_name().name() == "versionTag");
        Some(Decision {
            place: self.place(node),
            version_tag: tag.and_then(|tag| attribute(tag, "value")),
            variable: child(node, "variable").map(variable),
            requires: self.requirements(node),
            logic: self.boxed_child(node, 0),
            id,
            name,
        })
    }

    fn requirements(&mut self, node: Node<'_, '_>) -> Vec<String> {
        let mut found = Vec::new();
        for requirement in node.children().filter(Node::is_element) {
            let kinds: &[&str] = match requirement.tag_name().name() {
                "informationRequirement" => &["requiredDecision", "requiredInput"],
                "knowledgeRequirement" => &["requiredKnowledge"],
                _ => continue,
            };
            found.extend(kinds.iter().flat_map(|kind| references(requirement, kind)));
        }
        found
    }

    fn knowledge(&mut self, node: Node<'_, '_>) -> Option<Knowledge> {
        let id = attribute(node, "id").or_else(|| attribute(node, "name"))?;
        let function = child(node, "encapsulatedLogic").map(|logic| self.function(logic, 0));
        let mut variable = self.element_variable(node);
        // A model calls knowledge by the name that it shows; the variable should be the same.
        if variable.name.is_empty() {
            variable.name = feel::normalised(&id);
        }
        Some(Knowledge {
            place: self.place(node),
            id,
            variable,
            requires: self.requirements(node),
            function,
        })
    }

    fn item(&mut self, node: Node<'_, '_>, depth: usize) -> Option<Item> {
        if depth > NESTING_MAX {
            self.error(node, format!("expected at most {NESTING_MAX} types inside one another"));
            return None;
        }
        let components: Vec<Item> = children(node, "itemComponent")
            .collect::<Vec<_>>()
            .into_iter()
            .filter_map(|component| self.item(component, depth + 1))
            .collect();
        let function = child(node, "functionItem").map(|function| FunctionItem {
            parameters: children(function, "parameters").map(type_ref).collect(),
            output: attribute(function, "outputTypeRef"),
        });
        Some(Item {
            name: feel::normalised(node.attribute("name").unwrap_or("")),
            type_ref: type_ref(node),
            is_collection: node.attribute("isCollection").is_some_and(|flag| flag.trim() == "true"),
            allowed: self.text_in(node, "allowedValues"),
            constraint: self.text_in(node, "typeConstraint"),
            components,
            function,
        })
    }
}
