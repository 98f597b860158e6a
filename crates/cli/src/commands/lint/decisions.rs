//! DMN files, each checked together with those that it imports.

use std::collections::BTreeSet;

use dmn::{Header, Model, ModelError, Options};
use model::{Binding, Diagnostic, Kind, Position, Severity, Text, codes};

/// A DMN file with its text.
pub struct Book {
    pub file: String,
    pub text: Result<String, String>,
}

impl Book {
    pub fn new(file: String, bytes: Vec<u8>) -> Book {
        let text = String::from_utf8(bytes);
        let text = text.map_err(|error| format!("expected a file in UTF-8, but {error}"));
        Book { file, text }
    }

    fn text(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }
}

/// What a deployment of the files would refuse in one of them, and what is doubtful in it.
pub fn lint(book: &Book, all: &[Book], ids: &mut Ids) -> Vec<Diagnostic> {
    if let Err(message) = &book.text {
        return vec![diagnostic(Severity::Error, None, (1, 1), message.clone())];
    }
    let others = match imports(book, all) {
        Ok(others) => others,
        Err(found) => return found,
    };
    let texts: Vec<&str> = others.iter().map(|own| own.text()).collect();
    match Model::read_with(book.text(), &texts, Options::default()) {
        Ok(model) => {
            let said = model.warnings().iter().map(|own| said(Severity::Warning, own));
            said.chain(ids.doubles(&book.file, &model)).collect()
        }
        Err(error) => errors(&error),
    }
}

/// The files that a file imports, directly or through one another.
fn imports<'b>(book: &Book, all: &'b [Book]) -> Result<Vec<&'b Book>, Vec<Diagnostic>> {
    let header = Header::read(book.text()).map_err(|error| errors(&error))?;
    let mut known = BTreeSet::from([header.namespace]);
    let (mut found, mut open) = (Vec::new(), header.imports);
    while let Some(import) = open.pop() {
        if known.contains(&import.namespace) {
            continue;
        }
        let headers = all.iter().filter_map(|own| Some((own, Header::read(own.text()).ok()?)));
        let mut fitting = headers.filter(|(_, own)| own.namespace == import.namespace);
        let Some((other, header)) = fitting.next() else {
            let mut missing = said(Severity::Error, &import.place);
            missing.message.push_str(", but none of the files has it; name it, too");
            return Err(vec![missing]);
        };
        known.insert(import.namespace);
        found.push(other);
        open.extend(header.imports);
    }
    Ok(found)
}

/// The ids that a deployment may have once, with their files.
#[derive(Default)]
pub struct Ids(std::collections::BTreeMap<String, String>);

impl Ids {
    /// Decisions that a process asks for and no file has. Bound to the deployment they are sure to
    /// be missed; others may be deployed already, which is thought of where no file is a DMN file.
    pub fn missing(&self, process: &model::Process, is_with_dmn: bool) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for element in process.elements.iter().filter(|_| process.executable) {
            let Kind::DecisionTask { decision_id: Text::Static(id), binding, .. } = &element.kind
            else {
                continue;
            };
            let is_sure = *binding == Binding::Deployment;
            if self.0.contains_key(&**id) || !(is_with_dmn || is_sure) {
                continue;
            }
            let message = format!("expected a decision '{id}' in the files, but none has it");
            let Position { line, column } = element.position;
            let at = Some(&*element.id);
            found.push(diagnostic(Severity::Warning, at, (line, column), message));
        }
        found
    }

    fn doubles(&mut self, file: &str, model: &Model) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for own in model.decisions() {
            let Some(other) = self.0.insert(own.id.to_owned(), file.to_owned()) else { continue };
            let message = format!(
                "expected a decision id that no other decision has, but {other} has {} too",
                own.id
            );
            found.push(diagnostic(Severity::Error, Some(own.id), (1, 1), message));
        }
        found
    }
}

fn errors(error: &ModelError) -> Vec<Diagnostic> {
    let warnings = error.warnings.iter().map(|own| said(Severity::Warning, own));
    error.diagnostics.iter().map(|own| said(Severity::Error, own)).chain(warnings).collect()
}

fn said(severity: Severity, own: &dmn::Diagnostic) -> Diagnostic {
    let element = (!own.element.is_empty()).then_some(own.element.as_str());
    diagnostic(severity, element, (own.line, own.column), own.message.clone())
}

fn diagnostic(
    severity: Severity,
    element: Option<&str>,
    (line, column): (u32, u32),
    message: String,
) -> Diagnostic {
    let code = match severity {
        Severity::Error => codes::DMN_REFUSED,
        Severity::Warning => codes::DMN_DOUBTFUL,
    };
    let position = Position { line, column };
    Diagnostic { code, severity, element: element.map(Into::into), position, message }
}
