//! What every part of the parser needs: attributes, places, and one place to put problems.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::codes;
use crate::definitions::{Position, Text};
use crate::diagnostic::{Diagnostic, Severity};
use crate::limits::ID_BYTES_MAX;
use crate::xml::Places;

use super::Checks;

pub(super) type Node<'a> = roxmltree::Node<'a, 'a>;

pub(crate) const BPMN: &str = "http://www.omg.org/spec/BPMN/20100524/MODEL";
pub(super) const ZEEBE: &str = "http://camunda.org/schema/zeebe/1.0";
pub(super) const BPMN_DI: &str = "http://www.omg.org/spec/BPMN/20100524/DI";

pub(super) struct Reader<'a> {
    pub(super) places: Places<'a>,
    pub(super) text: &'a str,
    pub(super) checks: &'a Checks<'a>,
    /// False while a process is read that is only drawn: its problems are none.
    pub(super) strict: bool,
    /// Element that problems are reported for.
    pub(super) element: Option<Arc<str>>,
    pub(super) problems: Vec<Diagnostic>,
    /// Children of `definitions` that others refer to, by id.
    pub(super) roots: BTreeMap<&'a str, Node<'a>>,
}

impl<'a> Reader<'a> {
    pub(super) fn position(&self, node: Node<'_>) -> Position {
        self.places.at(node.range().start)
    }

    pub(super) fn error(&mut self, code: &'static str, at: Node<'_>, message: impl Into<String>) {
        let position = self.position(at);
        self.problem(code, Severity::Error, position, message.into());
    }

    pub(super) fn warn(&mut self, code: &'static str, at: Node<'_>, message: impl Into<String>) {
        let position = self.position(at);
        self.problem(code, Severity::Warning, position, message.into());
    }

    pub(super) fn problem(
        &mut self,
        code: &'static str,
        severity: Severity,
        position: Position,
        message: String,
    ) {
        if self.strict {
            let element = self.element.clone();
            self.problems.push(Diagnostic { code, severity, element, position, message });
        }
    }

    /// Where the value of an attribute begins.
    pub(super) fn value_position(&self, node: Node<'_>, name: &str) -> Position {
        match node.attribute_node(name) {
            Some(attribute) => self.places.at(attribute.range_value().start),
            None => self.position(node),
        }
    }

    pub(super) fn boolean(&mut self, node: Node<'_>, name: &str, default: bool) -> bool {
        match node.attribute(name).map(str::trim) {
            None => default,
            Some("true" | "1") => true,
            Some("false" | "0") => false,
            Some(other) => {
                let message = format!("expected {name} to be true or false, but it is {other:?}");
                let position = self.value_position(node, name);
                self.problem(codes::ATTRIBUTE_VALUE, Severity::Error, position, message);
                default
            }
        }
    }

    /// Attribute as static text or expression; an empty one is as good as none.
    pub(super) fn attribute_text(&mut self, node: Node<'a>, name: &str) -> Option<Text> {
        let raw = node.attribute(name).filter(|v| !v.trim().is_empty())?;
        let position = self.value_position(node, name);
        let plain =
            node.attribute_node(name).is_some_and(|a| self.text.get(a.range_value()) == Some(raw));
        Some(self.checked(raw, position, plain))
    }

    /// Text inside an element as static text or expression.
    pub(super) fn body_text(&mut self, node: Node<'a>) -> Option<Text> {
        let raw = body(node);
        let trimmed = raw.trim();
        if trimmed.is_empty() {
            return None;
        }
        let text = node.children().find(|c| c.is_text());
        let start = text.map_or(node.range().start, |t| t.range().start);
        let plain = text.is_some_and(|t| self.text.get(t.range()) == Some(&*raw));
        let lead = if plain { raw.len() - raw.trim_start().len() } else { 0 };
        let position = self.places.at(start + lead);
        Some(self.checked(trimmed, position, plain))
    }

    fn checked(&mut self, raw: &str, position: Position, plain: bool) -> Text {
        let text = Text::parse(raw);
        let Text::Expression(expression) = &text else { return text };
        if !self.strict {
            return text;
        }
        let (code, severity, problems) = match (self.checks.expression)(expression) {
            Ok(doubts) => (codes::EXPRESSION_DOUBTFUL, Severity::Warning, doubts),
            Err(problem) => (codes::EXPRESSION_SYNTAX, Severity::Error, vec![problem]),
        };
        for problem in problems {
            let lead = raw.find(&**expression).unwrap_or(0);
            let position = match plain {
                true => forward(position, raw, lead + problem.offset),
                false => position,
            };
            let message = format!("{} in the expression {raw:?}", problem.message);
            self.problem(code, severity, position, message);
        }
        text
    }

    /// An attribute that makes sense as an expression only.
    pub(super) fn attribute_feel(&mut self, node: Node<'a>, name: &str) -> Option<Text> {
        let text = self.attribute_text(node, name)?;
        let position = self.value_position(node, name);
        self.expect_expression(&text, name, position);
        Some(text)
    }

    pub(super) fn body_feel(&mut self, node: Node<'a>) -> Option<Text> {
        let text = self.body_text(node)?;
        let position = self.position(node);
        self.expect_expression(&text, node.tag_name().name(), position);
        Some(text)
    }

    fn expect_expression(&mut self, text: &Text, what: &str, position: Position) {
        if let Text::Static(found) = text {
            let inside = found.trim().strip_prefix("${").and_then(|f| f.strip_suffix('}'));
            let advice = inside.unwrap_or(found).trim();
            let message = format!(
                "expected {what} to be an expression, which begins with '=', but it is {found:?}; \
                 write \"={advice}\" if that is FEEL"
            );
            self.problem(codes::EXPRESSION_EXPECTED, Severity::Error, position, message);
        }
    }

    /// An attribute that is never evaluated.
    pub(super) fn attribute(&mut self, node: Node<'a>, name: &str) -> Option<Arc<str>> {
        node.attribute(name).filter(|v| !v.trim().is_empty()).map(Arc::from)
    }

    /// Child of `definitions` with this id and tag.
    pub(super) fn root(&mut self, node: Node<'a>, attribute: &str, tag: &str) -> Option<Node<'a>> {
        let raw = node.attribute(attribute).map(str::trim).filter(|v| !v.is_empty())?;
        // References are qualified names: an editor may write the prefix of the target namespace.
        let local = raw.rsplit(':').next().unwrap_or(raw);
        let found = self.roots.get(raw).or_else(|| self.roots.get(local)).copied();
        let found = found.filter(|n| is(*n, tag));
        if found.is_none() {
            let message =
                format!("expected {attribute} to name a {tag}, but there is none {raw:?}");
            self.error(codes::REFERENCE_UNKNOWN, node, message);
        }
        found
    }

    /// Id of something that is executed; one is made up when it is missing.
    pub(super) fn id(&mut self, node: Node<'a>) -> Arc<str> {
        match node.attribute("id").map(str::trim).filter(|v| !v.is_empty()) {
            Some(id) => {
                if id.len() > ID_BYTES_MAX {
                    let found = id.len();
                    let message = format!(
                        "expected an id of at most {ID_BYTES_MAX} bytes, but it has {found}"
                    );
                    self.error(codes::ID_TOO_LONG, node, message);
                }
                id.into()
            }
            None => {
                let tag = node.tag_name().name();
                self.error(
                    codes::ID_MISSING,
                    node,
                    format!("expected an id, but a {tag} has none"),
                );
                let Position { line, column } = self.position(node);
                format!("{tag}_{line}_{column}").into()
            }
        }
    }
}

/// Moves a position over text of the same file.
fn forward(from: Position, text: &str, bytes: usize) -> Position {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let passed = &text[..end];
    match passed.rsplit_once('\n') {
        None => Position { column: from.column + passed.chars().count() as u32, ..from },
        Some((lines, last)) => Position {
            line: from.line + 1 + lines.matches('\n').count() as u32,
            column: last.chars().count() as u32 + 1,
        },
    }
}

/// All text directly inside an element.
pub(super) fn body(node: Node<'_>) -> String {
    node.children().filter_map(|c| if c.is_text() { c.text() } else { None }).collect()
}

pub(super) fn is(node: Node<'_>, tag: &str) -> bool {
    node.has_tag_name((BPMN, tag))
}

pub(super) fn child<'a>(node: Node<'a>, tag: &str) -> Option<Node<'a>> {
    node.children().find(|c| is(*c, tag))
}

/// `zeebe:` elements inside `extensionElements`.
pub(super) fn extensions<'a>(node: Node<'a>) -> impl Iterator<Item = Node<'a>> {
    node.children()
        .filter(|c| is(*c, "extensionElements"))
        .flat_map(|c| c.children())
        .filter(|c| c.tag_name().namespace() == Some(ZEEBE))
}

pub(super) fn extension<'a>(node: Node<'a>, tag: &str) -> Option<Node<'a>> {
    extensions(node).find(|e| e.tag_name().name() == tag)
}

/// `zeebe:` children of an extension.
pub(super) fn parts<'a>(node: Option<Node<'a>>, tag: &'a str) -> impl Iterator<Item = Node<'a>> {
    node.into_iter().flat_map(|n| n.children()).filter(move |c| c.has_tag_name((ZEEBE, tag)))
}

pub(super) fn documentation(node: Node<'_>) -> Option<Arc<str>> {
    let texts: Vec<String> =
        node.children().filter(|c| is(*c, "documentation")).map(|c| body(c)).collect();
    let text = texts.join("\n");
    let text = text.trim();
    (!text.is_empty()).then(|| text.into())
}

pub(super) fn name(node: Node<'_>) -> Option<Arc<str>> {
    node.attribute("name").filter(|n| !n.trim().is_empty()).map(Arc::from)
}
