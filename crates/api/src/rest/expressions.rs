//! Evaluating FEEL expressions.

use axum::extract::State;
use axum::{Extension, Json as Answer};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::body::Json;
use super::problem::{Detail, Problem};
use super::types::{KeyText, json, variables};
use crate::gateway::{Caller, Gateway};
use crate::input;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ExpressionEvaluationRequest)]
pub struct Evaluate {
    /// With or without the `=` that it has in a model.
    #[schema(example = "=order.total > 100")]
    expression: String,
    tenant_id: Option<String>,
    /// A process or element instance whose variables it sees, below those that are given.
    scope_key: Option<KeyText>,
    #[schema(value_type = Option<Object>)]
    variables: Option<Box<RawValue>>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ExpressionEvaluationResult)]
pub struct Outcome {
    expression: String,
    #[schema(value_type = Option<Object>)]
    result: Box<RawValue>,
    /// Why parts of it are null, each with line and column.
    warnings: Vec<Warning>,
    /// Always empty: there are no secrets yet.
    #[schema(value_type = Vec<Object>)]
    referenced_secrets: Vec<()>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ExpressionEvaluationWarningItem)]
struct Warning {
    message: String,
}

/// Evaluates a FEEL expression.
#[utoipa::path(post, path = "/expression/evaluation", operation_id = "evaluateExpression",
    tag = "Expression", request_body = Evaluate,
    responses((status = 200, body = Outcome), (status = 400, body = Detail),
        (status = 404, body = Detail)))]
pub async fn evaluate_expression(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    Json(body): Json<Evaluate>,
) -> Result<Answer<Outcome>, Problem> {
    input::tenant("evaluateExpression", body.tenant_id.as_deref().unwrap_or_default())?;
    let given = variables(body.variables.as_deref())?;
    let scope = body.scope_key.map(|key| key.0);
    let done = gateway.evaluate_expression(&caller, &body.expression, given, scope).await?;
    Ok(Answer(Outcome {
        expression: body.expression,
        result: json(&done.value),
        warnings: done.warnings.into_iter().map(|message| Warning { message }).collect(),
        referenced_secrets: Vec::new(),
    }))
}
