//! Evaluation of decisions, along what they require.

mod boxed;
mod function;
mod hit;
pub(crate) mod index;
mod table;

use crate::model::{Compiled, ElementKind, Model, Requirement};
use crate::result::{EvaluatedDecision, Failure, Outcome};
use crate::types::ItemType;
use boxed::{Details, Part};
use feel::{Budget, Dialect, Env, Variables, Warning};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;
use value::{Context, Value};

impl Model {
    /// Evaluates a decision, by id or name, and all that it requires. `None` if there is no such
    /// decision.
    pub fn evaluate(
        &self,
        decision: &str,
        variables: &dyn Variables,
        env: &Env,
    ) -> Option<Outcome> {
        let at = *self.0.by_name.get(decision)?;
        match &self.0.elements[at].kind {
            ElementKind::Decision(_) => {}
            ElementKind::Input(_) | ElementKind::Knowledge(_) | ElementKind::Service(_) => {
                return None;
            }
        }
        let budget = Budget::new(env);
        let run = Run::new(&self.0, variables, env, &budget);
        let output = run.element(at, None);
        Some(run.finish(output))
    }

    /// Evaluates a decision service, by id or name; its inputs are variables.
    pub fn evaluate_service(
        &self,
        service: &str,
        variables: &dyn Variables,
        env: &Env,
    ) -> Option<Outcome> {
        let at = *self.0.by_name.get(service)?;
        let ElementKind::Service(found) = &self.0.elements[at].kind else { return None };
        let budget = Budget::new(env);
        let mut run = Run::new(&self.0, variables, env, &budget);
        for input in &found.inputs {
            let element = &self.0.elements[*input];
            let value = variables.get(&element.name).unwrap_or_default();
            let value = run.conform(element_type(&element.kind), value, &element.name);
            run.given.insert(*input, value.unwrap_or_default());
        }
        let output = run.service(at);
        Some(run.finish(output))
    }
}

/// An input that no variable is there for.
fn missing(name: &str, known: &[String]) -> String {
    let near = feel::closest(name, known.iter().map(String::as_str));
    let hint = near.map_or(String::new(), |near| format!("; did you mean '{near}'?"));
    format!("expected a variable for the input '{name}', but there is none{hint}")
}

/// The type that an element says its value has.
fn element_type(kind: &ElementKind) -> Option<&ItemType> {
    match kind {
        ElementKind::Input(own) => own.as_deref(),
        ElementKind::Decision(decision) => decision.result.as_deref(),
        ElementKind::Knowledge(knowledge) => knowledge.result.as_deref(),
        ElementKind::Service(service) => service.result.as_deref(),
    }
}

/// One evaluation.
pub(crate) struct Run<'a> {
    pub(crate) model: &'a Arc<Compiled>,
    pub(crate) env: &'a Env,
    pub(crate) budget: &'a Budget,
    variables: &'a dyn Variables,
    /// Values of elements that are not evaluated, because a service was given them.
    given: BTreeMap<usize, Value>,
    /// Each decision is evaluated once.
    known: RefCell<BTreeMap<usize, Value>>,
    evaluated: RefCell<Vec<EvaluatedDecision>>,
    pub(crate) warnings: RefCell<Vec<String>>,
    /// Boxed expressions that are open inside one another.
    pub(crate) open: Cell<usize>,
    /// The decision whose logic is evaluated.
    deciding: Cell<Option<usize>>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(
        model: &'a Arc<Compiled>,
        variables: &'a dyn Variables,
        env: &'a Env,
        budget: &'a Budget,
    ) -> Run<'a> {
        Run {
            model,
            env,
            budget,
            variables,
            given: BTreeMap::new(),
            known: RefCell::default(),
            evaluated: RefCell::default(),
            warnings: RefCell::default(),
            open: Cell::new(0),
            deciding: Cell::new(None),
        }
    }

    fn finish(self, output: Result<Value, Failure>) -> Outcome {
        Outcome {
            output,
            evaluated: self.evaluated.into_inner(),
            warnings: self.warnings.into_inner(),
        }
    }

    pub(crate) fn is_standard(&self) -> bool {
        self.model.dialect == Dialect::Standard
    }

    pub(crate) fn warn(&self, message: String) {
        let mut warnings = self.warnings.borrow_mut();
        if warnings.len() < feel::limits::WARNINGS_MAX && !warnings.contains(&message) {
            warnings.push(message);
        }
    }

    /// Warnings of an expression; one without a label is that of its decision.
    pub(crate) fn warn_all(&self, label: &str, warnings: &[Warning]) {
        let deciding = self.deciding.get().map_or("", |at| self.model.elements[at].shown());
        let label = if label.is_empty() { deciding } else { label };
        for warning in warnings {
            self.warn(match label {
                "" => warning.to_string(),
                _ => format!("{label}: {warning}"),
            });
        }
    }

    /// What the standard answers with `null` and Camunda with a failure.
    pub(crate) fn trouble(&self, message: String) -> Result<Value, String> {
        match self.is_standard() {
            true => {
                self.warn(message);
                Ok(Value::Null)
            }
            false => Err(message),
        }
    }

    /// Takes fuel for work outside of expressions.
    pub(crate) fn spend(&self, amount: usize) -> Result<(), String> {
        self.budget.spend(amount).map_err(|error| error.message().to_owned())
    }

    /// The value as its type wants it; `null` with a warning if it is none of that type.
    pub(crate) fn conform(
        &self,
        wanted: Option<&ItemType>,
        value: Value,
        label: &str,
    ) -> Result<Value, String> {
        let Some(wanted) = wanted else { return Ok(value) };
        if wanted.is_met_by(&value) {
            return Ok(value);
        }
        self.spend(value.weight() as usize / 4)?;
        wanted
            .conform(value, self.env, self.budget)
            .or_else(|message| self.trouble(format!("{label}: {message}")))
    }

    /// The value of an element; `import` is the name through which it is seen.
    fn element(&self, at: usize, import: Option<&str>) -> Result<Value, Failure> {
        if let Some(given) = self.given.get(&at) {
            return Ok(given.clone());
        }
        let element = &self.model.elements[at];
        match &element.kind {
            ElementKind::Input(wanted) => {
                let imported = import.and_then(|import| {
                    let context = self.variables.get(import)?;
                    context.as_context()?.get(&element.name).cloned()
                });
                let value = imported.or_else(|| self.variables.get(&element.name));
                // With Camunda inputs are drawn for the reader: expressions name the variables.
                if value.is_none() && self.is_standard() {
                    self.warn(missing(&element.name, &self.variables.names()));
                }
                let value = value.unwrap_or_default();
                let failure = |message| Failure { decision_id: element.id.clone(), message };
                self.conform(wanted.as_deref(), value, &element.name).map_err(failure)
            }
            ElementKind::Decision(_) => self.decision(at),
            ElementKind::Knowledge(_) => Ok(function::knowledge(self.model, at)),
            ElementKind::Service(_) => Ok(function::service(self.model, at)),
        }
    }

    fn decision(&self, at: usize) -> Result<Value, Failure> {
        if let Some(known) = self.known.borrow().get(&at) {
            return Ok(known.clone());
        }
        let element = &self.model.elements[at];
        let ElementKind::Decision(decision) = &element.kind else { return Ok(Value::Null) };
        let names = self.required(&element.requires)?;
        let mut details = Details::default();
        let root: Option<&dyn Variables> = (!self.is_standard()).then_some(self.variables);
        let part = Part { run: self, names, outer: root };
        let outer = self.deciding.replace(Some(at));
        let evaluated = match &decision.logic {
            Some(logic) => part.evaluate_with(logic, Some(&mut details)),
            None => {
                self.warn_all("", &[Warning::function("it has no logic".to_owned())]);
                Ok(Value::Null)
            }
        };
        self.deciding.set(outer);
        let label = element.shown();
        let output =
            evaluated.and_then(|value| self.conform(decision.result.as_deref(), value, label));
        self.evaluated.borrow_mut().push(EvaluatedDecision {
            id: element.id.clone(),
            name: decision.name.clone(),
            file: decision.file,
            kind: decision.kind,
            output: output.clone().unwrap_or_default(),
            inputs: details.inputs,
            rules: details.rules,
        });
        let value =
            output.map_err(|message| Failure { decision_id: element.id.clone(), message })?;
        self.known.borrow_mut().insert(at, value.clone());
        Ok(value)
    }

    /// The values of required elements under their names; those of an import are the entries of a
    /// context with the import's name.
    fn required(&self, requires: &[Requirement]) -> Result<Vec<(Arc<str>, Value)>, Failure> {
        let mut names: Vec<(Arc<str>, Value)> = Vec::new();
        let mut imports: BTreeMap<Arc<str>, Context> = BTreeMap::new();
        for requirement in requires {
            let value = self.element(requirement.element, requirement.import.as_deref())?;
            match &requirement.import {
                Some(import) => {
                    let entries = imports.entry(import.clone()).or_default();
                    for name in &requirement.names {
                        entries.insert(name.clone(), value.clone());
                    }
                }
                None => {
                    names.extend(requirement.names.iter().map(|name| (name.clone(), value.clone())))
                }
            }
        }
        names.extend(imports.into_iter().map(|(name, entries)| (name, Value::from(entries))));
        Ok(names)
    }

    /// The outputs of a service: the value of its only output, or a context of them.
    pub(crate) fn service(&self, at: usize) -> Result<Value, Failure> {
        let element = &self.model.elements[at];
        let ElementKind::Service(service) = &element.kind else { return Ok(Value::Null) };
        let value = match &service.outputs[..] {
            [only] => self.element(*only, None)?,
            several => {
                let mut outputs = Context::new();
                for output in several {
                    let name = self.model.elements[*output].name.clone();
                    outputs.insert(name, self.element(*output, None)?);
                }
                Value::from(outputs)
            }
        };
        let failure = |message| Failure { decision_id: element.id.clone(), message };
        self.conform(service.result.as_deref(), value, &element.name).map_err(failure)
    }
}

#[cfg(test)]
mod tests;
