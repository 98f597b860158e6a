//! Real processes that are stopped at a named point and killed there: what they said was durable
//! is there afterwards.
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

use journal::conformance::deaf;
use journal::{CheckpointStore, FileConfig, FileJournal, Fold, Folder, GroupBuf, Journal, Notice};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

const DIR: &str = "GREVY_TEST_DIR";

fn config() -> FileConfig {
    FileConfig { segment_bytes: 32 << 10, first_segment_bytes: 8 << 10, ..FileConfig::default() }
}

/// The payload at a position: anyone can say what has to be there.
fn payload(lsn: u64) -> Vec<u8> {
    let mut bytes = lsn.to_le_bytes().to_vec();
    bytes.resize(8 + (lsn as usize * 37) % 900, lsn as u8);
    bytes
}

/// The process that is killed: appends for ever, says what is durable, takes checkpoints.
#[test]
#[ignore = "run by the other test, as a process of its own"]
fn child() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let folder = Folder::open(dir).unwrap();
    let journal = FileJournal::open(&folder, "log", config()).unwrap();
    let store = CheckpointStore::open(&folder, "checkpoints", 2).unwrap();
    let notify = Arc::new(|notice| {
        if let Notice::Durable(lsn) = notice {
            let mut out = std::io::stdout();
            let _ = writeln!(out, "durable {lsn}").and_then(|()| out.flush());
        }
    });
    let claim = journal.claim(notify).unwrap();
    let mut writer = claim.writer;
    let mut next = claim.tail + 1;
    loop {
        for _ in 0..20 {
            let mut group = GroupBuf::new();
            for _ in 0..3 {
                group.push(&payload(next));
                next += 1;
            }
            writer.append(&group).unwrap();
        }
        let durable = writer.flush().unwrap();
        let mut draft = store.begin();
        draft.write("state", |out| out.write_all(&payload(durable))).unwrap();
        let at = Fold { lsn: durable, ..Fold::default() };
        draft.publish(at, 1, durable, None).unwrap();
        println!("checkpoint {durable}");
        journal.trim(store.trim_upto()).unwrap();
    }
}

/// What a killed process had said.
#[derive(Debug, Default)]
struct Said {
    durable: u64,
    checkpoint: u64,
}

fn run_and_kill(dir: &Path, point: &str, time: u64) -> Said {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--ignored", "--nocapture"])
        .env(DIR, dir)
        .env("GREVY_STOP_AT", format!("{point}:{time}"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let errors = BufReader::new(process.stderr.take().unwrap());
    let words = BufReader::new(process.stdout.take().unwrap());
    // Its words are read meanwhile, or it would wait for a reader before it comes to the point.
    let listener = std::thread::spawn(move || {
        let mut said = Said::default();
        for line in words.lines().map_while(Result::ok) {
            // The test harness prints on the same lines.
            if let Some((_, lsn)) = line.split_once("durable ") {
                said.durable = said.durable.max(lsn.parse().unwrap_or(0));
            }
            if let Some((_, lsn)) = line.split_once("checkpoint ") {
                said.checkpoint = said.checkpoint.max(lsn.parse().unwrap_or(0));
            }
        }
        said
    });
    let wanted = format!("GREVY_STOP {point}");
    let mut lines = errors.lines().map_while(Result::ok);
    let stopped = lines.any(|line| line.contains(&wanted));
    process.kill().unwrap();
    process.wait().unwrap();
    assert!(stopped, "expected the process to come to {point}");
    listener.join().unwrap()
}

fn judge(dir: &Path, said: &Said, point: &str) -> u64 {
    let folder = Folder::open(dir).unwrap();
    let journal = FileJournal::open(&folder, "log", config()).unwrap();
    let tail = journal.claim(deaf()).unwrap().tail;
    assert!(tail >= said.durable, "{point}: expected {said:?}, but the log ends at {tail}");
    let store = CheckpointStore::open(&folder, "checkpoints", 2).unwrap();
    let newest = store.newest_valid().unwrap().map_or(0, |c| c.manifest().at.lsn);
    assert!(newest >= said.checkpoint, "{point}: expected {said:?}, but {newest}");
    assert!(newest <= tail, "{point}: a checkpoint ahead of the log");
    assert!(journal.first_lsn() <= newest + 1, "{point}: a gap behind the checkpoint");
    let mut reader = journal.read(journal.first_lsn()).unwrap();
    let mut next = journal.first_lsn();
    while let Some(group) = reader.next_group().unwrap() {
        for frame in group.iter() {
            assert_eq!((frame.lsn, frame.payload), (next, payload(next).as_slice()), "{point}");
            next += 1;
        }
    }
    assert_eq!(next, tail + 1, "{point}");
    tail
}

#[test]
fn a_process_killed_at_a_named_point_keeps_what_it_said() {
    let points = [("append", 7), ("write", 5), ("sync", 9), ("segment-roll", 3), ("checkpoint", 2)];
    for (point, time) in points {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("data");
        let mut last = 0;
        for round in 0..3 {
            let said = run_and_kill(&dir, point, time + round);
            let tail = judge(&dir, &said, point);
            assert!(tail > last, "{point}: expected progress beyond {last}");
            last = tail;
        }
    }
}
