//! A model as a picture can be made of it.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use history::entity::PROCESS_DEFINITION;

use super::super::problem::{Detail, Problem};
use super::super::search;
use super::super::types::path_key;
use crate::failure::{Failure, Kind};
use crate::gateway::Gateway;

/// The model as it was deployed, laid out where the file has no coordinates.
#[utoipa::path(get, path = "/process-definitions/{processDefinitionKey}/diagram",
    operation_id = "getDiagram", tag = "Grevy", params(("processDefinitionKey" = String, Path)),
    responses((status = 200, body = String, content_type = "application/xml"),
        (status = 404, body = Detail)))]
pub async fn diagram(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
) -> Result<Response, Problem> {
    let (reader, key) = (gateway.reader()?, path_key(&key)?);
    search::find(&gateway, &reader, &PROCESS_DEFINITION, key).await?;
    let found = reader.resource(key).await.map_err(search::failed)?;
    let bytes = found.ok_or_else(|| {
        let text = format!("Expected the file of definition {key}, but it is kept no more");
        Failure::new(Kind::NotFound, text)
    })?;
    let laid_out = model::laid_out("model.bpmn", &bytes).map(String::into_bytes);
    let kind = [("content-type", "application/xml")];
    Ok((kind, laid_out.unwrap_or(bytes)).into_response())
}
