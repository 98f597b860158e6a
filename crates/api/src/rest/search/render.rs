//! Rows as JSON: keys as text, dates ending in `Z`, names of states, null where nothing is.

use history::query::{Field, Kind, Page, Record, Value};
use serde_json::{Map, Value as Json, json};

/// A page, each row by `item`.
pub fn page(page: &Page, item: impl Fn(&Record) -> Json) -> Json {
    json!({
        "items": page.items.iter().map(item).collect::<Vec<_>>(),
        "page": {
            "totalItems": page.total,
            "hasMoreTotalItems": page.more,
            "startCursor": page.start,
            "endCursor": page.end,
        }
    })
}

/// All fields that a list shows.
pub fn item(record: &Record) -> Json {
    let fields = record.values.iter();
    Json::Object(fields.map(|(field, value)| (field.name.to_owned(), one(field, value))).collect())
}

pub fn key(key: i64) -> Json {
    Json::String(key.to_string())
}

fn one(field: &Field, value: &Value) -> Json {
    match (field.kind, value) {
        (Kind::Tags | Kind::Member, Value::Text(tags)) => {
            tags.split('|').filter(|tag| !tag.is_empty()).collect()
        }
        (Kind::Tags | Kind::Member, _) => Json::Array(Vec::new()),
        (_, Value::Null) => Json::Null,
        (Kind::Key, Value::Int(number)) => key(*number),
        (Kind::Date, Value::Int(time)) => Json::String(history::date(*time)),
        (Kind::Flag, Value::Int(flag)) => Json::Bool(*flag != 0),
        (Kind::Name(names), Value::Int(number)) => history::names::name(names, *number).into(),
        (Kind::Json, Value::Text(text)) => {
            serde_json::from_str(text).unwrap_or_else(|_| Json::Object(Map::new()))
        }
        (_, Value::Int(number)) => (*number).into(),
        (_, Value::Real(number)) => (*number).into(),
        (_, Value::Text(text)) => Json::String(text.clone()),
    }
}

/// What every wait state shows; the rest depends on its type.
pub const WAIT_STATE_HEAD: [&str; 7] = [
    "rootProcessInstanceKey",
    "processInstanceKey",
    "elementInstanceKey",
    "elementId",
    "elementType",
    "tenantId",
    "bpmnProcessId",
];

/// What a wait state shows depends on its type.
pub fn wait_state(record: &Record) -> Json {
    let Json::Object(mut all) = item(record) else { return Json::Null };
    let mut part = |name: &str| all.remove(name).unwrap_or(Json::Null);
    let mut whole: Map<String, Json> =
        WAIT_STATE_HEAD.iter().map(|name| ((*name).to_owned(), part(name))).collect();
    let kind = part("waitStateType");
    let mut details = match kind.as_str() {
        Some("JOB") => json!({
            "jobKey": part("key"),
            "jobType": part("waitName"),
            "jobKind": part("jobKind"),
            "listenerEventType": part("listenerEventType"),
            "retries": part("retries"),
        }),
        Some("MESSAGE") => json!({
            "messageName": part("waitName"),
            "correlationKey": part("correlationKey"),
        }),
        Some("USER_TASK") => json!({
            "taskKey": part("key"),
            "dueDate": part("due"),
        }),
        Some("SIGNAL") => json!({"signalName": part("waitName")}),
        Some("CONDITION") => json!({
            "expression": record.text("waitName").unwrap_or_default(),
            "events": ["create", "update"],
        }),
        _ => json!({
            "dueDate": record.int("due"),
            "repetitions": part("remaining"),
        }),
    };
    details["waitStateType"] = kind;
    whole.insert("details".to_owned(), details);
    Json::Object(whole)
}
