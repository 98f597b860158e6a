//! Item definitions, compiled: checking and converting values by them.

use crate::limits::{CONFORM_FUEL, TYPE_PARTS_MAX};
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
        self.structure_within(&mut { TYPE_PARTS_MAX })
    }

    /// Types that are shared occur in full at each place: two of two of two … are many.
    fn structure_within(&self, left: &mut usize) -> Type {
        *left = left.saturating_sub(1);
        if *left == 0 {
            return Type::Any;
        }
        let single = match &self.base {
            Base::Simple(simple) => simple.clone(),
            Base::Named(named) => named.structure_within(left),
            Base::Components(components) => {
                let entry = |(name, own): &(Arc<str>, Arc<ItemType>)| {
                    (name.clone(), own.structure_within(left))
                };
                Type::Context(components.iter().map(entry).collect())
            }
        };
        if self.is_collection { Type::List(Box::new(single)) } else { single }
    }

    /// The value as this type wants it (DMN 1.5, 10.3.2.9.4), or why it is none of this type.
    pub(crate) fn conform(
        &self,
        value: Value,
        env: &Env,
        budget: &Budget,
    ) -> Result<Value, String> {
        if value.is_null() {
            return Ok(value);
        }
        budget.spend(CONFORM_FUEL).map_err(|error| error.message().to_owned())?;
        let conforming = match (&value, self.is_collection) {
            (Value::List(list), true) => {
                let items = list.iter().map(|item| self.conform_one(item.clone(), env, budget));
                Value::list(items.collect::<Result<_, String>>()?)
            }
            (_, true) => Value::list(vec![self.conform_one(value, env, budget)?]),
            // One value may stand in a list of it, but not in a list of such a list.
            // A type that only names another leaves that to it.
            (Value::List(list), false) if list.len() == 1 && !self.is_alias() => {
                let whole = self.conform_one(value.clone(), env, budget);
                whole.or_else(|_| self.conform_one(list[0].clone(), env, budget))?
            }
            (_, false) => self.conform_one(value, env, budget)?,
        };
        match &self.constraint {
            Some(constraint) => self.test(constraint, conforming, env, budget),
            None => Ok(conforming),
        }
    }

    /// Whether a single value is one of it as it stands; most are, and need not be moved about.
    pub(crate) fn is_met_by(&self, value: &Value) -> bool {
        match (&self.base, value) {
            (_, Value::List(_) | Value::Context(_) | Value::Range(_) | Value::Function(_)) => false,
            (Base::Simple(simple), value) => {
                !self.is_collection
                    && self.allowed.is_none()
                    && self.constraint.is_none()
                    && simple.allows(value)
            }
            (Base::Named(_) | Base::Components(_), _) => false,
        }
    }

    /// The type of the language, if it is one and no list.
    pub(crate) fn plain(&self) -> Option<&Type> {
        match &self.base {
            _ if self.is_collection => None,
            Base::Simple(Type::Any) | Base::Components(_) => None,
            Base::Simple(simple) => Some(simple),
            Base::Named(named) => named.plain(),
        }
    }

    /// Whether it is another single type under a name of its own.
    fn is_alias(&self) -> bool {
        matches!(&self.base, Base::Named(named) if !named.is_collection)
    }

    fn conform_one(&self, value: Value, env: &Env, budget: &Budget) -> Result<Value, String> {
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
            Base::Named(named) => named.conform(value, env, budget)?,
            Base::Components(components) => {
                self.conform_context(components, &value, env, budget)?
            }
        };
        match &self.allowed {
            Some(allowed) => self.test(allowed, conforming, env, budget),
            None => Ok(conforming),
        }
    }

    fn conform_context(
        &self,
        components: &[(Arc<str>, Arc<ItemType>)],
        value: &Value,
        env: &Env,
        budget: &Budget,
    ) -> Result<Value, String> {
        let Value::Context(context) = value else { return Err(self.refusal(value)) };
        let mut conforming: Context = (**context).clone();
        for (name, component) in components {
            let Some(entry) = context.get(name) else {
                return Err(format!("{} without the entry '{name}'", self.refusal(value)));
            };
            conforming.insert(name.clone(), component.conform(entry.clone(), env, budget)?);
        }
        Ok(Value::from(conforming))
    }

    fn test(
        &self,
        tests: &UnaryTests,
        value: Value,
        env: &Env,
        budget: &Budget,
    ) -> Result<Value, String> {
        let verdict = tests.evaluate_within(&value, &(), env, budget);
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
