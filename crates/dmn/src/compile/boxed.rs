//! Boxed expressions.

use super::{Compiler, Surroundings};
use crate::definitions::{self as source, Text};
use crate::model::{Boxed, BoxedKind, Entry, Function};
use crate::result::DecisionKind;
use std::sync::{Arc, OnceLock};

/// The kind of a decision by its logic.
pub(super) fn kind_of(logic: &source::Boxed) -> DecisionKind {
    match &logic.kind {
        source::BoxedKind::Literal { .. } => DecisionKind::LiteralExpression,
        source::BoxedKind::Table(_) => DecisionKind::DecisionTable,
        source::BoxedKind::Context(_) => DecisionKind::Context,
        source::BoxedKind::List(_) => DecisionKind::List,
        source::BoxedKind::Relation(..) => DecisionKind::Relation,
        source::BoxedKind::Function(_) => DecisionKind::Function,
        source::BoxedKind::Invocation(..) => DecisionKind::Invocation,
        source::BoxedKind::Conditional(_) => DecisionKind::Conditional,
        source::BoxedKind::Filter(_) => DecisionKind::Filter,
        source::BoxedKind::Iterator { .. } => DecisionKind::Iterator,
    }
}

/// The names of entries that the value of a decision has, as its logic says them.
pub(super) fn entries(logic: &source::Boxed, mut add: impl FnMut(&str)) {
    match &logic.kind {
        source::BoxedKind::Relation(columns, _) => columns.iter().for_each(|own| add(&own.name)),
        source::BoxedKind::Context(all) => {
            all.iter().filter_map(|(own, _)| own.as_ref()).for_each(|own| add(&own.name));
        }
        source::BoxedKind::Table(table) if table.outputs.len() > 1 => {
            table.outputs.iter().filter_map(|own| own.name.as_deref()).for_each(add);
        }
        _ => {}
    }
}

impl Compiler<'_> {
    pub(super) fn boxed(&mut self, boxed: &source::Boxed, around: &Surroundings) -> Boxed {
        let kind = match &boxed.kind {
            source::BoxedKind::Literal { text, language } => {
                self.literal(text, language.as_deref(), around)
            }
            source::BoxedKind::Table(table) => {
                BoxedKind::Table(Box::new(self.table(table, &boxed.place, around)))
            }
            source::BoxedKind::Context(entries) => self.context(entries, around),
            source::BoxedKind::List(items) => {
                BoxedKind::List(items.iter().map(|item| self.boxed(item, around)).collect())
            }
            source::BoxedKind::Relation(columns, rows) => {
                let columns = columns.iter().map(|own| own.name.as_str().into()).collect();
                let mut row = |cells: &Vec<source::Boxed>| {
                    cells.iter().map(|cell| self.boxed(cell, around)).collect()
                };
                BoxedKind::Relation(columns, rows.iter().map(&mut row).collect())
            }
            source::BoxedKind::Function(function) => {
                BoxedKind::Function(Arc::new(self.function(function, around)))
            }
            source::BoxedKind::Invocation(callee, bindings) => {
                let callee = Box::new(self.optional(callee.as_deref(), around));
                let mut bind = |(parameter, value): &(source::Variable, Option<source::Boxed>)| {
                    (Arc::from(parameter.name.as_str()), self.optional(value.as_ref(), around))
                };
                BoxedKind::Invocation { callee, bindings: bindings.iter().map(&mut bind).collect() }
            }
            source::BoxedKind::Conditional(parts) => {
                let mut part =
                    |at: usize| self.optional(parts.get(at).and_then(Option::as_ref), around);
                BoxedKind::Conditional(Box::new([part(0), part(1), part(2)]))
            }
            source::BoxedKind::Filter(parts) => {
                let list = self.optional(parts.first().and_then(Option::as_ref), around);
                let inner = around.with(["item"].into_iter());
                let filter = self.optional(parts.get(1).and_then(Option::as_ref), &inner);
                BoxedKind::Filter(Box::new([list, filter]))
            }
            source::BoxedKind::Iterator { kind, variable, domain, body } => {
                let domain = self.optional(domain.as_deref(), around);
                let inner = around.with([variable.as_str(), "partial"].into_iter());
                let body = self.optional(body.as_deref(), &inner);
                BoxedKind::Iterator {
                    kind: *kind,
                    variable: variable.as_str().into(),
                    parts: Box::new([domain, body]),
                }
            }
        };
        let result = self.type_of(around.file, &boxed.type_ref);
        let id = &boxed.place.id;
        let is_table = matches!(kind, BoxedKind::Table(_));
        let label = if is_table && id.is_empty() { &self.inside } else { id }.clone();
        Boxed { result, label, kind }
    }

    fn optional(&mut self, boxed: Option<&source::Boxed>, around: &Surroundings) -> Boxed {
        match boxed {
            Some(boxed) => self.boxed(boxed, around),
            None => Boxed { result: None, label: String::new(), kind: BoxedKind::Empty },
        }
    }

    /// A literal expression.
    pub(super) fn literal(
        &mut self,
        text: &Text,
        language: Option<&str>,
        around: &Surroundings,
    ) -> BoxedKind {
        if text.text.is_empty() {
            return BoxedKind::Empty;
        }
        if let Some(language) = language.filter(|own| !own.to_lowercase().contains("feel")) {
            let message = format!("expected an expression in FEEL, but it is in {language}");
            if !self.options.is_lenient {
                self.error(&text.place, message.clone());
            }
            return BoxedKind::Broken(message);
        }
        match feel::compile_in(&text.text, &around.scope) {
            Ok(expression) => {
                self.doubt(text, expression.doubts(), expression.unknown_names());
                BoxedKind::Literal(expression)
            }
            Err(error) => {
                self.syntax(text, &error);
                BoxedKind::Broken(error.to_string())
            }
        }
    }

    fn context(
        &mut self,
        entries: &[(Option<source::Variable>, Option<source::Boxed>)],
        around: &Surroundings,
    ) -> BoxedKind {
        let mut compiled = Vec::new();
        let mut names: Vec<&str> = Vec::new();
        for (variable, value) in entries {
            let inner = around.with(names.iter().copied());
            let result = variable.as_ref().and_then(|own| self.type_of(around.file, &own.type_ref));
            compiled.push(Entry {
                name: variable.as_ref().map(|own| own.name.as_str().into()),
                result,
                value: self.optional(value.as_ref(), &inner),
            });
            names.extend(variable.as_ref().map(|own| own.name.as_str()));
        }
        BoxedKind::Context(compiled)
    }

    pub(super) fn function(
        &mut self,
        function: &source::Function,
        around: &Surroundings,
    ) -> Function {
        let names = function.parameters.iter().map(|own| own.name.as_str());
        let inner = around.with(names);
        let body = match &function.body {
            Some(body) if function.is_feel => Some(self.boxed(body, &inner)),
            Some(_) | None => None,
        };
        let parameters = function.parameters.iter();
        let parameters = parameters
            .map(|own| (Arc::from(own.name.as_str()), self.type_of(around.file, &own.type_ref)));
        Function { parameters: parameters.collect(), body, signature: OnceLock::new() }
    }
}
