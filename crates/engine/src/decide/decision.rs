//! Evaluating decisions, for clients and for business rule tasks.

use std::sync::Arc;

use value::{Packed, Value};

use crate::catalog::Decision;
use crate::command::{DecisionRef, EvaluateDecision, Reply};
use crate::decide::step::cut;
use crate::decide::{Done, Step, Stop};
use crate::decision::{Evaluated, EvaluatedClause, Evaluation, Failed, Given, MatchedRule};
use crate::event::{Event, PartitionEvent, Text};
use crate::key::Key;
use crate::limits::{EVALUATION_BYTES_MAX, VARIABLES_BYTES_MAX};
use crate::rejection::Rejection;

impl Step<'_> {
    pub(super) fn evaluate_decision(&mut self, asked: &EvaluateDecision) -> Done<Reply> {
        let bytes: usize = asked.variables.iter().map(|(_, value)| value.len()).sum();
        if bytes > VARIABLES_BYTES_MAX {
            return Err(Stop::Reject(Rejection::invalid(format!(
                "expected variables of at most {VARIABLES_BYTES_MAX} bytes, but they have {bytes}"
            ))));
        }
        let decision = self.sought_decision(asked)?;
        let key = self.state.next_key();
        let evaluation = self.decision_outcome(key, key, &decision, &Given(&asked.variables));
        let kept = Box::new(evaluation);
        self.emit(Event::Partition(PartitionEvent::DecisionEvaluated(kept.clone())));
        Ok(Reply::Evaluated(kept))
    }

    fn sought_decision(&self, asked: &EvaluateDecision) -> Done<Arc<Decision>> {
        let (catalog, tenant) = (self.turn.catalog, &asked.tenant);
        let (found, sought) = match &asked.decision {
            DecisionRef::Key(key) => {
                let own = catalog.decision(*key);
                (own.filter(|d| d.requirements.tenant == *tenant), format!("key '{key}'"))
            }
            DecisionRef::Id(id) => (catalog.latest_decision(tenant, id), format!("id '{id}'")),
            DecisionRef::Tag { id, version_tag } => (
                catalog.tagged_decision(tenant, id, version_tag),
                format!("id '{id}' and version tag '{version_tag}'"),
            ),
        };
        // Clients of before 8.8 look for these words.
        found.cloned().ok_or_else(|| {
            Stop::Reject(Rejection::not_found(format!(
                "Expected to evaluate decision, but no decision found for {sought}"
            )))
        })
    }

    /// Evaluates; `seed` is whose random numbers these are.
    pub(crate) fn decision_outcome(
        &self,
        key: Key,
        seed: Key,
        decision: &Decision,
        variables: &dyn feel::Variables,
    ) -> Evaluation {
        let requirements = &decision.requirements;
        let mut evaluation = Evaluation {
            key,
            decision: decision.key,
            decision_id: decision.id.clone(),
            decision_name: decision.name.clone(),
            version: decision.version,
            requirements: requirements.key,
            requirements_id: requirements.id.clone(),
            tenant: requirements.tenant.clone(),
            output: Packed::null(),
            failure: None,
            evaluated: Vec::new(),
            warnings: Vec::new(),
        };
        let failed = |message: String| {
            Some(Failed { decision_id: decision.id.clone(), message: cut(&message) })
        };
        let outcome = match &requirements.model {
            Ok(model) => model.evaluate(&decision.id, variables, &self.environment(seed)),
            Err(why) => {
                let message = format!("expected its file to compile, but it is parked: {why}");
                evaluation.failure = failed(message);
                return evaluation;
            }
        };
        let Some(outcome) = outcome else {
            let message = format!("expected a decision '{}' in its file", decision.id);
            evaluation.failure = failed(message);
            return evaluation;
        };
        // Each part takes a byte at least: what is far too large is not built first.
        let parts = weight(&outcome);
        if parts > EVALUATION_BYTES_MAX {
            evaluation.failure = failed(too_large(parts, "parts"));
            return evaluation;
        }
        evaluation.warnings = outcome.warnings.iter().map(|warning| cut(warning)).collect();
        let known = |own: dmn::EvaluatedDecision| self.evaluated(decision, own);
        evaluation.evaluated = outcome.evaluated.into_iter().map(known).collect();
        match outcome.output {
            Ok(Value::Function(_)) => {
                let message = "expected a value, but the decision gives a function".to_owned();
                evaluation.failure = failed(message);
            }
            Ok(value) => evaluation.output = Packed::from_value(&value),
            Err(failure) => {
                let (id, message) = (failure.decision_id, cut(&failure.message));
                evaluation.failure = Some(Failed { decision_id: id, message });
            }
        }
        let bytes = evaluation.bytes();
        if bytes > EVALUATION_BYTES_MAX {
            evaluation.output = Packed::null();
            evaluation.evaluated = Vec::new();
            evaluation.failure = failed(too_large(bytes, "bytes"));
        }
        evaluation
    }

    fn evaluated(&self, asked: &Decision, own: dmn::EvaluatedDecision) -> Evaluated {
        let found = self.turn.catalog.sibling(asked, own.file, &own.id);
        Evaluated {
            decision: found.map_or(asked.key, |decision| decision.key),
            version: found.map_or(asked.version, |decision| decision.version),
            decision_id: own.id,
            decision_name: own.name,
            kind: own.kind.code().into(),
            output: Packed::from_value(&own.output),
            inputs: own.inputs.into_iter().map(|i| clause(i.id, i.name, &i.value)).collect(),
            rules: own.rules.into_iter().map(rule).collect(),
        }
    }
}

fn too_large(found: usize, of: &str) -> String {
    format!(
        "expected a result with its inputs and outputs of at most {EVALUATION_BYTES_MAX} bytes, \
         but it has {found} {of}"
    )
}

/// Values in everything that an evaluation keeps.
fn weight(outcome: &dmn::Outcome) -> usize {
    let decision = |own: &dmn::EvaluatedDecision| {
        let inputs = own.inputs.iter().map(|input| &input.value);
        let outputs = own.rules.iter().flat_map(|rule| &rule.outputs).map(|output| &output.value);
        inputs
            .chain(outputs)
            .chain([&own.output])
            .map(|value| value.weight() as usize)
            .sum::<usize>()
    };
    let output = outcome.output.as_ref().map_or(0, |value| value.weight() as usize);
    outcome.evaluated.iter().map(decision).sum::<usize>() + output
}

fn rule(own: dmn::MatchedRule) -> MatchedRule {
    MatchedRule {
        id: own.id,
        index: u32::try_from(own.index).unwrap_or(u32::MAX),
        outputs: own.outputs.into_iter().map(|o| clause(o.id, o.name, &o.value)).collect(),
    }
}

fn clause(id: Text, name: Text, value: &Value) -> EvaluatedClause {
    EvaluatedClause { id, name, value: Packed::from_value(value) }
}
