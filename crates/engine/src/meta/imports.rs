//! Which files a DMN file of a deployment imports: those of its namespaces in the same deployment,
//! else the latest that are deployed.

use std::sync::Arc;

use dmn::{Header, Import};

use super::decisions::{compile, text};
use super::{Resource, State};
use crate::event::Text;
use crate::limits::DEPLOYMENT_BYTES_MAX;

/// Files as they were deployed.
type Files = Vec<Arc<[u8]>>;

/// A DMN file that may be imported.
struct Book {
    resource: Text,
    bytes: Arc<[u8]>,
    header: Header,
}

/// The files of a deployment, and those deployed before as soon as one is asked for.
pub(super) struct Library<'a> {
    state: &'a State,
    tenant: &'a Text,
    own: Vec<Book>,
    deployed: Option<Vec<Book>>,
}

/// A file that cannot be read is no book; it is told of when it is read itself.
fn book(resource: &Text, bytes: &Arc<[u8]>) -> Option<Book> {
    let header = Header::read(text(bytes).ok()?).ok()?;
    Some(Book { resource: resource.clone(), bytes: bytes.clone(), header })
}

impl<'a> Library<'a> {
    pub(super) fn new(state: &'a State, tenant: &'a Text, resources: &[Resource]) -> Library<'a> {
        let files = resources.iter().filter(|resource| resource.name.ends_with(".dmn"));
        let own = files.filter_map(|own| book(&own.name, &own.bytes)).collect();
        Library { state, tenant, own, deployed: None }
    }

    /// Reads and compiles a DMN file with all that it imports; all its problems as one text.
    pub(super) fn read(&mut self, resource: &Resource) -> Result<(dmn::Model, Files), String> {
        let imports = self.imports(resource);
        let read = imports.and_then(|all| compile(&resource.bytes, &all).map(|model| (model, all)));
        read.map_err(|problems| {
            let lines: Vec<String> = problems.lines().map(|line| format!("- {line}\n")).collect();
            format!("'{}':\n{}", resource.name, lines.concat())
        })
    }

    /// All files that a file needs, each namespace once.
    fn imports(&mut self, resource: &Resource) -> Result<Files, String> {
        let Some(first) = book(&resource.name, &resource.bytes) else { return Ok(Vec::new()) };
        let mut known = vec![first.header.namespace];
        let mut found = Files::new();
        let mut open = first.header.imports;
        while let Some(import) = open.pop() {
            if known.contains(&import.namespace) {
                continue;
            }
            let book = self.find(&import)?;
            known.push(import.namespace);
            found.push(book.bytes.clone());
            open.extend(book.header.imports.iter().cloned());
            let bytes = found.iter().map(|file| file.len()).sum::<usize>() + resource.bytes.len();
            if bytes > DEPLOYMENT_BYTES_MAX {
                return Err(format!(
                    "expected a file of at most {DEPLOYMENT_BYTES_MAX} bytes with all that it \
                     imports, but they have {bytes}"
                ));
            }
        }
        Ok(found)
    }

    fn find(&mut self, import: &Import) -> Result<&Book, String> {
        if self.own.iter().any(|own| own.header.namespace == import.namespace) {
            return choose(&self.own, import, "this deployment has");
        }
        let (state, tenant) = (self.state, self.tenant);
        let deployed = self.deployed.get_or_insert_with(|| {
            let latest = state.latest_requirements(tenant);
            latest.filter_map(|own| book(&own.resource, &own.bytes)).collect()
        });
        choose(deployed, import, "there are")
    }
}

/// The file of an import's namespace; among several the one that its location names.
fn choose<'b>(books: &'b [Book], import: &Import, where_from: &str) -> Result<&'b Book, String> {
    let fitting: Vec<&Book> =
        books.iter().filter(|own| own.header.namespace == import.namespace).collect();
    let file = |name: &str| name.rsplit(['/', '\\']).next().unwrap_or(name).to_owned();
    let located = import.location.as_deref().map(file);
    let is_located = |own: &&Book| Some(file(&own.resource)) == located;
    let why = match &fitting[..] {
        [only] => return Ok(only),
        [] => "but none is in this deployment or was deployed before".to_owned(),
        several => match several.iter().copied().filter(is_located).collect::<Vec<_>>()[..] {
            [only] => return Ok(only),
            _ => {
                let names: Vec<&str> = several.iter().map(|own| &*own.resource).collect();
                let names = names.join("', '");
                format!("but {where_from} several: '{names}'; a locationURI tells which is meant")
            }
        },
    };
    let mut told = import.place.clone();
    told.message = format!("{}, {why}", told.message);
    Err(told.to_string())
}
