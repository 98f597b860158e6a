//! Boxed expressions, DMN 1.5, 7.3 and 10.2.

use super::{Parser, attribute, attribute_text, child, children, type_ref, variable};
use crate::definitions::{Boxed, BoxedKind, Function, IteratorKind, Variable};
use crate::limits::NESTING_MAX;
use roxmltree::Node;

const BOXED: [&str; 12] = [
    "literalExpression",
    "decisionTable",
    "context",
    "list",
    "relation",
    "functionDefinition",
    "invocation",
    "conditional",
    "filter",
    "for",
    "some",
    "every",
];

impl Parser {
    /// The boxed expression among the children of a node.
    pub(super) fn boxed_child(&mut self, node: Node<'_, '_>, depth: usize) -> Option<Boxed> {
        let found = node
            .children()
            .find(|child| child.is_element() && BOXED.contains(&child.tag_name().name()))?;
        self.boxed(found, depth)
    }

    fn boxed_in(&mut self, node: Node<'_, '_>, name: &str, depth: usize) -> Option<Boxed> {
        self.boxed_child(child(node, name)?, depth)
    }

    fn boxed(&mut self, node: Node<'_, '_>, depth: usize) -> Option<Boxed> {
        if depth > NESTING_MAX {
            let message = format!("expected at most {NESTING_MAX} expressions inside one another");
            self.error(node, message);
            return None;
        }
        let depth = depth + 1;
        let kind = match node.tag_name().name() {
            "literalExpression" => BoxedKind::Literal {
                text: self.text_of(node),
                language: attribute(node, "expressionLanguage"),
            },
            "decisionTable" => BoxedKind::Table(Box::new(self.table(node))),
            "context" => BoxedKind::Context(self.context_entries(node, depth)),
            "list" => BoxedKind::List(self.all_boxed(node, depth)),
            "relation" => self.relation(node, depth),
            "functionDefinition" => BoxedKind::Function(self.function(node, depth)),
            "invocation" => self.invocation(node, depth),
            "conditional" => BoxedKind::Conditional(
                ["if", "then", "else"]
                    .iter()
                    .map(|part| self.boxed_in(node, part, depth))
                    .collect(),
            ),
            "filter" => BoxedKind::Filter(
                ["in", "match"].iter().map(|part| self.boxed_in(node, part, depth)).collect(),
            ),
            kind => self.iterator(node, kind, depth),
        };
        Some(Boxed { place: self.place(node), type_ref: type_ref(node), kind })
    }

    fn all_boxed(&mut self, node: Node<'_, '_>, depth: usize) -> Vec<Boxed> {
        let nodes: Vec<_> = node
            .children()
            .filter(|child| child.is_element() && BOXED.contains(&child.tag_name().name()))
            .collect();
        nodes.into_iter().filter_map(|child| self.boxed(child, depth)).collect()
    }

    fn context_entries(
        &mut self,
        node: Node<'_, '_>,
        depth: usize,
    ) -> Vec<(Option<Variable>, Option<Boxed>)> {
        let entries: Vec<_> = children(node, "contextEntry").collect();
        let entry = |parser: &mut Parser, node| {
            (child(node, "variable").map(variable), parser.boxed_child(node, depth))
        };
        entries.into_iter().map(|node| entry(self, node)).collect()
    }

    fn relation(&mut self, node: Node<'_, '_>, depth: usize) -> BoxedKind {
        let columns = children(node, "column").map(variable).collect();
        let rows: Vec<_> = children(node, "row").collect();
        BoxedKind::Relation(
            columns,
            rows.into_iter().map(|row| self.all_boxed(row, depth)).collect(),
        )
    }

    /// A function definition, or the logic of a business knowledge model.
    pub(super) fn function(&mut self, node: Node<'_, '_>, depth: usize) -> Function {
        let kind = node.attribute("kind").unwrap_or("FEEL");
        Function {
            parameters: children(node, "formalParameter").map(variable).collect(),
            is_feel: kind.eq_ignore_ascii_case("FEEL"),
            body: self.boxed_child(node, depth).map(Box::new),
        }
    }

    fn invocation(&mut self, node: Node<'_, '_>, depth: usize) -> BoxedKind {
        let callee = self.boxed_child(node, depth).map(Box::new);
        let bindings: Vec<_> = children(node, "binding").collect();
        let binding = |parser: &mut Parser, node| {
            let parameter = child(node, "parameter").map(variable).unwrap_or_default();
            (parameter, parser.boxed_child(node, depth))
        };
        BoxedKind::Invocation(
            callee,
            bindings.into_iter().map(|node| binding(self, node)).collect(),
        )
    }

    fn iterator(&mut self, node: Node<'_, '_>, kind: &str, depth: usize) -> BoxedKind {
        let (kind, body) = match kind {
            "for" => (IteratorKind::For, "return"),
            "some" => (IteratorKind::Some, "satisfies"),
            _ => (IteratorKind::Every, "satisfies"),
        };
        BoxedKind::Iterator {
            kind,
            variable: feel::normalised(&attribute_text(node, "iteratorVariable")),
            domain: self.boxed_in(node, "in", depth).map(Box::new),
            body: self.boxed_in(node, body, depth).map(Box::new),
        }
    }
}
