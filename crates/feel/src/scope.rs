//! What a model says about names before an expression is read.

use crate::Type;
use crate::lexer::{is_name_part, is_space};
use crate::limits::NAME_BYTES_MAX;
use std::collections::BTreeMap;
use std::ops::Bound;
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
    variables: Names,
    members: Names,
    types: Arc<BTreeMap<Arc<str>, Type>>,
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
        self.variables.add(&normalised(name));
    }

    /// Adds the name of a context entry of any variable.
    pub fn add_member(&mut self, name: &str) {
        self.members.add(&normalised(name));
    }

    /// Adds a named type.
    pub fn add_type(&mut self, name: &str, named: Type) {
        Arc::make_mut(&mut self.types).entry(Arc::from(normalised(name))).or_insert(named);
    }

    /// Whether that variable was added.
    pub fn has_variable(&self, name: &str) -> bool {
        self.variables.has(name)
    }

    pub(crate) fn variables(&self) -> &Names {
        &self.variables
    }

    pub(crate) fn members(&self) -> &Names {
        &self.members
    }

    pub(crate) fn find_type(&self, name: &str) -> Option<&Type> {
        self.types.get(name)
    }

    pub(crate) fn types(&self) -> impl Iterator<Item = &Arc<str>> {
        self.types.keys()
    }
}

/// Known names, each as often as it was added: those of a model, or those that an expression has
/// declared up to here.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names(BTreeMap<Arc<str>, u32>);

impl Names {
    /// Longer names than any that is written are not known.
    pub(crate) fn add(&mut self, name: &str) {
        if name.is_empty() || name.len() > NAME_BYTES_MAX {
            return;
        }
        match self.0.get_mut(name) {
            Some(count) => *count += 1,
            None => drop(self.0.insert(Arc::from(name), 1)),
        }
    }

    pub(crate) fn remove(&mut self, name: &str) {
        let Some(count) = self.0.get_mut(name) else { return };
        *count -= 1;
        if *count == 0 {
            self.0.remove(name);
        }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Whether a name begins so.
    fn begins(&self, start: &str) -> bool {
        let bounds = (Bound::Included(start), Bound::Unbounded);
        self.0.range::<str, _>(bounds).next().is_some_and(|(name, _)| name.starts_with(start))
    }

    /// The longest name that stands in `text` at `at`, and its end. The text is followed letter by
    /// letter as long as a name begins so; where a name has a space the text may have any or none.
    pub(crate) fn longest(&self, text: &str, at: usize) -> Option<(Arc<str>, usize)> {
        if self.0.is_empty() {
            return None;
        }
        let mut longest: Option<(Arc<str>, usize)> = None;
        let mut open = vec![(String::new(), at)];
        while let Some((start, place)) = open.pop() {
            if let Some((name, _)) = self.0.get_key_value(start.as_str())
                && let Some(end) = name_end(name, text, at)
                && longest.as_ref().is_none_or(|(_, known)| end > *known)
            {
                longest = Some((name.clone(), end));
            }
            let rest = &text[place..];
            let mut longer = start;
            let length = longer.len();
            if length > 0 && !longer.ends_with(' ') {
                longer.push(' ');
                if self.begins(&longer) {
                    let behind = place + rest.len() - rest.trim_start_matches(is_space).len();
                    open.push((longer.clone(), behind));
                }
                longer.truncate(length);
            }
            if let Some(letter) = rest.chars().next().filter(|letter| !is_space(*letter)) {
                longer.push(letter);
                if self.begins(&longer) {
                    open.push((longer, place + letter.len_utf8()));
                }
            }
        }
        longest
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
