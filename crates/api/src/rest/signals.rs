//! Signals.

use axum::extract::State;
use axum::{Extension, Json as Answer};
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
