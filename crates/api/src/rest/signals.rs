//! Signals, and conditional start events.

use axum::extract::State;
use axum::{Extension, Json as Answer};
use engine::command::EvaluateConditionals;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::body::Json;
use super::problem::{Detail, Problem};
use super::types::{KeyText, variables};
use crate::gateway::{Caller, Gateway};
use crate::input;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = SignalBroadcastRequest)]
pub struct Broadcast {
    signal_name: String,
    #[schema(value_type = Option<Object>)]
    variables: Option<Box<RawValue>>,
    tenant_id: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SignalBroadcastResult)]
pub struct Broadcasted {
    tenant_id: String,
    signal_key: KeyText,
}

/// Reaches everybody who waits for the signal now; it is not kept.
#[utoipa::path(post, path = "/signals/broadcast", operation_id = "broadcastSignal",
    tag = "Signal", request_body = Broadcast,
    responses((status = 200, body = Broadcasted), (status = 400, body = Detail),
        (status = 503, body = Detail)))]
pub async fn broadcast_signal(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    Json(body): Json<Broadcast>,
) -> Result<Answer<Broadcasted>, Problem> {
    let name = input::name("signalName", &body.signal_name)?;
    let given = body.tenant_id.as_deref().unwrap_or_default();
    let tenant = input::tenant("broadcastSignal", given)?;
    let variables = variables(body.variables.as_deref())?;
    let key = gateway.broadcast_signal(&caller, &name, &tenant, variables).await?;
    Ok(Answer(Broadcasted { tenant_id: tenant.to_string(), signal_key: KeyText(key) }))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ConditionalEvaluationInstruction)]
pub struct Conditions {
    tenant_id: Option<String>,
    /// Only of this definition; absent: of all latest versions.
    process_definition_key: Option<KeyText>,
    #[schema(value_type = Object)]
    variables: Box<RawValue>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EvaluateConditionalResult)]
pub struct ConditionsHeld {
    /// The key of the first instance that began; 0 when none did.
    conditional_evaluation_key: KeyText,
    tenant_id: String,
    process_instances: Vec<Reference>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ProcessInstanceReference)]
struct Reference {
    process_definition_key: KeyText,
    process_instance_key: KeyText,
}

/// Starts an instance for each conditional start event whose condition holds.
#[utoipa::path(post, path = "/conditionals/evaluation", operation_id = "evaluateConditionals",
    tag = "Conditional", request_body = Conditions,
    responses((status = 200, body = ConditionsHeld), (status = 400, body = Detail),
        (status = 404, body = Detail), (status = 503, body = Detail)))]
pub async fn evaluate_conditionals(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    Json(body): Json<Conditions>,
) -> Result<Answer<ConditionsHeld>, Problem> {
    let given = body.tenant_id.as_deref().unwrap_or_default();
    let tenant = input::tenant("evaluateConditionals", given)?;
    let asked = EvaluateConditionals {
        definition: body.process_definition_key.map(|key| key.0),
        tenant: tenant.clone(),
        variables: variables(Some(&body.variables))?,
    };
    let started = gateway.evaluate_conditionals(&caller, asked).await?;
    let one = |(definition, instance): &(engine::Key, engine::Key)| Reference {
        process_definition_key: KeyText(*definition),
        process_instance_key: KeyText(*instance),
    };
    Ok(Answer(ConditionsHeld {
        conditional_evaluation_key: KeyText(started.first().map_or(0, |(_, instance)| *instance)),
        tenant_id: tenant.to_string(),
        process_instances: started.iter().map(one).collect(),
    }))
}
