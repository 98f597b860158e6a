//! Evaluating decisions.

use axum::extract::State;
use axum::{Extension, Json as Answer};
use engine::command::{DecisionRef, EvaluateDecision};
use engine::decision::{self, EvaluatedClause, Evaluation, MatchedRule};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::body::Json;
use super::problem::{Detail, Problem};
use super::types::{KeyText, variables};
use crate::failure::Failure;
use crate::gateway::{Caller, Gateway};
use crate::input;

/// By id, in the latest version, or by key; never both.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = DecisionEvaluationInstruction)]
pub struct Evaluate {
    decision_definition_id: Option<String>,
    decision_definition_key: Option<KeyText>,
    #[schema(value_type = Option<Object>)]
    variables: Option<Box<RawValue>>,
    tenant_id: Option<String>,
}

/// Values are JSON as text.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EvaluateDecisionResult)]
pub struct Outcome {
    decision_definition_id: String,
    decision_definition_key: KeyText,
    decision_definition_name: String,
    decision_definition_version: i32,
    decision_evaluation_key: KeyText,
    /// The older name of decisionEvaluationKey.
    decision_instance_key: KeyText,
    decision_requirements_id: String,
    decision_requirements_key: KeyText,
    evaluated_decisions: Vec<Evaluated>,
    failed_decision_definition_id: Option<String>,
    /// Why it failed, with the cell or expression.
    failure_message: Option<String>,
    output: String,
    tenant_id: String,
    /// Why parts of the output are `null`, each with its decision; an addition of Grevy.
    warnings: Vec<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EvaluatedDecisionResult)]
struct Evaluated {
    decision_definition_id: String,
    decision_definition_name: String,
    decision_definition_version: i32,
    decision_definition_type: String,
    output: String,
    tenant_id: String,
    matched_rules: Vec<Rule>,
    evaluated_inputs: Vec<Input>,
    decision_definition_key: KeyText,
    decision_evaluation_instance_key: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EvaluatedDecisionInputItem)]
struct Input {
    input_id: String,
    input_name: String,
    input_value: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = MatchedDecisionRuleItem)]
struct Rule {
    rule_id: String,
    /// From 1.
    rule_index: u32,
    evaluated_outputs: Vec<Output>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EvaluatedDecisionOutputItem)]
struct Output {
    output_id: String,
    output_name: String,
    output_value: String,
    rule_id: Option<String>,
    rule_index: Option<u32>,
}

/// Evaluates a decision. One that fails is answered with 200, the decision at fault and why.
#[utoipa::path(post, path = "/decision-definitions/evaluation", operation_id = "evaluateDecision",
    tag = "Decision definition", request_body = Evaluate,
    responses((status = 200, body = Outcome), (status = 400, body = Detail),
        (status = 404, body = Detail), (status = 503, body = Detail)))]
pub async fn evaluate_decision(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    Json(body): Json<Evaluate>,
) -> Result<Answer<Outcome>, Problem> {
    let asked = asked(&body)?;
    let done = gateway.evaluate_decision(&caller, asked).await?;
    Ok(Answer(outcome(&done)))
}

fn asked(body: &Evaluate) -> Result<EvaluateDecision, Failure> {
    let decision = match (&body.decision_definition_id, body.decision_definition_key) {
        (Some(_), Some(_)) => {
            return Err(Failure::invalid(
                "Expected either a decisionDefinitionId or a decisionDefinitionKey, but both are \
                 given",
            ));
        }
        (None, None) => {
            return Err(Failure::invalid(
                "Expected either a decisionDefinitionId or a decisionDefinitionKey, but none is \
                 given",
            ));
        }
        (Some(id), None) => DecisionRef::Id(input::name("decisionDefinitionId", id)?),
        (None, Some(key)) => DecisionRef::Key(key.0),
    };
    let tenant = body.tenant_id.as_deref().unwrap_or_default();
    Ok(EvaluateDecision {
        decision,
        tenant: input::tenant("evaluateDecision", tenant)?,
        variables: variables(body.variables.as_deref())?,
    })
}

fn outcome(done: &Evaluation) -> Outcome {
    let failure = done.failure.as_ref();
    Outcome {
        decision_definition_id: done.decision_id.to_string(),
        decision_definition_key: KeyText(done.decision),
        decision_definition_name: done.decision_name.to_string(),
        decision_definition_version: done.version,
        decision_evaluation_key: KeyText(done.key),
        decision_instance_key: KeyText(done.key),
        decision_requirements_id: done.requirements_id.to_string(),
        decision_requirements_key: KeyText(done.requirements),
        evaluated_decisions: (1..)
            .zip(&done.evaluated)
            .map(|(n, d)| evaluated(done, n, d))
            .collect(),
        failed_decision_definition_id: failure.map(|own| own.decision_id.to_string()),
        failure_message: failure.map(|own| own.message.to_string()),
        output: done.output.to_json(),
        tenant_id: done.tenant.to_string(),
        warnings: done.warnings.iter().map(|warning| warning.to_string()).collect(),
    }
}

fn evaluated(done: &Evaluation, number: u32, own: &decision::Evaluated) -> Evaluated {
    Evaluated {
        decision_definition_id: own.decision_id.to_string(),
        decision_definition_name: own.decision_name.to_string(),
        decision_definition_version: own.version,
        decision_definition_type: own.kind.to_string(),
        output: own.output.to_json(),
        tenant_id: done.tenant.to_string(),
        matched_rules: own.rules.iter().map(rule).collect(),
        evaluated_inputs: own.inputs.iter().map(evaluated_input).collect(),
        decision_definition_key: KeyText(own.decision),
        decision_evaluation_instance_key: format!("{}-{number}", done.key),
    }
}

fn evaluated_input(own: &EvaluatedClause) -> Input {
    Input {
        input_id: own.id.to_string(),
        input_name: own.name.to_string(),
        input_value: own.value.to_json(),
    }
}

fn rule(own: &MatchedRule) -> Rule {
    let output = |clause: &EvaluatedClause| Output {
        output_id: clause.id.to_string(),
        output_name: clause.name.to_string(),
        output_value: clause.value.to_json(),
        rule_id: Some(own.id.to_string()),
        rule_index: Some(own.index),
    };
    Rule {
        rule_id: own.id.to_string(),
        rule_index: own.index,
        evaluated_outputs: own.outputs.iter().map(output).collect(),
    }
}
