//! Filters as conditions of SQL.

use super::field::{Entity, Field, Kind};
use super::filter::{Condition, Filter, Test, Value, VariableTest, fits, like};
use crate::limits::VALUE_HEAD_CHARS;
use crate::names::Names;

/// A condition with the values of its places.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Sql {
    pub text: String,
    pub values: Vec<Value>,
}

impl Sql {
    pub fn new(text: impl Into<String>) -> Sql {
        Sql { text: text.into(), values: Vec::new() }
    }

    pub fn with(text: impl Into<String>, values: impl IntoIterator<Item = Value>) -> Sql {
        Sql { text: text.into(), values: values.into_iter().collect() }
    }

    pub fn push(&mut self, other: Sql) {
        self.text.push_str(&other.text);
        self.values.extend(other.values);
    }

    pub fn push_str(&mut self, text: &str) {
        self.text.push_str(text);
    }
}

/// How conditions are written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Writing<'a> {
    pub entity: &'a Entity,
    /// Columns that may be looked up by index; the others are hidden from the planner, because
    /// the order of the page is worth more. `None`: all may.
    pub indexed: Option<&'a [&'a str]>,
    /// Selections inside other tables that give few rows: they are looked up first.
    pub few: &'a [Few],
}

/// A selection inside another table, and the keys that it gives, as a list of JSON.
#[derive(Debug, Clone)]
pub(crate) struct Few {
    pub sql: Sql,
    pub keys: Value,
}

impl Writing<'_> {
    /// The filter, with the rows that there are.
    pub fn filter(&self, filter: &Filter) -> Sql {
        let mut sql = self.one(filter);
        if !self.entity.base.is_empty() {
            sql.text = format!("{} AND {}", self.entity.base, sql.text);
        }
        sql
    }

    fn one(&self, filter: &Filter) -> Sql {
        match filter {
            Filter::All(list) => self.all(list),
            Filter::Any(list) if list.is_empty() => Sql::new("1 = 0"),
            Filter::Any(list) => joined(list.iter().map(|one| self.one(one)), " OR "),
            Filter::Is(condition) => self.all(std::slice::from_ref(&Filter::Is(condition.clone()))),
            Filter::Variable(test) => self.inner(&variable(self.entity, test)),
        }
    }

    fn all(&self, list: &[Filter]) -> Sql {
        let mut parts = Vec::new();
        for inside in groups(list) {
            parts.push(self.inner(&inside));
        }
        for filter in list {
            match filter {
                Filter::Is(condition) if !condition.field.inside.is_empty() => {}
                Filter::Is(condition) => parts.push(condition.sql(&self.column(condition.field))),
                Filter::All(_) | Filter::Any(_) | Filter::Variable(_) => {
                    parts.push(self.one(filter));
                }
            }
        }
        if parts.is_empty() {
            return Sql::new("1 = 1");
        }
        joined(parts.into_iter(), " AND ")
    }

    fn inner(&self, inside: &Inside) -> Sql {
        let key = self.entity.key;
        if let Some(few) = self.few.iter().find(|few| few.sql == inside.sql) {
            let text = format!("{key} IN (SELECT value FROM json_each(?))");
            return Sql::with(text, [few.keys.clone()]);
        }
        let mut sql = inside.sql.clone();
        sql.text = format!("EXISTS ({} AND {} = {key})", inside.sql.text, inside.key);
        sql
    }

    fn column(&self, field: &Field) -> String {
        match self.indexed {
            Some(indexed) if !indexed.contains(&field.sql) => format!("+{}", field.sql),
            Some(_) | None => field.sql.to_owned(),
        }
    }
}

/// A selection of keys inside another table.
#[derive(Debug, Clone)]
pub(crate) struct Inside {
    /// `SELECT x.instance FROM … WHERE …`
    pub sql: Sql,
    /// What it selects.
    pub key: String,
}

/// All selections of a filter, wherever they stand in it.
pub(crate) fn insides(entity: &Entity, filter: &Filter) -> Vec<Inside> {
    match filter {
        Filter::All(list) => {
            let mut found = groups(list);
            let deeper = list.iter().filter(|one| !matches!(one, Filter::Is(_)));
            found.extend(deeper.flat_map(|one| insides(entity, one)));
            found
        }
        Filter::Any(list) => list.iter().flat_map(|one| insides(entity, one)).collect(),
        Filter::Is(condition) => groups(std::slice::from_ref(&Filter::Is(condition.clone()))),
        Filter::Variable(test) => vec![variable(entity, test)],
    }
}

/// Conditions on the same selection are one selection.
fn groups(list: &[Filter]) -> Vec<Inside> {
    let mut groups: Vec<(&'static str, Sql)> = Vec::new();
    for filter in list {
        let Filter::Is(condition) = filter else { continue };
        let inside = condition.field.inside;
        if inside.is_empty() {
            continue;
        }
        let mut sql = condition.sql(condition.field.sql);
        sql.text.insert_str(0, " AND ");
        match groups.iter_mut().find(|(known, _)| *known == inside) {
            Some((_, group)) => group.push(sql),
            None => groups.push((inside, sql)),
        }
    }
    let whole = |(inside, conditions): (&str, Sql)| {
        let mut sql = Sql::new(inside);
        sql.push(conditions);
        Inside { key: selected(inside), sql }
    };
    groups.into_iter().map(whole).collect()
}

/// The column that a selection gives.
fn selected(inside: &str) -> String {
    inside.split_whitespace().nth(1).unwrap_or_default().to_owned()
}

fn joined(parts: impl Iterator<Item = Sql>, with: &str) -> Sql {
    let mut whole = Sql::new("(");
    for (at, part) in parts.enumerate() {
        if at > 0 {
            whole.push_str(with);
        }
        whole.push(part);
    }
    whole.push_str(")");
    whole
}

impl Condition {
    fn sql(&self, column: &str) -> Sql {
        match (self.field.kind, &self.test) {
            (Kind::Name(names), test) => named(column, names, self.field.nullable, test),
            (Kind::Tags, Test::In(tags)) => {
                let one = |tag: &Value| match tag {
                    Value::Text(tag) => {
                        let pattern = format!("%|{}|%", escaped(tag));
                        let text = format!("{column} LIKE ? ESCAPE '\\'");
                        Sql::with(text, [Value::Text(pattern)])
                    }
                    Value::Null | Value::Int(_) | Value::Real(_) => Sql::new("1 = 0"),
                };
                let all = std::iter::once(Sql::new("1 = 1")).chain(tags.iter().map(one));
                joined(all, " AND ")
            }
            (Kind::Member, test) => member(column, test),
            // As it stands, so that an index over the rows with the flag is found.
            (Kind::Flag, Test::Eq(Value::Int(1))) => Sql::new(column),
            (Kind::Flag, Test::Eq(_)) => Sql::new(format!("NOT {column}")),
            (_, test) => plain(column, test),
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// `|a|b|`: holds for one of the names; `not` for all of them.
fn member(column: &str, test: &Test) -> Sql {
    let any = |test: &Test| {
        let mut sql = plain("value", test);
        sql.text = format!(
            "EXISTS (SELECT 1 FROM json_each('[\"' || replace(replace(replace(trim({column}, \
             '|'), '\\', '\\\\'), '\"', '\\\"'), '|', '\",\"') || '\"]') WHERE {})",
            sql.text
        );
        sql
    };
    let none = |test: &Test| {
        let mut sql = any(test);
        sql.text.insert_str(0, "NOT ");
        sql
    };
    match test {
        Test::Exists(_) => plain(column, test),
        Test::Neq(value) => none(&Test::Eq(value.clone())),
        Test::NotIn(values) => none(&Test::In(values.clone())),
        Test::Eq(_)
        | Test::Gt(_)
        | Test::Gte(_)
        | Test::Lt(_)
        | Test::Lte(_)
        | Test::In(_)
        | Test::Like(_) => any(test),
    }
}

fn plain(column: &str, test: &Test) -> Sql {
    let compare =
        |with: &str, value: &Value| Sql::with(format!("{column} {with} ?"), [value.clone()]);
    match test {
        Test::Eq(value) => compare("=", value),
        // What is not there is not equal either. Each part has its place in an index.
        Test::Neq(value) => {
            let text = format!("({column} < ? OR {column} > ? OR {column} IS NULL)");
            Sql::with(text, [value.clone(), value.clone()])
        }
        Test::Exists(true) => Sql::new(format!("{column} IS NOT NULL")),
        Test::Exists(false) => Sql::new(format!("{column} IS NULL")),
        Test::Gt(value) => compare(">", value),
        Test::Gte(value) => compare(">=", value),
        Test::Lt(value) => compare("<", value),
        Test::Lte(value) => compare("<=", value),
        Test::In(values) => {
            Sql::with(format!("{column} IN ({})", places(values.len())), values.clone())
        }
        Test::NotIn(values) => {
            let list = places(values.len());
            let text = format!("({column} NOT IN ({list}) OR {column} IS NULL)");
            Sql::with(text, values.clone())
        }
        Test::Like(pattern) => {
            let text = format!("{column} LIKE ? ESCAPE '\\'");
            Sql::with(text, [Value::Text(like(pattern))])
        }
    }
}

pub(crate) fn places(count: usize) -> String {
    vec!["?"; count].join(",")
}

/// Names are numbers in the tables; a pattern is the list of the names that fit it, and what is
/// not asked for is the list of the others.
fn named(column: &str, names: Names, nullable: bool, test: &Test) -> Sql {
    let but = |values: &[Value]| listed(names, |number, _| !values.contains(&Value::Int(number)));
    match test {
        Test::Like(pattern) => plain(column, &listed(names, |_, name| fits(pattern, name))),
        Test::Neq(value) if !nullable => plain(column, &but(std::slice::from_ref(value))),
        Test::NotIn(values) if !nullable => plain(column, &but(values)),
        Test::Eq(_)
        | Test::Neq(_)
        | Test::Exists(_)
        | Test::Gt(_)
        | Test::Gte(_)
        | Test::Lt(_)
        | Test::Lte(_)
        | Test::In(_)
        | Test::NotIn(_) => plain(column, test),
    }
}

fn listed(names: Names, wanted: impl Fn(i64, &str) -> bool) -> Test {
    let fitting = (0..).zip(names).filter(|(number, name)| wanted(*number, name));
    Test::In(fitting.map(|(number, _)| Value::Int(number)).collect())
}

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
    let absent = test.tests.contains(&Test::Exists(false));
    for one in &test.tests {
        sql.push_str(" AND ");
        sql.push(match &test.path {
            None => whole_value(one),
            Some(path) => nested_value(path, one),
        });
    }
    if absent && test.path.is_none() {
        // No row can say that it is not there.
        let name = Value::Text(test.name.clone());
        let (table, place) = match entity.from {
            "user_task u" if test.local => ("user_task", "v.scope = i2.element"),
            "user_task u" => ("user_task", "v.instance = i2.instance"),
            _ => ("process_instance", "v.instance = i2.key"),
        };
        let text = format!(
            "SELECT i2.key FROM {table} i2 WHERE NOT EXISTS \
             (SELECT 1 FROM variable v WHERE {place} AND v.name = ?)"
        );
        return Inside { sql: Sql::with(text, [name]), key: "i2.key".to_owned() };
    }
    Inside { sql, key: key.to_owned() }
}

/// The JSON text, found by its beginning; ranges by the number.
fn whole_value(test: &Test) -> Sql {
    let equal = |value: &Value| match value {
        Value::Text(text) => {
            let head: String = text.chars().take(VALUE_HEAD_CHARS).collect();
            let values = [Value::Text(head), value.clone()];
            Sql::with("(v.head = ? AND v.value = ?)", values)
        }
        Value::Null | Value::Int(_) | Value::Real(_) => Sql::new("1 = 0"),
    };
    match test {
        Test::Eq(value) => equal(value),
        // Two lists rather than pairs: the value tells the head, and a chain of a thousand pairs
        // is deeper than the store takes.
        Test::In(values) => {
            let text = |value: &Value| match value {
                Value::Text(text) => Some(text.clone()),
                Value::Null | Value::Int(_) | Value::Real(_) => None,
            };
            let texts: Vec<String> = values.iter().filter_map(text).collect();
            let head = |text: &String| Value::Text(text.chars().take(VALUE_HEAD_CHARS).collect());
            let mut sql = Sql::new("(");
            sql.push(plain("v.head", &Test::In(texts.iter().map(head).collect())));
            sql.push_str(" AND ");
            sql.push(plain("v.value", &Test::In(texts.into_iter().map(Value::Text).collect())));
            sql.push_str(")");
            sql
        }
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
        Test::Neq(_) | Test::NotIn(_) | Test::Like(_) => plain("v.value", test),
    }
}

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
    let mut sql = match test {
        Test::Gt(value) | Test::Gte(value) | Test::Lt(value) | Test::Lte(value) => {
            let column = if column_of(value) == "v.number" { number } else { json };
            let mut sql = plain(column, &unquoted(test, value));
            let kinds = if column == number { "'integer', 'real'" } else { "'text'" };
            sql.text.insert_str(0, &format!("json_type(v.value, ?) IN ({kinds}) AND "));
            sql.values.insert(0, place.clone());
            sql
        }
        Test::Eq(_)
        | Test::Neq(_)
        | Test::Exists(_)
        | Test::In(_)
        | Test::NotIn(_)
        | Test::Like(_) => plain(json, test),
    };
    // `plain` names its column once or twice; each has a place for the path, before its values.
    let column = if sql.text.contains(number) { number } else { json };
    for (index, _) in sql.text.clone().match_indices(column) {
        let before = sql.text[..index].matches('?').count();
        sql.values.insert(before.min(sql.values.len()), place.clone());
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
