//! Evaluating decisions.

use engine::command::{DecisionRef, EvaluateDecision};
use engine::decision::{Evaluated, EvaluatedClause, Evaluation, MatchedRule};
use tonic::{Request, Response, Status};

use super::{Service, status};
use crate::failure::Failure;
use crate::input;
use crate::proto::*;

impl Service {
    pub(super) async fn evaluate(
        &self,
        request: Request<EvaluateDecisionRequest>,
    ) -> Result<Response<EvaluateDecisionResponse>, Status> {
        let caller = self.caller(request.metadata())?;
        let asked = asked(request.into_inner()).map_err(status::of)?;
        let done = self.gateway.evaluate_decision(&caller, asked).await.map_err(status::of)?;
        Ok(Response::new(response(&done)))
    }
}

fn asked(message: EvaluateDecisionRequest) -> Result<EvaluateDecision, Failure> {
    let decision = match (message.decision_key, message.decision_id.as_str()) {
        (0, "") => {
            return Err(Failure::invalid(
                "Expected either a decisionId or a decisionKey, but none is given",
            ));
        }
        (0, id) => DecisionRef::Id(input::name("decisionId", id)?),
        (key, "") => DecisionRef::Key(key),
        _ => {
            return Err(Failure::invalid(
                "Expected either a decisionId or a decisionKey, but both are given",
            ));
        }
    };
    Ok(EvaluateDecision {
        decision,
        tenant: input::tenant("EvaluateDecision", &message.tenant_id)?,
        variables: input::variables("variables", &message.variables)?,
    })
}

fn response(done: &Evaluation) -> EvaluateDecisionResponse {
    let failure = done.failure.as_ref();
    EvaluateDecisionResponse {
        decision_key: done.decision,
        decision_id: done.decision_id.to_string(),
        decision_name: done.decision_name.to_string(),
        decision_version: done.version,
        decision_requirements_id: done.requirements_id.to_string(),
        decision_requirements_key: done.requirements,
        decision_output: done.output.to_json(),
        evaluated_decisions: (1..)
            .zip(&done.evaluated)
            .map(|(n, d)| decision(done, n, d))
            .collect(),
        failed_decision_id: failure.map_or_else(String::new, |own| own.decision_id.to_string()),
        failure_message: failure.map_or_else(String::new, |own| own.message.to_string()),
        tenant_id: done.tenant.to_string(),
        decision_instance_key: done.key,
        decision_evaluation_key: done.key,
    }
}

fn decision(done: &Evaluation, number: u32, own: &Evaluated) -> EvaluatedDecision {
    EvaluatedDecision {
        decision_key: own.decision,
        decision_id: own.decision_id.to_string(),
        decision_name: own.decision_name.to_string(),
        decision_version: own.version,
        decision_type: own.kind.to_string(),
        decision_output: own.output.to_json(),
        matched_rules: own.rules.iter().map(rule).collect(),
        evaluated_inputs: own.inputs.iter().map(evaluated_input).collect(),
        tenant_id: done.tenant.to_string(),
        decision_evaluation_instance_key: format!("{}-{number}", done.key),
    }
}

fn evaluated_input(own: &EvaluatedClause) -> EvaluatedDecisionInput {
    EvaluatedDecisionInput {
        input_id: own.id.to_string(),
        input_name: own.name.to_string(),
        input_value: own.value.to_json(),
    }
}

fn rule(own: &MatchedRule) -> MatchedDecisionRule {
    let output = |own: &EvaluatedClause| EvaluatedDecisionOutput {
        output_id: own.id.to_string(),
        output_name: own.name.to_string(),
        output_value: own.value.to_json(),
    };
    MatchedDecisionRule {
        rule_id: own.id.to_string(),
        rule_index: i32::try_from(own.index).unwrap_or(i32::MAX),
        evaluated_outputs: own.outputs.iter().map(output).collect(),
    }
}
