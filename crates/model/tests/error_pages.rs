#![allow(clippy::disallowed_methods)] // A test reads files; the crate does not.
//! `docs/errors/` has one page for each code, generated from the table in the code.
//! `GREVY_BLESS=1 cargo test -p grevy-model --test error_pages` writes them anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use model::codes::PAGES;

#[test]
fn pages_are_as_generated() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
    let expected: BTreeMap<String, String> =
        PAGES.iter().map(|p| (format!("{}.md", p.code), p.to_string())).collect();
    assert_eq!(expected.len(), PAGES.len(), "a code is used twice");
    if std::env::var("GREVY_BLESS").is_ok_and(|v| v == "1") {
        fs::create_dir_all(&folder).expect("the folder can be made");
        for (name, page) in &expected {
            fs::write(folder.join(name), page).expect("the page can be written");
        }
    }
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(&folder).expect("docs/errors exists") {
        let path = entry.expect("the entry can be read").path();
        let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
        if name.starts_with("BPMN-") || name.starts_with("DMN-") {
            found.insert(name, fs::read_to_string(&path).expect("the page can be read"));
        }
    }
    assert_eq!(found, expected, "run it once with GREVY_BLESS=1");
}
