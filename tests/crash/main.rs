//! Kills the engine and looks whether anything was lost. Server, clients and workers are processes
//! of their own (this binary again, told by `GREVY_CRASH_ROLE`); clients and workers write what
//! they were told into a ledger that is synced line by line and outlives every kill.
//!
//! A round starts the server, waits until it stops at a named point of the journal (or a random
//! while) and kills it. Segments, checkpoints and the time until an instance leaves memory are so
//! small that a round trims the log and reads cold instances; in every third round the newest
//! checkpoint is damaged after the kill. An exporter copies the log before it is trimmed. After the
//! last round everything must come to its end, and the copy is compared with the ledger. `GREVY_CRASH_ROUNDS` sets the rounds of each point (5). In the lab
//! `GREVY_LAB_ROUNDS` are dealt out to the points, and `GREVY_LAB_FROM` is the seed.

mod client;
mod copy;
mod ledger;
mod server;
mod verdict;
mod worker;

use verdict::Counts;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How long a round may wait for its point, and the end for the last instance.
const PATIENCE: Duration = Duration::from_secs(60);
/// Cold instances that all points together read at least, with 5 rounds each.
const COLD_MIN: u64 = 200;
const CLIENTS: usize = 2;
const WORKERS: usize = 2;

/// Point of the journal, and how often it may be passed before the stop.
const POINTS: [(&str, u64); 9] = [
    ("append", 200),
    ("write", 200),
    ("sync", 200),
    ("segment-roll", 3),
    ("blob", 8),
    ("checkpoint", 4),
    ("published", 4),
    ("trim", 4),
    ("random", 0),
];

fn main() -> ExitCode {
    let folder = std::env::var_os("GREVY_CRASH_FOLDER").map(PathBuf::from).unwrap_or_default();
    match std::env::var("GREVY_CRASH_ROLE").as_deref() {
        Ok("server") => server::run(&folder),
        Ok("client") => client::run(&folder),
        Ok("worker") => worker::run(&folder),
        _ => tests(),
    }
}

/// Speaks as other test binaries do, so that its tests are counted.
fn tests() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let filters: Vec<&String> = arguments.iter().filter(|a| !a.starts_with('-')).collect();
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    let lab = number("GREVY_LAB_ROUNDS");
    let seed = number("GREVY_LAB_FROM").unwrap_or(0);
    let all = POINTS.len() as u64;
    let rounds = |at: u64| match lab {
        Some(lab) => lab / all + u64::from((at + seed) % all < lab % all),
        None => number("GREVY_CRASH_ROUNDS").unwrap_or(5),
    };
    let chosen: Vec<(String, &str, u64)> = POINTS
        .iter()
        .map(|(point, times)| (format!("crash_at_{}", point.replace('-', "_")), *point, *times))
        .filter(|(name, ..)| filters.is_empty() || filters.iter().any(|f| name.contains(*f)))
        .collect();
    if arguments.iter().any(|argument| argument == "--list") {
        chosen.iter().for_each(|(name, ..)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    println!("\nrunning {} tests", chosen.len());
    let (mut failed, mut cold, mut trimmed) = (0, 0, 0);
    for ((name, point, times), at) in chosen.iter().zip(0..) {
        match crash(point, *times, rounds(at), seed) {
            Ok(counts) => {
                cold += counts.cold;
                trimmed += usize::from(counts.trimmed);
                println!("test {name} ... ok\n  {} rounds, {}", rounds(at), counts.text);
                if lab.is_some() {
                    println!("lab: {name} = {} rounds", rounds(at));
                    println!("lab: {name}, checked = {} instances", counts.instances);
                    println!("lab: {name}, cold ones read = {} instances", counts.cold);
                }
            }
            Err(problem) => {
                failed += 1;
                println!("test {name} ... FAILED\n{problem}");
            }
        }
    }
    // A few rounds may end before the first checkpoint; many that do are no test of what is cold.
    let whole = chosen.len() == POINTS.len() && rounds(0) >= 5;
    if whole && (cold < COLD_MIN || trimmed * 2 < POINTS.len()) {
        failed += 1;
        println!("expected {COLD_MIN} cold instances read and the log trimmed at most points, but");
        println!("{cold} were read, and it was trimmed at {trimmed} points");
    }
    let (word, passed) =
        (if failed == 0 { "ok" } else { "FAILED" }, chosen.len().saturating_sub(failed));
    let rest = "0 ignored; 0 measured; 0 filtered out";
    println!("\ntest result: {word}. {passed} passed; {failed} failed; {rest}");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn crash(point: &str, times: u64, rounds: u64, seed: u64) -> Result<Counts, String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let mut random = Random(0x9e37_79b9 ^ point.len() as u64 ^ rounds ^ (seed << 32));
    let people = |role: &'static str, count: usize| {
        (0..count).map(|n| Process::start(role, n, folder.path(), None)).collect::<Vec<_>>()
    };
    let (clients, workers) = (people("client", CLIENTS), people("worker", WORKERS));
    let mut rotten = BTreeSet::new();
    for round in 0..rounds {
        let stop = (point != "random").then(|| format!("{point}:{}", 1 + random.next() % times));
        let mut server = Process::start("server", 0, folder.path(), stop.as_deref());
        match &stop {
            // The point may be met before the server is ready; that is a round, too.
            Some(stop) => server
                .wait_for("GREVY_STOP", PATIENCE)
                .map_err(|e| format!("round {round} at {stop}: {e}"))?,
            None => {
                server.wait_for("READY", PATIENCE).map_err(|e| format!("round {round}: {e}"))?;
                server.wait_a_while(Duration::from_millis(20 + random.next() % 400))?;
            }
        }
        server.kill();
        if round % 3 == 2 {
            rot(folder.path(), &mut rotten)?;
        }
    }
    let mut server = Process::start("server", 0, folder.path(), None);
    server.wait_for("READY", PATIENCE)?;
    touch(folder.path(), "stop-clients")?;
    clients.into_iter().try_for_each(|client| client.wait())?;
    touch(folder.path(), "drain")?;
    server.wait_for("DRAINED", PATIENCE)?;
    touch(folder.path(), "stop-workers")?;
    workers.into_iter().try_for_each(|worker| worker.wait())?;
    touch(folder.path(), "stop-server")?;
    server.wait()?;
    verdict::check(folder.path())
}

/// Damages the newest checkpoint of each partition, where it is not damaged yet: the next start
/// needs the one before it, and the log from there on.
fn rot(folder: &Path, rotten: &mut BTreeSet<PathBuf>) -> Result<(), String> {
    for partition in 1..=2 {
        let checkpoints = folder.join(format!("data/partition-{partition}-checkpoints"));
        let Ok(files) = std::fs::read_dir(checkpoints) else { continue };
        let files = files.map_while(Result::ok).map(|file| file.path());
        let newest = files.filter(|path| path.extension().is_some_and(|e| e == "manifest")).max();
        let Some(newest) = newest.filter(|newest| rotten.insert(newest.clone())) else { continue };
        let name = newest.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let tables = newest.with_file_name(format!("{name}-tables.part"));
        let fail = |error| format!("{}: {error}", tables.display());
        let mut bytes = std::fs::read(&tables).map_err(fail)?;
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&tables, bytes).map_err(fail)?;
    }
    Ok(())
}

fn touch(folder: &Path, name: &str) -> Result<(), String> {
    std::fs::write(folder.join(name), "").map_err(|e| format!("{name}: {e}"))
}

/// A child of this test, ended with it.
struct Process {
    what: String,
    child: Child,
    lines: Receiver<String>,
    ended: bool,
}

impl Process {
    fn start(role: &str, number: usize, folder: &Path, stop: Option<&str>) -> Process {
        let binary = std::env::current_exe().expect("a test runs from its own file");
        let mut command = Command::new(binary);
        command.env("GREVY_CRASH_ROLE", role).env("GREVY_CRASH_FOLDER", folder);
        command.env("GREVY_CRASH_NUMBER", number.to_string());
        command.env_remove("GREVY_STOP_AT");
        if let Some(stop) = stop {
            command.env("GREVY_STOP_AT", stop);
        }
        let piped = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().expect("a test may start itself");
        let (send, lines) = channel();
        let out = child.stdout.take().map(BufReader::new);
        let err = child.stderr.take().map(BufReader::new);
        let errors = send.clone();
        std::thread::spawn(move || {
            out.into_iter()
                .flat_map(BufRead::lines)
                .map_while(Result::ok)
                .try_for_each(|line| send.send(line))
        });
        std::thread::spawn(move || {
            err.into_iter()
                .flat_map(BufRead::lines)
                .map_while(Result::ok)
                .try_for_each(|line| errors.send(line))
        });
        Process { what: format!("{role} {number}"), child, lines, ended: false }
    }

    fn wait_for(&mut self, word: &str, patience: Duration) -> Result<(), String> {
        let until = Instant::now() + patience;
        let mut said = Vec::new();
        loop {
            match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) if line.starts_with(word) => return Ok(()),
                Ok(line) => said.push(line),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    let said = said.join("\n  ");
                    return Err(format!("{}: expected {word}, but it said:\n  {said}", self.what));
                }
            }
        }
    }

    /// Lets it run; an early end is an error.
    fn wait_a_while(&mut self, time: Duration) -> Result<(), String> {
        match self.lines.recv_timeout(time) {
            Err(RecvTimeoutError::Timeout) => Ok(()),
            Ok(line) => Err(format!("{}: unexpectedly said: {line}", self.what)),
            Err(RecvTimeoutError::Disconnected) => Err(format!("{} ended", self.what)),
        }
    }

    /// `kill -9`.
    fn kill(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        self.ended = true;
    }

    /// Its own end.
    fn wait(mut self) -> Result<(), String> {
        let status = self.child.wait().map_err(|e| e.to_string())?;
        self.ended = true;
        let said: Vec<String> = self.lines.try_iter().collect();
        match status.success() {
            true => Ok(()),
            false => Err(format!("{} ended with {status}:\n{}", self.what, said.join("\n"))),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.ended {
            self.kill();
        }
    }
}

/// xorshift64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}
