//! Journals of earlier versions fold to the states that they were (`engine-rules.md` 1). Each file
//! of `tests/upgrade` is a version: scenarios, and in each line a step as it stands in a journal
//! and the hash of the state behind it.
//!
//! An event's meaning never changes: what fails here needs a new event, not a new hash. Only when
//! the form of a checkpoint grows do hashes change; then `GREVY_BLESS=hashes` writes them anew, and
//! the commit says so. `GREVY_BLESS=journals` writes the file of the present version.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use engine::State;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("hex digits");
    (0..text.len()).step_by(2).map(digits).collect()
}

/// Folds the steps of a file; the text that it should have, and what differs.
fn folded(text: &str) -> (String, Vec<String>) {
    let (mut fresh, mut wrong) = (String::new(), Vec::new());
    let mut state = State::new(1);
    let mut scenario = "";
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("# ") {
            state = State::new(1);
            scenario = name;
            let _ = writeln!(fresh, "{line}");
            continue;
        }
        let (step, hash) = line.split_once(' ').expect("a step and a hash");
        let step = unhex(step);
        match record::decode_step(&step) {
            Ok(step) => step.events.iter().for_each(|event| state.apply(event)),
            Err(error) => wrong.push(format!("{scenario}: {error}")),
        }
        let now = format!("{:016x}", record::checkpoint::state_hash(&state));
        if now != hash {
            wrong.push(format!("{scenario}: {hash} became {now} after {}", hex(&step)));
        }
        let _ = writeln!(fresh, "{} {now}", hex(&step));
    }
    (fresh, wrong)
}

/// The fewest scenarios, chosen greedily, that have every kind of event that any has.
fn chosen() -> Vec<(String, Vec<Vec<u8>>)> {
    let conformance = root().join("conformance");
    let files = std::fs::read_dir(conformance.join("scenarios")).expect("the scenarios");
    let mut paths: Vec<PathBuf> = files.map(|file| file.expect("readable").path()).collect();
    paths.sort();
    let mut all: Vec<(String, Vec<Vec<u8>>, BTreeSet<String>)> = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("readable");
        let scenario = testing::Scenario::parse(&text).expect("it parses");
        let mut runner = testing::Runner::new(&conformance.join("models"), None);
        for command in scenario.lines.iter().filter_map(|line| line.command.as_ref()) {
            runner.run(command).expect("it runs");
        }
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let kinds = runner.log().iter().flat_map(|step| kinds(step)).collect();
        all.push((name, runner.log().to_vec(), kinds));
    }
    let mut open: BTreeSet<String> = all.iter().flat_map(|row| row.2.clone()).collect();
    let mut chosen = Vec::new();
    while !open.is_empty() {
        let gain = |row: &&(String, Vec<Vec<u8>>, BTreeSet<String>)| {
            let bytes: usize = row.1.iter().map(Vec::len).sum();
            row.2.intersection(&open).count() * 1_000_000_000 / bytes.max(1)
        };
        let best = all.iter().max_by_key(gain).expect("some scenario has it").clone();
        open.retain(|kind| !best.2.contains(kind));
        chosen.push((best.0, best.1));
    }
    chosen.sort();
    chosen
}

/// Names of the events of a step.
fn kinds(step: &[u8]) -> Vec<String> {
    let step = record::decode_step(step).expect("it was encoded now");
    let name = |event: &engine::Event| {
        let text = match event {
            engine::Event::Partition(event) => format!("partition {event:?}"),
            engine::Event::Definition { event, .. } => format!("definition {event:?}"),
            engine::Event::Slot { event, .. } => format!("slot {event:?}"),
            engine::Event::Instance { event, .. } => format!("instance {event:?}"),
        };
        text.split(['{', '(']).next().unwrap_or_default().trim().to_owned()
    };
    step.events.iter().map(name).collect()
}

#[test]
fn journals_of_earlier_versions_fold_to_their_states() {
    let bless = std::env::var("GREVY_BLESS").unwrap_or_default();
    if bless == "journals" {
        let mut text = String::new();
        for (name, steps) in chosen() {
            let _ = writeln!(text, "# {name}");
            for step in steps {
                let _ = writeln!(text, "{} 0", hex(&step));
            }
        }
        let file = root().join(format!("upgrade/{}.txt", env!("CARGO_PKG_VERSION")));
        std::fs::write(file, folded(&text).0).expect("written");
    }
    let mut files = 0;
    for file in std::fs::read_dir(root().join("upgrade")).expect("the journals") {
        let path = file.expect("readable").path();
        let text = std::fs::read_to_string(&path).expect("readable");
        let (fresh, wrong) = folded(&text);
        if bless == "hashes" {
            std::fs::write(&path, fresh).expect("written");
        } else {
            assert!(wrong.is_empty(), "{}:\n{}", path.display(), wrong.join("\n"));
        }
        files += 1;
    }
    assert!(files > 0, "no journal of an earlier version is there");
}
