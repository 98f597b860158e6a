#![allow(clippy::disallowed_methods)] // A test reads files; the crate does not.
#![allow(dead_code)] // Each test file uses a part of it.
//! What the tests share; first of all the public models that are not part of this repository.

pub mod drawing;
pub mod meaning;
pub mod random;

use std::path::PathBuf;

/// Folder of the acceptance data: `GREVY_DATA`, else beside the repository.
fn data(folder: &str) -> Option<PathBuf> {
    let root = match std::env::var_os("GREVY_DATA") {
        Some(root) => PathBuf::from(root),
        None => PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/acceptance")),
    };
    let folder = root.join(folder);
    if folder.is_dir() {
        return Some(folder);
    }
    let required = std::env::var("GREVY_DATA_REQUIRED").is_ok_and(|v| v == "1");
    assert!(!required, "GREVY_DATA_REQUIRED=1, but there is no folder {}", folder.display());
    println!("not run: no folder {}; set GREVY_DATA", folder.display());
    None
}

pub fn models(folder: &str) -> Vec<(String, Vec<u8>)> {
    let Some(folder) = data(folder) else { return Vec::new() };
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder can be listed")
        .map(|entry| entry.expect("the entry can be read").path())
        .filter(|path| path.extension().is_some_and(|e| e == "bpmn"))
        .map(|path| {
            let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
            (name, std::fs::read(&path).expect("the file can be read"))
        })
        .collect();
    found.sort();
    found
}
