//! Decisions that an instance asked for: what they came to and by which rules.

use std::collections::BTreeMap;

use engine::Key;
use engine::decision::{Evaluated, EvaluatedClause, Evaluation};
use engine::event::InstanceEvent as E;
use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use super::{rows, trail};
use crate::batch::Step;
use crate::error::Result;
use crate::limits::{DECISION_VALUE_CHARS_MAX, DECISIONS_TOLD_MAX};

/// A decision that a business rule task asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// Of the business rule task.
    pub element_id: String,
    /// Milliseconds since 1970.
    pub time: i64,
    pub evaluation: Evaluation,
}

pub(super) async fn decisions(
    connection: &mut SqliteConnection,
    instance: Key,
    steps: &[Step],
) -> Result<Vec<Decided>> {
    let told = trail::events(steps).filter_map(|(time, event)| match event {
        E::DecisionEvaluated { element, evaluation } => Some((time, *element, evaluation)),
        _ => None,
    });
    let told: Vec<_> = told.take(DECISIONS_TOLD_MAX).collect();
    if told.is_empty() {
        return Ok(Vec::new());
    }
    let text = "SELECT e.key, m.id FROM element_instance e JOIN element m \
        ON m.definition = e.definition AND m.no = e.element_no WHERE e.instance = ?";
    let mut ids: BTreeMap<Key, String> = BTreeMap::new();
    for row in rows(connection, text, instance).await? {
        ids.insert(row.try_get(0)?, row.try_get(1)?);
    }
    let decided = told.into_iter().map(|(time, element, evaluation)| Decided {
        element_id: ids.get(&element).cloned().unwrap_or_default(),
        time,
        evaluation: (**evaluation).clone(),
    });
    Ok(decided.collect())
}

impl Decided {
    /// In a sentence, and a line for each decision that was evaluated for it.
    pub fn text(&self) -> String {
        let Decided { element_id, evaluation, .. } = self;
        let Evaluation { decision_id, version, failure, .. } = evaluation;
        let head = format!("At '{element_id}' the decision '{decision_id}' (version {version})");
        let mut text = match failure {
            None => format!("{head} gave {}.", shown(&evaluation.output)),
            Some(failed) => {
                format!("{head} failed in '{}': {}.", failed.decision_id, failed.message)
            }
        };
        for own in &evaluation.evaluated {
            text.push_str(&line(own));
        }
        for remark in &evaluation.warnings {
            text.push_str(&format!("\n  Remark: {remark}."));
        }
        text
    }
}

fn line(own: &Evaluated) -> String {
    let Evaluated { decision_id, output, inputs, rules, .. } = own;
    let clauses = |all: &[EvaluatedClause]| {
        let one = |own: &EvaluatedClause| format!("{} = {}", own.name, shown(&own.value));
        all.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    if inputs.is_empty() && rules.is_empty() {
        return format!("\n  '{decision_id}' gave {}.", shown(output));
    }
    let with = clauses(inputs);
    match &rules[..] {
        [] => format!("\n  '{decision_id}': {with} matched no rule; it gave {}.", shown(output)),
        [only] => {
            let (index, outputs) = (only.index, clauses(&only.outputs));
            format!("\n  '{decision_id}': {with} matched rule {index}: {outputs}.")
        }
        several => {
            let numbers: Vec<String> = several.iter().map(|rule| rule.index.to_string()).collect();
            let numbers = numbers.join(", ");
            format!(
                "\n  '{decision_id}': {with} matched rules {numbers}; it gave {}.",
                shown(output)
            )
        }
    }
}

/// A value as JSON, cut.
fn shown(value: &value::Packed) -> String {
    let text = value.to_json();
    match text.char_indices().nth(DECISION_VALUE_CHARS_MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
