//! Filters: conditions on fields, joined by AND and OR.

use super::field::{Entity, Field, Kind};
use crate::error::{Error, Result};
use crate::limits::{CONDITIONS_MAX, FILTER_VALUES_MAX, LIST_VALUES_MAX, VALUE_CHARS_MAX};

/// Which rows of a list are asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// All hold; the empty one is everything.
    All(Vec<Filter>),
    /// One holds; the empty one is nothing.
    Any(Vec<Filter>),
    Is(Condition),
    Variable(VariableTest),
}

/// A condition on one field.
#[derive(Debug, Clone)]
pub struct Condition {
    pub field: &'static Field,
    pub test: Test,
}

impl PartialEq for Condition {
    fn eq(&self, other: &Condition) -> bool {
        self.field.name == other.field.name && self.test == other.test
    }
}

/// Conditions on one variable of an instance, in any of its scopes, or of a user task's own.
/// Values are JSON texts.
#[derive(Debug, Clone, PartialEq)]
pub struct VariableTest {
    pub name: String,
    /// Where inside the value: `total`, `items[0].sku`; the whole value without.
    pub path: Option<String>,
    /// In the scope of the user task alone.
    pub local: bool,
    /// All hold.
    pub tests: Vec<Test>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    Eq(Value),
    Neq(Value),
    Exists(bool),
    Gt(Value),
    Gte(Value),
    Lt(Value),
    Lte(Value),
    In(Vec<Value>),
    NotIn(Vec<Value>),
    /// `*` stands for any text, `?` for one character, a backslash takes their meaning away.
    Like(String),
}

/// A value as the tables hold it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Int(i64),
    Real(f64),
    Text(String),
}

impl Default for Filter {
    fn default() -> Filter {
        Filter::All(Vec::new())
    }
}

impl Filter {
    /// A condition on a field by its name.
    ///
    /// # Errors
    /// When the list has no such field, or it cannot be asked in this way; the text says what can.
    pub fn field(entity: &Entity, name: &str, test: Test) -> Result<Filter> {
        let field = entity.filtered(name).ok_or_else(|| unknown(entity, name))?;
        Ok(Filter::Is(Condition { field, test }))
    }

    /// The same with lists of AND inside lists of AND made one: what stands beside each other is
    /// seen beside each other, above all conditions on one row of another table.
    pub(crate) fn flat(&self) -> Filter {
        match self {
            Filter::All(list) => {
                let mut all = Vec::with_capacity(list.len());
                for one in list {
                    match one.flat() {
                        Filter::All(inner) => all.extend(inner),
                        other => all.push(other),
                    }
                }
                Filter::All(all)
            }
            Filter::Any(list) => Filter::Any(list.iter().map(Filter::flat).collect()),
            Filter::Is(_) | Filter::Variable(_) => self.clone(),
        }
    }

    pub(crate) fn check(&self) -> Result<()> {
        let count = self.count();
        if count > CONDITIONS_MAX {
            let text = format!("expected at most {CONDITIONS_MAX} conditions, but got {count}");
            return Err(Error::query(text));
        }
        let values = self.listed();
        if values > FILTER_VALUES_MAX {
            return Err(Error::query(format!(
                "expected at most {FILTER_VALUES_MAX} values in all lists of the filter together, \
                 but got {values}"
            )));
        }
        self.check_values()
    }

    /// Values in its lists.
    fn listed(&self) -> usize {
        let of_test = |test: &Test| match test {
            Test::In(list) | Test::NotIn(list) => list.len(),
            Test::Eq(_)
            | Test::Neq(_)
            | Test::Exists(_)
            | Test::Gt(_)
            | Test::Gte(_)
            | Test::Lt(_)
            | Test::Lte(_)
            | Test::Like(_) => 0,
        };
        match self {
            Filter::All(list) | Filter::Any(list) => list.iter().map(Filter::listed).sum(),
            Filter::Is(condition) => of_test(&condition.test),
            Filter::Variable(test) => test.tests.iter().map(of_test).sum(),
        }
    }

    fn count(&self) -> usize {
        match self {
            Filter::All(list) | Filter::Any(list) => list.iter().map(Filter::count).sum(),
            Filter::Is(_) => 1,
            Filter::Variable(test) => test.tests.len().max(1),
        }
    }

    fn check_values(&self) -> Result<()> {
        match self {
            Filter::All(list) | Filter::Any(list) => list.iter().try_for_each(Filter::check_values),
            Filter::Is(condition) => condition.test.check(condition.field.name),
            Filter::Variable(test) => test.tests.iter().try_for_each(|one| one.check("variables")),
        }
    }
}

fn unknown(entity: &Entity, name: &str) -> Error {
    let allowed = entity.filter_names().join(", ");
    Error::query(format!(
        "expected a filter of {} by one of [{allowed}], but got '{name}'",
        entity.name
    ))
}

impl Test {
    fn check(&self, name: &str) -> Result<()> {
        let values = match self {
            Test::In(list) | Test::NotIn(list) => list.as_slice(),
            Test::Eq(value)
            | Test::Neq(value)
            | Test::Gt(value)
            | Test::Gte(value)
            | Test::Lt(value)
            | Test::Lte(value) => std::slice::from_ref(value),
            Test::Exists(_) => &[],
            Test::Like(text) => return length(name, text),
        };
        if values.len() > LIST_VALUES_MAX {
            let count = values.len();
            let text = format!("expected at most {LIST_VALUES_MAX} values, but got {count}");
            return Err(Error::query(format!("{name}: {text}")));
        }
        values.iter().try_for_each(|value| match value {
            Value::Text(text) => length(name, text),
            Value::Null | Value::Int(_) | Value::Real(_) => Ok(()),
        })
    }
}

fn length(name: &str, text: &str) -> Result<()> {
    if text.len() <= VALUE_CHARS_MAX {
        return Ok(());
    }
    let got = text.len();
    Err(Error::query(format!(
        "{name}: expected at most {VALUE_CHARS_MAX} bytes, but the value has {got}"
    )))
}

/// Does a name fit the pattern of a `$like`?
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where the last `*` stood, and what it has swallowed up to now.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        let escaped = pattern.get(p) == Some(&'\\') && p + 1 < pattern.len();
        let wanted = if escaped { pattern.get(p + 1) } else { pattern.get(p) };
        if !escaped && wanted == Some(&'*') {
            star = Some((p, t));
            p += 1;
        } else if wanted == text.get(t) || (!escaped && wanted == Some(&'?')) {
            p += 1 + usize::from(escaped);
            t += 1;
        } else if let Some((at, swallowed)) = star {
            star = Some((at, swallowed + 1));
            (p, t) = (at + 1, swallowed + 1);
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// The pattern of a `$like` in the notation of SQL, escaped by a backslash.
pub(crate) fn like(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 4);
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '*' => out.push('%'),
            '?' => out.push('_'),
            '%' | '_' => out.extend(['\\', c]),
            '\\' => match chars.next() {
                Some(next @ ('%' | '_' | '\\')) => out.extend(['\\', next]),
                Some(next) => out.push(next),
                None => out.push_str("\\\\"),
            },
            other => out.push(other),
        }
    }
    out
}

impl Kind {
    /// The operators that a filter of this kind takes, as clients write them.
    pub fn operators(self) -> &'static [&'static str] {
        match self {
            Kind::Key => &["$eq", "$neq", "$exists", "$in", "$notIn"],
            Kind::Text | Kind::Member | Kind::Name(_) => {
                &["$eq", "$neq", "$exists", "$in", "$notIn", "$like"]
            }
            Kind::Int | Kind::Date => {
                &["$eq", "$neq", "$exists", "$gt", "$gte", "$lt", "$lte", "$in", "$notIn"]
            }
            Kind::Flag | Kind::Tags | Kind::Json => &[],
            Kind::Variables => {
                &["$eq", "$neq", "$exists", "$gt", "$gte", "$lt", "$lte", "$in", "$notIn", "$like"]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_as_documented() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abbd", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("a\\*c", "a*c", true),
            ("a\\*c", "abc", false),
            ("*b*", "abc", true),
            ("", "", true),
            ("", "a", false),
            ("\\", "\\", true),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_pattern_means_the_same_in_sql() {
        assert_eq!(like("a*b?c"), "a%b_c");
        assert_eq!(like("100%_"), "100\\%\\_");
        assert_eq!(like("a\\*b\\\\"), "a*b\\\\");
        assert_eq!(like("\\"), "\\\\");
    }
}
