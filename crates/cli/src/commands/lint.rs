//! `grevy lint`: what is wrong or doubtful in models, before anybody deploys them.

mod decisions;

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use engine::compile::{Order, Process};
use model::{Diagnostic, Severity, codes};
use serde_json::json;

use crate::Failure;
use decisions::{Book, Ids};

/// Looks for mistakes in BPMN and DMN files: what would be refused, and what would deploy but not
/// do what was meant.
///
/// Each finding is a line `FILE:LINE:COLUMN: severity CODE element: expected …, but …`; each code
/// has a page in docs/errors. Ends with 0 when all is clean, 1 with warnings, 2 with errors.
#[derive(Args)]
pub struct Lint {
    /// Files that would be deployed together.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// One JSON array: file, line, column, severity, code, element, message.
    #[arg(long)]
    json: bool,
}

/// A finding and where it is.
pub struct Found {
    file: String,
    diagnostic: Diagnostic,
}

impl Lint {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let all = findings(&self.files)?;
        if self.json {
            println!("{:#}", serde_json::Value::from_iter(all.iter().map(Found::json)));
        } else {
            all.iter().for_each(|found| println!("{found}"));
        }
        let errors = all.iter().filter(|found| found.diagnostic.is_error()).count();
        let warnings = all.len() - errors;
        eprintln!("{} files: {errors} errors, {warnings} warnings", self.files.len());
        Ok(match (errors, warnings) {
            (0, 0) => ExitCode::SUCCESS,
            (0, _) => ExitCode::from(1),
            _ => ExitCode::from(2),
        })
    }
}

/// What is wrong or doubtful in files that are deployed together.
pub fn findings(paths: &[PathBuf]) -> Result<Vec<Found>, Failure> {
    let mut all = Vec::new();
    let mut processes: BTreeMap<String, String> = BTreeMap::new();
    let mut books = Vec::new();
    let mut called = Vec::new();
    for path in paths {
        let (file, bytes) = (path.display().to_string(), read(path)?);
        if file.ends_with(".dmn") {
            books.push(Book::new(file, bytes));
            continue;
        }
        let mut found = model::lint(&file, &bytes);
        if let Ok((definitions, _)) = model::parse(&file, &bytes) {
            called.extend(definitions.processes.into_iter().map(|own| (file.clone(), own)));
        }
        if !found.iter().any(Diagnostic::is_error) {
            found.extend(refused(&file, &bytes, &mut processes));
        }
        all.extend(found.into_iter().map(|diagnostic| Found { file: file.clone(), diagnostic }));
    }
    let mut ids = Ids::default();
    for book in &books {
        let found = decisions::lint(book, &books, &mut ids).into_iter();
        all.extend(found.map(|diagnostic| Found { file: book.file.clone(), diagnostic }));
    }
    for (file, process) in &called {
        let found = ids.missing(process, !books.is_empty()).into_iter();
        all.extend(found.map(|diagnostic| Found { file: file.clone(), diagnostic }));
    }
    Ok(all)
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.diagnostic)
    }
}

impl Found {
    /// Whether it deploys all the same.
    pub fn is_warning(&self) -> bool {
        !self.diagnostic.is_error()
    }

    fn json(&self) -> serde_json::Value {
        let Diagnostic { code, severity, element, position, message } = &self.diagnostic;
        json!({
            "file": self.file,
            "line": position.line,
            "column": position.column,
            "severity": severity.to_string(),
            "code": code,
            "element": element.as_deref(),
            "message": message,
        })
    }
}

/// A little more than a model may have, so that the finding says what is wrong with it.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error| Failure(format!("{}: {error}", path.display()));
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    let most = model::limits::MODEL_BYTES_MAX as u64 + 1;
    file.take(most).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// What a deployment would refuse beyond the model itself: elements that do not run yet, and a
/// process that another file has too.
fn refused(file: &str, bytes: &[u8], processes: &mut BTreeMap<String, String>) -> Vec<Diagnostic> {
    let Ok((definitions, _)) = model::parse(file, bytes) else { return Vec::new() };
    let mut found = Vec::new();
    for process in definitions.processes.iter().filter(|process| process.executable) {
        let problems = Process::compile(process, &Order::of(process)).err().unwrap_or_default();
        found.extend(problems.into_iter().map(|problem| {
            let element = process.elements.iter().find(|element| element.id == problem.element);
            Diagnostic {
                code: codes::ELEMENT_UNSUPPORTED,
                severity: Severity::Error,
                position: element.map_or(process.position, |element| element.position),
                element: Some(problem.element),
                message: problem.message,
            }
        }));
        if let Some(other) = processes.insert(process.id.to_string(), file.to_owned()) {
            found.push(Diagnostic {
                code: codes::PROCESS_ID_DUPLICATE,
                severity: Severity::Error,
                element: Some(process.id.clone()),
                position: process.position,
                message: format!(
                    "expected a process id that no other file has, but {other} has {} too",
                    process.id
                ),
            });
        }
    }
    found
}
