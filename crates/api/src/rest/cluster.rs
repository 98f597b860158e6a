//! The cluster, and who calls.

use axum::Extension;
use axum::Json as Answer;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::Json;
use super::problem::{Detail, Problem};
use crate::failure::{Failure, Kind};
use crate::gateway::{Caller, Gateway, Health};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TopologyResponse)]
pub struct Topology {
    brokers: Vec<Broker>,
    cluster_id: Option<String>,
    cluster_size: i32,
    partitions_count: i32,
    replication_factor: i32,
    gateway_version: &'static str,
    last_completed_change_id: &'static str,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BrokerInfo)]
struct Broker {
    node_id: i32,
    broker_id: &'static str,
    host: String,
    port: i32,
    partitions: Vec<Partition>,
    version: &'static str,
}

/// Its words are lower case, other than everywhere else.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Partition {
    partition_id: i32,
    role: &'static str,
    health: &'static str,
    state: &'static str,
}

/// Partitions and how they do; answered also while they recover.
#[utoipa::path(get, path = "/topology", operation_id = "getTopology", tag = "Cluster",
    responses((status = 200, body = Topology), (status = 401, body = Detail)))]
pub async fn get_topology(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
) -> Result<Answer<Topology>, Problem> {
    let topology = gateway.topology(&caller)?;
    let partition = |row: &crate::gateway::PartitionHealth| {
        let (health, state) = match row.health {
            Health::Healthy => ("healthy", "active"),
            Health::Unhealthy => ("unhealthy", "recovering"),
            Health::Dead => ("dead", "unknown"),
        };
        Partition { partition_id: i32::from(row.partition), role: "leader", health, state }
    };
    let partitions: Vec<Partition> = topology.partitions.iter().map(partition).collect();
    let partitions_count = i32::try_from(partitions.len()).unwrap_or(i32::MAX);
    let broker = Broker {
        node_id: 0,
        broker_id: "0",
        host: topology.host,
        port: i32::from(topology.port),
        partitions,
        version: topology.version,
    };
    Ok(Answer(Topology {
        brokers: vec![broker],
        cluster_id: None,
        cluster_size: 1,
        partitions_count,
        replication_factor: 1,
        gateway_version: topology.version,
        last_completed_change_id: "",
    }))
}

/// 204 when every partition takes commands, 503 before.
#[utoipa::path(get, path = "/status", operation_id = "getStatus", tag = "Cluster",
    responses((status = 204), (status = 503)))]
pub async fn get_status(gateway: State<Gateway>) -> impl IntoResponse {
    status(gateway).await
}

pub async fn status(State(gateway): State<Gateway>) -> Response {
    if gateway.is_healthy() {
        return StatusCode::NO_CONTENT.into_response();
    }
    let text = "Expected partitions that take commands, but not all of them do; \
                /grevy/v1/partitions says why";
    Problem(Failure::new(Kind::Unavailable, text)).into_response()
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LicenseResponse)]
pub struct License {
    valid_license: bool,
    license_type: &'static str,
    is_commercial: bool,
    expires_at: Option<String>,
}

/// Grevy is free in production.
#[utoipa::path(get, path = "/license", operation_id = "getLicense", tag = "Cluster",
    responses((status = 200, body = License)))]
pub async fn get_license() -> Answer<License> {
    license().await
}

pub async fn license() -> Answer<License> {
    Answer(License {
        valid_license: true,
        license_type: "production",
        is_commercial: false,
        expires_at: None,
    })
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CamundaUserResult)]
pub struct User {
    username: String,
    display_name: Option<String>,
    email: Option<String>,
    authorized_components: Vec<&'static str>,
    tenants: Vec<Tenant>,
    groups: Vec<String>,
    roles: Vec<&'static str>,
    sales_plan_type: Option<String>,
    #[schema(value_type = Object)]
    c8_links: serde_json::Map<String, serde_json::Value>,
    can_logout: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TenantResult)]
struct Tenant {
    name: &'static str,
    tenant_id: &'static str,
    description: Option<String>,
}

/// Who calls.
#[utoipa::path(get, path = "/authentication/me", operation_id = "getAuthentication",
    tag = "Authentication",
    responses((status = 200, body = User), (status = 401, body = Detail)))]
pub async fn get_authentication(Extension(caller): Extension<Caller>) -> Answer<User> {
    let name = caller.principal.name.as_deref().unwrap_or("anonymous");
    Answer(User {
        username: name.to_owned(),
        display_name: Some(name.to_owned()),
        email: None,
        authorized_components: vec!["*"],
        tenants: vec![Tenant { name: "Default", tenant_id: "<default>", description: None }],
        groups: Vec::new(),
        roles: vec![caller.principal.role.name()],
        sales_plan_type: None,
        c8_links: serde_json::Map::new(),
        can_logout: false,
    })
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClockPinRequest)]
pub struct PinClock {
    /// Milliseconds since 1970.
    timestamp: i64,
}

/// Lets time stand still, for tests. The server must have been started with `--pinnable-clock`.
#[utoipa::path(put, path = "/clock", operation_id = "pinClock", tag = "Clock",
    request_body = PinClock,
    responses((status = 204), (status = 400, body = Detail), (status = 403, body = Detail)))]
pub async fn pin_clock(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    Json(pin): Json<PinClock>,
) -> Result<StatusCode, Problem> {
    gateway.pin_clock(&caller, Some(pin.timestamp)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets time go on as the machine has it.
#[utoipa::path(post, path = "/clock/reset", operation_id = "resetClock", tag = "Clock",
    responses((status = 204), (status = 403, body = Detail)))]
pub async fn reset_clock(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
) -> Result<StatusCode, Problem> {
    gateway.pin_clock(&caller, None).await?;
    Ok(StatusCode::NO_CONTENT)
}
