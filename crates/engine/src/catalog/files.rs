//! Deployed forms and other files.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::Binding;

use super::Catalog;
use crate::event::Text;
use crate::key::Key;
use crate::meta::{FileDeployed, FileKind};

#[derive(Debug, Clone, Default)]
pub(super) struct Files {
    rows: BTreeMap<Key, Arc<FileDeployed>>,
    /// Versions of each, by tenant, kind and id.
    versions: BTreeMap<(Text, FileKind, Text), BTreeMap<i32, Key>>,
}

impl Files {
    pub(super) fn deploy(&mut self, file: &FileDeployed) {
        let id = (file.tenant.clone(), file.kind, file.id.clone());
        self.versions.entry(id).or_default().insert(file.version, file.key);
        self.rows.insert(file.key, Arc::new(file.clone()));
    }

    /// It is meant by nobody any more; tasks that began with it still find it by its key.
    pub(super) fn delete(&mut self, key: Key) {
        let Some(file) = self.rows.get(&key) else { return };
        let id = (file.tenant.clone(), file.kind, file.id.clone());
        if let Some(versions) = self.versions.get_mut(&id) {
            versions.remove(&file.version);
        }
    }
}

impl Catalog {
    /// Deleted files stay: tasks that began with them go on.
    pub fn file(&self, key: Key) -> Option<&Arc<FileDeployed>> {
        self.rows.files.rows.get(&key)
    }

    /// What `id` means to a process of `definition`.
    pub fn bound_file(
        &self,
        definition: Key,
        kind: FileKind,
        id: &str,
        binding: &Binding,
    ) -> Option<&Arc<FileDeployed>> {
        let own = self.get(definition)?;
        let versions = self.rows.files.versions.get(&(own.tenant.clone(), kind, id.into()))?;
        let mut all = versions.values().rev().filter_map(|key| self.file(*key));
        match binding {
            Binding::Latest => all.next(),
            Binding::Deployment => all.find(|file| file.deployment == own.deployment),
            Binding::VersionTag(tag) => {
                all.find(|file| file.version_tag.as_deref() == Some(&**tag))
            }
        }
    }

    /// The form that the start event of a definition links to.
    pub fn start_form(&self, definition: Key) -> Option<&Arc<FileDeployed>> {
        let own = self.get(definition)?;
        let processes = &own.model.as_ref()?.processes;
        let process = processes.iter().find(|process| process.id == own.process_id)?;
        process.elements.iter().find_map(|element| match &element.kind {
            // Before an instance starts there are no variables to find a form by.
            model::Kind::Start {
                form: Some(model::Form::Id { id: model::Text::Static(id), binding }),
                ..
            } if element.scope.is_none() => {
                self.bound_file(definition, FileKind::Form, id, binding)
            }
            _ => None,
        })
    }
}
