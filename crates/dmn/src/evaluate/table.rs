//! Decision tables, DMN 1.5, chapter 8.

use super::boxed::{Details, Part};
use super::hit;
use crate::limits::{CELLS_LOOKED_AT_MAX, CONSTANTS_A_UNIT};
use crate::model::{Boxed, BoxedKind, Cell, HitPolicy, Table, TableOutput};
use crate::result::{EvaluatedInput, EvaluatedOutput, MatchedRule};
use crate::types::short;
use feel::Shape;
use value::{Context, Value};

/// A rule that matched, with its outputs in the order of the clauses.
pub(super) struct Hit {
    pub(super) rule: usize,
    pub(super) outputs: Vec<Value>,
}

pub(super) fn evaluate(
    part: &Part<'_, '_>,
    table: &Table,
    label: &str,
    details: Option<&mut Details>,
) -> Result<Value, String> {
    let mut inputs = Vec::with_capacity(table.inputs.len());
    for input in &table.inputs {
        let value = part.evaluate(&input.expression)?;
        if let Some(allowed) = &input.allowed
            && !accepts(part, allowed, &value)?
        {
            return part.run.trouble(format!(
                "input '{}': expected a value allowed by '{}', but found {}",
                input.label,
                allowed.source(),
                short(&value)
            ));
        }
        inputs.push(value);
    }
    let hits = hits(part, table, &inputs)?;
    if let Some(details) = details {
        show(table, &inputs, &hits, details);
    }
    if hits.is_empty() {
        incomparable(part, table, &inputs);
        return no_hit(part, table);
    }
    hit::combine(part, table, hits, label)
}

fn accepts(part: &Part<'_, '_>, tests: &feel::UnaryTests, value: &Value) -> Result<bool, String> {
    let run = part.run;
    let verdict = tests.evaluate_within(value, part, run.env, run.budget);
    Ok(verdict.map_err(|error| error.to_string())?.value == Value::Bool(true))
}

/// The rules that match, with their outputs. Only the policies that need every match look for
/// more than one.
fn hits(part: &Part<'_, '_>, table: &Table, inputs: &[Value]) -> Result<Vec<Hit>, String> {
    let mut hits = Vec::new();
    let candidates = table.index.candidates(inputs);
    let tried = candidates.as_ref().map_or(table.rules.len(), Vec::len);
    for at in 0..tried {
        let rule = candidates.as_ref().map_or(at, |candidates| candidates[at] as usize);
        part.run.spend(1)?;
        if !matches(part, table, rule, inputs)? {
            continue;
        }
        hits.push(Hit { rule, outputs: outputs(part, table, rule)? });
        if table.hit_policy == HitPolicy::First {
            break;
        }
    }
    Ok(hits)
}

fn matches(
    part: &Part<'_, '_>,
    table: &Table,
    rule: usize,
    inputs: &[Value],
) -> Result<bool, String> {
    for (at, (cell, input)) in table.rules[rule].tests.iter().zip(inputs).enumerate() {
        let (tests, shape) = match cell {
            Cell::Tests { tests, shape } => (tests, shape),
            Cell::Broken(message) => {
                part.run.trouble(format!("rule {}, input {}: {message}", rule + 1, at + 1))?;
                return Ok(false);
            }
        };
        let verdict = match shape {
            Shape::Any => true,
            Shape::Values(values) => {
                part.run.spend(values.len() / CONSTANTS_A_UNIT)?;
                values.iter().any(|value| feel::equal(input, value) == Some(true))
            }
            Shape::Ranges(ranges) => {
                part.run.spend(ranges.len() / CONSTANTS_A_UNIT)?;
                ranges.iter().any(|range| feel::is_in(input, range) == Some(true))
            }
            Shape::Open => {
                let run = part.run;
                let evaluation = tests.evaluate_within(input, part, run.env, run.budget);
                let evaluation = evaluation.map_err(|error| {
                    format!("rule {}, input '{}': {error}", rule + 1, table.inputs[at].label)
                })?;
                run.warn_all(&table.inputs[at].label, &evaluation.warnings);
                evaluation.value == Value::Bool(true)
            }
        };
        if !verdict {
            return Ok(false);
        }
    }
    Ok(true)
}

fn outputs(part: &Part<'_, '_>, table: &Table, rule: usize) -> Result<Vec<Value>, String> {
    let clauses = table.outputs.iter().zip(&table.rules[rule].outputs);
    clauses
        .map(|(clause, cell)| {
            let value = output(part, clause, cell);
            value.map_err(|message| format!("rule {}: {message}", rule + 1))
        })
        .collect()
}

fn output(part: &Part<'_, '_>, clause: &TableOutput, cell: &Boxed) -> Result<Value, String> {
    let value = part.evaluate(cell)?;
    let value = part.run.conform(clause.result.as_deref(), value, &clause.label)?;
    match &clause.allowed {
        Some(allowed) if !value.is_null() && !accepts(part, allowed, &value)? => {
            part.run.trouble(format!(
                "output '{}': expected a value allowed by '{}', but found {}",
                clause.label,
                allowed.source(),
                short(&value)
            ))
        }
        _ => Ok(value),
    }
}

/// One value for one output clause, else a context of them.
pub(super) fn assembled(table: &Table, mut outputs: Vec<Value>) -> Value {
    if table.outputs.len() == 1 {
        return outputs.pop().unwrap_or_default();
    }
    let names = table.outputs.iter().map(|clause| clause.name.clone());
    Value::from(names.zip(outputs).collect::<Context>())
}

/// Tells, once for each column, that its constants are of another type than the input.
fn incomparable(part: &Part<'_, '_>, table: &Table, inputs: &[Value]) {
    for (at, input) in inputs.iter().enumerate().filter(|(_, input)| !input.is_null()) {
        let rules = table.rules.iter().take(CELLS_LOOKED_AT_MAX);
        let cells = rules.filter_map(|rule| rule.tests.get(at));
        let found = cells.filter_map(|cell| match cell {
            Cell::Tests { tests, shape } => Some((tests, is_comparable(shape, input)?)),
            Cell::Broken(_) => None,
        });
        if let Some((tests, false)) = found.into_iter().next() {
            let label = &table.inputs[at].label;
            let (input, cell) = (short(input), tests.source());
            part.run.warn(format!("{label}: Can't compare '{input}' with '{cell}'"));
        }
    }
}

/// `None` for what is no constant, which warns by itself.
fn is_comparable(shape: &Shape, input: &Value) -> Option<bool> {
    match shape {
        Shape::Values(values) => Some(values.iter().any(|own| feel::equal(input, own).is_some())),
        Shape::Ranges(ranges) => Some(ranges.iter().any(|own| feel::is_in(input, own).is_some())),
        Shape::Any | Shape::Open => None,
    }
}

/// Without a hit the defaults are the result, if there are any.
fn no_hit(part: &Part<'_, '_>, table: &Table) -> Result<Value, String> {
    let has_defaults = table.outputs.iter().any(|clause| {
        clause.default.as_ref().is_some_and(|own| !matches!(own.kind, BoxedKind::Empty))
    });
    if !has_defaults {
        return Ok(Value::Null);
    }
    let mut outputs = Vec::with_capacity(table.outputs.len());
    for clause in &table.outputs {
        outputs.push(match &clause.default {
            Some(default) => output(part, clause, default)?,
            None => Value::Null,
        });
    }
    Ok(assembled(table, outputs))
}

fn show(table: &Table, inputs: &[Value], hits: &[Hit], details: &mut Details) {
    let clauses = table.inputs.iter().zip(inputs);
    details.inputs = clauses
        .map(|(clause, value)| EvaluatedInput {
            id: clause.id.clone(),
            name: clause.label.clone(),
            value: value.clone(),
        })
        .collect();
    let shown = |hit: &Hit| MatchedRule {
        id: table.rules[hit.rule].id.clone(),
        index: hit.rule + 1,
        outputs: table
            .outputs
            .iter()
            .zip(&hit.outputs)
            .map(|(clause, value)| EvaluatedOutput {
                id: clause.id.clone(),
                name: clause.label.clone(),
                value: value.clone(),
            })
            .collect(),
    };
    details.rules = hits.iter().map(shown).collect();
}
