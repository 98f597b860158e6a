//! Decision tables, DMN 1.5, chapter 8.

use super::{Parser, attribute, attribute_text, child, children, type_ref};
use crate::definitions::{InputClause, OutputClause, Rule, Table};
use roxmltree::Node;

impl Parser {
    pub(super) fn table(&mut self, node: Node<'_, '_>) -> Table {
        let mut table = Table {
            hit_policy: node.attribute("hitPolicy").unwrap_or("UNIQUE").to_owned(),
            aggregation: attribute(node, "aggregation"),
            output_label: attribute(node, "outputLabel"),
            inputs: children(node, "input").map(|own| self.input(own)).collect(),
            outputs: children(node, "output").map(|own| self.output(own)).collect(),
            rules: children(node, "rule").map(|own| self.rule(own)).collect(),
        };
        for (at, rule) in table.rules.iter().enumerate() {
            let (tests, outputs) = (rule.tests.len(), rule.outputs.len());
            if tests != table.inputs.len() || outputs != table.outputs.len() {
                let message = format!(
                    "expected {} input and {} output entries in rule {}, but found {tests} and \
                     {outputs}",
                    table.inputs.len(),
                    table.outputs.len(),
                    at + 1
                );
                self.error(node, message);
            }
        }
        let (tests, outputs) = (table.inputs.len(), table.outputs.len());
        table.rules.retain(|rule| rule.tests.len() == tests && rule.outputs.len() == outputs);
        table
    }

    fn input(&self, node: Node<'_, '_>) -> InputClause {
        let expression = child(node, "inputExpression");
        InputClause {
            id: attribute_text(node, "id"),
            label: attribute(node, "label"),
            expression: expression.map(|own| self.text_of(own)).unwrap_or_default(),
            type_ref: expression.and_then(type_ref),
            values: self.text_in(node, "inputValues"),
        }
    }

    fn output(&self, node: Node<'_, '_>) -> OutputClause {
        OutputClause {
            id: attribute_text(node, "id"),
            name: attribute(node, "name").filter(|name| !name.trim().is_empty()),
            label: attribute(node, "label"),
            type_ref: type_ref(node),
            values: self.text_in(node, "outputValues"),
            default: self.text_in(node, "defaultOutputEntry"),
        }
    }

    fn rule(&self, node: Node<'_, '_>) -> Rule {
        Rule {
            id: attribute_text(node, "id"),
            tests: children(node, "inputEntry").map(|own| self.text_of(own)).collect(),
            outputs: children(node, "outputEntry").map(|own| self.text_of(own)).collect(),
        }
    }
}
