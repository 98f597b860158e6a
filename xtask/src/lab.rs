//! `cargo xtask lab`: runs of hours, cut into slices, so that one that was interrupted goes on.
//!
//! A run is a command that does rounds. It is told `GREVY_LAB_FROM` and `GREVY_LAB_ROUNDS` (which
//! rounds this slice has, as numbers or as seeds), ends with success or not, and prints figures as
//! lines `lab: name = number unit`. After each slice the state is written to `target/lab/`, after
//! the last one the result to `tests/lab/`.

use crate::process::{Go, command, output, watch};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A long run: one row.
struct Run {
    name: &'static str,
    about: &'static str,
    command: &'static [&'static str],
    /// How many rounds make the run complete.
    rounds: u64,
    /// How many rounds one process does: what is lost at most by an interruption.
    slice: u64,
    /// What a slice may take before it counts as hung.
    slice_minutes: u64,
}

const RUNS: &[Run] = &[
    Run {
        name: "crash",
        about: "kills the engine at each named point and at random, and looks for what was lost",
        command: &["cargo", "test", "--package", "grevy", "--test", "crash"],
        rounds: 1_000,
        slice: 48,
        slice_minutes: 30,
    },
    Run {
        name: "fuzz",
        about: "libFuzzer over every parser and decoder, an hour and more: no panic, no hang",
        command: &["cargo", "xtask", "fuzz"],
        rounds: 72,
        slice: 12,
        slice_minutes: 60,
    },
    Run {
        name: "differential",
        about: "FEEL against feelin and dsntk, expression by expression",
        command: &["cargo", "run", "--release", "--package", "grevy-tck", "--bin", "differential"],
        rounds: 1,
        slice: 1,
        slice_minutes: 60,
    },
    Run {
        name: "flaky",
        about: "the whole test run again and again: a test that fails once in twenty is a defect",
        command: &["cargo", "test", "--workspace", "--no-fail-fast", "--quiet"],
        rounds: 20,
        slice: 1,
        slice_minutes: 60,
    },
    Run {
        name: "ingest",
        about: "ten minutes of JSON lines into tracking: 50,000 events a second, memory bounded",
        command: &[
            "cargo",
            "test",
            "--release",
            "--package",
            "grevy-track",
            "--test",
            "ingest",
            "--",
            "--nocapture",
            "--test-threads=1",
        ],
        rounds: 600,
        slice: 600,
        slice_minutes: 60,
    },
    Run {
        name: "models",
        about: "generated models against the oracle: what is open, variables, replay, invariants",
        command: &[
            "cargo",
            "test",
            "--release",
            "--package",
            "grevy-engine",
            "--test",
            "models",
            "--",
            "--ignored",
            "--nocapture",
            "lab",
        ],
        rounds: 100_000,
        slice: 5_000,
        slice_minutes: 60,
    },
    Run {
        name: "planted",
        about: "bugs planted into a copy of the engine: each found within 1,000 models",
        command: &["cargo", "xtask", "planted"],
        rounds: 11,
        slice: 1,
        slice_minutes: 40,
    },
    Run {
        name: "mining",
        about: "discovery beside pm4py: fitness, precision, size and time; needs a release build",
        command: &["python3", "benches/mining.py"],
        rounds: 1,
        slice: 1,
        slice_minutes: 25,
    },
];

/// Does the runs with these names; without a name lists them and how far they are.
pub fn run(
    root: &Path,
    target: &Path,
    names: &[String],
    again: bool,
    rounds: Option<u64>,
) -> Result<bool, String> {
    let commit = output(command(root, &["git", "rev-parse", "HEAD"]))?;
    let folder = target.join("lab");
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    if names.is_empty() {
        for run in RUNS {
            let done = State::read(&folder, run, &commit).done;
            println!("{:<12} {done:>7} of {:>7} rounds  {}", run.name, run.rounds, run.about);
        }
        return Ok(true);
    }
    let mut passed = true;
    for name in names {
        let Some(run) = RUNS.iter().find(|run| run.name == name) else {
            let known: Vec<&str> = RUNS.iter().map(|run| run.name).collect();
            return Err(format!("expected one of {}, but got `{name}`", known.join(", ")));
        };
        let state = if again { State::new(&commit) } else { State::read(&folder, run, &commit) };
        passed &= slices(run, root, &folder, state, rounds.unwrap_or(run.rounds))?;
    }
    Ok(passed)
}

fn slices(
    run: &Run,
    root: &Path,
    folder: &Path,
    mut state: State,
    rounds: u64,
) -> Result<bool, String> {
    if state.done > 0 {
        println!("{}: goes on after round {} of {rounds}", run.name, state.done);
    }
    while state.done < rounds {
        let count = run.slice.min(rounds - state.done);
        let mut command = command(root, run.command);
        command.env("GREVY_LAB_FROM", state.done.to_string());
        command.env("GREVY_LAB_ROUNDS", count.to_string());
        let limit = Duration::from_secs(60 * run.slice_minutes);
        let start = Instant::now();
        let ended = watch(command, limit, |line| {
            state.figure(line);
            Go::On
        })?;
        state.seconds += start.elapsed().as_secs();
        if !ended.success {
            let last = state.done + count - 1;
            state.failures.push(format!("rounds {} to {last}", state.done));
        }
        state.done += count;
        state.write(&state_path(folder, run), run)?;
        println!("{}: {} of {rounds} rounds, {}", run.name, state.done, state.verdict());
    }
    let results = root.join("tests/lab");
    std::fs::create_dir_all(&results).map_err(|error| format!("tests/lab: {error}"))?;
    state.write(&results.join(format!("{}.json", run.name)), run)?;
    println!("{}: wrote tests/lab/{}.json", run.name, run.name);
    Ok(state.failures.is_empty())
}

fn state_path(folder: &Path, run: &Run) -> PathBuf {
    folder.join(format!("{}.json", run.name))
}

/// How far a run is, and what it found so far.
#[derive(Debug, Default, PartialEq)]
struct State {
    commit: String,
    done: u64,
    seconds: u64,
    failures: Vec<String>,
    /// Name → unit and the figures of all slices, in their order.
    figures: Map<String, Value>,
}

impl State {
    fn new(commit: &str) -> State {
        State { commit: commit.to_owned(), ..State::default() }
    }

    /// What the last process left; a state of another commit proves nothing about this one.
    fn read(folder: &Path, run: &Run, commit: &str) -> State {
        let text = std::fs::read_to_string(state_path(folder, run)).unwrap_or_default();
        match State::parse(&text) {
            Some(state) if state.commit == commit => state,
            _ => State::new(commit),
        }
    }

    fn parse(text: &str) -> Option<State> {
        let value: Value = serde_json::from_str(text).ok()?;
        let failures = value["failures"].as_array()?.iter();
        Some(State {
            commit: value["commit"].as_str()?.to_owned(),
            done: value["rounds"].as_u64()?,
            seconds: value["seconds"].as_u64()?,
            failures: failures.filter_map(|text| text.as_str().map(str::to_owned)).collect(),
            figures: value["figures"].as_object()?.clone(),
        })
    }

    fn json(&self, run: &Run) -> Value {
        json!({
            "run": run.name,
            "about": run.about,
            "commit": self.commit,
            "rounds": self.done,
            "seconds": self.seconds,
            "verdict": self.verdict(),
            "failures": self.failures,
            "figures": self.figures,
        })
    }

    fn write(&self, path: &Path, run: &Run) -> Result<(), String> {
        let text = format!("{:#}\n", self.json(run));
        // A state half written by a kill would lose the hours before it.
        let fresh = path.with_extension("json.new");
        let written = std::fs::write(&fresh, text).and_then(|()| std::fs::rename(&fresh, path));
        written.map_err(|error| format!("{}: {error}", path.display()))
    }

    fn verdict(&self) -> String {
        match self.failures.len() {
            0 => "no failure".to_owned(),
            count => format!("{count} slices failed"),
        }
    }

    /// Takes a line `lab: name = number unit`.
    fn figure(&mut self, line: &str) {
        let Some((name, rest)) = line.strip_prefix("lab: ").and_then(|l| l.split_once(" = "))
        else {
            return;
        };
        let (number, unit) = rest.trim().split_once(' ').unwrap_or((rest.trim(), ""));
        let Ok(number) = number.parse::<f64>() else { return };
        let fresh = || json!({ "unit": unit, "values": [] });
        let entry = self.figures.entry(name).or_insert_with(fresh);
        if let Some(values) = entry["values"].as_array_mut() {
            values.push(json!(number));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_survives_its_file_and_not_a_new_commit() {
        let mut state = State::new("abc");
        (state.done, state.seconds) = (3, 70);
        state.failures.push("rounds 0 to 0".to_owned());
        state.figure("lab: lost = 0 instances");
        state.figure("lab: lost = 2 instances");
        state.figure("lab: nonsense");
        let back = State::parse(&state.json(&RUNS[0]).to_string());
        assert_eq!(back.as_ref(), Some(&state));
        assert_eq!(state.figures["lost"]["values"], json!([0.0, 2.0]));
        let folder = std::env::temp_dir().join(format!("grevy-lab-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        state.write(&state_path(&folder, &RUNS[0]), &RUNS[0]).unwrap();
        assert_eq!(State::read(&folder, &RUNS[0], "abc"), state);
        assert_eq!(State::read(&folder, &RUNS[0], "def").done, 0);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
