//! Where an expression finds its variables.

use crate::limits::SUGGESTIONS_MAX;
use value::{Context, Value};

/// Variables by name. Implementations may keep them in any form and decode what is asked for.
pub trait Variables {
    /// The variable with that name.
    fn get(&self, name: &str) -> Option<Value>;

    /// What a path from a variable leads to: the variable, then entries of contexts. `None` if
    /// some step does not exist or is no context; the caller then reads step by step to say which.
    fn get_path(&self, path: &[&str]) -> Option<Value> {
        let (root, members) = path.split_first()?;
        let mut value = self.get(root)?;
        for member in members {
            let next = value.as_context()?.get(member)?.clone();
            value = next;
        }
        Some(value)
    }

    /// Names that there are, to suggest one where a name is not found. A few are enough.
    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Follows a path without cloning what is passed on the way.
fn follow(root: &Value, members: &[&str]) -> Option<Value> {
    let mut value = root;
    for member in members {
        value = value.as_context()?.get(member)?;
    }
    Some(value.clone())
}

impl Variables for () {
    fn get(&self, _name: &str) -> Option<Value> {
        None
    }
}

impl Variables for Context {
    fn get(&self, name: &str) -> Option<Value> {
        Context::get(self, name).cloned()
    }

    fn get_path(&self, path: &[&str]) -> Option<Value> {
        let (root, members) = path.split_first()?;
        follow(Context::get(self, root)?, members)
    }

    fn names(&self) -> Vec<String> {
        self.iter().map(|(name, _)| name.to_string()).take(SUGGESTIONS_MAX).collect()
    }
}

impl<N: AsRef<str>> Variables for [(N, Value)] {
    fn get(&self, name: &str) -> Option<Value> {
        self.iter().rev().find(|(own, _)| own.as_ref() == name).map(|(_, value)| value.clone())
    }

    fn get_path(&self, path: &[&str]) -> Option<Value> {
        let (root, members) = path.split_first()?;
        let (_, value) = self.iter().rev().find(|(own, _)| own.as_ref() == *root)?;
        follow(value, members)
    }

    fn names(&self) -> Vec<String> {
        self.iter().map(|(name, _)| name.as_ref().to_owned()).take(SUGGESTIONS_MAX).collect()
    }
}

impl<N: AsRef<str>> Variables for Vec<(N, Value)> {
    fn get(&self, name: &str) -> Option<Value> {
        Variables::get(self.as_slice(), name)
    }

    fn get_path(&self, path: &[&str]) -> Option<Value> {
        self.as_slice().get_path(path)
    }

    fn names(&self) -> Vec<String> {
        self.as_slice().names()
    }
}

impl<N: AsRef<str>, const COUNT: usize> Variables for [(N, Value); COUNT] {
    fn get(&self, name: &str) -> Option<Value> {
        Variables::get(self.as_slice(), name)
    }

    fn get_path(&self, path: &[&str]) -> Option<Value> {
        self.as_slice().get_path(path)
    }

    fn names(&self) -> Vec<String> {
        self.as_slice().names()
    }
}

impl<N: AsRef<str> + Ord + std::borrow::Borrow<str>> Variables
    for std::collections::BTreeMap<N, Value>
{
    fn get(&self, name: &str) -> Option<Value> {
        std::collections::BTreeMap::get(self, name).cloned()
    }

    fn names(&self) -> Vec<String> {
        self.keys().map(|name| name.as_ref().to_owned()).take(SUGGESTIONS_MAX).collect()
    }
}

impl<V: Variables + ?Sized> Variables for &V {
    fn get(&self, name: &str) -> Option<Value> {
        (**self).get(name)
    }

    fn get_path(&self, path: &[&str]) -> Option<Value> {
        (**self).get_path(path)
    }

    fn names(&self) -> Vec<String> {
        (**self).names()
    }
}
