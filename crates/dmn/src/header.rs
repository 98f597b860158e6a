//! What a file says of itself and needs of others, without being compiled.

use crate::error::{Diagnostic, ModelError};
use crate::parse::parse;

/// The head of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The namespace, by which others import the file.
    pub namespace: String,
    /// The DMN files that it imports; schemas and PMML are not among them.
    pub imports: Vec<Import>,
}

/// An import of another file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The namespace of the other file.
    pub namespace: String,
    /// The other file as its author saw it; tells apart files of one namespace.
    pub location: Option<String>,
    /// Where the import stands; its message is for who has to say that the file is missing.
    pub place: Diagnostic,
}

impl Header {
    /// Reads the head of a file; the whole file must be well-formed.
    pub fn read(xml: &str) -> Result<Header, ModelError> {
        let (definitions, diagnostics) = parse(xml, 0)?;
        if !diagnostics.is_empty() {
            return Err(ModelError { diagnostics, warnings: Vec::new() });
        }
        let imports = definitions.imports.into_iter().filter(|own| own.is_dmn).map(|own| {
            let (line, column) = own.place.line_and_column(xml);
            let namespace = own.namespace;
            let message = format!("expected a DMN file of the namespace '{namespace}'");
            let place = Diagnostic { element: own.name, line, column, message };
            Import { namespace, location: own.location, place }
        });
        let imports = imports.collect();
        Ok(Header { namespace: definitions.namespace, imports })
    }
}
