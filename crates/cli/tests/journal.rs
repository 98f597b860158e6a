//! `grevy journal` over a data folder that is whole, and over one whose blobs rotted.

use std::path::{Path, PathBuf};
use std::process::Command;

use grevy::{Grevy, Model};

fn journal(verb: &str, folder: &Path, more: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_grevy"));
    let output = command.args(["journal", verb]).arg(folder).args(more).output();
    let output = output.expect("the binary is there");
    (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
}

fn blobs(folder: &Path) -> PathBuf {
    let entries = std::fs::read_dir(folder.join("partition-1-checkpoints")).expect("it is there");
    let mut paths = entries.map(|entry| entry.expect("readable").path());
    paths.find(|path| path.extension().is_some_and(|end| end == "dat")).expect("blobs")
}

#[test]
fn verify_reads_checkpoints_and_blobs_and_names_what_rotted() {
    let folder = tempfile::tempdir().expect("a folder");
    let grevy = Grevy::open(folder.path()).expect("a new folder");
    let model = Model::process("order").start("start").service_task("charge", "charge").end("end");
    grevy.deploy_model(model).wait().expect("a sound model");
    let mut last = 0;
    for _ in 0..5 {
        last = grevy.start("order", ()).wait().expect("deployed").instance;
    }
    drop(grevy);
    let (whole, text) = journal("verify", folder.path(), &[]);
    assert!(whole && text.contains("checkpoints: 1 of 1 whole"), "{text}");
    let (_, text) = journal("inspect", folder.path(), &[]);
    assert!(text.contains("5 instances in"), "{text}");

    let file = blobs(folder.path());
    let mut bytes = std::fs::read(&file).expect("it is there");
    *bytes.last_mut().expect("five blobs") ^= 1;
    std::fs::write(&file, bytes).expect("it is ours");
    let (whole, text) = journal("verify", folder.path(), &[]);
    let told = format!("DAMAGED: {} (instance {last})", file.display());
    assert!(!whole && text.contains(&told) && text.contains("at byte"), "{text}");
    let (whole, text) = journal("verify", folder.path(), &["--json"]);
    let told = format!("\"instance\":\"{last}\"");
    assert!(!whole && text.contains(&told), "{text}");
}

#[test]
fn the_folder_of_the_demo_says_where_its_data_folder_is() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(Grevy::open(folder.path().join("engine")).expect("a new folder"));
    std::fs::write(folder.path().join("orders.jsonl"), "").expect("a file");
    let at = folder.path().to_str().expect("a path");
    let told = format!("; look at {at}/engine");
    for arguments in [&["journal", "inspect", at][..], &["resume", "--data-dir", at]] {
        let output = Command::new(env!("CARGO_BIN_EXE_grevy")).args(arguments).output();
        let output = output.expect("the binary is there");
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && text.contains(&told), "{arguments:?}: {text}");
    }
}
