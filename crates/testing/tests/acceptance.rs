//! The public models that are not part of this repository: `tests/acceptance` says what each does.
//! They are read from `GREVY_DATA`, else from beside the repository.

use std::path::PathBuf;
use std::sync::Arc;

use engine::meta;

fn here(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// `None`, said aloud, where the data is absent; an error with `GREVY_DATA_REQUIRED=1`.
fn data(folder: &str) -> Option<PathBuf> {
    let root = std::env::var_os("GREVY_DATA");
    let root = root.map_or_else(|| here("../../../shared/acceptance"), PathBuf::from);
    let folder = root.join(folder);
    if folder.is_dir() {
        return Some(folder);
    }
    let required = std::env::var("GREVY_DATA_REQUIRED").is_ok_and(|v| v == "1");
    assert!(!required, "GREVY_DATA_REQUIRED=1, but there is no folder {}", folder.display());
    println!("not run: no folder {}; set GREVY_DATA", folder.display());
    None
}

#[test]
fn models_do_what_their_scenarios_say() {
    let Some(models) = data("models") else { return };
    let scenarios = std::fs::read_dir(here("../../tests/acceptance")).expect("in the repository");
    let mut files: Vec<PathBuf> = scenarios.map(|entry| entry.expect("readable").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    let failed = files.iter().filter_map(|file| testing::check(file, &models).err());
    let failed: Vec<String> = failed.collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

fn deploy(path: &PathBuf) -> Result<(), String> {
    let bytes: Arc<[u8]> = std::fs::read(path).expect("readable").into();
    let name = path.file_name().expect("a file").to_string_lossy().as_ref().into();
    let mut state = meta::State::new();
    let resources = vec![meta::Resource { name, bytes }];
    let tenant = engine::command::DEFAULT_TENANT.into();
    let (answer, _) = state.decide(&meta::Command::Deploy { resources, tenant });
    answer.map(drop).map_err(|rejection| rejection.to_string())
}

/// Which file is refused, and what its refusal names; everything else is accepted.
const REFUSED: &[(&str, &str)] = &[("reject-empty-job-type.bpmn", "- Element: ")];

#[test]
fn models_are_deployed() {
    let Some(models) = data("models") else { return };
    for entry in std::fs::read_dir(models).expect("readable") {
        let path = entry.expect("readable").path();
        if path.extension().is_none_or(|e| e != "bpmn") {
            continue;
        }
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        let refused = REFUSED.iter().find(|(file, _)| *file == name);
        match (deploy(&path), refused) {
            (Ok(()), _) => {}
            (Err(why), Some((_, named))) => assert!(why.contains(named), "{name}: {why}"),
            (Err(why), None) => panic!("{name}: {why}"),
        }
    }
}

#[test]
fn interchange_models_are_deployed_or_refused() {
    let Some(models) = data("miwg") else { return };
    for entry in std::fs::read_dir(models).expect("readable") {
        let path = entry.expect("readable").path();
        if path.extension().is_some_and(|e| e == "bpmn")
            && let Err(why) = deploy(&path)
        {
            assert!(why.contains("INVALID_ARGUMENT"), "{}: {why}", path.display());
            assert!(why.contains("- ERROR: ") || why.contains("expected"), "{why}");
        }
    }
}
