//! Item definitions, compiled: checking and converting values by them.

use feel::{Budget, Env, Type, UnaryTests};
use std::sync::Arc;
use value::{Context, Value};

/// A type of a model, DMN 1.5, 7.3.2.
#[derive(Debug)]
pub(crate) struct ItemType {
    pub(crate) name: Arc<str>,
    pub(crate) is_collection: bool,
    pub(crate) base: Base,
    /// A test of a value, or of each item of a collection.
    pub(crate) allowed: Option<UnaryTests>,
    /// A test of the whole.
    pub(crate) constraint: Option<UnaryTests>,
}

#[derive(Debug)]
pub(crate) enum Base {
    Simple(Type),
    Named(Arc<ItemType>),
    Components(Vec<(Arc<str>, Arc<ItemType>)>),
}

impl ItemType {
    pub(crate) fn simple(name: &str, base: Type) -> ItemType {
        let base = Base::Simple(base);
        ItemType { name: name.into(), is_collection: false, base, allowed: None, constraint: None }
    }

    /// The structure as a FEEL type, for `instance of` and function parameters.
    pub(crate) fn structure(&self) -> Type {
        let single = match &self.base {
            Base::Simple(simple) => simple.clone(),
            Base::Named(named) => named.structure(),
            Base::Components(components) => {
                let entries = components.iter();
                Type::Context(entries.map(|(name, own)| (name.clone(), own.structure())).collect())
            }
        };
        if self.is_collection { Type::List(Box::new(single)) } else { single }
    }

    /// The value as this type wants it (DMN 1.5, 10.3.2.9.4), or why it is none of this type.
    pub(crate) fn conform(&self, value: Value, env: &Env) -> Result<Value, String> {
        if value.is_null() {
            return Ok(value);
        }
        let conforming = match (&value, self.is_collection) {
            (Value::List(list), true) => {
                let items = list.iter().map(|item| self.conform_one(item.clone(), env));
                Value::list(items.collect::<Result<_, String>>()?)
            }
            (_, true) => Value::list(vec![self.conform_one(value, env)?]),
            // One value may stand in a list of it, but not in a list of such a list.
            (Value::List(list), false) if list.len() == 1 => {
                let whole = self.conform_one(value.clone(), env);
                whole.or_else(|_| self.conform_one(list[0].clone(), env))?
            }
            (_, false) => self.conform_one(value, env)?,
        };
        match &self.constraint {
            Some(constraint) => self.test(constraint, conforming, env),
            None => Ok(conforming),
        }
    }

    fn conform_one(&self, value: Value, env: &Env) -> Result<Value, String> {
        if value.is_null() {
            return Ok(value);
        }
        let conforming = match &self.base {
            Base::Simple(Type::Any) => value,
            Base::Simple(simple) if simple.allows(&value) => value,
            Base::Simple(simple) => match (simple, &value) {
                (Type::DateTime, Value::Date(_)) => {
                    simple.coerce(value).map_err(|value| self.refusal(&value))?
                }
                _ => return Err(self.refusal(&value)),
            },
            Base::Named(named) => named.conform(value, env)?,
            Base::Components(components) => self.conform_context(components, &value, env)?,
        };
        match &self.allowed {
            Some(allowed) => self.test(allowed, conforming, env),
            None => Ok(conforming),
        }
    }

    fn conform_context(
        &self,
        components: &[(Arc<str>, Arc<ItemType>)],
        value: &Value,
        env: &Env,
    ) -> Result<Value, String> {
        let Value::Context(context) = value else { return Err(self.refusal(value)) };
        let mut conforming: Context = (**context).clone();
        for (name, component) in components {
            let Some(entry) = context.get(name) else {
                return Err(format!("{} without the entry '{name}'", self.refusal(value)));
            };
            conforming.insert(name.clone(), component.conform(entry.clone(), env)?);
        }
        Ok(Value::from(conforming))
    }

    fn test(&self, tests: &UnaryTests, value: Value, env: &Env) -> Result<Value, String> {
        let verdict = tests.evaluate_within(&value, &(), env, &Budget::new(env));
        match verdict {
            Ok(evaluation) if evaluation.value == Value::Bool(true) => Ok(value),
            Ok(_) => Err(format!(
                "expected a value allowed by '{}', but found {}",
                tests.source(),
                short(&value)
            )),
            Err(error) => Err(error.to_string()),
        }
    }

    fn refusal(&self, value: &Value) -> String {
        format!("expected a value of type {}, but found {}", self.name, short(value))
    }
}

/// A value for a message, without what does not fit there.
pub(crate) fn short(value: &Value) -> String {
    if value.weight() > 50 {
        return format!("a {}", value.type_name());
    }
    let text = value.to_string();
    match text.char_indices().nth(100) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
