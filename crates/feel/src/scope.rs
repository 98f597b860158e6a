//! What a model says about names before an expression is read.

use crate::Type;
use crate::lexer::{is_name_part, is_space};
use std::sync::Arc;

/// Which of two readings applies where the standard and Camunda 8 differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// As Zeebe evaluates it; for processes, and for decisions made with Camunda's modeler.
    #[default]
    Camunda,
    /// As DMN 1.5 says.
    Standard,
}

/// The names that an expression may use. Names with spaces or operators in them are only found
/// when they are listed here; plain identifiers need not be.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    dialect: Dialect,
    variables: Vec<Arc<str>>,
    members: Vec<Arc<str>>,
    types: Vec<(Arc<str>, Type)>,
}

impl Scope {
    /// A scope without names.
    pub fn new(dialect: Dialect) -> Scope {
        Scope { dialect, ..Scope::default() }
    }

    /// The dialect.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Adds a variable.
    pub fn add_variable(&mut self, name: &str) {
        add(&mut self.variables, name);
    }

    /// Adds the name of a context entry of any variable.
    pub fn add_member(&mut self, name: &str) {
        add(&mut self.members, name);
    }

    /// Adds a named type.
    pub fn add_type(&mut self, name: &str, named: Type) {
        self.types.push((Arc::from(normalised(name)), named));
    }

    /// Whether that variable was added.
    pub fn has_variable(&self, name: &str) -> bool {
        self.variables.iter().any(|own| **own == *name)
    }

    pub(crate) fn variables(&self) -> &[Arc<str>] {
        &self.variables
    }

    pub(crate) fn members(&self) -> &[Arc<str>] {
        &self.members
    }

    pub(crate) fn find_type(&self, name: &str) -> Option<&Type> {
        self.types.iter().find(|(own, _)| **own == *name).map(|(_, found)| found)
    }

    pub(crate) fn types(&self) -> impl Iterator<Item = &Arc<str>> {
        self.types.iter().map(|(name, _)| name)
    }
}

fn add(names: &mut Vec<Arc<str>>, name: &str) {
    let name = normalised(name);
    if !name.is_empty() && !names.iter().any(|own| **own == *name) {
        names.push(Arc::from(name));
    }
}

/// A name with single spaces, and none around.
pub fn normalised(name: &str) -> String {
    let words: Vec<&str> = name.split(is_space).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// The end of `name` in `text` from `at` on, if it stands there as a whole: white space may
/// differ, and what follows must not continue it.
pub(crate) fn name_end(name: &str, text: &str, at: usize) -> Option<usize> {
    let mut end = at;
    let mut previous = None;
    for letter in name.chars() {
        let rest = &text[end..];
        if letter == ' ' {
            let trimmed = rest.trim_start_matches(is_space);
            end += rest.len() - trimmed.len();
            let spaced = trimmed.len() < rest.len();
            if !spaced && previous.is_some_and(is_name_part) && starts_word(trimmed) {
                return None;
            }
            continue;
        }
        if !rest.starts_with(letter) {
            return None;
        }
        end += letter.len_utf8();
        previous = Some(letter);
    }
    let continued = previous.is_some_and(is_name_part) && starts_word(&text[end..]);
    (!continued).then_some(end)
}

fn starts_word(text: &str) -> bool {
    text.starts_with(is_name_part)
}
