#![allow(clippy::disallowed_methods)] // A test reads files; the crate does not.
//! The public models that are not part of this repository: each is read or refused with a clear
//! diagnostic.

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

fn models(folder: &str) -> Vec<(String, Vec<u8>)> {
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

#[test]
fn executable_models_are_accepted() {
    for (name, xml) in models("models") {
        let outcome = model::parse(&name, &xml);
        if name == "reject-empty-job-type.bpmn" {
            let problems = outcome.expect_err("an empty job type is refused");
            let text = model::report(&name, &problems);
            assert!(text.contains(model::codes::JOB_TYPE_MISSING), "{text}");
            assert!(text.contains("- Element: "), "{text}");
            continue;
        }
        let (definitions, warnings) =
            outcome.unwrap_or_else(|problems| panic!("{}", model::report(&name, &problems)));
        assert!(definitions.processes.iter().any(|p| p.executable), "{name}");
        assert!(!definitions.diagram.shapes.is_empty(), "{name}");
        for warning in warnings {
            println!("{name}: {warning}");
        }
    }
}

#[test]
fn interchange_models_are_accepted_or_refused() {
    for (name, xml) in models("miwg") {
        match model::parse(&name, &xml) {
            Ok((definitions, _)) => assert!(!definitions.processes.is_empty(), "{name}"),
            Err(problems) => {
                assert!(problems.iter().any(model::Diagnostic::is_error), "{name}");
                println!("{}", model::report(&name, &problems));
            }
        }
        let (definitions, _) =
            model::read(&name, &xml).unwrap_or_else(|p| panic!("{}", model::report(&name, &p)));
        let elements: usize = definitions.processes.iter().map(|p| p.elements.len()).sum();
        assert!(elements > 0 && !definitions.diagram.shapes.is_empty(), "{name}");
    }
}
