//! What is wrong with a model.

use std::fmt;

/// One problem of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The id of the element, or its name where it has none; empty for the file as a whole.
    pub element: String,
    /// The line in the file, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// "expected …, but …".
    pub message: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.element.is_empty() {
            write!(f, "'{}': ", self.element)?;
        }
        write!(f, "{} (line {}, column {})", self.message, self.line, self.column)
    }
}

/// A file that is no model that can be evaluated, with all its problems.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelError {
    /// At least one.
    pub diagnostics: Vec<Diagnostic>,
    /// What is doubtful besides.
    pub warnings: Vec<Diagnostic>,
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, diagnostic) in self.diagnostics.iter().enumerate() {
            let separator = if at == 0 { "" } else { "\n" };
            write!(f, "{separator}{diagnostic}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ModelError {}
