//! Forms and other files among the deployments: the engine does not run them, it knows which
//! version is meant.

use std::sync::Arc;

use value::{Packed, Value};

use super::{Resource, State};
use crate::event::Text;
use crate::key::Key;
use crate::limits::RESOURCE_ID_BYTES_MAX;

/// What a deployed file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FileKind {
    /// `.form`: JSON with an id.
    Form = 0,
    /// Anything else, such as a script of a robot; workers load it.
    Other = 1,
}

/// One version of a form or of another file.
#[derive(Debug, Clone, PartialEq)]
pub struct FileDeployed {
    pub key: Key,
    pub deployment: Key,
    pub kind: FileKind,
    pub id: Text,
    pub version: i32,
    pub version_tag: Option<Text>,
    pub tenant: Text,
    pub resource: Text,
    /// xxh3-64 of the bytes.
    pub digest: u64,
    pub bytes: Arc<[u8]>,
}

/// What a file calls itself.
pub(super) struct Named {
    pub(super) kind: FileKind,
    pub(super) id: Text,
    pub(super) version_tag: Option<Text>,
}

impl Named {
    /// A misspelt ending deploys something else than was meant.
    pub(super) fn doubt(&self, name: &str) -> Option<String> {
        let is_plain = self.kind == FileKind::Other && !name.ends_with(".rpa");
        is_plain.then(|| {
            format!(
                "{name}: its name does not end with .bpmn, .xml, .dmn or .form, so it is kept for \
                 workers and not read"
            )
        })
    }
}

/// Reads what a file calls itself. A form, and a robot's script (`.rpa`), say so; any other file
/// has its name for an id.
pub(super) fn read(resource: &Resource) -> Result<Named, String> {
    let name = &resource.name;
    let refused = |why: String| Err(format!("'{name}': {why}\n"));
    if resource.bytes.is_empty() {
        return refused("expected a file with content, but it is empty".to_owned());
    }
    if name.len() > RESOURCE_ID_BYTES_MAX || name.contains('\0') {
        let shown: String = name.chars().take(80).collect();
        return Err(format!(
            "'{shown}…': expected a name of at most {RESOURCE_ID_BYTES_MAX} bytes without NUL, but \
             it has {}\n",
            name.len()
        ));
    }
    let kind = if name.ends_with(".form") { FileKind::Form } else { FileKind::Other };
    if kind == FileKind::Other && !name.ends_with(".rpa") {
        return Ok(Named { kind, id: name.clone(), version_tag: None });
    }
    let json = std::str::from_utf8(&resource.bytes).map_err(|error| error.to_string());
    let json = json.and_then(|text| Packed::from_json(text).map_err(|error| error.to_string()));
    let object = match json.map(|packed| packed.to_value()) {
        Ok(Value::Context(object)) => object,
        Ok(other) => {
            let found = other.type_name();
            return refused(format!("expected JSON with an object, but it is a {found}"));
        }
        Err(error) => return refused(format!("expected JSON with an object, but {error}")),
    };
    let text = |name: &str| match object.get(name) {
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text.clone())),
        None | Some(Value::Null) => Ok(None),
        Some(other) => Err(format!("expected a text as '{name}', but it is {other}")),
    };
    let (id, version_tag) = match (text("id"), text("versionTag")) {
        (Ok(Some(id)), Ok(tag)) => (id, tag),
        (Ok(None), _) => return refused("expected an 'id', but it has none".to_owned()),
        (Err(why), _) | (_, Err(why)) => return refused(why),
    };
    if id.len() > RESOURCE_ID_BYTES_MAX || id.contains('\0') {
        let bytes = id.len();
        return refused(format!(
            "expected an 'id' of at most {RESOURCE_ID_BYTES_MAX} bytes without NUL, but it has \
             {bytes}"
        ));
    }
    Ok(Named { kind, id, version_tag })
}

/// The id of a resource that is a form or another file, if it can be read.
pub fn file_id(resource: &Resource) -> Option<Text> {
    let is_model = super::deploy::is_process(&resource.name) || resource.name.ends_with(".dmn");
    let named = (!is_model).then(|| read(resource).ok())?;
    named.map(|named| named.id)
}

impl State {
    /// Every form and other file ever deployed, by key.
    pub fn files(&self) -> impl Iterator<Item = &Arc<FileDeployed>> {
        self.files.values()
    }

    fn files_of(&self, tenant: &Text, named: &Named) -> impl Iterator<Item = &Arc<FileDeployed>> {
        let own = |file: &FileDeployed| file.tenant == *tenant && file.is(named.kind, &named.id);
        self.files.values().filter(move |file| own(file))
    }

    /// The latest version of the file, if it is this very file.
    pub(super) fn known_file(
        &self,
        tenant: &Text,
        named: &Named,
        resource: &Resource,
        digest: u64,
    ) -> Option<&Arc<FileDeployed>> {
        let live = self.files_of(tenant, named).filter(|file| !self.deleted.contains(&file.key));
        let latest = live.max_by_key(|file| file.version)?;
        (latest.digest == digest && latest.resource == resource.name).then_some(latest)
    }

    /// Highest version ever given to a file; never reused.
    pub(super) fn file_version(&self, tenant: &Text, named: &Named) -> i32 {
        self.files_of(tenant, named).map(|file| file.version).max().unwrap_or(0)
    }
}

impl FileDeployed {
    pub(crate) fn is(&self, kind: FileKind, id: &str) -> bool {
        self.kind == kind && *self.id == *id
    }
}
