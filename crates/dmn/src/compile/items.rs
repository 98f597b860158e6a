//! Item definitions to types.

use super::Compiler;
use crate::definitions::{Definitions, Item};
use crate::limits::{NESTING_MAX, TYPE_PARTS_MAX};
use crate::types::{Base, ItemType};
use feel::{Scope, Type};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The types of all files.
#[derive(Default)]
pub(super) struct Items(BTreeMap<(usize, String), Arc<ItemType>>);

impl Items {
    /// The type that a reference in a file names: built-in, its own, or `import.name`.
    pub(super) fn find(
        &self,
        files: &[Definitions],
        file: usize,
        reference: &str,
    ) -> Option<Arc<ItemType>> {
        let reference = feel::normalised(reference);
        if let Some(found) = self.0.get(&(file, reference.clone())) {
            return Some(found.clone());
        }
        for import in &files[file].imports {
            let home = files.iter().position(|own| own.namespace == import.namespace);
            let inner = match import.name.is_empty() {
                true => Some(reference.as_str()),
                false => {
                    reference.strip_prefix(&import.name).and_then(|rest| rest.strip_prefix('.'))
                }
            };
            if let (Some(home), Some(inner)) = (home, inner)
                && let Some(found) = self.0.get(&(home, inner.to_owned()))
            {
                return Some(found.clone());
            }
        }
        // DMN 1.1 writes built-in types with a prefix.
        let plain = reference.rsplit_once(':').map_or(reference.as_str(), |(_, name)| name);
        let built_in = Type::named(plain).filter(|found| *found != Type::Any)?;
        Some(Arc::new(ItemType::simple(plain, built_in)))
    }

    /// Makes the types and the names of their entries known to expressions of a file.
    pub(super) fn add_to(&self, scope: &mut Scope, files: &[Definitions], file: usize) {
        for ((home, name), item) in &self.0 {
            add_members(scope, item, &mut { TYPE_PARTS_MAX });
            if *home == file {
                scope.add_type(name, item.structure());
                continue;
            }
            let imports = files[file].imports.iter();
            for import in imports.filter(|own| own.namespace == files[*home].namespace) {
                let full = match import.name.is_empty() {
                    true => name.clone(),
                    false => format!("{}.{name}", import.name),
                };
                scope.add_type(&full, item.structure());
            }
        }
    }
}

/// Names of members at all depths; `left` bounds how many are visited.
fn add_members(scope: &mut Scope, item: &ItemType, left: &mut usize) {
    if let Base::Components(components) = &item.base {
        for (name, component) in components {
            *left = left.saturating_sub(1);
            if *left == 0 {
                return;
            }
            scope.add_member(name);
            add_members(scope, component, left);
        }
    }
}

impl Compiler<'_> {
    /// Compiles the item definitions of a file. A type may name one that comes later, so each is
    /// compiled when it is first needed; one that contains itself is `Any` there.
    pub(super) fn compile_items(&mut self, file: usize) {
        let files = self.files;
        for item in &files[file].items {
            let mut open = Vec::new();
            self.named_item(file, &item.name, &mut open);
        }
    }

    fn named_item(
        &mut self,
        file: usize,
        name: &str,
        open: &mut Vec<String>,
    ) -> Option<Arc<ItemType>> {
        if let Some(found) = self.items.0.get(&(file, name.to_owned())) {
            return Some(found.clone());
        }
        let files = self.files;
        let item = files[file].items.iter().find(|own| own.name == name)?;
        if open.iter().any(|own| own == name) || open.len() > NESTING_MAX {
            return None;
        }
        open.push(name.to_owned());
        let compiled = Arc::new(self.item(file, item, open));
        open.pop();
        self.items.0.insert((file, name.to_owned()), compiled.clone());
        Some(compiled)
    }

    fn reference(
        &mut self,
        file: usize,
        reference: &str,
        open: &mut Vec<String>,
    ) -> Option<Arc<ItemType>> {
        let reference = feel::normalised(reference);
        if let Some(own) = self.named_item(file, &reference, open) {
            return Some(own);
        }
        let files = self.files;
        for import in &files[file].imports {
            let home = files.iter().position(|own| own.namespace == import.namespace);
            let inner = reference.strip_prefix(&format!("{}.", import.name));
            if let (Some(home), Some(inner)) = (home, inner)
                && let Some(found) = self.named_item(home, inner, open)
            {
                return Some(found);
            }
        }
        self.items.find(files, file, &reference)
    }

    fn item(&mut self, file: usize, item: &Item, open: &mut Vec<String>) -> ItemType {
        let base = if !item.components.is_empty() {
            let mut components = Vec::new();
            for component in &item.components {
                let compiled = self.item(file, component, open);
                components.push((Arc::from(component.name.as_str()), Arc::new(compiled)));
            }
            Base::Components(components)
        } else if let Some(function) = &item.function {
            let mut structure = |reference: &Option<String>| {
                let found = reference.as_ref().and_then(|own| self.reference(file, own, open));
                found.map_or(Type::Any, |own| own.structure())
            };
            let parameters = function.parameters.iter().map(&mut structure).collect();
            Base::Simple(Type::Function(parameters, Box::new(structure(&function.output))))
        } else {
            let found = item.type_ref.as_ref().and_then(|own| self.reference(file, own, open));
            found.map_or(Base::Simple(Type::Any), Base::Named)
        };
        let scope = Arc::new(Scope::new(self.dialect));
        let mut tests = |text: &Option<crate::definitions::Text>| {
            let text = text.as_ref()?;
            match feel::compile_tests(&text.text, &scope) {
                Ok(tests) => Some(tests),
                Err(error) => {
                    self.syntax(text, &error);
                    None
                }
            }
        };
        ItemType {
            allowed: tests(&item.allowed),
            constraint: tests(&item.constraint),
            name: item.name.as_str().into(),
            is_collection: item.is_collection,
            base,
        }
    }
}
