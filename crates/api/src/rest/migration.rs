//! Migrating running instances.

use axum::Extension;
use axum::extract::{Path, State};
use engine::command::MigrateInstance;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::body::Json;
use super::problem::{Detail, Problem};
use super::types::{KeyText, path_key};
use crate::failure::Failure;
use crate::gateway::{Caller, Gateway};
use crate::input;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ProcessInstanceMigrationInstruction)]
pub struct Migrate {
    operation_reference: Option<i64>,
    target_process_definition_key: KeyText,
    mapping_instructions: Vec<Mapping>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = MigrateProcessInstanceMappingInstruction)]
struct Mapping {
    source_element_id: String,
    target_element_id: String,
}

/// Lets an instance go on in another definition; refused with every reason, or done whole.
#[utoipa::path(post, path = "/process-instances/{processInstanceKey}/migration",
    operation_id = "migrateProcessInstance", tag = "Process instance",
    params(("processInstanceKey" = String, Path)), request_body = Migrate,
    responses((status = 204), (status = 400, body = Detail), (status = 404, body = Detail),
        (status = 409, body = Detail), (status = 503, body = Detail)))]
pub async fn migrate_process_instance(
    State(gateway): State<Gateway>,
    Extension(mut caller): Extension<Caller>,
    Path(key): Path<String>,
    Json(body): Json<Migrate>,
) -> Result<StatusCode, Problem> {
    caller.operation_reference = input::operation_reference(body.operation_reference)?;
    gateway.migrate(&caller, wanted(&key, &body, false)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says all that speaks against a migration, with 409 as the migration itself would; 204 when
/// nothing does. Nothing happens.
#[utoipa::path(post, path = "/process-instances/{processInstanceKey}/migration-check",
    operation_id = "checkMigration", tag = "Grevy",
    params(("processInstanceKey" = String, Path)), request_body = Migrate,
    responses((status = 204), (status = 400, body = Detail), (status = 404, body = Detail),
        (status = 409, body = Detail), (status = 503, body = Detail)))]
pub async fn check_migration(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    Path(key): Path<String>,
    Json(body): Json<Migrate>,
) -> Result<StatusCode, Problem> {
    gateway.migrate(&caller, wanted(&key, &body, true)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn wanted(key: &str, body: &Migrate, only_check: bool) -> Result<MigrateInstance, Failure> {
    input::list("mappingInstructions", &body.mapping_instructions)?;
    let mapping = body.mapping_instructions.iter().map(|one| {
        let from = input::name("sourceElementId", &one.source_element_id)?;
        Ok((from, input::name("targetElementId", &one.target_element_id)?))
    });
    Ok(MigrateInstance {
        instance: path_key(key)?,
        target: body.target_process_definition_key.0,
        mapping: mapping.collect::<Result<_, Failure>>()?,
        only_check,
    })
}
