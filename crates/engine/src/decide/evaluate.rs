//! Expressions over the variables of a scope.

use value::{Packed, Value};

use crate::compile::{Expr, Mapping};
use crate::decide::Step;
use crate::event::{NamedValue, Text};
use crate::incident::{Failure, IncidentKind};
use crate::key::Key;
use crate::limits::EXPRESSION_FUEL_MAX;
use crate::state::Instance;

/// The variables that `scope` of an instance sees, with some in front of them.
pub(crate) struct Scoped<'a> {
    pub instance: Option<&'a Instance>,
    pub scope: Key,
    pub before: &'a [(Text, Value)],
}

impl feel::Variables for Scoped<'_> {
    fn get(&self, name: &str) -> Option<Value> {
        if let Some((_, value)) = self.before.iter().rev().find(|(n, _)| &**n == name) {
            return Some(value.clone());
        }
        self.instance?.read(self.scope, name, |value| Some(value.to_value()))
    }

    fn get_path(&self, path: &[&str]) -> Option<Value> {
        let (name, rest) = path.split_first()?;
        if self.before.iter().any(|(n, _)| &**n == *name) {
            let first = feel::Variables::get(self, name)?;
            return rest.iter().try_fold(first, |value, step| {
                Some(value.as_context().and_then(|c| c.get(step).cloned()).unwrap_or(Value::Null))
            });
        }
        self.instance?.read(self.scope, name, |value| value.get(rest))
    }

    fn names(&self) -> Vec<String> {
        let before = self.before.iter().map(|(name, _)| name.to_string());
        let seen = self.instance.map(|instance| instance.visible(self.scope)).unwrap_or_default();
        before.chain(seen.iter().map(|(name, _)| name.to_string())).collect()
    }
}

impl Step<'_> {
    pub(crate) fn environment(&self, i: Key) -> feel::Env {
        let seed = (i as u64).rotate_left(32)
            ^ (self.events.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
            ^ self.turn.now as u64;
        feel::Env { fuel: EXPRESSION_FUEL_MAX, ..feel::Env::new(self.turn.now, seed) }
    }

    /// Evaluates over what `scope` sees; the text of the failure names the expression.
    pub fn value(&self, i: Key, scope: Key, expr: &Expr) -> Result<Value, String> {
        self.value_with(i, scope, expr, &[])
    }

    pub fn value_with(
        &self,
        i: Key,
        scope: Key,
        expr: &Expr,
        before: &[(Text, Value)],
    ) -> Result<Value, String> {
        let expression = match expr {
            Expr::Static(text) => return Ok(Value::String(text.clone())),
            Expr::Feel(expression) => expression,
        };
        let instance = match self.state.instance(i) {
            crate::state::Lookup::Hot(instance) => Some(instance),
            crate::state::Lookup::Cold | crate::state::Lookup::Absent => None,
        };
        let scoped = Scoped { instance, scope, before };
        match expression.evaluate(&scoped, &self.environment(i)) {
            Ok(evaluation) => Ok(evaluation.value),
            Err(error) => Err(format!("failed to evaluate '{}': {error}", expression.source())),
        }
    }

    /// As [`Step::value`], with what the evaluator warned of, for messages of incidents.
    pub fn warned(&self, i: Key, scope: Key, expr: &Expr) -> Result<(Value, String), String> {
        self.warned_with(i, scope, expr, &[])
    }

    fn warned_with(
        &self,
        i: Key,
        scope: Key,
        expr: &Expr,
        before: &[(Text, Value)],
    ) -> Result<(Value, String), String> {
        let Expr::Feel(expression) = expr else {
            return Ok((self.value(i, scope, expr)?, String::new()));
        };
        let scoped = Scoped { instance: Some(self.hot(i)), scope, before };
        match expression.evaluate(&scoped, &self.environment(i)) {
            Ok(evaluation) => {
                let warnings: Vec<String> =
                    evaluation.warnings.iter().map(ToString::to_string).collect();
                let text = match warnings.is_empty() {
                    true => String::new(),
                    false => format!(" ({})", warnings.join("; ")),
                };
                Ok((evaluation.value, text))
            }
            Err(error) => Err(format!("failed to evaluate '{}': {error}", expression.source())),
        }
    }

    /// A text that must not be empty: job types, message names.
    pub fn text(&self, i: Key, scope: Key, expr: &Expr, what: &str) -> Result<Text, Failure> {
        let (value, warnings) = self.warned(i, scope, expr).map_err(Failure::extract)?;
        match &value {
            Value::String(text) if !text.is_empty() => Ok(text.clone()),
            other => Err(Failure::extract(format!(
                "expected {what} '{}' to be a non-empty string, but it is {}{warnings}",
                expr.source(),
                describe(other)
            ))),
        }
    }

    /// A correlation key: a string or a number, as text.
    pub fn correlation_key(&self, i: Key, scope: Key, expr: &Expr) -> Result<Text, Failure> {
        let (value, warnings) = self.warned(i, scope, expr).map_err(Failure::extract)?;
        match &value {
            Value::String(text) if !text.is_empty() => Ok(text.clone()),
            Value::Number(number) => Ok(number.to_string().into()),
            other => Err(Failure::extract(format!(
                "expected correlation key '{}' to be a non-empty string or a number, but it is \
                 {}{warnings}",
                expr.source(),
                describe(other)
            ))),
        }
    }

    /// A whole number: retries, priorities.
    pub fn integer(&self, i: Key, scope: Key, expr: &Expr, what: &str) -> Result<i32, Failure> {
        let (value, warnings) = self.warned(i, scope, expr).map_err(Failure::extract)?;
        let number = match &value {
            Value::String(text) => text.trim().parse::<i32>().ok(),
            other => other.as_i64().and_then(|n| i32::try_from(n).ok()),
        };
        number.ok_or_else(|| {
            Failure::extract(format!(
                "expected {what} '{}' to be a whole number, but it is {}{warnings}",
                expr.source(),
                describe(&value)
            ))
        })
    }

    /// `true` or `false`; anything else is a CONDITION_ERROR.
    pub fn condition(&self, i: Key, scope: Key, expr: &Expr) -> Result<bool, Failure> {
        self.holds(i, scope, expr, &[], IncidentKind::ConditionError)
    }

    /// As [`Step::condition`], with some variables in front and another kind of incident.
    pub fn holds(
        &self,
        i: Key,
        scope: Key,
        expr: &Expr,
        before: &[(Text, Value)],
        kind: IncidentKind,
    ) -> Result<bool, Failure> {
        let failed = |message| Failure::new(kind, message);
        let (value, warnings) = self.warned_with(i, scope, expr, before).map_err(failed)?;
        match value {
            Value::Bool(holds) => Ok(holds),
            other => Err(failed(format!(
                "expected condition '{}' to be true or false, but it is {}{warnings}",
                expr.source(),
                describe(&other)
            ))),
        }
    }

    /// Evaluates mappings in order; later sources see earlier targets. A target path merges into
    /// what its first name holds: an earlier target, else `held` (the value that stays otherwise).
    pub fn mapped(
        &self,
        i: Key,
        scope: Key,
        mappings: &[Mapping],
        held: impl Fn(&Text) -> Option<Value>,
    ) -> Result<Vec<NamedValue>, Failure> {
        let failed = |message| Failure::new(IncidentKind::IoMappingError, message);
        let mut targets: Vec<(Text, Value)> = Vec::new();
        for mapping in mappings {
            let source = self.value_with(i, scope, &mapping.source, &targets).map_err(failed)?;
            if matches!(source, Value::Function(_)) {
                return Err(failed(format!(
                    "expected '{}' to give a value, but it gives a function",
                    mapping.source.source()
                )));
            }
            let Some((name, path)) = mapping.target.split_first() else { continue };
            let earlier = targets.iter().position(|(target, _)| target == name);
            let base = match earlier {
                Some(at) => Some(targets.remove(at).1),
                None if path.is_empty() => None,
                None => held(name),
            };
            targets.push((name.clone(), merged(base, path, source)));
        }
        Ok(targets.into_iter().map(|(name, value)| (name, Packed::from_value(&value))).collect())
    }
}

/// `value` at `path` inside `base`, whose other members stay.
fn merged(base: Option<Value>, path: &[Text], value: Value) -> Value {
    let Some((name, rest)) = path.split_first() else { return value };
    let mut context = match base {
        Some(Value::Context(context)) => (*context).clone(),
        _ => value::Context::default(),
    };
    let inner = context.get(name).cloned();
    context.insert(name.clone(), merged(inner, rest, value));
    Value::Context(context.into())
}

/// A value in an error: its type, and the value when it is short.
pub(crate) fn describe(value: &Value) -> String {
    let text = value.to_string();
    match value {
        Value::Null => "null".to_owned(),
        _ if text.chars().count() <= 80 => format!("{} {text}", value.type_name()),
        _ => value.type_name().to_owned(),
    }
}

/// The text of a value where a text may also be given as a temporal value.
pub(crate) fn text_of(value: &Value) -> Option<Text> {
    match Packed::from_value(value).to_value() {
        Value::String(text) => Some(text),
        _ => None,
    }
}
