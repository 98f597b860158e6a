//! Forms and other files that a task links to: which version is meant is settled when it begins.

use model::{Binding, LinkedResource};

use crate::decide::Step;
use crate::event::Text;
use crate::incident::{Failure, IncidentKind};
use crate::key::Key;
use crate::meta::FileKind;

/// The header in which a job carries its linked resources.
const HEADER: &str = "linkedResources";

impl Step<'_> {
    /// The key of the version that an id means now.
    pub(super) fn linked_file(
        &self,
        i: Key,
        kind: FileKind,
        id: &str,
        binding: &Binding,
    ) -> Result<Key, Failure> {
        let definition = self.hot(i).created.definition;
        let found = self.turn.catalog.bound_file(definition, kind, id, binding);
        found.map(|file| file.key).ok_or_else(|| {
            let bound = match binding {
                Binding::Latest => String::new(),
                Binding::Deployment => " in the deployment of the process".to_owned(),
                Binding::VersionTag(tag) => format!(" with version tag '{tag}'"),
            };
            let (noun, incident) = match kind {
                FileKind::Form => ("form", IncidentKind::FormNotFound),
                FileKind::Other => ("resource", IncidentKind::ResourceNotFound),
            };
            Failure::new(
                incident,
                format!(
                    "Expected to find a {noun} with id '{id}'{bound}, but no such {noun} is \
                     deployed"
                ),
            )
        })
    }

    /// The header of a job whose element links to resources.
    pub(super) fn linked_resources(
        &self,
        i: Key,
        linked: &[LinkedResource],
    ) -> Result<Option<(Text, Text)>, Failure> {
        if linked.is_empty() {
            return Ok(None);
        }
        let mut rows = Vec::with_capacity(linked.len());
        for link in linked {
            let key = self.linked_file(i, FileKind::Other, &link.resource_id, &link.binding)?;
            let text = |text: &str| value::Packed::from_value(&text.into()).to_json();
            rows.push(format!(
                r#"{{"resourceKey":"{key}","resourceType":{},"linkName":{}}}"#,
                text(&link.resource_type),
                text(&link.link_name)
            ));
        }
        Ok(Some((HEADER.into(), format!("[{}]", rows.join(",")).into())))
    }
}
