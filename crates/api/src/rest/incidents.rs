//! Incidents of the live state.

use std::cmp::Ordering;

use axum::extract::{Path, State};
use axum::{Extension, Json as Answer};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::body::OptionalJson;
use super::incidents_filter::Filter;
use super::problem::{Detail, Problem};
use super::types::{Action, KeyText, date, path_key};
use crate::failure::{Failure, Kind};
use crate::gateway::{Caller, Gateway, IncidentFilter, IncidentRow};
use crate::input;
use crate::limits::PAGE_ROWS_MAX;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = IncidentResult)]
pub struct Incident {
    process_definition_id: String,
    error_type: &'static str,
    error_message: String,
    element_id: String,
    creation_time: String,
    state: &'static str,
    tenant_id: String,
    incident_key: KeyText,
    process_definition_key: KeyText,
    process_instance_key: KeyText,
    root_process_instance_key: Option<KeyText>,
    element_instance_key: KeyText,
    job_key: Option<KeyText>,
}

impl From<IncidentRow> for Incident {
    fn from(row: IncidentRow) -> Incident {
        Incident {
            process_definition_id: row.process_id.to_string(),
            error_type: row.kind.name(),
            error_message: row.message.to_string(),
            element_id: row.element_id.to_string(),
            creation_time: date(row.created),
            state: "ACTIVE",
            tenant_id: row.tenant.to_string(),
            incident_key: KeyText(row.incident),
            process_definition_key: KeyText(row.definition),
            process_instance_key: KeyText(row.instance),
            root_process_instance_key: Some(KeyText(row.root_instance)),
            element_instance_key: KeyText(row.element),
            job_key: row.job.map(KeyText),
        }
    }
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = IncidentSearchQuery)]
pub struct Query {
    /// Property → value, or an object of `$eq`, `$neq`, `$in`, `$notIn`, `$exists`, `$like`.
    #[schema(value_type = Option<Object>)]
    filter: Option<Map<String, Value>>,
    sort: Option<Vec<Sort>>,
    page: Option<Page>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = IncidentSearchQuerySortRequest)]
struct Sort {
    field: String,
    /// ASC or DESC, in any case.
    order: Option<String>,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = SearchQueryPageRequest)]
struct Page {
    from: Option<usize>,
    limit: Option<usize>,
    after: Option<String>,
    before: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SearchQueryPageResponse)]
struct PageOf {
    total_items: usize,
    has_more_total_items: bool,
    start_cursor: Option<String>,
    end_cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = IncidentSearchQueryResult)]
pub struct Found {
    page: PageOf,
    #[schema(value_type = Vec<Incident>)]
    items: Vec<Value>,
}

/// Open incidents. An instance or incident key in the filter looks at one instance only.
#[utoipa::path(post, path = "/incidents/search", operation_id = "searchIncidents",
    tag = "Incident", request_body = Option<Query>,
    responses((status = 200, body = Found), (status = 400, body = Detail)))]
pub async fn search_incidents(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    OptionalJson(query): OptionalJson<Query>,
) -> Result<Answer<Found>, Problem> {
    let filter = Filter::new(query.filter.unwrap_or_default())?;
    let wanted = IncidentFilter {
        instance: filter.key("processInstanceKey"),
        incident: filter.key("incidentKey"),
    };
    let rows = gateway.incidents(&caller, wanted).await?;
    let capped = rows.len() >= PAGE_ROWS_MAX;
    let mut items: Vec<Value> = rows
        .into_iter()
        .map(|row| serde_json::to_value(Incident::from(row)).unwrap_or_default())
        .filter(|row| filter.takes(row))
        .collect();
    sort(&mut items, query.sort.unwrap_or_default())?;
    Ok(Answer(page(items, query.page.unwrap_or_default(), capped)?))
}

fn sort(items: &mut [Value], sorts: Vec<Sort>) -> Result<(), Failure> {
    for Sort { field, order } in sorts.into_iter().rev() {
        let field = super::incidents_filter::field(&field)?;
        let descending = match order.as_deref().unwrap_or("ASC").to_ascii_uppercase().as_str() {
            "ASC" => false,
            "DESC" => true,
            other => {
                let text = format!("Expected a sort order of ASC or DESC, but got '{other}'");
                return Err(Failure::invalid(text));
            }
        };
        items.sort_by(|a, b| {
            let order = compare(&a[field], &b[field]);
            if descending { order.reverse() } else { order }
        });
    }
    Ok(())
}

/// Keys are text but have an order of numbers.
fn compare(a: &Value, b: &Value) -> Ordering {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (a, b) = (text(a), text(b));
    match (a.parse::<i64>(), b.parse::<i64>()) {
        (Ok(a), Ok(b)) => a.cmp(&b),
        _ => a.cmp(&b),
    }
}

/// Cursors are positions in this answer: live incidents have no other order to hold on to.
fn page(items: Vec<Value>, page: Page, capped: bool) -> Result<Found, Failure> {
    let total = items.len();
    let limit = page.limit.unwrap_or(100).min(PAGE_ROWS_MAX);
    let (first, last) = match (page.after, page.before) {
        (Some(_), Some(_)) => {
            return Err(Failure::invalid(
                "Expected a page after or before a cursor, but both are given",
            ));
        }
        (Some(after), None) => (cursor(&after)? + 1, total),
        (None, Some(before)) => {
            let end = cursor(&before)?.min(total);
            (end.saturating_sub(limit), end)
        }
        (None, None) => (page.from.unwrap_or(0), total),
    };
    let items: Vec<Value> = items.into_iter().take(last).skip(first).take(limit).collect();
    let at = |position: usize| (!items.is_empty()).then(|| STANDARD.encode(position.to_string()));
    let (start_cursor, end_cursor) = (at(first), at(first + items.len().saturating_sub(1)));
    let page =
        PageOf { total_items: total, has_more_total_items: capped, start_cursor, end_cursor };
    Ok(Found { page, items })
}

fn cursor(text: &str) -> Result<usize, Failure> {
    let decoded = STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    decoded.and_then(|text| text.parse().ok()).ok_or_else(|| {
        Failure::invalid(format!("Expected a cursor of an earlier answer, but got '{text}'"))
    })
}

/// One open incident.
#[utoipa::path(get, path = "/incidents/{incidentKey}", operation_id = "getIncident",
    tag = "Incident", params(("incidentKey" = String, Path)),
    responses((status = 200, body = Incident), (status = 404, body = Detail)))]
pub async fn get_incident(
    State(gateway): State<Gateway>,
    Extension(caller): Extension<Caller>,
    Path(key): Path<String>,
) -> Result<Answer<Incident>, Problem> {
    let key = path_key(&key)?;
    let wanted = IncidentFilter { instance: None, incident: Some(key) };
    let row = gateway.incidents(&caller, wanted).await?.into_iter().next();
    let missing = || {
        let text = format!("Expected an open incident with key '{key}', but there is none");
        Problem(Failure::new(Kind::NotFound, text))
    };
    row.map(|row| Answer(row.into())).ok_or_else(missing)
}

/// Resolves an incident: what failed is tried again.
#[utoipa::path(post, path = "/incidents/{incidentKey}/resolution",
    operation_id = "resolveIncident", tag = "Incident",
    params(("incidentKey" = String, Path)), request_body = Option<Action>,
    responses((status = 204), (status = 404, body = Detail), (status = 409, body = Detail),
        (status = 503, body = Detail)))]
pub async fn resolve_incident(
    State(gateway): State<Gateway>,
    Extension(mut caller): Extension<Caller>,
    Path(key): Path<String>,
    OptionalJson(action): OptionalJson<Action>,
) -> Result<StatusCode, Problem> {
    caller.operation_reference = input::operation_reference(action.operation_reference)?;
    gateway.resolve_incident(&caller, path_key(&key)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
