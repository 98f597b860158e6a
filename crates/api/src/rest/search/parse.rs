//! Requests of searches: JSON to conditions. What is not known is refused, with the list of what
//! is.

use history::query::VariableTest;
use history::query::{Condition, Entity, Field, Filter, Kind, Paging, Query, Sort, Test, Value};
use serde_json::{Map, Value as Json};

use crate::failure::Failure;

const PARTS: &[&str] = &["filter", "sort", "page"];
const PAGES: &[&str] = &["limit", "from", "after", "before"];

/// A whole request; an empty one is everything.
pub fn query(entity: &'static Entity, body: Json) -> Result<Query, Failure> {
    let mut body = match body {
        Json::Null => Map::new(),
        other => object("the body", other)?,
    };
    known("the body", &body, PARTS)?;
    let mut part = |name: &str| body.remove(name).filter(|part| !part.is_null());
    let filter = part("filter").map(|filter| self::filter(entity, filter)).transpose()?;
    let sort = part("sort").map(|sorts| self::sorts(entity, sorts)).transpose()?;
    let page = part("page").map(paging).transpose()?;
    Ok(Query {
        filter: filter.unwrap_or_default(),
        sort: sort.unwrap_or_default(),
        page: page.unwrap_or_default(),
    })
}

/// The conditions of a filter: all of them, and one of `$or`.
pub fn filter(entity: &'static Entity, filter: Json) -> Result<Filter, Failure> {
    let mut all = Vec::new();
    for (name, value) in object("filter", filter)? {
        if value.is_null() {
            continue;
        }
        if name == "$or" {
            let any: Result<Vec<_>, _> =
                list("$or", value)?.into_iter().map(|one| self::filter(entity, one)).collect();
            // The Java client sends empty lists for what was not asked.
            all.extend(Some(any?).filter(|any| !any.is_empty()).map(Filter::Any));
            continue;
        }
        let Some(field) = entity.filtered(&name) else {
            return Err(unknown("filter", &name, &entity.filter_names()));
        };
        all.push(condition(field, value)?);
    }
    Ok(Filter::All(all))
}

fn condition(field: &'static Field, value: Json) -> Result<Filter, Failure> {
    let name = field.name;
    match field.kind {
        Kind::Variables => {
            let local = field.is_local();
            let given = list(name, value)?.into_iter();
            let tests: Result<_, _> = given.map(|one| variable(one, local)).collect();
            Ok(Filter::All(tests?))
        }
        Kind::Tags => {
            // One name stands for a list of it.
            let value = if value.is_string() { Json::Array(vec![value]) } else { value };
            let tags: Result<Vec<_>, _> =
                list(name, value)?.iter().map(|tag| plain(field, tag)).collect();
            let test = Some(tags?).filter(|tags| !tags.is_empty()).map(Test::In);
            let is = |test| Filter::Is(Condition { field, test });
            Ok(Filter::All(test.map(is).into_iter().collect()))
        }
        Kind::Key
        | Kind::Text
        | Kind::Member
        | Kind::Int
        | Kind::Flag
        | Kind::Date
        | Kind::Name(_)
        | Kind::Json => {
            let is = |test| Filter::Is(Condition { field, test });
            let tests = tests(name, field.kind, value, &|value| plain(field, value))?;
            Ok(Filter::All(tests.into_iter().map(is).collect()))
        }
    }
}

/// A plain value, or an object of operators.
fn tests(
    name: &str,
    kind: Kind,
    value: Json,
    read: &dyn Fn(&Json) -> Result<Value, Failure>,
) -> Result<Vec<Test>, Failure> {
    let Json::Object(operators) = value else { return Ok(vec![Test::Eq(read(&value)?)]) };
    let allowed = kind.operators();
    let mut tests = Vec::new();
    for (operator, value) in operators {
        // The Java client sends empty lists for what was not asked.
        let unasked = value.as_array().is_some_and(Vec::is_empty) && operator.ends_with('n');
        if value.is_null() || (unasked && allowed.contains(&operator.as_str())) {
            continue;
        }
        if !allowed.contains(&operator.as_str()) {
            return Err(unknown(name, &operator, allowed));
        }
        let many = |value: Json| -> Result<Vec<Value>, Failure> {
            list(&operator, value)?.iter().map(read).collect()
        };
        tests.push(match operator.as_str() {
            "$eq" => Test::Eq(read(&value)?),
            "$neq" => Test::Neq(read(&value)?),
            "$gt" => Test::Gt(read(&value)?),
            "$gte" => Test::Gte(read(&value)?),
            "$lt" => Test::Lt(read(&value)?),
            "$lte" => Test::Lte(read(&value)?),
            "$in" => Test::In(many(value)?),
            "$notIn" => Test::NotIn(many(value)?),
            "$exists" => match value {
                Json::Bool(there) => Test::Exists(there),
                other => return Err(unfit(name, "true or false for $exists", &other)),
            },
            _ => match value {
                Json::String(pattern) => Test::Like(pattern),
                other => return Err(unfit(name, "a text for $like", &other)),
            },
        });
    }
    Ok(tests)
}

/// `{name, value}` with the value as JSON text; `path` leads into it and is an addition of ours.
fn variable(given: Json, local: bool) -> Result<Filter, Failure> {
    let mut given = object("variables", given)?;
    known("variables", &given, &["name", "value", "path"])?;
    let mut text = |part: &str| match given.remove(part) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text)),
        Some(other) => Err(unfit(part, "a text", &other)),
    };
    let (name, path) = (text("name")?, text("path")?);
    let Some(name) = name else {
        return Err(Failure::invalid(
            "Expected a name for each of the variables, but there is none",
        ));
    };
    let Some(value) = given.remove("value").filter(|value| !value.is_null()) else {
        let text = format!("Expected a value for the variable '{name}', but there is none");
        return Err(Failure::invalid(text));
    };
    let read = |value: &Json| match value {
        Json::String(text) => Ok(Value::Text(text.clone())),
        other => Err(unfit("variables", "a JSON value as text", other)),
    };
    let tests = tests("variables", Kind::Variables, value, &read)?;
    Ok(Filter::Variable(VariableTest { name, path, local, tests }))
}

/// A value as the tables hold it.
fn plain(field: &Field, value: &Json) -> Result<Value, Failure> {
    let name = field.name;
    match (field.kind, value) {
        (Kind::Key, Json::String(_) | Json::Number(_)) => {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let key = text.parse().map_err(|_| unfit(name, "a key of digits", value))?;
            Ok(Value::Int(key))
        }
        (Kind::Int, Json::Number(number)) => {
            number.as_i64().map(Value::Int).ok_or_else(|| unfit(name, "a whole number", value))
        }
        (Kind::Flag, Json::Bool(flag)) => Ok(Value::Int(i64::from(*flag))),
        (Kind::Date, Json::String(text)) => {
            let time: jiff::Timestamp =
                text.parse().map_err(|_| unfit(name, "a date and time with a zone", value))?;
            Ok(Value::Int(time.as_millisecond()))
        }
        (Kind::Name(names), Json::String(text)) => {
            let wanted = text.to_ascii_uppercase();
            let number = (0..).zip(names).find(|(_, known)| **known == wanted);
            number.map(|(number, _)| Value::Int(number)).ok_or_else(|| unknown(name, text, names))
        }
        (Kind::Text | Kind::Tags | Kind::Member, Json::String(text)) => {
            Ok(Value::Text(text.clone()))
        }
        (kind, _) => Err(unfit(name, wanted(kind), value)),
    }
}

fn wanted(kind: Kind) -> &'static str {
    match kind {
        Kind::Key => "a key of digits",
        Kind::Int => "a whole number",
        Kind::Flag => "true or false",
        Kind::Date => "a date and time",
        Kind::Name(_) | Kind::Text | Kind::Tags | Kind::Member | Kind::Json => "a text",
        Kind::Variables => "a list of variables",
    }
}

fn sorts(entity: &'static Entity, sorts: Json) -> Result<Vec<Sort>, Failure> {
    list("sort", sorts)?.into_iter().map(|one| sort(entity, one)).collect()
}

fn sort(entity: &'static Entity, given: Json) -> Result<Sort, Failure> {
    let given = object("sort", given)?;
    known("sort", &given, &["field", "order"])?;
    let allowed = || entity.names(|field| field.sort);
    let Some(Json::String(name)) = given.get("field") else {
        let allowed = allowed().join(", ");
        let text = format!("Expected a sort with a field, one of [{allowed}], but there is none");
        return Err(Failure::invalid(text));
    };
    let Some(field) = entity.sorted(name) else {
        return Err(unknown("sort", name, &allowed()));
    };
    let order = match given.get("order") {
        None | Some(Json::Null) => "ASC".to_owned(),
        Some(Json::String(order)) => order.to_ascii_uppercase(),
        Some(other) => return Err(unfit("order", "ASC or DESC", other)),
    };
    match order.as_str() {
        "ASC" => Ok(Sort { field, descending: false }),
        "DESC" => Ok(Sort { field, descending: true }),
        other => Err(unknown("order", other, &["ASC", "DESC"])),
    }
}

fn paging(given: Json) -> Result<Paging, Failure> {
    let given = object("page", given)?;
    known("page", &given, PAGES)?;
    let number = |name: &str| match given.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(value) => {
            let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
            number.map(Some).ok_or_else(|| unfit(name, "a whole number from 0", value))
        }
    };
    let cursor = |name: &str| match given.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text.clone())),
        Some(other) => Err(unfit(name, "a cursor", other)),
    };
    let limit = number("limit")?.unwrap_or(history::limits::PAGE_ITEMS);
    match (number("from")?, cursor("after")?, cursor("before")?) {
        (from, None, None) => Ok(Paging::From { from: from.unwrap_or(0), limit }),
        (None, Some(cursor), None) => Ok(Paging::After { cursor, limit }),
        (None, None, Some(cursor)) => Ok(Paging::Before { cursor, limit }),
        _ => Err(Failure::invalid(
            "Expected a page by one of [from, after, before], but got several",
        )),
    }
}

pub fn object(name: &str, value: Json) -> Result<Map<String, Json>, Failure> {
    match value {
        Json::Object(map) => Ok(map),
        other => Err(unfit(name, "an object", &other)),
    }
}

fn list(name: &str, value: Json) -> Result<Vec<Json>, Failure> {
    match value {
        Json::Array(items) => Ok(items),
        other => Err(unfit(name, "a list", &other)),
    }
}

pub fn known(name: &str, given: &Map<String, Json>, allowed: &[&str]) -> Result<(), Failure> {
    match given.keys().find(|key| !allowed.contains(&key.as_str())) {
        Some(other) => Err(unknown(name, other, allowed)),
        None => Ok(()),
    }
}

fn unknown(name: &str, got: &str, allowed: &[&str]) -> Failure {
    let allowed = allowed.join(", ");
    if allowed.is_empty() {
        return Failure::invalid(format!("Expected a plain value for {name}, but got '{got}'"));
    }
    Failure::invalid(format!("Expected one of [{allowed}] in {name}, but got '{got}'"))
}

fn unfit(name: &str, wanted: &str, got: &Json) -> Failure {
    let mut got = got.to_string();
    if let Some((at, _)) = got.char_indices().nth(100) {
        got.truncate(at);
    }
    Failure::invalid(format!("Expected {wanted} for {name}, but got {got}"))
}

#[cfg(test)]
mod tests {
    use history::entity::{JOB, PROCESS_INSTANCE, VARIABLE};
    use serde_json::json;

    use super::*;

    fn refused(entity: &'static Entity, body: Json) -> String {
        query(entity, body).expect_err("it is refused").text
    }

    #[test]
    fn plain_values_operators_and_or_are_read() {
        let body = json!({
            "filter": {
                "state": "active",
                "startDate": {"$gt": "2023-11-14T22:13:20Z", "$lt": "2024-01-01T00:00:00+01:00"},
                "processInstanceKey": {"$in": ["1", 2]},
                "hasIncident": true,
                "businessId": null,
                "variables": [{"name": "a", "value": "1"}, {"name": "b", "value": {"$gt": "2"}, "path": "c"}],
                "$or": [{"businessId": {"$like": "x*"}}, {"tags": ["a", "b"]}]
            },
            "sort": [{"field": "startDate", "order": "desc"}, {"field": "state"}],
            "page": {"after": "AAAA", "limit": 3}
        });
        let query = query(&PROCESS_INSTANCE, body).expect("it is read");
        let Filter::All(all) = &query.filter else { panic!("{query:?}") };
        assert_eq!(all.len(), 6);
        let state = |test| Filter::field(&PROCESS_INSTANCE, "state", test).expect("a field");
        assert!(all.contains(&Filter::All(vec![state(Test::Eq(Value::Int(0)))])));
        assert_eq!((query.sort.len(), query.sort[0].descending), (2, true));
        assert_eq!(query.page, Paging::After { cursor: "AAAA".into(), limit: 3 });
        let empty = super::query(&JOB, Json::Null).expect("nothing is everything");
        assert_eq!(empty.page, Paging::From { from: 0, limit: 100 });
    }

    #[test]
    fn what_is_wrong_is_told_with_what_is_allowed() {
        for (body, expected) in [
            (json!([]), "Expected an object for the body, but got []"),
            (
                json!({"limit": 1}),
                "Expected one of [filter, sort, page] in the body, but got 'limit'",
            ),
            (json!({"filter": {"colour": 1}}), "[name, tenantId, variableKey"),
            (
                json!({"filter": {"name": {"$gt": 1}}}),
                "Expected one of [$eq, $neq, $exists, $in, $notIn, $like] in name, but got '$gt'",
            ),
            (json!({"filter": {"name": 1}}), "Expected a text for name, but got 1"),
            (
                json!({"filter": {"variableKey": "x"}}),
                "Expected a key of digits for variableKey, but got \"x\"",
            ),
            (
                json!({"filter": {"isTruncated": {"$eq": true}}}),
                "Expected a plain value for isTruncated",
            ),
            (json!({"sort": [{"field": "isTruncated"}]}), "Expected one of [name, tenantId"),
            (json!({"sort": [{"order": "ASC"}]}), "Expected a sort with a field"),
            (
                json!({"sort": [{"field": "name", "order": "up"}]}),
                "Expected one of [ASC, DESC] in order, but got 'UP'",
            ),
            (
                json!({"page": {"from": 1, "after": "x"}}),
                "Expected a page by one of [from, after, before]",
            ),
            (
                json!({"page": {"limit": -1}}),
                "Expected a whole number from 0 for limit, but got -1",
            ),
            (json!({"page": {"size": 1}}), "Expected one of [limit, from, after, before] in page"),
        ] {
            let text = refused(&VARIABLE, body.clone());
            assert!(text.contains(expected), "{body}: {text}");
        }
        let text = refused(&JOB, json!({"filter": {"state": "DONE"}}));
        assert!(text.contains("[CREATED, COMPLETED, FAILED"), "{text}");
        let text = refused(&PROCESS_INSTANCE, json!({"filter": {"variables": [{"value": "1"}]}}));
        assert!(text.contains("Expected a name for each"), "{text}");
    }
}
