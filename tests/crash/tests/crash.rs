//! Real processes, killed: every acknowledged instance completes exactly once, no job is lost,
//! buffered messages survive, timers fire once and never early.
//!
//! Each round stops the node at a named point of the journal (or kills it at random), kills it
//! there with SIGKILL, and starts it again on the same folder. `GREVY_CRASH_ROUNDS` raises the
//! number of rounds a point for `cargo xtask lab`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Whatever happens, a round ends.
const PATIENCE: Duration = Duration::from_secs(120);
/// The timer of the model, in ms.
const TIMER_MS: i64 = 300;
const BINARY: &str = env!("CARGO_BIN_EXE_grevy-crash");

/// A child that does not outlive the test.
struct Owned(Child);

impl Drop for Owned {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Lab {
    folder: tempfile::TempDir,
    workers: Vec<Owned>,
    clients: Vec<Owned>,
}

impl Lab {
    fn new() -> Lab {
        let folder = tempfile::tempdir().expect("a folder");
        Lab { folder, workers: Vec::new(), clients: Vec::new() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn spawn(&self, arguments: &[&str]) -> Owned {
        let child = Command::new(BINARY).args(arguments).stdout(Stdio::null()).spawn();
        Owned(child.expect("a process"))
    }

    fn people(&mut self, clients: u32, instances: u32) {
        let port = self.path("port").display().to_string();
        for n in 0..2 {
            let ledger = self.path(&format!("worker-{n}")).display().to_string();
            let worker = self.spawn(&["worker", &port, &ledger]);
            self.workers.push(worker);
        }
        for n in 0..clients {
            let ledger = self.path(&format!("client-{n}")).display().to_string();
            let client = self.spawn(&["client", &port, &ledger, &instances.to_string()]);
            self.clients.push(client);
        }
    }

    /// A node on the folder, once it serves.
    fn node(&self, stop_at: Option<&str>) -> (Owned, BufReader<std::process::ChildStderr>) {
        let mut command = Command::new(BINARY);
        command.arg("node").arg(self.path("data")).stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(point) = stop_at {
            command.env("GREVY_STOP_AT", point);
        }
        let mut child = command.spawn().expect("a node");
        let errors = BufReader::new(child.stderr.take().expect("piped"));
        let mut port = String::new();
        let mut output = BufReader::new(child.stdout.take().expect("piped"));
        output.read_line(&mut port).expect("a port");
        let node = Owned(child);
        assert!(!port.trim().is_empty(), "the node did not start");
        let new = self.path("port.new");
        std::fs::write(&new, port).expect("a port file");
        std::fs::rename(&new, self.path("port")).expect("a port file");
        (node, errors)
    }

    fn ledgers(&self, kind: &str) -> Vec<Vec<String>> {
        let mut lines = Vec::new();
        for n in 0..8 {
            let text = std::fs::read_to_string(self.path(&format!("{kind}-{n}")));
            let text = text.unwrap_or_default();
            let words = text.lines().map(|line| line.split(' ').map(str::to_owned).collect());
            lines.extend(words);
        }
        lines
    }

    fn acknowledged(&self) -> BTreeSet<String> {
        let lines = self.ledgers("client");
        lines.iter().filter(|l| l[1] == "created").map(|l| l[2].clone()).collect()
    }
}

/// One round: the node stops at `point` (`None`: is killed after `millis`), and goes on.
fn round(point: Option<&str>, millis: u64) -> usize {
    let mut lab = Lab::new();
    lab.people(3, 12);
    let (mut node, mut errors) = lab.node(point);
    match point {
        Some(_) => {
            let mut line = String::new();
            while !line.starts_with("GREVY_STOP") {
                line.clear();
                if errors.read_line(&mut line).unwrap_or(0) == 0 {
                    break;
                }
            }
            assert!(line.starts_with("GREVY_STOP"), "{point:?} was never reached");
        }
        // A kill at any moment: the moment is what is random, nothing waits for it.
        None => std::thread::sleep(Duration::from_millis(millis)),
    }
    node.0.kill().expect("SIGKILL");
    node.0.wait().expect("it ends");
    let (mut node, _errors) = lab.node(None);
    let begun = Instant::now();
    for client in &mut lab.clients {
        while client.0.try_wait().expect("a client").is_none() {
            assert!(begun.elapsed() < PATIENCE, "a client hangs");
            std::thread::yield_now();
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    let acknowledged = lab.acknowledged();
    while !finished(&lab, &acknowledged) {
        assert!(begun.elapsed() < PATIENCE, "{point:?}: instances hang: {:?}", missing(&lab));
        std::thread::sleep(Duration::from_millis(10));
    }
    lab.workers.clear();
    node.0.kill().expect("SIGKILL");
    node.0.wait().expect("it ends");
    judge(&lab, &acknowledged);
    acknowledged.len()
}

/// Every acknowledged instance has had its second job done.
fn finished(lab: &Lab, acknowledged: &BTreeSet<String>) -> bool {
    let lines = lab.ledgers("worker");
    let second = lines.iter().filter(|l| l.len() == 5 && l[4] == "second");
    let worked: BTreeSet<&String> = second.filter(|l| l[1] == "worked").map(|l| &l[3]).collect();
    acknowledged.iter().all(|key| worked.contains(key))
}

fn missing(lab: &Lab) -> Vec<String> {
    let acknowledged = lab.acknowledged();
    let lines = lab.ledgers("worker");
    let done = |key: &String| lines.iter().any(|l| l.len() == 5 && l[4] == "second" && l[3] == *key);
    acknowledged.into_iter().filter(|key| !done(key)).collect()
}

/// The verdict: ledgers of the outside world against the journal that survived.
fn judge(lab: &Lab, acknowledged: &BTreeSet<String>) {
    let lines = lab.ledgers("worker");
    let mut completions: BTreeMap<&str, u32> = BTreeMap::new();
    for line in lines.iter().filter(|l| l.len() == 5 && l[1] == "completed") {
        *completions.entry(&line[2]).or_default() += 1;
    }
    for (job, count) in completions {
        assert_eq!(count, 1, "job {job} was acknowledged as completed more than once");
    }
    let at = |line: &[String]| line[0].parse::<i64>().expect("a time");
    for key in acknowledged {
        let of = |what: &str, kind: &str| {
            let rows = lines.iter().filter(|l| l.len() == 5 && l[1] == what && l[4] == kind);
            rows.filter(|l| l[3] == *key).map(|l| at(l)).min()
        };
        if let (Some(first), Some(second)) = (of("worked", "first"), of("worked", "second")) {
            assert!(second - first >= TIMER_MS, "the timer of {key} fired early");
        }
    }
    journal_says_once(&lab.path("data"), acknowledged);
}

/// No acknowledged instance runs any longer, and none ended twice.
fn journal_says_once(folder: &Path, acknowledged: &BTreeSet<String>) {
    let grevy = grevy::Grevy::builder().folder(folder).paused(true).open().expect("it opens");
    let running: BTreeSet<String> = {
        let keys = grevy.instances(0).wait().expect("a list");
        keys.into_iter().map(|key| key.to_string()).collect()
    };
    let left: Vec<&String> = acknowledged.intersection(&running).collect();
    // A last completion that was worked and not acknowledged may be under way: not more.
    assert!(left.is_empty(), "acknowledged instances that never completed: {left:?}");
    grevy.close();
}

fn rounds() -> u32 {
    let asked = std::env::var("GREVY_CRASH_ROUNDS").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(5)
}

fn point(name: &str, step: u32) {
    let mut instances = 0;
    for n in 0..rounds() {
        // Later each time, so that the point is met in other states.
        instances += round(Some(&format!("{name}:{}", 1 + n * step)), 0);
    }
    println!("{name}: {} rounds, {instances} acknowledged instances, none lost", rounds());
}

#[test]
fn killed_with_groups_accepted_and_not_written() {
    point("append", 17);
}

#[test]
fn killed_between_write_and_sync() {
    point("write", 13);
}

#[test]
fn killed_between_sync_and_answer() {
    point("sync", 11);
}

#[test]
fn killed_while_a_segment_rolls() {
    point("segment-roll", 0);
}

#[test]
fn killed_at_random() {
    let mut instances = 0;
    for n in 0..rounds() {
        instances += round(None, 40 + u64::from(n) * 97 % 700);
    }
    println!("random: {} rounds, {instances} acknowledged instances, none lost", rounds());
}
