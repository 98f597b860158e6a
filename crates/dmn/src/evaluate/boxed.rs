//! Boxed expressions. Recursion is bounded by the nesting that a file may have.

use super::{Run, function, table};
use crate::definitions::IteratorKind;
use crate::limits::{BOX_FUEL, NAMES_A_UNIT, NESTED_A_CALL};
use crate::model::{Boxed, BoxedKind, Entry};
use crate::result::{EvaluatedInput, MatchedRule};
use feel::{Expression, Variables};
use std::sync::{Arc, LazyLock};
use value::{Context, Value};

/// What is shown of a decision table.
#[derive(Default)]
pub(super) struct Details {
    pub(super) inputs: Vec<EvaluatedInput>,
    pub(super) rules: Vec<MatchedRule>,
}

/// A part of a decision with the names that it may use.
pub(super) struct Part<'r, 'a> {
    pub(super) run: &'r Run<'a>,
    pub(super) names: Vec<(Arc<str>, Value)>,
    /// Variables beside the names; Camunda's decisions see all that were given.
    pub(super) outer: Option<&'r dyn Variables>,
}

impl Variables for Part<'_, '_> {
    fn get(&self, name: &str) -> Option<Value> {
        Variables::get(self.names.as_slice(), name)
            .or_else(|| self.outer.and_then(|outer| outer.get(name)))
    }

    fn get_path(&self, path: &[&str]) -> Option<Value> {
        let root = path.first()?;
        match self.names.iter().any(|(name, _)| **name == **root) {
            true => self.names.as_slice().get_path(path),
            false => self.outer.and_then(|outer| outer.get_path(path)),
        }
    }

    fn names(&self) -> Vec<String> {
        let mut names = self.names.as_slice().names();
        names.extend(self.outer.map(|outer| outer.names()).unwrap_or_default());
        names
    }
}

/// Turns anything that can be iterated into a list, by the rules of the language.
static ELEMENTS: LazyLock<Option<Expression>> = LazyLock::new(|| {
    let scope = Arc::new(feel::Scope::new(feel::Dialect::Standard));
    feel::compile_in("for element in domain return element", &scope).ok()
});

impl<'r> Part<'r, '_> {
    fn inner(&self, more: impl IntoIterator<Item = (Arc<str>, Value)>) -> Part<'r, '_> {
        let mut names = self.names.clone();
        names.extend(more);
        Part { run: self.run, names, outer: self.outer }
    }

    pub(super) fn evaluate(&self, boxed: &Boxed) -> Result<Value, String> {
        self.evaluate_with(boxed, None)
    }

    /// Evaluates and collects the details of a decision table, if it is one.
    pub(super) fn evaluate_with(
        &self,
        boxed: &Boxed,
        details: Option<&mut Details>,
    ) -> Result<Value, String> {
        // What is open here and what is called from here share one stack.
        self.run.spend(BOX_FUEL + self.names.len())?;
        self.run.open.set(self.run.open.get() + 1);
        let value = self.value(boxed, details);
        self.run.open.set(self.run.open.get().saturating_sub(1));
        let value = value?;
        feel::within_limits(&value).map_err(|error| error.message().to_owned())?;
        self.run.conform(boxed.result.as_deref(), value, &boxed.label)
    }

    fn value(&self, boxed: &Boxed, details: Option<&mut Details>) -> Result<Value, String> {
        Ok(match &boxed.kind {
            BoxedKind::Empty => Value::Null,
            BoxedKind::Literal(expression) => self.literal(expression, &boxed.label)?,
            BoxedKind::Broken(message) => self.run.trouble(message.clone())?,
            BoxedKind::Table(found) => table::evaluate(self, found, &boxed.label, details)?,
            BoxedKind::Context(entries) => self.context(entries)?,
            BoxedKind::List(items) => self.list(items)?,
            BoxedKind::Relation(columns, rows) => self.relation(columns, rows)?,
            BoxedKind::Function(found) => {
                function::boxed(self.run.model, found, self.names.clone())
            }
            BoxedKind::Invocation { callee, bindings } => self.invocation(callee, bindings)?,
            BoxedKind::Conditional(parts) => {
                let [condition, then, otherwise] = &**parts;
                match self.evaluate(condition)? {
                    Value::Bool(true) => self.evaluate(then)?,
                    Value::Bool(false) | Value::Null => self.evaluate(otherwise)?,
                    other => {
                        let message = format!(
                            "expected a boolean after 'if', but found {}",
                            other.type_name()
                        );
                        self.run.trouble(message)?
                    }
                }
            }
            BoxedKind::Filter(parts) => self.filter(&parts[0], &parts[1])?,
            BoxedKind::Iterator { kind, variable, parts } => {
                self.iterator(*kind, variable, &parts[0], &parts[1])?
            }
        })
    }

    fn literal(&self, expression: &Expression, label: &str) -> Result<Value, String> {
        let run = self.run;
        // Each name that is read is looked for among them all.
        run.spend(self.names.len() * expression.source().len() / NAMES_A_UNIT)?;
        let budget = run.budget.below(run.open.get() / NESTED_A_CALL);
        let evaluation = expression.evaluate_within(self, run.env, &budget);
        run.budget.settle(&budget);
        let evaluation = evaluation.map_err(|error| match label {
            // The caller of a function says where it called.
            _ if run.budget.is_nested() => error.message().to_owned(),
            "" => error.to_string(),
            _ => format!("{label}: {error}"),
        })?;
        run.warn_all(label, &evaluation.warnings);
        Ok(evaluation.value)
    }

    fn context(&self, entries: &[Entry]) -> Result<Value, String> {
        let mut context = Context::new();
        let mut part = self.inner([]);
        for entry in entries {
            let value = part.evaluate(&entry.value)?;
            let Some(name) = &entry.name else { return Ok(value) };
            let value = self.run.conform(entry.result.as_deref(), value, name)?;
            context.insert(name.clone(), value.clone());
            part.names.push((name.clone(), value));
        }
        Ok(Value::from(context))
    }

    fn list(&self, items: &[Boxed]) -> Result<Value, String> {
        let items: Result<Vec<Value>, String> =
            items.iter().map(|item| self.evaluate(item)).collect();
        Ok(Value::list(items?))
    }

    fn relation(&self, columns: &[Arc<str>], rows: &[Vec<Boxed>]) -> Result<Value, String> {
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            let mut context = Context::new();
            for (column, cell) in columns.iter().zip(row) {
                context.insert(column.clone(), self.evaluate(cell)?);
            }
            found.push(Value::from(context));
        }
        Ok(Value::list(found))
    }

    /// Calls a function with arguments by name; a parameter without binding is `null`.
    fn invocation(&self, callee: &Boxed, bindings: &[(Arc<str>, Boxed)]) -> Result<Value, String> {
        let function = self.evaluate(callee)?;
        let Value::Function(callable) = &function else {
            return self
                .run
                .trouble(format!("expected a function, but found {}", function.type_name()));
        };
        let mut given = Vec::with_capacity(bindings.len());
        for (name, value) in bindings {
            if !callable.parameters().contains(name) {
                let known = callable.parameters().join("', '");
                let message = format!("expected a binding of '{known}', but found '{name}'");
                return self.run.trouble(message);
            }
            given.push((name, self.evaluate(value)?));
        }
        let argument = |parameter: &Arc<str>| {
            let found = given.iter().find(|(name, _)| *name == parameter);
            found.map_or(Value::Null, |(_, value)| value.clone())
        };
        let arguments = callable.parameters().iter().map(argument).collect();
        let called =
            feel::call(self.run.model.dialect, &function, arguments, self.run.env, self.run.budget);
        let evaluation = called.map_err(|error| error.message().to_owned())?;
        self.run.warn_all("", &evaluation.warnings);
        Ok(evaluation.value)
    }

    fn elements(&self, domain: &Value) -> Result<Option<Vec<Value>>, String> {
        let Some(elements) = &*ELEMENTS else { return Ok(None) };
        let names = [("domain", domain.clone())];
        let run = self.run;
        let evaluation = elements.evaluate_within(&names, run.env, run.budget);
        let evaluation = evaluation.map_err(|error| error.to_string())?;
        Ok(evaluation.value.as_list().map(<[Value]>::to_vec))
    }

    fn iterator(
        &self,
        kind: IteratorKind,
        variable: &Arc<str>,
        domain: &Boxed,
        body: &Boxed,
    ) -> Result<Value, String> {
        let domain = self.evaluate(domain)?;
        let Some(elements) = self.elements(&domain)? else {
            return self.run.trouble("expected a list or range to iterate over".to_owned());
        };
        let partial: Arc<str> = "partial".into();
        let mut results: Arc<value::List> = Arc::default();
        let mut verdict = Some(kind == IteratorKind::Every);
        for element in elements {
            let mut names = vec![(variable.clone(), element)];
            if kind == IteratorKind::For {
                names.push((partial.clone(), Value::List(results.clone())));
            }
            let result = self.inner(names).evaluate(body)?;
            match (kind, result.as_bool()) {
                (IteratorKind::For, _) => {
                    // `partial` shares the list; a body that keeps it pays for a copy.
                    if Arc::get_mut(&mut results).is_none() {
                        self.run.spend(results.len())?;
                    }
                    Arc::make_mut(&mut results).push(result);
                }
                (IteratorKind::Some, Some(true)) => return Ok(Value::Bool(true)),
                (IteratorKind::Every, Some(false)) => return Ok(Value::Bool(false)),
                (IteratorKind::Some | IteratorKind::Every, Some(_)) => {}
                (IteratorKind::Some | IteratorKind::Every, None) if result.is_null() => {
                    verdict = None;
                }
                (IteratorKind::Some | IteratorKind::Every, None) => {
                    let message = format!(
                        "expected a boolean after 'satisfies', but found {}",
                        result.type_name()
                    );
                    return self.run.trouble(message);
                }
            }
        }
        Ok(match (kind, verdict) {
            (IteratorKind::For, _) => Value::List(results),
            (IteratorKind::Some | IteratorKind::Every, Some(truth)) => Value::Bool(truth),
            (IteratorKind::Some | IteratorKind::Every, None) => Value::Null,
        })
    }

    fn filter(&self, list: &Boxed, filter: &Boxed) -> Result<Value, String> {
        let list = match self.evaluate(list)? {
            Value::List(list) => list.to_vec(),
            Value::Null => return Ok(Value::Null),
            single => vec![single],
        };
        let item: Arc<str> = "item".into();
        let mut kept = Vec::new();
        for element in list {
            let mut names = vec![(item.clone(), element.clone())];
            if let Value::Context(context) = &element {
                let entries = context.iter();
                names.extend(entries.map(|(name, value)| (name.clone(), value.clone())));
            }
            match self.inner(names).evaluate(filter)? {
                Value::Bool(true) => kept.push(element),
                Value::Bool(false) | Value::Null => {}
                other => {
                    let message =
                        format!("expected a boolean to filter by, but found {}", other.type_name());
                    return self.run.trouble(message);
                }
            }
        }
        Ok(Value::list(kept))
    }
}
