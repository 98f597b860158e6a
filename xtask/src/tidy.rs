//! The rules that no compiler checks: sizes, names, arrows between crates, what may be named where.
//!
//! Read-only, needs nothing but the work tree, and runs as a test as well, so that a rule is broken
//! for minutes and not for months. A rule has no switch: an exception stands in [`table`] with
//! its reason.

mod arrows;
pub mod files;
mod functions;
mod mask;
mod names;
mod pages;
mod sizes;
mod table;

pub use mask::{Language, mask};
use std::fmt;
use std::path::Path;

/// One broken rule, at the place where it is mended.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub path: String,
    /// Counts from 1; 0 means the file as a whole.
    pub line: usize,
    pub rule: Rule,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    FileLines,
    FunctionLines,
    LineColumns,
    Arrow,
    Name,
    Word,
    Tracked,
    SameFile,
    ErrorPage,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}:{}: {:?}: {}", self.path, self.line, self.rule, self.text)
    }
}

/// Everything that is wrong in the work tree, sorted by place.
pub fn findings(root: &Path) -> Result<Vec<Finding>, String> {
    let tree = files::list(root)?;
    let mut found = Vec::new();
    for path in &tree {
        let bytes = match std::fs::read(root.join(path)) {
            Ok(bytes) => bytes,
            // Removed between the listing and now: other people work in this tree.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(format!("{path}: {error}")),
        };
        let text = match files::text(path, bytes) {
            Ok(text) => text,
            Err(finding) => {
                found.push(finding);
                continue;
            }
        };
        names::words(path, &text, &mut found);
        if let Some(language) = Language::of(path) {
            let masked = mask(&text, language);
            sizes::check(path, &text, &masked, language, &mut found);
            names::types(path, &masked, &mut found);
            names::invariants(path, &masked, &mut found);
            pages::check(path, &text, &tree, &mut found);
        }
    }
    arrows::check(root, &tree, &mut found)?;
    files::same(root, &tree, &mut found)?;
    found.retain(|finding| !table::excepted(finding));
    found.sort();
    Ok(found)
}

/// Prints what is wrong; `true` when nothing is.
pub fn run(root: &Path) -> Result<bool, String> {
    let found = findings(root)?;
    for finding in &found {
        println!("{finding}");
    }
    println!("tidy: {} findings", found.len());
    Ok(found.is_empty())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_work_tree_is_tidy() {
        let found = super::findings(&crate::root()).unwrap();
        let list: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert!(list.is_empty(), "\n{}", list.join("\n"));
    }

    #[test]
    fn every_exception_names_a_file_that_exists() {
        let tree = super::files::list(&crate::root()).unwrap();
        assert_eq!(super::table::unused(&tree), Vec::<&str>::new());
    }
}
