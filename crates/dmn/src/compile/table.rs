//! Decision tables.

use super::{Compiler, Surroundings};
use crate::definitions::{self as source, Place, Text};
use crate::evaluate::index::RuleIndex;
use crate::model::{
    Aggregation, Boxed, Cell, HitPolicy, Table, TableInput, TableOutput, TableRule,
};
use feel::UnaryTests;

impl Compiler<'_> {
    pub(super) fn table(
        &mut self,
        table: &source::Table,
        place: &Place,
        around: &Surroundings,
    ) -> Table {
        let hit_policy = self.hit_policy(table, place);
        let inputs = table.inputs.iter().map(|input| self.input(input, around)).collect();
        let is_only = table.outputs.len() == 1;
        let outputs = table.outputs.iter().map(|output| {
            self.output(output, is_only.then_some(table.output_label.as_deref()).flatten(), around)
        });
        let outputs: Vec<TableOutput> = outputs.collect();
        let rules: Vec<TableRule> =
            table.rules.iter().map(|rule| self.rule(rule, around)).collect();
        if let HitPolicy::Collect(Aggregation::Sum | Aggregation::Min | Aggregation::Max) =
            hit_policy
            && outputs.len() > 1
        {
            let found = outputs.len();
            let message = format!("expected one output to aggregate, but found {found}");
            self.error(place, message);
        }
        let index = RuleIndex::new(&rules, table.inputs.len());
        let compiled = Table { hit_policy, inputs, outputs, rules, index };
        if around.file == 0 {
            self.remark(table, &compiled, around.file);
        }
        compiled
    }

    fn hit_policy(&mut self, table: &source::Table, place: &Place) -> HitPolicy {
        let aggregation = match table.aggregation.as_deref() {
            None => Aggregation::None,
            Some("SUM") => Aggregation::Sum,
            Some("MIN") => Aggregation::Min,
            Some("MAX") => Aggregation::Max,
            Some("COUNT") => Aggregation::Count,
            Some(other) => {
                let message =
                    format!("expected the aggregation SUM, MIN, MAX or COUNT, but found '{other}'");
                self.error(place, message);
                Aggregation::None
            }
        };
        match table.hit_policy.as_str() {
            "UNIQUE" => HitPolicy::Unique,
            "FIRST" => HitPolicy::First,
            "ANY" => HitPolicy::Any,
            "PRIORITY" => HitPolicy::Priority,
            "RULE ORDER" => HitPolicy::RuleOrder,
            "OUTPUT ORDER" => HitPolicy::OutputOrder,
            "COLLECT" => HitPolicy::Collect(aggregation),
            other => {
                let message = format!(
                    "expected the hit policy UNIQUE, FIRST, ANY, PRIORITY, RULE ORDER, OUTPUT \
                     ORDER or COLLECT, but found '{other}'"
                );
                self.error(place, message);
                HitPolicy::Unique
            }
        }
    }

    fn text(&mut self, text: &Text, around: &Surroundings) -> Boxed {
        let kind = self.literal(text, None, around);
        Boxed { result: None, label: text.place.id.clone(), kind }
    }

    fn tests(&mut self, text: &Option<Text>, around: &Surroundings) -> Option<UnaryTests> {
        let text = text.as_ref()?;
        match feel::compile_tests(&text.text, &around.scope) {
            Ok(tests) => {
                self.doubt(text, tests.doubts(), tests.unknown_names());
                Some(tests)
            }
            Err(error) => {
                self.syntax(text, &error);
                None
            }
        }
    }

    fn input(&mut self, input: &source::InputClause, around: &Surroundings) -> TableInput {
        let mut expression = self.text(&input.expression, around);
        if expression.label.is_empty() {
            let shown = input.label.as_ref().unwrap_or(&input.expression.text);
            expression.label = format!("input '{shown}'");
        }
        expression.result = self.type_of(around.file, &input.type_ref);
        // Camunda does not check the values that a modeler offers for an input.
        let checked = self.dialect == feel::Dialect::Standard;
        TableInput {
            id: input.id.as_str().into(),
            label: input.label.as_ref().unwrap_or(&input.expression.text).as_str().into(),
            expression,
            allowed: if checked { self.tests(&input.values, around) } else { None },
        }
    }

    fn output(
        &mut self,
        output: &source::OutputClause,
        table_label: Option<&str>,
        around: &Surroundings,
    ) -> TableOutput {
        let name = output.name.as_deref().or(output.label.as_deref()).or(table_label);
        let name = feel::normalised(name.unwrap_or(&output.id));
        let checked = self.dialect == feel::Dialect::Standard;
        TableOutput {
            id: output.id.as_str().into(),
            label: output.label.as_ref().unwrap_or(&name).as_str().into(),
            name: name.into(),
            result: self.type_of(around.file, &output.type_ref),
            priorities: self.priorities(output, around),
            allowed: if checked { self.tests(&output.values, around) } else { None },
            default: output.default.as_ref().map(|text| self.text(text, around)),
        }
    }

    /// The values of an output are a list of expressions, the first has the highest priority.
    fn priorities(&mut self, output: &source::OutputClause, around: &Surroundings) -> Vec<Boxed> {
        let Some(values) = &output.values else { return Vec::new() };
        let text = format!("[{}]", values.text);
        let list = Text { place: values.place.clone(), text, start: None };
        match feel::compile_in(&list.text, &around.scope) {
            Ok(_) => vec![self.text(&list, around)],
            Err(_) => Vec::new(),
        }
    }

    fn rule(&mut self, rule: &source::Rule, around: &Surroundings) -> TableRule {
        TableRule {
            id: rule.id.as_str().into(),
            tests: rule.tests.iter().map(|text| self.cell(text, around)).collect(),
            outputs: rule.outputs.iter().map(|text| self.text(text, around)).collect(),
        }
    }

    /// An input cell; an empty one accepts everything.
    fn cell(&mut self, text: &Text, around: &Surroundings) -> Cell {
        let source = if text.text.is_empty() { "-" } else { &text.text };
        match feel::compile_tests(source, &around.scope) {
            Ok(tests) => {
                self.doubt(text, tests.doubts(), tests.unknown_names());
                let shape = tests.shape();
                Cell::Tests { tests, shape }
            }
            Err(error) => {
                self.syntax(text, &error);
                Cell::Broken(error.to_string())
            }
        }
    }
}
