//! The ledger against the copy of the journal: nothing lost, nothing twice, no timer early.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use engine::Key;
use journal::fs::RealFs;
use journal::inspect::{Verdict, checkpoints_of, inspect, inspect_checkpoints};

use crate::ledger;

/// What the copies of the journals tell, counted.
#[derive(Default)]
struct Told {
    created: BTreeMap<Key, u32>,
    completed: BTreeMap<Key, u32>,
    jobs: BTreeMap<Key, u32>,
    jobs_completed: BTreeMap<Key, u32>,
    correlated: BTreeMap<Key, u32>,
    timers: BTreeMap<Key, i64>,
    fired: BTreeMap<Key, Vec<i64>>,
    messages: BTreeMap<String, u32>,
    epochs: BTreeSet<(u16, u64)>,
}

impl Told {
    /// A line of a copy.
    fn take(&mut self, partition: u16, line: &str) -> Option<()> {
        let words: Vec<&str> = line.split(' ').collect();
        let key = |at: usize| words.get(at)?.parse::<i64>().ok();
        let count = |counts: &mut BTreeMap<Key, u32>| {
            *counts.entry(key(1)?).or_default() += 1;
            Some(())
        };
        match *words.first()? {
            "created" => count(&mut self.created)?,
            "completed" => count(&mut self.completed)?,
            "job" => count(&mut self.jobs)?,
            "job-completed" => count(&mut self.jobs_completed)?,
            "correlated" => count(&mut self.correlated)?,
            "armed" => drop(self.timers.insert(key(1)?, key(2)?)),
            "fired" => self.fired.entry(key(1)?).or_default().push(key(2)?),
            "message" => *self.messages.entry((*words.get(1)?).to_owned()).or_default() += 1,
            "upto" => drop(self.epochs.insert((partition, words.get(2)?.parse().ok()?))),
            _ => return None,
        }
        Some(())
    }
}

/// What was compared.
pub struct Counts {
    pub instances: usize,
    /// Cold instances that were read.
    pub cold: u64,
    /// Segments of both logs were removed.
    pub trimmed: bool,
    /// Everything, in words.
    pub text: String,
}

/// The counts, or what is wrong.
pub fn check(folder: &Path) -> Result<Counts, String> {
    let mut told = Told::default();
    for partition in 1..=2 {
        let text = std::fs::read_to_string(folder.join(format!("copy-{partition}")));
        for line in text.map_err(|e| e.to_string())?.lines() {
            told.take(partition, line)
                .ok_or_else(|| format!("the copy has a line of nothing: {line}"))?;
        }
    }
    let lines = ledger::read_all(folder)?;
    let mut problems = compare(&told, &lines);
    let cold = counted(folder, "cold")?;
    let mended = counted(folder, "mended")?;
    let trimmed = look(folder, &mut problems)?;
    if mended > 0 {
        problems.push(format!("{mended} blobs could not be read although nothing rotted"));
    }
    match problems.is_empty() {
        true => Ok(Counts {
            instances: told.created.len(),
            cold,
            trimmed,
            text: format!(
                "{} epochs, {} instances, {} jobs, {} timers, {} messages, {cold} cold instances \
                 read, {} ledger lines",
                told.epochs.len(),
                told.created.len(),
                told.jobs.len(),
                told.timers.len(),
                told.messages.len(),
                lines.len()
            ),
        }),
        false => Err(problems.join("\n")),
    }
}

/// The sum of what all servers counted.
fn counted(folder: &Path, what: &str) -> Result<u64, String> {
    let mut sum = 0;
    for file in std::fs::read_dir(folder).map_err(|e| e.to_string())? {
        let path = file.map_err(|e| e.to_string())?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("count-")) {
            let text = std::fs::read_to_string(&path).map_err(|e| e.to_string())?;
            let found =
                text.lines().filter_map(|line| line.strip_prefix(what)?.trim().parse::<u64>().ok());
            sum += found.sum::<u64>();
        }
    }
    Ok(sum)
}

/// Reads the files that are left: whole but for what the test itself damaged. Was the log trimmed?
fn look(folder: &Path, problems: &mut Vec<String>) -> Result<bool, String> {
    let fs = RealFs;
    let mut trimmed = true;
    for partition in 1..=2 {
        let log = folder.join(format!("data/partition-{partition}"));
        let report = inspect(&fs, &log).map_err(|e| e.to_string())?;
        trimmed &= report.first_lsn > 1;
        if report.verdict != Verdict::Whole {
            problems.push(format!("{}: {:?}", log.display(), report.verdict));
        }
        let found = checkpoints_of(&fs, &log).map(|dir| inspect_checkpoints(&fs, &dir));
        let found = found.transpose().map_err(|e| e.to_string())?.unwrap_or_default();
        let damage = found.checkpoints.into_iter().flat_map(|one| one.damage);
        let ours = |file: &Path| file.to_string_lossy().ends_with("-tables.part");
        problems.extend(damage.filter(|d| !ours(&d.file)).map(|damage| format!("{damage:?}")));
    }
    Ok(trimmed)
}

fn compare(told: &Told, lines: &[String]) -> Vec<String> {
    let mut problems = Vec::new();
    let once = |counts: &BTreeMap<Key, u32>, key: Key| counts.get(&key).copied() == Some(1);
    for (key, times) in &told.created {
        if *times != 1 || !once(&told.completed, *key) {
            let ends = told.completed.get(key).copied().unwrap_or(0);
            problems.push(format!("instance {key} was created {times} times, completed {ends}"));
        }
        if !once(&told.correlated, *key) {
            problems.push(format!("instance {key} did not take its message exactly once"));
        }
    }
    for key in told.jobs.keys().filter(|key| !once(&told.jobs_completed, **key)) {
        problems.push(format!("job {key} was not completed exactly once"));
    }
    for (key, due) in &told.timers {
        match told.fired.get(key).map(Vec::as_slice) {
            Some([at]) if at >= due => {}
            other => problems.push(format!("timer {key}, due {due}, fired at {other:?}")),
        }
    }
    let mut completions = BTreeSet::new();
    let mut worked: BTreeSet<(&str, &str)> = BTreeSet::new();
    for line in lines {
        if let ["worked", job_type, id] = line.split(' ').collect::<Vec<_>>()[..] {
            worked.insert((job_type, id));
        }
    }
    for line in lines {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["created", id, key] => {
                let key = key.parse().unwrap_or(0);
                if !once(&told.completed, key) {
                    problems.push(format!("acknowledged order {id} ({key}) is lost"));
                }
                for job_type in ["charge", "ship"] {
                    if !worked.contains(&(job_type, id)) {
                        problems.push(format!("order {id} completed without its {job_type}"));
                    }
                }
            }
            ["published", id] if told.messages.get(id).copied() != Some(1) => {
                problems.push(format!("message {id} is not there exactly once"));
            }
            ["completed", key] => {
                let key: Key = key.parse().unwrap_or(0);
                if !completions.insert(key) || !once(&told.jobs_completed, key) {
                    problems.push(format!("job {key} was acknowledged twice or is not in the log"));
                }
            }
            _ => {}
        }
    }
    if told.created.is_empty() || worked.is_empty() {
        problems.push("expected something to happen, but nothing did".to_owned());
    }
    problems
}
