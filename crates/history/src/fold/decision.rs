//! Evaluated decisions: one row each, with what went in and which rules matched.

use engine::Key;
use engine::decision::{Evaluated, EvaluatedClause, Evaluation, MatchedRule};
use value::{Packed, Value};

use super::rows::DecisionRow;
use super::{At, Fold};
use crate::names::{DECISION_KINDS, decision as state};

impl Fold<'_> {
    /// `of`: the instance and element that asked; `None` when a client did.
    pub(super) fn decided(&mut self, at: At, of: Option<(Key, Key)>, all: &Evaluation) {
        let instance = of.map(|(instance, _)| instance);
        let definition = instance.map(|instance| self.definition(instance));
        let row = |no: usize, own: &Evaluated| {
            let failure = all.failure.as_ref().filter(|it| it.decision_id == own.decision_id);
            // The decision that was asked for tells of all that went into it.
            let remarks = || all.remarks().filter(|_| own.decision == all.decision);
            DecisionRow {
                id: format!("{}-{no}", all.key),
                evaluation: all.key,
                instance,
                element: of.map(|(_, element)| element),
                definition: definition.filter(|key| *key != 0),
                time: at.time,
                state: if failure.is_some() { state::FAILED } else { state::EVALUATED },
                failure: failure.map(|it| it.message.clone()).or_else(|| remarks().map(Into::into)),
                decision: own.decision,
                decision_id: own.decision_id.clone(),
                name: own.decision_name.clone(),
                version: i64::from(own.version),
                kind: kind(&own.kind),
                root: all.decision,
                requirements: all.requirements,
                tenant: all.tenant.clone(),
                result: own.output.to_json(),
                inputs: list(own.inputs.iter().map(input)),
                rules: list(own.rules.iter().map(rule)),
            }
        };
        let rows = (1..).zip(&all.evaluated).map(|(no, own)| row(no, own));
        let before = self.changes.decisions.len();
        let rows: Vec<DecisionRow> = rows.collect();
        self.changes.decisions.extend(rows);
        // A decision that could not even begin, or whose details were too large, failed as well.
        let told = self.changes.decisions[before..].iter().any(|row| row.failure.is_some());
        if all.failure.is_some() && !told {
            let no = all.evaluated.len() + 1;
            let own = Evaluated {
                decision: all.decision,
                decision_id: all.decision_id.clone(),
                decision_name: all.decision_name.clone(),
                version: all.version,
                kind: "UNKNOWN".into(),
                output: all.output.clone(),
                inputs: Vec::new(),
                rules: Vec::new(),
            };
            let failure = all.failure.as_ref().map(|it| it.message.clone());
            self.changes.decisions.push(DecisionRow {
                failure,
                state: state::FAILED,
                ..row(no, &own)
            });
        }
    }
}

/// As its number; what is new to this build is unknown.
fn kind(name: &str) -> i64 {
    let known = DECISION_KINDS.iter().position(|known| *known == name);
    known.map_or(state::KIND_UNKNOWN, |at| at as i64)
}

fn quote(text: &str) -> String {
    Packed::from_value(&Value::from(text)).to_json()
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

fn input(own: &EvaluatedClause) -> String {
    let (id, name, value) = (quote(&own.id), quote(&own.name), quote(&own.value.to_json()));
    format!(r#"{{"inputId":{id},"inputName":{name},"inputValue":{value}}}"#)
}

fn rule(own: &MatchedRule) -> String {
    let (id, index) = (quote(&own.id), own.index);
    let output = |clause: &EvaluatedClause| {
        let (of, name) = (quote(&clause.id), quote(&clause.name));
        let value = quote(&clause.value.to_json());
        let own = format!(r#""outputId":{of},"outputName":{name},"outputValue":{value}"#);
        format!(r#"{{{own},"ruleId":{id},"ruleIndex":{index}}}"#)
    };
    let outputs = list(own.outputs.iter().map(output));
    format!(r#"{{"ruleId":{id},"ruleIndex":{index},"evaluatedOutputs":{outputs}}}"#)
}
