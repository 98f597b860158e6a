//! Each stable code of an error has a page in `docs/errors/`.

use super::{Finding, Rule};

/// Looks at the arms `Error::… => "CODE"` of the files that hold the codes.
pub fn check(path: &str, text: &str, tree: &[String], found: &mut Vec<Finding>) {
    if !matches!(path, "crates/grevy/src/error.rs" | "crates/journal/src/error.rs") {
        return;
    }
    for (at, line) in text.lines().enumerate() {
        let Some((_, rest)) = line.split_once("=> \"") else { continue };
        let Some((code, _)) = rest.split_once('"') else { continue };
        let is_code = code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        let page = format!("docs/errors/{code}.md");
        if is_code && !tree.contains(&page) {
            let text = format!("expected a page {page} for this code, but there is none");
            let (path, line) = (path.to_owned(), at + 1);
            found.push(Finding { path, line, rule: Rule::ErrorPage, text });
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_code_without_a_page_is_found() {
        let mut found = Vec::new();
        let text = "Error::A => \"DISK_FULL\",\nError::B => \"NO_PAGE\",\nx => \"a text\",";
        let tree = ["docs/errors/DISK_FULL.md".to_owned()];
        super::check("crates/grevy/src/error.rs", text, &tree, &mut found);
        assert_eq!(found.iter().map(|finding| finding.line).collect::<Vec<_>>(), [2]);
    }
}
