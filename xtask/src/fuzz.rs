//! `cargo xtask fuzz`: every parser and decoder under libFuzzer, with the project's own compiler:
//! the coverage that it needs is a pass of LLVM, which the stable compiler runs as well.
//!
//! What was learned stays in `target/fuzz/corpus`, a finding in `target/fuzz/findings`. As a run of
//! the lab a round is one target for [`SECONDS`], so that an hour goes around all of them.

use crate::needs::acceptance;
use crate::process::{Go, command, output, watch};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long one target is fuzzed at a time.
pub const SECONDS: u64 = 60;

/// What one input may take, in seconds; far more than any limit lets it.
const INPUT_SECONDS_MAX: u32 = 20;

/// Seeds above this size teach little and cost much.
const SEED_BYTES_MAX: usize = 16 * 1024;

/// What the compiler is told, besides what the project tells it.
const FLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1";

/// One target, and what it starts from.
struct Target {
    name: &'static str,
    bytes_max: usize,
    /// Files below a folder of the tree, or of the acceptance data, with this ending.
    seeds: &'static [(Place, &'static str, &'static str)],
}

#[derive(Clone, Copy)]
enum Place {
    /// Each file of the tree is a seed.
    Tree,
    /// Each line of the files is a seed.
    Lines,
    /// Each file of the acceptance data is a seed.
    Data,
}

const TARGETS: &[Target] = &[
    Target {
        name: "feel",
        bytes_max: 600,
        seeds: &[
            (Place::Lines, "crates/tck/golden", ".txt"),
            (Place::Lines, "docs/guide", "feel.md"),
        ],
    },
    Target {
        name: "dmn",
        bytes_max: 8_192,
        seeds: &[(Place::Data, "dmn-tck", ".dmn"), (Place::Data, "dmn-scala", ".dmn")],
    },
    Target {
        name: "bpmn",
        bytes_max: 8_192,
        seeds: &[
            (Place::Tree, "tests/conformance/models", ".bpmn"),
            (Place::Data, "models", ".bpmn"),
        ],
    },
    Target {
        name: "json",
        bytes_max: 2_048,
        seeds: &[(Place::Tree, "crates/tck/golden", ".json"), (Place::Tree, "fuzz/seeds", ".json")],
    },
    Target { name: "time", bytes_max: 200, seeds: &[] },
    Target { name: "step", bytes_max: 4_096, seeds: &[] },
    Target { name: "checkpoint", bytes_max: 4_096, seeds: &[] },
    Target { name: "log", bytes_max: 4_096, seeds: &[] },
    Target { name: "mapping", bytes_max: 2_048, seeds: &[(Place::Tree, "fuzz/seeds", ".yaml")] },
    Target {
        name: "csv",
        bytes_max: 4_096,
        seeds: &[(Place::Tree, "fuzz/seeds", ".csv"), (Place::Data, "eventlogs", ".csv")],
    },
    Target { name: "xes", bytes_max: 4_096, seeds: &[(Place::Tree, "fuzz/seeds", ".xes")] },
    Target {
        name: "json_events",
        bytes_max: 4_096,
        seeds: &[(Place::Tree, "fuzz/seeds", ".json")],
    },
];

/// Fuzzes these targets, or all; as a run of the lab those of its rounds.
pub fn run(root: &Path, target: &Path, names: &[String], seconds: u64) -> Result<bool, String> {
    let known: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(format!("expected one of {}, but got `{unknown}`", known.join(", ")));
    }
    let folder = target.join("fuzz");
    let programs = build(root, &folder)?;
    let chosen: Vec<&Target> = match rounds() {
        Some((from, count)) => {
            (from..from + count).map(|round| &TARGETS[round % TARGETS.len()]).collect()
        }
        None => TARGETS
            .iter()
            .filter(|target| names.is_empty() || names.iter().any(|name| name == target.name))
            .collect(),
    };
    let mut passed = true;
    for target in chosen {
        passed &= fuzz(root, &folder, &programs, target, seconds)?;
    }
    Ok(passed)
}

fn rounds() -> Option<(usize, usize)> {
    let number = |name: &str| std::env::var(name).ok()?.parse().ok();
    Some((number("GREVY_LAB_FROM")?, number("GREVY_LAB_ROUNDS")?))
}

/// Builds all targets; the folder of the programs.
fn build(root: &Path, folder: &Path) -> Result<PathBuf, String> {
    let version = output(command(root, &["rustc", "-vV"]))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.ok_or("expected rustc to name its host, but it does not")?;
    // With a target named, the flags do not reach build scripts and macros.
    let words = ["cargo", "build", "--release", "--quiet", "--target", host];
    let mut build = command(&root.join("fuzz"), &words);
    build.env("CARGO_TARGET_DIR", folder).env("RUSTFLAGS", FLAGS);
    let ended = watch(build, Duration::from_secs(60 * 60), |_| Go::On)?;
    match ended.success {
        true => Ok(folder.join(host).join("release")),
        false => Err("the fuzz targets could not be built".to_owned()),
    }
}

fn fuzz(
    root: &Path,
    folder: &Path,
    programs: &Path,
    target: &Target,
    seconds: u64,
) -> Result<bool, String> {
    let name = target.name;
    let [corpus, seeds] = ["corpus", "seeds"].map(|kind| folder.join(kind).join(name));
    let findings = folder.join("findings");
    for folder in [&corpus, &seeds, &findings] {
        std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    plant(root, target, &seeds)?;
    let program = programs.join(name);
    let mut words = vec![program.to_string_lossy().into_owned()];
    words.push(format!("-max_total_time={seconds}"));
    words.push(format!("-max_len={}", target.bytes_max));
    words.push(format!("-timeout={INPUT_SECONDS_MAX}"));
    words.push(format!("-artifact_prefix={}/{name}-", findings.display()));
    words.extend(["-print_final_stats=1", "-verbosity=0"].map(str::to_owned));
    let dictionary = root.join(format!("fuzz/dictionaries/{name}.dict"));
    if dictionary.is_file() {
        words.push(format!("-dict={}", dictionary.display()));
    }
    words.extend([&corpus, &seeds].map(|path| path.to_string_lossy().into_owned()));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut runs = 0u64;
    let limit = Duration::from_secs(seconds * 2 + 300);
    let ended = watch(command(root, &words), limit, |line| {
        if let Some(count) = line.strip_prefix("stat::number_of_executed_units:") {
            runs = count.trim().parse().unwrap_or(0);
        }
        Go::On
    })?;
    println!("lab: fuzz_{name} = {runs} inputs");
    if !ended.success {
        println!("fuzz: {name} has a finding; the input is in {}", findings.display());
    }
    Ok(ended.success)
}

/// Copies what a target starts from; the acceptance data only where it is.
fn plant(root: &Path, target: &Target, seeds: &Path) -> Result<(), String> {
    let mut texts = Vec::new();
    for (place, folder, ending) in target.seeds {
        let base = match place {
            Place::Tree | Place::Lines => root.to_path_buf(),
            Place::Data => acceptance(root),
        };
        let mut files = Vec::new();
        files_below(&base.join(folder), ending, &mut files);
        for file in files {
            let Ok(text) = std::fs::read(&file) else { continue };
            match place {
                Place::Tree | Place::Data => texts.push(text),
                Place::Lines => texts.extend(text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec)),
            }
        }
    }
    for (number, text) in texts.iter().enumerate() {
        let end = text.len().min(SEED_BYTES_MAX);
        let path = seeds.join(format!("{number:05}"));
        std::fs::write(&path, &text[..end]).map_err(|e| format!("{}: {e}", path.display()))?;
    }
    Ok(())
}

fn files_below(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && name != "node_modules" {
            files_below(&path, ending, found);
        } else if name.ends_with(ending) {
            found.push(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_is_built_and_seeded_from_what_is_there() {
        let root = crate::root();
        let manifest = std::fs::read_to_string(root.join("fuzz/Cargo.toml")).unwrap();
        let built: Vec<&str> =
            manifest.lines().filter_map(|line| line.strip_prefix("path = \"targets/")).collect();
        assert_eq!(built.len(), TARGETS.len());
        for target in TARGETS {
            assert!(built.contains(&format!("{}.rs\"", target.name).as_str()), "{}", target.name);
            for (place, folder, ending) in target.seeds {
                let mut files = Vec::new();
                files_below(&root.join(folder), ending, &mut files);
                assert!(matches!(place, Place::Data) || !files.is_empty(), "{folder} {ending}");
            }
        }
    }
}
