//! Conditions on variables, whole or by what stands inside them, as conditions of SQL.

use super::field::Entity;
use super::filter::{Test, Value, VariableTest};
use super::sql::{Inside, Sql, joined, plain};
use crate::limits::VALUE_HEAD_CHARS;

/// Instances with a variable that passes all tests.
pub(crate) fn variable(entity: &Entity, test: &VariableTest) -> Inside {
    let (key, from) = match entity.from {
        "process_instance i" => ("v.instance", "variable v"),
        "user_task u" if test.local => {
            ("u2.key", "variable v JOIN user_task u2 ON u2.element = v.scope")
        }
        "user_task u" => ("u2.key", "variable v JOIN user_task u2 ON u2.instance = v.instance"),
        _ => ("v.key", "variable v"),
    };
    let head = format!("SELECT {key} FROM {from} WHERE v.name = ?");
    let mut sql = Sql::with(head, [Value::Text(test.name.clone())]);
    for one in &test.tests {
        sql.push_str(" AND ");
        sql.push(match &test.path {
            None => whole_value(one),
            Some(path) => nested_value(path, one),
        });
    }
    Inside { sql, key: key.to_owned() }
}

/// That the variable is not there, which no row of it can say.
pub(crate) fn absent(entity: &Entity, test: &VariableTest) -> Option<Sql> {
    if test.path.is_some() || !test.tests.contains(&Test::Exists(false)) {
        return None;
    }
    let link = match entity.from {
        "process_instance i" => "v.instance = i.key",
        "user_task u" if test.local => "v.scope = u.element",
        "user_task u" => "v.instance = u.instance",
        _ => "v.key = NULL",
    };
    // The name is hidden from the planner: it is found for each row by what it belongs to.
    let text = format!("NOT EXISTS (SELECT 1 FROM variable v WHERE {link} AND +v.name = ?)");
    Some(Sql::with(text, [Value::Text(test.name.clone())]))
}

/// The instances that lack the variable: both sides are read once, in the order of their keys,
/// which takes half as long as looking it up for each instance.
pub(crate) fn lacking(entity: &Entity, test: &VariableTest) -> Option<Sql> {
    let text = "SELECT key AS k FROM process_instance \
        EXCEPT SELECT instance FROM variable WHERE +name = ? ORDER BY 1";
    let of_instances = entity.from == "process_instance i" && absent(entity, test).is_some();
    of_instances.then(|| Sql::with(text, [Value::Text(test.name.clone())]))
}

/// The JSON text, found by its beginning; what is a number, by that.
fn whole_value(test: &Test) -> Sql {
    match test {
        Test::Eq(value) => equal(std::slice::from_ref(value)),
        Test::In(values) => equal(values),
        Test::Neq(value) => unequal(std::slice::from_ref(value)),
        Test::NotIn(values) => unequal(values),
        Test::Exists(_) => Sql::new("1 = 1"),
        Test::Gt(value) | Test::Gte(value) | Test::Lt(value) | Test::Lte(value) => {
            let column = column_of(value);
            let mut sql = plain(column, &unquoted(test, value));
            if column == "v.value" {
                // Texts only: JSON of other kinds is neither smaller nor larger.
                sql.text.insert_str(0, "v.head >= '\"' AND v.head < '#' AND ");
            }
            sql
        }
        Test::Like(pattern) => beginning(pattern, plain("v.value", test)),
    }
}

/// With what the index tells of a pattern: its beginning, as far as every sign stands for itself.
fn beginning(pattern: &str, mut sql: Sql) -> Sql {
    let itself = pattern.chars().take_while(|one| !['*', '?', '\\'].contains(one));
    let literal: String = itself.take(VALUE_HEAD_CHARS).collect();
    // The least text behind all that begin with it.
    let mut end = literal.clone();
    let next = end.pop().and_then(|last| (last..=char::MAX).nth(1));
    if let Some(next) = next {
        end.push(next);
        sql.text.insert_str(0, "v.head >= ? AND v.head < ? AND ");
        sql.values.splice(0..0, [Value::Text(literal), Value::Text(end)]);
    }
    sql
}

/// Is the value one of these? Two lists of texts rather than pairs: the value tells its beginning,
/// and a chain of a thousand pairs is deeper than the store takes.
fn equal(values: &[Value]) -> Sql {
    let (numbers, texts) = split(values);
    let head = |value: &Value| match value {
        Value::Text(text) => Value::Text(text.chars().take(VALUE_HEAD_CHARS).collect()),
        Value::Null | Value::Int(_) | Value::Real(_) => value.clone(),
    };
    let mut parts = Vec::new();
    if !numbers.is_empty() {
        parts.push(plain("v.number", &Test::In(numbers)));
    }
    if !texts.is_empty() || parts.is_empty() {
        let heads = plain("v.head", &Test::In(texts.iter().map(head).collect()));
        let both = [heads, plain("v.value", &Test::In(texts))];
        parts.push(joined(both.into_iter(), " AND "));
    }
    joined(parts.into_iter(), " OR ")
}

fn unequal(values: &[Value]) -> Sql {
    let (numbers, texts) = split(values);
    let of_numbers = plain("v.number", &Test::NotIn(numbers));
    let both = [of_numbers, plain("v.value", &Test::NotIn(texts))];
    joined(both.into_iter(), " AND ")
}

/// Numbers that the store compares exactly, and the other values as JSON texts as it keeps them.
fn split(values: &[Value]) -> (Vec<Value>, Vec<Value>) {
    values.iter().map(canonical).partition(|value| matches!(value, Value::Real(_)))
}

/// A value as it is kept: a number that a float holds exactly, whatever it is written like; else
/// the JSON text without white space.
fn canonical(value: &Value) -> Value {
    let Value::Text(text) = value else { return value.clone() };
    match crate::fold::number(text.trim()).filter(|number| number.abs() < EXACT_BELOW) {
        Some(number) => Value::Real(number),
        None => Value::Text(
            value::Packed::from_json(text).map_or_else(|_| text.clone(), |json| json.to_json()),
        ),
    }
}

/// Whole numbers from here on may stand for their neighbours: they are compared as texts.
const EXACT_BELOW: f64 = 9_007_199_254_740_992.0;

/// A range is over numbers when its bound is one, else over texts.
fn column_of(bound: &Value) -> &'static str {
    match bound {
        Value::Text(text) if crate::fold::number(text).is_none() => "v.value",
        Value::Null | Value::Int(_) | Value::Real(_) | Value::Text(_) => "v.number",
    }
}

fn unquoted(test: &Test, bound: &Value) -> Test {
    let number = match bound {
        Value::Text(text) => crate::fold::number(text).map(Value::Real),
        Value::Null | Value::Int(_) | Value::Real(_) => None,
    };
    let bound = number.unwrap_or_else(|| bound.clone());
    match test {
        Test::Gt(_) => Test::Gt(bound),
        Test::Gte(_) => Test::Gte(bound),
        Test::Lt(_) => Test::Lt(bound),
        Test::Lte(_) => Test::Lte(bound),
        other => other.clone(),
    }
}

/// A value inside the value. `->` gives its JSON text, `->>` its plain form.
fn nested_value(path: &str, test: &Test) -> Sql {
    let place = Value::Text(json_path(path));
    let json = "(v.value -> ?)";
    let number = "CAST(v.value ->> ? AS REAL)";
    let either = "(CASE WHEN json_type(v.value, ?) IN ('integer', 'real') \
        AND abs(v.value ->> ?) < 9007199254740992 THEN CAST(v.value ->> ? AS REAL) \
        ELSE v.value -> ? END)";
    let mut sql = match test {
        Test::Gt(value) | Test::Gte(value) | Test::Lt(value) | Test::Lte(value) => {
            let column = if column_of(value) == "v.number" { number } else { json };
            let mut sql = plain(column, &unquoted(test, value));
            let kinds = if column == number { "'integer', 'real'" } else { "'text'" };
            sql.text.insert_str(0, &format!("json_type(v.value, ?) IN ({kinds}) AND "));
            sql.values.insert(0, place.clone());
            sql
        }
        Test::Eq(value) => plain(either, &Test::Eq(canonical(value))),
        Test::Neq(value) => {
            let one = vec![canonical(value)];
            plain(either, &Test::NotIn(one))
        }
        Test::In(values) => plain(either, &Test::In(values.iter().map(canonical).collect())),
        Test::NotIn(values) => plain(either, &Test::NotIn(values.iter().map(canonical).collect())),
        Test::Exists(_) | Test::Like(_) => plain(json, test),
    };
    // `plain` names its column once or twice; each has places for the path, before its values.
    let column = [either, number, json].into_iter().find(|column| sql.text.contains(column));
    let column = column.unwrap_or(json);
    for (index, _) in sql.text.clone().match_indices(column) {
        let before = sql.text[..index].matches('?').count().min(sql.values.len());
        for _ in column.matches('?') {
            sql.values.insert(before, place.clone());
        }
    }
    sql.text = format!("(json_valid(v.value) AND {})", sql.text);
    sql
}

/// `items[0].sku` as a path of SQLite; names are quoted, so that nothing in them has a meaning.
fn json_path(path: &str) -> String {
    let mut out = String::from("$");
    for part in path.split('.') {
        let (name, rest) = match part.find('[') {
            Some(at) => part.split_at(at),
            None => (part, ""),
        };
        if !name.is_empty() {
            out.push_str(&format!(".\"{}\"", name.replace('"', "")));
        }
        for index in rest.split(['[', ']']).filter(|index| !index.is_empty()) {
            match index.parse::<u32>() {
                Ok(index) => out.push_str(&format!("[{index}]")),
                Err(_) => out.push_str(&format!(".\"{}\"", index.replace('"', ""))),
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_cannot_leave_their_quotes() {
        assert_eq!(json_path("total"), "$.\"total\"");
        assert_eq!(json_path("items[0].sku"), "$.\"items\"[0].\"sku\"");
        assert_eq!(json_path("a\"b[x]"), "$.\"ab\".\"x\"");
        assert_eq!(json_path(""), "$");
    }

    #[test]
    fn a_pattern_is_found_by_its_beginning() {
        let of = |pattern: &str| beginning(pattern, Sql::new("")).values;
        let texts = |values: &[&str]| -> Vec<Value> {
            values.iter().map(|text| Value::Text((*text).into())).collect()
        };
        assert_eq!(of("ab*c"), texts(&["ab", "ac"]));
        assert_eq!(of("a\\*b"), texts(&["a", "b"]));
        assert_eq!(of("\u{d7ff}?"), texts(&["\u{d7ff}", "\u{e000}"]));
        assert_eq!(of("?b"), []);
        assert_eq!(of("*"), []);
        let long = "x".repeat(100);
        let end = format!("{}y", "x".repeat(VALUE_HEAD_CHARS - 1));
        assert_eq!(of(&long), texts(&[&long[..VALUE_HEAD_CHARS], &end]));
    }

    #[test]
    fn every_place_of_a_nested_condition_has_its_value() {
        let tests = [
            Test::Eq(Value::Text("1".into())),
            Test::Neq(Value::Text("1".into())),
            Test::Exists(true),
            Test::Gt(Value::Text("1".into())),
            Test::Lt(Value::Text("\"a\"".into())),
            Test::In(vec![Value::Text("1".into()), Value::Text("2".into())]),
            Test::NotIn(vec![Value::Text("1".into())]),
            Test::Like("*a*".into()),
        ];
        for test in tests {
            let sql = nested_value("a.b", &test);
            assert_eq!(sql.text.matches('?').count(), sql.values.len(), "{sql:?}");
        }
    }
}
