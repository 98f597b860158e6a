//! Filters as conditions of SQL.

use super::field::{Entity, Field, Kind};
use super::filter::{Condition, Filter, Test, Value, fits, like};
use super::variable::{absent, lacking, variable};
use crate::names::Names;

const WHERE: &str = " WHERE ";
const JOIN: &str = " LEFT JOIN ";

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
            Filter::Variable(test) => match absent(self.entity, test) {
                Some(absent) => self.looked_up(&absent).unwrap_or(absent),
                None => self.inner(&variable(self.entity, test)),
            },
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

    /// What gives few rows, as a list of their keys.
    fn looked_up(&self, sql: &Sql) -> Option<Sql> {
        let few = self.few.iter().find(|few| few.sql == *sql)?;
        let text = format!("{} IN (SELECT value FROM json_each(?))", self.entity.key);
        Some(Sql::with(text, [few.keys.clone()]))
    }

    fn inner(&self, inside: &Inside) -> Sql {
        let key = self.entity.key;
        if let Some(known) = self.looked_up(&inside.sql) {
            return known;
        }
        let mut sql = inside.sql.clone();
        let (head, conditions) = sql.text.split_once(WHERE).unwrap_or((&sql.text, "1 = 1"));
        let conditions = hidden(conditions);
        sql.text = format!("EXISTS ({head}{WHERE}{conditions} AND {} = {key})", inside.key);
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
        Filter::Variable(test) if absent(entity, test).is_some() => Vec::new(),
        Filter::Variable(test) => vec![variable(entity, test)],
    }
}

/// Conditions that a variable is not there, wherever they stand in a filter, with the selection of
/// the rows that they hold for.
pub(crate) fn absences(entity: &Entity, filter: &Filter) -> Vec<(Sql, Sql)> {
    match filter {
        Filter::All(list) | Filter::Any(list) => {
            list.iter().flat_map(|one| absences(entity, one)).collect()
        }
        Filter::Is(_) => Vec::new(),
        Filter::Variable(test) => {
            absent(entity, test).zip(lacking(entity, test)).into_iter().collect()
        }
    }
}

/// Does the filter ask for nothing but this selection?
pub(crate) fn is_only(entity: &Entity, filter: &Filter) -> bool {
    let Filter::All(list) = filter else { return false };
    let alone = match &list[..] {
        [Filter::Variable(test)] => absent(entity, test).is_none(),
        list => {
            let inside =
                |one: &Filter| matches!(one, Filter::Is(it) if !it.field.inside.is_empty());
            list.iter().all(inside) && groups(list).len() == 1
        }
    };
    alone && entity.base.is_empty()
}

/// Conditions whose columns the planner may not look up: without figures of the tables it takes
/// the index of a name that all rows have for as good as that of the row they belong to, and walks
/// it for each of them.
fn hidden(conditions: &str) -> String {
    let mut out = String::with_capacity(conditions.len() + 16);
    let (mut quoted, mut word) = (false, None);
    for letter in conditions.chars() {
        quoted ^= letter == '\'';
        match (letter, word) {
            ('.', Some(at)) if !quoted => {
                out.insert(at, '+');
                word = None;
            }
            (letter, None) if letter.is_ascii_alphabetic() => word = Some(out.len()),
            (letter, Some(_)) if letter.is_ascii_alphanumeric() || letter == '_' => {}
            _ => word = None,
        }
        out.push(letter);
    }
    out
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
        let mut sql = Sql::new(without_join(inside, &conditions.text));
        sql.push(conditions);
        Inside { key: selected(inside), sql }
    };
    groups.into_iter().map(whole).collect()
}

/// A selection without the table that nothing is asked of.
fn without_join(inside: &str, conditions: &str) -> String {
    let parts = inside.split_once(" JOIN ").and_then(|(head, rest)| {
        let (join, tail) = rest.split_once(WHERE)?;
        Some((head, join.split_whitespace().nth(1)?, tail))
    });
    match parts {
        Some((head, alias, tail)) if !speaks_of(conditions, alias) => {
            format!("{head}{WHERE}{tail}")
        }
        Some(_) | None => inside.to_owned(),
    }
}

/// The column that a selection gives.
fn selected(inside: &str) -> String {
    inside.split_whitespace().nth(1).unwrap_or_default().to_owned()
}

/// The joins that conditions or an order speak of, or that such a join does: the store leaves out
/// the others only where nothing at all stands behind them.
pub(super) fn joins(entity: &Entity, rest: &str) -> String {
    let mut wanted = String::new();
    for join in entity.joins.split(JOIN).skip(1).collect::<Vec<_>>().into_iter().rev() {
        let alias = join.split_whitespace().nth(1).unwrap_or_default();
        if speaks_of(rest, alias) || speaks_of(&wanted, alias) {
            wanted.insert_str(0, &format!("{JOIN}{}", join.trim_end()));
        }
    }
    wanted
}

/// Does `alias.` stand in the text?
fn speaks_of(text: &str, alias: &str) -> bool {
    let part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    text.match_indices(&format!("{alias}.")).any(|(at, _)| !text[..at].ends_with(part))
}

pub(super) fn joined(parts: impl Iterator<Item = Sql>, with: &str) -> Sql {
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
            (_, Test::Exists(false)) if self.field.is_always_there() => Sql::new("1 = 0"),
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

pub(super) fn plain(column: &str, test: &Test) -> Sql {
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
