//! Hit policies: what several matching rules come to, DMN 1.5, 8.2.10.

use super::boxed::Part;
use super::table::{Hit, assembled};
use crate::model::{Aggregation, HitPolicy, Table};
use std::cmp::Ordering;
use value::{Number, Value};

/// The result of at least one hit.
pub(super) fn combine(
    part: &Part<'_, '_>,
    table: &Table,
    mut hits: Vec<Hit>,
    label: &str,
) -> Result<Value, String> {
    let rules = |hits: &[Hit]| {
        let numbers: Vec<String> = hits.iter().map(|hit| (hit.rule + 1).to_string()).collect();
        numbers.join(", ")
    };
    match table.hit_policy {
        HitPolicy::Unique if hits.len() > 1 => part.run.trouble(format!(
            "decision table '{label}': expected one matching rule for the hit policy UNIQUE, but \
             rules {} match",
            rules(&hits)
        )),
        HitPolicy::Any if hits.iter().any(|hit| hit.outputs != hits[0].outputs) => {
            part.run.trouble(format!(
                "decision table '{label}': expected equal outputs for the hit policy ANY, but \
                 rules {} differ",
                rules(&hits)
            ))
        }
        HitPolicy::Unique | HitPolicy::Any | HitPolicy::First => {
            Ok(assembled(table, hits.swap_remove(0).outputs))
        }
        HitPolicy::Priority => {
            sort_by_priority(part, table, &mut hits)?;
            Ok(assembled(table, hits.swap_remove(0).outputs))
        }
        HitPolicy::OutputOrder => {
            sort_by_priority(part, table, &mut hits)?;
            Ok(all(table, hits))
        }
        HitPolicy::RuleOrder | HitPolicy::Collect(Aggregation::None) => Ok(all(table, hits)),
        HitPolicy::Collect(aggregation) => aggregated(part, table, hits, aggregation, label),
    }
}

fn all(table: &Table, hits: Vec<Hit>) -> Value {
    Value::list(hits.into_iter().map(|hit| assembled(table, hit.outputs)).collect())
}

/// Sorts by the order of the output values, the first clause counting most. A value that is not
/// among them comes last.
fn sort_by_priority(part: &Part<'_, '_>, table: &Table, hits: &mut [Hit]) -> Result<(), String> {
    let mut ranks: Vec<Vec<Value>> = Vec::with_capacity(table.outputs.len());
    for clause in &table.outputs {
        let values = match clause.priorities.first() {
            Some(list) => part.evaluate(list)?,
            None => Value::Null,
        };
        ranks.push(values.as_list().map_or(Vec::new(), <[Value]>::to_vec));
    }
    let values: usize = ranks.iter().map(Vec::len).sum();
    part.run.spend(hits.len() * values)?;
    let rank = |(values, value): (&Vec<Value>, &Value)| {
        values.iter().position(|own| feel::equal(own, value) == Some(true)).unwrap_or(values.len())
    };
    hits.sort_by_cached_key(|hit| {
        let places: Vec<usize> = ranks.iter().zip(&hit.outputs).map(rank).collect();
        (places, hit.rule)
    });
    Ok(())
}

fn aggregated(
    part: &Part<'_, '_>,
    table: &Table,
    hits: Vec<Hit>,
    aggregation: Aggregation,
    label: &str,
) -> Result<Value, String> {
    if aggregation == Aggregation::Count {
        let values: Vec<Value> =
            hits.into_iter().map(|hit| assembled(table, hit.outputs)).collect();
        return Ok(Value::from(values.len()));
    }
    let refuse = |found: String| {
        part.run.trouble(format!(
            "decision table '{label}': expected numbers to aggregate, but found {found}"
        ))
    };
    if table.outputs.len() != 1 {
        return refuse(format!("{} outputs", table.outputs.len()));
    }
    let mut values = hits.into_iter().filter_map(|mut hit| hit.outputs.pop());
    let Some(mut result) = values.next() else { return Ok(Value::Null) };
    if aggregation == Aggregation::Sum && result.as_number().is_none() {
        return refuse(result.type_name().to_owned());
    }
    for value in values {
        let is_small = |value: &Value| value.as_number().is_none_or(Number::is_small);
        if !is_small(&result) || !is_small(&value) {
            part.run.spend(feel::limits::WIDE_FUEL)?;
        }
        let next = match aggregation {
            Aggregation::Sum => add(&result, &value),
            Aggregation::Min => extreme(&result, &value, Ordering::Less),
            Aggregation::Max => extreme(&result, &value, Ordering::Greater),
            Aggregation::None | Aggregation::Count => None,
        };
        match next {
            Some(next) => result = next,
            None => return refuse(value.type_name().to_owned()),
        }
    }
    Ok(result)
}

fn add(left: &Value, right: &Value) -> Option<Value> {
    let (left, right): (&Number, &Number) = (left.as_number()?, right.as_number()?);
    left.add(right).map(Value::Number)
}

fn extreme(best: &Value, value: &Value, wanted: Ordering) -> Option<Value> {
    let found = feel::order(value, best)?;
    Some(if found == wanted { value.clone() } else { best.clone() })
}
